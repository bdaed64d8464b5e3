import type { ClassPolicy } from '../config/updates-config.ts'
import type { Choice, UpdateClass } from './choose-update.ts'
import type { Pointer } from './reference.ts'
import type { ReferenceUpdate } from './reference-update.ts'
import type { UpdateEdits } from './update-edits.ts'

/** What becomes one pull request: one reference, or several that move together. */
export interface Proposal {
  /** 'v1|image|ghcr.io/cloudnative-pg/postgresql|pg17/system/trixie': what it is about, whatever the version it goes to */
  updateKey: string
  /** the first ten hex digits of the SHA-256 of `updateKey`: one branch and one open pull request for each */
  key: string
  /** SHA-256 of `edits`, in hex: what is remembered as refused. The commit it starts from is no part of it. */
  content: string
  /** for titles and branches: 'postgresql', 'cloudnative-pg', the name of a group */
  name: string
  /** why the members are together; absent: they are of one package */
  group?: ProposalGroup
  /** those it is about first; at least one */
  members: readonly ProposalMember[]
  /** of all members, the most demanding first */
  classes: readonly UpdateClass[]
  /** the strictest of what the policies of its classes say */
  policy: ClassPolicy
  /** of all members, in the order of files, documents and pointers */
  edits: readonly ProposedEdit[]
  /** why no pull request is opened now; none: it may be */
  holds: readonly Hold[]
}

export interface ProposalGroup {
  kind:
    | 'configured'
    /** small updates of one database, so that it restarts once */
    | 'database'
    /** a new major, with the images that must follow it */
    | 'major'
  /** of the configured group, or of the database ('apps/db') */
  name: string
  /** all members go to one version, or none does */
  lockStep: boolean
}

/** A reference that has somewhere to go, and the edits that take it there. */
export interface ProposalMember extends ReferenceUpdate {
  choice: Choice
  edits: Extract<UpdateEdits, { ok: true }>
}

/** One value of one file; `from` and `to` hold tag and digest. */
export interface ProposedEdit {
  path: string
  /** index of the document in the file, empty ones counted */
  document: number
  pointer: Pointer
  from: string
  to: string
}

/** Why a proposal waits. */
export interface Hold {
  kind: HoldKind
  /** one sentence */
  message: string
  /** the way out, one sentence */
  repair?: string
  /** when it ends by itself, ISO time; absent: it does not, or nobody knows when */
  until?: string
}

export type HoldKind =
  /** a comment beside the version */
  | 'comment'
  /** a person has to ask for it */
  | 'approval'
  /** another member of its group cannot follow, or is not there yet */
  | 'lock-step'
  /** what must be so before a new major of PostgreSQL */
  | 'precondition'
  /** the signature is not what it must be */
  | 'signature'
  /** too young, or nobody knows how old */
  | 'age'
  /** the window for it is closed */
  | 'window'
  /** as many pull requests as may be open are */
  | 'limit'

/** What ends by waiting. It keeps pull requests from being opened by themselves, not a person from what they ask for now. */
export function isWaiting({ kind }: Hold): boolean {
  return kind === 'age' || kind === 'window' || kind === 'limit'
}
