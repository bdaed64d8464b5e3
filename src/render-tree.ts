import { posix } from 'node:path'
import type { RenderAgain } from './chart-value.ts'
import { ASSUMED_KUBERNETES, type Config } from './config/config.ts'
import { fluxVersions, type FluxVersion, type FluxVersions } from './flux-versions.ts'
import { readImportedCrds } from './imported-crds.ts'
import { joinUnjudged, type Finding, type Unjudged } from './manifest/finding.ts'
import { textAt } from './manifest/json.ts'
import type {
  RenderedHelmRelease,
  RenderedKustomization,
  RenderedTree,
  RenderFailure,
} from './manifest/rendered.ts'
import type { Place } from './manifest/place.ts'
import { groupOf, resourceKey, type Manifest } from './manifest/resource.ts'
import type { Tree } from './manifest/tree.ts'
import { buildKustomization } from './render/build.ts'
import type { BuiltObject } from './render/built-object.ts'
import {
  clusterNames,
  findEntryPoints,
  guessEntryPoints,
  isFluxKustomization,
  type EntryPoint,
} from './render/entry-points.ts'
import { renderProblems } from './render/failures.ts'
import { fluxRoots } from './render/flux-roots.ts'
import { planHelmRelease } from './render/helm-release.ts'
import { finishKustomization } from './render/kustomization.ts'
import { kustomizeDirectories, kustomizeDirectoryFiles } from './render/kustomize-directories.ts'
import type { RenderCache } from './render/render-cache.ts'
import { renderHelmRelease, type HelmReleaseTools } from './render/render-helm-release.ts'
import { artifactOf, wholeTree, type Artifact } from './render/source-ignore.ts'
import { inParallel, PARALLEL } from './render/in-parallel.ts'
import { fluxSourceObjects } from './render/source-objects.ts'
import { withSourceRoot } from './render/source-root.ts'
import type { ChartSource, HelmTemplate, KustomizeBuild } from './render/tools.ts'
import { clampPath } from './render/tree-path.ts'
import { walkCluster, type UnitSource, type WalkedCluster } from './render/walk.ts'

export interface RenderRequest {
  tree: Tree
  config: Config
  /** the tree whose imported CRDs count, as for validateTree: in a review the base; absent: `tree` */
  trusted?: Tree
  /** roots of the command line: they replace those of the tree, as `clusters:` of the configuration does */
  entries: { name: string; path: string }[]
}

export interface RenderTools {
  kustomize: KustomizeBuild
  /** absent: no helm found; HelmReleases are reported as not rendered */
  helm?: HelmTemplate
  charts: ChartSource
  /** shared by the trees of one run: what they have in common is read and built once */
  cache: RenderCache
  /** whether objects of a kind live in a namespace; undefined: the kind is not known */
  isNamespaced: (apiVersion: string, kind: string) => boolean | undefined
  progress: (message: string) => void
}

/** A rendered tree and which of its files had a part in it. */
export interface RenderedRepository extends RenderedTree {
  files: ReadonlySet<string>
  /** files that were read for what failed to render */
  failedFiles: ReadonlySet<string>
  /** clusters that are named after the paths of their roots → that path; not those that the configuration names */
  roots: ReadonlyMap<string, string>
  /** which Flux each cluster runs; where it is missing, nothing is applied by Flux */
  fluxVersions?: ReadonlyMap<string, FluxVersion>
  /** what was rendered from what, by cluster; for those who ask where a field comes from */
  sources: ReadonlyMap<string, ClusterSources>
}

export interface ClusterSources {
  /** what its builds could see of the tree */
  artifact: Artifact
  /** 'namespace/name' of a Kustomization (of a kustomize directory '/path') → what it was rendered from */
  units: ReadonlyMap<string, UnitSource>
  /** 'namespace/name' of a HelmRelease whose chart was rendered → renders it again with other values */
  releases: Map<string, RenderAgain>
}

const HELM_MISSING = {
  reason: 'helm-missing',
  message: 'There is no helm to render charts with.',
  repair: 'Install helm, or name it with --helm; `cnpg-steward doctor` says what was found.',
}

/** Renders everything that Flux would apply from a tree, from its entry points down; plain kustomize trees as they stand. */
export async function renderTree(request: RenderRequest, tools: RenderTools): Promise<RenderedRepository> {
  const { tree, config } = request
  const artifact = await artifactOf(tree)
  const sources = await fluxSourceObjects(tree, [...artifact.files.keys()])
  const configured = request.entries.length > 0 ? request.entries : config.clusters
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
  const entryPoints = guessed?.entryPoints ?? found
  if (entryPoints.length === 0) {
    // nothing packs this tree, so nothing leaves files out
    const directories = await renderDirectories(request, await wholeTree(tree), tools)
    return {
      ...directories,
      findings: [...operated.findings, ...directories.findings],
      incomplete: [...operated.incomplete, ...directories.incomplete],
    }
  }

  const versions = await fluxVersions(tree, sources, artifact.files.keys(), config)
  const clusters = await walkClusters(entryPoints, { artifact, versions }, request, tools)
  const files = [...new Set(clusters.map(({ entry }) => entry.place?.file))]
  const rendered: RenderedRepository = {
    kustomizations: [],
    helmReleases: [],
    findings: [
      ...operated.findings,
      // of roots that turned out to be applied by another one there is nothing to say
      ...(guessed?.findings ?? []).filter(({ file }) => files.includes(file)),
    ],
    incomplete: configured.length > 0 ? [] : [...operated.incomplete],
    files: new Set(clusters.flatMap(({ walked }) => [...walked.files])),
    failedFiles: new Set(clusters.flatMap(({ walked }) => [...walked.failedFiles])),
    roots: new Map(
      clusters.flatMap(({ name, entry, directory }) => (entry.name === undefined ? [[name, directory]] : [])),
    ),
    fluxVersions: new Map(clusters.map(({ name, directory }) => [name, versions(directory)])),
    sources: new Map(
      clusters.map(({ name, within, walked }) => [
        name,
        { artifact: within, units: walked.sources, releases: new Map() },
      ]),
    ),
  }
  const imported = await readImportedCrds(request.trusted ?? tree)
  for (const { name, walked } of clusters) {
    const inCluster = <T extends object>(entries: readonly T[]) =>
      entries.map(entry => ({ ...entry, cluster: name }))
    rendered.kustomizations.push(...inCluster(walked.kustomizations))
    rendered.findings.push(...inCluster(walked.findings))
    rendered.incomplete.push(...inCluster(walked.incomplete))
    const releases = await renderHelmReleases(name, walked, imported, request, tools)
    rendered.helmReleases.push(...releases.releases)
    rendered.incomplete.push(...releases.incomplete)
    for (const [release, again] of releases.again) rendered.sources.get(name)?.releases.set(release, again)
  }
  return withProblems(rendered)
}

interface NamedCluster {
  name: string
  entry: EntryPoint
  /** what the root applies, from the root of the tree */
  directory: string
  /** what the source of its root holds */
  within: Artifact
  walked: WalkedCluster
}

/** Walks every entry point but those that another one applies: they are no roots. */
async function walkClusters(
  entryPoints: readonly EntryPoint[],
  { artifact, versions }: { artifact: Artifact; versions: FluxVersions },
  { tree, config }: RenderRequest,
  tools: RenderTools,
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
    const build = async (manifest: Manifest, within: Artifact, place?: Place) =>
      await buildKustomization({
        tree,
        artifact: within,
        kustomize,
        cache,
        unit: place === undefined ? { manifest } : { manifest, place },
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
      build: async (manifest, from) => await build(manifest, within, from),
    })
    const applied = new Set<string>()
    for (const { path, status } of walked.kustomizations) {
      if (status === 'failed') failed.add(inTree(path))
      if (status !== 'skipped') applied.add(inTree(path))
    }
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

/**
 * Names the clusters of two trees together: a name tells a root apart from the others, so that with one more root in one of
 * the trees each would be called something else there.
 */
export function namedTogether(
  base: RenderedRepository,
  head: RenderedRepository,
): { base: RenderedRepository; head: RenderedRepository } {
  const names = clusterNames([...new Set([...base.roots.values(), ...head.roots.values()])].toSorted())
  const renamed = (side: RenderedRepository): RenderedRepository => {
    const rename = <T extends { cluster?: string }>(items: T[]): T[] =>
      items.map(item => {
        const path = item.cluster === undefined ? undefined : side.roots.get(item.cluster)
        const cluster = path === undefined ? undefined : names.get(path)
        return cluster === undefined ? item : { ...item, cluster }
      })
    return {
      ...side,
      kustomizations: rename(side.kustomizations),
      helmReleases: rename(side.helmReleases),
      findings: rename(side.findings),
      incomplete: rename(side.incomplete),
      roots: new Map([...side.roots].map(([name, path]) => [names.get(path) ?? name, path])),
      ...(side.fluxVersions === undefined
        ? {}
        : {
            fluxVersions: new Map(
              [...side.fluxVersions].map(([name, version]) => [
                names.get(side.roots.get(name) ?? '') ?? name,
                version,
              ]),
            ),
          }),
    }
  }
  return { base: renamed(base), head: renamed(head) }
}

/** Strict substitution is on by default since Flux 2.9 (kustomize-controller 1.9 StrictPostBuildSubstitutions). */
function isStrict(fluxVersion: string): boolean {
  const [major = 0, minor = 0] = fluxVersion.replace(/^v/, '').split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 9)
}

async function renderHelmReleases(
  cluster: string,
  walked: WalkedCluster,
  imported: readonly Manifest[],
  { tree, config }: RenderRequest,
  tools: RenderTools,
): Promise<{ releases: RenderedHelmRelease[]; incomplete: Unjudged[]; again: Map<string, RenderAgain> }> {
  const objects = walked.kustomizations
    .flatMap(kustomization => kustomization.objects)
    .filter(
      ({ resource }) =>
        resource.kind === 'HelmRelease' && groupOf(resource.apiVersion) === 'helm.toolkit.fluxcd.io',
    )
  const releases: RenderedHelmRelease[] = []
  const incomplete: Unjudged[] = []
  const again = new Map<string, RenderAgain>()
  const { helm } = tools
  const scopes = scopesOf([...imported, ...walked.applied.values()])
  await inParallel(objects, PARALLEL, async ({ manifest, origin, resource }) => {
    const planned = planHelmRelease(
      manifest,
      {
        lookup: (group, kind, namespace, name) =>
          walked.applied.get(
            resourceKey({ apiVersion: group === '' ? 'v1' : `${group}/v1`, kind, namespace, name }),
          ),
        isThisRepository: (source, namespace) => walked.isThisRepository(source, namespace),
      },
      origin,
    )
    if (helm === undefined) {
      const { namespace, name } = resource
      releases.push({
        cluster,
        namespace,
        name,
        chart: planned.chart,
        status: 'skipped',
        objects: [],
        inputs: '',
      })
      incomplete.push({
        ...HELM_MISSING,
        affected: [`HelmRelease ${namespace}/${name}`],
        cluster,
      })
      return
    }
    tools.progress(`${tree.name}: chart of HelmRelease ${resource.namespace}/${resource.name}`)
    const releaseTools: HelmReleaseTools = {
      helm,
      charts: tools.charts,
      kustomize: tools.kustomize,
      tree,
      kubernetesVersion: config.kubernetesVersion ?? ASSUMED_KUBERNETES,
      rendered: tools.cache.releases,
      isNamespaced: (apiVersion, kind) =>
        scopes.get(`${groupOf(apiVersion)}/${kind}`) ?? tools.isNamespaced(apiVersion, kind),
    }
    const rendering = await renderHelmRelease(planned, cluster, releaseTools)
    if (planned.ok && rendering.release.status === 'rendered')
      again.set(`${resource.namespace}/${resource.name}`, async change => {
        const plan = { ...planned.plan, values: change(planned.plan.values) }
        return (await renderHelmRelease({ ...planned, plan }, cluster, releaseTools)).release.objects
      })
    releases.push(rendering.release)
    incomplete.push(...rendering.incomplete)
  })
  const order = new Map(
    objects.map(({ resource }, index) => [`${resource.namespace}/${resource.name}`, index]),
  )
  const place = ({ namespace, name }: RenderedHelmRelease) => order.get(`${namespace}/${name}`) ?? 0
  return { releases: releases.toSorted((a, b) => place(a) - place(b)), incomplete, again }
}

/** 'group/Kind' → whether its objects live in a namespace, by the CRDs among some objects; later ones win. */
function scopesOf(objects: readonly Manifest[]): Map<string, boolean> {
  return new Map(
    objects.flatMap(manifest => {
      const scope = textAt(manifest, 'spec', 'scope')
      if (manifest.kind !== 'CustomResourceDefinition' || scope === undefined) return []
      const kind = `${textAt(manifest, 'spec', 'group') ?? ''}/${textAt(manifest, 'spec', 'names', 'kind') ?? ''}`
      return [[kind, scope === 'Namespaced'] as const]
    }),
  )
}

/**
 * A tree without Flux: every kustomize directory that no other one includes, built as `kustomize build --enable-helm` does
 * (Argo CD style), with charts that were fetched before.
 */
async function renderDirectories(
  request: RenderRequest,
  artifact: Artifact,
  tools: RenderTools,
): Promise<RenderedRepository> {
  const { tree } = request
  const { helm, charts } = tools
  const directories = await kustomizeDirectories(tree, artifact, tools.cache)
  const kustomizations: RenderedKustomization[] = []
  const files = new Set<string>()
  const failedFiles = new Set<string>()
  const findings: Finding[] = []
  const incomplete: Unjudged[] = []
  await inParallel(directories, PARALLEL, async directory => {
    tools.progress(`${tree.name}: kustomize directory ${directory}`)
    const here = { cluster: '', namespace: '', name: directory, path: directory }
    const built = await buildKustomization({
      tree,
      artifact,
      kustomize: tools.kustomize,
      cache: tools.cache,
      unit: { directory },
      inflate: helm === undefined ? { unknown: HELM_MISSING } : { charts, helm: helm.version },
    })
    const { inputs } = built
    findings.push(...built.remarks)
    for (const file of built.files) (built.ok ? files : failedFiles).add(file)
    if (built.ok) kustomizations.push({ ...here, ...finishDirectory(built.objects, built.leftOut), inputs })
    else if (built.problems.length > 0)
      kustomizations.push({ ...here, status: 'failed', error: built.error, objects: [], inputs })
    else {
      kustomizations.push({ ...here, status: 'skipped', objects: [], inputs })
      const affected = [`Kustomization ${directory}`]
      incomplete.push(...built.unknown.map(unknown => ({ ...unknown, affected })))
    }
  })
  const rendered: RenderedRepository = {
    kustomizations: kustomizations.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    helmReleases: [],
    findings,
    incomplete: [nothingOfFlux(directories.length), ...incomplete],
    files,
    failedFiles,
    roots: new Map(),
    sources: new Map([
      [
        '',
        {
          artifact,
          units: new Map(directories.map(directory => [`/${directory}`, AS_IT_STANDS])),
          releases: new Map(),
        },
      ],
    ]),
  }
  return withProblems(rendered)
}

function withProblems(rendered: RenderedRepository): RenderedRepository {
  const { findings, incomplete } = renderProblems(rendered)
  return {
    ...rendered,
    findings: [...rendered.findings, ...findings],
    incomplete: joinUnjudged([...rendered.incomplete, ...incomplete]),
  }
}

/** Objects of a kustomize directory: what it prints is what is applied. */
function finishDirectory(
  built: readonly BuiltObject[],
  leftOut: RenderFailure[],
): Pick<RenderedKustomization, 'status' | 'error' | 'objects' | 'leftOut'> {
  const finished = finishKustomization({}, built, {
    variables: new Map(),
    strict: false,
    variablesUnknown: false,
  })
  if (!finished.ok) return { status: 'failed', error: finished.error, objects: [] }
  const [error] = leftOut
  return error === undefined
    ? { status: 'rendered', objects: finished.objects }
    : { status: 'failed', error, objects: finished.objects, leftOut }
}

/** A kustomize directory is built without anything of Flux. */
const AS_IT_STANDS: UnitSource = { variables: new Map(), variablesUnknown: false, strict: false }

function nothingOfFlux(directories: number): Unjudged {
  return directories === 0
    ? {
        reason: 'no-entry-point',
        message: 'No Flux object and no kustomize directory was found: nothing of this tree was rendered.',
        repair: 'Name the roots under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
        affected: ['the whole tree'],
      }
    : {
        reason: 'no-flux-objects',
        message: `No Flux object was found; ${directories} kustomize ${directories === 1 ? 'directory was' : 'directories were'} built as they stand.`,
        repair:
          'If Flux runs this repository, name its roots under `clusters:` in .github/cnpg-steward.yaml, or give --entry NAME=PATH.',
        affected: ['the whole tree'],
      }
}
