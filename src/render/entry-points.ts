import { posix } from 'node:path'
import type { ClusterConfig } from '../config/config.ts'
import type { Finding } from '../manifest/finding.ts'
import { textAt, valueAt, type JsonObject } from '../manifest/json.ts'
import type { Place } from '../manifest/place.ts'
import { identify, type Manifest } from '../manifest/resource.ts'
import type { SourceObject } from './source-objects.ts'
import { clampPath } from './tree-path.ts'

/** The root of one cluster: the Kustomization that Flux starts from, and what is known beside the tree. */
export interface EntryPoint {
  /** the configured name; absent: the walk names it after its path */
  name?: string
  root: Manifest
  /** sources that the root's maker creates with it (GitRepository of flux-operator) */
  sources: Manifest[]
  /** variables that the configuration gives for values made outside Git */
  variables: ReadonlyMap<string, string>
  /** where the root was found; absent for a configured one */
  place?: Place
  /** the directory of the tree that its source holds, '' for the whole; undefined: to be worked out of what it applies */
  sourceRoot?: string
  /** nothing in the tree says that Flux starts here: another entry point that applies it takes its place */
  guessed?: true
}

/** Entries of the configuration and of --entry: a root that is not in Git. */
export type ConfiguredEntry = Pick<ClusterConfig, 'name' | 'path'> & Partial<Pick<ClusterConfig, 'variables'>>

export function isFluxKustomization(manifest: Manifest): boolean {
  return (
    manifest.kind === 'Kustomization' &&
    (textAt(manifest, 'apiVersion') ?? '').startsWith('kustomize.toolkit.fluxcd.io/')
  )
}

/** Whether the tree has a directory, '' being its root. */
export type HasDirectory = (path: string) => boolean

/**
 * Finds where Flux starts, from what stands in the tree.
 *
 * 1. roots of the configuration and of --entry;
 * 2. what flux-operator makes of a FluxInstance (given as `instances`, each the Kustomization and source it creates);
 * 3. Kustomizations that apply the very file they stand in, as `flux bootstrap` writes them (gotk-sync.yaml).
 *
 * @param kustomizations every Flux Kustomization of the source files, reachable or not
 * @returns none where nothing tells: see `guessEntryPoints`
 */
export function findEntryPoints(
  configured: readonly ConfiguredEntry[],
  instances: readonly (SourceObject & { sources: Manifest[] })[],
  kustomizations: readonly SourceObject[],
  hasDirectory: HasDirectory,
): EntryPoint[] {
  const roots = new Map<string, EntryPoint>()
  const add = (root: EntryPoint) => {
    const key = `${root.sourceRoot ?? ''}/${pathOf(root.root)}`
    if (!roots.has(key)) roots.set(key, root)
  }
  const locate = (candidate: SourceObject) => sourceRootOf(candidate, hasDirectory)
  const own = ownSources(kustomizations)
  const applyThemselves = kustomizations.filter(candidate =>
    covers(candidate, candidate.file, locate(candidate), own),
  )
  for (const entry of configured) {
    // the object in the tree knows its source; what is not in Git is made up
    const named = (candidate: SourceObject) =>
      posix.join(locate(candidate), pathOf(candidate.manifest)) === (clampPath(entry.path) || '.')
    const written = applyThemselves.find(named)
    const operated = instances.find(named)
    const found = operated ?? written
    add({
      name: entry.name,
      root: found?.manifest ?? rootAt(entry.path),
      ...(found === undefined
        ? {}
        : { place: { file: found.file, line: found.line }, sourceRoot: locate(found) }),
      sources: operated?.sources ?? [],
      variables: new Map(Object.entries(entry.variables ?? {})),
    })
  }
  if (configured.length > 0) return [...roots.values()]
  for (const instance of instances)
    add({
      root: instance.manifest,
      sources: instance.sources,
      variables: new Map(),
      place: { file: instance.file, line: instance.line },
      sourceRoot: locate(instance),
    })
  for (const candidate of applyThemselves.toSorted((a, b) => pathDepth(a.manifest) - pathDepth(b.manifest)))
    add({
      root: candidate.manifest,
      sources: [],
      variables: new Map(),
      place: { file: candidate.file, line: candidate.line },
      sourceRoot: locate(candidate),
    })
  return [...roots.values()]
}

/**
 * Where Flux may start where nothing in the tree says so: the root is made by a tool that keeps it elsewhere. Taken for roots
 * are the kustomize directories that hold Kustomizations which no other one covers, and the Kustomizations that are in none.
 *
 * @param directories kustomize directories that no other one includes → the files that each includes
 */
export function guessEntryPoints(
  kustomizations: readonly SourceObject[],
  directories: ReadonlyMap<string, ReadonlySet<string>>,
  hasDirectory: HasDirectory,
): { entryPoints: EntryPoint[]; findings: Finding[] } {
  const own = ownSources(kustomizations)
  const topmost = kustomizations.filter(
    ({ file }) =>
      !kustomizations.some(
        other => other.file !== file && covers(other, file, sourceRootOf(other, hasDirectory), own),
      ),
  )
  const entryPoints: EntryPoint[] = []
  const findings: Finding[] = []
  const guess = (
    root: Omit<EntryPoint, 'sources' | 'variables' | 'guessed'>,
    what: string,
    { file, line }: Place,
  ) => {
    entryPoints.push({ ...root, sources: [], variables: new Map(), guessed: true })
    findings.push({
      ruleId: 'render-entry-guessed',
      level: 'note',
      message: `Nothing in the tree says where Flux starts; ${what}.`,
      repair: 'Name the roots under `clusters:` in .github/cnpg-steward.yaml.',
      file,
      line,
    })
  }
  const byDepth = [...directories].toSorted(([a], [b]) => a.split('/').length - b.split('/').length)
  for (const [directory, files] of byDepth) {
    const held = topmost.find(({ file }) => files.has(file))
    if (held !== undefined)
      guess(
        { root: rootAt(directory), place: { file: held.file, line: held.line } },
        `the kustomize directory ${directory || 'at the root'} is taken for a root, because it holds Kustomizations that no other one applies`,
        held,
      )
  }
  for (const { manifest, file, line } of topmost)
    // without a source it is a patch of one
    if (isSourced(manifest) && ![...directories.values()].some(files => files.has(file)))
      guess(
        {
          root: manifest,
          place: { file, line },
          sourceRoot: sourceRootOf({ manifest, file, line }, hasDirectory),
        },
        `Kustomization ${identify(manifest).name} is taken as a root because no other one applies it`,
        { file, line },
      )
  return { entryPoints, findings }
}

/**
 * The directory that a source is made of: a Git repository as a whole, but an artifact that is pushed (`flux push artifact
 * --path`) often of a part, which is then the directory above the file in which spec.path is found.
 */
function sourceRootOf({ manifest, file }: SourceObject, hasDirectory: HasDirectory): string {
  const path = pathOf(manifest)
  if (path === '' || hasDirectory(path) || sourceOf(manifest).startsWith('GitRepository ')) return ''
  const steps = file.split('/').slice(0, -1)
  const above = steps.map((_step, index) => steps.slice(0, index + 1).join('/'))
  return above.find(root => hasDirectory(`${root}/${path}`)) ?? ''
}

/** A root as `flux bootstrap` makes it, for a path that the configuration names; which source it reads is not known. */
function rootAt(path: string): Manifest {
  const spec: JsonObject = {
    interval: '10m',
    path: `./${clampPath(path)}`,
    prune: true,
  }
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'flux-system', namespace: 'flux-system' },
    spec,
  }
}

function pathOf(kustomization: Manifest): string {
  return clampPath(textAt(kustomization, 'spec', 'path') ?? '')
}

/** Whether a Kustomization applies what is in a file, as far as the paths say. */
function covers(
  { manifest }: SourceObject,
  file: string,
  sourceRoot: string,
  own: (kustomization: Manifest) => boolean,
): boolean {
  const directory = posix.join(sourceRoot, pathOf(manifest))
  // the whole repository: as `flux bootstrap` writes it where no path is given; another source's root is './', too
  if (directory === '.')
    return identify(manifest).name === textAt(manifest, 'spec', 'sourceRef', 'name') && own(manifest)
  return file.startsWith(`${directory}/`)
}

/**
 * Whether the source of a Kustomization with the path './' may be this repository: what `flux bootstrap` names flux-system,
 * and what other Kustomizations take their directories from. Teams bring their own sources, named alike their Kustomization.
 */
function ownSources(kustomizations: readonly SourceObject[]): (kustomization: Manifest) => boolean {
  const known = new Set(
    kustomizations
      .filter(({ manifest }) => pathOf(manifest) !== '')
      .map(({ manifest }) => sourceOf(manifest)),
  )
  return manifest =>
    known.size === 0 || known.has(sourceOf(manifest)) || identify(manifest).name === 'flux-system'
}

function isSourced(kustomization: Manifest): boolean {
  return (textAt(kustomization, 'spec', 'sourceRef', 'name') ?? '') !== ''
}

/** 'GitRepository flux-system': in files the namespace is mostly left to the Kustomization that applies them. */
function sourceOf(kustomization: Manifest): string {
  const source = valueAt(kustomization, 'spec', 'sourceRef')
  return `${textAt(source, 'kind') ?? ''} ${textAt(source, 'name') ?? ''}`
}

function pathDepth(kustomization: Manifest): number {
  return pathOf(kustomization).split('/').length
}

/** Names for roots by their paths: the path segments that tell the roots apart: clusters/infra/flux and clusters/apps/flux are 'infra' and 'apps'. */
export function clusterNames(paths: readonly string[]): Map<string, string> {
  const split = paths.map(path => path.split('/'))
  const [first] = split
  if (first === undefined) return new Map()
  if (split.length === 1) return new Map([[paths[0] ?? '', first.at(-1) || 'cluster']])
  let start = 0
  while (split.every(segments => segments[start] !== undefined && segments[start] === first[start])) start++
  let end = 0
  while (
    split.every(segments => segments.length - end > start + 1 && segments.at(-1 - end) === first.at(-1 - end))
  )
    end++
  return new Map(
    split.map((segments, index) => [
      paths[index] ?? '',
      segments.slice(start, segments.length - end).join('/') || (segments.at(-1) ?? 'cluster'),
    ]),
  )
}
