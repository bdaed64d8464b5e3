import { EvaluationError, noSuchOverload } from './errors.ts'
import { Duration } from './library/duration.ts'
import { shift, Timestamp } from './library/timestamp.ts'
import { equal, int, List, Mapping, typeName, Uint, uint, type Value } from './values.ts'

/** The order of two values: negative, 0 or positive. @throws no such overload for values that have no order */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  const left = a instanceof Uint ? a.value : a
  const right = b instanceof Uint ? b.value : b
  if (
    (typeof left === 'bigint' || typeof left === 'number') &&
    (typeof right === 'bigint' || typeof right === 'number')
  ) {
    if (Number.isNaN(left) || Number.isNaN(right)) throw new EvaluationError('NaN values cannot be ordered')
    return left < right ? -1 : left > right ? 1 : 0
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration))
    return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
  throw noSuchOverload()
}

/** Go compares bytes of UTF-8, which is the order of code points; JavaScript that of UTF-16. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  if (!/[\ud800-\udfff]/.test(a + b)) return a < b ? -1 : 1
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

export function add(a: Value, b: Value): Value {
  if (typeof a === 'string' && typeof b === 'string') return a + b
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a + b)
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a instanceof Uint && b instanceof Uint) return uint(a.value + b.value)
  if (a instanceof List && b instanceof List) return a.concat(b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return new Uint8Array([...a, ...b])
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanos + b.nanos)
  if (a instanceof Timestamp && b instanceof Duration) return shift(a, b.nanos)
  if (a instanceof Duration && b instanceof Timestamp) return shift(b, a.nanos)
  throw noSuchOverload()
}

export function subtract(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a - b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (a instanceof Uint && b instanceof Uint) return uint(a.value - b.value)
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanos - b.nanos)
  if (a instanceof Timestamp && b instanceof Duration) return shift(a, -b.nanos)
  if (a instanceof Timestamp && b instanceof Timestamp) return new Duration(a.nanos - b.nanos)
  throw noSuchOverload()
}

export function multiply(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a * b)
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a instanceof Uint && b instanceof Uint) return uint(a.value * b.value)
  throw noSuchOverload()
}

export function divide(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return a / b
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a / nonZero(b, 'division by zero'))
  if (a instanceof Uint && b instanceof Uint) return uint(a.value / nonZero(b.value, 'division by zero'))
  throw noSuchOverload()
}

export function modulo(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a % nonZero(b, 'modulus by zero'))
  if (a instanceof Uint && b instanceof Uint) return uint(a.value % nonZero(b.value, 'modulus by zero'))
  throw noSuchOverload()
}

function nonZero(value: bigint, message: string): bigint {
  if (value === 0n) throw new EvaluationError(message)
  return value
}

export function negate(a: Value): Value {
  if (typeof a === 'bigint') return int(-a)
  if (typeof a === 'number') return -a
  if (a instanceof Duration) return new Duration(-a.nanos)
  throw noSuchOverload()
}

export function not(a: Value): Value {
  if (typeof a !== 'boolean') throw noSuchOverload()
  return !a
}

/** CEL's `in`. */
export function contains(container: Value, value: Value): boolean {
  if (container instanceof Mapping) return container.find(value) !== undefined
  if (!(container instanceof List)) throw noSuchOverload()
  return container.items().some(item => sameValue(item, value))
}

/** Equality that knows no errors: what cannot be compared is not equal (cel-go's Contains and the sets library). */
export function sameValue(a: Value, b: Value): boolean {
  try {
    return equal(a, b)
  } catch (error) {
    if (error instanceof EvaluationError) return false
    throw error
  }
}

/** `a[key]` @throws `no such key`, `index out of bounds` */
export function at(container: Value, key: Value): Value {
  const found = find(container, key)
  if (found !== undefined) return found
  throw new EvaluationError(
    container instanceof List ? `index out of bounds: ${keyText(key)}` : `no such key: ${keyText(key)}`,
  )
}

/** `a[?key]`, and the presence test of `a.key`. */
export function find(container: Value, key: Value): Value | undefined {
  if (container instanceof Mapping) return container.find(key)
  if (!(container instanceof List)) throw noSuchOverload()
  const index = key instanceof Uint ? key.value : key
  if (typeof index === 'bigint')
    return index < 0n || index >= container.size ? undefined : container.get(Number(index))
  if (typeof index === 'number' && Number.isInteger(index)) return container.get(index)
  throw new EvaluationError(`unsupported index type '${typeof key}' in list`)
}

function keyText(key: Value): string {
  if (key instanceof Uint) return key.value.toString()
  return typeof key === 'object' ? typeName(key) : String(key)
}
