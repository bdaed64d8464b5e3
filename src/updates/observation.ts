import type { BranchOwner } from './ownership.ts'

/** The branch of an update. */
export interface SeenBranch extends BranchOwner {
  name: string
  head: string
}

/** An open pull request from the branch of an update. */
export interface SeenPull {
  number: number
  /** opened by us, from this repository, into the base branch */
  ours: boolean
  title: string
  body: string
  labels: readonly string[]
  draft: boolean
  head: string
  /** false: it conflicts; undefined: GitHub has not found out yet */
  mergeable: boolean | undefined
  /** GitHub's word: 'clean', 'behind', 'blocked', 'unstable', … */
  mergeState: string
  /** the check of ours on its head */
  check?: { externalId: string; conclusion: string; title: string }
}

/** A pull request of ours that was closed or merged. */
export interface SeenClosed {
  number: number
  merged: boolean
  body: string
  head: string
  /** proposal of its head commit, where that is ours */
  headProposal?: string
}

/** What GitHub shows of one update. */
export interface SeenUpdate {
  id: string
  branch?: SeenBranch
  pull?: SeenPull
  /** newest first */
  closed: readonly SeenClosed[]
}

/** The issue that lists all updates. */
export interface SeenDashboard {
  number: number
  body: string
  open: boolean
  /** further ones of ours, of runs that raced */
  duplicates: readonly number[]
}

/** What is looked at first: it decides what is worked out. */
export interface SeenFirst {
  /** the commit that the base branch stands at */
  base: string
  /** id of an update → its branch */
  branches: ReadonlyMap<string, { name: string; head: string }>
  dashboard?: SeenDashboard
}

/** What GitHub shows of a repository, read at one time. */
export interface SeenRepository {
  base: string
  updates: ReadonlyMap<string, SeenUpdate>
  /** pull requests of updates that were opened in the last hour */
  lastHour: number
  dashboard?: SeenDashboard
}
