// k8s.io/apiserver 0.35, pkg/cel/library/lists.go; cel-go 0.26, ext/lists.go and ext/sets.go.
import { EvaluationError, noSuchOverload } from '../errors.ts'
import { add, compare, sameValue } from '../operators.ts'
import { List, PlainList, type Value } from '../values.ts'

export function isSorted(list: List): boolean {
  const items = list.items()
  return items.every((item, i) => i === 0 || compare(items[i - 1] ?? null, item) <= 0)
}

/** The sum; 0 for an empty list. */
export function sum(list: List): Value {
  return (
    list
      .items()
      .reduce<Value | undefined>(
        (total, item) => (total === undefined ? item : add(total, item)),
        undefined,
      ) ?? 0n
  )
}

export function smallest(list: List): Value {
  return preferred(list, 'min', (item, best) => compare(item, best) < 0)
}

export function largest(list: List): Value {
  return preferred(list, 'max', (item, best) => compare(item, best) > 0)
}

function preferred(list: List, name: string, isBetter: (item: Value, best: Value) => boolean): Value {
  let best: Value | undefined
  for (const item of list.items()) if (best === undefined || isBetter(item, best)) best = item
  if (best === undefined) throw new EvaluationError(`${name} called on empty list`)
  return best
}

export function indexOfItem(list: List, item: Value): bigint {
  return BigInt(list.items().findIndex(one => sameValue(one, item)))
}

export function lastIndexOfItem(list: List, item: Value): bigint {
  return BigInt(list.items().findLastIndex(one => sameValue(one, item)))
}

export function slice(list: List, start: bigint, end: bigint): List {
  if (start < 0n || end < 0n)
    throw new EvaluationError(`cannot slice(${start}, ${end}), negative indexes not supported`)
  if (start > end)
    throw new EvaluationError(
      `cannot slice(${start}, ${end}), start index must be less than or equal to end index`,
    )
  if (end > list.size)
    throw new EvaluationError(`cannot slice(${start}, ${end}), list is length ${list.size}`)
  return new PlainList(list.items().slice(Number(start), Number(end)))
}

export function flatten(list: List, depth: bigint): List {
  if (depth < 0n) throw new EvaluationError('level must be non-negative')
  const flat = (items: readonly Value[], left: bigint): Value[] =>
    items.flatMap(item => (item instanceof List && left > 0n ? flat(item.items(), left - 1n) : [item]))
  return new PlainList(flat(list.items(), depth))
}

export function reverse(list: List): List {
  return new PlainList(list.items().toReversed())
}

export function distinct(list: List): List {
  const kept: Value[] = []
  for (const item of list.items()) if (!kept.some(one => sameValue(one, item))) kept.push(item)
  return new PlainList(kept)
}

/** The items in the order of their keys, which are the items themselves unless given. */
export function sortBy(list: List, keys: readonly Value[] = list.items()): List {
  const [first] = keys
  if (first !== undefined && keys.some(key => typeof key !== typeof first))
    throw new EvaluationError('list elements must have the same type')
  const order = Array.from(keys, (key, i) => ({ key, i })).toSorted(
    (a, b) => compare(a.key, b.key) || a.i - b.i,
  )
  return new PlainList(order.map(({ i }) => list.get(i) ?? null))
}

const LONGEST_RANGE = 1_000_000n

export function range(count: bigint): List {
  if (count > LONGEST_RANGE) throw new EvaluationError('operation cancelled: actual cost limit exceeded')
  return new PlainList(Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i)))
}

export function setContains(list: List, other: List): boolean {
  return other.items().every(item => list.items().some(one => sameValue(one, item)))
}

export function setIntersects(list: List, other: List): boolean {
  return other.items().some(item => list.items().some(one => sameValue(one, item)))
}

/** @throws no such overload for what is no list */
export function asList(value: Value | undefined): List {
  if (value instanceof List) return value
  throw noSuchOverload()
}
