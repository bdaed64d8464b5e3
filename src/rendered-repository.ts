import type { RenderAgain } from './chart-value.ts'
import type { Config } from './config/config.ts'
import type { FluxVersion } from './flux-versions.ts'
import type { RenderedTree } from './manifest/rendered.ts'
import type { Tree } from './manifest/tree.ts'
import { clusterNames } from './render/entry-points.ts'
import type { RenderCache } from './render/render-cache.ts'
import type { Artifact } from './render/source-ignore.ts'
import type { ChartSource, HelmTemplate, KustomizeBuild } from './render/tools.ts'
import type { UnitSource } from './render/walk.ts'

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
  /** the project whose charts install the kinds of an API group; undefined or absent: not known */
  projectOf?: (group: string) => string | undefined
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
