import { trimPrefix } from './envsubst-match.ts'

/**
 * Bash-like substitution of `${var}`, as fluxcd/pkg/envsubst v1.9.0 does it (template.go, funcs.go, parse/parse.go, parse/scan.go): a
 * port, quirks included, because the text decides what runs in the cluster.
 * Texts are handled as Go does, by bytes of UTF-8: inside this file a "byte string" is a string of one character per byte.
 */
export type Envsubst = { ok: true; text: string } | { ok: false; message: string; variable?: string }

/** Bounds against texts made to hurt; Go has no such limits. */
const MAX_DEPTH = 500
const MAX_OUTPUT = 64 * 1024 * 1024

type Piece = string | { param: string; name: string; args: Piece[] }

class Refusal extends Error {
  readonly variable: string | undefined
  constructor(message: string, variable?: string) {
    super(message)
    this.variable = variable
  }
}

/**
 * @param lookup the value of a variable; `undefined` means not set, which is an error unless the operator gives a default (strict mode).
 *   For the lax mode return ''.
 * @returns the messages of the Go library: 'missing closing brace', 'variable not set (strict mode): "NAME"', …
 */
export function envsubst(text: string, lookup: (name: string) => string | undefined): Envsubst {
  if (!text.includes('$')) return { ok: true, text }
  try {
    const pieces = new Parser(toBytes(text)).parse()
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
  return toBytes([...fromBytes(value)].map(change).join(''))
}

/** Go changes rune by rune: what JavaScript maps to several stays as it is. */
function toUpper(rune: string): string {
  const upper = rune.toUpperCase()
  return [...upper].length === 1 ? upper : rune
}

function toLower(rune: string): string {
  return rune === '\u0130' ? 'i' : rune.toLowerCase()
}

function reverse(value: string): string {
  return toBytes([...fromBytes(value)].toReversed().join(''))
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
  if (search === '') return `${[...fromBytes(value)].map(rune => by + toBytes(rune)).join('')}${by}`
  return value.split(search).join(by)
}

// ---- parser (parse/parse.go) ----

const EOF = ''

/** Which tokens a scan may find, besides the end. */
interface Mode {
  ident?: (rune: string, index: number) => boolean
  open?: boolean
  close?: boolean
  escape?: boolean
}
type Token = 'illegal' | 'eof' | 'ident' | 'open' | 'close'

const LETTER_OR_DIGIT = /^[\p{L}\p{Nd}_]$/u
const isIdent = (rune: string) => LETTER_OR_DIGIT.test(rune)
const notClosing = (rune: string) => rune !== '}'

class Parser {
  private readonly scanner: Scanner
  private depth = 0

  constructor(bytes: string) {
    this.scanner = new Scanner(bytes)
  }

  parse(): Piece[] {
    const pieces: Piece[] = []
    for (;;) {
      const token = this.scanner.text()
      if (token === undefined) return pieces
      if (token !== '') pieces.push(token)
      else pieces.push(this.func())
    }
  }

  /** After `${`. */
  private func(): Piece {
    if (++this.depth > MAX_DEPTH) throw new Refusal('substitutions nested too deeply')
    const scanner = this.scanner
    const piece = scanner.peek() === '#' ? this.length() : this.operation()
    this.depth--
    return piece
  }

  private operation(): Piece {
    const scanner = this.scanner
    if (scanner.scan({ ident: isIdent }) !== 'ident') throw new Refusal('unable to parse variable name')
    const param = scanner.token()
    switch (scanner.peek()) {
      case ':':
        return ['=', '-', '?', '+'].includes(scanner.peekSecond())
          ? this.defaultFunc(param)
          : this.substringFunc(param)
      case '=':
        return this.defaultFunc(param)
      case ',':
      case '^':
        return {
          param,
          name: this.operator((r, i) => (r === ',' || r === '^') && i < 3),
          args: this.closed([]),
        }
      case '/':
        return this.replaceFunc(param)
      case '#':
        return this.removeFunc(param, (r, i) => r === '#' && i < 3)
      case '%':
        return this.removeFunc(param, (r, i) => r === '%' && i < 3)
      default:
        if (scanner.scan({ close: true }) !== 'close') throw new Refusal('missing closing brace')
        return { param, name: '', args: [] }
    }
  }

  private operator(ident: (rune: string, index: number) => boolean, problem = 'bad substitution'): string {
    if (this.scanner.scan({ ident }) !== 'ident') throw new Refusal(problem)
    return this.scanner.token()
  }

  private closed(args: Piece[]): Piece[] {
    if (this.scanner.scan({ close: true }) !== 'close') throw new Refusal('bad substitution')
    return args
  }

  private param(ident: (rune: string, index: number) => boolean, escape = false): Piece {
    switch (this.scanner.scan({ ident, open: true, escape })) {
      case 'open':
        return this.func()
      case 'ident':
        return this.scanner.token()
      default:
        throw new Refusal('unable to parse substitution within function')
    }
  }

  private length(): Piece {
    const name = this.operator((r, i) => r === '#' && i === 1)
    const param = this.operator(isIdent)
    return { param, name, args: this.closed([]) }
  }

  private substringFunc(param: string): Piece {
    // parse.go parseDefaultOrSubstr steps back by the width of the rune behind the colon, which is right for one byte only
    if (this.scanner.peekSecond().length !== 1 || this.scanner.peekSecond() > '\u007f')
      throw new Refusal('bad substitution')
    const name = this.operator((r, i) => r === ':' && i === 1)
    const args = [this.param(r => r !== ':' && r !== '}')]
    const delimiter = this.scanner.scan({ ident: r => r === ':', close: true })
    if (delimiter === 'close') return { param, name, args }
    if (delimiter !== 'ident') throw new Refusal('bad substitution')
    args.push(this.param(notClosing))
    return { param, name, args: this.closed(args) }
  }

  private removeFunc(param: string, ident: (rune: string, index: number) => boolean): Piece {
    const name = this.operator(ident)
    return { param, name, args: this.closed([this.param(notClosing)]) }
  }

  private replaceFunc(param: string): Piece {
    const name = this.operator(
      (r, i) => (i === 1 && r === '/') || (i === 2 && (r === '/' || r === '#' || r === '%')),
    )
    const args = [this.param(r => r !== '/', true)]
    this.operator(r => r === '/')
    if (this.scanner.peek() !== '}') args.push(this.param(notClosing, true))
    return { param, name, args: this.closed(args) }
  }

  private defaultFunc(param: string): Piece {
    const name = this.operator(
      this.scanner.peek() === '='
        ? (r, i) => r === '=' && i === 1
        : (r, i) => (i === 1 && r === ':') || (i === 2 && ['=', '-', '?', '+'].includes(r)),
      'unable to parse default function',
    )
    const args: Piece[] = []
    while (this.scanner.peek() !== '}') args.push(this.param(notClosing))
    return { param, name, args: this.closed(args) }
  }
}

// ---- scanner (parse/scan.go) ----

/** Reads runes of a byte string. An escape is taken out of the token that is read. */
class Scanner {
  private readonly bytes: string
  private pos = 0
  private found = ''

  constructor(bytes: string) {
    this.bytes = bytes
  }

  /** The text of the last token, without what was escaped. */
  token(): string {
    return this.found
  }

  peek(): string {
    return this.runeAt(this.pos)
  }

  peekSecond(): string {
    return this.runeAt(this.pos + this.width(this.pos))
  }

  /** Text up to the next `${` with `$$` read as `$`; '' when `${` is next, which is then consumed; `undefined` at the end. */
  text(): string | undefined {
    const token = this.scan({ ident: () => true, open: true, escape: true }, '$')
    return token === 'eof' ? undefined : token === 'open' ? '' : this.found
  }

  scan(mode: Mode, escapes: '$' | '$\\' = '$\\'): Token {
    const start = this.pos
    const first = this.runeAt(start)
    if (first === EOF) return 'eof'
    if (mode.open === true && this.bytes.startsWith('${', start)) {
      this.pos += 2
      return 'open'
    }
    if (mode.close === true && first === '}') {
      this.pos++
      return 'close'
    }
    this.pos += this.width(start)
    const { ident } = mode
    if (ident === undefined) return 'illegal'
    // Go cuts escapes out of its buffer; an index is the place behind the rune, in bytes of the token
    let removed = 0
    let copied = start
    let out = ''
    const skip = () => {
      out += this.bytes.slice(copied, this.pos - 1)
      copied = this.pos
      this.pos++
      removed++
    }
    if (this.escaped(first, mode, escapes)) skip()
    else if (!ident(first, this.pos - start)) return 'illegal'
    for (;;) {
      if (escapes === '$') this.jump()
      const at = this.pos
      const rune = this.runeAt(at)
      if (rune === EOF || (mode.open === true && this.bytes.startsWith('${', at))) break
      this.pos += this.width(at)
      if (this.escaped(rune, mode, escapes)) skip()
      else if (!ident(rune, this.pos - start - removed)) {
        this.pos = at
        break
      }
    }
    this.found = out + this.bytes.slice(copied, this.pos)
    return 'ident'
  }

  /** Plain text: on to the next dollar sign. */
  private jump(): void {
    const dollar = this.bytes.indexOf('$', this.pos)
    this.pos = dollar === -1 ? this.bytes.length : dollar
  }

  private escaped(rune: string, mode: Mode, escapes: '$' | '$\\'): boolean {
    if (mode.escape !== true) return false
    const next = this.bytes[this.pos]
    if (rune === '$') return next === '$'
    return rune === '\\' && escapes === '$\\' && (next === '/' || next === '\\')
  }

  private width(at: number): number {
    const byte = this.bytes.charCodeAt(at)
    return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
  }

  private runeAt(at: number): string {
    if (at >= this.bytes.length) return EOF
    const width = this.width(at)
    return width === 1
      ? this.bytes.charAt(at)
      : Buffer.from(this.bytes.slice(at, at + width), 'latin1').toString('utf8')
  }
}
