import type { WantedUpdate } from './wanted-update.ts'

/** One change on GitHub, with what must still be so for it to be made. Done twice, it changes nothing the second time. */
export type UpdateStep =
  /** a commit on `base`, and the branch moved to it; `before` undefined: there is no such branch yet */
  | {
      step: 'push'
      branch: string
      before: string | undefined
      base: string
      wanted: WantedUpdate
      message: string
      /** the pull request whose foreign head is thrown away, as a person asked: told there first */
      replaces?: { number: number; head: string }
    }
  | {
      step: 'open'
      branch: string
      title: string
      body: string
      draft: boolean
    }
  | {
      step: 'edit'
      number: number
      /** what title and body are now: edited meanwhile, they are looked at again first */
      seen: { title: string; body: string }
      title?: string
      body?: string
      addLabels: readonly string[]
      removeLabels: readonly string[]
      draft?: boolean
      /** written before all else */
      comment?: OwnComment
    }
  | {
      step: 'check'
      head: string
      externalId: string
      conclusion: 'success' | 'neutral' | 'failure'
      title: string
      summary: string
    }
  | { step: 'close'; number: number; comment: OwnComment }
  | { step: 'delete-branch'; branch: string; before: string }
  | { step: 'merge'; number: number; head: string }

/** The issue that lists all updates, made or brought up to date. */
export interface DashboardStep {
  number: number | undefined
  body: string
  /** further issues of ours, of runs that raced: closed */
  duplicates: readonly number[]
}

export interface OwnComment {
  marker: string
  text: string
}

/** What was decided for one update. */
export interface UpdateDecision {
  state: UpdateState
  step?: UpdateStep
  /** one sentence, for people */
  notes: readonly string[]
}

export type UpdateState =
  | 'idle'
  | 'frozen'
  | 'unknown'
  /** what was read does not fit together: somebody is at it */
  | 'moving'
  | 'held'
  | 'queued'
  | 'ignored'
  | 'new'
  | 'open'
  | 'edited'
  | 'abandoned'
  | 'foreign'
  | 'closing'
