/** Patterns of `${var#pattern}`: fluxcd/pkg/envsubst v1.9.0 path/match.go and funcs.go trimShortest, trimLongest, on byte strings. */

/** Steps of matching before giving up: the algorithm is cubic. Far beyond what a file name or a domain needs. */
const MAX_STEPS = 20_000_000

class BadPattern extends Error {}
class TooLong extends Error {}

/**
 * Takes the shortest or longest match of `pattern` off the front of `value`. As in the original a bad pattern leaves the value as it is,
 * and an empty match is none.
 * @returns `undefined` when it takes too many steps
 */
export function trimPrefix(
  value: string,
  pattern: string,
  which: 'shortest' | 'longest',
): string | undefined {
  const matcher = new Matcher()
  let found = 0
  try {
    for (let end = value.length; end > 0; end--) {
      if (!matcher.match(pattern, value.slice(0, end))) continue
      found = end
      if (which === 'longest') break
    }
  } catch (problem) {
    if (problem instanceof BadPattern) return value
    if (problem instanceof TooLong) return undefined
    throw problem
  }
  return value.slice(found)
}

interface Chunk {
  star: boolean
  chunk: string
  rest: string
}

class Matcher {
  private steps = 0

  match(wholePattern: string, wholeName: string): boolean {
    let pattern = wholePattern
    let name = wholeName
    while (pattern !== '') {
      const { star, chunk, rest } = scanChunk(pattern)
      pattern = rest
      if (star && chunk === '') return true
      const after = this.matchChunk(chunk, name)
      if (after !== undefined && (after === '' || pattern !== '')) {
        name = after
        continue
      }
      const skipped = star ? this.matchLater(chunk, name, pattern === '') : undefined
      if (skipped === undefined) return false
      name = skipped
    }
    return name === ''
  }

  private matchLater(chunk: string, name: string, last: boolean): string | undefined {
    for (let at = 1; at <= name.length; at++) {
      const after = this.matchChunk(chunk, name.slice(at))
      if (after !== undefined && (!last || after === '')) return after
    }
    return undefined
  }

  /** What is left of `text` behind the chunk, `undefined` when it does not match. */
  private matchChunk(wholeChunk: string, wholeText: string): string | undefined {
    let chunk = wholeChunk
    let text = wholeText
    while (chunk !== '') {
      if (++this.steps > MAX_STEPS) throw new TooLong()
      if (text === '') return undefined
      if (chunk.startsWith('[')) {
        const [rune, width] = decodeRune(text)
        text = text.slice(width)
        const negated = chunk.startsWith('^', 1)
        const read = readClass(chunk.slice(negated ? 2 : 1), rune)
        chunk = read.rest
        if (read.match === negated) return undefined
      } else if (chunk.startsWith('?')) {
        text = text.slice(decodeRune(text)[1])
        chunk = chunk.slice(1)
      } else {
        if (chunk.startsWith('\\')) {
          chunk = chunk.slice(1)
          if (chunk === '') throw new BadPattern()
        }
        if (chunk[0] !== text[0]) return undefined
        text = text.slice(1)
        chunk = chunk.slice(1)
      }
    }
    return text
  }
}

/** The next part of a pattern without stars, and whether one stands before it. */
function scanChunk(pattern: string): Chunk {
  const stars = /^\**/.exec(pattern)?.[0].length ?? 0
  const text = pattern.slice(stars)
  let inRange = false
  let end = 0
  for (; end < text.length; end++) {
    const character = text[end]
    if (character === '\\') {
      if (end + 1 < text.length) end++
    } else if (character === '[') inRange = true
    else if (character === ']') inRange = false
    else if (character === '*' && !inRange) break
  }
  return { star: stars > 0, chunk: text.slice(0, end), rest: text.slice(end) }
}

function readClass(text: string, rune: number): { match: boolean; rest: string } {
  let rest = text
  let match = false
  for (let ranges = 0; ; ranges++) {
    if (rest.startsWith(']') && ranges > 0) return { match, rest: rest.slice(1) }
    const low = readMember(rest)
    rest = low.rest
    let high = low.rune
    if (rest.startsWith('-')) {
      const read = readMember(rest.slice(1))
      high = read.rune
      rest = read.rest
    }
    if (low.rune <= rune && rune <= high) match = true
  }
}

function readMember(text: string): { rune: number; rest: string } {
  if (text === '' || text.startsWith('-') || text.startsWith(']')) throw new BadPattern()
  const bare = text.startsWith('\\') ? text.slice(1) : text
  if (bare === '') throw new BadPattern()
  const [rune, width] = decodeRune(bare)
  const rest = bare.slice(width)
  if ((rune === 0xfffd && width === 1) || rest === '') throw new BadPattern()
  return { rune, rest }
}

/** utf8.DecodeRuneInString: the rune and its width, U+FFFD and 1 for what is no UTF-8. */
function decodeRune(bytes: string): [rune: number, width: number] {
  const first = bytes.charCodeAt(0)
  if (first < 0x80) return [first, 1]
  const width = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1
  const [rune] = Buffer.from(bytes.slice(0, width), 'latin1').toString('utf8')
  return rune === undefined || rune === '\ufffd' ? [0xfffd, 1] : [rune.codePointAt(0) ?? 0xfffd, width]
}
