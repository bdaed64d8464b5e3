// The conversions of CEL: int(x), string(x), … (cel-go 0.26, common/types).
import { EvaluationError, noSuchOverload } from '../errors.ts'
import { int, TypeValue, typeName, Uint, uint, type Value } from '../values.ts'
import { Cidr, Ip } from './addresses.ts'
import { Duration, parseGoDuration } from './duration.ts'
import { goFloat } from './go-quote.ts'
import { parseMoment, Timestamp } from './timestamp.ts'

export function stringOf(value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return value.toString()
  if (typeof value === 'number') return goFloat(value)
  if (value instanceof Uint) return value.value.toString()
  if (value instanceof Uint8Array) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(value)
    } catch {
      throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string')
    }
  }
  if (value instanceof TypeValue) return value.name
  if (value instanceof Timestamp || value instanceof Duration || value instanceof Ip || value instanceof Cidr)
    return value.toString()
  throw noSuchOverload()
}

function cannotConvert(to: string): EvaluationError {
  return new EvaluationError(`type conversion error from 'string' to '${to}'`)
}

export function intOf(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof Uint) return int(value.value)
  if (typeof value === 'number') {
    if (!(value > -9223372036854775808 && value < 9223372036854775808))
      throw new EvaluationError('integer overflow')
    return BigInt(Math.trunc(value))
  }
  if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value)) throw cannotConvert('int')
    const number = BigInt(value.replace(/^\+/, ''))
    if (BigInt.asIntN(64, number) !== number) throw cannotConvert('int')
    return number
  }
  if (value instanceof Timestamp) return floorDivide(value.nanos, 1_000_000_000n)
  if (value instanceof Duration) return value.nanos
  throw noSuchOverload()
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

export function uintOf(value: Value): Uint {
  if (value instanceof Uint) return value
  if (typeof value === 'bigint') return uint(value)
  if (typeof value === 'number') {
    if (!(value >= 0 && value < 18446744073709551616)) throw new EvaluationError('unsigned integer overflow')
    return new Uint(BigInt(Math.trunc(value)))
  }
  if (typeof value === 'string') {
    if (!/^\d+$/.test(value)) throw cannotConvert('uint')
    return uint(BigInt(value))
  }
  throw noSuchOverload()
}

export function doubleOf(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint) return Number(value.value)
  if (typeof value === 'string') {
    const special = /^([+-]?)(inf|infinity|nan)$/i.exec(value)
    if (special !== null)
      return special[2]?.toLowerCase() === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) throw cannotConvert('double')
    return Number(value)
  }
  throw noSuchOverload()
}

export function boolOf(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') throw noSuchOverload()
  // Go's strconv.ParseBool
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false
  throw cannotConvert('bool')
}

export function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return new TextEncoder().encode(value)
  throw noSuchOverload()
}

export function durationFrom(value: Value): Duration {
  if (value instanceof Duration) return value
  if (typeof value === 'string') {
    const nanos = parseGoDuration(value)
    if (nanos === undefined) throw cannotConvert('google.protobuf.Duration')
    return new Duration(nanos)
  }
  if (typeof value === 'bigint') return new Duration(value)
  throw noSuchOverload()
}

export function timestampFrom(value: Value): Timestamp {
  if (value instanceof Timestamp) return value
  if (typeof value === 'string') {
    const moment = parseMoment(value)
    if (moment === undefined) throw cannotConvert('google.protobuf.Timestamp')
    return moment
  }
  if (typeof value === 'bigint') return new Timestamp(value * 1_000_000_000n)
  throw noSuchOverload()
}

export function typeOf(value: Value): TypeValue {
  return new TypeValue(typeName(value))
}
