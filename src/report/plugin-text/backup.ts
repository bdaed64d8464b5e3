import { isObject, valueAt } from '../../manifest/json.ts'
import { barmanPlugin } from '../../status/barman-plugin.ts'
import type { Collected } from '../../status/collected.ts'
import { entries, flag, nameOf, number, text, timeOf } from '../../status/fields.ts'
import { primaryInstance, type Instance } from '../../status/instances.ts'
import { toned, type Block, type Cell } from './block.ts'
import { zonedTime } from './go-time.ts'

// status.go of kubectl cnpg 1.28.0: printBackupStatus, printBarmanObjectStoreStatus, printWALArchivingStatus.

export function continuousBackup(collected: Collected, instances: readonly Instance[]): Block {
  const { cluster } = collected
  const plugin = barmanPlugin(cluster)
  if (plugin !== undefined) return pluginBackup(collected, plugin, instances)
  if (!isObject(valueAt(cluster, 'spec', 'backup')))
    return [[toned('yellow', 'Continuous Backup not configured')]]
  return [
    [toned('green', 'Continuous Backup status')],
    [
      'First Point of Recoverability:',
      text(cluster, 'status', 'firstRecoverabilityPoint') || 'Not Available',
    ],
    ...archivingLines(primaryInstance(instances, cluster)),
  ]
}

function pluginBackup(
  { objectStore, unread, cluster }: Collected,
  { store, server }: { store: string; server: string },
  instances: readonly Instance[],
): Block {
  const title = [toned('green', 'Continuous Backup status (Barman Cloud Plugin)')]
  if (store === '')
    return [
      title,
      [
        toned(
          'red',
          "Backup is managed by the Barman Cloud plugin, but 'barmanObjectName' parameter is not configured.",
        ),
      ],
      [toned('red', "Please configure the 'barmanObjectName' parameter in the plugin configuration.")],
    ]
  if (objectStore === undefined) {
    const why = unread.find(({ what }) => what === `ObjectStore ${store}`)?.message ?? 'it was not read'
    return [title, [toned('red', `Error fetching ObjectStore '${store}': ${why}`)]]
  }
  const window = entries(objectStore, 'status', 'serverRecoveryWindow').find(([name]) => name === server)?.[1]
  const time = (field: string) => {
    const found = timeOf(text(window, field))
    return found === undefined ? '-' : zonedTime(found)
  }
  const failed = time('lastFailedBackupTime')
  const lines: Cell[][] =
    window === undefined
      ? [
          [
            toned(
              'red',
              `No recovery window information found in ObjectStore '${nameOf(objectStore)}' for server '${server}'`,
            ),
          ],
        ]
      : [
          ['ObjectStore / Server name:', `${nameOf(objectStore)}/${server}`],
          ['First Point of Recoverability:', time('firstRecoverabilityPoint')],
          ['Last Successful Backup:', time('lastSuccessfulBackupTime')],
          ['Last Failed Backup:', failed === '-' ? failed : toned('red', failed)],
        ]
  return [title, ...lines, ...archivingLines(primaryInstance(instances, cluster))]
}

function archivingLines(primary: Instance | undefined): Cell[][] {
  if (primary === undefined) return [['No Primary instance found']]
  const { status } = primary
  const failed = text(status, 'lastFailedWAL')
  return [
    [
      'Working WAL archiving:',
      flag(status, 'isArchivingWAL')
        ? toned('green', 'OK')
        : failed === ''
          ? toned('yellow', 'Starting Up')
          : toned('red', 'Failing'),
    ],
    ['WALs waiting to be archived:', String(number(status, 'readyWalFiles'))],
    wal('Last Archived WAL:', text(status, 'lastArchivedWAL'), text(status, 'lastArchivedWALTime')),
    wal('Last Failed WAL:', failed, text(status, 'lastFailedWALTime')),
  ]
}

function wal(label: string, name: string, time: string): Cell[] {
  return name === '' ? [label, '-'] : [label, name, ' @ ', time]
}
