import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import {
  difference,
  fieldSetOf,
  intersection,
  isEmptySet,
  union,
  withNamedFields,
  type FieldSet,
} from './field-set.ts'
import { nameOfItem } from './list-items.ts'
import { shapeFor, type ListType, type MapType, type TypedSchema } from './typed-schema.ts'

/**
 * Server-side apply of an object onto the live one, as the API server does it for one applier (structured-merge-diff
 * v6.3.0, merge/update.go, Apply and prune): what the applier owned and no longer names goes, everything else that is
 * live stays. Neither argument is changed. What is emptied becomes null.
 * @param owned what the applier owned so far (`fieldSetOf` its last configuration)
 */
export function applyConfiguration(
  live: JsonObject,
  configuration: JsonObject,
  owned: FieldSet,
  type: TypedSchema,
): JsonObject {
  const merged = merge(live, configuration, type) ?? null
  if (isEmptySet(owned)) return isObject(merged) ? merged : {}
  const fields = (value: Json) => withNamedFields(fieldSetOf(value, type), type)
  const last = withNamedFields(owned, type)
  const now = withNamedFields(fieldSetOf(configuration, type), type)
  let pruned = remove(merged, last, type)
  // what is owned now, or hangs on what nobody owned, comes back
  const all = fields(merged)
  pruned = remove(merged, difference(all, union(fields(pruned), now)), type)
  const result = remove(merged, intersection(difference(all, fields(pruned)), last), type)
  return isObject(result) ? result : {}
}

/** typed/merge.go with the rule that the right side wins; `undefined`: nothing is left */
function merge(left: Json | undefined, right: Json | undefined, type: TypedSchema): Json | undefined {
  const shapeLeft = shapeFor(type, left)
  const shapeRight = shapeFor(type, right)
  const shape = right === undefined ? shapeLeft : shapeRight
  const leaf = right === undefined ? left : right
  if (shape.map !== undefined) {
    const from = isObject(left) ? left : {}
    const to = isObject(right) ? right : {}
    const empty = Object.keys(from).length === 0 && Object.keys(to).length === 0
    if (shape.map.atomic || empty) return leaf
    return mergeMaps(from, to, shape.map)
  }
  if (shape.scalar !== undefined || shape.list === undefined) return leaf
  const from = Array.isArray(left) ? left : []
  const to = Array.isArray(right) ? right : []
  if (!shape.list.associative || (from.length === 0 && to.length === 0)) return leaf
  return mergeLists(from, to, shape.list)
}

function mergeMaps(left: JsonObject, right: JsonObject, map: MapType): Json | undefined {
  const entries: [string, Json][] = []
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const merged = merge(own(left, name), own(right, name), map.typeOf(name) ?? {})
    if (merged !== undefined) entries.push([name, merged])
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

/** Items of the left side keep their order, those of the right side come in theirs (typed/merge.go, visitListItems). */
function mergeLists(left: Json[], right: Json[], list: ListType): Json | undefined {
  const named = (items: Json[]) =>
    items.flatMap(item => {
      const found = nameOfItem(list, item)
      return 'name' in found ? [{ name: found.name, item }] : []
    })
  const from = named(left)
  const to = named(right)
  const fromNames = new Set(from.map(({ name }) => name))
  const toItems = new Map(to.map(({ name, item }) => [name, item]))
  const fromItems = new Map<string, Json | undefined>()
  // of what stands twice on the left nothing is merged
  for (const { name, item } of from) fromItems.set(name, fromItems.has(name) ? undefined : item)
  const shared = to.map(({ name }) => name).filter(name => fromNames.has(name))
  let nextShared = shared.shift()
  const done = new Set<string>()
  const out: Json[] = []
  const push = (a: Json | undefined, b: Json | undefined) => {
    const merged = merge(a, b, list.items())
    if (merged !== undefined) out.push(merged)
  }
  for (let l = 0, r = 0; l < from.length || r < to.length;) {
    const a = from[l]
    const b = to[r]
    if (a !== undefined && b !== undefined) {
      if (a.name === b.name) {
        done.add(a.name)
        push(fromItems.get(a.name), b.item)
        l++
        r++
        nextShared = shared.shift()
        continue
      }
      if (toItems.has(a.name) && nextShared !== undefined && nextShared !== a.name) {
        l++
        continue
      }
    }
    if (a !== undefined) {
      if (!toItems.has(a.name)) {
        push(a.item, undefined)
        l++
        continue
      }
      if (done.has(a.name)) l++
    }
    if (b !== undefined) {
      done.add(b.name)
      push(fromItems.get(b.name), b.item)
      r++
      if (nextShared === b.name) nextShared = shared.shift()
    }
  }
  return out.length === 0 ? undefined : out
}

/** Takes fields out of a value; what is empty then is null (typed/remove.go). */
function remove(value: Json, fields: FieldSet, type: TypedSchema): Json {
  const shape = shapeFor(type, value)
  if (shape.map !== undefined) {
    if (!isObject(value) || Object.keys(value).length === 0 || shape.map.atomic) return null
    const { map } = shape
    const entries = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
      const step = `f:${name}`
      if (fields.members.has(step)) return []
      const below = fields.children.get(step)
      return [[name, below === undefined ? inner : remove(inner, below, map.typeOf(name) ?? {})]]
    })
    return entries.length === 0 ? null : Object.fromEntries(entries)
  }
  if (shape.scalar !== undefined || shape.list === undefined) return value
  if (!Array.isArray(value) || value.length === 0 || !shape.list.associative) return null
  const { list } = shape
  const items = value.flatMap((item): Json[] => {
    const named = nameOfItem(list, item)
    const step = 'name' in named ? named.name : ''
    if (fields.members.has(step)) return []
    const below = fields.children.get(step)
    return [below === undefined ? item : remove(item, below, list.items())]
  })
  return items.length === 0 ? null : items
}
