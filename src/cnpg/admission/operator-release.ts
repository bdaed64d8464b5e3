import { compare, minor, parse, patch, valid } from 'semver'
import { OPERATOR_FACTS } from '../release/release-facts.ts'

/** A release of the operator whose sources were read: what its webhooks do by themselves. */
export interface OperatorRelease {
  /** X.Y.Z; 1.31.0 stands for main (a95a534, after 1.30.0) */
  version: string
  /** pkg/versions/versions.go DefaultImageName: what a Cluster without image gets */
  defaultImage: string
  /** release in which the in-tree Barman support is to go, by the text of getInTreeBarmanWarnings */
  barmanRemovedIn: string
  /** go.mod, sigs.k8s.io/controller-runtime: from 0.24 on an object that Default() leaves alone is not rewritten */
  rewritesAlways: boolean
}

const MAIN = '1.31.0'

// Those whose sources were read. In order.
const RELEASES: readonly OperatorRelease[] = [
  ...Object.entries(OPERATOR_FACTS.releases).flatMap(
    ([version, { defaultImage, barmanRemovedIn, rewritesAlways }]) =>
      defaultImage === undefined || barmanRemovedIn === undefined || rewritesAlways === undefined
        ? []
        : [{ version, defaultImage, barmanRemovedIn, rewritesAlways }],
  ),
  {
    version: MAIN,
    defaultImage: 'ghcr.io/cloudnative-pg/postgresql:18.6-system-trixie',
    barmanRemovedIn: MAIN,
    rewritesAlways: false,
  },
].toSorted((a, b) => compare(a.version, b.version))

/** The newest release whose rules are known. */
export const NEWEST_OPERATOR: string = at(RELEASES.length - 2).version

/** The oldest release whose rules are known. */
export const OLDEST_OPERATOR: string = at(0).version

/**
 * The release whose rules are used for an operator: itself where it was read, else the nearest one of its minor, else the
 * oldest or newest.
 * @param operator X.Y.Z (a leading v is taken) or 'main'
 * @returns `note` where another release stands in: to be reported as not fully evaluated
 */
export function releaseOf(operator: string): { release: OperatorRelease; note?: string } {
  if (operator === 'main') return { release: at(RELEASES.length - 1) }
  const asked = valid(operator)
  const newestReleased = at(RELEASES.length - 2)
  const released = RELEASES.filter(({ version }) => version !== MAIN)
  if (asked === null)
    return standIn(operator, newestReleased, 'is no version that this tool knows how to read')
  const known = released.find(({ version }) => version === asked)
  if (known !== undefined) return { release: known }
  const { major } = parse(asked) ?? { major: 1 }
  const line = released.filter(({ version }) => major === 1 && minor(version) === minor(asked))
  const sameLine = line.findLast(({ version }) => compare(version, asked) < 0) ?? line[0]
  if (sameLine !== undefined) return standIn(operator, sameLine, 'is not known to this tool')
  const oldest = at(0)
  if (compare(asked, oldest.version) < 0)
    return standIn(operator, oldest, 'is older than what this tool knows')
  return standIn(
    operator,
    at(RELEASES.length - 1),
    'is newer than what this tool knows',
    'main (of August 2026)',
  )
}

function at(index: number): OperatorRelease {
  const release = RELEASES[index]
  if (release === undefined) throw new Error(`no release ${index}`)
  return release
}

function standIn(operator: string, release: OperatorRelease, why: string, name = release.version) {
  return {
    release,
    note: `the operator's webhooks: ${operator} ${why}; the rules of ${name} were used instead`,
  }
}

/**
 * Whether a rule is in the release.
 * @param first the first release that has it, and those of older lines that got it later: '1.28.4', '1.29.2', '1.30.0'
 *   means in 1.28 from 1.28.4 on, in 1.29 from 1.29.2 on, and everywhere from 1.30.0 on. In order.
 */
export function since(release: OperatorRelease, ...first: readonly string[]): boolean {
  const line = first.find(version => minor(version) === minor(release.version))
  if (line !== undefined) return patch(release.version) >= patch(line)
  const oldest = first[0]
  return oldest !== undefined && minor(release.version) > minor(oldest)
}

/**
 * The operator by whose rules an object is judged. One that is older than all those known is as good as one that nobody names: what
 * every known release refuses it refused, too, for the CRDs have only grown since (compared from 1.24 to 1.30).
 * @returns undefined: what every known release refuses is refused
 */
export function judgedBy(operator: string | undefined): string | undefined {
  const asked = operator === undefined ? null : valid(operator)
  return asked !== null && compare(asked, OLDEST_OPERATOR) < 0 ? undefined : operator
}

/** For rules that are on main only. */
export const ON_MAIN = MAIN
