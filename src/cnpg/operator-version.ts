import { textAt } from '../manifest/json.ts'
import type { RenderedTree } from '../manifest/rendered.ts'

/**
 * Chart cloudnative-pg → operator, from Chart.yaml at every cloudnative-pg-v* tag of cloudnative-pg/charts (b21ad2d,
 * 2026-07-20). Needed only where the chart itself cannot be had; a newer chart than these is not guessed.
 */
const APP_VERSIONS: Readonly<Record<string, string>> = {
  '0.22.0': '1.24.0',
  '0.22.1': '1.24.1',
  '0.23.0': '1.25.0',
  '0.23.1': '1.25.0',
  '0.23.2': '1.25.1',
  '0.24.0': '1.26.0',
  '0.25.0': '1.26.1',
  '0.26.0': '1.27.0',
  '0.26.1': '1.27.1',
  '0.27.0': '1.28.0',
  '0.27.1': '1.28.1',
  '0.28.0': '1.29.0',
  '0.28.1': '1.29.1',
  '0.28.2': '1.29.1',
  '0.28.3': '1.29.1',
  '0.29.0': '1.30.0',
}

/**
 * The operator that a version of its chart is known to deploy.
 * @param chart '0.27.0'
 */
export function operatorOfChart(chart: string): string | undefined {
  return Object.hasOwn(APP_VERSIONS, chart) ? APP_VERSIONS[chart] : undefined
}

export interface OperatorVersion {
  version: string
  /** for reports: 'from chart 0.27.0', 'from the image of its Deployment' */
  from: string
}

/**
 * The operator that a cluster of the tree runs: the image of its rendered Deployment (which follows `image.tag`), else
 * what the chart of its HelmRelease is known to deploy.
 * @returns undefined where the tree does not say
 */
export function operatorVersion(tree: RenderedTree, cluster: string): OperatorVersion | undefined {
  const units = [...tree.kustomizations, ...tree.helmReleases].filter(unit => unit.cluster === cluster)
  for (const { objects } of units) {
    for (const { manifest, resource } of objects) {
      if (resource.kind !== 'Deployment') continue
      const image = textAt(manifest, 'spec', 'template', 'spec', 'containers', 0, 'image') ?? ''
      const version = /\/cloudnative-pg(?:-testing)?:v?(\d+\.\d+\.\d+)/.exec(image)?.[1]
      if (version !== undefined) return { version, from: 'from the image of its Deployment' }
    }
  }
  for (const release of tree.helmReleases) {
    if (release.cluster !== cluster) continue
    const chart = /(?:^|\/)cloudnative-pg v?(\d+\.\d+\.\d+)/.exec(release.chart)?.[1]
    const version = chart === undefined ? undefined : operatorOfChart(chart)
    if (version !== undefined) return { version, from: `from chart ${chart}` }
  }
  return undefined
}
