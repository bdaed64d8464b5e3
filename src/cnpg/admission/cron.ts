import { parseDuration } from './go-duration.ts'
import { atoi, atoiError } from './go-values.ts'

// robfig/cron 1.2.0 parser.go, Parse: second, minute, hour, day of month, month, and a day of week that may be missing. So the
// five fields of a Unix crontab are taken, and mean something else.

interface Bounds {
  min: number
  max: number
  names?: Readonly<Record<string, number>>
}

const numbered = (names: string, first: number) =>
  Object.fromEntries(names.split(' ').map((name, index) => [name, first + index]))
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: numbered('jan feb mar apr may jun jul aug sep oct nov dec', 1) },
  { min: 0, max: 6, names: numbered('sun mon tue wed thu fri sat', 0) },
]
const DESCRIPTORS = '@yearly @annually @monthly @weekly @daily @midnight @hourly'.split(' ')

/** @returns what is wrong with a schedule, in the parser's words */
export function scheduleError(schedule: string): string | undefined {
  if (schedule === '') return 'Empty spec string'
  if (schedule.startsWith('@')) return descriptorError(schedule)
  const fields = fieldsOf(schedule)
  if (fields.length < 5 || fields.length > 6)
    return `Expected 5 to 6 fields, found ${fields.length}: ${schedule}`
  for (const [index, field] of fields.entries()) {
    const bounds = FIELDS[index]
    for (const range of field.split(',')) {
      const error = bounds === undefined || range === '' ? undefined : rangeError(range, bounds)
      if (error !== undefined) return error
    }
  }
  return undefined
}

/** strings.Fields: apart at what unicode.IsSpace calls space */
export function fieldsOf(schedule: string): string[] {
  return schedule
    .split(/[\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+/)
    .filter(field => field !== '')
}

function descriptorError(text: string): string | undefined {
  if (DESCRIPTORS.includes(text)) return undefined
  if (!text.startsWith('@every ')) return `Unrecognized descriptor: ${text}`
  const duration = parseDuration(text.slice('@every '.length))
  return typeof duration === 'string' ? `Failed to parse duration ${text}: ${duration}` : undefined
}

function rangeError(range: string, { min, max, names = {} }: Bounds): string | undefined {
  const [span = '', step, ...more] = range.split('/')
  const [low = '', high, ...tooMany] = span.split('-')
  let [start, end] = [BigInt(min), BigInt(max)]
  if (low !== '*' && low !== '?') {
    const from = numberOrName(low, names)
    if (typeof from === 'string') return from
    start = from
    end = from
    if (tooMany.length > 0) return `Too many hyphens: ${range}`
    if (high !== undefined) {
      const to = numberOrName(high, names)
      if (typeof to === 'string') return to
      end = to
    }
  }
  if (more.length > 0) return `Too many slashes: ${range}`
  let every = 1n
  if (step !== undefined) {
    const given = number(step)
    if (typeof given === 'string') return given
    every = given
    // N/step means N-max/step
    if (high === undefined) end = BigInt(max)
  }
  if (start < BigInt(min)) return `Beginning of range (${start}) below minimum (${min}): ${range}`
  if (end > BigInt(max)) return `End of range (${end}) above maximum (${max}): ${range}`
  if (start > end) return `Beginning of range (${start}) beyond end of range (${end}): ${range}`
  return every === 0n ? `Step of range should be a positive number: ${range}` : undefined
}

function numberOrName(text: string, names: Readonly<Record<string, number>>): bigint | string {
  const name = text.toLowerCase()
  return Object.hasOwn(names, name) ? BigInt(names[name] ?? 0) : number(text)
}

function number(text: string): bigint | string {
  const value = atoi(text)
  if (value === undefined) return `Failed to parse int from ${text}: ${atoiError(text)}`
  return value < 0n ? `Negative number (${value}) not allowed: ${text}` : value
}
