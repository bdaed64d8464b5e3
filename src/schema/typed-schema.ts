import type { Json } from '../manifest/json.ts'
import { OBJECT_FIELDS } from './object-meta.ts'
import { schemaOfField, type StructuralSchema } from './structural.ts'
import { typeInWords } from './value-type.ts'

/**
 * What server-side apply makes of a schema: which shapes a value may have, and how its parts are owned and merged. As
 * kube-openapi does it (pkg/schemaconv/openapi.go), from what apiextensions-apiserver gives it: the schema without value
 * validations and nullable, embedded objects completed (pkg/controller/openapi/builder/builder.go).
 */
export interface TypedSchema {
  /** without a scalar only a list or a map is taken; null is always taken */
  scalar?: 'numeric' | 'string' | 'boolean' | 'untyped'
  list?: ListType
  map?: MapType
  /** how messages call what is wanted: 'an integer' */
  words?: string
}

export interface ListType {
  /** items are owned one by one; else the list is owned as a whole */
  associative: boolean
  /** what tells items of an associative list apart; none: the value itself */
  keys: readonly string[]
  items: () => TypedSchema
}

export interface MapType {
  /** owned as a whole */
  atomic: boolean
  /** a declared field, which is owned only through what is below it */
  isField: (name: string) => boolean
  /** `undefined`: the field is not declared */
  typeOf: (name: string) => TypedSchema | undefined
  defaultOf: (name: string) => Json | undefined
  /** declared names, for proposals */
  names: () => string[]
}

const ATOMIC: TypedSchema = {
  scalar: 'untyped',
  list: { associative: false, keys: [], items: () => ATOMIC },
  map: {
    atomic: true,
    isField: () => false,
    typeOf: () => ATOMIC,
    defaultOf: () => undefined,
    names: () => [],
  },
}

/** What nothing is known of: maps merge field by field, lists are replaced. */
export const DEDUCED: TypedSchema = {
  scalar: 'untyped',
  list: { associative: false, keys: [], items: () => ATOMIC },
  map: {
    atomic: false,
    isField: () => false,
    typeOf: () => DEDUCED,
    defaultOf: () => undefined,
    names: () => [],
  },
}

interface Position {
  /** a whole object: apiVersion, kind and metadata are fields */
  root: boolean
  /** below x-kubernetes-preserve-unknown-fields, which holds for everything under it */
  preserve: boolean
  /** a type of the API server's own, whose schema keeps its formats */
  goType: boolean
}

const known = new WeakMap<StructuralSchema, Map<number, TypedSchema>>()

/** The type of whole objects of a schema. */
export function typedSchema(schema: StructuralSchema): TypedSchema {
  return typeAt(schema, { root: true, preserve: false, goType: false })
}

function typeAt(schema: StructuralSchema, position: Position): TypedSchema {
  const { root } = position
  const preserve = position.preserve || schema['x-kubernetes-preserve-unknown-fields'] === true
  const goType = position.goType || schema['x-kubernetes-go-type'] === true
  const key = (root ? 1 : 0) + (preserve ? 2 : 0) + (goType ? 4 : 0)
  let types = known.get(schema)
  if (types === undefined) known.set(schema, (types = new Map()))
  const found = types.get(key)
  if (found !== undefined) return found
  const type = makeType(schema, { root, preserve, goType })
  types.set(key, type)
  return type
}

function makeType(schema: StructuralSchema, position: Position): TypedSchema {
  const words = typeInWords(schema)
  switch (schema['x-kubernetes-int-or-string'] === true ? undefined : schema.type) {
    case 'integer':
    case 'number':
      return { scalar: 'numeric', words }
    case 'boolean':
      return { scalar: 'boolean', words }
    case 'string':
      // the formats of a custom resource are value validations, which do not get here
      return {
        words,
        scalar:
          !position.goType || schema.format === undefined || schema.format === 'byte' ? 'string' : 'untyped',
      }
    case 'array':
      return { list: listType(schema, position) }
    case 'object':
      return { map: mapType(schema, position) }
    case undefined:
    default:
      // quantities and int-or-string of Kubernetes' own types are scalars, those of a custom resource take anything here
      if (position.goType && schema['x-kubernetes-int-or-string'] === true)
        return { scalar: 'untyped', words }
      return { scalar: 'untyped', list: listType(schema, position), map: mapType(schema, position) }
  }
}

function listType(schema: StructuralSchema, position: Position): ListType {
  const { items } = schema
  const kind = schema['x-kubernetes-list-type']
  const mergeKey = schema['x-kubernetes-patch-merge-key']
  const merges =
    kind === undefined && /^merge(,retainKeys)?$/.test(schema['x-kubernetes-patch-strategy'] ?? '')
  return {
    associative: kind === 'set' || kind === 'map' || merges,
    keys:
      kind === 'map'
        ? (schema['x-kubernetes-list-map-keys'] ?? [])
        : merges && mergeKey !== undefined
          ? [mergeKey]
          : [],
    items: () => (items === undefined ? ATOMIC : typeAt(items, { ...position, root: false })),
  }
}

function mapType(schema: StructuralSchema, position: Position): MapType {
  const whole = position.root || schema['x-kubernetes-embedded-resource'] === true
  const inner = { ...position, root: false }
  const fieldOf = (name: string): StructuralSchema | undefined => {
    if (whole && Object.hasOwn(OBJECT_FIELDS, name)) return OBJECT_FIELDS[name]
    const { properties } = schema
    return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
  }
  // what is free-form is deduced from the value (kube-openapi pkg/schemaconv/openapi.go, parseObject)
  const { properties, additionalProperties } = schema
  const free =
    additionalProperties === true ||
    (additionalProperties === undefined &&
      (position.preserve || (!whole && Object.keys(properties ?? {}).length === 0)))
  return {
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    isField: name => fieldOf(name) !== undefined,
    typeOf(name) {
      const field = fieldOf(name) ?? (free ? undefined : schemaOfField(schema, name))
      if (field !== undefined)
        // ObjectMeta is a type of its own, which no free-form object around it opens
        return typeAt(
          field,
          field === OBJECT_FIELDS[name] ? { root: false, preserve: false, goType: false } : inner,
        )
      return free ? DEDUCED : undefined
    },
    defaultOf: name => fieldOf(name)?.default,
    names: () => [...Object.keys(properties ?? {}), ...(whole ? Object.keys(OBJECT_FIELDS) : [])],
  }
}

/** The one shape of a type that a value has; all of them where it has none, or is null (typed/helpers.go, deduceAtom). */
export function shapeFor(type: TypedSchema, value: Json | undefined): TypedSchema {
  if (value === undefined || value === null) return type
  if (Array.isArray(value)) return type.list === undefined ? type : { list: type.list }
  if (typeof value === 'object') return type.map === undefined ? type : { map: type.map }
  return type.scalar === undefined ? type : { scalar: type.scalar }
}
