import { isObject, type Json } from '../manifest/json.ts'
import type { StructuralSchema } from './structural.ts'

/** What a schema wants a value to be. */
export type Wanted = NonNullable<StructuralSchema['type']> | 'integer or text' | 'quantity'

/** `undefined`: anything */
export function wantedType(schema: StructuralSchema): Wanted | undefined {
  if (schema['x-kubernetes-int-or-string'] === true)
    return schema.format === 'quantity' ? 'quantity' : 'integer or text'
  return schema.type
}

const TYPES_IN_WORDS: Record<Wanted, string> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  'integer or text': 'an integer or a text',
  quantity: 'a number or a text',
}

/** 'an integer', 'a list', …; 'present' where anything goes. */
export function typeInWords(schema: StructuralSchema): string {
  const wanted = wantedType(schema)
  return wanted === undefined ? 'present' : TYPES_IN_WORDS[wanted]
}

const HAS_TYPE: Record<Wanted, (value: Json) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: value => typeof value === 'string',
  integer: isInteger,
  number: value => typeof value === 'number',
  boolean: value => typeof value === 'boolean',
  'integer or text': value => typeof value === 'string' || isInteger(value),
  quantity: value => typeof value === 'string' || typeof value === 'number',
}

export function hasType(value: Json, schema: StructuralSchema): boolean {
  const wanted = wantedType(schema)
  return wanted === undefined || HAS_TYPE[wanted](value)
}

/** 3.0 is an integer, what does not fit 64 bits is a float (cases/admission.jsonl, lab-int-float, lab-int64-over). */
export function isInteger(value: Json): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value < 2 ** 63 && value >= -(2 ** 63)
}

/** The type's name in JSON schema, as the API server's errors have it. */
export function typeName(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return isInteger(value) ? 'integer' : 'number'
  return typeof value
}

/**
 * What to do about a value of the wrong type, where that is plain.
 * @param wanted as `typeInWords` has it
 */
export function repairType(value: Exclude<Json, null>, wanted: string): string | undefined {
  if (wanted === 'a text' && (typeof value === 'number' || typeof value === 'boolean'))
    return 'Put it in quotes.'
  if (typeof value === 'string') {
    if ((wanted === 'an integer' || wanted === 'a number') && /^-?\d+(\.\d+)?$/.test(value))
      return 'Remove the quotes.'
    if (wanted === 'true or false' && (value === 'true' || value === 'false')) return 'Remove the quotes.'
  }
  if (wanted === 'a list' && !Array.isArray(value)) return 'Write it as a list: put "- " before it.'
  if (wanted === 'an object' && Array.isArray(value)) return 'Write it as an object, without "- ".'
  return undefined
}
