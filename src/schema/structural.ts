import type { Json } from '../manifest/json.ts'

/**
 * The schema of a kind: OpenAPI v3 as CustomResourceDefinitions hold it (apiextensions v1 JSONSchemaProps), without
 * descriptions. Rules in CEL stay in it, another domain evaluates them.
 */
export interface StructuralSchema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  format?: string
  properties?: { [name: string]: StructuralSchema }
  additionalProperties?: boolean | StructuralSchema
  items?: StructuralSchema
  required?: string[]
  nullable?: boolean
  default?: Json
  enum?: Json[]
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  multipleOf?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  minProperties?: number
  maxProperties?: number
  anyOf?: StructuralSchema[]
  oneOf?: StructuralSchema[]
  allOf?: StructuralSchema[]
  not?: StructuralSchema
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-validations'?: CelRule[]
  /** ours, at the root of built-in kinds: the API server decodes them into Go, so null is a zero value */
  'x-kubernetes-go-type'?: boolean
}

/** One entry of x-kubernetes-validations. */
export interface CelRule {
  rule: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
  optionalOldSelf?: boolean
}

export type Scope = 'Namespaced' | 'Cluster'

/** A kind in all its versions. */
export interface KindSchema {
  group: string
  kind: string
  scope: Scope
  /** versions the API server takes, as 'v1' */
  served: readonly string[]
  /** what reports call the source: 'the CRD in this repository', 'cnpg 1.28.0' */
  source: string
  /** where nothing is served: the nearest version that has the kind, 'cnpg 1.30.0' */
  elsewhere?: string
  /** false: the version in use is not known, or not in the catalog; the nearest one stands in */
  exact: boolean
  /** where a version that can be scaled keeps its number of replicas: '.spec.instances' */
  scaleOf(version: string): string | undefined
  /** schemas of newer versions that may be in use as well */
  newer?: readonly KindSchema[]
  /** the schema of a version, served or not; `undefined` for a version that the kind never had */
  schemaOf(version: string): StructuralSchema | undefined
}

/** Where schemas come from. Lookups are cheap and lazy: nothing is read but what is asked for. */
export interface SchemaSource {
  find(group: string, kind: string): KindSchema | undefined
}

/** The schema of a property or of the values of a map; `undefined` where the schema says nothing of it. */
export function schemaOfField(schema: StructuralSchema, name: string): StructuralSchema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name))
    return schema.properties[name]
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

/**
 * Asks of a schema whether something holds for it or for any schema of a field, value or item below it. The answer is kept:
 * what holds nowhere need not be looked for in each object.
 */
export function somewhereBelow(
  holds: (schema: StructuralSchema) => boolean,
): (schema: StructuralSchema) => boolean {
  const known = new WeakMap<StructuralSchema, boolean>()
  const ask = (schema: StructuralSchema): boolean => {
    let found = known.get(schema)
    if (found === undefined) {
      const { items, additionalProperties, properties } = schema
      found =
        holds(schema) ||
        Object.values(properties ?? {}).some(ask) ||
        (items !== undefined && ask(items)) ||
        (typeof additionalProperties === 'object' && ask(additionalProperties))
      known.set(schema, found)
    }
    return found
  }
  return ask
}
