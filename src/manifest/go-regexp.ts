import { RE2JS } from '@bufbuild/re2'

/** A regular expression of Go: it answers in time that grows with the text and no faster, whatever the pattern. */
export interface GoRegexp {
  /** whether it is found anywhere in a text */
  test(text: string): boolean
}

const compiled = new Map<string, GoRegexp | undefined>()
/** patterns come from CRDs of pull requests: a process that lives long shall not keep them all */
const MOST = 5000
// No pattern of a CRD that we know is longer than 1,600; a deep one takes seconds to compile.
const MAX_PATTERN = 4096

/**
 * A pattern as Go reads it (RE2): of a CRD's schema, of a tag filter, of a selector; linear in time whatever it is. JavaScript's
 * own engine, many times faster, takes the cases in which it can neither differ nor be slow.
 * @returns `undefined` for what is no RE2, or longer than any honest one: nothing is judged by it
 */
export function goRegexp(pattern: string): GoRegexp | undefined {
  if (compiled.has(pattern)) return compiled.get(pattern)
  if (compiled.size >= MOST) compiled.clear()
  const made = compile(pattern)
  compiled.set(pattern, made)
  return made
}

function compile(pattern: string): GoRegexp | undefined {
  if (pattern.length > MAX_PATTERN) return undefined
  const fast = nativePattern(pattern)
  if (fast === undefined) return compileExact(pattern)
  // many patterns never need it
  let exact: GoRegexp | undefined
  return {
    test(text) {
      if (PRINTABLE.test(text) && text.length ** fast.repeats * 2 ** fast.choices <= MOST_STEPS)
        return fast.regex.test(text)
      // JavaScript takes a{2000}, RE2 does not: nothing is judged by it
      exact ??= compileExact(pattern) ?? { test: () => true }
      return exact.test(text)
    },
  }
}

function compileExact(pattern: string): GoRegexp | undefined {
  try {
    return remembering(RE2JS.compile(pattern))
  } catch {
    return undefined
  }
}

const SHORT = 64
const MOST_ANSWERS = 500

/** The engine takes microseconds a character, and '30m' is asked of the same pattern a thousand times. */
function remembering(regexp: GoRegexp): GoRegexp {
  const answers = new Map<string, boolean>()
  return {
    test(text) {
      if (text.length > SHORT) return regexp.test(text)
      let answer = answers.get(text)
      if (answer === undefined) {
        answer = regexp.test(text)
        if (answers.size < MOST_ANSWERS) answers.set(text, answer)
      }
      return answer
    },
  }
}

/** Of these texts `.`, `\s`, `\w` and `$` mean the same in both. */
const PRINTABLE = /^[ -~]*$/
const MOST_STEPS = 1_000_000

// flags, POSIX and Unicode classes, quoting, and escapes that JavaScript has not, or reads otherwise
const RE2_ONLY = /\(\?(?!:)|\[\[:|\\[pPQEzACaxXB0-9]/
const REPEAT = /[*+]|\{\d+(?:,\d*)?\}/g
// each doubles the ways through a text
const CHOICE = /[?|]/g
// a group that repeats what repeats or branches: JavaScript may try exponentially many ways through a text
const NESTED = /\)(?:[*+]|\{\d+(?:,\d*)?\})/

function nativePattern(pattern: string): { regex: RegExp; repeats: number; choices: number } | undefined {
  if (RE2_ONLY.test(pattern) || NESTED.test(pattern)) return undefined
  try {
    return {
      // 'u' counts code points as RE2 does and refuses what is no clear syntax
      regex: new RegExp(pattern, 'u'),
      // a pattern that is not anchored is tried at each character as well
      repeats: (pattern.match(REPEAT)?.length ?? 0) + (pattern.startsWith('^') ? 0 : 1),
      choices: pattern.match(CHOICE)?.length ?? 0,
    }
  } catch {
    return undefined
  }
}
