import type { ClusterConfig } from '../config/config.ts'
import type { Finding } from '../manifest/finding.ts'
import { textAt, type JsonObject } from '../manifest/json.ts'
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
}

/** Entries of the configuration and of --entry: a root that is not in Git. */
export type ConfiguredEntry = Pick<ClusterConfig, 'name' | 'path'> & Partial<Pick<ClusterConfig, 'variables'>>

export function isFluxKustomization(manifest: Manifest): boolean {
  return (
    manifest.kind === 'Kustomization' &&
    (textAt(manifest, 'apiVersion') ?? '').startsWith('kustomize.toolkit.fluxcd.io/')
  )
}

/**
 * Finds where Flux starts, from what stands in the tree.
 *
 * 1. roots of the configuration and of --entry;
 * 2. what flux-operator makes of a FluxInstance (given as `instances`, each the Kustomization and source it creates);
 * 3. Kustomizations that apply the very file they stand in, as `flux bootstrap` writes them (gotk-sync.yaml);
 * 4. else Kustomizations whose file no other one's path covers: a guess, and said so.
 *
 * @param kustomizations every Flux Kustomization of the source files, reachable or not
 */
export function findEntryPoints(
  configured: readonly ConfiguredEntry[],
  instances: readonly (SourceObject & { sources: Manifest[] })[],
  kustomizations: readonly SourceObject[],
): { entryPoints: EntryPoint[]; findings: Finding[] } {
  const roots = new Map<string, EntryPoint>()
  const add = (root: EntryPoint) => {
    const key = pathOf(root.root)
    if (!roots.has(key)) roots.set(key, root)
  }
  const findings: Finding[] = []
  for (const entry of configured) {
    // the object in the tree knows its source; what is not in Git is made up
    const written = kustomizations.find(
      ({ manifest, file }) => pathOf(manifest) === clampPath(entry.path) && covers(manifest, file),
    )
    const operated = instances.find(({ manifest }) => pathOf(manifest) === clampPath(entry.path))
    const found = operated ?? written
    add({
      name: entry.name,
      root: found?.manifest ?? rootAt(entry.path),
      ...(found === undefined ? {} : { place: { file: found.file, line: found.line } }),
      sources: operated?.sources ?? [],
      variables: new Map(Object.entries(entry.variables ?? {})),
    })
  }
  if (configured.length === 0) {
    for (const { manifest, sources, file, line } of instances)
      add({ root: manifest, sources, variables: new Map(), place: { file, line } })
    const selfApplied = kustomizations.filter(({ manifest, file }) => covers(manifest, file))
    for (const { manifest, file, line } of selfApplied.toSorted(
      (a, b) => pathDepth(a.manifest) - pathDepth(b.manifest),
    ))
      add({ root: manifest, sources: [], variables: new Map(), place: { file, line } })
    if (roots.size === 0) {
      const topmost = kustomizations.filter(
        ({ file }) => !kustomizations.some(other => other.file !== file && covers(other.manifest, file)),
      )
      for (const { manifest, file, line } of topmost) {
        add({ root: manifest, sources: [], variables: new Map(), place: { file, line } })
        findings.push({
          ruleId: 'render-entry-guessed',
          level: 'note',
          message: `Nothing in the tree says where Flux starts; Kustomization ${identify(manifest).name} is taken as a root because no other one applies it.`,
          repair: 'Name the roots under `clusters:` in .github/cnpg-steward.yaml.',
          file,
          line,
        })
      }
    }
  }
  return { entryPoints: [...roots.values()], findings }
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

function covers(kustomization: Manifest, file: string): boolean {
  const directory = pathOf(kustomization)
  // the whole repository: as `flux bootstrap` writes it where no path is given; another source's root is './', too
  if (directory === '')
    return identify(kustomization).name === textAt(kustomization, 'spec', 'sourceRef', 'name')
  return file.startsWith(`${directory}/`)
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
