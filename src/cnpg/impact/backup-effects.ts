import { canonicalJson, textAt, valueAt } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { backupStoreOf, enabledPlugins, storePath, type BackupStore } from '../backup-store.ts'
import { compareVersions } from '../operand-image.ts'
import { effect, type Effect } from './effect.ts'
import { rollout, rolloutPlan } from './rollout.ts'
import type { Situation } from './situation.ts'

/** What changes of a Cluster's backup and plugins do to its archive, and to its Pods. */
export function backupEffects(base: Manifest, head: Manifest, situation: Situation): Effect[] {
  const before = backupStoreOf(base, situation.base.objects)
  const after = backupStoreOf(head, situation.head.objects)
  return [
    ...archiveEffects(before, after),
    ...retentionEffects(base, head, before, after),
    ...pluginEffects(base, head, situation),
  ]
}

function archiveEffects(before: BackupStore | undefined, after: BackupStore | undefined): Effect[] {
  if (before === undefined && after === undefined) return []
  if (after === undefined)
    return [
      effect(
        'backup-gap',
        parentOf(before?.field ?? ''),
        'WAL archiving and backups stop: nothing newer than the last backup can be restored',
        { from: before === undefined ? undefined : storePath(before) },
      ),
    ]
  if (before === undefined)
    return [
      effect(
        'none',
        after.field,
        'WAL archiving starts; nothing can be restored before the first base backup',
        { to: storePath(after) },
      ),
    ]
  const values = { from: storePath(before), to: storePath(after) }
  if (sameStore(before, after))
    return before.by === after.by
      ? restOfStore(before, after)
      : [effect('none', after.field, 'the archive stays where it is', values)]
  if (before.by !== after.by && (before.destinationPath === undefined || after.destinationPath === undefined))
    return [
      effect(
        'unknown',
        after.field,
        'the ObjectStore is not in this repository: whether the archive stays where it is, is not known',
        values,
      ),
    ]
  return [
    effect(
      'backup-gap',
      after.field,
      'the archive moves: nothing can be restored from the new place before its first base backup, and what is in the old one is kept by nobody',
      values,
    ),
  ]
}

function sameStore(before: BackupStore, after: BackupStore): boolean {
  if (before.serverName !== after.serverName) return false
  if (before.destinationPath === undefined && after.destinationPath === undefined)
    return before.objectStore === after.objectStore && before.plugin === after.plugin
  return before.destinationPath === after.destinationPath && before.endpointURL === after.endpointURL
}

/** Another ObjectStore of the same place, or another plugin: no move, but said. */
function restOfStore(before: BackupStore, after: BackupStore): Effect[] {
  return before.objectStore === after.objectStore
    ? []
    : [
        effect('none', after.field, 'another ObjectStore of the same place', {
          from: before.objectStore,
          to: after.objectStore,
        }),
      ]
}

const DAYS: Readonly<Record<string, number>> = { d: 1, w: 7, m: 30 }

function days(policy: string | undefined): number | undefined {
  const match = /^([1-9][0-9]*)([dwm])$/.exec(policy ?? '')
  return match === null ? undefined : Number(match[1]) * (DAYS[match[2] ?? ''] ?? 1)
}

function retentionEffects(
  base: Manifest,
  head: Manifest,
  before: BackupStore | undefined,
  after: BackupStore | undefined,
): Effect[] {
  return retentionEffect('spec.backup.retentionPolicy', retentionPolicy(base), retentionPolicy(head), {
    moved: before?.by === 'barmanObjectStore' && after?.by === 'plugin',
    gone: after === undefined,
  })
}

/** A shorter retention deletes backups; none keeps them all. */
export function retentionEffect(
  field: string,
  from: string | undefined,
  to: string | undefined,
  { moved = false, gone = false } = {},
): Effect[] {
  if (from === to || gone) return []
  const values = { from, to }
  if (to === undefined)
    return [
      effect(
        'none',
        field,
        moved
          ? "retention is the ObjectStore's own from now on: set retentionPolicy there"
          : 'old backups are deleted no more',
        values,
      ),
    ]
  const [old, now] = [days(from), days(to)]
  if (now !== undefined && (old === undefined || now < old))
    return [effect('backup-gap', field, `backups older than ${to} are deleted after the next one`, values)]
  return [effect('none', field, 'backups are kept longer', values)]
}

/** Plugins put sidecars into the Pods; what their parameters do is the plugin's own affair. */
function pluginEffects(base: Manifest, head: Manifest, { head: { operator } }: Situation): Effect[] {
  const [before, after] = [pluginNames(base), pluginNames(head)]
  if (before.toSorted().join() !== after.toSorted().join()) {
    const plan = rolloutPlan(head)
    const { impact, seen } = rollout(plan, false)
    const archiverNew = enabledPlugins(head).some(
      plugin => plugin.isWALArchiver === true && !before.includes(textAt(plugin, 'name') ?? ''),
    )
    // issue 10981: a switchover dead-locks where the primary has no sidecar to archive with
    const stuck =
      archiverNew && impact === 'switchover'
        ? operator !== undefined && compareVersions(operator, '1.29.2') < 0
          ? ` Operator ${operator} may never finish that switchover: the old primary has no sidecar to archive with (cloudnative-pg#10981, mended in 1.29.2); delete its Pod by hand then.`
          : ' For this first sidecar the primary is replaced in place, without the switchover.'
        : ''
    return [
      effect(impact, 'spec.plugins', `plugins put their sidecars into the Pods: ${seen}.${stuck}`, {
        from: before,
        to: after,
      }),
    ]
  }
  return otherParameters(base) === otherParameters(head)
    ? []
    : [effect('reload', 'spec.plugins', 'the plugin reads its parameters when it is next called')]
}

/** 'spec.backup' of 'spec.backup.barmanObjectStore': where the line stood that is gone. */
function parentOf(field: string): string {
  return field.replace(/(?:\.[^.[]+|\[[0-9]+\])$/, '')
}

function retentionPolicy(manifest: Manifest) {
  return textAt(manifest, 'spec', 'backup', 'retentionPolicy')
}

function pluginNames(manifest: Manifest): string[] {
  return enabledPlugins(manifest).map(plugin => textAt(plugin, 'name') ?? '')
}

function otherParameters(manifest: Manifest): string {
  return canonicalJson(
    enabledPlugins(manifest).map(plugin => ({
      ...plugin,
      // told by the archive already
      parameters: Object.fromEntries(
        Object.entries(valueAt(plugin, 'parameters') ?? {}).filter(
          ([key]) => key !== 'barmanObjectName' && key !== 'serverName',
        ),
      ),
      enabled: true,
    })),
  )
}
