import { identify, isManifest, type Manifest } from '../manifest/resource.ts'
import type { Tree } from '../manifest/tree.ts'
import type { BlobFacts } from './focus/blob-facts.ts'
import type { RenderCache } from './render-cache.ts'
import { clampPath } from './tree-path.ts'

/** An object as it stands in a source file, before anything renders it. */
export interface SourceObject {
  manifest: Manifest
  file: string
  line: number
}

/** What can tell where Flux starts; read from files only to find the roots, never to judge. */
const TELLING = ['kustomize.toolkit.fluxcd.io', 'helm.toolkit.fluxcd.io', 'fluxcd.controlplane.io']

export function isYamlFile(path: string): boolean {
  return path.endsWith('.yaml') || path.endsWith('.yml')
}

/**
 * The Flux objects that stand in YAML files: Kustomizations, HelmReleases, FluxInstances. A file that is no YAML is left
 * out: what renders it says so at the right place.
 * @param files path → content id
 */
export async function fluxSourceObjects(
  tree: Tree,
  files: ReadonlyMap<string, string>,
  cache: RenderCache,
): Promise<SourceObject[]> {
  const found = await Promise.all(
    [...files].map(async ([file, id]) => {
      if (!isYamlFile(file)) return []
      const bytes = await cache.bytes(tree, file, id)
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (!TELLING.some(group => text.includes(group))) return []
      return (await cache.source(tree, file, id)).flatMap(({ value, line }) =>
        isManifest(value) && isTelling(value) ? [{ manifest: value, file, line }] : [],
      )
    }),
  )
  return found.flat()
}

/**
 * The files that may hold a root, by their text: a FluxInstance, or a Kustomization that applies the file it stands in.
 * @param facts of every file
 * @returns undefined where every Kustomization has a say: one applies the whole repository, or what it applies is not told
 */
export function rootFiles(facts: ReadonlyMap<string, BlobFacts>): string[] | undefined {
  const found: string[] = []
  for (const [file, { flux, unitPaths, instance, opaque }] of facts) {
    if (flux && (opaque || unitPaths.some(path => clampPath(path) === ''))) return undefined
    if (instance || (flux && unitPaths.some(path => mayCover(clampPath(path), file)))) found.push(file)
  }
  return found
}

/** Whether a file lies below a path, from the root or from the directory that a source is made of. */
function mayCover(path: string, file: string): boolean {
  return file.startsWith(`${path}/`) || file.includes(`/${path}/`)
}

function isTelling(manifest: Manifest): boolean {
  const { apiVersion, kind, name } = identify(manifest)
  return (
    name !== '' &&
    TELLING.some(group => apiVersion.startsWith(`${group}/`)) &&
    ['Kustomization', 'HelmRelease', 'FluxInstance'].includes(kind)
  )
}
