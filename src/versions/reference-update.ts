import type { Choice } from './choose-update.ts'
import type { SignatureOutcome } from './judge-signature.ts'
import type { Hold, Proposal } from './proposal.ts'
import type { ReleaseAge } from './release-age.ts'
import type { VersionReference } from './reference.ts'
import type { UpdateEdits } from './update-edits.ts'

/** What is known of one reference, and what could be done. */
export interface ReferenceUpdate {
  reference: VersionReference
  /** what is proposed */
  choice?: Choice
  edits?: Extract<UpdateEdits, { ok: true }>
  /** why what could be proposed is not, or cannot be written; one sentence each */
  held: readonly string[]
  /** why what is proposed waits: a comment, a file that nothing applies, a condition that is not met */
  holds?: readonly Hold[]
  /** what the signatures of what is proposed say; absent: it cannot have any, or nobody looked */
  signature?: SignatureOutcome
  /** how long it is out; absent: nobody looked */
  age?: ReleaseAge
  /** what could be asked for */
  onRequest: readonly Choice[]
  remarks: readonly string[]
  /** why nothing is known: the source did not answer, or has no such thing */
  unknown?: string
}

export interface ProposedUpdates {
  /** one a reference, in the order of files and lines */
  updates: readonly ReferenceUpdate[]
  /** what becomes pull requests, the most urgent first; those that wait, too */
  proposals: readonly Proposal[]
  unread: readonly { file: string; reason: string }[]
}
