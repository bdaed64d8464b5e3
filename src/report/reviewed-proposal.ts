import type { Proposal } from '../versions/proposal.ts'
import type { ProposedUpdates } from '../versions/reference-update.ts'
import type { Review } from './review.ts'

/** A proposal with what the review says of it. */
export interface ReviewedProposal extends Proposal {
  /** of the tree with all its edits; absent: nobody could review it, see `unreviewed` */
  review?: Review
  /** why there is no review, one sentence */
  unreviewed?: string
  /** of a new major of PostgreSQL: what a person has to see to, one sentence each with what to do */
  todo?: readonly { message: string; repair: string }[]
  /** comments that name what will no longer be true; absent: nobody looked */
  stale?: readonly { file: string; line: number; text: string }[]
}

export interface ReviewedUpdates extends ProposedUpdates {
  proposals: readonly ReviewedProposal[]
}
