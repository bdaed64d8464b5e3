import type { Choice } from './choose-update.ts'
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
  /** what could be asked for */
  onRequest: readonly Choice[]
  remarks: readonly string[]
  /** why nothing is known: the source did not answer, or has no such thing */
  unknown?: string
}

export interface ProposedUpdates {
  /** one a reference, in the order of files and lines */
  updates: readonly ReferenceUpdate[]
  unread: readonly { file: string; reason: string }[]
}
