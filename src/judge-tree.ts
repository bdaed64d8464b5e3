import type { Config } from './config/config.ts'
import type { Tree } from './manifest/tree.ts'
import { renderTree } from './render-tree.ts'
import { verdictOf, type Review, type Revision } from './report/review.ts'
import type { ReviewTools } from './review-pull-request.ts'
import { validateTree } from './validate-tree.ts'

export interface JudgeRequest {
  tree: Tree
  revision: Revision
  config: Config
  entries: { name: string; path: string }[]
}

/**
 * A whole tree as a review without changes: each of its findings counts. What could not be judged is listed and sets the
 * verdict only where nothing was found to render, as with `validate` on the command line: most trees have a few kinds
 * without a schema.
 */
export async function judgeTree(request: JudgeRequest, tools: ReviewTools): Promise<Review> {
  const started = tools.clock()
  const { tree, revision, config, entries } = request
  const rendered = await renderTree({ tree, config, entries }, tools)
  const { findings, suppressed, incomplete, versions } = await validateTree(tree, rendered, config, tools)
  const { kustomizations, helmReleases } = rendered
  const units = [...kustomizations, ...helmReleases]
  return {
    version: 1,
    base: revision,
    head: revision,
    verdict: verdictOf({
      findings,
      impacts: [],
      incomplete: incomplete.filter(({ reason }) => reason === 'no-entry-point'),
    }),
    findings,
    impacts: [],
    changes: [],
    incomplete,
    stats: {
      existing: 0,
      suppressed,
      objects: units.reduce((sum, { objects }) => sum + objects.length, 0),
      kustomizations: kustomizations.length,
      helmReleases: helmReleases.length,
      rendered: units.length,
      seconds: Math.round((tools.clock() - started) / 100) / 10,
      versions: [...versions, tools.kustomize.version],
      clusters: [...new Set(units.map(({ cluster }) => cluster))].filter(name => name !== ''),
      noise: [],
    },
  }
}
