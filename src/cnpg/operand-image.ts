import { compareVersions } from '../manifest/compare-versions.ts'
import { isProjectPostgres, readImageReference } from '../manifest/image-reference.ts'
import { OLDEST_OPERATOR, releaseOf } from './admission/operator-release.ts'

export { compareVersions } from '../manifest/compare-versions.ts'

/** What a PostgreSQL image says of itself in its tag. */
export interface OperandImage {
  /** as written */
  reference: string
  /** '' without one */
  tag: string
  /** what the operator takes for the version; undefined where the tag does not begin with one */
  major?: number
  /** 'minimal', 'standard', 'system' */
  flavour?: string
  /** 'bullseye', 'bookworm', 'trixie': the Debian release, and with it glibc and the collations */
  distribution?: string
}

/**
 * Reads an image reference. The operator takes the major from the digits at the start of the tag (cloudnative-pg/machinery,
 * pkg/postgres/version, FromTag); flavour and Debian release follow postgres-containers' README.
 */
export function readOperandImage(reference: string): OperandImage {
  const { name, tag = '' } = readImageReference(reference)
  const major = /^[0-9]+/.exec(tag)?.[0]
  const flavour = /-(minimal|standard|system)(?:-|$)/.exec(tag)?.[1]
  const distribution = /-(bullseye|bookworm|trixie)(?:-|$)/.exec(tag)?.[1]
  // a bare MM.mm of the project's own images is system on bullseye
  const bare = /^[0-9]+(?:\.[0-9]+)?$/.test(tag) && isProjectPostgres(name)
  return {
    reference,
    tag,
    ...(major === undefined ? {} : { major: Number(major) }),
    ...(flavour === undefined ? (bare ? { flavour: 'system' } : {}) : { flavour }),
    ...(distribution === undefined ? (bare ? { distribution: 'bullseye' } : {}) : { distribution }),
  }
}

/**
 * The image that a Cluster without one gets.
 * @param operator '1.28.0'
 * @returns undefined for operators older than those whose default is known
 */
export function defaultOperandImage(operator: string): string | undefined {
  return compareVersions(operator, OLDEST_OPERATOR) < 0 ? undefined : releaseOf(operator).release.defaultImage
}
