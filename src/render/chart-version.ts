import semver from 'semver'

/**
 * Reads a version as Flux does: a 'v' in front is allowed, all three numbers are required (fluxcd/pkg/version).
 * @returns undefined for anything else
 */
export function parseVersion(version: string): semver.SemVer | undefined {
  return semver.parse(version.replace(/^v/, ''), { loose: false }) ?? undefined
}

/**
 * The newest of `versions` in the range, as it is written there: an exact match first, then the range of
 * Masterminds/semver, which Flux and helm use. '' and '*' mean the newest stable one.
 * Follows source-controller 1.9 internal/helm/repository (getLastMatchingVersionOrConstraint, getChartVersion).
 * @throws Error where the range cannot be read
 */
export function newestMatching(versions: readonly string[], range: string): string | undefined {
  if (range !== '' && versions.includes(range)) return range
  const matches = readRange(range === '' ? '*' : range)
  const known = versions.flatMap(text => {
    const version = parseVersion(text)
    return version !== undefined && matches(version) ? [{ text, version }] : []
  })
  return known.toSorted((a, b) => semver.compareBuild(b.version, a.version)).at(0)?.text
}

const TERM = /\s*(=<|=>|!=|>=|<=|~>|[=><~^])?\s*(v?[\dxX*][\w.+*-]*)\s*(?:,|\s|$)/y
const HYPHEN = /(\S+)\s+-\s+(\S+)/g

/**
 * Reads a range of Masterminds/semver v3: terms joined by ',' or spaces, alternatives by '||'. It differs from npm's:
 * a prerelease is in the range of every term that itself has a prerelease (`>=1.0.0-0` has 2.0.0-rc.1), and `!=` exists.
 * @throws Error where it cannot be read
 */
export function readRange(range: string): (version: semver.SemVer) => boolean {
  const alternatives = range
    .replaceAll(HYPHEN, '>=$1 <=$2')
    .split('||')
    .map(part => readTerms(part, range))
  return version => alternatives.some(terms => terms.every(term => term(version)))
}

function readTerms(text: string, range: string): ((version: semver.SemVer) => boolean)[] {
  const terms: ((version: semver.SemVer) => boolean)[] = []
  TERM.lastIndex = 0
  const trimmed = text.trim()
  while (TERM.lastIndex < trimmed.length) {
    const match = TERM.exec(trimmed)
    if (match === null) throw new Error(`'${range}' is no range of versions`)
    terms.push(readTerm(match[1] ?? '', match[2] ?? '', range))
  }
  if (terms.length === 0) throw new Error(`'${range}' is no range of versions`)
  return terms
}

const OPERATORS: Record<string, string> = { '=<': '<=', '=>': '>=', '~>': '~', '!=': '' }

function readTerm(operator: string, text: string, range: string): (version: semver.SemVer) => boolean {
  // npm's reader knows no prerelease of '*', nor of a version that is not whole
  const written = text
    .replace(/^v/, '')
    .replace(/^([*xX])-.*$/, '$1')
    .replace(/^(\d+)(\.\d+)?-/, (_all, major: string, minor = '.0') => `${major}${minor}.0-`)
  const prereleases = /^v?[\dxX*.]+-/.test(text)
  let allowed: semver.Range
  try {
    allowed = new semver.Range((OPERATORS[operator] ?? operator) + written, { includePrerelease: true })
  } catch {
    throw new Error(`'${range}' is no range of versions`)
  }
  return version => {
    if (version.prerelease.length > 0 && !prereleases) return false
    return allowed.test(version) !== (operator === '!=')
  }
}
