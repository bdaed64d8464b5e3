import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { Context } from './context.ts'
import { nameOfItem, type ItemName } from './list-items.ts'
import {
  alternatives,
  asWritten,
  fieldOf,
  inWords,
  plainField,
  quoted,
  type Path,
  type SchemaProblem,
} from './problem.ts'
import { repairType } from './value-type.ts'
import { shapeFor, type ListType, type MapType, type TypedSchema } from './typed-schema.ts'

type Say = Pick<Context, 'kind' | 'masked' | 'unreadable'>

/**
 * The type check of server-side apply (structured-merge-diff v6.3.0, typed/validate.go): undeclared fields, JSON types, names
 * of list items. The API server stops at an undeclared field and tells the rest of that object at random; here all are told.
 * @param value as it is sent, without defaults
 */
export function checkApplied(value: Json, type: TypedSchema, context: Say): SchemaProblem[] {
  const found: SchemaProblem[] = []
  checkValue(value, type, [], context, found)
  return found
}

/** @param path of this value; one list for the whole walk, as nearly no value has anything wrong @param found takes what is found */
function checkValue(
  value: Json,
  type: TypedSchema,
  path: (string | number)[],
  context: Say,
  found: SchemaProblem[],
): void {
  if (value === null || context.unreadable(value)) return
  if (typeof value === 'object') {
    const isList = Array.isArray(value)
    if (isList && type.list !== undefined) return checkItems(value, type.list, path, context, found)
    if (!isList && type.map !== undefined) return checkFields(value, type.map, path, context, found)
  }
  const shape = shapeFor(type, value)
  if (shape.map !== undefined)
    found.push(wrongType(value, 'an object', `expected map, got ${braced(value)}`, path, context))
  else if (shape.scalar !== undefined)
    found.push(...checkScalar(value, shape.scalar, type.words, path, context))
  else if (shape.list !== undefined)
    found.push(wrongType(value, 'a list', `expected list, got ${braced(value)}`, path, context))
}

function checkScalar(
  value: Exclude<Json, null>,
  scalar: NonNullable<TypedSchema['scalar']>,
  words: string | undefined,
  path: Path,
  context: Say,
): SchemaProblem[] {
  const say = (wanted: string, expected: string) => [wrongType(value, wanted, expected, path, context)]
  switch (scalar) {
    case 'numeric':
      if (typeof value === 'number') return []
      return say(words ?? 'a number', `expected numeric (int or float), got ${goType(value)}`)
    case 'string':
      return typeof value === 'string' ? [] : say(words ?? 'a text', `expected string, got ${braced(value)}`)
    case 'boolean':
      return typeof value === 'boolean' ? [] : say('true or false', `expected boolean, got ${braced(value)}`)
    case 'untyped':
    default:
      return typeof value === 'object'
        ? say(words ?? 'a text or a number', `expected any scalar, got ${braced(value)}`)
        : []
  }
}

/** As Go prints a value of the API server: &{3}. */
function braced(value: Json): string {
  return `&{${typeof value === 'string' ? value : JSON.stringify(value)}}`
}

function goType(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function wrongType(
  value: Exclude<Json, null>,
  words: string,
  expected: string,
  path: Path,
  context: Say,
): SchemaProblem {
  const field = fieldOf(path)
  const hidden = context.masked(path)
  const repair = repairType(value, words)
  return {
    ruleId: 'schema-type',
    message: `${field === '' ? context.kind : field} must be ${words}, is ${hidden ? typeof value : inWords(value)}`,
    ...(repair === undefined ? {} : { repair }),
    field,
    layer: 'apply-schema',
    refusal: {
      reason: '',
      field: plainField(path),
      message: hidden ? expected.replace(/ got .*/s, ' got a value not shown') : expected,
    },
  }
}

function checkFields(
  value: JsonObject,
  map: MapType,
  path: (string | number)[],
  context: Say,
  found: SchemaProblem[],
): void {
  for (const name of Object.keys(value)) {
    const type = map.typeOf(name)
    if (type === undefined) {
      found.push(undeclared(name, map, path, context))
      continue
    }
    path.push(name)
    checkValue(value[name] ?? null, type, path, context, found)
    path.pop()
  }
}

function undeclared(name: string, map: MapType, path: Path, context: Say): SchemaProblem {
  const field = fieldOf([...path, name])
  const near = nearName(name, map.names())
  const parent = path.length === 0 ? context.kind : fieldOf(path)
  return {
    ruleId: 'schema-unknown-field',
    message: `${field}: ${parent} has no field ${asWritten(name)} (field not declared in schema)`,
    repair: near === undefined ? 'Remove it, or move it to where it belongs.' : `Did you mean '${near}'?`,
    field,
    layer: 'apply-schema',
    refusal: { reason: '', field: plainField([...path, name]), message: 'field not declared in schema' },
  }
}

function checkItems(
  value: Json[],
  list: ListType,
  path: (string | number)[],
  context: Say,
  found: SchemaProblem[],
): void {
  const seen = new Map<string, number>()
  for (const [i, item] of value.entries()) {
    if (list.associative) {
      const named = nameOfItem(list, item)
      if ('problem' in named) {
        found.push(itemProblem(i, path, `element ${i}: ${named.problem}`, nameless(list, item)))
        // what follows is not looked at
        return
      }
      const first = seen.get(named.name)
      if (first === undefined) seen.set(named.name, i)
      else {
        const words = repeatedWords(named, item, fieldOf([...path, first]))
        found.push(itemProblem(i, path, `duplicate entries for key [${keyOf(named, item)}]`, words))
      }
    }
    path.push(i)
    checkValue(item, list.items(), path, context, found)
    path.pop()
  }
}

type Named = Extract<ItemName, { name: string }>

function keyOf({ keys }: Named, item: Json): string {
  return keys?.map(([name, key]) => `${name}=${quoted(key)}`).join(',') ?? `=${quoted(item)}`
}

function repeatedWords({ keys }: Named, item: Json, first: string): { says: string; repair: string } {
  if (keys === undefined)
    return { says: `is in the list already: ${asWritten(item)}`, repair: 'Remove one of the two.' }
  const named = keys.map(([name, key]) => `${name} ${asWritten(key)}`).join(', ')
  return { says: `has the same ${named} as ${first}`, repair: 'Give each item of the list its own.' }
}

function nameless(list: ListType, item: Json): { says: string; repair?: string } {
  if (item === null) return { says: 'is null', repair: 'Give it a value or remove it.' }
  if (list.keys.length > 0 && isObject(item))
    return { says: `has no ${alternatives(list.keys)}, which tells the items of this list apart` }
  return { says: `may not be ${inWords(item)}` }
}

function itemProblem(
  i: number,
  path: Path,
  message: string,
  { says, repair }: { says: string; repair?: string },
): SchemaProblem {
  const field = fieldOf([...path, i])
  return {
    ruleId: 'schema-list-key',
    message: `${field} ${says}`,
    ...(repair === undefined ? {} : { repair }),
    field,
    layer: 'apply-schema',
    // the API server names the list
    refusal: { reason: '', field: plainField(path), message },
  }
}
