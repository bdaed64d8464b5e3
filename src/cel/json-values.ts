import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import type { StructuralSchema } from '../schema/structural.ts'
import { EvaluationError, noSuchOverload } from './errors.ts'
import { escapeName, unescapeName } from './escape.ts'
import { stringOf } from './library/conversions.ts'
import { durationOfFormat } from './library/duration.ts'
import { dateOfFormat, dateTimeOfFormat } from './library/timestamp.ts'
import {
  equal,
  List,
  Mapping,
  own,
  PlainList,
  sameJson,
  typeName,
  UnknownValue,
  type Value,
} from './values.ts'

const STRING: StructuralSchema = { type: 'string' }
const META: StructuralSchema = { type: 'object', properties: { name: STRING, generateName: STRING } }
const rooted = new WeakMap<StructuralSchema, StructuralSchema>()

/**
 * The schema of a resource as rules see it: of the metadata only the names, unless the schema declares them itself
 * (apiextensions-apiserver 0.35, pkg/apiserver/schema/cel/model/schemas.go, WithTypeAndObjectMeta).
 */
export function withTypeAndObjectMeta(schema: StructuralSchema): StructuralSchema {
  const { properties } = schema
  const meta = properties?.['metadata']
  if (
    properties?.['kind']?.type === 'string' &&
    properties['apiVersion']?.type === 'string' &&
    meta?.type === 'object' &&
    meta.properties?.['name']?.type === 'string' &&
    meta.properties['generateName']?.type === 'string'
  )
    return schema
  let result = rooted.get(schema)
  if (result === undefined) {
    result = { ...schema, properties: { ...properties, kind: STRING, apiVersion: STRING, metadata: META } }
    rooted.set(schema, result)
  }
  return result
}

/**
 * A value of the object as rules see it: by its schema, not by its JSON type, and lazily (k8s.io/apiserver 0.35,
 * pkg/cel/common/valuesunstructured.go, UnstructuredToVal).
 * @throws EvaluationError for a value that its schema does not allow
 */
export function valueOf(json: Json, schema: StructuralSchema): Value {
  if (json === null) {
    if (schema.nullable === true) return null
    throw new EvaluationError('invalid data, got null for schema with nullable=false')
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof json === 'string') return json
    if (typeof json === 'number' && Number.isInteger(json)) return BigInt(json)
    throw new EvaluationError('invalid data, expected XIntOrString value to be either a string or integer')
  }
  switch (schema.type) {
    case 'object':
      if (!isObject(json))
        throw new EvaluationError('invalid data, expected a map for the provided schema with type=object')
      return new JsonMapping(
        json,
        schema['x-kubernetes-embedded-resource'] === true ? withTypeAndObjectMeta(schema) : schema,
      )
    case 'array':
      if (!Array.isArray(json))
        throw new EvaluationError('invalid data, expected an array for the provided schema with type=array')
      if (schema.items === undefined)
        throw new EvaluationError('invalid array type, expected Items with a non-empty Schema')
      return listOf(json, schema.items, schema)
    case 'string':
      if (typeof json !== 'string') throw invalid('string', json)
      return schema.format === undefined ? json : formatted(json, schema.format)
    case 'number':
      if (typeof json !== 'number') throw invalid('float', json)
      return json
    case 'integer':
      if (typeof json !== 'number' || !Number.isInteger(json)) throw invalid('int', json)
      return BigInt(json)
    case 'boolean':
      if (typeof json !== 'boolean') throw invalid('bool', json)
      return json
    case undefined:
      if (schema['x-kubernetes-preserve-unknown-fields'] === true) return new UnknownValue(json)
  }
  throw new EvaluationError(
    'invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ',
  )
}

/** Go's %T of what JSON decodes to. */
function goType(json: Json): string {
  if (typeof json === 'string') return 'string'
  if (typeof json === 'boolean') return 'bool'
  if (typeof json === 'number') return Number.isInteger(json) ? 'int64' : 'float64'
  return Array.isArray(json) ? '[]interface {}' : 'map[string]interface {}'
}

function invalid(expected: string, json: Json): EvaluationError {
  return new EvaluationError(`invalid data, expected ${expected}, got ${goType(json)}`)
}

function formatted(text: string, format: string): Value {
  switch (format) {
    case 'byte':
      return bytesOfBase64(text)
    case 'duration':
      return durationOfFormat(text)
    case 'date':
      return dateOfFormat(text)
    case 'date-time':
      return dateTimeOfFormat(text)
    default:
      return text
  }
}

function bytesOfBase64(text: string): Uint8Array {
  const plain = text.replaceAll(/[\r\n]/g, '')
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain))
    throw new EvaluationError(`Invalid byte formatted string ${text}: illegal base64 data`)
  return new Uint8Array(Buffer.from(plain, 'base64'))
}

function listOf(json: readonly Json[], items: StructuralSchema, schema: StructuralSchema): List {
  const type = schema['x-kubernetes-list-type']
  if (type === 'map') return new JsonMapList(json, items, schema['x-kubernetes-list-map-keys'] ?? [])
  return type === 'set' ? new JsonSetList(json, items) : new JsonList(json, items)
}

/** A list of the object (unstructuredList). */
class JsonList extends List {
  readonly json: readonly Json[]
  protected readonly schema: StructuralSchema
  #items: readonly Value[] | undefined
  constructor(json: readonly Json[], schema: StructuralSchema) {
    super()
    this.json = json
    this.schema = schema
  }
  get size(): number {
    return this.json.length
  }
  get(index: number): Value | undefined {
    const item = this.json[index]
    return item === undefined ? undefined : valueOf(item, this.schema)
  }
  items(): readonly Value[] {
    this.#items ??= this.json.map(item => valueOf(item, this.schema))
    return this.#items
  }
}

/** A list that is a set: its order is of no account (unstructuredSetList). */
class JsonSetList extends JsonList {
  #keys: Set<string> | undefined
  override equals(other: List): boolean {
    if (this.size !== other.size) return false
    this.#keys ??= new Set(this.items().map(scalarKey))
    const keys = this.#keys
    return other.items().every(item => keys.has(scalarKey(item)))
  }
  override concat(other: List): List {
    const seen = new Set(this.items().map(scalarKey))
    const added = other.items().filter(item => {
      const key = scalarKey(item)
      return !seen.has(key) && seen.add(key) !== undefined
    })
    const values = [...this.items(), ...added]
    return new SetOfValues(values)
  }
}

/** The union of two sets: no list of the object any more, but still a set. */
class SetOfValues extends PlainList {
  override equals(other: List): boolean {
    if (this.size !== other.size) return false
    const keys = new Set(this.items().map(scalarKey))
    return other.items().every(item => keys.has(scalarKey(item)))
  }
}

/** Items of sets are scalars; a value of a format is told by its text. */
function scalarKey(value: Value): string {
  return `${typeName(value)} ${stringOf(value)}`
}

/** A list whose items are told apart by keys: its order is of no account (unstructuredMapList). */
class JsonMapList extends JsonList {
  readonly #keys: readonly string[]
  constructor(json: readonly Json[], schema: StructuralSchema, keys: readonly string[]) {
    super(json, schema)
    // as the API server does it: it looks the escaped name up in the plain object
    this.#keys = keys.map(key => escapeName(key) ?? key)
  }
  override equals(other: List): boolean {
    if (this.size !== other.size) return false
    const mine = new Map(this.json.map(item => [this.#keyOf(item), item]))
    return other.items().every(item => {
      const found = mine.get(this.#keyOf(item instanceof JsonMapping ? item.json : null))
      return found !== undefined && equal(valueOf(found, this.schema), item)
    })
  }
  override concat(other: List): List {
    const merged = [...this.json]
    const places = new Map(merged.map((item, i) => [this.#keyOf(item), i]))
    for (const item of other.items()) {
      if (!(item instanceof JsonMapping)) throw noSuchOverload()
      const place = places.get(this.#keyOf(item.json))
      if (place === undefined) merged.push(item.json)
      else merged[place] = item.json
    }
    return new JsonMapList(merged, this.schema, this.#keys)
  }
  #keyOf(item: Json): string {
    return isObject(item) ? JSON.stringify(this.#keys.map(key => own(item, key) ?? null)) : ''
  }
}

/** An object or a map of the object (unstructuredMap). */
export class JsonMapping extends Mapping {
  readonly json: JsonObject
  readonly #schema: StructuralSchema
  constructor(json: JsonObject, schema: StructuralSchema) {
    super()
    this.json = json
    this.#schema = schema
  }
  get size(): number {
    return Object.keys(this.json).length
  }
  find(key: Value): Value | undefined {
    if (typeof key !== 'string') throw noSuchOverload()
    const name = this.#schema.properties === undefined ? key : unescapeName(key)
    return name === undefined ? undefined : this.#findPlain(name)
  }
  keys(): readonly Value[] {
    const names = Object.keys(this.json).filter(name => this.#schemaOf(name) !== undefined)
    return this.#schema.properties === undefined ? names : names.map(name => escapeName(name) ?? name)
  }
  override equals(other: Mapping): boolean {
    if (this.size !== other.size) return false
    for (const name of Object.keys(this.json)) {
      if (this.#schemaOf(name) === undefined) {
        // a field without schema: compared as JSON, and only where both have it
        if (!(other instanceof JsonMapping)) throw noSuchOverload()
        const theirs = own(other.json, name)
        if (theirs !== undefined && !sameJson(own(this.json, name), theirs)) return false
        continue
      }
      const mine = this.#findPlain(name)
      const theirs = other instanceof JsonMapping ? other.#findPlain(name) : other.find(name)
      if ((mine === undefined) !== (theirs === undefined)) return false
      if (mine !== undefined && theirs !== undefined && !equal(mine, theirs)) return false
    }
    return true
  }
  #findPlain(name: string): Value | undefined {
    const json = own(this.json, name)
    if (json === undefined) return undefined
    const { properties } = this.#schema
    // null in a nullable property counts as absent, in a map it is a value
    if (json === null && properties !== undefined) return undefined
    const schema = this.#schemaOf(name)
    return schema === undefined ? undefined : valueOf(json, schema)
  }
  #schemaOf(name: string): StructuralSchema | undefined {
    const { properties, additionalProperties } = this.#schema
    if (properties !== undefined) return Object.hasOwn(properties, name) ? properties[name] : undefined
    return typeof additionalProperties === 'object' ? additionalProperties : undefined
  }
}
