import type { JsonObject } from '../manifest/json.ts'
import type { Collected, InstanceAnswer } from './collected.ts'
import { annotation, conditionOf, entries, flag, nameOf, objects, text } from './fields.ts'
import { lsnValue } from './lsn.ts'
import { isPrimaryPod, isReady } from './pod.ts'

/** An instance: its Pod, and what its manager answered. */
export interface Instance {
  name: string
  pod: JsonObject
  /** /pg/status; absent where it did not answer, and `answer` says why */
  status?: JsonObject
  answer: InstanceAnswer
}

/** The instances in the order of the Pods' list. */
export function instancesOf(collected: Collected): Instance[] {
  const pods = new Map((collected.pods ?? []).map(pod => [nameOf(pod), pod]))
  return collected.instances.map(answer => ({
    name: answer.pod,
    pod: pods.get(answer.pod) ?? { metadata: { name: answer.pod } },
    answer,
    ...('body' in answer ? { status: answer.body } : {}),
  }))
}

/** api/v1/cluster_funcs.go Cluster.IsReplica (1.28.0). */
export function isReplicaCluster(cluster: JsonObject | undefined): boolean {
  const replica = entries(cluster, 'spec', 'replica')
  if (replica.length === 0) return false
  const enabled = replica.find(([key]) => key === 'enabled')?.[1]
  if (typeof enabled === 'boolean') return enabled
  const self = text(cluster, 'spec', 'replica', 'self')
  return (self === '' ? nameOf(cluster) : self) !== text(cluster, 'spec', 'replica', 'primary')
}

export function isHibernated(cluster: JsonObject | undefined): boolean {
  return conditionOf(cluster, 'cnpg.io/hibernation')?.status === 'True'
}

/** Names of the fenced instances; `'*'` alone for all (pkg/utils/fencing.go). */
export function fencedInstances(cluster: JsonObject | undefined): string[] {
  const written = annotation(cluster, 'cnpg.io/fencedInstances') ?? ''
  if (written === '') return []
  try {
    const read: unknown = JSON.parse(written)
    const names = Array.isArray(read) ? read.filter(name => typeof name === 'string') : []
    return names.includes('*') ? ['*'] : [...new Set(names)].toSorted()
  } catch {
    return []
  }
}

export function isFenced(cluster: JsonObject | undefined, instance: string): boolean {
  const fenced = fencedInstances(cluster)
  return fenced.includes('*') || fenced.includes(instance)
}

/** Of the Pods that the Cluster owns the one labelled as primary; the last one, as the plugin has it. */
export function primaryPodName(instances: readonly Instance[]): string {
  return instances.findLast(({ pod }) => isPrimaryPod(pod))?.name ?? ''
}

/** status.go tryGetPrimaryInstance: the first that says so, or that others replicate from. */
export function primaryInstance(
  instances: readonly Instance[],
  cluster: JsonObject | undefined,
): Instance | undefined {
  const designated = isReplicaCluster(cluster) ? primaryPodName(instances) : undefined
  return instances.find(
    ({ name, status }) =>
      flag(status, 'isPrimary') ||
      objects(status, 'replicationInfo').length > 0 ||
      (designated !== undefined && name === designated),
  )
}

/** pkg/postgres/status.go PostgresqlStatusList.Less: primaries, then who has received most, what failed last. */
export function inReplicationOrder(
  instances: readonly Instance[],
  cluster: JsonObject | undefined,
): Instance[] {
  const current = isReplicaCluster(cluster) ? text(cluster, 'status', 'currentPrimary') : undefined
  return instances.toSorted((a, b) => {
    const byAnswer = rank(a.status === undefined) - rank(b.status === undefined)
    if (byAnswer !== 0) return byAnswer
    const primaries = rank(flag(b.status, 'isPrimary')) - rank(flag(a.status, 'isPrimary'))
    if (primaries !== 0) return primaries
    if (!flag(a.status, 'isPrimary'))
      for (const field of ['receivedLsn', 'replayLsn']) {
        const order = compare(lsnValue(text(b.status, field)), lsnValue(text(a.status, field)))
        if (order !== 0) return order
      }
    const designated = rank(b.name === current) - rank(a.name === current)
    return designated === 0 || flag(a.status, 'isPrimary') ? compare(a.name, b.name) : designated
  })
}

/** pkg/postgres/status.go PgStatReplicationList.Less. */
export function replicationRows(primary: Instance): JsonObject[] {
  return objects(primary.status, 'replicationInfo').toSorted(
    (a, b) =>
      compare(text(a, 'syncState'), text(b, 'syncState')) ||
      compare(text(a, 'state'), text(b, 'state')) ||
      // the tag of sent_lsn is misnamed
      compare(lsnValue(text(b, 'receivedLsn')), lsnValue(text(a, 'receivedLsn'))) ||
      compare(lsnValue(text(b, 'writeLsn')), lsnValue(text(a, 'writeLsn'))) ||
      compare(text(a, 'applicationName'), text(b, 'applicationName')),
  )
}

const SYNC_ROLES = new Map([
  ['quorum', 'Standby (sync)'],
  ['sync', 'Standby (sync)'],
  ['potential', 'Standby (potential sync)'],
  ['async', 'Standby (async)'],
])

/**
 * status.go getReplicaRole.
 * @param instances in the order in which they are printed: the first that looks like a primary is asked
 */
export function roleOf(
  { name, pod, status }: Instance,
  instances: readonly Instance[],
  cluster: JsonObject | undefined,
): string {
  if (flag(status, 'mightBeUnavailable')) return 'Fenced'
  if (flag(status, 'isPrimary')) return 'Primary'
  if (isReplicaCluster(cluster) && name === primaryPodName(instances)) return 'Designated primary'
  if (!flag(status, 'isWalReceiverActive')) {
    if (isReady(pod)) return 'Standby (file based)'
    return flag(status, 'isPgRewindRunning') ? 'Standby (pg_rewind)' : 'Standby (starting up)'
  }
  if (flag(status, 'replayPaused')) return 'Standby (paused)'
  const primary = primaryInstance(instances, cluster)
  if (primary === undefined) return 'Unknown'
  const rows = replicationRows(primary)
  const role = rows
    .filter(row => text(row, 'applicationName') === name && text(row, 'state') === 'streaming')
    .map(row => SYNC_ROLES.get(text(row, 'syncState')))
    .find(found => found !== undefined)
  return role ?? (rows.length === 0 ? 'Standby (in Replica Cluster)' : 'Unknown')
}

function rank(value: boolean): number {
  return value ? 1 : 0
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
