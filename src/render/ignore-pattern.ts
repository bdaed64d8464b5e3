import { goRegexp, type GoRegexp } from '../manifest/go-regexp.ts'

/** One line of a .sourceignore file. */
export interface IgnorePattern {
  /** starts with '!': takes a path back in */
  readonly inclusion: boolean
  /** @param path segments of a file's path from the root of the tree */
  matches(path: readonly string[]): boolean
  /** whether a path with this name among its segments may match; a path without any such name does not */
  needs(name: string): boolean
}

/**
 * Reads one pattern as source-controller does. Its matcher is go-git's, which is not git's: a negated pattern reaches into an
 * excluded directory, there are no escapes of '#', and '**' counts only as a whole segment. The library `ignore` follows
 * git, so this is a port (fluxcd/pkg sourceignore v0.18.0, gitignore/pattern.go).
 * @param domain segments of the directory whose .sourceignore holds the line
 */
export function parsePattern(line: string, domain: readonly string[]): IgnorePattern {
  const inclusion = line.startsWith('!')
  let text = inclusion ? line.slice(1) : line
  if (!text.endsWith('\\ ')) text = text.replace(/ +$/, '')
  const directoryOnly = text.endsWith('/')
  if (directoryOnly) text = text.slice(0, -1)
  const segments = text.split('/').map(segment => ({ segment, match: remembering(segmentMatcher(segment)) }))
  // the last one that stands for a name: without it globMatch finds nothing
  const last = segments.findLast(({ segment }) => segment !== '' && segment !== '**')
  return {
    inclusion,
    needs: name => last === undefined || (last.match?.test(name) ?? false),
    matches: path => {
      if (path.length <= domain.length || domain.some((name, index) => path[index] !== name)) return false
      const rest = path.slice(domain.length)
      return segments.length > 1
        ? globMatch(segments, rest, directoryOnly)
        : nameMatch(segments[0]?.match, rest, directoryOnly)
    },
  }
}

/** A tree has a few names for its thousands of directories. */
function remembering(match: GoRegexp | undefined): GoRegexp | undefined {
  if (match === undefined) return undefined
  const known = new Map<string, boolean>()
  return {
    test: name => {
      const before = known.get(name)
      if (before !== undefined) return before
      const found = match.test(name)
      known.set(name, found)
      return found
    },
  }
}

interface Segment {
  segment: string
  /** undefined: a malformed pattern, which matches nothing */
  match: GoRegexp | undefined
}

/** A pattern without a slash matches a name at any depth; of a file's path all but the last name are directories. */
function nameMatch(match: GoRegexp | undefined, path: readonly string[], directoryOnly: boolean): boolean {
  const index = match === undefined ? -1 : path.findIndex(name => match.test(name))
  return index !== -1 && !(directoryOnly && index === path.length - 1)
}

function globMatch(segments: readonly Segment[], path: readonly string[], directoryOnly: boolean): boolean {
  let rest = path
  let matched = false
  let anyDepth = false
  for (const [index, { segment, match }] of segments.entries()) {
    if (segment === '') {
      anyDepth = false
    } else if (segment === '**') {
      if (index === segments.length - 1) break
      anyDepth = true
    } else if (segment.includes('**') || rest.length === 0 || match === undefined) {
      return false
    } else if (anyDepth) {
      anyDepth = false
      const at = rest.findIndex(name => match.test(name))
      // as in the original: no hit at any depth undoes what matched before, and nothing of the path is left
      matched = at !== -1
      rest = at === -1 ? [] : rest.slice(at + 1)
    } else {
      if (!match.test(rest[0] ?? '')) return false
      matched = true
      rest = rest.slice(1)
    }
  }
  return matched && !(directoryOnly && rest.length === 0)
}

/** Go's filepath.Match for one segment, as a regular expression; undefined where Go reports a bad pattern. */
function segmentMatcher(pattern: string): GoRegexp | undefined {
  let source = ''
  let rest = pattern
  while (rest !== '') {
    const character = firstCharacter(rest)
    if (character === '*') source += '[^/]*'
    else if (character === '?') source += '[^/]'
    else if (character === '\\') {
      const escaped = firstCharacter(rest.slice(1))
      if (escaped === '') return undefined
      source += literal(escaped)
      rest = rest.slice(1 + escaped.length)
      continue
    } else if (character === '[') {
      const bracket = /^\[(\^?)((?:\\.|[^\]\\-])(?:-(?:\\.|[^\]\\-]))?)+\]/su.exec(rest)
      if (bracket === null) return undefined
      const inner = bracket[0].slice(1 + (bracket[1]?.length ?? 0), -1)
      const body = inner.replaceAll(/\\(.)|([[\]^\\&~|])/gsu, (_all, escaped?: string, special?: string) =>
        literal(escaped ?? special ?? ''),
      )
      source += `[${bracket[1]}${body}]`
      rest = rest.slice(bracket[0].length)
      continue
    } else source += literal(character)
    rest = rest.slice(character.length)
  }
  return goRegexp(`^${source}$`)
}

/** One character, which may be two units of a JavaScript string. */
function firstCharacter(text: string): string {
  const code = text.codePointAt(0)
  return code === undefined ? '' : String.fromCodePoint(code)
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}
