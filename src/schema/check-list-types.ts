import { canonicalJson, isObject, type Json } from '../manifest/json.ts'
import { invalid, type Refusal } from './problem.ts'
import { somewhereBelow, type StructuralSchema } from './structural.ts'

const hasNamedItems = somewhereBelow(
  schema => schema['x-kubernetes-list-type'] === 'set' || schema['x-kubernetes-list-type'] === 'map',
)

/**
 * Items of sets and keyed lists that are there twice, after defaulting (apiextensions-apiserver 0.35,
 * pkg/apiserver/schema/listtype/validation.go). The type check of apply comes before it; this one sees what defaults and
 * webhooks made of a list.
 */
export function checkListTypes(value: Json, schema: StructuralSchema, path = ''): Refusal[] {
  if (!hasNamedItems(schema)) return []
  const { items, properties, additionalProperties } = schema
  if (Array.isArray(value)) {
    const found = checkItems(value, schema, path)
    if (items !== undefined)
      for (const [i, item] of value.entries()) found.push(...checkListTypes(item, items, `${path}[${i}]`))
    return found
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const field = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
    const at = path === '' ? name : `${path}.${name}`
    return [
      ...(typeof additionalProperties === 'object'
        ? checkListTypes(inner, additionalProperties, `${path}[${name}]`)
        : []),
      ...(field === undefined ? [] : checkListTypes(inner, field, at)),
    ]
  })
}

function checkItems(value: Json[], schema: StructuralSchema, path: string): Refusal[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return repeated(value).map(i => duplicate(`${path}[${i}]`, value[i] ?? null))
    case 'map': {
      const wrong = value.findIndex(item => item !== null && !isObject(item))
      if (wrong !== -1)
        return [invalid(`${path}[${wrong}]`, value[wrong], 'must be an object for an array of list-type map')]
      const names = value.map((item): Json =>
        isObject(item)
          ? Object.fromEntries(
              keys.flatMap(key => (Object.hasOwn(item, key) ? [[key, item[key] ?? null]] : [])),
            )
          : {},
      )
      return repeated(names).map(i => duplicate(`${path}[${i}]`, names[i] ?? null))
    }
    case 'atomic':
    case undefined:
    default:
      return []
  }
}

/** Where each value stands the second time. */
function repeated(values: readonly Json[]): number[] {
  const counts = new Map<string, number>()
  return values.flatMap((value, i) => {
    const key = canonicalJson(value)
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count === 2 ? [i] : []
  })
}

function duplicate(field: string, value: Json): Refusal {
  return { reason: 'Duplicate', field, message: `Duplicate value: ${JSON.stringify(value)}` }
}
