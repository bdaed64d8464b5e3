/** How a database is, worst last (design: one state per database). */
export type State = 'healthy' | 'unknown' | 'progressing' | 'attention' | 'failed'

const ORDER: readonly State[] = ['healthy', 'unknown', 'progressing', 'attention', 'failed']

/**
 * One observation that makes the state what it is. `note` changes nothing: what the spec never asked for, or what explains.
 * `unknown`: something that decides could not be read.
 */
export interface Reason {
  state: Exclude<State, 'healthy'> | 'note'
  /** 'primary-fenced': the rule that found it */
  id: string
  /** one sentence */
  message: string
  /** where it shows: fields with their values, as read */
  evidence: string[]
  /** what a person does about it */
  repair?: string
}

export interface Judgement {
  state: State
  /** worst first; among equals in the order of the rules */
  reasons: Reason[]
}

/** The worst of the reasons; healthy without any that counts. */
export function worst(reasons: readonly Reason[]): State {
  return reasons.reduce<State>(
    (state, reason) =>
      reason.state !== 'note' && ORDER.indexOf(reason.state) > ORDER.indexOf(state) ? reason.state : state,
    'healthy',
  )
}

/** Worst first, notes last; equals stay in their order. */
export function byState(reasons: readonly Reason[]): Reason[] {
  const rank = ({ state }: Reason) => (state === 'note' ? -1 : ORDER.indexOf(state))
  return reasons.toSorted((a, b) => rank(b) - rank(a))
}
