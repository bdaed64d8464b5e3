import { EvaluationError } from '../errors.ts'
import { Opaque } from '../values.ts'
import { Duration } from './duration.ts'

const SECOND = 1_000_000_000n
const MILLISECOND = 1_000_000n
const EARLIEST = BigInt(Date.parse('0001-01-01T00:00:00Z')) * MILLISECOND
const LATEST = BigInt(Date.parse('9999-12-31T23:59:59Z')) * MILLISECOND + SECOND - 1n

/** google.protobuf.Timestamp: nanoseconds since 1970, between the years 1 and 9999. */
export class Timestamp extends Opaque {
  readonly type = 'google.protobuf.Timestamp'
  readonly nanos: bigint
  /** minutes east of UTC that it was written with: only its text shows them */
  readonly offset: number
  constructor(nanos: bigint, offset = 0) {
    super()
    this.offset = offset
    if (nanos < EARLIEST || nanos > LATEST) throw new EvaluationError('timestamp overflow')
    this.nanos = nanos
  }
  equals(other: Opaque): boolean {
    return other instanceof Timestamp && other.nanos === this.nanos
  }
  /** RFC 3339 with as many digits as are needed */
  override toString(): string {
    const fraction = fractionOf(this.nanos)
    const local = new Date(dateOf(this.nanos).getTime() + this.offset * 60_000)
    const minutes = Math.abs(this.offset)
    const zone =
      this.offset === 0
        ? 'Z'
        : `${this.offset < 0 ? '-' : '+'}${twoDigits(minutes / 60)}:${twoDigits(minutes % 60)}`
    const digits = fraction === 0n ? '' : `.${fraction.toString().padStart(9, '0').replace(/0+$/, '')}`
    return `${local.toISOString().slice(0, 19)}${digits}${zone}`
  }
}

function twoDigits(number: number): string {
  return Math.floor(number).toString().padStart(2, '0')
}

function fractionOf(nanos: bigint): bigint {
  return ((nanos % SECOND) + SECOND) % SECOND
}

/** The moment without its fraction of a second. */
function dateOf(nanos: bigint): Date {
  return new Date(Number((nanos - fractionOf(nanos)) / MILLISECOND))
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/

/** RFC 3339 as Go's time.Parse takes it; `undefined` for what it refuses. */
export function parseMoment(text: string): Timestamp | undefined {
  const [, day, time, fraction = '', zone] = RFC3339.exec(text) ?? []
  if (day === undefined || time === undefined || zone === undefined || !isDay(day)) return undefined
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  const [, sign, zoneHours = '0', zoneMinutes = '0'] = /^([+-])(\d{2}):(\d{2})$/.exec(zone) ?? []
  if (Number(zoneHours) > 23 || Number(zoneMinutes) > 59) return undefined
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
  const milliseconds = Date.parse(`${day}T${time}Z`) - offset * 60_000
  return new Timestamp(
    BigInt(milliseconds) * MILLISECOND + BigInt(fraction.slice(0, 9).padEnd(9, '0')),
    offset,
  )
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  // JavaScript takes the 30th of February for the 1st of March
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** A field of `format: date` (Go's time.Parse("2006-01-02")). */
export function dateOfFormat(text: string): Timestamp {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || !isDay(text))
    throw new EvaluationError(`Invalid date formatted string ${text}: cannot parse`)
  return new Timestamp(BigInt(Date.parse(`${text}T00:00:00Z`)) * MILLISECOND)
}

/** A field of `format: date-time` (k8s.io/kube-openapi, pkg/validation/strfmt/time.go): t and z in either case. */
export function dateTimeOfFormat(text: string): Timestamp {
  if (text === '') return new Timestamp(0n)
  const upper = text.toUpperCase().replace(/([+-]\d{2})(\d{2})$/, '$1:$2')
  const moment = parseMoment(upper)
  if (moment === undefined)
    throw new EvaluationError(`Invalid date-time formatted string ${text}: cannot parse`)
  return moment
}

/** @throws EvaluationError outside of the years that a timestamp holds */
export function shift(timestamp: Timestamp, by: bigint): Timestamp {
  return new Timestamp(timestamp.nanos + by, timestamp.offset)
}

type Part = 'year' | 'month' | 'date' | 'day' | 'dayOfYear' | 'hours' | 'minutes' | 'seconds' | 'milliseconds'

/** Part of a moment in a time zone: `UTC`, `+02:00`, `Europe/Berlin`. */
export function partOf(timestamp: Timestamp, part: Part, zone: string): bigint {
  const local = new Date(dateOf(timestamp.nanos).getTime() + offsetOf(zone, dateOf(timestamp.nanos)))
  const parts: Record<Part, number> = {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth(),
    date: local.getUTCDate(),
    day: local.getUTCDay(),
    dayOfYear: Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / 86_400_000),
    hours: local.getUTCHours(),
    minutes: local.getUTCMinutes(),
    seconds: local.getUTCSeconds(),
    milliseconds: Number(fractionOf(timestamp.nanos) / MILLISECOND),
  }
  return BigInt(parts[part])
}

/** Milliseconds east of UTC. */
function offsetOf(zone: string, at: Date): number {
  if (zone === '' || zone === 'UTC') return 0
  const [, sign, hours, minutes] = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone) ?? []
  if (hours !== undefined) return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000)
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      timeZoneName: 'longOffset',
    }).formatToParts(at)
    const name = parts.find(part => part.type === 'timeZoneName')?.value ?? ''
    const [, east, h = '0', m = '0', s = '0'] = /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? []
    return (Number(h) * 3600 + Number(m) * 60 + Number(s)) * (east === '-' ? -1000 : 1000)
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`)
  }
}

/** Whole hours, minutes, seconds or milliseconds of a duration. */
export function partOfDuration(
  duration: Duration,
  part: 'hours' | 'minutes' | 'seconds' | 'milliseconds',
): bigint {
  const unit = { hours: 3600n * SECOND, minutes: 60n * SECOND, seconds: SECOND, milliseconds: MILLISECOND }[
    part
  ]
  return duration.nanos / unit
}
