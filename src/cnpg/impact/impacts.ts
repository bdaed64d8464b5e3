import {
  IMPACTS_BY_HARM,
  worstImpact,
  type Change,
  type Impact,
  type ImpactKind,
} from '../../manifest/change.ts'
import { textAt, valueAt } from '../../manifest/json.ts'
import type { Place } from '../../manifest/place.ts'
import type { RenderedObject, RenderedTree } from '../../manifest/rendered.ts'
import { groupOf, resourceKey, resourceLabel } from '../../manifest/resource.ts'
import { backupStoreOf } from '../backup-store.ts'
import { catalogOf } from '../operand.ts'
import { operatorVersion } from '../operator-version.ts'
import type { ParameterCatalogs } from '../parameters/parameter-catalog.ts'
import { backupEffects, retentionEffect } from './backup-effects.ts'
import type { ChangedObject } from './changed-object.ts'
import { clusterEffects } from './cluster-effects.ts'
import { DECLARED_KINDS, declaredObjectEffects } from './declared-object-effects.ts'
import {
  clusterDeletionEffects,
  deletionAround,
  isAnnotated,
  isCluster,
  isFluxKustomization,
} from './deletion-effects.ts'
import { effect, type Effect } from './effect.ts'
import { imageEffects } from './image-effects.ts'
import { isOfCnpg, kustomizationEffects } from './kustomization-effects.ts'
import { operatorChange } from './operator-effects.ts'
import { poolerEffects } from './pooler-effects.ts'
import { rollout, rolloutPlan } from './rollout.ts'
import { scheduledBackupEffects } from './scheduled-backup-effects.ts'
import type { Situation } from './situation.ts'

/** An impact whose line is still to be found: the field in the document it is written in. */
export interface FoundImpact extends Impact {
  /** the object the field is written in, of head; of base where head has it no more */
  writtenIn?: Place
  removed: boolean
  /** as in a finding; '' for the object as a whole */
  field: string
}

export interface ImpactRequest {
  base: RenderedTree
  head: RenderedTree
  changes: readonly Change[]
  catalogs: ParameterCatalogs
  /** the operator's version where a tree does not say */
  operator?: string
}

/**
 * What a change does to databases that run: every effect of every changed object of CloudNativePG, and of what carries it.
 * @returns sorted by harm; objects that are nobody's database are not spoken of
 */
export function impactsOf(request: ImpactRequest): FoundImpact[] {
  const clusters = [...new Set(request.changes.map(({ cluster }) => cluster))]
  return clusters
    .flatMap(cluster => inCluster(cluster, request))
    .toSorted((a, b) => IMPACTS_BY_HARM.indexOf(a.impact) - IMPACTS_BY_HARM.indexOf(b.impact))
}

/** The worst impact of each change, for its entry in the list of changes. */
export function worstOfChange(change: Change, impacts: readonly Impact[]): ImpactKind | undefined {
  const key = resourceKey(change.resource)
  return worstImpact(
    impacts
      .filter(({ cluster, resource }) => cluster === change.cluster && resourceKey(resource) === key)
      .map(({ impact }) => impact),
  )
}

function inCluster(cluster: string, request: ImpactRequest): FoundImpact[] {
  const { base, head, catalogs } = request
  const side = (tree: RenderedTree): Situation['base'] => ({
    objects: [...tree.kustomizations, ...tree.helmReleases]
      .filter(unit => unit.cluster === cluster)
      .flatMap(({ objects }) => objects),
    operator: operatorVersion(tree, cluster)?.version ?? request.operator,
  })
  const situation: Situation = { base: side(base), head: side(head), catalogs }
  const changed = request.changes
    .filter(change => change.cluster === cluster)
    .map(change => withObjects(change, situation))
  const found = changed.flatMap(object =>
    suspended(object, situation, effectsOf(object, situation, holdings(object, cluster, request))).map(one =>
      foundImpact(object, one),
    ),
  )
  return [...found, ...throughOthers(changed, situation), ...ofOperator(cluster, changed, request)]
}

function withObjects(change: Change, { base, head }: Situation): ChangedObject {
  const before =
    change.change === 'added' ? undefined : find(base.objects, change.renamedFrom ?? change.resource)
  const after = change.change === 'removed' ? undefined : find(head.objects, change.resource)
  return {
    change,
    ...(before === undefined ? {} : { base: before }),
    ...(after === undefined ? {} : { head: after }),
  }
}

function find(objects: readonly RenderedObject[], resource: Change['resource']): RenderedObject | undefined {
  const key = resourceKey(resource)
  return objects.find(object => resourceKey(object.resource) === key)
}

function effectsOf(
  object: ChangedObject,
  situation: Situation,
  holds: readonly Change['resource'][],
): Effect[] {
  const { change, base, head } = object
  const { resource } = change
  if (isFluxKustomization(resource)) return kustomizationEffects(object, holds)
  if (groupOf(resource.apiVersion) === 'barmancloud.cnpg.io') return storeEffects(object, situation)
  if (groupOf(resource.apiVersion) !== 'postgresql.cnpg.io') return deletionAround(object, situation)
  if (isCluster(resource)) {
    const gone = clusterDeletionEffects(object, situation)
    if (base === undefined || head === undefined || change.change === 'renamed') return gone
    return [...gone, ...clusterEffects(base.manifest, head.manifest, situation)]
  }
  if (resource.kind === 'Pooler') return poolerEffects(object)
  if (resource.kind === 'ScheduledBackup') return scheduledBackupEffects(object, situation)
  const declared = DECLARED_KINDS[resource.kind]
  if (declared !== undefined) return declaredObjectEffects(object, declared)
  // what a catalog does it does to the Clusters that name it
  if (/^(?:Cluster)?ImageCatalog$/.test(resource.kind)) return []
  return change.change === 'changed'
    ? [effect('unknown', 'spec', `what a changed ${resource.kind} does is not judged`)]
    : []
}

function storeEffects({ change, base, head }: ChangedObject, situation: Situation): Effect[] {
  if (change.resource.kind !== 'ObjectStore' || base === undefined || head === undefined) return []
  const users = situation.head.objects.filter(
    ({ resource, manifest }) =>
      isCluster(resource) &&
      backupStoreOf(manifest, situation.head.objects)?.objectStore === change.resource.name,
  )
  const worstPlan = users.map(({ manifest }) => rollout(rolloutPlan(manifest), false))[0]
  return [
    ...retentionEffect('spec.retentionPolicy', retentionPolicyOf(base), retentionPolicyOf(head)),
    ...(sidecarOf(base) === sidecarOf(head) || worstPlan === undefined
      ? []
      : [
          effect(
            worstPlan.impact,
            'spec.instanceSidecarConfiguration',
            `the sidecar is part of the Pods, which are replaced when the operator next looks at ${users.map(({ resource }) => resourceLabel(resource)).join(', ')}: ${worstPlan.seen}`,
          ),
        ]),
  ]
}

/** What a changed catalog or ObjectStore does to Clusters that are not edited themselves. */
function throughOthers(changed: readonly ChangedObject[], situation: Situation): FoundImpact[] {
  const edited = new Set(changed.map(({ change }) => resourceKey(change.resource)))
  const carriers = changed.filter(
    ({ change: { resource } }) =>
      (groupOf(resource.apiVersion) === 'postgresql.cnpg.io' && resource.kind.endsWith('ImageCatalog')) ||
      (groupOf(resource.apiVersion) === 'barmancloud.cnpg.io' && resource.kind === 'ObjectStore'),
  )
  if (carriers.length === 0) return []
  return situation.head.objects
    .filter(({ resource }) => isCluster(resource) && !edited.has(resourceKey(resource)))
    .flatMap(cluster => {
      const { manifest } = cluster
      const names = (object: ChangedObject): boolean =>
        object.change.resource.kind === 'ObjectStore'
          ? backupStoreOf(manifest, situation.head.objects)?.objectStore === object.change.resource.name
          : sameObject(
              object,
              catalogOf(manifest, valueAt(manifest, 'spec', 'imageCatalogRef') ?? null, [
                ...situation.head.objects,
                ...situation.base.objects,
              ]),
            )
      const carrier = carriers.find(names)
      if (carrier === undefined) return []
      const effects = [
        ...imageEffects(manifest, manifest, situation),
        ...backupEffects(manifest, manifest, situation),
      ]
      const field = carrier.change.resource.kind === 'ObjectStore' ? 'spec.configuration' : 'spec.images'
      return effects
        .filter(({ impact }) => impact !== 'none')
        .map(one => ({
          ...foundImpact(carrier, {
            ...one,
            field,
            reason: `through ${resourceLabel(carrier.change.resource)}: ${one.reason}`,
          }),
          resource: cluster.resource,
        }))
    })
}

function sameObject({ change }: ChangedObject, object: RenderedObject | undefined): boolean {
  return object !== undefined && resourceKey(object.resource) === resourceKey(change.resource)
}

function ofOperator(
  cluster: string,
  changed: readonly ChangedObject[],
  request: ImpactRequest,
): FoundImpact[] {
  const change = operatorChange(request.base, request.head, cluster, changed)
  if (change === undefined) return []
  const { object, writtenIn, effects } = change
  const key = resourceKey(object.resource)
  const kustomization = request.head.kustomizations.find(
    unit => unit.cluster === cluster && unit.objects.some(({ resource }) => resourceKey(resource) === key),
  )
  const place = (writtenIn?.object ?? object).origin
  return effects.map(({ field, ...one }) => ({
    ...one,
    cluster,
    kustomization: kustomization === undefined ? '' : `${kustomization.namespace}/${kustomization.name}`,
    resource: object.resource,
    removed: false,
    field: writtenIn?.field ?? field,
    ...(place === undefined ? {} : { writtenIn: place }),
  }))
}

/** What a Kustomization applies of CloudNativePG, before or after. */
function holdings(
  { change }: ChangedObject,
  cluster: string,
  { base, head }: ImpactRequest,
): Change['resource'][] {
  if (!isFluxKustomization(change.resource)) return []
  return [base, head].flatMap(tree =>
    tree.kustomizations
      .filter(
        unit =>
          unit.cluster === cluster &&
          unit.namespace === change.resource.namespace &&
          unit.name === change.resource.name,
      )
      .flatMap(({ objects }) => objects.map(({ resource }) => resource).filter(isOfCnpg)),
  )
}

/** What a suspended Kustomization applies stays as it is, and what an object says is not to be applied again. */
function suspended(
  { change, base, head: object }: ChangedObject,
  { head }: Situation,
  effects: Effect[],
): Effect[] {
  if (isFluxKustomization(change.resource)) return effects
  if (
    base !== undefined &&
    (isAnnotated(object?.manifest, 'ssa', ['ignore', 'ifnotpresent']) ||
      isAnnotated(object?.manifest, 'reconcile', ['disabled']))
  )
    return effects.map(one => ({
      ...one,
      impact: 'ignored',
      reason: `Flux does not apply it to an object that is there (annotation of kustomize.toolkit.fluxcd.io); without the annotation: ${one.reason}`,
    }))
  const owner = head.objects.find(
    ({ resource }) =>
      isFluxKustomization(resource) && `${resource.namespace}/${resource.name}` === change.kustomization,
  )
  if (valueAt(owner?.manifest, 'spec', 'suspend') !== true) return effects
  return effects.map(one => ({
    ...one,
    impact: 'ignored',
    reason: `not before Kustomization ${change.kustomization} is resumed; then: ${one.reason}`,
  }))
}

function foundImpact({ change, base, head }: ChangedObject, { field, ...one }: Effect): FoundImpact {
  const place = head?.origin ?? base?.origin
  return {
    ...one,
    cluster: change.cluster,
    kustomization: change.kustomization,
    resource: change.resource,
    removed: head === undefined,
    field,
    ...(place === undefined ? {} : { writtenIn: place }),
  }
}

function retentionPolicyOf(object: RenderedObject) {
  return textAt(object.manifest, 'spec', 'retentionPolicy')
}

function sidecarOf(object: RenderedObject): string {
  return JSON.stringify(valueAt(object.manifest, 'spec', 'instanceSidecarConfiguration') ?? null)
}
