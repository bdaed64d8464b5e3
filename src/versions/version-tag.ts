import { compare } from 'semver'

/** A tag or version by numbers, as most images and charts have them: 'v1.2.3', '1.27-alpine', '4.0.17.2952', '1.2.3-rc.1'. */
export interface VersionTag {
  /** as written */
  tag: string
  numbers: readonly number[]
  /** 'rc.1' of '1.2.3-rc.1' */
  preRelease?: string
  /** the number at the end of a suffix that names no pre-release: 5 of '1.2.3-r5' */
  revision?: number
  /** what must stay as it is: prefix, how many numbers, suffix */
  shape: string
}

const TAG = /^(v?)(\d{1,15}(?:\.\d{1,15}){0,4})(?:([-+_.])([A-Za-z][\w.+-]*|\d[\w.+-]*))?$/
const PRE_RELEASE =
  /^(?:alpha|beta|rc|a|b|pre|preview|dev|develop|snapshot|nightly|canary|next|test|edge|main|master|unstable|\d+$)(?![a-z])/i

/** @returns undefined for what orders by no number: 'latest', 'main-abc1234' */
export function readVersionTag(tag: string): VersionTag | undefined {
  const [, prefix = '', dotted = '', separator = '', suffix] = TAG.exec(tag) ?? []
  if (dotted === '') return undefined
  const numbers = dotted.split('.').map(Number)
  const shape = (rest: string) => `${prefix}${numbers.map(() => '#').join('.')}${rest}`
  if (suffix === undefined) return { tag, numbers, shape: shape('') }
  // what stands behind '+' is no pre-release (semver 10)
  if (separator === '-' && PRE_RELEASE.test(suffix))
    return { tag, numbers, preRelease: suffix, shape: shape('') }
  // a suffix may count builds; any other number in it (debian-12) is part of what it is
  const revision = /\d+$/.exec(suffix)?.[0]
  const fixed = revision === undefined ? suffix : `${suffix.slice(0, -revision.length)}#`
  return {
    tag,
    numbers,
    ...(revision === undefined ? {} : { revision: Number(revision) }),
    shape: shape(separator + fixed),
  }
}

/** Orders tags of one shape, as semver does: a pre-release before its release. */
export function compareVersionTags(a: VersionTag, b: VersionTag): number {
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at++) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0)
    if (difference !== 0) return difference
  }
  return comparePreReleases(a.preRelease, b.preRelease) || (a.revision ?? 0) - (b.revision ?? 0)
}

function comparePreReleases(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  const [left, right] = [a, b].map(text => `0.0.0-${text.replaceAll(/[^0-9A-Za-z.-]|\.$/g, '')}`)
  try {
    return compare(left ?? '', right ?? '')
  } catch {
    // leading zeros and the like
    return a < b ? -1 : 1
  }
}
