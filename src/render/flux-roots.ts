import { posix } from 'node:path'
import { parseGoYamlDocument } from '../manifest/go-yaml.ts'
import type { Finding, Unjudged } from '../manifest/finding.ts'
import { isObject } from '../manifest/json.ts'
import { groupOf, identify, resourceKey, type Manifest } from '../manifest/resource.ts'
import type { Tree } from '../manifest/tree.ts'
import { buildKustomization } from './build.ts'
import {
  installsFluxInstance,
  isFluxInstance,
  syncManifests,
  syncOfFluxInstance,
  syncOfFluxInstanceRelease,
  type FluxSync,
} from './flux-instance.ts'
import { kustomizationIn } from './generate.ts'
import type { Lookup } from './helm-values.ts'
import type { RenderCache } from './render-cache.ts'
import type { Artifact } from './source-ignore.ts'
import type { SourceObject } from './source-objects.ts'
import type { KustomizeBuild } from './tools.ts'

export interface FluxRoot extends SourceObject {
  /** the source that flux-operator makes beside the Kustomization */
  sources: Manifest[]
}

interface RootTools {
  tree: Tree
  artifact: Artifact
  kustomize: KustomizeBuild
  cache: RenderCache
}

/**
 * The root Kustomizations that flux-operator makes: of FluxInstance objects, and of HelmReleases of the flux-instance
 * chart. Values of such a release often come out of a ConfigMap that the same directory generates from a file, so that
 * directory is built to see them. A release whose values cannot be
 * worked out is told: a root that is not known must not look like none.
 */
export async function fluxRoots(
  sources: readonly SourceObject[],
  tools: RootTools,
): Promise<{ roots: FluxRoot[]; findings: Finding[]; incomplete: Unjudged[] }> {
  const roots: FluxRoot[] = []
  const findings: Finding[] = []
  const incomplete: Unjudged[] = []
  const written = lookupIn(sources.map(source => source.manifest))
  for (const source of sources) {
    const sync = await syncOfSource(source, written, tools)
    if (sync === undefined) continue
    if (sync === 'unknown') {
      incomplete.push(unknownRoot(source))
      continue
    }
    const made = await syncManifests(sync, tools.kustomize)
    if (!made.ok) {
      findings.push({ ...made.error, level: 'error', file: source.file, line: source.line })
      continue
    }
    const [first, root] = made.manifests
    if (first !== undefined && root !== undefined) roots.push({ ...source, manifest: root, sources: [first] })
  }
  return { roots, findings, incomplete }
}

async function syncOfSource(
  { manifest, file }: SourceObject,
  written: Lookup,
  tools: RootTools,
): Promise<FluxSync | 'unknown' | undefined> {
  if (isFluxInstance(manifest)) return syncOfFluxInstance(manifest)
  if (manifest.kind !== 'HelmRelease' || !installsFluxInstance(manifest, written)) return undefined
  const read = syncOfFluxInstanceRelease(manifest, written)
  if (read.ok) return read.value
  const directory = directoryAround(file, tools.artifact)
  if (directory === undefined) return 'unknown'
  const built = await buildKustomization({ ...tools, unit: { directory } })
  if (!built.ok) return 'unknown'
  const objects = built.objects.flatMap(({ yaml }) => {
    const parsed = parseGoYamlDocument(yaml)
    return parsed.ok && isObject(parsed.document) ? [parsed.document] : []
  })
  const release = objects.find(
    ({ kind, metadata }) =>
      kind === 'HelmRelease' && isObject(metadata) && metadata.name === identify(manifest).name,
  )
  if (release === undefined) return 'unknown'
  const rebuilt = syncOfFluxInstanceRelease(release, lookupIn(objects))
  return rebuilt.ok ? rebuilt.value : 'unknown'
}

function unknownRoot({ manifest, file, line }: SourceObject): Unjudged {
  const { namespace, name } = identify(manifest)
  return {
    reason: 'entry-point-unknown',
    message: 'This release says where Flux starts, and its values are not all in this repository.',
    repair: 'Name the root under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
    affected: [`HelmRelease ${namespace === '' ? '' : `${namespace}/`}${name}`],
    file,
    line,
  }
}

function lookupIn(manifests: readonly Manifest[]): Lookup {
  const known = new Map(manifests.map(manifest => [resourceKey(identify(manifest)), manifest]))
  // in files the namespace is mostly left to the Kustomization: then the name decides
  const named = new Map(
    manifests.map(manifest => {
      const { apiVersion, kind, name } = identify(manifest)
      return [`${groupOf(apiVersion)}/${kind}/${name}`, manifest]
    }),
  )
  return (group, kind, namespace, name) =>
    known.get(`${group}/${kind}/${namespace}/${name}`) ?? named.get(`${group}/${kind}/${name}`)
}

/** The nearest directory above a file that has a kustomization. */
function directoryAround(file: string, artifact: Artifact): string | undefined {
  for (let directory = posix.dirname(file); ; directory = posix.dirname(directory)) {
    const here = directory === '.' ? '' : directory
    if (kustomizationIn(artifact, here) !== undefined) return here
    if (here === '') return undefined
  }
}
