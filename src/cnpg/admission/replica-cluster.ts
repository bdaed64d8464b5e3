import { externalCluster, isReplica } from './cluster-facts.ts'
import type { Cluster } from './cluster-types.ts'
import { forbidden, invalid, required, type FieldError } from './field-error.ts'
import { promotionTokenError } from './promotion-token.ts'

// the errors name spec.replicaCluster, the field is spec.replica
const PATH = 'spec.replicaCluster'

/** Whether a bootstrap method fits is only looked at on creation. */
export function validateReplicaMode(cluster: Cluster): FieldError[] {
  const { replica, bootstrap } = cluster.spec
  if (replica === undefined) return []
  const primary = replica.primary ?? ''
  const errors: FieldError[] = []
  if (replica.enabled !== undefined && primary !== '')
    errors.push(forbidden(`${PATH}.enabled`, 'replica mode enabled is not compatible with the primary field'))
  if (isReplica(cluster)) {
    if (bootstrap === undefined)
      errors.push(required('spec.bootstrap', 'bootstrap configuration is required for replica mode'))
    else if (bootstrap.pg_basebackup === undefined && bootstrap.recovery === undefined && !cluster.exists)
      errors.push(
        invalid(PATH, primary, 'replica mode bootstrap is compatible only with pg_basebackup or recovery'),
      )
  }
  const names: [string, string, boolean][] = [
    ['primaryServerName', replica.source ?? '', true],
    ['self', replica.self ?? '', false],
    ['primary', primary, false],
  ]
  for (const [field, name, isRequired] of names)
    if ((isRequired || name !== '') && externalCluster(cluster, name) === undefined)
      errors.push(invalid(`${PATH}.${field}`, name, `External cluster ${name} not found`))
  return errors
}

export function validatePromotionToken(cluster: Cluster): FieldError[] {
  const { replica } = cluster.spec
  const token = replica?.promotionToken ?? ''
  if (token === '') return []
  if (replica?.minApplyDelay !== undefined)
    return [invalid(`${PATH}.minApplyDelay`, token, 'minApplyDelay cannot be applied with a promotion token')]
  const wrong = isReplica(cluster)
    ? 'promotionToken is only allowed for primary clusters'
    : promotionTokenError(token)
  return wrong === undefined ? [] : [invalid(`${PATH}.token`, token, wrong)]
}

/** The role of a replica cluster does not change while it is being promoted (status.switchReplicaClusterStatus). */
export function validateReplicaClusterChange(cluster: Cluster, old: Cluster): FieldError[] {
  if (isReplica(cluster) === isReplica(old)) return []
  return cluster.status.switchReplicaClusterStatus?.inProgress === true
    ? [
        forbidden(
          'spec.replica.enabled',
          'cannot modify the field while there is an ongoing operation to enable the replica cluster',
        ),
      ]
    : []
}
