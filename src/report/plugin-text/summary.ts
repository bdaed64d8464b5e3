import type { Collected } from '../../status/collected.ts'
import { conditionOf, nameOf, number, text, timeOf } from '../../status/fields.ts'
import {
  fencedInstances,
  isFenced,
  isHibernated,
  isReplicaCluster,
  primaryInstance,
  type Instance,
} from '../../status/instances.ts'
import { toned, type Block, type Cell, type Tone } from './block.ts'
import { goDuration, goTime } from './go-time.ts'

// status.go of kubectl cnpg 1.28.0: printBasicInfo, printHibernationInfo.

/** The heading and what stands below it, without the size: that needs exec. */
export function summary(collected: Collected, instances: readonly Instance[]): Block {
  const { cluster } = collected
  const current = text(cluster, 'status', 'currentPrimary')
  const target = text(cluster, 'status', 'targetPrimary')
  const replica = isReplicaCluster(cluster)
  const primary = primaryInstance(instances, cluster)
  const shown = current === target ? current : `${current} (switching to ${target})`
  const fenced = fencedInstances(cluster)
  const primaryFenced = isFenced(cluster, current)
  const wanted = number(cluster, 'spec', 'instances')
  const ready = number(cluster, 'status', 'readyInstances')
  return [
    [replica ? toned('yellow', 'Replica Cluster Summary') : toned('green', 'Cluster Summary')],
    ...(current === target
      ? []
      : [[toned('red', current === '' ? 'Primary server is initializing' : 'Switchover in progress')]]),
    ['Name', `${text(cluster, 'metadata', 'namespace')}/${nameOf(cluster)}`],
    ...(primary === undefined ? [] : [['System ID:', text(primary.status, 'systemID')]]),
    ['PostgreSQL Image:', text(cluster, 'status', 'image')],
    ...(replica
      ? [
          ['Designated primary:', shown],
          ['Source cluster: ', text(cluster, 'spec', 'replica', 'source')],
        ]
      : [['Primary instance:', shown]]),
    ...statusLines(collected, primaryFenced),
    [
      'Instances:',
      toned(wanted === number(cluster, 'status', 'instances') ? 'green' : 'red', String(wanted)),
    ],
    ['Ready instances:', toned(wanted === ready ? 'green' : 'red', String(ready))],
    ...(fenced.length === 0
      ? []
      : [
          [
            'Fenced instances:',
            toned(
              primaryFenced ? 'red' : 'yellow',
              fenced.includes('*') ? 'All Instances' : fenced.join(', '),
            ),
          ],
        ]),
    ...(replica || primary === undefined
      ? []
      : [
          [
            'Current Write LSN:',
            `${text(primary.status, 'currentLsn')} (Timeline: ${number(primary.status, 'timeLineID')} - WAL File: ${text(primary.status, 'currentWAL')})`,
          ],
        ]),
  ]
}

function statusLines({ cluster, at }: Collected, primaryFenced: boolean): Cell[][] {
  if (isHibernated(cluster)) return [['Status:', toned('red', 'Hibernated')]]
  if (primaryFenced) return [['Status:', toned('red', 'Primary instance is fenced')]]
  const promoted = text(cluster, 'status', 'currentPrimaryTimestamp')
  const phase = text(cluster, 'status', 'phase')
  return [
    ...(promoted === '' ? [] : [['Primary promotion time:', promotion(promoted, at)]]),
    ['Status:', toned(phaseTone(phase), `${phase} ${text(cluster, 'status', 'phaseReason')}`)],
  ]
}

function promotion(promoted: string, at: string): Cell {
  const since = timeOf(promoted)
  const now = timeOf(at)
  // Go's layout takes six digits of a second, no more and no fewer
  const [, rest] = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d((?!\.\d{6}(?!\d)).*)$/.exec(promoted) ?? []
  if (since === undefined || rest !== undefined)
    return toned(
      'red',
      `error: parsing time ${JSON.stringify(promoted)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse ${JSON.stringify(rest ?? promoted)} as ".000000"`,
    )
  const shown = goTime(Math.round(since / 1000) * 1000)
  return now === undefined ? shown : `${shown} (${goDuration(now - since)})`
}

function phaseTone(phase: string): Tone {
  if (['Cluster in healthy state', 'Setting up primary', 'Creating a new replica'].includes(phase))
    return 'green'
  return ['Upgrading cluster', 'Waiting for user action'].includes(phase) ? 'yellow' : 'red'
}

/** Only where the condition exists. */
export function hibernation({ cluster }: Collected): Block {
  const condition = conditionOf(cluster, 'cnpg.io/hibernation')
  if (condition === undefined) return []
  const since = timeOf(condition.lastTransitionTime)
  return [
    [toned('green', 'Hibernation')],
    ['Status', condition.status === 'True' ? 'Hibernated' : 'Active'],
    ['Message', condition.message],
    ['Time', since === undefined ? condition.lastTransitionTime : goTime(since)],
  ]
}
