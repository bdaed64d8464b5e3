import { textAt, valueAt } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { floodOf, readSchedule } from '../schedule.ts'
import { changedFields } from './changed-fields.ts'
import type { ChangedObject } from './changed-object.ts'
import type { FieldRule } from './cluster-fields.ts'
import { effect, type Effect } from './effect.ts'
import type { Situation } from './situation.ts'

/** Every field of ScheduledBackup.spec. */
export const SCHEDULED_BACKUP_FIELDS: Readonly<Record<string, FieldRule>> = {
  backupOwnerReference: { effect: 'live', note: 'holds for backups that are made from now on' },
  cluster: { effect: 'special' },
  immediate: { effect: 'live', note: 'matters when the ScheduledBackup is created' },
  method: { effect: 'special' },
  online: { effect: 'live' },
  onlineConfiguration: { effect: 'live' },
  pluginConfiguration: { effect: 'special' },
  schedule: { effect: 'special' },
  suspend: { effect: 'special' },
  target: { effect: 'live' },
}

/** What an edit of a ScheduledBackup does to the backups of its cluster. */
export function scheduledBackupEffects(
  { change, base, head }: ChangedObject,
  situation: Situation,
): Effect[] {
  const cluster = textAt((head ?? base)?.manifest, 'spec', 'cluster', 'name') ?? ''
  if (head === undefined) {
    if (change.orphaned === true)
      return [effect('none', '', 'it leaves Git and goes on (prune is off for it)')]
    if (!hasCluster(change.resource.namespace, cluster, situation.head.objects)) return []
    return othersFor(head ?? base, situation.head.objects)
      ? [effect('none', '', `another ScheduledBackup of Cluster ${cluster} stays`)]
      : [effect('backup-gap', '', `no base backup of Cluster ${cluster} is scheduled any more`)]
  }
  if (base === undefined) return flood(undefined, head.manifest)
  const before = base.manifest
  const after = head.manifest
  return [
    ...scheduleEffects(before, after),
    ...changedFields(before['spec'], after['spec'], SCHEDULED_BACKUP_FIELDS)
      .filter(({ path }) => path !== 'schedule' && path !== 'suspend')
      .map(({ path, rule, from, to }) => {
        const field = `spec.${path}`
        if (path === 'cluster')
          return effect(
            'ignored',
            field,
            'another cluster: CloudNativePG 1.30 refuses the update, older ones back up the other cluster from here on',
            {
              from: textAt(from, 'name'),
              to: textAt(to, 'name'),
            },
          )
        if (path === 'method' || path === 'pluginConfiguration') return methodEffect(field, after)
        return rule === undefined
          ? effect('unknown', field, `${path} is not known to cnpg-steward: what it does is not judged`)
          : effect('none', field, `${path} ${rule.note ?? 'holds for the next backup'}`)
      }),
  ]
}

function methodEffect(field: string, after: Manifest): Effect {
  const method = textAt(after, 'spec', 'method') ?? 'barmanObjectStore'
  return method === 'plugin' && valueAt(after, 'spec', 'pluginConfiguration') === undefined
    ? effect('backup-gap', field, 'method plugin without pluginConfiguration: every backup fails')
    : effect('none', field, `the next backup is taken by ${method}`, { to: method })
}

function scheduleEffects(before: Manifest, after: Manifest): Effect[] {
  if (isSuspended(after) && !isSuspended(before))
    return [effect('backup-gap', 'spec.suspend', 'scheduled backups stop until it is resumed', { to: true })]
  if (isSuspended(after)) return []
  const resumed = isSuspended(before) ? [effect('none', 'spec.suspend', 'scheduled backups start again')] : []
  const [from, to] = [textAt(before, 'spec', 'schedule'), textAt(after, 'spec', 'schedule')]
  if (from === to) return resumed
  const flooded = flood(before, after)
  return [
    ...resumed,
    ...(flooded.length > 0
      ? flooded
      : [effect('none', 'spec.schedule', 'base backups are taken by the new schedule', { from, to })]),
  ]
}

/** Base backups far more often than the author means; most often a Unix schedule, which is read one field too early. */
function flood(before: Manifest | undefined, after: Manifest): Effect[] {
  const to = textAt(after, 'spec', 'schedule')
  const schedule = to === undefined ? undefined : readSchedule(to)
  const said = schedule === undefined ? undefined : floodOf(schedule)
  return said === undefined
    ? []
    : [
        effect('backup-gap', 'spec.schedule', said, {
          from: before === undefined ? undefined : textAt(before, 'spec', 'schedule'),
          to,
        }),
      ]
}

function hasCluster(namespace: string, name: string, objects: readonly RenderedObject[]): boolean {
  return objects.some(
    ({ resource }) =>
      resource.kind === 'Cluster' && resource.namespace === namespace && resource.name === name,
  )
}

/** Whether something else still makes base backups of the same cluster. */
function othersFor(gone: RenderedObject | undefined, objects: readonly RenderedObject[]): boolean {
  return objects.some(
    ({ resource, manifest }) =>
      resource.kind === 'ScheduledBackup' &&
      resource.namespace === gone?.resource.namespace &&
      resource.name !== gone.resource.name &&
      textAt(manifest, 'spec', 'cluster', 'name') === textAt(gone.manifest, 'spec', 'cluster', 'name') &&
      valueAt(manifest, 'spec', 'suspend') !== true,
  )
}

function isSuspended(manifest: Manifest): boolean {
  return valueAt(manifest, 'spec', 'suspend') === true
}
