import { textAt, valueAt, type Json } from '../../manifest/json.ts'
import { groupOf, resourceLabel, type Resource } from '../../manifest/resource.ts'
import type { ChangedObject } from './changed-object.ts'
import { effect, type Effect } from './effect.ts'
import type { Situation } from './situation.ts'

const PROTECT = 'annotate it with kustomize.toolkit.fluxcd.io/prune: disabled, in a commit before, to keep it'
const GONE = 'its Pods and its volumes go with it (the volume claims are owned by the Cluster)'

/** A Cluster that leaves Git, gets another name, or another owner. Source: kustomize-controller 1.9, garbage collection. */
export function clusterDeletionEffects(
  { change, base, head }: ChangedObject,
  situation: Situation,
): Effect[] {
  if (change.change === 'removed')
    return change.orphaned === true
      ? [
          effect(
            'none',
            '',
            'it leaves Git and keeps running (prune is off for it): nobody manages it from here',
          ),
        ]
      : [effect('data-loss', '', `the Cluster is deleted: ${GONE}. To keep it, ${PROTECT}.`)]
  if (change.change === 'renamed' && change.renamedFrom !== undefined) {
    const old = resourceLabel(change.renamedFrom)
    const fresh = `${resourceLabel(change.resource)} is a new cluster, ${bootstrapOf(head)}`
    const values = { from: nameOf(change.renamedFrom), to: nameOf(change.resource) }
    const field = change.renamedFrom.name === change.resource.name ? 'metadata.namespace' : 'metadata.name'
    return change.orphaned === true
      ? [effect('none', field, `${fresh}; ${old} keeps running beside it (prune is off for it)`, values)]
      : [effect('data-loss', field, `${old} is deleted: ${GONE}; ${fresh}`, values)]
  }
  if (change.movedFrom !== undefined && prunes(change.movedFrom, base, situation))
    return [
      effect(
        'data-loss',
        '',
        `${change.movedFrom} gives it up and prunes: if that is reconciled before the new owner applies it, the Cluster is deleted, ${GONE}, and created anew. ${PROTECT[0]?.toUpperCase()}${PROTECT.slice(1)}.`,
        { from: change.movedFrom, to: `Kustomization ${change.kustomization}` },
      ),
    ]
  return []
}

function nameOf({ namespace, name }: Resource): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

function bootstrapOf(head: ChangedObject['head']): string {
  const bootstrap = valueAt(head?.manifest, 'spec', 'bootstrap')
  const method = ['recovery', 'pg_basebackup', 'initdb'].find(name => valueAt(bootstrap, name) !== undefined)
  return method === 'recovery'
    ? 'restored from the backup that bootstrap.recovery names, as of that backup'
    : method === 'pg_basebackup'
      ? 'cloned by pg_basebackup from the server that bootstrap names'
      : 'empty (initdb)'
}

/** Whether the unit that applied an object deletes it as soon as it is no longer its own. */
export function prunes(unit: string, object: ChangedObject['base'], { base, head }: Situation): boolean {
  if (
    isAnnotated(object?.manifest, 'prune', ['disabled']) ||
    isAnnotated(object?.manifest, 'reconcile', ['disabled']) ||
    isAnnotated(object?.manifest, 'ssa', ['ignore'])
  )
    return false
  if (!unit.startsWith('Kustomization '))
    return textAt(object?.manifest, 'metadata', 'annotations', 'helm.sh/resource-policy') !== 'keep'
  const manifest = [...head.objects, ...base.objects].find(
    ({ resource }) => isFluxKustomization(resource) && resourceLabel(resource) === unit,
  )?.manifest
  return valueAt(manifest, 'spec', 'prune') !== false
}

/** Whether Flux reads one of the values for an object, in annotations or labels and in any letter case. */
export function isAnnotated(manifest: Json | undefined, name: string, values: readonly string[]): boolean {
  return ['annotations', 'labels'].some(holder =>
    values.includes(
      textAt(manifest, 'metadata', holder, `kustomize.toolkit.fluxcd.io/${name}`)?.toLowerCase() ?? '',
    ),
  )
}

export function isFluxKustomization({ apiVersion, kind }: Resource): boolean {
  return kind === 'Kustomization' && groupOf(apiVersion) === 'kustomize.toolkit.fluxcd.io'
}

/** What takes databases with it as it goes: their namespace, the definition of their kind. */
export function deletionAround({ change, base }: ChangedObject, situation: Situation): Effect[] {
  if (change.change !== 'removed' || change.orphaned === true) return []
  const clusters = situation.base.objects.filter(({ resource }) => isCluster(resource))
  if (change.resource.kind === 'Namespace' && change.resource.apiVersion === 'v1') {
    const inside = clusters.filter(({ resource }) => resource.namespace === change.resource.name)
    return inside.length === 0
      ? []
      : [
          effect(
            'data-loss',
            '',
            `the namespace is deleted with everything in it: ${inside.map(({ resource }) => resourceLabel(resource)).join(', ')}, volumes included, whatever protects them from pruning`,
          ),
        ]
  }
  if (change.resource.kind === 'PersistentVolumeClaim') {
    const beside = clusters.find(({ resource }) => resource.namespace === change.resource.namespace)
    return beside === undefined
      ? []
      : [
          effect(
            'data-loss',
            '',
            `the claim is deleted, beside ${resourceLabel(beside.resource)}, and its volume with it where the reclaim policy is Delete. To keep it, ${PROTECT}.`,
          ),
        ]
  }
  const group = textAt(base?.manifest, 'spec', 'group')
  if (change.resource.kind === 'CustomResourceDefinition' && group === 'postgresql.cnpg.io') {
    const kind = textAt(base?.manifest, 'spec', 'names', 'kind') ?? ''
    return [
      effect(
        'data-loss',
        '',
        `with the definition every ${kind} of the whole Kubernetes cluster is deleted${kind === 'Cluster' ? ', volumes included' : ''}`,
      ),
    ]
  }
  return []
}

export function isCluster({ apiVersion, kind }: Resource): boolean {
  return kind === 'Cluster' && groupOf(apiVersion) === 'postgresql.cnpg.io'
}
