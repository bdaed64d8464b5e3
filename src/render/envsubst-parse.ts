/**
 * The syntax of fluxcd/pkg/envsubst v1.9.0: parse/parse.go and parse/scan.go, on byte strings (see envsubst.ts).
 */

/** Text, or a substitution: `name` is the operator, '' for none. */
export type Piece = string | { param: string; name: string; args: Piece[] }

/** A bound against texts made to hurt; Go has none. */
const MAX_DEPTH = 500

/** What the library says no to: thrown within these files, data for callers of `envsubst`. */
export class Refusal extends Error {
  readonly variable: string | undefined
  constructor(message: string, variable?: string) {
    super(message)
    this.variable = variable
  }
}

/** @throws Refusal */
export function parseSubstitutions(bytes: string): Piece[] {
  return new Parser(bytes).parse()
}

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
    const token = this.scanner.scan({ ident, open: true, escape })
    if (token === 'open') return this.func()
    if (token === 'ident') return this.scanner.token()
    throw new Refusal('unable to parse substitution within function')
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
