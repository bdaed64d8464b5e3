import { goRegexp } from '../manifest/go-regexp.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import { groupOf, identify, isManifest, type Manifest } from '../manifest/resource.ts'
import { readHelmYaml } from './helm-yaml.ts'
import { releaseValues, type Lookup, type Part } from './helm-values.ts'
import type { KustomizeBuild } from './tools.ts'

/**
 * What makes a cluster follow a repository: the source and the root Kustomization, both named `namespace/name`.
 * Written as gotk-sync.yaml by `flux bootstrap`, or made by flux-operator out of a FluxInstance.
 */
export interface FluxSync {
  /** kind of the source */
  kind: string
  namespace: string
  name: string
  url: string
  /** a Git reference ('refs/heads/main'), a tag of an OCI artifact */
  ref: string
  /** spec.path of the root Kustomization as written */
  path: string
  /** spec.kustomize.patches of the FluxInstance */
  patches: JsonObject[]
}

/**
 * Reads what a FluxInstance (`fluxcd.controlplane.io`) syncs; undefined where it syncs nothing.
 * As the API's documentation says: the name defaults to the namespace.
 */
export function syncOfFluxInstance(instance: Manifest): FluxSync | undefined {
  const { namespace } = identify(instance)
  return syncOf(instance.spec, namespace === '' ? 'flux-system' : namespace)
}

/**
 * Reads what a HelmRelease of the flux-instance chart syncs: the values under `instance` are the spec of the
 * FluxInstance in the release's namespace.
 * @returns undefined for other charts, and where nothing is synced
 */
export function syncOfFluxInstanceRelease(release: Manifest, lookup: Lookup): Part<FluxSync | undefined> {
  if (!installsFluxInstance(release, lookup)) return { ok: true, value: undefined }
  const values = releaseValues(release, lookup)
  if (!values.ok) return values
  const target = textAt(release, 'spec', 'targetNamespace') || identify(release).namespace
  return { ok: true, value: syncOf(values.value.instance, target === '' ? 'flux-system' : target) }
}

/** True for a FluxInstance object. */
export function isFluxInstance(manifest: Manifest): boolean {
  return (
    manifest.kind === 'FluxInstance' && groupOf(identify(manifest).apiVersion) === 'fluxcd.controlplane.io'
  )
}

/**
 * True for a HelmRelease that installs the chart flux-instance: by the chart's name, the url of its OCIRepository
 * where that is found, else the name that its source has.
 */
export function installsFluxInstance(release: Manifest, lookup: Lookup): boolean {
  if (release.kind !== 'HelmRelease') return false
  const chart = textAt(release, 'spec', 'chart', 'spec', 'chart')
  if (chart !== undefined) return chart === 'flux-instance'
  if (textAt(release, 'spec', 'chartRef', 'kind') !== 'OCIRepository') return false
  const name = textAt(release, 'spec', 'chartRef', 'name') ?? ''
  const namespace = textAt(release, 'spec', 'chartRef', 'namespace') ?? identify(release).namespace
  const source = lookup('source.toolkit.fluxcd.io', 'OCIRepository', namespace, name)
  const url = textAt(source, 'spec', 'url')
  return url === undefined ? name === 'flux-instance' : url.replace(/\/+$/, '').endsWith('/flux-instance')
}

const isRoot = (manifest: Manifest) => manifest.kind === 'Kustomization'
const encode = (value: Json) => new TextEncoder().encode(JSON.stringify(value))

/**
 * The two objects that flux-operator makes for a sync, source first, with the FluxInstance's patches of them applied.
 * Intervals are those of `flux bootstrap`; nothing that is rendered depends on them.
 */
export async function syncManifests(
  sync: FluxSync,
  kustomize: KustomizeBuild,
): Promise<{ ok: true; manifests: Manifest[] } | { ok: false; error: RenderFailure }> {
  const manifests = unpatchedSync(sync)
  const patches = sync.patches.filter(patch => concerns(patch, manifests))
  if (patches.length === 0) return { ok: true, manifests }
  const built = await kustomize.build({
    directory: '',
    files: new Map([
      [
        'kustomization.yaml',
        encode({ kind: 'Kustomization', resources: ['source.yaml', 'sync.yaml'], patches }),
      ],
      ...manifests.map((manifest, index): [string, Uint8Array] => [
        index === 0 ? 'source.yaml' : 'sync.yaml',
        encode(manifest),
      ]),
    ]),
  })
  if (!built.ok) {
    const message = `the patches of the FluxInstance cannot be applied to the objects it syncs: ${built.error.message}`
    return {
      ok: false,
      error: { ruleId: 'render-flux-instance', message, repair: 'correct spec.kustomize.patches' },
    }
  }
  const patched = built.yaml.split(/^---$/m).map(readHelmYaml).filter(isManifest)
  return { ok: true, manifests: [...patched.filter(one => !isRoot(one)), ...patched.filter(isRoot)] }
}

const REF_FIELD: Record<string, string> = { GitRepository: 'name', OCIRepository: 'tag' }

function unpatchedSync({ kind, namespace, name, url, ref, path }: FluxSync): [Manifest, Manifest] {
  const metadata = { name, namespace }
  const field = REF_FIELD[kind]
  return [
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind,
      metadata: { ...metadata },
      spec: {
        interval: '1m0s',
        url,
        ...(field === undefined || ref === '' ? {} : { ref: { [field]: ref } }),
      },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { ...metadata },
      spec: { interval: '10m0s', path, prune: true, sourceRef: { kind, name } },
    },
  ]
}

function syncOf(spec: Json | undefined, namespace: string): FluxSync | undefined {
  const sync = valueAt(spec, 'sync')
  const url = textAt(sync, 'url') ?? ''
  if (url === '') return undefined
  const patches = valueAt(spec, 'kustomize', 'patches')
  return {
    kind: textAt(sync, 'kind') || 'GitRepository',
    namespace,
    name: textAt(sync, 'name') || namespace,
    url,
    ref: textAt(sync, 'ref') ?? '',
    path: textAt(sync, 'path') ?? '',
    patches: Array.isArray(patches) ? patches.filter(isObject) : [],
  }
}

/** The other patches are for Flux's own Deployments, which are not built here: kustomize refuses patches without a target. */
function concerns(patch: JsonObject, manifests: readonly Manifest[]): boolean {
  const resources = manifests.map(identify)
  const target = patch.target
  if (isObject(target))
    return resources.some(({ apiVersion, kind, namespace, name }) =>
      [
        ['kind', kind],
        ['group', groupOf(apiVersion)],
        ['name', name],
        ['namespace', namespace],
      ].every(([field = '', value = '']) => matches(textAt(target, field), value)),
    )
  try {
    const inline = readHelmYaml(textAt(patch, 'patch') ?? '')
    return resources.some(
      ({ kind, name }) => textAt(inline, 'kind') === kind && textAt(inline, 'metadata', 'name') === name,
    )
  } catch {
    return false
  }
}

/** Selectors are regular expressions for the whole text (kustomize api/types/selector.go). */
function matches(selector: string | undefined, value: string): boolean {
  if (selector === undefined || selector === '') return true
  return goRegexp(`^(?:${selector})$`)?.test(value) ?? false
}
