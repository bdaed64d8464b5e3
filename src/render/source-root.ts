import { posix } from 'node:path'
import { parseGoYamlDocument } from '../manifest/go-yaml.ts'
import { isObject, textAt, valueAt } from '../manifest/json.ts'
import { isManifest, type Manifest } from '../manifest/resource.ts'
import type { BuildResult } from './build.ts'
import { isFluxKustomization, type EntryPoint } from './entry-points.ts'
import type { Artifact } from './source-ignore.ts'
import { clampPath } from './tree-path.ts'

/**
 * Works out which directory of the tree the source of a root holds, where the root itself is not in Git: the one, from the
 * whole tree down to the root's own directory, in which most of the paths are found that its Kustomizations name.
 * @param build builds the root as a Kustomization of the whole tree
 * @returns the root with its path from there; as it is where nothing is found that way
 */
export async function withSourceRoot(
  entry: EntryPoint,
  { directories }: Artifact,
  build: (root: Manifest) => Promise<BuildResult>,
): Promise<EntryPoint & { sourceRoot: string }> {
  if (entry.sourceRoot !== undefined) return { ...entry, sourceRoot: entry.sourceRoot }
  const directory = clampPath(textAt(entry.root, 'spec', 'path') ?? '')
  const built = await build(entry.root)
  const paths = built.ok ? built.objects.flatMap(({ yaml }) => pathsIn(yaml)) : []
  const steps = directory.split('/')
  let sourceRoot = ''
  let most = 0
  for (const root of ['', ...steps.map((_step, index) => steps.slice(0, index + 1).join('/'))]) {
    const found = paths.filter(path => directories.has(posix.join(root, path))).length
    if (found > most) [sourceRoot, most] = [root, found]
  }
  if (sourceRoot === '') return { ...entry, sourceRoot }
  const path = `./${posix.relative(sourceRoot, directory)}`
  const spec = isObject(entry.root.spec) ? entry.root.spec : {}
  return { ...entry, sourceRoot, root: { ...entry.root, spec: { ...spec, path } } }
}

/** The paths of Flux Kustomizations in what kustomize printed; a root's own './' says nothing. */
function pathsIn(yaml: string): string[] {
  if (!yaml.includes('kustomize.toolkit.fluxcd.io')) return []
  const parsed = parseGoYamlDocument(yaml)
  if (!parsed.ok || !isManifest(parsed.document) || !isFluxKustomization(parsed.document)) return []
  const path = clampPath(textAt(valueAt(parsed.document, 'spec'), 'path') ?? '')
  return path === '' ? [] : [path]
}
