import { isReplica, requestedStorage } from './cluster-facts.ts'
import type { Cluster, Storage } from './cluster-types.ts'
import { atoi } from './go-values.ts'
import { ON_MAIN, since, type OperatorRelease } from './operator-release.ts'

/** getAdmissionWarnings; they come with refusals, too. */
export function clusterWarnings(cluster: Cluster, release: OperatorRelease): string[] {
  const { spec } = cluster
  return [
    ...(spec.nodeMaintenanceWindow === undefined
      ? []
      : ['Consider using `.spec.enablePDB` instead of the node maintenance window feature']),
    ...inTreeBarman(cluster, release),
    ...retentionPolicy(cluster),
    ...(since(release, '1.26.2', '1.27.0')
      ? [...storage('spec.storage', spec.storage), ...storage('spec.walStorage', spec.walStorage)]
      : []),
    ...sharedBuffers(cluster),
    ...(since(release, '1.28.0') && spec.monitoring?.metricsQueriesTTL === '0s'
      ? [
          'spec.monitoring.metricsQueriesTTL is explicitly set to 0; this disables automatic TTL behavior and can cause heavy load on the PostgreSQL server.',
        ]
      : []),
    ...(since(release, '1.26.2', '1.27.1', '1.28.0') ? deprecatedMonitoring(cluster) : []),
    ...(since(release, ON_MAIN) ? [...synchronousReplication(cluster), ...failureDomains(cluster)] : []),
  ]
}

function inTreeBarman({ spec }: Cluster, release: OperatorRelease): string[] {
  const paths = (spec.externalClusters ?? []).flatMap(({ barmanObjectStore }, index) =>
    barmanObjectStore === undefined ? [] : [`spec.externalClusters.${index}.barmanObjectStore`],
  )
  if (spec.backup?.barmanObjectStore !== undefined) paths.unshift('spec.backup.barmanObjectStore')
  return paths.length === 0
    ? []
    : [
        `Native support for Barman Cloud backups and recovery is deprecated and will be completely removed in CloudNativePG ${release.barmanRemovedIn}. Found usage in: ${paths.join(', ')}. Please migrate existing clusters to the new Barman Cloud Plugin to ensure a smooth transition.`,
      ]
}

function retentionPolicy({ spec: { backup } }: Cluster): string[] {
  return (backup?.retentionPolicy ?? '') !== '' && backup?.barmanObjectStore === undefined
    ? [
        'Retention policies specified in .spec.backup.retentionPolicy are only used by the in-tree barman-cloud support, which is not being used in this cluster. Please use a backup plugin and migrate this configuration to the plugin configuration',
      ]
    : []
}

function storage(path: string, given: Storage | undefined): string[] {
  const template = given?.pvcTemplate
  if (given === undefined || template === undefined) return []
  const both = (field: string, other: string) =>
    `${path}.${field} and ${path}.pvcTemplate.${other} are both specified, ${path}.${field} value will be used.`
  const warnings: string[] = []
  if (given.storageClass !== undefined && template.storageClassName !== undefined)
    warnings.push(both('storageClass', 'storageClassName'))
  if ((given.size ?? '') !== '' && requestedStorage(given).nano !== 0n)
    warnings.push(both('size', 'resources.requests.storage'))
  return warnings
}

function sharedBuffers({ spec }: Cluster): string[] {
  const value = spec.postgresql?.parameters?.['shared_buffers'] ?? ''
  return atoi(value) === undefined
    ? []
    : [
        `\`shared_buffers\` value '${value}' is missing a unit (e.g., MB, GB). While this is currently allowed, future releases will require an explicit unit. Please update your configuration to specify a valid unit, such as '${value}MB'.`,
      ]
}

function deprecatedMonitoring({ spec: { monitoring = {} } }: Cluster): string[] {
  const warnings: string[] = []
  if (monitoring.enablePodMonitor === true)
    warnings.push(
      `${deprecated('enablePodMonitor')}. Set this field to false and create a PodMonitor resource for your cluster as described in the documentation.`,
    )
  if ((monitoring.podMonitorMetricRelabelings ?? []).length > 0)
    warnings.push(`${deprecated('podMonitorMetricRelabelings')} with custom relabeling configurations.`)
  if ((monitoring.podMonitorRelabelings ?? []).length > 0)
    warnings.push(`${deprecated('podMonitorRelabelings')} with custom relabeling configurations.`)
  return warnings
}

function deprecated(field: string): string {
  return `spec.monitoring.${field} is deprecated and will be removed in a future release. Please migrate to manually managing your PodMonitor resources`
}

function synchronousReplication(cluster: Cluster): string[] {
  const { spec } = cluster
  const isProtected = spec.postgresql?.synchronous !== undefined || (spec.minSyncReplicas ?? 0) > 0
  return (spec.instances ?? 0) < 2 || isReplica(cluster) || isProtected
    ? []
    : [
        'This cluster has no synchronous replication configured. A primary failure can cause data loss for transactions not yet replicated. Consider configuring .spec.postgresql.synchronous to protect against data loss.',
      ]
}

function failureDomains({ spec, status }: Cluster): string[] {
  const { podFailureDomainKeys = [], nodeFailureDomainKeys = [] } = spec.postgresql?.synchronous ?? {}
  if (podFailureDomainKeys.length === 0 && nodeFailureDomainKeys.length === 0) return []
  const condition = status.conditions?.find(({ type }) => type === 'SyncReplicationTopologySatisfied')
  return condition?.status === 'False'
    ? [
        `failure domain keys are configured but the topology constraint is not currently satisfied: ${condition.message ?? ''} Check that replicas exist in different failure domains and that the topology labels are set.`,
      ]
    : []
}
