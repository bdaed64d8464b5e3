import path from 'node:path'
import { isObject, textAt, valueAt, type Json } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'
import { parseVersion } from './chart-version.ts'
import type { Lookup, Part, Unknown } from './helm-values.ts'
import type { ChartBuild, OciChart, RepositoryChart, TreeChart } from './tools.ts'

/** A chart reference before the files of the tree are read. */
export type PlannedChart = OciChart | RepositoryChart | Omit<TreeChart, 'files'>

export interface ChartContext {
  /** rendered objects of the cluster */
  lookup: Lookup
  /** whether a source is this repository, which the tree decides and no git remote */
  isThisRepository(source: { kind: string; name: string }, namespace: string): boolean
  /** false where helm-controller runs with the feature gate DisableChartDigestTracking: versions stay unmarked */
  chartDigestTracking?: boolean
}

const SOURCE_GROUP = 'source.toolkit.fluxcd.io'
// what an OCI registry keeps a Helm chart under (helm pkg/registry/constants.go)
const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'

/**
 * Where a HelmRelease takes its chart from: `spec.chart` (a HelmChart that helm-controller makes) or `spec.chartRef`,
 * through the sources among the rendered objects.
 */
export function chartReference(release: Manifest, context: ChartContext): Part<PlannedChart> {
  const namespace = textAt(release, 'metadata', 'namespace') ?? ''
  const template = valueAt(release, 'spec', 'chart', 'spec')
  const reference = valueAt(release, 'spec', 'chartRef')
  if (isObject(template) === isObject(reference))
    return failure('a HelmRelease needs either spec.chart or spec.chartRef', 'keep exactly one of them')
  if (isObject(template))
    return fromChartSpec(template, textAt(template, 'sourceRef', 'namespace') || namespace, context)
  const kind = textAt(reference, 'kind') ?? ''
  const name = textAt(reference, 'name') ?? ''
  const where = textAt(reference, 'namespace') || namespace
  if (kind === 'OCIRepository') {
    const source = context.lookup(SOURCE_GROUP, kind, where, name)
    return source === undefined ? elsewhere(kind, where, name) : fromOciRepository(source, context)
  }
  if (kind === 'HelmChart') {
    const chart = context.lookup(SOURCE_GROUP, kind, where, name)
    return chart === undefined ? elsewhere(kind, where, name) : fromChartSpec(chart.spec, where, context)
  }
  if (kind === 'ExternalArtifact')
    return unknown(
      `its chart is ExternalArtifact ${where}/${name}, which a controller makes in the cluster`,
      'nothing to repair: what an ExternalArtifact holds is not in Git',
    )
  return failure(
    `chartRef cannot refer to a ${kind || 'thing without kind'}`,
    'refer to an OCIRepository or a HelmChart',
  )
}

/** How reports name a chart: 'cloudnative-pg 0.27.0', or as much of it as is written. */
export function chartLabel(chart: PlannedChart): string {
  if (chart.kind === 'tree') return chart.path
  if (chart.kind === 'repository') return `${chart.chart} ${chart.version}`.trim()
  const version = chart.digest ?? chart.semver ?? chart.tag ?? 'latest'
  return `${chart.url.replace(/\/+$/, '').split('/').at(-1) ?? chart.url} ${version}`
}

/** `spec` of a HelmChart or of the template in a HelmRelease; its source is in `namespace`. */
function fromChartSpec(spec: Json | undefined, namespace: string, context: ChartContext): Part<PlannedChart> {
  const kind = textAt(spec, 'sourceRef', 'kind') ?? ''
  const name = textAt(spec, 'sourceRef', 'name') ?? ''
  const chart = textAt(spec, 'chart') ?? ''
  const version = textAt(spec, 'version') ?? '*'
  if (chart === '') return failure('the chart has no name', 'write it in spec.chart.spec.chart')
  if (kind === 'GitRepository') {
    if (!context.isThisRepository({ kind, name }, namespace))
      return unknown(
        `its chart is in GitRepository ${namespace}/${name}, which is not this repository`,
        'charts of other Git repositories are not fetched',
      )
    const inTree = path.posix.normalize(chart).replace(/^\/+|\/+$/g, '')
    if (inTree.startsWith('..'))
      return failure(`the chart's path ${chart} leads out of the repository`, 'correct spec.chart.spec.chart')
    return { ok: true, value: { kind: 'tree', path: inTree === '.' ? '' : inTree, ...valuesFiles(spec) } }
  }
  if (kind === 'Bucket')
    return unknown(`its chart is in Bucket ${namespace}/${name}`, 'what a bucket holds is not in Git')
  if (kind !== 'HelmRepository')
    return failure(
      `a chart's source cannot be a ${kind || 'thing without kind'}`,
      'use a HelmRepository, GitRepository or Bucket',
    )
  const source = context.lookup(SOURCE_GROUP, kind, namespace, name)
  if (source === undefined) return elsewhere(kind, namespace, name)
  const url = (textAt(source, 'spec', 'url') ?? '').replace(/\/+$/, '')
  if (url === '') return failure(`HelmRepository ${namespace}/${name} has no url`, 'write spec.url')
  const isOci = textAt(source, 'spec', 'type') === 'oci' || url.startsWith('oci://')
  if (!isOci) return { ok: true, value: { kind: 'repository', url, chart, version, ...valuesFiles(spec) } }
  // a whole version is a tag, with '_' for '+' (helm pkg/registry); anything else is looked for among the tags
  const isVersion = parseVersion(version) !== undefined
  return {
    ok: true,
    value: {
      kind: 'oci',
      url: `${url}/${chart}`,
      layerMediaType: CHART_LAYER,
      ...(isVersion ? { tag: version.replaceAll('+', '_') } : { semver: version }),
      ...(valueAt(source, 'spec', 'insecure') === true ? { insecure: true } : {}),
      ...valuesFiles(spec),
    },
  }
}

/** source-controller 1.9, ocirepository_controller.go: getArtifactRef, selectLayer. */
function fromOciRepository(source: Manifest, context: ChartContext): Part<PlannedChart> {
  const url = (textAt(source, 'spec', 'url') ?? '').replace(/\/+$/, '')
  if (!url.startsWith('oci://'))
    return failure(`OCIRepository ${nameOf(source)} has no url that starts with oci://`, 'correct spec.url')
  const ref = valueAt(source, 'spec', 'ref')
  const layer = textAt(source, 'spec', 'layerSelector', 'mediaType')
  const chart: OciChart = { kind: 'oci', url }
  if (context.chartDigestTracking !== false) chart.markVersion = true
  for (const field of ['tag', 'semver', 'semverFilter', 'digest'] as const) {
    const value = textAt(ref, field)
    if (value !== undefined && value !== '') chart[field] = value
  }
  if (layer !== undefined && layer !== '') chart.layerMediaType = layer
  if (valueAt(source, 'spec', 'insecure') === true) chart.insecure = true
  return { ok: true, value: chart }
}

function valuesFiles(spec: Json | undefined): ChartBuild {
  const files = valueAt(spec, 'valuesFiles')
  const named = Array.isArray(files) ? files.filter(file => typeof file === 'string') : []
  if (named.length === 0) return {}
  return {
    valuesFiles: named,
    ...(valueAt(spec, 'ignoreMissingValuesFiles') === true ? { ignoreMissingValuesFiles: true } : {}),
  }
}

function nameOf(manifest: Manifest): string {
  return `${textAt(manifest, 'metadata', 'namespace') ?? ''}/${textAt(manifest, 'metadata', 'name') ?? ''}`
}

function elsewhere(kind: string, namespace: string, name: string): Part<never> {
  return unknown(
    `its chart's source ${kind} ${namespace}/${name} is not made from this repository`,
    `commit the ${kind}, or correct the reference`,
    'source-elsewhere',
  )
}

function unknown(message: string, repair: string, reason = 'chart-unknown'): { ok: false; unknown: Unknown } {
  return { ok: false, unknown: { reason, message, repair } }
}

function failure(message: string, repair: string): Part<never> {
  return { ok: false, failure: { ruleId: 'render-chart', message, repair } }
}
