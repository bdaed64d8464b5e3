import { define, keyText, resolvePlain, resolvePlainV3, type GoScalar } from './go-scalar.ts'
import type { Dialect } from './go-nodes.ts'
import type { Json, JsonObject } from './json.ts'

/** A document in the simple form, and where its content begins and ends in the text. */
export interface SimpleDocument {
  document: JsonObject
  start: number
  end: number
}

/**
 * Reads YAML in the form in which people and programs write nearly all manifests: block maps and lists, plain, quoted and
 * block scalars, flow collections on one line, anchors of scalars, comments. A dozen times faster than the full parser, and a run reads megabytes.
 *
 * Anything else (tags, merge keys, anchors of collections, keys that are no words, a key that stands twice), and anything in doubt, is left
 * to the full parser; what this one reads it reads as that one does (test/manifest/simple-yaml.test.ts compares them).
 * @param dialect how plain scalars are read, see there
 * @returns `undefined` when the text is not of that form, and where it is empty
 */
export function readSimpleYaml(text: string, dialect: Dialect = 'v2'): SimpleDocument | undefined {
  // a block scalar that ends without a line break is a rule of its own
  if (!text.endsWith('\n') || OTHER_CHARACTERS.test(text)) return undefined
  try {
    return new Reader(text, dialect === 'v2' ? resolvePlain : resolvePlainV3).whole()
  } catch (problem) {
    if (problem === NOT_SIMPLE) return undefined
    throw problem
  }
}

const NOT_SIMPLE = new Error('not of the simple form')
// line breaks of YAML 1.1, and what libyaml does not take
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const OTHER_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/
const MAX_DEPTH = 500
/** libyaml wants a key that is not marked by '?' within 1024 characters, colon included. */
const MAX_KEY = 1000

const PLAIN_KEY = /[A-Za-z0-9_./$][-A-Za-z0-9_./${}@=+]*(?: [-A-Za-z0-9_./${}@=+&()',!%*~;]+)*(?=:[ \n])/y
const QUOTED_KEY = /"([^"\\\n]*)"(?=:[ \n])|'((?:[^'\n]|'')*)'(?=:[ \n])/y
const DOUBLE = /"((?:[^"\\]|\\[^\n])*)"/y
const SINGLE = /'((?:[^']|'')*)'/y
const BLOCK = /[|>]([-+]?)(?: *| +#[^\n]*)\n/y
// ns-plain-first: no indicator, but '-', '?' and ':' may begin a word
const PLAIN_START = /(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|[-?:](?=[^\s,[\]{}]))/y
// what ends a plain scalar or makes it a key
const PLAIN_STOP = /:(?: |$)|\t/
/** The rest of a line behind a value. */
const LINE_END = /(?: *| +#[^\n]*)\n/y
const ANCHOR = /&([\w-]+) +/y
const ALIAS = /\*([\w-]+)/y
/** what begins no scalar, or has an anchor already */
const ANCHORED = '&*[{|>\n'
const FLOW_KEY = /[A-Za-z0-9_][-A-Za-z0-9_./]*(?=: )/y
const FLOW_QUOTED_KEY = /"([^"\\\n]*)"(?=: )|'([^'\n]*)'(?=: )/y
const FLOW_PLAIN = /[A-Za-z0-9_./][^\n\t,[\]{}#:"'&*!|>%@`]*/y
const FLOW_DOUBLE = /"([^"\\\n]*)"/y
const FLOW_SINGLE = /'([^'\n]*)'/y

const SPACE = 0x20
const NEWLINE = 0x0a
const DASH = 0x2d
const HASH = 0x23

class Reader {
  private readonly text: string
  private readonly resolve: (text: string) => GoScalar
  private pos = 0
  /** behind the last value */
  private end = 0
  private depth = 0
  private readonly anchors = new Map<string, Json>()

  constructor(text: string, resolve: (text: string) => GoScalar) {
    this.text = text
    this.resolve = resolve
  }

  whole(): SimpleDocument | undefined {
    this.skip()
    const start = this.pos
    if (start === this.text.length) return undefined
    const document = this.map(0)
    if (this.pos !== this.text.length) throw NOT_SIMPLE
    return { document, start, end: this.end }
  }

  /** At the start of a line: steps over empty lines and comments to the line that has content. */
  private skip(): void {
    for (;;) {
      const at = this.pos + this.indent(this.pos)
      const first = this.text.charCodeAt(at)
      if (first === NEWLINE) this.pos = at + 1
      else if (first === HASH) this.pos = this.text.indexOf('\n', at) + 1
      else return
    }
  }

  /** Entries at this column; the first is at `pos`, behind its indentation. */
  private map(column: number): JsonObject {
    if (++this.depth > MAX_DEPTH) throw NOT_SIMPLE
    const map: JsonObject = {}
    do {
      const key = this.key()
      // the full parser tells it, or takes the last
      if (Object.hasOwn(map, key)) throw NOT_SIMPLE
      this.pos++
      define(map, key, this.valueOfKey(column))
    } while (this.nextAt(column))
    this.depth--
    return map
  }

  /** Items at this column; the first dash is at `pos`. */
  private list(column: number): Json[] {
    if (++this.depth > MAX_DEPTH) throw NOT_SIMPLE
    const list: Json[] = []
    do {
      if (!this.atDash()) throw NOT_SIMPLE
      this.pos++
      list.push(this.match(LINE_END) === null ? this.item(column) : this.below(column, column + 1))
    } while (this.nextAt(column) && this.atDash())
    // a key of the map around: step back in front of its indentation
    if (this.pos < this.text.length) this.pos = this.text.lastIndexOf('\n', this.pos - 1) + 1
    this.depth--
    return list
  }

  /** Behind a dash, with something in its line. */
  private item(column: number): Json {
    this.pos++
    if (this.atDash()) return this.list(column + 2)
    return this.atKey() ? this.map(column + 2) : this.scalar(column)
  }

  /** At the start of a line: steps behind its indentation when that is `column`. Less ends the collection, more is a mistake. */
  private nextAt(column: number): boolean {
    this.skip()
    const indent = this.indent(this.pos)
    if (indent > column) throw NOT_SIMPLE
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
      const key = keyText(this.resolve(plain))
      if (key === undefined || plain.length > MAX_KEY) throw NOT_SIMPLE
      return key
    }
    const quoted = this.match(QUOTED_KEY)
    if (quoted === null || quoted[0].length > MAX_KEY) throw NOT_SIMPLE
    this.pos += quoted[0].length
    return quoted[1] ?? (quoted[2] ?? '').replaceAll("''", "'")
  }

  /** Behind the colon. */
  private valueOfKey(column: number): Json {
    this.end = this.pos
    if (this.match(LINE_END) === null) {
      this.pos += this.indent(this.pos)
      return this.scalar(column)
    }
    return this.below(column, column)
  }

  /**
   * Behind a key or a dash with nothing more in its line, which `LINE_END` has just matched: the collection in the lines
   * below, or nothing.
   * @param leastDash where the dash of a list may stand: a list of a key stands as far left as the key
   */
  private below(column: number, leastDash: number): Json {
    this.pos = LINE_END.lastIndex
    this.skip()
    const lineStart = this.pos
    const indent = this.indent(lineStart)
    this.pos = lineStart + indent
    if (this.atDash() && indent >= leastDash) return this.list(indent)
    if (indent > column) return this.map(indent)
    // substitution can leave nothing
    this.pos = lineStart
    return null
  }

  /** A scalar or an empty collection up to the end of its last line. @param column of the collection around it */
  private scalar(column: number): Json {
    const first = this.text.charAt(this.pos)
    if (first === '&') return this.anchored(column)
    if (first === '*') return this.alias()
    if (first === '"') return unescaped(folded(this.lastOfLine(this.take(DOUBLE)), column))
    if (first === "'") return folded(this.lastOfLine(this.take(SINGLE)), column).replaceAll("''", "'")
    if (first === '|' || first === '>') return this.block(column, first === '>')
    if (first === '[' || first === '{') return this.lastOfLine(this.flow())
    return this.plain(column)
  }

  /** `&name value` of a scalar; what else has an anchor is left to the full parser. */
  private anchored(column: number): Json {
    const name = this.take(ANCHOR)
    if (ANCHORED.includes(this.text.charAt(this.pos))) throw NOT_SIMPLE
    const value = this.scalar(column)
    this.anchors.set(name, value)
    return value
  }

  private alias(): Json {
    const value = this.anchors.get(this.take(ALIAS))
    if (value === undefined) throw NOT_SIMPLE
    return this.lastOfLine(value)
  }

  private take(pattern: RegExp): string {
    const match = this.match(pattern)
    if (match === null) throw NOT_SIMPLE
    this.pos += match[0].length
    return match[1] ?? ''
  }

  /** A value, behind which there is nothing but a comment. */
  private lastOfLine<T>(value: T): T {
    this.end = this.pos
    this.take(LINE_END)
    return value
  }

  /** A flow collection or a scalar in one, on one line. */
  private flow(): Json {
    const first = this.text.charAt(this.pos)
    if (first === '[') return this.flowList()
    if (first === '{') return this.flowMap()
    if (first === '"') return this.take(FLOW_DOUBLE)
    if (first === "'") return this.take(FLOW_SINGLE)
    return this.flowPlain()
  }

  private flowPlain(): Json {
    const word = withoutSpacesBehind(this.match(FLOW_PLAIN)?.[0] ?? '')
    if (word === '') throw NOT_SIMPLE
    this.pos += word.length
    return this.resolved(word)
  }

  private flowList(): Json[] {
    if (++this.depth > MAX_DEPTH) throw NOT_SIMPLE
    const list: Json[] = []
    while (!this.closes(']', list.length === 0)) list.push(this.flow())
    this.depth--
    return list
  }

  private flowMap(): JsonObject {
    if (++this.depth > MAX_DEPTH) throw NOT_SIMPLE
    const map: JsonObject = {}
    let isFirst = true
    while (!this.closes('}', isFirst)) {
      isFirst = false
      const quoted = this.match(FLOW_QUOTED_KEY)
      const plain = this.match(FLOW_KEY)
      const key = quoted === null ? keyText(this.resolve(plain?.[0] ?? '')) : (quoted[1] ?? quoted[2])
      const length = quoted?.[0].length ?? plain?.[0].length
      if (key === undefined || length === undefined || length > MAX_KEY || Object.hasOwn(map, key))
        throw NOT_SIMPLE
      this.pos += length + 1
      this.pos += this.indent(this.pos)
      define(map, key, this.flow())
    }
    this.depth--
    return map
  }

  /** Before an item of a flow collection: steps to it, behind the comma, or over the end of the collection. */
  private closes(end: ']' | '}', isFirst: boolean): boolean {
    if (isFirst) this.pos++
    this.pos += this.indent(this.pos)
    if (this.text.charAt(this.pos) === end) {
      this.pos++
      return true
    }
    if (isFirst) return false
    if (this.text.charAt(this.pos) !== ',') throw NOT_SIMPLE
    this.pos++
    this.pos += this.indent(this.pos)
    return false
  }

  private resolved(text: string): Json {
    const { value } = this.resolve(text)
    // .inf and .nan, which JSON does not have: the full parser says so
    if (typeof value === 'number' && !Number.isFinite(value)) throw NOT_SIMPLE
    return value
  }

  private plain(column: number): Json {
    const words: string[] = []
    let isLast = false
    do {
      // a line that goes on may begin with anything but a comment
      if (words.length === 0 && this.match(PLAIN_START) === null) throw NOT_SIMPLE
      const end = this.text.indexOf('\n', this.pos)
      const line = this.text.slice(this.pos, end)
      const comment = line.indexOf(' #')
      const word = withoutSpacesBehind(comment === -1 ? line : line.slice(0, comment))
      if (word === '' || PLAIN_STOP.test(word)) throw NOT_SIMPLE
      words.push(word)
      this.end = this.pos + word.length
      this.pos = end + 1
      isLast = comment !== -1
    } while (!isLast && this.continues(column))
    return this.resolved(words.length === 1 ? (words[0] ?? '') : words.join(' '))
  }

  /** At the start of a line behind a plain scalar: steps to the words that belong to it. */
  private continues(column: number): boolean {
    const lineStart = this.pos
    this.pos += this.indent(this.pos)
    const isEmpty = this.text.charCodeAt(this.pos) === NEWLINE
    const hasWords =
      this.pos - lineStart > column && this.pos < this.text.length && this.text.charCodeAt(this.pos) !== HASH
    if (!isEmpty && hasWords) return true
    this.pos = lineStart
    // an empty line would be a line break in the value, if it went on behind it: then `nextAt` finds words too far right
    return false
  }

  private block(column: number, isFolded: boolean): string {
    const chomping = this.take(BLOCK)
    const lines: string[] = []
    let indent: number | undefined
    // lines behind the last one with content; '' each
    let blank = 0
    for (; this.pos < this.text.length;) {
      const end = this.text.indexOf('\n', this.pos)
      const spaces = this.indent(this.pos)
      const empty = this.pos + spaces === end
      if (indent === undefined && !empty) {
        if (spaces <= column || this.text.charAt(this.pos + spaces) === '\t') throw NOT_SIMPLE
        indent = spaces
      }
      if (empty && (indent === undefined || spaces <= indent)) {
        // before the first content a blank line must be bare
        if (indent === undefined && spaces > 0) throw NOT_SIMPLE
        blank++
      } else {
        if (indent === undefined || spaces < indent) break
        for (; blank > 0; blank--) lines.push('')
        lines.push(this.text.slice(this.pos + indent, end))
      }
      this.pos = end + 1
    }
    if (indent === undefined) throw NOT_SIMPLE
    this.end = this.pos
    // where an empty line or one further right breaks the line is a rule of its own
    if (isFolded && (chomping === '+' || lines.some(line => /^[ \t]|^$/.test(line)))) throw NOT_SIMPLE
    return (
      lines.join(isFolded ? ' ' : '\n') +
      (chomping === '-' ? '' : chomping === '+' ? '\n'.repeat(blank + 1) : '\n')
    )
  }
}

function withoutSpacesBehind(text: string): string {
  let end = text.length
  while (text.charCodeAt(end - 1) === SPACE) end--
  return text.slice(0, end)
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

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/gs,
    (_all, x, u, long, simple) => {
      const hex: unknown = x ?? u ?? long
      if (typeof hex === 'string') {
        const code = Number.parseInt(hex, 16)
        // surrogates and what lies beyond Unicode are refused
        if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw NOT_SIMPLE
        return String.fromCodePoint(code)
      }
      const escaped = ESCAPES[String(simple)]
      if (escaped === undefined) throw NOT_SIMPLE
      return escaped
    },
  )
}

/** Line breaks of a quoted scalar: one is a space, each more of them a line break. @param column of the collection around it */
function folded(raw: string, column: number): string {
  if (!raw.includes('\n')) return raw
  const [first = '', ...rest] = raw.split('\n')
  const last = rest.length - 1
  let text = first.replace(/ +$/, '')
  let breaks = 0
  for (const [index, line] of rest.entries()) {
    const word = index === last ? line.replace(/^ +/, '') : line.trim()
    // what goes on stands further right; tabs and escaped spaces at the edge are rules of their own
    const isShallow = (word !== '' || index === last) && line.search(/[^ ]|$/) <= column
    if (isShallow || line.includes('\t') || text.endsWith('\\')) throw NOT_SIMPLE
    if (word === '' && index !== last) breaks++
    else {
      text += (breaks === 0 ? ' ' : '\n'.repeat(breaks)) + word
      breaks = 0
    }
  }
  return text
}
