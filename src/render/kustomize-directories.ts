import type { Tree } from '../manifest/tree.ts'
import { KUSTOMIZATION_NAMES, textsAt } from './kustomization-file.ts'
import type { RenderCache } from './render-cache.ts'
import type { Artifact } from './source-ignore.ts'
import { resolvePath } from './tree-path.ts'

/**
 * The kustomize directories of a tree that stand for themselves: no other kustomization includes them, and they are no
 * Component. For trees without Flux, where each is taken for something that is applied.
 */
export async function kustomizeDirectories(
  tree: Tree,
  artifact: Artifact,
  cache: RenderCache,
): Promise<string[]> {
  return [...(await kustomizeDirectoryFiles(tree, artifact, cache)).keys()]
}

/** Those directories with the files that their `resources` include, over however many bases. */
export async function kustomizeDirectoryFiles(
  tree: Tree,
  artifact: Artifact,
  cache: RenderCache,
): Promise<Map<string, ReadonlySet<string>>> {
  const includes = new Map<string, string[]>()
  const included = new Set<string>()
  const candidates: string[] = []
  for (const [directory, entries] of artifact.directories) {
    const name = KUSTOMIZATION_NAMES.find(known =>
      entries.some(entry => !entry.directory && entry.name === known),
    )
    if (name === undefined) continue
    const path = directory === '' ? name : `${directory}/${name}`
    const read = await cache.kustomization(tree, path, artifact.files.get(path) ?? '', 'kustomize')
    // one that cannot be read is built all the same: kustomize's refusal is the finding
    if (!read.ok) {
      candidates.push(directory)
      continue
    }
    const { fields } = read.file
    const targets = ['resources', 'bases', 'components']
      .flatMap(field => textsAt(fields, field))
      .flatMap(entry => resolvePath(directory, entry) ?? [])
    includes.set(directory, targets)
    for (const target of targets) included.add(target)
    if (fields.kind !== 'Component') candidates.push(directory)
  }
  const top = candidates.filter(directory => !included.has(directory)).toSorted()
  return new Map(top.map(directory => [directory, below(directory, includes)]))
}

function below(directory: string, includes: ReadonlyMap<string, string[]>): Set<string> {
  const found = new Set<string>()
  const waiting = [...(includes.get(directory) ?? [])]
  for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
    if (found.has(target)) continue
    found.add(target)
    waiting.push(...(includes.get(target) ?? []))
  }
  return found
}
