import { resolvePath } from '../tree-path.ts'
import { canonicalJson, type JsonObject } from '../../manifest/json.ts'
import { isSeparable, renames } from '../independent-parts.ts'
import { objectsAt, textsAt } from '../kustomization-file.ts'
import type { FileGraph } from './file-graph.ts'

/** A kustomization of which only some resources are built. */
export interface Pruned {
  /** those that are */
  resources: string[]
  /** all of them, as paths of the tree */
  every: ReadonlySet<string>
  /** the rest of its fields: where they differ on the two sides of a change, every resource may */
  frame: string
}

export interface PruneRequest {
  graph: FileGraph
  /** of the kustomization that is built, '' for the root */
  directory: string
  /** fields of that kustomization */
  root: JsonObject
  /** whether a resource is needed, by its path in the tree */
  keeps: (path: string) => boolean
  /** the fields of another kustomization of the build; undefined: it cannot be read */
  fieldsOf: (path: string) => Promise<JsonObject | undefined>
}

/**
 * Leaves out the resources of a kustomization that nobody needs, where the others give the same objects without them: what
 * `independentParts` says of groups, judged by the text of the files. What yields Kustomizations and patches them is kept:
 * only the build tells where they lead.
 * @returns undefined where nothing can be left out
 */
export async function pruned(request: PruneRequest): Promise<Pruned | undefined> {
  const { graph, directory, root, keeps } = request
  const resources = textsAt(root, 'resources')
  if (resources.length < 2 || !isSeparable(root)) return undefined
  // a patch may lead a Kustomization elsewhere
  const patches = objectsAt(root, 'patches')
  if (patches.some(({ patch, path }) => path !== undefined || /\bpath\b/.test(JSON.stringify(patch))))
    return undefined
  const paths = new Map(resources.map(resource => [resource, resolvePath(directory, resource)]))
  const kept: string[] = []
  let moves = false
  let refersWithNamespace = false
  for (const [resource, path] of paths) {
    if (path === undefined || (!graph.paths.has(path) && !graph.isDirectory(path))) return undefined
    const facts = graph.resourceFacts(path)
    if (facts.patchesName) return undefined
    for (const file of facts.mayRename) {
      const fields = await request.fieldsOf(file)
      if (fields === undefined || renames(fields)) return undefined
    }
    moves ||= facts.moves
    refersWithNamespace ||= facts.refersWithNamespace
    // what cannot be built has to be told, whoever broke it
    if (keeps(path) || facts.broken || (facts.yields && facts.patches)) kept.push(resource)
  }
  // without any, kustomize would refuse it
  if ((moves && refersWithNamespace) || kept.length === 0 || kept.length === resources.length)
    return undefined
  const { resources: _resources, ...frame } = root
  return {
    resources: kept,
    every: new Set([...paths.values()].flatMap(path => path ?? [])),
    frame: canonicalJson(frame),
  }
}
