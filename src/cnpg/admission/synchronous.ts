import type { Cluster } from './cluster-types.ts'
import { invalid, required, type FieldError } from './field-error.ts'
import { parseBool } from './go-values.ts'
import { since, type OperatorRelease } from './operator-release.ts'

const PATH = 'spec.postgresql.synchronous'
const ANNOTATION = 'alpha.cnpg.io/failoverQuorum'
const NEEDS_SYNCHRONOUS =
  'Invalid failoverQuorum configuration: synchronous replication configuration is required.'

export function validateMinSyncReplicas({ spec }: Cluster): FieldError[] {
  const { minSyncReplicas: min = 0, maxSyncReplicas: max = 0 } = spec
  const errors: FieldError[] = []
  if (min < 0)
    errors.push(invalid('spec.minSyncReplicas', min, 'minSyncReplicas must be a non negative integer'))
  if (min > max)
    errors.push(
      invalid('spec.minSyncReplicas', min, 'minSyncReplicas cannot be greater than maxSyncReplicas'),
    )
  return errors
}

export function validateMaxSyncReplicas({ spec }: Cluster): FieldError[] {
  const { maxSyncReplicas: max = 0, instances = 0 } = spec
  const errors: FieldError[] = []
  if (max < 0)
    errors.push(invalid('spec.maxSyncReplicas', max, 'maxSyncReplicas must be a non negative integer'))
  if (max >= instances)
    errors.push(
      invalid('spec.maxSyncReplicas', max, 'maxSyncReplicas must be lower than the number of instances'),
    )
  return errors
}

export function validateSynchronousReplicaConfiguration({ spec }: Cluster): FieldError[] {
  const synchronous = spec.postgresql?.synchronous
  if (synchronous === undefined) return []
  const { number = 0, standbyNamesPre = [], standbyNamesPost = [] } = synchronous
  return number >= (spec.instances ?? 0) + standbyNamesPre.length + standbyNamesPost.length
    ? [
        invalid(
          PATH,
          synchronous,
          'Invalid synchronous configuration: the number of synchronous replicas must be less than the total number of instances and the provided standby names.',
        ),
      ]
    : []
}

export function validateFailoverQuorumAlphaAnnotation(
  { annotations, spec }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  const value = annotations[ANNOTATION]
  if (!since(release, '1.28.0') || value === undefined) return []
  const active = parseBool(value)
  if (active === undefined) return [notBoolean(value)]
  return active && spec.postgresql?.synchronous === undefined ? [required(PATH, NEEDS_SYNCHRONOUS)] : []
}

/** In 1.27 the annotation switches the failover quorum on, since 1.28 a field does. */
export function validateFailoverQuorum(
  { annotations, spec }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  if (!since(release, '1.27.0')) return []
  const synchronous = spec.postgresql?.synchronous
  const byField = since(release, '1.28.0')
  const annotation = annotations[ANNOTATION] ?? ''
  const active = byField
    ? (synchronous?.failoverQuorum ?? false)
    : annotation === ''
      ? false
      : parseBool(annotation)
  if (active === undefined) return [notBoolean(annotation)]
  if (!active) return []
  if (synchronous === undefined) return [required(PATH, NEEDS_SYNCHRONOUS)]
  const { number = 0, standbyNamesPre = [], standbyNamesPost = [] } = synchronous
  const errors: FieldError[] = []
  if (number <= standbyNamesPre.length + standbyNamesPost.length)
    errors.push(
      invalid(
        PATH,
        synchronous,
        `Invalid failoverQuorum configuration: spec.postgresql.synchronous.number must ${byField ? 'be' : 'the'} greater than the total number of instances in spec.postgresql.synchronous.standbyNamesPre and spec.postgresql.synchronous.standbyNamesPost to allow automatic failover.`,
      ),
    )
  const instances = spec.instances ?? 0
  if (release.version === '1.27.0' && instances <= 2)
    errors.push(invalid('spec.instances', instances, 'failoverQuorum requires more than 2 instances.'))
  return errors
}

function notBoolean(value: string): FieldError {
  return invalid(
    `metadata.annotations.${ANNOTATION}`,
    value,
    'Invalid failoverQuorum annotation value, expected boolean.',
  )
}
