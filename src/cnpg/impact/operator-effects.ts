import { isObject, textAt, valueAt, type JsonObject } from '../../manifest/json.ts'
import type { RenderedObject, RenderedTree } from '../../manifest/rendered.ts'
import { groupOf, resourceLabel } from '../../manifest/resource.ts'
import { operatorVersion } from '../operator-version.ts'
import { replacesPodsAnyway } from '../release/upgrade-steps.ts'
import type { ChangedObject } from './changed-object.ts'
import { isCluster } from './deletion-effects.ts'
import { effect, type Effect } from './effect.ts'

/** The operator that a Kubernetes cluster is given. */
interface Operator {
  /** what a bump is told by: the image where it is rendered, else the chart */
  identity: string
  version: string | undefined
  config: JsonObject
  /** the HelmRelease or Deployment that brings it */
  object: RenderedObject
}

function operatorOf(tree: RenderedTree, cluster: string): Operator | undefined {
  const units = [...tree.kustomizations, ...tree.helmReleases].filter(unit => unit.cluster === cluster)
  const objects = units.flatMap(unit => unit.objects)
  const version = operatorVersion(tree, cluster)?.version
  const config = objects.find(
    ({ resource }) => resource.kind === 'ConfigMap' && resource.name === 'cnpg-controller-manager-config',
  )
  const data = valueAt(config?.manifest, 'data')
  const deployment = objects.find(
    ({ resource, manifest }) =>
      resource.kind === 'Deployment' &&
      /\/cloudnative-pg(?:-testing)?[:@]/.test(
        textAt(manifest, 'spec', 'template', 'spec', 'containers', 0, 'image') ?? '',
      ),
  )
  const image = textAt(deployment?.manifest, 'spec', 'template', 'spec', 'containers', 0, 'image')
  const release = tree.helmReleases.find(
    unit =>
      unit.cluster === cluster &&
      // a Deployment that was rendered is the operator, wherever it comes from
      (deployment === undefined
        ? /(?:^|\/)cloudnative-pg(?:\s|$)/.test(unit.chart)
        : unit.objects.includes(deployment)),
  )
  const object =
    release === undefined
      ? deployment
      : objects.find(
          ({ resource }) =>
            resource.kind === 'HelmRelease' &&
            groupOf(resource.apiVersion) === 'helm.toolkit.fluxcd.io' &&
            resource.namespace === release.namespace &&
            resource.name === release.name,
        )
  const identity = image ?? release?.chart
  if (object === undefined || identity === undefined) return undefined
  const values = valueAt(object.manifest, 'spec', 'values', 'config', 'data')
  return {
    identity,
    version,
    config: { ...(isObject(values) ? values : {}), ...(isObject(data) ? data : {}) },
    object,
  }
}

export interface OperatorChange {
  effects: Effect[]
  /** the HelmRelease or Deployment */
  object: RenderedObject
  /** where the version is written, if that object is not the one: the OCIRepository it takes its chart from */
  writtenIn?: { object: RenderedObject; field: string }
}

/**
 * Another operator rolls every Cluster it looks after. Source: CloudNativePG, docs/src/installation_upgrade.md;
 * internal/controller/cluster_upgrade.go, checkPodSpecIsOutdated.
 */
export function operatorChange(
  base: RenderedTree,
  head: RenderedTree,
  cluster: string,
  changed: readonly ChangedObject[],
): OperatorChange | undefined {
  const before = operatorOf(base, cluster)
  const after = operatorOf(head, cluster)
  if (before === undefined || after === undefined || before.identity === after.identity) return undefined
  const clusters = clustersOf(head, cluster)
  const values = { from: before.version ?? before.identity, to: after.version ?? after.identity }
  const which =
    clusters.length === 0
      ? 'every Cluster that it looks after (none is in this tree)'
      : `${clusters.length} Cluster${clusters.length === 1 ? '' : 's'} (${clusters.slice(0, 8).join(', ')}${clusters.length > 8 ? ', …' : ''}) and any other it looks after`
  const wanted = isTrue(after.config['ENABLE_INSTANCE_MANAGER_INPLACE_UPDATES'])
  const inPlace = wanted && !replacesPodsAnyway(before.version ?? '', after.version ?? '')
  const inSpite =
    wanted && !inPlace
      ? ' (in spite of ENABLE_INSTANCE_MANAGER_INPLACE_UPDATES: 1.26 changed the startup probe)'
      : ''
  const delay = textAt(after.config, 'CLUSTERS_ROLLOUT_DELAY')
  const writtenIn = versionPlace(after.object, changed)
  const effects = [
    effect(
      'operator-rollout',
      versionField(after.object, changed),
      inPlace
        ? `the instance managers of ${which} are exchanged in place (ENABLE_INSTANCE_MANAGER_INPLACE_UPDATES); where the new version makes Pods differently they are replaced all the same`
        : `the Pods of ${which} are replaced${inSpite}: replicas one by one, then each primary by its own update strategy; single instances are down meanwhile. ${delay === undefined ? 'All clusters roll at once: CLUSTERS_ROLLOUT_DELAY spreads them' : `Clusters wait ${delay} s for each other`}`,
      values,
    ),
  ]
  return { effects, object: after.object, ...(writtenIn === undefined ? {} : { writtenIn }) }
}

function isTrue(value: JsonObject[string] | undefined): boolean {
  return value === true || value === 'true'
}

function clustersOf(tree: RenderedTree, cluster: string): string[] {
  const of = (name: string | undefined): string[] =>
    [...tree.kustomizations, ...tree.helmReleases]
      .filter(unit => name === undefined || unit.cluster === name)
      .flatMap(({ objects }) => objects)
      .filter(({ resource }) => isCluster(resource))
      .map(({ resource }) => resourceLabel(resource).replace('Cluster ', ''))
  const here = of(cluster)
  return [...new Set(here.length > 0 ? here : of(undefined))].toSorted()
}

/** The OCIRepository, HelmChart or GitRepository that a HelmRelease's chartRef names, if this change edits it. */
function versionPlace(
  release: RenderedObject,
  changed: readonly ChangedObject[],
): OperatorChange['writtenIn'] {
  const reference = valueAt(release.manifest, 'spec', 'chartRef')
  const source = changed.find(
    ({ change }) =>
      change.resource.kind === textAt(reference, 'kind') &&
      change.resource.name === textAt(reference, 'name'),
  )
  if (source?.head === undefined) return undefined
  const field = ['spec.ref.tag', 'spec.ref.semver', 'spec.ref.digest', 'spec.version'].find(path =>
    source.change.fields.some(changedField => changedField.path === path),
  )
  return { object: source.head, field: field ?? 'spec' }
}

function versionField(object: RenderedObject, changed: readonly ChangedObject[]): string {
  const own = changed.find(({ head }) => head === object)
  const fields = own?.change.fields.map(({ path }) => path) ?? []
  return (
    fields.find(path => /^spec\.(?:chart\.spec\.version|values\.image\.tag|template\..*image)/.test(path)) ??
    (object.resource.kind === 'Deployment' ? 'spec.template.spec.containers[0].image' : '')
  )
}
