export type Schema = { [key: string]: unknown }

/** A kind as the catalog holds it. */
export interface Kind {
  group: string
  kind: string
  scope: 'Namespaced' | 'Cluster'
  /** scale: where the number of replicas stands, '.spec.instances' */
  versions: Record<string, { served: boolean; schema: Schema; scale?: string }>
}

const KEPT = new Set([
  'type',
  'format',
  'properties',
  'additionalProperties',
  'items',
  'required',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'nullable',
  'default',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
])

/** A schema without what only people read (descriptions, examples, links), keys in a fixed order. */
export function strip(schema: Schema): Schema {
  const kept: Schema = {}
  for (const key of Object.keys(schema).toSorted()) {
    const value = schema[key]
    if (!KEPT.has(key) && !key.startsWith('x-kubernetes-')) continue
    if (key === 'properties')
      kept[key] = Object.fromEntries(
        Object.entries(value as Record<string, Schema>)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, inner]) => [name, strip(inner)]),
      )
    else if (key === 'anyOf' || key === 'oneOf' || key === 'allOf') kept[key] = (value as Schema[]).map(strip)
    else if (['items', 'additionalProperties', 'not'].includes(key) && typeof value === 'object')
      kept[key] = strip(value as Schema)
    else kept[key] = value
  }
  return kept
}
