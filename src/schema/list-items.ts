import { isObject, type Json } from '../manifest/json.ts'
import { canonicalJson } from '../manifest/json.ts'
import type { ListType } from './typed-schema.ts'

/** What names an item of an associative list, or why it has no name. */
export type ItemName = { name: string; keys?: [string, Json][] } | { problem: string }

/**
 * The name of an item, equal for equal items: its keys, filled with the defaults of the schema, or the value itself
 * (structured-merge-diff v6.3.0, typed/helpers.go, listItemToPathElement).
 */
export function nameOfItem(list: ListType, item: Json): ItemName {
  if (list.keys.length > 0) return nameByKeys(list, item)
  if (isObject(item)) return { problem: "associative list without keys has an element that's a map type" }
  if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' }
  if (item === null)
    return { problem: "associative list without keys has an element that's an explicit null" }
  return { name: `v:${JSON.stringify(item)}` }
}

function nameByKeys(list: ListType, item: Json): ItemName {
  if (item === null) return { problem: 'associative list with keys may not have a null element' }
  if (!isObject(item)) return { problem: 'associative list with keys may not have non-map elements' }
  const map = list.items().map
  const keys = list.keys.flatMap((key): [string, Json][] => {
    const value = Object.hasOwn(item, key) ? item[key] : map?.defaultOf(key)
    return value === undefined ? [] : [[key, value]]
  })
  if (keys.length === 0) {
    const names = list.keys.map(key => JSON.stringify(key)).join(' ')
    return {
      problem: `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    }
  }
  const sorted = keys.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { name: `k:${canonicalJson(Object.fromEntries(sorted))}`, keys: sorted }
}
