import { posix } from 'node:path'
import { clampPath } from './render/tree-path.ts'
import { findRoots } from './render-tree.ts'
import type { RenderRequest, RenderTools } from './rendered-repository.ts'
import { walkClusters } from './walk-tree.ts'

/**
 * The files of a tree that something applies: those that its Kustomizations are built from, and whatever lies where one of them fails
 * to build. Charts that lie in the tree count, too: what uses them is not followed.
 * @returns undefined where nothing of the tree's own says what is applied
 */
export async function appliedFiles(
  request: RenderRequest,
  tools: RenderTools,
): Promise<ReadonlySet<string> | undefined> {
  const roots = await findRoots(request, tools)
  if (roots.entryPoints.length === 0 || roots.guessed) return undefined
  const files = [...(await request.tree.files()).keys()]
  const applied = new Set<string>()
  const directories = files
    .filter(file => posix.basename(file) === 'Chart.yaml')
    .map(file => posix.dirname(file))
  for (const { entry, walked } of await walkClusters(roots, request, tools)) {
    if (entry.place !== undefined) applied.add(entry.place.file)
    for (const file of [...walked.files, ...walked.failedFiles]) applied.add(file)
    for (const { status, path } of walked.kustomizations)
      if (status !== 'rendered') directories.push(posix.join(entry.sourceRoot ?? '', clampPath(path)))
  }
  for (const directory of new Set(directories))
    for (const file of files)
      if (directory === '' || directory === '.' || file.startsWith(`${directory}/`)) applied.add(file)
  return applied
}
