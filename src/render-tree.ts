import type { Config } from './config/config.ts'
import { fluxVersions, type FluxVersions } from './flux-versions.ts'
import type { Finding, Unjudged } from './manifest/finding.ts'
import type { RenderedHelmRelease } from './manifest/rendered.ts'
import type { Manifest } from './manifest/resource.ts'
import {
  findEntryPoints,
  guessEntryPoints,
  isFluxKustomization,
  type EntryPoint,
} from './render/entry-points.ts'
import { fluxRoots } from './render/flux-roots.ts'
import { kustomizeDirectoryFiles } from './render/kustomize-directories.ts'
import { artifactOf, wholeTree, type Artifact } from './render/source-ignore.ts'
import { BlobTexts } from './render/focus/blob-texts.ts'
import { fluxSourceObjects, rootFiles } from './render/source-objects.ts'
import { readImportedCrds } from './imported-crds.ts'
import { renderDirectories, withProblems } from './render-directories.ts'
import { renderHelmReleases, type ReleaseFilter } from './render-releases.ts'
import type { RenderedRepository, RenderRequest, RenderTools } from './rendered-repository.ts'
import { walkClusters, type NamedCluster } from './walk-tree.ts'

export {
  namedTogether,
  type ClusterSources,
  type RenderedRepository,
  type RenderRequest,
  type RenderTools,
} from './rendered-repository.ts'

/** Renders everything that Flux would apply from a tree, from its entry points down; plain kustomize trees as they stand. */
export async function renderTree(request: RenderRequest, tools: RenderTools): Promise<RenderedRepository> {
  const roots = await findRoots(request, tools)
  if (roots.entryPoints.length === 0) {
    // nothing packs this tree, so nothing leaves files out
    const directories = await renderDirectories(request, await wholeTree(request.tree), tools)
    return {
      ...directories,
      findings: [...roots.findings, ...directories.findings],
      incomplete: [...roots.incomplete, ...directories.incomplete],
    }
  }
  const clusters = await walkClusters(roots, request, tools)
  return await renderClusters(roots, clusters, request, tools)
}

/** Where Flux starts in a tree, and what was found out on the way. */
export interface TreeRoots {
  artifact: Artifact
  versions: FluxVersions
  entryPoints: EntryPoint[]
  /** nothing in the tree says where Flux starts */
  guessed: boolean
  findings: Finding[]
  /** of entry points that turn out to be applied by another one there is nothing to say */
  guesses: Finding[]
  incomplete: Unjudged[]
}

/**
 * @param texts of the tree: most files are told by their text to hold no root, and are not parsed
 * @param like of a tree with the same .sourceignore files
 */
export async function findRoots(
  request: RenderRequest,
  tools: RenderTools,
  texts: BlobTexts = new BlobTexts([request.tree]),
  like?: TreeRoots,
): Promise<TreeRoots> {
  const artifact = await artifactOf(request.tree, undefined, '', like?.artifact)
  const all = artifact.files
  const files = rootFiles(await texts.factsOf(request.tree))
  const likely = files && new Map(files.flatMap(file => (all.has(file) ? [[file, all.get(file) ?? '']] : [])))
  const roots = await rootsIn(likely ?? all, artifact, request, tools)
  // where none is known, one is guessed of all
  return likely === undefined || roots.entryPoints.length > 0
    ? roots
    : await rootsIn(all, artifact, request, tools)
}

async function rootsIn(
  files: ReadonlyMap<string, string>,
  artifact: Artifact,
  { tree, config, entries }: RenderRequest,
  tools: RenderTools,
): Promise<TreeRoots> {
  const sources = await fluxSourceObjects(tree, files, tools.cache)
  const configured = configuredEntries(config, entries)
  const operated = await fluxRoots(sources, {
    tree,
    artifact,
    kustomize: tools.kustomize,
    cache: tools.cache,
  })
  const kustomizations = sources.filter(({ manifest }) => isFluxKustomization(manifest))
  const hasDirectory = (path: string) => artifact.directories.has(path)
  const found = findEntryPoints(configured, operated.roots, kustomizations, hasDirectory)
  const guessed =
    found.length > 0 || kustomizations.length === 0
      ? undefined
      : guessEntryPoints(
          kustomizations,
          await kustomizeDirectoryFiles(tree, artifact, tools.cache),
          hasDirectory,
        )
  return {
    artifact,
    versions: await fluxVersions(tree, sources, artifact.files.keys(), config),
    entryPoints: guessed?.entryPoints ?? found,
    guessed: guessed !== undefined,
    findings: operated.findings,
    guesses: guessed?.findings ?? [],
    incomplete: operated.incomplete,
  }
}

function configuredEntries(config: Config, entries: RenderRequest['entries']) {
  return entries.length > 0 ? entries : config.clusters
}

/**
 * The rendered tree of clusters that were walked: their HelmReleases inflated.
 * @param releases which HelmReleases are inflated; absent: all
 */
export async function renderClusters(
  roots: TreeRoots,
  clusters: readonly NamedCluster[],
  request: RenderRequest,
  tools: RenderTools,
  releases?: ReleaseFilter,
): Promise<RenderedRepository> {
  const files = [...new Set(clusters.map(({ entry }) => entry.place?.file))]
  const rendered: RenderedRepository = {
    kustomizations: [],
    helmReleases: [],
    findings: [...roots.findings, ...roots.guesses.filter(({ file }) => files.includes(file))],
    incomplete: configuredEntries(request.config, request.entries).length > 0 ? [] : [...roots.incomplete],
    files: new Set(clusters.flatMap(({ walked }) => [...walked.files])),
    failedFiles: new Set(clusters.flatMap(({ walked }) => [...walked.failedFiles])),
    roots: new Map(
      clusters.flatMap(({ name, entry, directory }) => (entry.name === undefined ? [[name, directory]] : [])),
    ),
    fluxVersions: new Map(clusters.map(({ name, directory }) => [name, roots.versions(directory)])),
    sources: new Map(
      clusters.map(({ name, within, walked }) => [
        name,
        { artifact: within, units: walked.sources, releases: new Map() },
      ]),
    ),
  }
  const imported: Manifest[] = await readImportedCrds(request.trusted ?? request.tree)
  for (const { name, walked } of clusters) {
    const inCluster = <T extends object>(entries: readonly T[]) =>
      entries.map(entry => ({ ...entry, cluster: name }))
    rendered.kustomizations.push(...inCluster(walked.kustomizations))
    rendered.findings.push(...inCluster(walked.findings))
    rendered.incomplete.push(...inCluster(walked.incomplete))
    const made = await renderHelmReleases(name, walked, imported, request, tools, releases)
    const inflated: RenderedHelmRelease[] = made.releases
    rendered.helmReleases.push(...inflated)
    rendered.incomplete.push(...made.incomplete)
    for (const [release, again] of made.again) rendered.sources.get(name)?.releases.set(release, again)
  }
  return withProblems(rendered)
}
