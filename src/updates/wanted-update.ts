import type { ProposedEdit } from './identity.ts'
import type { UpdateSettings } from './settings.ts'

/** A file as the update leaves it. */
export interface UpdatedFile {
  path: string
  /** git's id of what stands there now */
  before: string
  text: string
}

/** Why an update is not opened yet; one sentence. */
export interface HeldReason {
  message: string
  /** a person may have it opened all the same: its age, a window, a class that wants to be approved */
  approvable: boolean
}

/** An update that the tree could have, with everything that its pull request says. */
export interface WantedUpdate {
  /** see `updateId` */
  key: string
  /** for people, in the name of the branch: 'cloudnative-pg' */
  slug: string
  /** what is updated: 'ghcr.io/cloudnative-pg/postgresql' */
  name: string
  /** '17.6 → 17.9' */
  change: string
  /** the version it leads to, as the tree will say it */
  to: string
  classes: readonly string[]
  edits: readonly ProposedEdit[]
  files: readonly UpdatedFile[]
  title: string
  /** markdown, at most 50,000 characters */
  text: string
  labels: readonly string[]
  held: readonly HeldReason[]
  verdict: {
    verdict: 'ready' | 'attention' | 'blocked' | 'incomplete'
    title: string
    summary: string
  }
  /** the policy lets it be merged without a person, where the verdict is ready */
  automerge: boolean
  /** who goes first where not all may be opened: the higher */
  priority: number
}

/** What a person may ask for, and nobody is given unasked. */
export interface OfferedUpdate {
  /** see `updateId` */
  id: string
  name: string
  /** '17.6 → 18.1 (pg-major)' */
  change: string
}

/** What a tree could have. */
export interface UpdatePlan {
  /** the commit of the base branch that it was made from */
  base: string
  wanted: readonly WantedUpdate[]
  /** on request */
  offered: readonly OfferedUpdate[]
  /** ids of updates whose versions could not be asked for, and why: nothing is concluded from their absence */
  unknown: ReadonlyMap<string, string>
  /** ids of updates that the tree could have but for nothing newer → the version that it says */
  current: ReadonlyMap<string, string>
  settings: UpdateSettings
  /** lines for the dashboard beside the updates: what was not read, who else updates here */
  remarks: readonly string[]
  /** whether every file was read: an update that is not named is then gone with what it was for */
  complete: boolean
  /** why nothing at all is to be done: a configuration that cannot be read */
  frozen?: string
}
