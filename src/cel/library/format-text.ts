// cel-go 0.26, ext/formatting.go: string.format(list).
import { EvaluationError } from '../errors.ts'
import { List, Mapping, TypeValue, typeName, Uint, type Value } from '../values.ts'
import { stringOf } from './conversions.ts'
import { compareText } from '../operators.ts'
import { Duration } from './duration.ts'
import { goQuote } from './go-quote.ts'
import { Timestamp } from './timestamp.ts'

/** `'%s is %d'.format(['a', 1])`. More arguments than clauses are fine, as in cel-go at run time. */
export function formatText(template: string, args: List): string {
  let out = ''
  let index = 0
  for (let i = 0; i < template.length; i++) {
    const character = template[i] ?? ''
    if (character !== '%') {
      out += character
      continue
    }
    if (template[i + 1] === '%') {
      out += '%'
      i++
      continue
    }
    const arg = args.get(index)
    if (arg === undefined) throw new EvaluationError(`index ${index} out of range`)
    const [clause, precision, verb] = /^%(?:\.(\d+))?(.)/su.exec(template.slice(i)) ?? []
    if (clause === undefined || verb === undefined) throw new EvaluationError('unexpected end of string')
    out += formatClause(arg, verb, precision === undefined ? 6 : Number(precision))
    i += clause.length - 1
    index++
  }
  return out
}

function formatClause(value: Value, verb: string, precision: number): string {
  switch (verb) {
    case 's':
      return asString(value)
    case 'd':
      if (typeof value === 'bigint') return value.toString()
      if (value instanceof Uint) return value.value.toString()
      throw wrong('decimal clause can only be used on integers', value)
    case 'f':
      return floating('fixed-point', value, number => withPrecision(number, precision))
    case 'e':
      return floating('scientific', value, scientific)
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      return radix(value, 2, 'only integers and bools can be formatted as binary')
    case 'o':
      return radix(value, 8, 'octal clause can only be used on integers')
    case 'x':
      return hex(value)
    case 'X':
      return hex(value).toUpperCase()
    default:
      throw new EvaluationError(
        `could not parse formatting clause: unrecognized formatting clause ${goQuote(verb)}`,
      )
  }
}

function wrong(message: string, value: Value): EvaluationError {
  return new EvaluationError(`error during formatting: ${message}, was given ${typeName(value)}`)
}

/** Of text only these three are numbers. */
function floating(clause: string, value: Value, print: (number: number) => string): string {
  if (value === 'NaN') return 'NaN'
  if (value === 'Infinity') return '∞'
  if (value === '-Infinity') return '-∞'
  if (typeof value !== 'number') throw wrong(`${clause} clause can only be used on doubles`, value)
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞'
  return print(value)
}

/** In the manner of en-US, which is the locale of the API server: thousands in groups. */
function withPrecision(number: number, precision: number): string {
  const digits = Math.min(precision, MOST_DIGITS)
  const size = Math.abs(number)
  const text =
    size >= 1e21 ? `${BigInt(size)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}` : rounded(size, digits)
  const [whole = '', fraction] = text.split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  const sign = number < 0 || Object.is(number, -0) ? '-' : ''
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

// what JavaScript prints at most: every double between 1e-30 and 1e21 ends before
const MOST_DIGITS = 100

/** toFixed, but an exact tie goes to the even digit, as in Go. */
function rounded(size: number, digits: number): string {
  const text = size.toFixed(digits)
  const exact = size.toFixed(MOST_DIGITS)
  const [whole = '', fraction = ''] = exact.split('.')
  if (!/^50*$/.test(fraction.slice(digits)) || digits === MOST_DIGITS) return text
  const kept = `${whole}${fraction.slice(0, digits)}`
  if (!/[02468]$/.test(kept)) return text
  return digits === 0 ? whole : `${whole}.${fraction.slice(0, digits)}`
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** `1.234500×10⁰³`: the API server's printer writes exponents for people, and always six digits. */
function scientific(number: number): string {
  const [mantissa = '', exponent = ''] = number.toExponential(6).split('e')
  const digits = exponent.replace(/^[+-]/, '').padStart(2, '0')
  const raised = Array.from(digits, digit => SUPERSCRIPTS[Number(digit)] ?? '').join('')
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`
}

function radix(value: Value, base: number, message: string): string {
  if (typeof value === 'bigint') return value.toString(base)
  if (value instanceof Uint) return value.value.toString(base)
  throw wrong(message, value)
}

function hex(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return radix(value, 16, 'only integers, byte buffers, and strings can be formatted as hex')
}

function asString(value: Value): string {
  if (value === null) return 'null'
  if (value instanceof List) return `[${value.items().map(literal).join(', ')}]`
  if (value instanceof Mapping) {
    const pairs = value
      .keys()
      .map((key): [string, string] => [literal(key), literal(value.find(key) ?? null)])
    return `{${pairs
      .toSorted(([a], [b]) => compareText(a, b))
      .map(pair => pair.join(':'))
      .join(', ')}}`
  }
  const isPlain =
    typeof value !== 'object' ||
    value instanceof Uint ||
    value instanceof Uint8Array ||
    value instanceof TypeValue ||
    value instanceof Timestamp ||
    value instanceof Duration
  if (!isPlain)
    throw wrong(
      'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
      value,
    )
  return stringOf(value)
}

/** Inside of lists and maps values stand as CEL writes them. */
function literal(value: Value): string {
  if (typeof value === 'string') return goQuote(value)
  if (value instanceof Uint8Array) return `b${goQuote(stringOf(value))}`
  if (value instanceof Timestamp) return `timestamp(${goQuote(stringOf(value))})`
  if (value instanceof Duration) return `duration(${goQuote(stringOf(value))})`
  if (typeof value === 'number') return Number.isFinite(value) ? value.toFixed(6) : goQuote(stringOf(value))
  return asString(value)
}
