import { valueAt } from '../../manifest/json.ts'
import { groupOf, resourceLabel, type Resource } from '../../manifest/resource.ts'
import type { ChangedObject } from './changed-object.ts'
import { effect, type Effect } from './effect.ts'

/**
 * What an edit of the Flux Kustomization does to the databases that it applies.
 * Source: kustomize-controller 1.9: spec.suspend, spec.prune, spec.force (any refused update means delete and recreate; the
 * annotation force: disabled does not help, devantler-tech/platform#2159).
 * @param holds what it applies of CloudNativePG, in base or head
 */
export function kustomizationEffects({ base, head }: ChangedObject, holds: readonly Resource[]): Effect[] {
  if (base === undefined || head === undefined || holds.length === 0) return []
  const clusters = holds.filter(({ kind }) => kind === 'Cluster')
  const names = [...new Set(holds.map(resourceLabel))].join(', ')
  const effects: Effect[] = []
  const turned = (name: string): boolean | undefined =>
    isSet(base, name) === isSet(head, name) ? undefined : isSet(head, name)

  const suspend = turned('suspend')
  if (suspend === true)
    effects.push(
      effect('ignored', 'spec.suspend', `nothing that Git says of ${names} is applied until it is resumed`, {
        to: true,
      }),
    )
  if (suspend === false)
    effects.push(
      effect(
        'unknown',
        'spec.suspend',
        `everything that was changed in Git while it was suspended is applied at once to ${names}`,
        { to: false },
      ),
    )
  const force = turned('force')
  if (force === true)
    effects.push(
      effect(
        clusters.length > 0 ? 'data-loss' : 'none',
        'spec.force',
        `from here on an update that is refused (a storage that shrinks, say) deletes ${names} and creates it anew, volumes included; the annotation force: disabled does not help`,
        { to: true },
      ),
    )
  const prune = turned('prune')
  if (prune === true)
    effects.push(
      effect('none', 'spec.prune', `what leaves Git is deleted from here on: ${names}`, { to: true }),
    )
  if (prune === false)
    effects.push(
      effect('none', 'spec.prune', `what leaves Git keeps running from here on: ${names}`, { to: false }),
    )
  return effects
}

/** The kinds of CloudNativePG and its Barman Cloud plugin. */
export function isOfCnpg({ apiVersion }: Resource): boolean {
  return ['postgresql.cnpg.io', 'barmancloud.cnpg.io'].includes(groupOf(apiVersion))
}

function isSet(side: NonNullable<ChangedObject['base']>, name: string): boolean {
  return valueAt(side.manifest, 'spec', name) === true
}
