import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import { checkAlternatives } from './alternatives.ts'
import type { Context } from './context.ts'
import { checkKeywords } from './keywords.ts'
import { OBJECT_FIELDS } from './object-meta.ts'
import { alternatives, asWritten, fieldOf, inWords, type Path, type SchemaProblem } from './problem.ts'
import { schemaOfField, type StructuralSchema } from './structural.ts'

/**
 * What is wrong with a value by its schema, judged as the API server judges a custom resource: the type check of
 * server-side apply (structured-merge-diff, typed/validate.go) and the validation after it (apiextensions-apiserver,
 * pkg/registry/customresource/validator.go, with kube-openapi/pkg/validation/validate). Defaults are expected to be
 * filled in. The checks of one value stop where its type is wrong: one cause, one problem.
 */
export function checkValue(
  value: Json,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem[] {
  if (isPlaceholder(value)) return []
  const here =
    schema['x-kubernetes-go-type'] === true && !context.goType ? { ...context, goType: true } : context
  if (value === null) return checkNull(schema, path, here)
  const wrongType = checkType(value, schema, path, here)
  if (wrongType !== undefined) return [wrongType]
  const problems = checkKeywords(value, schema, path, here)
  if (Array.isArray(value)) problems.push(...checkList(value, schema, path, here))
  else if (isObject(value)) problems.push(...checkFields(value, schema, path, here))
  const judge = (branch: StructuralSchema) =>
    checkValue(value, branch, path, { ...here, closed: false, root: false })
  return [...problems, ...checkAlternatives(value, schema, path, here.kind, judge)]
}

/**
 * SOPS values are not decrypted here and variables may be made elsewhere: rendered they stand as `..PLACEHOLDER_<key>..`.
 * Nothing can be said of a value that holds one, 'app...PLACEHOLDER_DOMAIN..' or '--PLACEHOLDER_DOMAIN--' (`${DOMAIN//./-}`).
 */
function isPlaceholder(value: Json): boolean {
  return typeof value === 'string' && /\W{2}PLACEHOLDER_\w|^ENC\[AES256_GCM,/i.test(value)
}

function checkNull(schema: StructuralSchema, path: Path, context: Context): SchemaProblem[] {
  // Server-side apply keeps null, and only a nullable field may hold it (cases/admission.jsonl, facts on null).
  if (schema.nullable === true || context.goType || wantedType(schema) === undefined) return []
  return [
    {
      ruleId: 'schema-type',
      message: `${fieldOf(path)} must be ${typeInWords(schema)}, is null`,
      repair: 'Give it a value or remove the key.',
      field: fieldOf(path),
      layer: 'schema',
    },
  ]
}

type Wanted = NonNullable<StructuralSchema['type']> | 'integer or text' | 'quantity'

function wantedType(schema: StructuralSchema): Wanted | undefined {
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

function typeInWords(schema: StructuralSchema): string {
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

// 3.0 is an integer, what does not fit 64 bits is a float (cases/admission.jsonl, lab-int-float, lab-int64-over)
function isInteger(value: Json): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63
}

function checkType(
  value: Exclude<Json, null>,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem | undefined {
  const wanted = wantedType(schema)
  if (wanted === undefined || HAS_TYPE[wanted](value)) return undefined
  const field = fieldOf(path)
  const numbers = typeof value === 'number' && wanted === 'integer'
  const repair = repairType(value, wanted)
  return {
    ruleId: 'schema-type',
    message: `${field} must be ${TYPES_IN_WORDS[wanted]}, is ${context.masked(path) ? typeof value : inWords(value)}`,
    ...(repair === undefined ? {} : { repair }),
    field,
    layer: numbers || schema['x-kubernetes-int-or-string'] === true ? 'schema' : 'apply-schema',
  }
}

function repairType(value: Exclude<Json, null>, wanted: Wanted): string | undefined {
  if (wanted === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return 'Put it in quotes.'
  if (typeof value === 'string') {
    if ((wanted === 'integer' || wanted === 'number') && /^-?\d+(\.\d+)?$/.test(value))
      return 'Remove the quotes.'
    if (wanted === 'boolean' && (value === 'true' || value === 'false')) return 'Remove the quotes.'
  }
  if (wanted === 'array' && !Array.isArray(value)) return 'Write it as a list: put "- " before it.'
  if (wanted === 'object' && Array.isArray(value)) return 'Write it as an object, without "- ".'
  return undefined
}

function checkList(value: Json[], schema: StructuralSchema, path: Path, context: Context): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  if (schema['x-kubernetes-list-type'] === 'set') problems.push(...checkSet(value, path))
  if (schema['x-kubernetes-list-type'] === 'map' && context.closed)
    problems.push(...checkKeys(value, schema['x-kubernetes-list-map-keys'] ?? [], path))
  const { items } = schema
  if (items !== undefined)
    for (const [i, item] of value.entries()) problems.push(...checkValue(item, items, [...path, i], context))
  return problems
}

function checkSet(value: Json[], path: Path): SchemaProblem[] {
  const seen = new Set<string>()
  return value.flatMap((item, i) => {
    const key = JSON.stringify(item)
    const field = fieldOf([...path, i])
    if (seen.has(key))
      return [
        {
          ruleId: 'schema-list-key',
          message: `${field} is in the list already: ${asWritten(item)}`,
          repair: 'Remove one of the two.',
          field,
          layer: 'apply-schema' as const,
        },
      ]
    seen.add(key)
    return []
  })
}

function checkKeys(value: Json[], keys: readonly string[], path: Path): SchemaProblem[] {
  const seen = new Map<string, number>()
  return value.flatMap((item, i): SchemaProblem[] => {
    if (!isObject(item)) return []
    const field = fieldOf([...path, i])
    const present = keys.filter(key => Object.hasOwn(item, key))
    if (present.length === 0)
      return [
        {
          ruleId: 'schema-list-key',
          message: `${field} has no ${alternatives(keys)}, which tells the items of this list apart`,
          field,
          layer: 'apply-schema',
        },
      ]
    const identity = JSON.stringify(keys.map(key => item[key] ?? null))
    const first = seen.get(identity)
    if (first === undefined) {
      seen.set(identity, i)
      return []
    }
    const named = present.map(key => `${key} ${asWritten(item[key] ?? null)}`).join(', ')
    return [
      {
        ruleId: 'schema-list-key',
        message: `${field} has the same ${named} as ${fieldOf([...path, first])}`,
        repair: 'Give each item of the list its own.',
        field,
        layer: 'apply-schema',
      },
    ]
  })
}

function checkFields(
  value: JsonObject,
  schema: StructuralSchema,
  path: Path,
  context: Context,
): SchemaProblem[] {
  const whole = context.root || schema['x-kubernetes-embedded-resource'] === true
  const inner = context.root ? { ...context, root: false } : context
  const problems: SchemaProblem[] = []
  for (const [name, child] of Object.entries(value)) {
    const field =
      whole && Object.hasOwn(OBJECT_FIELDS, name) ? OBJECT_FIELDS[name] : schemaOfField(schema, name)
    if (field !== undefined) problems.push(...checkValue(child, field, [...path, name], inner))
    else if (context.closed && isClosed(schema)) problems.push(unknownField(name, schema, path, context))
  }
  for (const name of Array.isArray(schema.required) ? schema.required : [])
    // Go cannot tell null from absent
    if (!Object.hasOwn(value, name) || (inner.goType && value[name] === null)) {
      const field = fieldOf([...path, name])
      problems.push({
        ruleId: 'schema-required',
        message: `${field} is missing, it is required`,
        field,
        layer: 'schema',
      })
    }
  return problems
}

// An object of which nothing is declared takes anything: server-side apply has no type to hold against it.
function isClosed(schema: StructuralSchema): boolean {
  return (
    schema['x-kubernetes-preserve-unknown-fields'] !== true &&
    schema.additionalProperties === undefined &&
    schema.properties !== undefined
  )
}

function unknownField(name: string, schema: StructuralSchema, path: Path, context: Context): SchemaProblem {
  const field = fieldOf([...path, name])
  const near = nearName(name, Object.keys(schema.properties ?? {}))
  const parent = path.length === 0 ? context.kind : fieldOf(path)
  return {
    ruleId: 'schema-unknown-field',
    message: `${field}: ${parent} has no field ${asWritten(name)} (field not declared in schema)`,
    repair: near === undefined ? 'Remove it, or move it to where it belongs.' : `Did you mean '${near}'?`,
    field,
    layer: 'apply-schema',
  }
}
