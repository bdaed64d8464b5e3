// RE2, as Go has it: linear in time, and the same syntax. JavaScript's own would hang on `^(a+)+$`.
import { RE2JS } from '@bufbuild/re2'
import { EvaluationError, UnsupportedRule } from '../errors.ts'

const compiled = new Map<string, RE2JS>()
const MOST = 500
// steps of one search for all matches, which may be the square of the text (half a second)
const MOST_WORK = 3_000_000

/** @throws EvaluationError for a pattern that RE2 refuses */
export function compileRegex(pattern: string): RE2JS {
  let regex = compiled.get(pattern)
  if (regex === undefined) {
    try {
      regex = RE2JS.compile(pattern)
    } catch (error) {
      // the library's messages are Go's
      throw new EvaluationError(error instanceof Error ? error.message : String(error))
    }
    // patterns may be made of the object's text: the cache must not grow with it
    if (compiled.size >= MOST) compiled.clear()
    compiled.set(pattern, regex)
  }
  return regex
}

/** Whether the pattern is found anywhere in the text. */
export function matches(text: string, pattern: string): boolean {
  return compileRegex(pattern).test(text)
}

/** Go's FindAllString: the matches from left to right, at most `limit` of them (below 0: all). */
export function findAll(text: string, pattern: string, limit: number): string[] {
  const found: string[] = []
  const { prog } = compileRegex(pattern).re2()
  const codes = Array.from(text, character => character.codePointAt(0) ?? 0)
  const work = { left: MOST_WORK }
  let position = 0
  let lastEnd = -1
  for (let most = limit < 0 ? Infinity : limit; position <= codes.length && found.length < most;) {
    const match = leftmost(prog, codes, position, work)
    if (match === undefined) break
    const [start, end] = match
    // an empty match right behind the one before is none (regexp.go, allMatches)
    if (end > start || start !== lastEnd) found.push(String.fromCodePoint(...codes.slice(start, end)))
    lastEnd = end
    position = end > position ? end : position + 1
  }
  return found
}

type Program = ReturnType<RE2JS['re2']>['prog']
// Instructions of @bufbuild/re2 0.6.1 (Inst.js), which does not export them.
const ALT = 1
const ALT_MATCH = 2
const CAPTURE = 3
const EMPTY_WIDTH = 4
const MATCH = 6
const NOP = 7
const RUNE = 8

/**
 * The leftmost match at or behind `from`, of several there the one that the pattern prefers. The library answers only
 * whether there is a match; this walks its program as Go's regexp/exec.go does: all threads at once, in order of
 * preference, so time is the length of the text times the size of the program.
 */
function leftmost(
  prog: Program,
  codes: readonly number[],
  from: number,
  work: { left: number },
): [start: number, end: number] | undefined {
  let best: [number, number] | undefined
  let threads: { pc: number; start: number }[] = []
  for (let i = from; i <= codes.length; i++) {
    const context = boundaries(codes[i - 1], codes[i])
    const seen = new Set<number>()
    const ready: { pc: number; start: number }[] = []
    for (const { pc, start } of threads) follow(prog, pc, start, context, seen, ready)
    if (best === undefined) follow(prog, prog.start, i, context, seen, ready)
    work.left -= ready.length + 1
    if (work.left < 0) throw new UnsupportedRule('its search takes too long on this value')
    if (ready.length === 0 && best !== undefined) break
    threads = []
    const code = codes[i]
    for (const { pc, start } of ready) {
      const instruction = prog.getInst(pc)
      if (instruction.op === MATCH) {
        best = [start, i]
        // threads behind this one are worse
        break
      }
      if (code !== undefined && instruction.op >= RUNE && instruction.matchRune(code))
        threads.push({ pc: instruction.out, start })
    }
  }
  return best
}

/** The instructions that wait for a character or match, from `first` on, best first. */
function follow(
  prog: Program,
  first: number,
  start: number,
  context: number,
  seen: Set<number>,
  ready: { pc: number; start: number }[],
): void {
  const stack = [first]
  for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
    if (seen.has(pc)) continue
    seen.add(pc)
    const instruction = prog.getInst(pc)
    switch (instruction.op) {
      case ALT:
      case ALT_MATCH:
        stack.push(instruction.arg, instruction.out)
        break
      case CAPTURE:
      case NOP:
        stack.push(instruction.out)
        break
      case EMPTY_WIDTH:
        if ((instruction.arg & ~context) === 0) stack.push(instruction.out)
        break
      default:
        ready.push({ pc, start })
    }
  }
}

/** What holds between two characters: begin and end of line and text, word boundaries (Utils.js, emptyOpContext). */
function boundaries(before: number | undefined, after: number | undefined): number {
  let context = isWord(before) === isWord(after) ? 0x20 : 0x10
  if (before === undefined) context |= 0x05
  if (before === 0x0a) context |= 0x01
  if (after === undefined) context |= 0x0a
  if (after === 0x0a) context |= 0x02
  return context
}

function isWord(code: number | undefined): boolean {
  return code !== undefined && code < 128 && /\w/.test(String.fromCharCode(code))
}
