import { RE2JS } from '@bufbuild/re2'

const POSIX: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
}

/** A regular expression of Go: it answers in time that grows with the text and no faster, whatever the pattern. */
export interface GoRegexp {
  /** whether it matches anywhere in the text */
  test(text: string): boolean
}

// No pattern of a CRD that we know is longer than 1,600; a deep one takes seconds to compile.
const MAX_PATTERN = 4096
/** Steps that JavaScript's engine may take before RE2 is asked: about 10 ms. */
const MAX_STEPS = 1_000_000

const compiled = new Map<string, GoRegexp | undefined>()

/**
 * A pattern as Go reads it (RE2): of a CRD's schema, of a tag filter, of a selector. JavaScript's own engine is thirty times
 * faster, and `^(a+)+$` keeps it busy for years: it is asked only where it cannot take long.
 * @returns `undefined` for a pattern that cannot be read: it is not judged then
 */
export function goRegexp(pattern: string): GoRegexp | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, compile(pattern))
  return compiled.get(pattern)
}

function compile(pattern: string): GoRegexp | undefined {
  const fast = pattern.length > MAX_PATTERN ? undefined : translate(pattern)
  if (fast === undefined) return undefined
  const { nested, repeats, choices } = shapeOf(pattern)
  let safe: RE2JS | null | undefined
  return {
    test: text => {
      // backtracking: exponential where choices repeat, else a power of the length
      const steps = nested ? 2 ** text.length : text.length ** repeats * 2 ** choices
      if (steps <= MAX_STEPS) return fast.test(text)
      if (safe === undefined) safe = withoutBacktracking(pattern)
      // a pattern that only JavaScript can read is none of Go's: nothing is held against the text
      return safe === null || safe.test(text)
    },
  }
}

function withoutBacktracking(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return null
  }
}

/**
 * How much a pattern lets an engine try again: whether a group that repeats holds a choice, how many parts repeat, and how
 * many choices (`?`, `|`) there are.
 */
function shapeOf(pattern: string): { nested: boolean; repeats: number; choices: number } {
  const bare = pattern
    .replaceAll(/\\Q.*?(?:\\E|$)|\\./gs, 'x')
    .replaceAll(/\[\^?\]?(?:\[:\w+:\]|[^\]])*\]/g, 'x')
    .replaceAll(/\(\?(?:P?<\w+>|[a-zA-Z-]*:)/g, '(')
  let repeats = 0
  let choices = 0
  let nested = false
  // for each open group whether something in it is a choice
  const open = [false]
  const choose = () => (open[open.length - 1] = true)
  for (const { 0: token, index } of bare.matchAll(/[()|]|[*+]|\?|\{\d+(?:,\d*)?\}/g)) {
    if (token === '(') open.push(false)
    else if (token === ')') {
      const inner = open.pop() === true && open.length > 0
      nested ||= inner && /^(?:[*+]|\{\d)/.test(bare.slice(index + 1, index + 4))
      if (inner) choose()
    } else {
      choose()
      if (token === '|' || token === '?') choices++
      else repeats++
    }
  }
  return { nested, repeats, choices }
}

// JavaScript's words for RE2's.
function translate(pattern: string): RegExp | undefined {
  // flags for the whole pattern: (?i)…; s and m mean the same in both, U (ungreedy) does not change what matches
  const leading = /^\(\?([imsU]+)\)/.exec(pattern)
  const flags = (leading?.[1] ?? '').replaceAll('U', '')
  const body = pattern
    .slice(leading?.[0].length ?? 0)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\\z/g, '(?![^])')
    .replaceAll(/\\A/g, '(?<![^])')
    .replaceAll(/\\Q(.*?)(?:\\E|$)/gs, (_, text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .replaceAll(/\[:(\w+):\]/g, (whole, name: string) => POSIX[name] ?? whole)
    .replaceAll(/\\p([A-Z])/g, '\\p{$1}')
  // 'u' counts code points as RE2 does, but refuses escapes that RE2 takes (\-, \_)
  for (const mode of ['u', '']) {
    try {
      return new RegExp(body, flags + mode)
    } catch {
      continue
    }
  }
  return undefined
}
