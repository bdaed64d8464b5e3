import { OPEN, readMarker } from './marker.ts'
import type { SeenClosed, SeenUpdate } from './observation.ts'
import type { WantedUpdate } from './wanted-update.ts'

/** A person asks by the dashboard for a proposal, whatever was said in pull requests up to a number. */
export interface AskedFor {
  proposal: string
  after: number
}

/** The newest pull request of an update; 0 where it had none. */
export function newestNumber({ closed, pull }: SeenUpdate): number {
  return Math.max(0, pull?.number ?? 0, ...closed.map(({ number }) => number))
}

/** Whether a person asks for exactly this, now: a tick for another proposal, or made before a later refusal, is stale. */
export function isAskedFor(seen: SeenUpdate, proposal: string, asked: AskedFor | undefined): boolean {
  return asked !== undefined && asked.proposal === proposal && asked.after === newestNumber(seen)
}

/** Pull requests up to this one no longer speak against the update. */
export function voidedUpTo(seen: SeenUpdate, isAsked: boolean): number {
  const bodies = [...seen.closed, ...(seen.pull === undefined ? [] : [seen.pull])]
  const before = Math.max(0, ...bodies.map(({ body }) => readMarker(body)?.un ?? 0))
  return isAsked ? Math.max(before, newestNumber(seen)) : before
}

/**
 * The pull request by whose closing a person refused exactly this proposal. The newest one with it counts, and not one that we
 * closed ourselves. Between a push and the edit of its pull request the head says what was refused, so both are heeded.
 */
export function rejectedBy(
  closed: readonly SeenClosed[],
  proposal: string,
  voided: number,
): number | undefined {
  const newest = closed.find(
    one => !one.merged && (readMarker(one.body)?.p === proposal || one.headProposal === proposal),
  )
  if (newest === undefined || newest.number <= voided) return undefined
  const marker = readMarker(newest.body)
  // a body that was emptied still was a refusal
  return marker === undefined || marker.st === OPEN ? newest.number : undefined
}

/** The merged pull request whose change somebody took back since. */
export function revertedSince(
  closed: readonly SeenClosed[],
  proposal: string,
  voided: number,
): number | undefined {
  return closed.find(
    ({ merged, body, number }) => merged && number > voided && readMarker(body)?.p === proposal,
  )?.number
}

/** The wish of a person that covers this proposal, as it was written down; undefined where none does. */
export function ignoredBy(
  seen: SeenUpdate,
  wanted: Pick<WantedUpdate, 'classes'>,
  proposal: string,
  { voided, day }: { voided: number; day: string },
): string | undefined {
  const pulls = [...(seen.pull === undefined ? [] : [seen.pull]), ...seen.closed]
  return pulls
    .filter(({ number }) => number > voided)
    .flatMap(({ body }) => readMarker(body)?.ig ?? [])
    .find(wish => covers(wish, wanted, proposal, day))
}

function covers(
  wish: string,
  { classes }: Pick<WantedUpdate, 'classes'>,
  proposal: string,
  day: string,
): boolean {
  const [kind = '', value = ''] = wish.split(/:(.*)/)
  if (kind === 'this') return value === proposal
  if (kind === 'until') return day < value
  // 'minor' is the minor of whatever it is: of PostgreSQL, of the operator, of any chart
  return kind === 'class' && classes.some(one => one === value || one.endsWith(`-${value}`))
}
