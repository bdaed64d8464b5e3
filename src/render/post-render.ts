import { canonicalJson, isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { identify, resourceLabel, type Manifest } from '../manifest/resource.ts'
import { helmFailure, readHelmOutput, type Outcome } from './helm-output.ts'
import type { HelmReleasePlan, KustomizePatches } from './helm-release.ts'
import type { KustomizeBuild } from './tools.ts'

/**
 * What helm-controller 1.6 makes of one stream of rendered objects (internal/postrender/build.go): the kustomize
 * post-renderers in their order, common metadata, and the labels of its origin.
 */
export async function postRender(
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
    return helmFailure(
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
    return helmFailure(
      `spec.postRenderers cannot be applied: ${message}`,
      'correct the patches in spec.postRenderers',
    )
  }
  const read = readHelmOutput(built.yaml)
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

/** The labels helm-controller puts on everything it applies. */
export function originLabels(plan: HelmReleasePlan): Record<string, string> {
  return { 'helm.toolkit.fluxcd.io/name': plan.name, 'helm.toolkit.fluxcd.io/namespace': plan.namespace }
}

/** Adds labels or annotations in place, over those of the same name. */
export function addMetadata(
  manifest: Manifest,
  field: 'labels' | 'annotations',
  entries: Record<string, string>,
): void {
  if (Object.keys(entries).length === 0) return
  const metadata = isObject(manifest.metadata) ? manifest.metadata : {}
  const known = metadata[field]
  manifest.metadata = { ...metadata, [field]: { ...(isObject(known) ? known : {}), ...entries } }
}
