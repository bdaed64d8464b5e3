import { trimPrefix } from './envsubst-match.ts'
import { parseSubstitutions, Refusal, type Piece } from './envsubst-parse.ts'

/**
 * Bash-like substitution of `${var}`, as fluxcd/pkg/envsubst v1.9.0 does it (template.go, funcs.go, parse/parse.go, parse/scan.go): a
 * port, quirks included, because the text decides what runs in the cluster.
 * Texts are handled as Go does, by bytes of UTF-8: inside this file a "byte string" is a string of one character per byte.
 */
export type Envsubst = { ok: true; text: string } | { ok: false; message: string; variable?: string }

/** A bound against texts made to hurt; Go has none. */
const MAX_OUTPUT = 64 * 1024 * 1024

/**
 * @param lookup the value of a variable; `undefined` means not set, which is an error unless the operator gives a default (strict mode).
 *   For the lax mode return ''.
 * @returns the messages of the Go library: 'missing closing brace', 'variable not set (strict mode): "NAME"', …
 */
export function envsubst(text: string, lookup: (name: string) => string | undefined): Envsubst {
  if (!text.includes('$')) return { ok: true, text }
  try {
    const pieces = parseSubstitutions(toBytes(text))
    let size = 0
    const out: string[] = []
    for (const piece of pieces) {
      const part = evaluate(piece, lookup)
      size += part.length
      if (size > MAX_OUTPUT) throw new Refusal('the text grows beyond 64 MiB')
      out.push(part)
    }
    return { ok: true, text: fromBytes(out.join('')) }
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem
    const { message, variable } = problem
    return { ok: false, message, ...(variable === undefined ? {} : { variable }) }
  }
}

// ASCII is its own byte string, which is nearly every text.
const NOT_ASCII = /[^\0-\u007f]/

function toBytes(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}

function fromBytes(bytes: string): string {
  if (!NOT_ASCII.test(bytes)) return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'))
  } catch {
    // what go-yaml says to it a moment later
    throw new Refusal('a substring cuts a character in two: invalid UTF-8')
  }
}

// ---- evaluation (template.go, funcs.go) ----

/** These supply the value of an unset variable themselves (template.go isDefaultOp). */
const DEFAULTS = new Set(['-', '+', '=', '?', ':-', ':+', ':=', ':?'])

function evaluate(piece: Piece, lookup: (name: string) => string | undefined): string {
  if (typeof piece === 'string') return piece
  const args = piece.args.map(arg => evaluate(arg, lookup))
  const name = fromBytes(piece.param)
  const found = lookup(name)
  if (found === undefined && !DEFAULTS.has(piece.name))
    throw new Refusal(`variable not set (strict mode): ${JSON.stringify(name)}`, name)
  return apply(piece.name, toBytes(found ?? ''), args)
}

function apply(name: string, value: string, args: readonly string[]): string {
  const [first, second] = args
  switch (name) {
    case ',':
      return mapFirst(value, toLower)
    case ',,':
      return mapRunes(value, toLower)
    case '^':
      return mapFirst(value, toUpper)
    case '^^':
      return mapRunes(value, toUpper)
    case '#':
      return first === undefined ? String(value.length) : trim(value, first, 'shortest')
    case '##':
      return first === undefined ? value : trim(value, first, 'longest')
    case '%':
      return first === undefined ? value : reverse(trim(reverse(value), reverse(first), 'shortest'))
    case '%%':
      return first === undefined ? value : reverse(trim(reverse(value), reverse(first), 'longest'))
    case ':':
      return substring(value, args)
    case '/#':
      return second !== undefined && value.startsWith(first ?? '')
        ? replaceFirst(value, first ?? '', second)
        : value
    case '/%':
      return second !== undefined && value.endsWith(first ?? '')
        ? value.slice(0, value.length - (first ?? '').length) + second
        : value
    case '/':
      return first === undefined ? value : replaceFirst(value, first, second ?? '')
    case '//':
      return first === undefined ? value : replaceAll(value, first, second ?? '')
    // every default operator does the same, also :+ and :?
    default:
      return value === '' ? args.join('') : value
  }
}

function trim(value: string, pattern: string, which: 'shortest' | 'longest'): string {
  const trimmed = trimPrefix(value, pattern, which)
  if (trimmed === undefined) throw new Refusal('matching a pattern against this value takes too long')
  return trimmed
}

function mapFirst(value: string, change: (rune: string) => string): string {
  const [first] = fromBytes(value)
  return first === undefined ? value : toBytes(change(first)) + value.slice(toBytes(first).length)
}

function mapRunes(value: string, change: (rune: string) => string): string {
  return toBytes(Array.from(fromBytes(value), change).join(''))
}

/** Go changes rune by rune: what JavaScript maps to several stays as it is. */
function toUpper(rune: string): string {
  const upper = rune.toUpperCase()
  return Array.from(upper).length === 1 ? upper : rune
}

function toLower(rune: string): string {
  return rune === '\u0130' ? 'i' : rune.toLowerCase()
}

function reverse(value: string): string {
  return toBytes(Array.from(fromBytes(value)).toReversed().join(''))
}

/** funcs.go toSubstr: what is no number leaves the value as it is. */
function substring(value: string, args: readonly string[]): string {
  let start = atoi(args[0])
  if (start === undefined) return value
  if (start < 0) start = Math.max(0, value.length + start)
  if (args.length === 1) return value.slice(start)
  const length = atoi(args[1])
  if (length === undefined) return value
  if (length < 0) {
    const end = value.length + length
    return end < start ? '' : value.slice(start, end)
  }
  return value.slice(start, start + length)
}

/** strconv.Atoi */
function atoi(text: string | undefined): number | undefined {
  if (text === undefined || !/^[-+]?[0-9]+$/.test(text)) return undefined
  const number = BigInt(text.replace(/^\+/, ''))
  return BigInt.asIntN(64, number) === number ? Number(number) : undefined
}

function replaceFirst(value: string, search: string, by: string): string {
  const at = value.indexOf(search)
  return at === -1 ? value : value.slice(0, at) + by + value.slice(at + search.length)
}

/** strings.Replace(…, -1): an empty search matches before every rune and at the end. */
function replaceAll(value: string, search: string, by: string): string {
  const grown = search === '' ? (value.length + 1) * by.length : (value.length / search.length) * by.length
  if (grown > MAX_OUTPUT) throw new Refusal('the text grows beyond 64 MiB')
  if (search === '') return `${Array.from(fromBytes(value), rune => by + toBytes(rune)).join('')}${by}`
  return value.split(search).join(by)
}
