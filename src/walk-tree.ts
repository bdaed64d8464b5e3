import { posix } from 'node:path'
import type { FluxVersions } from './flux-versions.ts'
import { textAt, valueAt } from './manifest/json.ts'
import type { Place } from './manifest/place.ts'
import { identify, type Manifest } from './manifest/resource.ts'
import { buildKustomization, directoryOf } from './render/build.ts'
import { clusterNames, type EntryPoint } from './render/entry-points.ts'
import type { Focus } from './render/focus/focus.ts'
import { artifactOf, type Artifact } from './render/source-ignore.ts'
import { PARALLEL } from './render/in-parallel.ts'
import { withSourceRoot } from './render/source-root.ts'
import { clampPath } from './render/tree-path.ts'
import { walkCluster, type WalkedCluster } from './render/walk.ts'
import type { RenderRequest, RenderTools } from './rendered-repository.ts'

/** A cluster of a tree, walked, with the name that reports give it. */
export interface NamedCluster {
  name: string
  entry: EntryPoint
  /** what the root applies, from the root of the tree */
  directory: string
  /** what the source of its root holds */
  within: Artifact
  walked: WalkedCluster
}

/** Where a walk starts, and by which Flux. */
export interface WalkedRoots {
  entryPoints: readonly EntryPoint[]
  artifact: Artifact
  versions: FluxVersions
}

/**
 * Walks every entry point but those that another one applies: they are no roots.
 * @param focus what has to be rendered; absent: everything
 */
export async function walkClusters(
  { entryPoints, artifact, versions }: WalkedRoots,
  { tree }: RenderRequest,
  tools: RenderTools,
  focus?: Focus,
): Promise<NamedCluster[]> {
  const walks: {
    entry: EntryPoint
    directory: string
    within: Artifact
    applied: Set<string>
    walked: WalkedCluster
  }[] = []
  const failed = new Set<string>()
  const { kustomize, cache } = tools
  for (const candidate of entryPoints) {
    const build = async (manifest: Manifest, within: Artifact, place?: Place, part = false) =>
      await buildKustomization({
        tree,
        artifact: within,
        kustomize,
        cache,
        unit: place === undefined ? { manifest } : { manifest, place },
        ...(focus !== undefined && part
          ? { focus: { graph: focus.graph, keeps: path => focus.keeps(path) } }
          : {}),
      })
    const entry = await withSourceRoot(candidate, artifact, async root => await build(root, artifact))
    const { sourceRoot } = entry
    const inTree = (path: string) => posix.join(sourceRoot, clampPath(path))
    const directory = inTree(textAt(entry.root, 'spec', 'path') ?? '')
    const { place } = entry
    if (entry.name === undefined) {
      if (walks.some(({ applied }) => applied.has(directory))) continue
      // what stands below a Kustomization that failed would be applied by it
      if (place !== undefined && [...failed].some(path => path === '.' || place.file.startsWith(`${path}/`)))
        continue
    }
    const within = sourceRoot === '' ? artifact : await artifactOf(tree, undefined, sourceRoot)
    const walked = await walkCluster(entry, {
      strict: isStrict(versions(directory).version),
      parallel: PARALLEL,
      finished: cache.finished,
      progress: (done, known) => tools.progress(`${tree.name}: ${done} of ${known} Kustomizations`),
      hasDirectory: path => within.directories.has(inTree(path).replace(/^\.$/, '')),
      build: async (manifest, from) =>
        await build(
          manifest,
          within,
          from,
          // a root without a source is asked which source its Kustomizations read: all of them have a say
          valueAt(manifest, 'spec', 'sourceRef') !== undefined &&
            focus?.isWhole(unitKey(directory, manifest)) === false,
        ),
      ...(focus === undefined
        ? {}
        : {
            wants: manifest =>
              focus.wants(unitKey(directory, manifest), manifest, directoryOf(manifest, within)),
          }),
    })
    const applied = new Set(walked.applies.map(inTree))
    for (const { path, status } of walked.kustomizations) if (status === 'failed') failed.add(inTree(path))
    walks.push({ entry, directory, within, applied, walked })
  }
  const roots = walks.filter(
    walk =>
      walk.entry.guessed !== true ||
      !walks.some(
        other => other !== walk && other.applied.has(walk.directory) && !walk.applied.has(other.directory),
      ),
  )
  const names = clusterNames(roots.map(({ directory }) => directory))
  return roots.map(({ entry, directory, within, walked }) => ({
    name: entry.name ?? names.get(directory) ?? directory,
    entry,
    directory,
    within,
    walked,
  }))
}

/** Tells Kustomizations of two trees apart. @param root the directory of the root of their cluster */
export function unitKey(root: string, manifest: Manifest): string {
  const { namespace, name } = identify(manifest)
  return `${root} ${namespace}/${name}`
}

/** Strict substitution is on by default since Flux 2.9 (kustomize-controller 1.9 StrictPostBuildSubstitutions). */
function isStrict(fluxVersion: string): boolean {
  const [major = 0, minor = 0] = fluxVersion.replace(/^v/, '').split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 9)
}
