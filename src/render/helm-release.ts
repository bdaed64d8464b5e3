import { createHash } from 'node:crypto'
import type { Unjudged } from '../manifest/finding.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { Place } from '../manifest/place.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import { chartLabel, chartReference, type ChartContext, type PlannedChart } from './chart-reference.ts'
import { releaseValues } from './helm-values.ts'

/** What helm-controller would run for a HelmRelease. */
export interface HelmReleasePlan {
  /** of the HelmRelease */
  namespace: string
  name: string
  /** of the helm release: `.Release.Name`, `.Release.Namespace` */
  releaseName: string
  releaseNamespace: string
  chart: PlannedChart
  values: JsonObject
  /**
   * what happens to crds/ of the chart: 'Create' leaves a definition that exists as it is (helm-controller 1.6,
   * internal/action/crds.go)
   */
  crds: { install: CrdPolicy; upgrade: CrdPolicy }
  /** whether hooks run at all */
  hooks: boolean
  skipSchemaValidation: boolean
  postRenderers: KustomizePatches[]
  /** which templates post-renderers see (helm 4's words) */
  postRenderStrategy: 'combined' | 'nohooks' | 'separate'
  commonMetadata: { labels: Record<string, string>; annotations: Record<string, string> }
  suspended: boolean
  /** where the HelmRelease is written */
  origin?: Place
}

export type CrdPolicy = 'Skip' | 'Create' | 'CreateReplace'

/** One entry of spec.postRenderers, as fields of a kustomization.yaml. */
export interface KustomizePatches {
  patches: JsonObject[]
  images: JsonObject[]
}

/** A HelmRelease that can be rendered, or why not. `chart` is the label for reports. */
export type PlannedRelease =
  | { ok: true; chart: string; plan: HelmReleasePlan }
  | { ok: false; chart: string; namespace: string; name: string; unjudged: Unjudged }
  | { ok: false; chart: string; namespace: string; name: string; failure: RenderFailure }

/**
 * Works out what helm-controller 1.6 would do with a HelmRelease, out of what is in the tree alone. What cannot be
 * known (a Secret made elsewhere, a bucket, another repository) is said, never guessed.
 * @param origin where the HelmRelease is written, for the reports
 */
export function planHelmRelease(release: Manifest, context: ChartContext, origin?: Place): PlannedRelease {
  const namespace = textAt(release, 'metadata', 'namespace') ?? ''
  const name = textAt(release, 'metadata', 'name') ?? ''
  const chart = chartReference(release, context)
  const label = chart.ok ? chartLabel(chart.value) : writtenChart(release)
  const values = releaseValues(release, context.lookup)
  if (!chart.ok || !values.ok) {
    const missing = chart.ok ? values : chart
    if (missing.ok) throw new Error('unreachable: one of them is missing')
    const place = origin === undefined ? {} : { file: origin.file, line: origin.line }
    const known = { ok: false, chart: label, namespace, name } as const
    return 'failure' in missing
      ? { ...known, failure: { ...missing.failure, ...place } }
      : { ...known, unjudged: { ...missing.unknown, affected: [releaseLabel(namespace, name)], ...place } }
  }
  const spec = release.spec
  const target = textAt(spec, 'targetNamespace') ?? ''
  return {
    ok: true,
    chart: label,
    plan: {
      namespace,
      name,
      // helm-controller api v2: GetReleaseName, GetReleaseNamespace; internal/release ShortenName
      releaseName: shortenName(textAt(spec, 'releaseName') || (target === '' ? name : `${target}-${name}`)),
      releaseNamespace: target || namespace,
      chart: chart.value,
      values: values.value,
      crds: {
        install: crdPolicy(textAt(spec, 'install', 'crds')),
        upgrade: crdPolicy(textAt(spec, 'upgrade', 'crds')),
      },
      hooks: !onBoth(spec, 'disableHooks'),
      skipSchemaValidation: onBoth(spec, 'disableSchemaValidation'),
      postRenderers: postRenderers(spec),
      postRenderStrategy: strategy(textAt(spec, 'postRenderStrategy')),
      commonMetadata: {
        labels: texts(valueAt(spec, 'commonMetadata', 'labels')),
        annotations: texts(valueAt(spec, 'commonMetadata', 'annotations')),
      },
      suspended: valueAt(spec, 'suspend') === true,
      ...(origin === undefined ? {} : { origin }),
    },
  }
}

/** How the incomplete list names a HelmRelease. */
export function releaseLabel(namespace: string, name: string): string {
  return `HelmRelease ${namespace}/${name}`
}

/** Names longer than 53 characters end in a hash (helm-controller 1.6, internal/release/name.go). */
export function shortenName(name: string): string {
  if (name.length <= 53) return name
  return `${name.slice(0, 40)}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
}

function writtenChart(release: Manifest): string {
  const chart =
    textAt(release, 'spec', 'chart', 'spec', 'chart') ?? textAt(release, 'spec', 'chartRef', 'name') ?? ''
  return `${chart} ${textAt(release, 'spec', 'chart', 'spec', 'version') ?? ''}`.trim()
}

function onBoth(spec: Json | undefined, field: string): boolean {
  return valueAt(spec, 'install', field) === true && valueAt(spec, 'upgrade', field) === true
}

function crdPolicy(written: string | undefined): CrdPolicy {
  return written === 'Skip' || written === 'CreateReplace' ? written : 'Create'
}

function strategy(written: string | undefined): HelmReleasePlan['postRenderStrategy'] {
  return written === 'nohooks' || written === 'separate' ? written : 'combined'
}

function postRenderers(spec: Json | undefined): KustomizePatches[] {
  const written = valueAt(spec, 'postRenderers')
  return (Array.isArray(written) ? written : []).flatMap(entry => {
    const kustomize = valueAt(entry, 'kustomize')
    if (!isObject(kustomize)) return []
    return [{ patches: objects(kustomize.patches), images: objects(kustomize.images) }]
  })
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function texts(value: Json | undefined): Record<string, string> {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
