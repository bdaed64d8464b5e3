import { valueAt, type JsonObject } from '../../manifest/json.ts'
import { flag, number, objects, text } from '../fields.ts'
import { isFenced, primaryInstance, primaryPodName, replicationRows, type Instance } from '../instances.ts'
import { intervalSeconds, lsnValue } from '../lsn.ts'
import { isTerminating } from '../pod.ts'
import { field, hasJustRolled, isConnecting, type Rule, type Situation } from '../situation.ts'
import { unmanagedSlots } from '../slots.ts'
import type { Reason } from '../state.ts'

/** A replica this far behind does not help much in a failover. */
const LAG_SECONDS = 60
const LAG_BYTES = 1024n ** 3n
/** Replicas that do not replicate, or are far behind. */
export const replicasRule: Rule = situation => {
  const { cluster, collected, instances, isReplica, now, atWork } = situation
  const primary = primaryInstance(instances, cluster)
  const rows = primary === undefined ? [] : replicationRows(primary)
  const designated = primaryPodName(instances)
  return instances.flatMap((instance): Reason[] => {
    const { name, status, pod } = instance
    if (status === undefined || flag(status, 'isPrimary') || isTerminating(pod)) return []
    if (isFenced(cluster, name) || flag(status, 'mightBeUnavailable')) return []
    if (flag(status, 'isPgRewindRunning'))
      return [
        {
          state: 'progressing',
          id: 'pg-rewind',
          message: `${name} is being rewound to follow the primary.`,
          evidence: [`${name}: isPgRewindRunning`],
        },
      ]
    if (flag(status, 'replayPaused'))
      return [
        {
          state: 'attention',
          id: 'replay-paused',
          message: `${name} receives WAL and does not apply it: its replay is paused.`,
          evidence: [
            `${name}: replayPaused, received ${text(status, 'receivedLsn')}, replayed ${text(status, 'replayLsn')}`,
          ],
          // PostgreSQL pauses by itself where max_connections and the like are lower than the primary's: seen on a real cluster
          // after two edits in quick succession, while everything said healthy
          repair: `Where its log says "insufficient parameter settings", restart it: kubectl delete pod ${name} -n ${collected.namespace}; else somebody paused it: SELECT pg_wal_replay_resume().`,
        },
      ]
    const row = rows.find(each => text(each, 'applicationName') === name)
    const settling =
      atWork ||
      hasJustRolled(cluster, now) ||
      isConnecting(instance, now) ||
      (primary !== undefined && isConnecting(primary, now))
    const receives = flag(status, 'isWalReceiverActive')
    if (isReplica) {
      if (receives || (name === designated && !streamsFrom(cluster))) return []
      return [notReplicating(situation, instance, settling, [`${name}: isWalReceiverActive false`])]
    }
    // without an answer of the primary nothing more is known; that is told by other rules
    if (primary?.status === undefined) return []
    if (!receives || row === undefined || text(row, 'state') !== 'streaming')
      return [
        notReplicating(situation, instance, settling || text(row, 'state') === 'catchup', [
          `${name}: isWalReceiverActive ${receives}`,
          row === undefined
            ? `${primary.name} does not list it in pg_stat_replication`
            : `${primary.name} lists it as ${text(row, 'state')}`,
        ]),
      ]
    const seconds = intervalSeconds(text(row, 'replayLag'))
    const bytes = lsnValue(text(primary.status, 'currentLsn')) - lsnValue(text(row, 'replayLsn'))
    if (seconds <= LAG_SECONDS && bytes <= LAG_BYTES) return []
    return [
      {
        state: 'attention',
        id: 'replica-lags',
        message: `${name} is behind: ${seconds > LAG_SECONDS ? `${Math.round(seconds)} s` : `${bytes / 1024n ** 2n} MiB of WAL`}.`,
        evidence: [
          `${primary.name} writes at ${text(primary.status, 'currentLsn')}, ${name} has replayed ${text(row, 'replayLsn')}`,
          `replay lag ${text(row, 'replayLag')}`,
        ],
        repair: 'See its disk and network, and long queries there that hold the replay.',
      },
    ]
  })
}

function notReplicating(
  { collected }: Situation,
  { name }: Instance,
  settling: boolean,
  evidence: string[],
): Reason {
  return settling
    ? {
        state: 'progressing',
        id: 'replica-connects',
        message: `${name} is connecting to the primary.`,
        evidence,
      }
    : {
        state: 'attention',
        id: 'replica-not-streaming',
        message: `${name} does not follow the primary.`,
        evidence,
        repair: `See its log: kubectl logs ${name} -n ${collected.namespace}; if it stands still, delete the Pod.`,
      }
}

/** Whether the source of a replica cluster is reached by streaming; one fed from an object store alone never is. */
function streamsFrom(cluster: JsonObject): boolean {
  const source = text(cluster, 'spec', 'replica', 'source')
  const external = objects(cluster, 'spec', 'externalClusters').find(each => text(each, 'name') === source)
  return valueAt(external, 'connectionParameters') !== undefined
}

/** Synchronous replication that the spec asks for: with too few standbys every commit waits. */
export const synchronousRule: Rule = ({ cluster, instances, isReplica, atWork }) => {
  const wanted = number(cluster, 'spec', 'postgresql', 'synchronous', 'number')
  const primary = primaryInstance(instances, cluster)
  if (wanted === 0 || isReplica || primary?.status === undefined || atWork) return []
  const streaming = replicationRows(primary).filter(row => text(row, 'state') === 'streaming')
  const synchronous = streaming.filter(row => ['sync', 'quorum'].includes(text(row, 'syncState')))
  if (synchronous.length >= wanted) return []
  const evidence = [
    field('spec.postgresql.synchronous.number', wanted),
    ...streaming.map(row => `${text(row, 'applicationName')}: ${text(row, 'syncState')}`),
  ]
  if (synchronous.length === 0 && streaming.length >= wanted)
    return [
      {
        state: 'progressing',
        id: 'synchronous-not-taken-up',
        message: 'PostgreSQL does not replicate synchronously yet.',
        evidence,
      },
    ]
  const waits = text(cluster, 'spec', 'postgresql', 'synchronous', 'dataDurability') !== 'preferred'
  return [
    {
      state: waits ? 'failed' : 'attention',
      id: 'synchronous-missing',
      message: `${synchronous.length} of ${wanted} synchronous standbys are there${waits ? ': every commit waits' : ''}.`,
      evidence,
      repair: 'Bring the standbys back, or set spec.postgresql.synchronous.dataDurability: preferred.',
    },
  ]
}

/** Slots that keep WAL for nobody. */
export const slotsRule: Rule = ({ cluster, instances }) => {
  const primary = primaryInstance(instances, cluster)
  const idle = unmanagedSlots(cluster, primary?.status).filter(slot => !flag(slot, 'active'))
  const lost = objects(primary?.status, 'replicationSlotsInfo').filter(slot =>
    ['lost', 'unreserved'].includes(text(slot, 'walStatus')),
  )
  return [
    ...(idle.length === 0
      ? []
      : [
          {
            state: 'attention' as const,
            id: 'slot-inactive',
            message: `Nobody reads from replication slot ${named(idle)}: WAL piles up until the disk is full.`,
            evidence: idle.map(
              slot => `${text(slot, 'slotName')}: inactive, restart LSN ${text(slot, 'restartLsn')}`,
            ),
            repair: 'Bring its consumer back, or run SELECT pg_drop_replication_slot(…).',
          },
        ]),
    ...(lost.length === 0
      ? []
      : [
          {
            state: 'attention' as const,
            id: 'slot-lost',
            message: `Replication slot ${named(lost)} has lost WAL that it needs, or is about to.`,
            evidence: lost.map(slot => `${text(slot, 'slotName')}: ${text(slot, 'walStatus')}`),
            repair: 'Make its consumer anew.',
          },
        ]),
  ]
}

function named(slots: readonly JsonObject[]): string {
  return slots.map(slot => text(slot, 'slotName')).join(', ')
}
