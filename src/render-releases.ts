import type { RenderAgain } from './chart-value.ts'
import { ASSUMED_KUBERNETES } from './config/config.ts'
import type { Unjudged } from './manifest/finding.ts'
import { textAt } from './manifest/json.ts'
import type { RenderedHelmRelease, RenderedObject } from './manifest/rendered.ts'
import { groupOf, resourceKey, type Manifest, type Resource } from './manifest/resource.ts'
import type { Lookup } from './render/helm-values.ts'
import { planHelmRelease, type PlannedRelease } from './render/helm-release.ts'
import { inParallel, PARALLEL } from './render/in-parallel.ts'
import { renderHelmRelease, type HelmReleaseTools } from './render/render-helm-release.ts'
import type { WalkedCluster } from './render/walk.ts'
import type { RenderRequest, RenderTools } from './rendered-repository.ts'

export const HELM_MISSING = {
  reason: 'helm-missing',
  message: 'There is no helm to render charts with.',
  repair: 'Install helm, or name it with --helm; `cnpg-steward doctor` says what was found.',
}

/** Whether a HelmRelease is to be inflated. @param cluster the directory of its root or its configured name */
export type ReleaseFilter = (cluster: string, resource: Resource) => boolean

/** The HelmRelease objects of a walked cluster. */
export function releaseObjects(walked: WalkedCluster): RenderedObject[] {
  return walked.kustomizations
    .flatMap(kustomization => kustomization.objects)
    .filter(
      ({ resource }) =>
        resource.kind === 'HelmRelease' && groupOf(resource.apiVersion) === 'helm.toolkit.fluxcd.io',
    )
}

/** What helm-controller would run for a HelmRelease among the objects of a walked cluster. */
export function planRelease(
  { manifest, origin }: RenderedObject,
  walked: WalkedCluster,
  lookup: Lookup = lookupIn(walked),
): PlannedRelease {
  return planHelmRelease(
    manifest,
    {
      lookup,
      isThisRepository: (source, namespace) => walked.isThisRepository(source, namespace),
    },
    origin,
  )
}

/** Finds the objects that a walked cluster applies. */
export function lookupIn(walked: WalkedCluster): Lookup {
  return (group, kind, namespace, name) =>
    walked.applied.get(
      resourceKey({ apiVersion: group === '' ? 'v1' : `${group}/v1`, kind, namespace, name }),
    )
}

/** Inflates the HelmReleases of a walked cluster. */
export async function renderHelmReleases(
  cluster: string,
  walked: WalkedCluster,
  imported: readonly Manifest[],
  { tree, config }: RenderRequest,
  tools: RenderTools,
  wanted: ReleaseFilter = () => true,
): Promise<{ releases: RenderedHelmRelease[]; incomplete: Unjudged[]; again: Map<string, RenderAgain> }> {
  const objects = releaseObjects(walked).filter(({ resource }) => wanted(cluster, resource))
  const releases: RenderedHelmRelease[] = []
  const incomplete: Unjudged[] = []
  const again = new Map<string, RenderAgain>()
  const { helm } = tools
  const scopes = scopesOf([...imported, ...walked.applied.values()])
  await inParallel(objects, PARALLEL, async object => {
    const { resource } = object
    const planned = planRelease(object, walked)
    if (helm === undefined) {
      const { namespace, name } = resource
      releases.push({
        cluster,
        namespace,
        name,
        chart: planned.chart,
        status: 'skipped',
        objects: [],
        inputs: '',
      })
      incomplete.push({
        ...HELM_MISSING,
        affected: [`HelmRelease ${namespace}/${name}`],
        cluster,
      })
      return
    }
    tools.progress(`${tree.name}: chart of HelmRelease ${resource.namespace}/${resource.name}`)
    const releaseTools: HelmReleaseTools = {
      helm,
      charts: tools.charts,
      kustomize: tools.kustomize,
      tree,
      kubernetesVersion: config.kubernetesVersion ?? ASSUMED_KUBERNETES,
      rendered: tools.cache.releases,
      isNamespaced: (apiVersion, kind) =>
        scopes.get(`${groupOf(apiVersion)}/${kind}`) ?? tools.isNamespaced(apiVersion, kind),
    }
    const rendering = await renderHelmRelease(planned, cluster, releaseTools)
    if (planned.ok && rendering.release.status === 'rendered')
      again.set(`${resource.namespace}/${resource.name}`, async change => {
        const plan = { ...planned.plan, values: change(planned.plan.values) }
        return (await renderHelmRelease({ ...planned, plan }, cluster, releaseTools)).release.objects
      })
    releases.push(rendering.release)
    incomplete.push(...rendering.incomplete)
  })
  const order = new Map(
    objects.map(({ resource }, index) => [`${resource.namespace}/${resource.name}`, index]),
  )
  const place = ({ namespace, name }: RenderedHelmRelease) => order.get(`${namespace}/${name}`) ?? 0
  return { releases: releases.toSorted((a, b) => place(a) - place(b)), incomplete, again }
}

/** 'group/Kind' → whether its objects live in a namespace, by the CRDs among some objects; later ones win. */
function scopesOf(objects: readonly Manifest[]): Map<string, boolean> {
  return new Map(
    objects.flatMap(manifest => {
      const scope = textAt(manifest, 'spec', 'scope')
      if (manifest.kind !== 'CustomResourceDefinition' || scope === undefined) return []
      const kind = `${textAt(manifest, 'spec', 'group') ?? ''}/${textAt(manifest, 'spec', 'names', 'kind') ?? ''}`
      return [[kind, scope === 'Namespaced'] as const]
    }),
  )
}
