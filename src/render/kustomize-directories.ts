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
    for (const field of ['resources', 'bases', 'components'])
      for (const entry of textsAt(fields, field)) {
        const target = resolvePath(directory, entry)
        if (target !== undefined) included.add(target)
      }
    if (fields.kind !== 'Component') candidates.push(directory)
  }
  return candidates.filter(directory => !included.has(directory)).toSorted()
}
