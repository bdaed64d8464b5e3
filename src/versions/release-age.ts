import type { UpdateClass } from './choose-update.ts'
import type { SignatureOutcome } from './judge-signature.ts'

/** How long a version is out, and how that is known. */
export type ReleaseAge =
  /** the time in the transparency log, which the publisher cannot choose */
  | { basis: 'signed'; since: string }
  /** since this installation saw that very digest under that tag first */
  | { basis: 'first-seen'; since: string }
  /** not known: nothing is old enough */
  | { basis: 'unknown' }

/** Remembers when a version was seen first. Port; forgetting restarts the clock, it never makes a version older. */
export interface FirstSeen {
  /**
   * When that version was seen first; now, where it never was, and from then on.
   * @param version with its digest where it has one: a tag that is pushed again is new
   */
  firstSeen(name: string, version: string, now: Date): Promise<Date>
}

/** A person's word that lets pass what is too young. */
export const YOUNG = 'young'

/**
 * Days that a version has to be out before it is proposed, by class: what restarts databases is not tried out on them first.
 * Not longer: PostgreSQL 17.8 was replaced after six days (catalogs of 2026-02), a week would have skipped it.
 */
export const MINIMUM_AGE_DAYS: Readonly<Record<UpdateClass, number>> = {
  'pg-minor': 3,
  rebuild: 3,
  'pg-major': 3,
  'operator-patch': 3,
  'operator-minor': 3,
}

const DAY = 86_400_000

/**
 * The age that counts: when it was signed, else when it was seen first. What the publisher writes into the image
 * (org.opencontainers.image.created) counts for nothing: whoever publishes a bad version can date it back.
 */
export function releaseAge(signature: SignatureOutcome | undefined, seen: Date | undefined): ReleaseAge {
  if (signature?.outcome === 'verified' && signature.signedAt !== undefined)
    return { basis: 'signed', since: signature.signedAt }
  return seen === undefined ? { basis: 'unknown' } : { basis: 'first-seen', since: seen.toISOString() }
}

/**
 * Why an update is held for its age, one sentence with the day it ends; undefined: it is old enough, or need not be.
 * @param minimum days by class; a class that is not named need not wait
 */
export function heldByAge(
  classes: readonly UpdateClass[],
  age: ReleaseAge,
  now: Date,
  allowed: readonly string[],
  minimum: Readonly<Record<UpdateClass, number>> = MINIMUM_AGE_DAYS,
): string | undefined {
  const days = Math.max(0, ...classes.map(kind => minimum[kind] ?? 0))
  if (days === 0 || allowed.includes(YOUNG)) return undefined
  const approval = ` (--allow ${YOUNG} lets it pass)`
  const wait = `${classes.join(', ')} waits ${days} day${days === 1 ? '' : 's'}`
  if (age.basis === 'unknown') return `Nobody knows how long it is out, and ${wait}${approval}.`
  const ready = new Date(Date.parse(age.since) + days * DAY)
  if (ready <= now) return undefined
  const how = age.basis === 'signed' ? 'was signed' : 'was first seen'
  return `It ${how} at ${minute(age.since)}, and ${wait}: until ${minute(ready.toISOString())}${approval}.`
}

/** '2026-08-17 08:33 UTC' */
function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`
}
