import { createHash } from 'node:crypto'
import type { Unjudged } from '../manifest/finding.ts'
import { canonicalJson, isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { RenderedHelmRelease, RenderedObject, RenderFailure } from '../manifest/rendered.ts'
import { identify, isManifest, resourceLabel, type Manifest } from '../manifest/resource.ts'
import type { Tree } from '../manifest/tree.ts'
import { chartFiles } from './chart-files.ts'
import {
  releaseLabel,
  type HelmReleasePlan,
  type KustomizePatches,
  type PlannedRelease,
} from './helm-release.ts'
import { readHelmYaml } from './helm-yaml.ts'
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
      const error: RenderFailure = { ruleId: 'render-chart', message, ...repair }
      return { release: { ...known, chart: planned.chart, status: 'failed', error, inputs }, incomplete: [] }
    }
    const affected = [releaseLabel(plan.namespace, plan.name)]
    return {
      release: { ...known, chart: planned.chart, status: 'skipped', inputs },
      incomplete: [{ reason, message, ...repair, affected, cluster }],
    }
  }
  const chart = `${pulled.chart.name} ${pulled.chart.version}`
  const inputs = inputsOf(plan, pulled.chart, tools)
  const objects = await inflate(plan, pulled.chart, tools)
  return {
    release: objects.ok
      ? { ...known, chart, status: 'rendered', objects: objects.value, inputs }
      : { ...known, chart, status: 'failed', error: objects.error, inputs },
    incomplete: [],
  }
}

type Outcome<T> = { ok: true; value: T } | { ok: false; error: RenderFailure }

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
): Promise<Outcome<RenderedObject[]>> {
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
  const read = readOutput(printed.yaml)
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
  for (const manifest of [...crds, ...applied]) setNamespace(manifest, plan.releaseNamespace, tools)
  return {
    ok: true,
    value: [...crds, ...applied].map(manifest => ({ manifest, resource: identify(manifest) })),
  }
}

interface Output {
  crds: Manifest[]
  templates: Manifest[]
  hooks: Manifest[]
}

// the chart's own or a dependency's crds/ directory
const CRD_FILE = /^[^/]+(?:\/charts\/[^/]+)*\/crds\//

/** Documents without a comment '# Source:' belong to the file of the one before: helm prints files of crds/ whole. */
function readOutput(yaml: string): Outcome<Output> {
  const output: Output = { crds: [], templates: [], hooks: [] }
  let source = ''
  for (const text of yaml.split(/^---(?=\s|$)/m)) {
    source = /^\s*# Source: (.+)$/m.exec(text)?.[1]?.trim() ?? source
    const file = source
    let documents: Json[]
    try {
      documents = unfoldLists(readHelmYaml(text))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return failure(
        `${file} of the chart yields what is no YAML: ${reason}`,
        'check the values that this template uses',
      )
    }
    for (const document of documents) {
      if (document === null) continue
      if (!isManifest(document))
        return failure(
          `${file} of the chart yields what is no Kubernetes object`,
          'check the values that this template uses',
        )
      if (!CRD_FILE.test(file))
        (hookEvents(document) === undefined ? output.templates : output.hooks).push(document)
      // helm-controller drops other kinds there (1.6, internal/action/crds.go)
      else if (document.kind === 'CustomResourceDefinition') output.crds.push(document)
    }
  }
  return { ok: true, value: output }
}

/** kustomize, through which every release goes, unfolds lists (api/resmap, NewResMapFromBytes). */
function unfoldLists(document: Json): Json[] {
  const items = valueAt(document, 'items')
  const isList = isManifest(document) && textAt(document, 'kind')?.endsWith('List') === true
  return isList && Array.isArray(items) ? items.flatMap(unfoldLists) : [document]
}

async function postRender(
  manifests: Manifest[],
  plan: HelmReleasePlan,
  kustomize: KustomizeBuild,
): Promise<Outcome<Manifest[]>> {
  let here = manifests
  for (const renderer of plan.postRenderers) {
    const patched = await patch(here, renderer, kustomize)
    if (!patched.ok) return patched
    here = patched.value
  }
  const twice = firstTwice(here)
  if (twice !== undefined)
    return failure(
      `the chart yields ${twice} twice, which helm-controller's post-renderer refuses`,
      "where one of them is a hook, set spec.postRenderStrategy to 'nohooks' or 'separate'",
    )
  for (const manifest of here) {
    addMetadata(manifest, 'labels', { ...plan.commonMetadata.labels, ...originLabels(plan) })
    addMetadata(manifest, 'annotations', plan.commonMetadata.annotations)
  }
  return { ok: true, value: here }
}

const encode = (value: Json) => new TextEncoder().encode(JSON.stringify(value))

async function patch(
  manifests: Manifest[],
  { patches, images }: KustomizePatches,
  kustomize: KustomizeBuild,
): Promise<Outcome<Manifest[]>> {
  if (manifests.length === 0) return { ok: true, value: [] }
  const built = await kustomize.build({
    directory: '',
    files: new Map([
      [
        'kustomization.yaml',
        encode({
          apiVersion: 'kustomize.config.k8s.io/v1beta1',
          kind: 'Kustomization',
          resources: ['helm-output.yaml'],
          // files are not reachable from a HelmRelease, so only inline patches are handed on
          patches: patches.map(({ patch: inline, target }) => pruned({ patch: inline, target })),
          images: images.map(({ name, newName, newTag, digest }) =>
            pruned({ name, newName, newTag, digest }),
          ),
        }),
      ],
      [
        'helm-output.yaml',
        new TextEncoder().encode(manifests.map(one => JSON.stringify(one)).join('\n---\n')),
      ],
    ]),
  })
  if (!built.ok) {
    const { message } = built.error
    return failure(
      `spec.postRenderers cannot be applied: ${message}`,
      'correct the patches in spec.postRenderers',
    )
  }
  const read = readOutput(built.yaml)
  return read.ok ? { ok: true, value: [...read.value.templates, ...read.value.hooks] } : read
}

function pruned(fields: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  )
}

function firstTwice(manifests: readonly Manifest[]): string | undefined {
  const seen = new Set<string>()
  for (const manifest of manifests) {
    const resource = identify(manifest)
    const key = canonicalJson([resource.apiVersion, resource.kind, resource.namespace, resource.name])
    if (seen.has(key)) return resourceLabel(resource)
    seen.add(key)
  }
  return undefined
}

// helm's pkg/release/v1/hook.go; anything else is no hook helm knows, and helm leaves the object out
const RUN_EVENTS = new Set(['pre-install', 'post-install', 'pre-upgrade', 'post-upgrade'])

function hookEvents(manifest: Manifest): string[] | undefined {
  const written = textAt(manifest, 'metadata', 'annotations', 'helm.sh/hook')
  return written?.split(',').map(event => event.trim().toLowerCase())
}

function isApplied(manifest: Manifest, hooks: boolean): boolean {
  const events = hookEvents(manifest)
  return events === undefined || (hooks && events.some(event => RUN_EVENTS.has(event)))
}

function originLabels(plan: HelmReleasePlan): Record<string, string> {
  return { 'helm.toolkit.fluxcd.io/name': plan.name, 'helm.toolkit.fluxcd.io/namespace': plan.namespace }
}

function addMetadata(
  manifest: Manifest,
  field: 'labels' | 'annotations',
  entries: Record<string, string>,
): void {
  if (Object.keys(entries).length === 0) return
  const metadata = isObject(manifest.metadata) ? manifest.metadata : {}
  const known = metadata[field]
  manifest.metadata = { ...metadata, [field]: { ...(isObject(known) ? known : {}), ...entries } }
}

/** helm sends namespaced objects without a namespace to the release's; the API server empties that of the others. */
function setNamespace(manifest: Manifest, namespace: string, tools: HelmReleaseTools): void {
  const { apiVersion, kind, namespace: written } = identify(manifest)
  const namespaced = tools.isNamespaced(apiVersion, kind)
  const metadata = isObject(manifest.metadata) ? manifest.metadata : {}
  if (namespaced === true && written === '') manifest.metadata = { ...metadata, namespace }
  if (namespaced === false && 'namespace' in metadata) {
    const { namespace: _dropped, ...rest } = metadata
    manifest.metadata = rest
  }
}

function failure(message: string, repair: string): { ok: false; error: RenderFailure } {
  return { ok: false, error: { ruleId: 'render-helm', message, repair } }
}
