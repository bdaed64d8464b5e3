import { createHash } from 'node:crypto'
import type { Unjudged } from '../manifest/finding.ts'
import { canonicalJson, isObject, type Json } from '../manifest/json.ts'
import type { RenderedHelmRelease, RenderedObject, RenderFailure } from '../manifest/rendered.ts'
import { identify, type Manifest } from '../manifest/resource.ts'
import type { Tree } from '../manifest/tree.ts'
import { chartFiles } from './chart-files.ts'
import { isApplied, readHelmOutput, type Outcome } from './helm-output.ts'
import { releaseLabel, type HelmReleasePlan, type PlannedRelease } from './helm-release.ts'
import { addMetadata, originLabels, postRender } from './post-render.ts'
import type { Chart, ChartReference, ChartSource, HelmTemplate, KustomizeBuild } from './tools.ts'

export interface HelmReleaseTools {
  helm: HelmTemplate
  charts: ChartSource
  /** for post-renderers */
  kustomize: KustomizeBuild
  /** the version of the repository that the HelmRelease is from, for charts in it */
  tree: Tree
  /** '1.35.0' */
  kubernetesVersion: string
  /** API versions the cluster serves beyond helm's own list, as `.Capabilities.APIVersions` names them */
  apiVersions?: readonly string[]
  /**
   * what was rendered already, by hash of the inputs; share it between base and head: charts that make up passwords
   * or certificates then do not differ where nothing has changed
   */
  rendered?: Map<string, Promise<Outcome<Manifest[]>>>
  /** undefined where the kind is not known: its namespace stays as the chart prints it */
  isNamespaced(apiVersion: string, kind: string): boolean | undefined
}

export interface HelmReleaseRendering {
  release: RenderedHelmRelease
  incomplete: Unjudged[]
}

/**
 * Inflates a HelmRelease as helm-controller 1.6 does: the chart's templates and hooks (tests and hooks of deletion and
 * rollback left out: a merge does not run them), then kustomize post-renderers, common metadata and the origin's
 * labels (internal/postrender/build.go); CRDs of crds/ get the labels alone (internal/action/crds.go).
 * Templates see a first install (`.Release.IsInstall`), and `lookup` finds nothing.
 */
export async function renderHelmRelease(
  planned: PlannedRelease,
  cluster: string,
  tools: HelmReleaseTools,
): Promise<HelmReleaseRendering> {
  if (!planned.ok) {
    const { namespace, name, chart } = planned
    const known = {
      cluster,
      namespace,
      name,
      chart,
      objects: [],
      inputs: hash([chart, 'failure' in planned ? planned.failure.message : planned.unjudged.message]),
    }
    return 'failure' in planned
      ? { release: { ...known, status: 'failed', error: planned.failure }, incomplete: [] }
      : { release: { ...known, status: 'skipped' }, incomplete: [{ ...planned.unjudged, cluster }] }
  }
  const { plan } = planned
  const reference = await withFiles(plan, tools.tree)
  const pulled = await tools.charts.pull(reference)
  const known = { cluster, namespace: plan.namespace, name: plan.name, objects: [] }
  if (!pulled.ok) {
    const inputs = hash([planned.chart, pulled.message])
    const { reason, message } = pulled
    const repair = pulled.repair === undefined ? {} : { repair: pulled.repair }
    if (!pulled.unavailable) {
      const error = placed({ ruleId: 'render-chart', message, ...repair }, plan)
      return { release: { ...known, chart: planned.chart, status: 'failed', error, inputs }, incomplete: [] }
    }
    const affected = [releaseLabel(plan.namespace, plan.name)]
    return {
      release: { ...known, chart: planned.chart, status: 'skipped', inputs },
      // a host that the pull request names and that is not asked is told at its line, one by one
      incomplete: [
        {
          reason,
          message,
          ...repair,
          affected,
          cluster,
          ...(reason === 'chart-host-refused' && plan.origin !== undefined
            ? { file: plan.origin.file, line: plan.origin.line }
            : {}),
        },
      ],
    }
  }
  const chart = `${pulled.chart.name} ${pulled.chart.version}`
  const inputs = inputsOf(plan, pulled.chart, tools)
  const inflating = tools.rendered?.get(inputs) ?? inflate(plan, pulled.chart, tools)
  tools.rendered?.set(inputs, inflating)
  const inflated = await inflating
  if (!inflated.ok) {
    const error = placed(inflated.error, plan)
    return { release: { ...known, chart, status: 'failed', error, inputs }, incomplete: [] }
  }
  const objects = inflated.value.map((shared): RenderedObject => {
    const manifest = inNamespace(shared, plan.releaseNamespace, tools)
    return { manifest, resource: identify(manifest) }
  })
  return { release: { ...known, chart, status: 'rendered', objects, inputs }, incomplete: [] }
}

/** A failure of the chart or of its values is reported at the HelmRelease. */
function placed(error: RenderFailure, { origin }: HelmReleasePlan): RenderFailure {
  return origin === undefined ? error : { ...error, file: origin.file, line: origin.line }
}

async function withFiles(plan: HelmReleasePlan, tree: Tree): Promise<ChartReference> {
  if (plan.chart.kind !== 'tree') return plan.chart
  return { ...plan.chart, files: await chartFiles(tree, plan.chart.path, plan.chart.valuesFiles ?? []) }
}

/** Everything the objects depend on. */
function inputsOf(plan: HelmReleasePlan, chart: Chart, tools: HelmReleaseTools): string {
  return hash([
    [plan.namespace, plan.name, plan.releaseName, plan.releaseNamespace],
    [chart.digest, plan.values, plan.hooks, plan.skipSchemaValidation],
    [plan.crds.install !== 'Skip' || plan.crds.upgrade !== 'Skip'],
    plan.postRenderers.map(({ patches, images }) => [patches, images]),
    [plan.postRenderStrategy, plan.commonMetadata.labels, plan.commonMetadata.annotations],
    [tools.helm.version, tools.kustomize.version, tools.kubernetesVersion],
    [...(tools.apiVersions ?? [])],
  ])
}

function hash(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

async function inflate(
  plan: HelmReleasePlan,
  chart: Chart,
  tools: HelmReleaseTools,
): Promise<Outcome<Manifest[]>> {
  const printed = await tools.helm.template({
    chart,
    releaseName: plan.releaseName,
    namespace: plan.releaseNamespace,
    values: plan.values,
    kubernetesVersion: tools.kubernetesVersion,
    ...(tools.apiVersions === undefined ? {} : { apiVersions: tools.apiVersions }),
    includeCrds: plan.crds.install !== 'Skip' || plan.crds.upgrade !== 'Skip',
    skipSchemaValidation: plan.skipSchemaValidation,
  })
  if (!printed.ok) return { ok: false, error: printed.error }
  const read = readHelmOutput(printed.yaml)
  if (!read.ok) return read
  const { crds, hooks, templates } = read.value
  const streams = plan.postRenderStrategy === 'combined' ? [[...templates, ...hooks]] : [templates, hooks]
  const manifests: Manifest[] = []
  for (const [index, stream] of streams.entries()) {
    const untouched = index === 1 && plan.postRenderStrategy === 'nohooks'
    const rendered = untouched
      ? { ok: true as const, value: stream }
      : await postRender(stream, plan, tools.kustomize)
    if (!rendered.ok) return rendered
    manifests.push(...rendered.value)
  }
  const applied = manifests.filter(manifest => isApplied(manifest, plan.hooks))
  const labels = originLabels(plan)
  for (const crd of crds) addMetadata(crd, 'labels', labels)
  return { ok: true, value: [...crds, ...applied] }
}

/** helm sends namespaced objects without a namespace to the release's; the API server empties that of the others. */
function inNamespace(manifest: Manifest, namespace: string, tools: HelmReleaseTools): Manifest {
  const { apiVersion, kind, namespace: written } = identify(manifest)
  const namespaced = tools.isNamespaced(apiVersion, kind)
  const metadata = isObject(manifest.metadata) ? manifest.metadata : {}
  if (namespaced === true && written === '') return { ...manifest, metadata: { ...metadata, namespace } }
  if (namespaced !== false || !('namespace' in metadata)) return manifest
  const { namespace: _dropped, ...rest } = metadata
  return { ...manifest, metadata: rest }
}
