import { textAt } from '../manifest/json.ts'
import type { RenderedObject, RenderedTree } from '../manifest/rendered.ts'
import { appVersionOf } from './release/release-facts.ts'

export interface OperatorVersion {
  version: string
  /** for reports: 'from chart 0.27.0', 'from the image of its Deployment' */
  from: string
}

/** How something that looks after databases is deployed. */
export interface Deployed {
  /** what people call it */
  name: string
  /** the API group of its kinds */
  group: string
  /** its chart */
  chart: string
  /** its image, as the Deployment names it; the first group is the version */
  image: RegExp
  /** the manifest that the project publishes for a release; the first group is the version */
  manifest: RegExp
}

/** charts/cloudnative-pg of cloudnative-pg/charts; releases/cnpg-1.28.0.yaml of a branch or tag, or an asset of that name. */
export const OPERATOR: Deployed = {
  name: 'CloudNativePG',
  group: 'postgresql.cnpg.io',
  chart: 'cloudnative-pg',
  image: /\/cloudnative-pg(?:-testing)?(?=[:@])(?::v?(\d+\.\d+\.\d+))?/,
  manifest: /\/cnpg-(\d+\.\d+\.\d+)\.yaml/,
}

/** cloudnative-pg/plugin-barman-cloud: its manifest is an asset of each release. */
export const BARMAN_PLUGIN: Deployed = {
  name: 'the Barman Cloud plugin',
  group: 'barmancloud.cnpg.io',
  chart: 'plugin-barman-cloud',
  image: /\/plugin-barman-cloud(?:-testing)?(?=[:@])(?::v?(\d+\.\d+\.\d+))?/,
  manifest: /\/plugin-barman-cloud\/.*?v?(\d+\.\d+\.\d+)\/manifest\.yaml/,
}

/**
 * The operator that a cluster of the tree runs: the image of its rendered Deployment (which follows `image.tag`), else
 * `image.tag` of its HelmRelease or what its chart is known to deploy, else the address of its release manifest. A newer chart
 * than those that are known is not guessed.
 * @returns undefined where the tree does not say
 */
export function operatorVersion(
  tree: RenderedTree,
  cluster: string,
  { chart, image, manifest }: Deployed = OPERATOR,
): OperatorVersion | undefined {
  const units = [...tree.kustomizations, ...tree.helmReleases].filter(unit => unit.cluster === cluster)
  const objects = units.flatMap(unit => unit.objects)
  for (const object of objects) {
    const version = image.exec(imageOf(object))?.[1]
    if (version !== undefined) return { version, from: 'from the image of its Deployment' }
  }
  for (const release of tree.helmReleases) {
    if (release.cluster !== cluster || !isChart(release.chart, chart)) continue
    const tag = imageTagOf(release, objects)
    if (tag !== undefined) return { version: tag, from: 'from image.tag of its HelmRelease' }
    const written = / v?(\d+\.\d+\.\d+)/.exec(release.chart)?.[1]
    const version = written === undefined ? undefined : appVersionOf(chart, written)
    if (version !== undefined) return { version, from: `from chart ${written}` }
  }
  for (const { cluster: where, leftOut = [] } of tree.kustomizations)
    for (const { message } of where === cluster ? leftOut : []) {
      const version = manifest.exec(message)?.[1]
      if (version !== undefined) return { version, from: 'from the address of its release manifest' }
    }
  return undefined
}

/** The first container's image of a Deployment; '' for other kinds. */
export function imageOf({ manifest, resource }: RenderedObject): string {
  return resource.kind === 'Deployment'
    ? (textAt(manifest, 'spec', 'template', 'spec', 'containers', 0, 'image') ?? '')
    : ''
}

/** Whether a HelmRelease's chart, as reports name it ('cloudnative-pg 0.27.0'), is the one of a name. */
export function isChart(label: string, chart: string): boolean {
  return label.split(' ')[0]?.split('/').at(-1) === chart
}

/** `values.image.tag` of a chart that was not rendered (charts/cloudnative-pg/values.yaml: it stands for the appVersion). */
function imageTagOf(
  { namespace, name }: { namespace: string; name: string },
  objects: readonly RenderedObject[],
): string | undefined {
  const release = objects.find(
    ({ resource }) =>
      resource.kind === 'HelmRelease' && resource.namespace === namespace && resource.name === name,
  )
  const tag = textAt(release?.manifest, 'spec', 'values', 'image', 'tag')
  return tag === undefined ? undefined : /^v?(\d+\.\d+\.\d+)(?:@.*)?$/.exec(tag)?.[1]
}
