import { valueAt, type JsonObject } from '../../manifest/json.ts'
import { barmanPlugin } from '../barman-plugin.ts'
import { conditionOf, entries, flag, nameOf, number, text, timeOf } from '../fields.ts'
import { primaryInstance } from '../instances.ts'
import { field, type Rule } from '../situation.ts'
import type { Reason } from '../state.ts'

const MINUTE = 60_000
/** The operator takes one Backup at a time, of all namespaces: a short wait is nothing. */
const WAIT_MS = 5 * MINUTE

/** 16 MiB each: half a GiB that exists on one disk only. */
const WAITING_WALS = 32

/** WAL that is not archived. `lastFailedWAL` alone says nothing: it may be older than the last one that was. */
export const archivingRule: Rule = ({ cluster, instances }) => {
  const primary = primaryInstance(instances, cluster)
  const condition = conditionOf(cluster, 'ContinuousArchiving')
  const status = primary?.status
  const failing = text(status, 'lastFailedWAL') !== '' && !flag(status, 'isArchivingWAL')
  const refused = condition?.status === 'False'
  const waiting = number(status, 'readyWalFiles')
  const counts =
    status === undefined ? [] : [`${primary?.name ?? ''}: ${waiting} WAL files wait to be archived`]
  if (failing || refused)
    return [
      {
        state: 'attention',
        id: 'archiving-fails',
        message: 'WAL archiving fails: nothing after the last archived file can be restored.',
        evidence: [
          ...(refused ? [`condition ContinuousArchiving: False ${condition.message}`] : []),
          ...(failing
            ? [
                `last archived ${text(status, 'lastArchivedWAL') || 'none'}, last failed ${text(status, 'lastFailedWAL')} at ${text(status, 'lastFailedWALTime')}`,
              ]
            : []),
          ...counts,
        ],
        repair: 'See that the object store is reached with these credentials; WAL fills the disk until then.',
      },
    ]
  return waiting <= WAITING_WALS
    ? []
    : [
        {
          state: 'attention',
          id: 'wal-waits',
          message: `${waiting} WAL files wait to be archived: archiving does not keep up.`,
          evidence: counts,
          repair: 'Raise spec.backup.barmanObjectStore.wal.maxParallel, or see the way to the object store.',
        },
      ]
}

/** The last backup, as the Cluster and the plugin's ObjectStore have it. */
export const lastBackupRule: Rule = ({ cluster, collected }) => {
  const condition = conditionOf(cluster, 'LastBackupSucceeded')
  const plugin = barmanPlugin(cluster)
  const window = entries(collected.objectStore, 'status', 'serverRecoveryWindow').find(
    ([server]) => server === plugin?.server,
  )?.[1]
  const failed = timeOf(text(window, 'lastFailedBackupTime'))
  const succeeded = timeOf(text(window, 'lastSuccessfulBackupTime'))
  // False with BackupStarted only says that one runs (api/v1/cluster_types.go)
  const refused = condition?.status === 'False' && condition.reason !== 'BackupStarted'
  const late = failed !== undefined && (succeeded === undefined || failed > succeeded)
  const recent = newest(collected.backups ?? [])
  const bad = recent !== undefined && BAD_PHASES.has(text(recent, 'status', 'phase'))
  const storeMissing =
    plugin !== undefined &&
    collected.unread.some(
      ({ what, reason }) => what === `ObjectStore ${plugin.store}` && reason === 'not-found',
    )
  const found: Reason[] = []
  if (refused || late || bad)
    found.push({
      state: 'attention',
      id: 'backup-failed',
      message: 'The last backup has failed.',
      evidence: [
        ...(refused ? [`condition LastBackupSucceeded: False ${condition.message}`] : []),
        ...(late ? [field('ObjectStore lastFailedBackupTime', text(window, 'lastFailedBackupTime'))] : []),
        ...(bad
          ? [
              `Backup ${nameOf(recent)}: ${text(recent, 'status', 'phase')} ${text(recent, 'status', 'error')}`.trimEnd(),
            ]
          : []),
      ],
      repair: 'See the Backup’s error, then take one: kubectl cnpg backup.',
    })
  if (plugin?.store === '')
    found.push({
      state: 'attention',
      id: 'object-store-not-named',
      message: 'The Barman Cloud plugin is not told where backups go.',
      evidence: ['spec.plugins: the parameter barmanObjectName is missing'],
      repair: 'Set the parameter barmanObjectName of the plugin.',
    })
  if (storeMissing)
    found.push({
      state: 'attention',
      id: 'object-store-missing',
      message: `The ObjectStore ${plugin.store} that the Cluster names does not exist.`,
      evidence: [field('spec.plugins barmanObjectName', plugin.store)],
      repair: `Create the ObjectStore ${plugin.store}, or name another one.`,
    })
  return found
}

const BAD_PHASES = new Set(['failed', 'walArchivingFailing'])
const ENDED = new Set(['failed', 'walArchivingFailing', 'completed'])

/** The youngest Backup that has ended. */
function newest(backups: readonly JsonObject[]): JsonObject | undefined {
  return backups
    .filter(backup => ENDED.has(text(backup, 'status', 'phase')))
    .toSorted((a, b) => (createdAt(b) ?? 0) - (createdAt(a) ?? 0))[0]
}

/** Backups that should be taken and are not. */
export const schedulesRule: Rule = ({ collected, now }) => {
  const backups = collected.backups ?? []
  const waiting = backups.filter(
    backup =>
      ['', 'pending'].includes(text(backup, 'status', 'phase')) && now - (createdAt(backup) ?? now) > WAIT_MS,
  )
  const completed = backups
    .filter(backup => text(backup, 'status', 'phase') === 'completed')
    .map(backup => timeOf(text(backup, 'status', 'stoppedAt')) ?? createdAt(backup) ?? 0)
  const last = completed.length === 0 ? undefined : Math.max(...completed)
  return [
    ...(waiting.length === 0
      ? []
      : [
          {
            state: 'attention' as const,
            id: 'backups-wait',
            message: `${waiting.length} backups wait and none begins: the operator takes one at a time, of all namespaces.`,
            evidence: waiting
              .slice(0, 3)
              .map(backup => `Backup ${nameOf(backup)} of ${text(backup, 'metadata', 'creationTimestamp')}`),
            repair:
              'Look for a Backup that runs for long, in any namespace: one dead object store blocks all.',
          },
        ]),
    ...(collected.scheduledBackups ?? []).flatMap((scheduled): Reason[] => {
      const name = nameOf(scheduled)
      if (flag(scheduled, 'spec', 'suspend'))
        return [
          {
            state: 'note',
            id: 'schedule-suspended',
            message: `ScheduledBackup ${name} is suspended.`,
            evidence: ['spec.suspend: true'],
          },
        ]
      const next = timeOf(text(scheduled, 'status', 'nextScheduleTime'))
      const before = timeOf(text(scheduled, 'status', 'lastScheduleTime'))
      if (next === undefined) return []
      if (now - next > 2 * WAIT_MS)
        return [
          {
            state: 'attention',
            id: 'schedule-late',
            message: `ScheduledBackup ${name} should have begun and has not.`,
            evidence: [field('status.nextScheduleTime', text(scheduled, 'status', 'nextScheduleTime'))],
            repair: 'See whether the operator runs.',
          },
        ]
      // two periods and an hour without a backup, though the schedule went on
      const patience = before === undefined ? Infinity : 2 * (next - before) + 60 * MINUTE
      return last === undefined || now - last <= patience
        ? []
        : [
            {
              state: 'attention',
              id: 'backup-old',
              message: `The last completed backup is older than the schedule of ${name} wants.`,
              evidence: [
                `last completed ${new Date(last).toISOString()}`,
                field('spec.schedule', text(scheduled, 'spec', 'schedule')),
              ],
              repair: 'See why the Backups since then have not completed.',
            },
          ]
    }),
  ]
}

/** What the spec never asked for; said once, and no reason to worry. */
export const notAskedForRule: Rule = ({ cluster, collected }) => {
  const backs = valueAt(cluster, 'spec', 'backup') !== undefined || barmanPlugin(cluster) !== undefined
  return [
    ...(backs
      ? []
      : [
          {
            state: 'note' as const,
            id: 'no-backup',
            message: 'No backup is configured.',
            evidence: ['spec.backup is absent, no backup plugin'],
          },
        ]),
    ...(backs && collected.scheduledBackups?.length === 0
      ? [
          {
            state: 'note' as const,
            id: 'no-schedule',
            message: 'No ScheduledBackup takes backups of it.',
            evidence: [],
          },
        ]
      : []),
    ...(valueAt(cluster, 'spec', 'instances') === 1
      ? [
          {
            state: 'note' as const,
            id: 'single-instance',
            message: 'It has one instance: every restart stops it.',
            evidence: ['spec.instances: 1'],
          },
        ]
      : []),
  ]
}

function createdAt(object: JsonObject): number | undefined {
  return timeOf(text(object, 'metadata', 'creationTimestamp'))
}
