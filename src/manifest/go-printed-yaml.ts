import { define, keyText, resolvePlain } from './go-scalar.ts'
import type { Json, JsonObject } from './json.ts'

/**
 * Reads YAML in the form in which go-yaml v2 prints (emitterc.go: block collections, lists not indented, no comments, anchors, tags or
 * flow collections but empty ones), which is what kustomize writes. A dozen times faster than the full parser, and a run reads megabytes.
 *
 * Anything else, and anything in doubt, is left to the full parser; what this one reads it reads as that one does
 * (test/manifest/go-yaml.test.ts compares them).
 * @returns `undefined` when the text is not of that form
 */
export function readPrintedYaml(text: string): { document: JsonObject } | undefined {
  // a block scalar that ends without a line break is a rule of its own
  if (!text.endsWith('\n') || OTHER_BREAKS.test(text)) return undefined
  try {
    const reader = new Reader(text)
    return { document: reader.document() }
  } catch (problem) {
    if (problem === NOT_PRINTED) return undefined
    throw problem
  }
}

const NOT_PRINTED = new Error('not of the form that go-yaml prints')
const OTHER_BREAKS = /[\r\u0085\u2028\u2029\ufeff]/
const MAX_DEPTH = 500
/** libyaml wants a key that is not marked by '?' within 1024 characters, colon included. */
const MAX_KEY = 1000

const PLAIN_KEY = /[A-Za-z0-9_./$][-A-Za-z0-9_./${}@=+]*(?=:[ \n])/y
const QUOTED_KEY = /"([^"\\\n]*)"(?=:[ \n])|'((?:[^'\n]|'')*)'(?=:[ \n])/y
const DOUBLE = /"((?:[^"\\]|\\[^\n])*)"\n/y
const SINGLE = /'((?:[^']|'')*)'\n/y
const LITERAL = /\|([-+]?)\n/y
// ns-plain-first: no indicator, but '-', '?' and ':' may begin a word
const PLAIN_START = /(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|[-?:](?=[^\s,[\]{}]))/y
// what ends a plain scalar or makes it a key
const PLAIN_STOP = /:(?: |$)| #|\t/

const SPACE = 0x20
const NEWLINE = 0x0a
const DASH = 0x2d

class Reader {
  private readonly text: string
  private pos = 0
  private depth = 0

  constructor(text: string) {
    this.text = text
  }

  document(): JsonObject {
    const document = this.map(0)
    if (this.pos !== this.text.length) throw NOT_PRINTED
    return document
  }

  /** Entries at this column; the first is at `pos`, behind its indentation. */
  private map(column: number): JsonObject {
    if (++this.depth > MAX_DEPTH) throw NOT_PRINTED
    const map: JsonObject = {}
    do {
      const key = this.key()
      this.pos++
      define(map, key, this.valueOfKey(column))
    } while (this.nextAt(column))
    this.depth--
    return map
  }

  /** Items at this column; the first dash is at `pos`. */
  private list(column: number): Json[] {
    if (++this.depth > MAX_DEPTH) throw NOT_PRINTED
    const list: Json[] = []
    do {
      if (!this.atDash()) throw NOT_PRINTED
      this.pos += 2
      if (this.atDash()) list.push(this.list(column + 2))
      else if (this.atKey()) list.push(this.map(column + 2))
      else list.push(this.scalar(column))
    } while (this.nextAt(column) && this.atDash())
    // a key of the map around: step back in front of its indentation
    if (this.pos < this.text.length) this.pos = this.text.lastIndexOf('\n', this.pos - 1) + 1
    this.depth--
    return list
  }

  /** At the start of a line: steps behind its indentation when that is `column`. Less ends the collection, more is a mistake. */
  private nextAt(column: number): boolean {
    const indent = this.indent(this.pos)
    if (indent > column) throw NOT_PRINTED
    if (indent < column || this.pos === this.text.length) return false
    this.pos += indent
    return true
  }

  private indent(lineStart: number): number {
    let at = lineStart
    while (this.text.charCodeAt(at) === SPACE) at++
    return at - lineStart
  }

  private atDash(): boolean {
    return this.text.charCodeAt(this.pos) === DASH && this.text.charCodeAt(this.pos + 1) === SPACE
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.pos
    return pattern.exec(this.text)
  }

  private atKey(): boolean {
    return this.match(PLAIN_KEY) !== null || this.match(QUOTED_KEY) !== null
  }

  private key(): string {
    const plain = this.match(PLAIN_KEY)?.[0]
    if (plain !== undefined) {
      this.pos += plain.length
      const key = keyText(resolvePlain(plain))
      if (key === undefined || plain.length > MAX_KEY) throw NOT_PRINTED
      return key
    }
    const quoted = this.match(QUOTED_KEY)
    if (quoted === null || quoted[0].length > MAX_KEY) throw NOT_PRINTED
    this.pos += quoted[0].length
    return quoted[1] ?? (quoted[2] ?? '').replaceAll("''", "'")
  }

  /** Behind the colon. */
  private valueOfKey(column: number): Json {
    if (this.text.charCodeAt(this.pos) === SPACE) {
      this.pos++
      return this.scalar(column)
    }
    const lineStart = this.pos + 1
    const indent = this.indent(lineStart)
    this.pos = lineStart + indent
    if (this.atDash() && indent >= column) return this.list(indent)
    if (indent > column) return this.map(indent)
    // substitution can leave nothing
    this.pos = lineStart
    return null
  }

  /** A scalar or an empty collection up to the end of its last line. @param column of the collection around it */
  private scalar(column: number): Json {
    const first = this.text.charAt(this.pos)
    if (first === '"') return doubleQuoted(this.whole(DOUBLE))
    if (first === "'") return folded(this.whole(SINGLE)).replaceAll("''", "'")
    if (first === '|') return this.literal(column)
    if (first === '[' || first === '{') {
      const empty = first === '[' ? '[]\n' : '{}\n'
      if (!this.text.startsWith(empty, this.pos)) throw NOT_PRINTED
      this.pos += empty.length
      return first === '[' ? [] : {}
    }
    return this.plain(column)
  }

  private whole(pattern: RegExp): string {
    const match = this.match(pattern)
    if (match === null) throw NOT_PRINTED
    this.pos += match[0].length
    return match[1] ?? ''
  }

  private plain(column: number): Json {
    const words: string[] = []
    do {
      // a line that goes on may begin with anything but a comment
      if (words.length === 0 ? this.match(PLAIN_START) === null : this.text.charAt(this.pos) === '#')
        throw NOT_PRINTED
      const end = this.text.indexOf('\n', this.pos)
      const line = this.text.slice(this.pos, end)
      if (line === '' || line.endsWith(' ') || PLAIN_STOP.test(line)) throw NOT_PRINTED
      words.push(line)
      this.pos = end + 1
    } while (this.continues(column))
    const { value } = resolvePlain(words.join(' '))
    // .inf and .nan, which JSON does not have: the full parser says so
    if (typeof value === 'number' && !Number.isFinite(value)) throw NOT_PRINTED
    return value
  }

  private continues(column: number): boolean {
    if (this.text.charCodeAt(this.pos) === NEWLINE) throw NOT_PRINTED
    const indent = this.indent(this.pos)
    if (indent <= column || this.pos === this.text.length) return false
    this.pos += indent
    return true
  }

  private literal(column: number): string {
    const chomping = this.whole(LITERAL)
    const lines: string[] = []
    let indent: number | undefined
    // lines behind the last one with content; '' each
    let blank = 0
    for (; this.pos < this.text.length;) {
      const end = this.text.indexOf('\n', this.pos)
      const spaces = this.indent(this.pos)
      const empty = this.pos + spaces === end
      if (indent === undefined && !empty) {
        if (spaces <= column || this.text.charAt(this.pos + spaces) === '\t') throw NOT_PRINTED
        indent = spaces
      }
      if (empty && (indent === undefined || spaces <= indent)) {
        // before the first content a blank line must be bare
        if (indent === undefined && spaces > 0) throw NOT_PRINTED
        blank++
      } else {
        if (indent === undefined || spaces < indent) break
        for (; blank > 0; blank--) lines.push('')
        lines.push(this.text.slice(this.pos + indent, end))
      }
      this.pos = end + 1
    }
    if (indent === undefined) throw NOT_PRINTED
    return lines.join('\n') + (chomping === '-' ? '' : chomping === '+' ? '\n'.repeat(blank + 1) : '\n')
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\u001b',
  ' ': ' ',
  '"': '"',
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
}

function doubleQuoted(raw: string): string {
  const text = folded(raw)
  if (!text.includes('\\')) return text
  return text.replaceAll(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/gs,
    (_all, x, u, long, simple) => {
      const hex: unknown = x ?? u ?? long
      if (typeof hex === 'string') {
        const code = Number.parseInt(hex, 16)
        // surrogates and what lies beyond Unicode are refused
        if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw NOT_PRINTED
        return String.fromCodePoint(code)
      }
      const escaped = ESCAPES[String(simple)]
      if (escaped === undefined) throw NOT_PRINTED
      return escaped
    },
  )
}

/** Line breaks of a quoted scalar: one is a space, each more of them a line break. */
function folded(raw: string): string {
  if (!raw.includes('\n')) return raw
  const [first = '', ...rest] = raw.split('\n')
  const last = rest.length - 1
  let text = first.replace(/ +$/, '')
  let breaks = 0
  for (const [index, line] of rest.entries()) {
    const word = index === last ? line.replace(/^ +/, '') : line.trim()
    // at the left margin '---' would end the document; tabs and escaped spaces at the edge are rules of their own
    if ((line !== '' && !line.startsWith(' ')) || line.includes('\t') || text.endsWith('\\'))
      throw NOT_PRINTED
    if (word === '' && index !== last) breaks++
    else {
      text += (breaks === 0 ? ' ' : '\n'.repeat(breaks)) + word
      breaks = 0
    }
  }
  return text
}
