import { identify, isManifest, type Manifest } from '../manifest/resource.ts'
import { readSource } from '../manifest/source-file.ts'
import type { Tree } from '../manifest/tree.ts'

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
 */
export async function fluxSourceObjects(tree: Tree, files: readonly string[]): Promise<SourceObject[]> {
  const candidates = files.filter(isYamlFile)
  const contents = await Promise.all(candidates.map(async file => ({ file, bytes: await tree.read(file) })))
  return contents.flatMap(({ file, bytes }) => {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (!TELLING.some(group => text.includes(group))) return []
    return readSource(file, bytes).documents.flatMap(({ value, line }) =>
      isManifest(value) && isTelling(value) ? [{ manifest: value, file, line }] : [],
    )
  })
}

function isTelling(manifest: Manifest): boolean {
  const { apiVersion, kind, name } = identify(manifest)
  return (
    name !== '' &&
    TELLING.some(group => apiVersion.startsWith(`${group}/`)) &&
    ['Kustomization', 'HelmRelease', 'FluxInstance'].includes(kind)
  )
}
