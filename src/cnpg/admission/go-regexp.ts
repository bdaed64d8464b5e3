// Whether Go's regexp (RE2 syntax, Go 1.26 regexp/syntax/parse.go with the flags of regexp.Compile) takes an expression.

const CLASSES = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
)
const MAX_REPEAT = 1000

/** @returns what is wrong, in the words of Go, or `undefined` for an expression that compiles */
export function regexpError(expression: string): string | undefined {
  const parser = new Parser(expression)
  parser.alternatives(0)
  return parser.error === undefined ? undefined : `error parsing regexp: ${parser.error}`
}

class Parser {
  error: string | undefined
  private at = 0
  private readonly text: string
  private readonly names = new Set<string>()

  constructor(text: string) {
    this.text = text
  }

  private fail(what: string, where: string): void {
    this.error ??= `${what}: \`${where}\``
  }

  /** Reads up to the parenthesis that closes the group, or to the end. */
  alternatives(depth: number): void {
    if (depth > MAX_REPEAT) return this.fail('expression nests too deeply', this.text)
    let repeatable = false
    let repeated = ''
    while (this.error === undefined && this.at < this.text.length) {
      const start = this.at
      const char = this.text[this.at] ?? ''
      const repeat = this.repetition()
      if (repeat !== undefined) {
        if (repeated !== '') return this.fail('invalid nested repetition operator', repeated + repeat)
        if (!repeatable) return this.fail('missing argument to repetition operator', repeat)
        repeated = repeat
        continue
      }
      repeated = ''
      if (char === ')') {
        if (depth === 0) return this.fail('unexpected )', this.text)
        return
      }
      if (char === '|') {
        this.at++
        repeatable = false
      } else if (char === '(') repeatable = this.group(depth, repeatable)
      else {
        if (char === '[') this.characterClass()
        else if (char === '\\') this.escape(false)
        else this.at += String.fromCodePoint(this.text.codePointAt(this.at) ?? 0).length
        repeatable = true
      }
      if (this.at === start && this.error === undefined) return
    }
    if (depth > 0 && this.error === undefined && this.at >= this.text.length)
      this.fail('missing closing )', this.text)
  }

  /** Reads *, +, ?, {n}, {n,}, {n,m}, each with an optional ? (not greedy). */
  private repetition(): string | undefined {
    const rest = this.text.slice(this.at)
    const found = /^(?:[*+?]|\{(\d{1,9})(,(\d{0,9}))?\})\??/.exec(rest)
    if (found === null) return undefined
    const [operator, from, range, to = ''] = found
    if (from !== undefined) {
      // a leading zero makes it text
      if (/^0\d/.test(from) || /^0\d/.test(to)) return undefined
      const [min, max] = [Number(from), range === undefined || to === '' ? Number(from) : Number(to)]
      if (min > MAX_REPEAT || max > MAX_REPEAT || min > max)
        this.fail('invalid repeat count', operator.replace(/\?$/, ''))
    }
    this.at += operator.length
    return operator
  }

  /** @returns whether a repetition may follow: flags alone change nothing about that */
  private group(depth: number, repeatable: boolean): boolean {
    const rest = this.text.slice(this.at)
    if (rest.startsWith('(?')) {
      const named = /^\(\?P?<([^>]*)>/.exec(rest)
      const flags = /^\(\?(?:[imsU]*(?:-[imsU]+)?)([:)])/.exec(rest)
      if (named !== null) {
        const name = named[1] ?? ''
        if (!/^\w+$/.test(name)) this.fail('invalid named capture', named[0])
        if (this.names.has(name)) this.fail('duplicate capture group name', name)
        this.names.add(name)
        this.at += named[0].length
      } else if (flags !== null) {
        this.at += flags[0].length
        if (flags[1] === ')') return repeatable
      } else {
        this.fail('invalid or unsupported Perl syntax', rest.slice(0, 3))
        return false
      }
    } else this.at++
    this.alternatives(depth + 1)
    if (this.text[this.at] === ')') this.at++
    return true
  }

  private characterClass(): void {
    const start = this.at
    this.at++
    if (this.text[this.at] === '^') this.at++
    let first = true
    while (this.error === undefined) {
      if (this.at >= this.text.length) return this.fail('missing closing ]', this.text.slice(start))
      if (this.text[this.at] === ']' && !first) {
        this.at++
        return
      }
      const posix = /^\[:\^?(\w+):\]/.exec(this.text.slice(this.at))
      if (posix !== null) {
        if (!CLASSES.has(posix[1] ?? '')) this.fail('invalid character class range', posix[0])
        this.at += posix[0].length
      } else {
        // - after a class such as \\d stands for itself
        const isSet = /^\\[dDsSwWpP]/.test(this.text.slice(this.at))
        const from = this.classItem()
        if (!isSet && this.text[this.at] === '-' && ![']', undefined].includes(this.text[this.at + 1])) {
          const begin = this.at
          this.at++
          const to = this.classItem()
          if (from === undefined || to === undefined || to < from)
            this.fail('invalid character class range', this.text.slice(begin - 1, this.at))
        }
      }
      first = false
    }
  }

  /** @returns the code point, or `undefined` for a class such as \d */
  private classItem(): number | undefined {
    if (this.text[this.at] === '\\') return this.escape(true)
    const point = this.text.codePointAt(this.at) ?? 0
    this.at += String.fromCodePoint(point).length
    return point
  }

  private escape(inClass: boolean): number | undefined {
    const rest = this.text.slice(this.at)
    const quoted = inClass ? null : /^\\Q.*?(?:\\E|$)/s.exec(rest)
    const known =
      quoted ??
      /^\\(?:[pP](?:[A-Z]|\{\^?\w+\})|x[0-9A-Fa-f]{2}|x\{[0-9A-Fa-f]+\}|[0-7]{1,3}|[dDsSwWafnrtv])/.exec(
        rest,
      ) ??
      (inClass ? null : /^\\[AbBz]/.exec(rest)) ??
      // punctuation stands for itself
      /^\\[!-/:-@[-^`{-~_]/.exec(rest)
    if (known === null) {
      if (rest === '\\') this.fail('trailing backslash at end of expression', '')
      else this.fail('invalid escape sequence', rest.slice(0, 2))
      return undefined
    }
    const sequence = known[0]
    const property = /^\\[pP](?:(\w)|\{\^?(\w+)\})$/.exec(sequence)
    if (property !== null && !isProperty(property[1] ?? property[2] ?? ''))
      this.fail('invalid character class range', sequence)
    if (/^\\[1-7]$/.test(sequence)) this.fail('invalid escape sequence', sequence)
    this.at += sequence.length
    const hexadecimal = /^\\x\{?([0-9A-Fa-f]+)\}?$/.exec(sequence)?.[1]
    if (hexadecimal !== undefined) {
      const point = Number.parseInt(hexadecimal, 16)
      if (point > 0x10_ff_ff) this.fail('invalid escape sequence', sequence)
      return point
    }
    if (/^\\[0-7]+$/.test(sequence)) return Number.parseInt(sequence.slice(1), 8)
    const control = 'afnrtv'.indexOf(sequence[1] ?? ' ')
    if (control >= 0) return [7, 12, 10, 13, 9, 11][control]
    return /^\\[dDsSwWpP]/.test(sequence) ? undefined : sequence.codePointAt(1)
  }
}

/** General categories and scripts of Unicode; JavaScript knows the same. */
function isProperty(name: string): boolean {
  if (name === 'Any') return true
  return ['General_Category', 'Script'].some(kind => {
    try {
      return new RegExp(`\\p{${kind}=${name}}`, 'u') instanceof RegExp
    } catch {
      return false
    }
  })
}
