import { BaseWork } from './base-work.ts'
import type { Config } from './config/config.ts'
import { editUpdates } from './edit-updates.ts'
import { overlayTree } from './manifest/overlay-tree.ts'
import type { Tree } from './manifest/tree.ts'
import type { Revision } from './report/review.ts'
import type { ReviewedProposal } from './report/reviewed-proposal.ts'
import { reviewPullRequest, type ReviewTools } from './review-pull-request.ts'
import type { Proposal } from './versions/proposal.ts'

export interface ProposalReviewRequest {
  /** what the proposals were made for */
  tree: Tree
  revision: Revision
  config: Config
  /** roots that are not in Git */
  entries: { name: string; path: string }[]
  /** shared with others who review changes of the same tree */
  work?: BaseWork
}

/**
 * Reviews each proposal as the pull request that it would be: with its edits in memory, and so with the charts, CRDs and images
 * that it brings. What they have in common, the tree as it is, is worked on once.
 * @param refusal why the tools are not there, one sentence: then nothing is reviewed, and each says so
 */
export async function reviewProposals(
  proposals: readonly Proposal[],
  request: ProposalReviewRequest,
  tools: ReviewTools | { refusal: string },
): Promise<ReviewedProposal[]> {
  const { work = new BaseWork(request.tree) } = request
  const reviewed: ReviewedProposal[] = []
  for (const [index, proposal] of proposals.entries()) {
    if ('refusal' in tools) reviewed.push({ ...proposal, unreviewed: tools.refusal })
    else {
      tools.progress(`reviewing ${proposal.name} (${index + 1} of ${proposals.length})`)
      reviewed.push(await reviewProposal(proposal, { ...request, work }, tools))
    }
  }
  return reviewed
}

async function reviewProposal(
  proposal: Proposal,
  { revision, config, entries, work }: ProposalReviewRequest & { work: BaseWork },
  tools: ReviewTools,
): Promise<ReviewedProposal> {
  const edited = await editUpdates(proposal.members, work.tree, { held: true })
  const files = new Map<string, Uint8Array>()
  for (const one of edited) {
    // what cannot be written is no proposal: all of it or nothing
    if (!one.ok) return { ...proposal, unreviewed: one.reason }
    files.set(one.file, one.bytes)
  }
  const stale = edited.flatMap(one =>
    one.ok ? one.stale.map(({ line, text }) => ({ file: one.file, line, text })) : [],
  )
  const review = await reviewPullRequest(
    {
      base: work.tree,
      head: overlayTree(work.tree, files, proposal.name),
      baseRevision: revision,
      headRevision: { ref: `update of ${proposal.name}` },
      config,
      configFindings: [],
      all: false,
      entries,
      work,
    },
    tools,
  )
  return { ...proposal, review, stale }
}
