import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import type { StructuralSchema } from './structural.ts'

const NUMBERS = new Set([
  'minimum',
  'maximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
])
const BOOLEANS = new Set([
  'nullable',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
])
const TEXTS = new Set([
  'format',
  'pattern',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
])
const TYPES = new Set<Json>(['object', 'array', 'string', 'integer', 'number', 'boolean'])

/**
 * The schema of a CRD as it stands in a manifest. A CRD of a pull request may hold anything: a keyword whose value has not
 * the keyword's type is left out (the API server refuses such a CRD), as is what only people read.
 */
export function readSchema(json: JsonObject): StructuralSchema {
  const schema: { [keyword: string]: unknown } = {}
  for (const [keyword, value] of Object.entries(json)) {
    const read = readKeyword(keyword, value)
    if (read !== undefined) schema[keyword] = read
  }
  return schema
}

function readKeyword(keyword: string, value: Json): unknown {
  if (NUMBERS.has(keyword)) return typeof value === 'number' ? value : undefined
  if (BOOLEANS.has(keyword)) return typeof value === 'boolean' ? value : undefined
  if (TEXTS.has(keyword)) return typeof value === 'string' ? value : undefined
  switch (keyword) {
    case 'type':
      return TYPES.has(value) ? value : undefined
    case 'default':
      return value
    case 'enum':
      return Array.isArray(value) ? value : undefined
    case 'required':
    case 'x-kubernetes-list-map-keys':
      return Array.isArray(value) && value.every(one => typeof one === 'string') ? value : undefined
    case 'properties':
      return isObject(value)
        ? Object.fromEntries(
            Object.entries(value).flatMap(([name, inner]) =>
              isObject(inner) ? [[name, readSchema(inner)]] : [],
            ),
          )
        : undefined
    case 'additionalProperties':
      return typeof value === 'boolean' ? value : readInner(value)
    case 'items':
    case 'not':
      return readInner(value)
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
      return Array.isArray(value) ? value.filter(isObject).map(readSchema) : undefined
    case 'x-kubernetes-validations':
      return Array.isArray(value) ? value.filter(isObject) : undefined
    default:
      return undefined
  }
}

function readInner(value: Json): StructuralSchema | undefined {
  return isObject(value) ? readSchema(value) : undefined
}
