import { isObject, type Json, type JsonObject } from '../../manifest/json.ts'
import { parseDuration, printDuration } from './go-duration.ts'
import { parseTime } from './go-time.ts'
import goTypes from './go-types.json' with { type: 'json' }
import { parseQuantity, printQuantity, WRONG_FORMAT } from '../quantity.ts'

// The operator's structs (api/v1/*_types.go and what they are made of, 1.30.0; written by .github/operator-types). Fields
// that older releases lack do no harm: their CRDs refuse them before.
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...goTypes,
  SynchronousReplicaConfiguration: {
    ...goTypes.SynchronousReplicaConfiguration,
    // main: api/v1/cluster_types.go
    podFailureDomainKeys: '[]string?',
    nodeFailureDomainKeys: '[]string?',
  },
}
const MAP = 'map[string]'
const INTEGERS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int: [-(2n ** 63n), 2n ** 63n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

/**
 * A value of Go as plain JSON: without null; what is not there is nil or the zero value; quantities, times and durations
 * in the form in which Go prints them.
 */
export type GoValue = Json

/**
 * Reads JSON into a Go type as sigs.k8s.io/json does (UnmarshalCaseSensitivePreserveInts): unknown fields are dropped,
 * null leaves the zero value.
 * @param type a type of go-types.json
 * @param path where it stands, for messages: 'spec'
 * @returns the message of the first error where the JSON does not fit the type
 */
export function decodeGo(
  type: string,
  json: Json | undefined,
  path: string,
): { value: JsonObject } | { error: string } {
  const errors: string[] = []
  const value = decode(type, json ?? null, { struct: type.replace(/Spec$/, ''), path }, errors)
  if (errors[0] !== undefined) return { error: errors[0] }
  return { value: isObject(value) ? value : {} }
}

interface Where {
  struct: string
  path: string
}

function decode(type: string, json: Json, where: Where, errors: string[]): GoValue | undefined {
  if (json === null) return undefined
  if (type.startsWith('*')) return decode(type.slice(1), json, where, errors)
  const mismatch = (given: string) => {
    errors.push(
      `json: cannot unmarshal ${given} into Go struct field ${where.struct}.${where.path} of type ${goName(type)}`,
    )
    return undefined
  }
  if (type.startsWith('[]')) {
    if (!Array.isArray(json)) return mismatch(kindOf(json))
    return json.map(item => element(type.slice(2), item, where, errors))
  }
  if (type.startsWith(MAP)) {
    if (!isObject(json)) return mismatch(kindOf(json))
    return entriesOf(json, (_name, item) => element(type.slice(MAP.length), item, where, errors))
  }
  const fields = TYPES[type]
  if (fields !== undefined) {
    if (!isObject(json)) return mismatch(kindOf(json))
    const read = entriesOf(json, (name, inner) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (field === undefined) return undefined
      const here = { struct: type.replace(/^\w+\./, ''), path: `${where.path}.${name}` }
      return decode(withoutTags(field), inner, here, errors)
    })
    return inOrder(read, Object.keys(fields))
  }
  const scalar = decodeScalar(type, json)
  if (scalar === undefined)
    return mismatch(
      typeof json === 'number' && Object.hasOwn(INTEGERS, type) ? `number ${json}` : kindOf(json),
    )
  if ('error' in scalar) errors.push(scalar.error)
  else return scalar.value
  return undefined
}

/** An item of a list or a map is never absent: null is the zero value. */
function element(type: string, item: Json, where: Where, errors: string[]): GoValue {
  return decode(type, item, where, errors) ?? zero(type)
}

function zero(type: string): GoValue {
  if (type === 'string') return ''
  if (type === 'bool') return false
  if (type === 'quantity') return '0'
  if (Object.hasOwn(INTEGERS, type) || type === 'intOrString') return 0
  return TYPES[type] === undefined ? null : {}
}

/** @returns `undefined` where the JSON is of another kind than the type takes */
function decodeScalar(type: string, json: Json): { value: GoValue } | { error: string } | undefined {
  switch (type) {
    case 'string':
      return typeof json === 'string' ? { value: json } : undefined
    case 'bool':
      return typeof json === 'boolean' ? { value: json } : undefined
    case 'quantity': {
      // Quantity.UnmarshalJSON takes the raw text between the quotes, escapes and all
      const raw = JSON.stringify(json)
      const quantity = parseQuantity((raw.startsWith('"') ? raw.slice(1, -1) : raw).trim())
      if (typeof quantity !== 'string') return { value: printQuantity(quantity) }
      return { error: typeof json === 'object' ? WRONG_FORMAT : quantity }
    }
    case 'duration': {
      if (typeof json !== 'string') return undefined
      const duration = parseDuration(json)
      return typeof duration === 'string' ? { error: duration } : { value: printDuration(duration) }
    }
    case 'time': {
      if (typeof json !== 'string') return undefined
      const time = parseTime(json)
      return typeof time === 'string' ? { error: time } : { value: time.utc }
    }
    case 'intOrString':
      return typeof json === 'string' ? { value: json } : integer('int32', json)
    default:
      return integer(type, json)
  }
}

function integer(type: string, json: Json): { value: GoValue } | undefined {
  const range = INTEGERS[type]
  if (range === undefined || typeof json !== 'number' || !Number.isInteger(json)) return undefined
  const value = BigInt(json)
  return value < range[0] || value > range[1] ? undefined : { value: json }
}

/**
 * Writes a Go value as encoding/json does: fields without omitempty are always there, as their zero value or null.
 * @param absent fields that the release does not have: 'Type.field'
 */
export function encodeGo(type: string, value: GoValue | undefined, absent: ReadonlySet<string>): Json {
  if (type.startsWith('*')) return value === undefined ? null : encodeGo(type.slice(1), value, absent)
  if (type.startsWith('[]'))
    return Array.isArray(value) ? value.map(item => encodeGo(type.slice(2), item, absent)) : null
  if (type.startsWith(MAP))
    return isObject(value)
      ? entriesOf(value, (_name, item) => encodeGo(type.slice(MAP.length), item, absent))
      : null
  const fields = TYPES[type]
  if (fields === undefined) return value ?? zero(type)
  const given: JsonObject = isObject(value) ? value : {}
  const written: JsonObject = {}
  for (const [name, tagged] of Object.entries(fields)) {
    if (absent.has(`${type}.${name}`)) continue
    const field = withoutTags(tagged)
    const inner = given[name]
    if (tagged.includes('?') && isEmpty(field, inner)) continue
    if (tagged.endsWith('0') && inner === undefined) continue
    written[name] = encodeGo(field, inner, absent)
  }
  return written
}

/** What omitempty leaves out. A struct is never empty, a pointer only if it is nil. */
function isEmpty(type: string, value: GoValue | undefined): boolean {
  if (value === undefined) return !(TYPES[type] !== undefined || type === 'quantity' || type === 'time')
  if (type.startsWith('[]')) return Array.isArray(value) && value.length === 0
  if (type.startsWith(MAP)) return isObject(value) && Object.keys(value).length === 0
  return !type.startsWith('*') && (value === '' || value === 0 || value === false) && type !== 'quantity'
}

/** In the order in which the API server sends the fields: sorted. */
function entriesOf(object: JsonObject, read: (name: string, value: Json) => GoValue | undefined): JsonObject {
  const entries: [string, GoValue][] = []
  for (const [name, value] of Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const inner = read(name, value)
    if (inner !== undefined) entries.push([name, inner])
  }
  return Object.fromEntries(entries)
}

/** In the order of the struct, as Go prints it. */
function inOrder(object: JsonObject, names: readonly string[]): JsonObject {
  const entries = names.flatMap((name): [string, Json][] => {
    const value = object[name]
    return value === undefined ? [] : [[name, value]]
  })
  return Object.fromEntries(entries)
}

function withoutTags(field: string): string {
  return field.replace(/[?0]+$/, '')
}

/** The package as Go prints it: v1 for the operator's and Kubernetes' own types, api for those of its libraries. */
function goName(type: string): string {
  const [, wrapping = '', name = ''] = /^((?:\[\]|\*|map\[string\])*)(.*)$/.exec(type) ?? []
  if (TYPES[name] === undefined) return type
  const [folder, ...rest] = name.split('.')
  const named = rest.length === 0 ? `v1.${name}` : `${folder === 'pkg' ? 'api' : 'v1'}.${rest.join('.')}`
  // a list's items are decoded one by one
  return `${wrapping}${named}`
}

function kindOf(json: Json): string {
  return Array.isArray(json)
    ? 'array'
    : json === null
      ? 'null'
      : typeof json === 'boolean'
        ? 'bool'
        : typeof json
}
