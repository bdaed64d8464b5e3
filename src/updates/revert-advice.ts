import { idOfBranch } from './identity.ts'
import { readMarker } from './marker.ts'

/** Whether a merged update can be taken back by reverting its commit, and why not. One sentence. */
export interface RevertAdvice {
  safe: boolean
  reason: string
}

/**
 * What reverting an update would do, by its classes: as its hidden line keeps them (`cl`). Versions of a database's files and of an
 * operator's objects go forward only.
 */
export function revertAdvice(classes: readonly string[]): RevertAdvice {
  if (classes.includes('pg-major'))
    return no(
      'A major upgrade of PostgreSQL rewrites the data directory: the way back is a restore from the backup made before it.',
    )
  if (classes.includes('os-change'))
    return no(
      'Indexes may have been written under the collations of the new operating system: going back wants a reindex of text columns.',
    )
  if (classes.includes('operator-minor'))
    return no(
      'An older operator may not know fields that the newer one has stored: it is not meant to be taken back a minor.',
    )
  if (classes.some(kind => MAY_MIGRATE.has(kind)))
    return no(
      'What it runs may have changed its own data on the way up: its notes say whether the version before can still read that.',
    )
  if (classes.length === 0) return no('What kind of update it was is not known.')
  return {
    safe: true,
    reason: 'Reverting it brings back the version before, with one more restart of what it is for.',
  }
}

/** Of packages that are neither PostgreSQL nor its operator; nobody here knows what they do with their data. */
const MAY_MIGRATE = new Set(['major', 'breaking', 'pre-release'])

/**
 * The classes of the update that a merged pull request was; undefined where it was none of ours: anybody can name a branch so, or write
 * such a line.
 * @param self login of who keeps updates
 */
export function mergedUpdate(
  pull: { branch: string; isFork: boolean; author: string | undefined; body: string },
  self: string,
): readonly string[] | undefined {
  const id = idOfBranch(pull.branch)
  if (id === undefined || pull.isFork || pull.author !== self) return undefined
  const marker = readMarker(pull.body)
  // a text that somebody has emptied: an update of an unknown kind
  return marker?.k === id ? marker.cl : []
}

function no(reason: string): RevertAdvice {
  return { safe: false, reason }
}
