import type { Json, JsonObject } from '../manifest/json.ts'
import { EvaluationError, noSuchOverload } from './errors.ts'

/**
 * A value of CEL: int is a bigint, double a number, bytes a Uint8Array; what JavaScript has no type for is a class.
 * cel-go compares values by their methods; here `equal` below does.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | List
  | Mapping
  | TypeValue
  | Optional
  | Opaque

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

/** A type as a value: `type(self) == int`. */
export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export class Optional {
  static readonly none = new Optional(undefined)
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
}

/** A list of any origin. */
export abstract class List {
  abstract get size(): number
  /** `undefined` outside the list */
  abstract get(index: number): Value | undefined
  abstract items(): readonly Value[]
  /** cel-go's Equal of this kind of list with another one */
  equals(other: List): boolean {
    if (this.size !== other.size) return false
    const mine = this.items()
    const theirs = other.items()
    return mine.every((item, i) => equal(item, theirs[i] ?? null))
  }
  concat(other: List): List {
    return new PlainList([...this.items(), ...other.items()])
  }
}

/** A list made by an expression. */
export class PlainList extends List {
  readonly #items: Value[]
  constructor(items: Value[]) {
    super()
    this.#items = items
  }
  get size(): number {
    return this.#items.length
  }
  get(index: number): Value | undefined {
    return this.#items[index]
  }
  items(): readonly Value[] {
    return this.#items
  }
  /** Only for the accumulator of a comprehension, which nothing else sees. */
  append(item: Value): void {
    this.#items.push(item)
  }
}

/** A map or an object of any origin. */
export abstract class Mapping {
  abstract get size(): number
  /** the value of a key as a rule writes it; `undefined` where there is none */
  abstract find(key: Value): Value | undefined
  abstract keys(): readonly Value[]
  equals(other: Mapping): boolean {
    if (this.size !== other.size) return false
    return this.keys().every(key => {
      const mine = this.find(key)
      const theirs = other.find(key)
      return mine !== undefined && theirs !== undefined && equal(mine, theirs)
    })
  }
}

/** A map made by an expression. Keys are strings, ints, uints or booleans. */
export class PlainMap extends Mapping {
  readonly #entries = new Map<string, [key: Value, value: Value]>()
  get size(): number {
    return this.#entries.size
  }
  find(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1]
  }
  keys(): readonly Value[] {
    return Array.from(this.#entries.values(), ([key]) => key)
  }
  /** @throws for a key that is there already */
  insert(key: Value, value: Value): void {
    const text = keyOf(key)
    if (this.#entries.has(text)) throw new EvaluationError(`Failed with repeated key: ${text.slice(1)}`)
    this.#entries.set(text, [key, value])
  }
}

/** Numbers that are equal are the same key whatever their type. */
function keyOf(key: Value): string {
  if (typeof key === 'string') return `s${key}`
  if (typeof key === 'boolean') return `b${key}`
  const number = key instanceof Uint ? key.value : key
  if (typeof number === 'bigint') return `n${number}`
  if (typeof number === 'number' && Number.isInteger(number)) return `n${BigInt(number)}`
  throw new EvaluationError(`unsupported key type: ${typeName(key)}`)
}

/** A value of Kubernetes' or CEL's that has no shape of its own: a quantity, an address, a duration. */
export abstract class Opaque {
  /** CEL's name of its type */
  abstract readonly type: string
  abstract equals(other: Opaque): boolean
}

/** Data without a schema: it can be compared and nothing else (unknownPreserved of valuesunstructured.go). */
export class UnknownValue extends Opaque {
  readonly type = 'unknown'
  readonly json: Json
  constructor(json: Json) {
    super()
    this.json = json
  }
  equals(other: Opaque): boolean {
    return other instanceof UnknownValue && sameJson(this.json, other.json)
  }
}

const MAX_INT = 9223372036854775807n
const MIN_INT = -9223372036854775808n

/** @throws `integer overflow` outside of int64 */
export function int(value: bigint): bigint {
  if (value > MAX_INT || value < MIN_INT) throw new EvaluationError('integer overflow')
  return value
}

/** @throws `unsigned integer overflow` outside of uint64 */
export function uint(value: bigint): Uint {
  if (value < 0n || value > 18446744073709551615n) throw new EvaluationError('unsigned integer overflow')
  return new Uint(value)
}

export function typeName(value: Value): string {
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (value === null) return 'null_type'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Uint) return 'uint'
  if (value instanceof List) return 'list'
  if (value instanceof Mapping) return 'map'
  if (value instanceof TypeValue) return 'type'
  if (value instanceof Optional) return 'optional_type'
  return value.type
}

/** The number of a numeric value, for comparison across types; `undefined` for every other value. */
function numeric(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof Uint ? value.value : undefined
}

/** CEL's `==`. @throws no such overload for a list or a map of the object against something else, as the API server does */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  const left = numeric(a)
  if (left !== undefined) {
    const right = numeric(b)
    return right !== undefined && left == right
  }
  if (typeof a === 'string' || typeof a === 'boolean') return false
  if (a instanceof List) {
    if (b instanceof List) return a.equals(b)
    if (a instanceof PlainList) return false
    throw noSuchOverload()
  }
  if (a instanceof Mapping) {
    if (b instanceof Mapping) return a.equals(b)
    if (a instanceof PlainMap) return false
    throw noSuchOverload()
  }
  if (a instanceof Uint8Array)
    return b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i])
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name
  if (a instanceof Optional)
    return (
      b instanceof Optional &&
      (a.value === undefined || b.value === undefined ? a.value === b.value : equal(a.value, b.value))
    )
  return a instanceof Opaque && b instanceof Opaque && a.type === b.type && a.equals(b)
}

/** Go's reflect.DeepEqual of what JSON decodes to: the order of keys is of no account. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  if (Array.isArray(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => sameJson(own(a, key), own(b, key)))
}

/** A field of an object, never one of its prototype. */
export function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
