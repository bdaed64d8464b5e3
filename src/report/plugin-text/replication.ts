import { valueAt, type Json, type JsonObject } from '../../manifest/json.ts'
import type { Collected } from '../../status/collected.ts'
import { flag, number, objects, text } from '../../status/fields.ts'
import {
  inReplicationOrder,
  isReplicaCluster,
  primaryInstance,
  replicationRows,
  roleOf,
  type Instance,
} from '../../status/instances.ts'
import { highAvailabilitySlots, slotName, unmanagedSlots } from '../../status/slots.ts'
import { table, toned, type Block } from './block.ts'

// status.go of kubectl cnpg 1.28.0: printBasebackupStatus, printReplicaStatus, printUnmanagedReplicationSlotStatus,
// printInstancesStatus.

export function physicalBackups(
  { cluster }: Collected,
  instances: readonly Instance[],
  verbosity: number,
): Block {
  const title = 'Physical backups'
  const primary = primaryInstance(instances, cluster)
  if (primary === undefined) return [[toned('red', title)], [toned('red', 'Primary instance not found')]]
  const running = objects(primary.status, 'pgStatBasebackupsInfo')
  if (running.length === 0)
    return verbosity > 0
      ? [[toned('green', title)], [toned('yellow', 'No running physical backups found')]]
      : []
  return table(
    toned('green', title),
    ['Name', 'Phase', 'Started at', 'Total', 'Transferred', 'Progress', 'Tablespaces'],
    running.map(backup => {
      const total = number(backup, 'backup_total')
      return [
        text(backup, 'application_name'),
        text(backup, 'phase'),
        text(backup, 'backend_start'),
        text(backup, 'backup_total_pretty'),
        text(backup, 'backup_streamed_pretty'),
        total === 0 ? '' : `${((number(backup, 'backup_streamed') / total) * 100).toFixed(2)}%`,
        `${number(backup, 'tablespaces_streamed')}/${number(backup, 'tablespaces_total')}`,
      ]
    }),
  )
}

const REPLICATION_COLUMNS = [
  'Name',
  'Sent LSN',
  'Write LSN',
  'Flush LSN',
  'Replay LSN',
  'Write Lag',
  'Flush Lag',
  'Replay Lag',
  'State',
  'Sync State',
  'Sync Priority',
]
const REPLICATION_FIELDS = [
  'applicationName',
  // the tag of sent_lsn is misnamed
  'receivedLsn',
  'writeLsn',
  'flushLsn',
  'replayLsn',
  'writeLag',
  'flushLag',
  'replayLag',
  'state',
  'syncState',
  'syncPriority',
]

export function streamingReplication(
  { cluster }: Collected,
  instances: readonly Instance[],
  verbosity: number,
): Block {
  if (isReplicaCluster(cluster)) return []
  const title = toned('green', 'Streaming Replication status')
  if (number(cluster, 'spec', 'instances') === 1) return [[title], [toned('yellow', 'Not configured')]]
  const primary = primaryInstance(instances, cluster)
  if (primary === undefined) return [[title], [toned('yellow', 'Primary instance not found')]]
  const rows = replicationRows(primary)
  if (rows.length === 0) return [[title], [toned('yellow', 'Not available yet')]]
  const slots = highAvailabilitySlots(cluster)
  const more = slots
    ? [
        'Replication Slot',
        ...(verbosity > 0 ? ['Slot Restart LSN', 'Slot WAL Status', 'Slot Safe WAL Size'] : []),
      ]
    : []
  const body = table(
    title,
    [...REPLICATION_COLUMNS, ...more],
    rows.map(row => [
      ...REPLICATION_FIELDS.map(field => text(row, field)),
      ...(slots ? slotCells(slotOf(text(row, 'applicationName'), primary, cluster), verbosity) : []),
    ]),
  )
  return slots ? [...body.slice(0, 1), [toned('cyan', 'Replication Slots Enabled')], ...body.slice(1)] : body
}

function slotOf(
  instance: string,
  primary: Instance,
  cluster: JsonObject | undefined,
): JsonObject | undefined {
  const name = slotName(cluster, instance)
  return objects(primary.status, 'replicationSlotsInfo').find(slot => text(slot, 'slotName') === name)
}

function slotCells(slot: JsonObject | undefined, verbosity: number): string[] {
  if (slot === undefined) return verbosity > 0 ? ['-', '-', '-', '-'] : ['-']
  const active = flag(slot, 'active') ? 'active' : 'inactive'
  if (verbosity === 0) return [active]
  return [
    active,
    text(slot, 'restartLsn'),
    text(slot, 'walStatus'),
    integerOrNull(valueAt(slot, 'safeWalSize')),
  ]
}

/** A single-cell line that the plugin's own table writer prints at once. */
export function unmanagedReplicationSlots({ cluster }: Collected, instances: readonly Instance[]): Block {
  const title = 'Unmanaged Replication Slot Status'
  const slots = unmanagedSlots(cluster, primaryInstance(instances, cluster)?.status)
  if (slots.length === 0) return [[toned('green', title)], ['No unmanaged replication slots found']]
  return table(
    toned(slots.every(slot => flag(slot, 'active')) ? 'green' : 'red', title),
    [
      'Slot Name',
      'Slot Type',
      'Database',
      'Active',
      'Restart LSN',
      'XMin',
      'Catalog XMin',
      'Datoid',
      'Plugin',
      'Wal Status',
      'Safe Wal Size',
    ],
    slots.map(slot => [
      text(slot, 'slotName'),
      text(slot, 'slotType'),
      text(slot, 'database'),
      String(flag(slot, 'active')),
      text(slot, 'restartLsn'),
      text(slot, 'xmin'),
      text(slot, 'catalogXmin'),
      text(slot, 'datoid'),
      text(slot, 'plugin'),
      text(slot, 'walStatus'),
      integerOrNull(valueAt(slot, 'safeWalSize')),
    ]),
  )
}

export function instancesTable({ cluster }: Collected, instances: readonly Instance[]): Block {
  const ordered = inReplicationOrder(instances, cluster)
  return table(
    toned('green', 'Instances status'),
    ['Name', 'Current LSN', 'Replication role', 'Status', 'QoS', 'Manager Version', 'Node'],
    ordered.map(instance => {
      const { name, pod, status, answer } = instance
      const qos = text(pod, 'status', 'qosClass')
      const node = text(pod, 'spec', 'nodeName')
      if (status === undefined)
        return [name, '-', '-', 'reason' in answer ? answer.reason : '', qos, '-', node]
      return [
        name,
        text(status, flag(status, 'isPrimary') ? 'currentLsn' : 'replayLsn'),
        roleOf(instance, ordered, cluster),
        flag(status, 'pendingRestart') ? 'OK (pending restart)' : 'OK',
        qos,
        text(status, 'instanceManagerVersion'),
        node,
      ]
    }),
  )
}

function integerOrNull(value: Json | undefined): string {
  return typeof value === 'number' ? String(value) : 'NULL'
}
