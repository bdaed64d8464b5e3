import type { SignatureOutcome } from './judge-signature.ts'
import type { Hold } from './proposal.ts'

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
   * @param now ISO time, as what it returns
   */
  firstSeen(name: string, version: string, now: string): Promise<string>
}

const DAY = 86_400_000

/**
 * The age that counts: when it was signed, else when it was seen first. What the publisher writes into the image
 * (org.opencontainers.image.created) counts for nothing: whoever publishes a bad version can date it back.
 */
export function releaseAge(signature: SignatureOutcome | undefined, seen: string | undefined): ReleaseAge {
  if (signature?.outcome === 'verified' && signature.signedAt !== undefined)
    return { basis: 'signed', since: signature.signedAt }
  return seen === undefined ? { basis: 'unknown' } : { basis: 'first-seen', since: seen }
}

/**
 * Why an update waits for its age; undefined: it is old enough.
 * @param days that it has to be out, of the policy of its classes
 * @param now ISO time
 */
export function heldByAge(days: number, age: ReleaseAge, now: string): Hold | undefined {
  if (days <= 0) return undefined
  const wanted = `${days} day${days === 1 ? '' : 's'}`
  if (age.basis === 'unknown')
    return {
      kind: 'age',
      message: `It has to be out for ${wanted}, and nobody knows how long it is.`,
      repair: 'Give it a place to remember when it saw a version first.',
    }
  const until = new Date(Date.parse(age.since) + days * DAY).toISOString()
  if (Date.parse(until) <= Date.parse(now)) return undefined
  const how = age.basis === 'signed' ? 'was signed' : 'was first seen'
  return {
    kind: 'age',
    message: `It has to be out for ${wanted}, and ${how} at ${minuteOf(age.since)}: not before ${minuteOf(until)}.`,
    until,
  }
}

/** '2026-08-17 08:33 UTC' */
export function minuteOf(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`
}
