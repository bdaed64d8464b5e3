import { appliedFiles } from './applied-files.ts'
import type { BaseWork } from './base-work.ts'
import type { Config } from './config/config.ts'
import { proposeUpdates, type UpdateTools } from './propose-updates.ts'
import type { ReviewedUpdates } from './report/reviewed-proposal.ts'
import type { Revision } from './report/review.ts'
import type { ReviewTools } from './review-pull-request.ts'
import { reviewProposals } from './review-proposals.ts'

export interface LookRequest {
  work: BaseWork
  revision: Revision
  config: Config
  /** roots that are not in Git */
  entries: { name: string; path: string }[]
  /** classes, and keys of updates, that a person asked for */
  allow: readonly string[]
  /** ISO time */
  now: string
}

/**
 * What could be updated, each proposal with its verdict: which files are applied, what they refer to, what newer there is, what goes
 * together, and what merging it would do.
 * @param tools for reviewing; or why there are none, which each proposal then says
 */
export async function lookForUpdates(
  { work, revision, config, entries, allow, now }: LookRequest,
  sources: Pick<UpdateTools, 'source' | 'assurance'>,
  tools: (ReviewTools | { refusal: string }) & { progress: (message: string) => void },
): Promise<ReviewedUpdates> {
  const { tree } = work
  const applied = 'refusal' in tools ? undefined : await appliedFiles({ tree, config, entries }, tools)
  const proposed = await proposeUpdates(
    { tree, config: config.updates, allow, now, ...(applied === undefined ? {} : { applied }) },
    { ...sources, progress: tools.progress },
  )
  const request = { tree, revision, config, entries, work, allow }
  return { ...proposed, proposals: await reviewProposals(proposed.proposals, request, tools) }
}
