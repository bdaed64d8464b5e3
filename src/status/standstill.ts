import type { DatabaseStatus } from './database-status.ts'
import type { State } from './state.ts'

/** How long a database has been in one state, as it was seen. Plain data. */
export interface Standstill {
  state: State
  /** milliseconds since 1970 */
  since: number
  samples: number
}

/** A state must have held still so long, and been seen so often, before it is believed. */
export const STILL_MS = 10_000
export const STILL_SAMPLES = 3

/** @param at when `status` was read, in milliseconds since 1970 */
export function standstill(
  before: Standstill | undefined,
  { state }: DatabaseStatus,
  at: number,
): Standstill {
  return before?.state === state
    ? { ...before, samples: before.samples + 1 }
    : { state, since: at, samples: 1 }
}

/**
 * Whether nothing is left to wait for: the database is healthy and has held still, or stands where it will not go on by itself.
 * Right after an edit the status is that of the spec before, and in a failover replicas are away for seconds: neither is believed
 * at first sight.
 */
export function isSettled(
  { state, since, samples }: Standstill,
  status: DatabaseStatus,
  at: number,
): boolean {
  if (state === 'progressing' || isOutOfReach(status)) return false
  return at - since >= STILL_MS && samples >= STILL_SAMPLES
}

/** An API server that does not answer may be back soon; a missing permission or a wrong name stays. */
function isOutOfReach({ state, collected }: DatabaseStatus): boolean {
  return (
    state === 'unknown' &&
    collected.unread.some(({ reason }) => reason === 'timeout' || reason === 'unreachable')
  )
}
