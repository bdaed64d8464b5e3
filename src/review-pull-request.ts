import type { Tree } from './manifest/tree.ts'
import type { ChartSource, HelmTemplate, KustomizeBuild } from './render/tools.ts'
import type { Review, Revision } from './report/review.ts'

export interface ReviewRequest {
  base: Tree
  head: Tree
  baseRevision: Revision
  headRevision: Revision
  /** print findings that stood in base, too */
  all: boolean
  /** roots that are not in Git: --entry NAME=PATH */
  entries: { name: string; path: string }[]
}

export interface ReviewTools {
  kustomize: KustomizeBuild
  /** absent: no helm found; HelmReleases are reported as not rendered */
  helm?: HelmTemplate
  charts: ChartSource
  /** milliseconds, any epoch */
  clock: () => number
  /** one line of what is being done, for a person who waits */
  progress: (message: string) => void
}

/** Renders base and head, validates, diffs and judges. */
export async function reviewPullRequest(request: ReviewRequest, tools: ReviewTools): Promise<Review> {
  tools.progress(`reading ${request.base.name} and ${request.head.name}`)
  return await Promise.reject(new Error('the story is being built'))
}
