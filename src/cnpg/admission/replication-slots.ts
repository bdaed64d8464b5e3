import { isOn, majorVersion } from './cluster-facts.ts'
import type { Cluster } from './cluster-types.ts'
import { invalid, type FieldError } from './field-error.ts'
import { regexpError } from './go-regexp.ts'
import { since, type OperatorRelease } from './operator-release.ts'
import { parsePostgresBoolean, usesExtension } from './parameters.ts'

const PATH = 'spec.replicationSlots'
const PARAMETERS = 'spec.postgresql.parameters'

export function validateReplicationSlots({ spec: { replicationSlots } }: Cluster): FieldError[] {
  const { highAvailability, synchronizeReplicas } = replicationSlots ?? {}
  if (!isOn(synchronizeReplicas) && !isOn(highAvailability)) return []
  const patterns = synchronizeReplicas?.excludePatterns ?? []
  const wrong = patterns.map(regexpError).filter(error => error !== undefined)
  return wrong.length === 0
    ? []
    : [
        invalid(
          `${PATH}.synchronizeReplicas.excludePatterns`,
          {},
          'Cannot configure synchronizeReplicas. Invalid regexes were found',
        ),
      ]
}

export function validateSynchronizeLogicalDecoding(cluster: Cluster, release: OperatorRelease): FieldError[] {
  const { replicationSlots, postgresql } = cluster.spec
  const parameters = postgresql?.parameters ?? {}
  if (!since(release, '1.27.0')) return []
  if (replicationSlots?.highAvailability?.synchronizeLogicalDecoding !== true) return []
  if (usesExtension('pg_failover_slots', parameters)) return []
  const major = majorVersion(cluster, release)
  if (major === undefined) return []
  if (major < 17)
    return [
      invalid(
        `${PATH}.highAvailability.synchronizeLogicalDecoding`,
        true,
        'pg_failover_slots extension must be enabled to use synchronizeLogicalDecoding with Postgres versions < 17',
      ),
    ]
  const option = '`spec.replicationSlots.highAvailability.synchronizeLogicalDecoding`'
  const errors: FieldError[] = []
  if (parsePostgresBoolean(parameters['hot_standby_feedback'] ?? '') !== true)
    errors.push(
      invalid(
        `${PARAMETERS}.hot_standby_feedback`,
        false,
        `\`hot_standby_feedback\` must be enabled to enable ${option}`,
      ),
    )
  if (parsePostgresBoolean(parameters['sync_replication_slots'] ?? '') !== true)
    errors.push(
      invalid(
        `${PARAMETERS}.sync_replication_slots`,
        false,
        `either \`sync_replication_slots\` setting or pg_failover_slots extension must be enabled to enable ${option}`,
      ),
    )
  return errors
}

/** validateManagedExtensions: only pg_failover_slots asks for something. */
export function validatePgFailoverSlots(
  { spec: { postgresql, replicationSlots } }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  const parameters = postgresql?.parameters ?? {}
  if (!usesExtension('pg_failover_slots', parameters)) return []
  const field = `${PARAMETERS}.hot_standby_feedback`
  const feedback = parameters['hot_standby_feedback']
  const errors: FieldError[] = []
  const isOld = !since(release, '1.27.0')
  // from 1.27 on validateConfiguration reads the boolean, for everybody
  if (isOld && feedback !== undefined && parsePostgresBoolean(feedback) === undefined)
    errors.push(invalid(field, feedback, 'invalid `hot_standby_feedback` value. Must be a postgres boolean'))
  if (parsePostgresBoolean(feedback ?? '') !== true)
    errors.push(
      invalid(
        field,
        isOld ? (feedback ?? '') : false,
        // since 1.27 the operator leaves the name out
        `\`hot_standby_feedback\` must be enabled to use ${isOld ? 'pg_failover_slots' : ''} extension`,
      ),
    )
  if (replicationSlots === undefined)
    errors.push(invalid(PATH, undefined, 'replicationSlots must be enabled'))
  else if (replicationSlots.highAvailability === undefined || !isOn(replicationSlots.highAvailability))
    errors.push(
      invalid(
        `${PATH}.highAvailability`,
        'nil or false',
        'High Availability replication slots must be enabled',
      ),
    )
  return errors
}

/**
 * The prefix stays as long as the slots are on. The sections cannot go missing end to end, as defaulting fills them in; the
 * checks are here for objects that come some other way.
 */
export function validateReplicationSlotsChange(
  { spec: { replicationSlots: next } }: Cluster,
  old: Cluster,
  release: OperatorRelease,
): FieldError[] {
  const before = old.spec.replicationSlots
  if (before === undefined) return []
  const isNew = since(release, '1.27.3', '1.28.1', '1.29.0')
  const errors: FieldError[] = []
  const removed = (section: string, what: string) => {
    const path = next === undefined ? PATH : `${PATH}.${section}`
    errors.push(invalid(path, undefined, `Cannot remove ${path} section while ${what}`))
  }
  if ((isNew || before.highAvailability !== undefined) && isOn(before.highAvailability)) {
    const prefix = next?.highAvailability?.slotPrefix ?? ''
    if (next?.highAvailability === undefined) removed('highAvailability', 'highAvailability is enabled')
    else if ((before.highAvailability?.slotPrefix ?? '') !== prefix)
      errors.push(
        invalid(
          `${PATH}.highAvailability.slotPrefix`,
          prefix,
          'Cannot change replication slot prefix while highAvailability is enabled',
        ),
      )
  }
  if (isNew && isOn(before.synchronizeReplicas) && next?.synchronizeReplicas === undefined)
    removed(
      'synchronizeReplicas',
      'synchronizeReplicas is enabled. Disable synchronizeReplicas first to allow cleanup of user-defined replication slots on replicas',
    )
  return errors
}
