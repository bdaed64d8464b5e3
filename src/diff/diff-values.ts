import { diffArrays } from 'diff'
import { canonicalJson, isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { keyOf, mergeKeysOf, type ListIdentity } from './merge-keys.ts'

/** One place where two values differ. */
export interface Edit {
  /** as in a finding: spec.tablespaces[0].name; the index is the head's, of a removed item the base's */
  path: string
  /** for people, items of lists by their names: spec.tablespaces.temporary.size */
  label: string
  /** the names and indexes `path` is made of */
  steps: readonly (string | number)[]
  from?: Json
  to?: Json
  /** the same items in another order */
  reordered?: true
}

/** What a schema says about the list at a path of field names ('spec.containers[].env'). */
export type IdentityOf = (path: string) => ListIdentity | undefined

interface Where {
  steps: readonly (string | number)[]
  path: string
  label: string
  /** with '[]' for items, for `IdentityOf` */
  schemaPath: string
}

// Above this many differing items two lists are shown as one value: aligning is quadratic in the number of differences.
const ALIGNMENT_LIMIT = 400

/**
 * Compares two values: maps by field, lists by merge key, else by best alignment.
 * @param identityOf lists whose keys a schema declares; other lists are matched by the fields that usually name an item
 * @returns where they differ, in the order of the head's fields, what only the base has last
 */
export function diffValues(base: Json, head: Json, identityOf: IdentityOf = () => undefined): Edit[] {
  const edits: Edit[] = []
  compare({ steps: [], path: '', label: '', schemaPath: '' }, base, head)
  return edits

  function compare(where: Where, from: Json | undefined, to: Json | undefined): void {
    if (from === undefined || to === undefined) {
      if (from !== to) record(where, from, to)
    } else if (isObject(from) && isObject(to)) compareMaps(where, from, to)
    else if (Array.isArray(from) && Array.isArray(to)) compareLists(where, from, to)
    else if (from !== to) record(where, from, to)
  }

  function record(where: Where, from: Json | undefined, to: Json | undefined): void {
    const { path, label, steps } = where
    edits.push({
      path,
      label,
      steps,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    })
  }

  function compareMaps(where: Where, from: JsonObject, to: JsonObject): void {
    for (const field of new Set([...Object.keys(to), ...Object.keys(from)]))
      compare(
        below(where, field),
        Object.hasOwn(from, field) ? from[field] : undefined,
        Object.hasOwn(to, field) ? to[field] : undefined,
      )
  }

  function compareLists(where: Where, from: Json[], to: Json[]): void {
    if (canonicalJson(from) === canonicalJson(to)) return
    const declared = identityOf(where.schemaPath)
    const field = where.steps.findLast(step => typeof step === 'string') ?? ''
    const keys = mergeKeysOf(field, declared, from, to)
    if (keys !== undefined) compareKeyed(where, from.filter(isObject), to.filter(isObject), keys)
    else if (sameItems(from, to)) {
      // of a set the order means nothing, everywhere else it is said once instead of shown as churn
      if (declared !== 'set') reorder(where, from, to)
    } else align(where, from, to)
  }

  function reorder(where: Where, from: Json, to: Json): void {
    const { path, label, steps } = where
    edits.push({ path, label, steps, from, to, reordered: true })
  }

  function compareKeyed(where: Where, from: JsonObject[], to: JsonObject[], keys: readonly string[]): void {
    const before = new Map(from.map((item, index) => [keyOf(item, keys), { item, index }]))
    const after = new Map(to.map((item, index) => [keyOf(item, keys), { item, index }]))
    for (const [key, { item, index }] of after)
      compare(itemOf(where, index, key), before.get(key)?.item, item)
    for (const [key, { item, index }] of before)
      if (!after.has(key)) compare(itemOf(where, index, key), item, undefined)
    const kept = [...before.keys()].filter(key => after.has(key))
    const keptAfter = [...after.keys()].filter(key => before.has(key))
    if (kept.some((key, index) => keptAfter[index] !== key)) reorder(where, kept, keptAfter)
  }

  function align(where: Where, from: Json[], to: Json[]): void {
    const parts = diffArrays(from.map(canonicalJson), to.map(canonicalJson), {
      maxEditLength: ALIGNMENT_LIMIT,
    })
    if (parts === undefined) {
      record(where, from, to)
      return
    }
    let left = 0
    let right = 0
    for (let part = 0; part < parts.length; part++) {
      const here = parts[part]
      if (here === undefined) continue
      const next = parts[part + 1]
      if (here.removed && next?.added) {
        compareRuns(
          where,
          from.slice(left, left + here.count),
          left,
          to.slice(right, right + next.count),
          right,
        )
        left += here.count
        right += next.count
        part++
      } else if (here.removed) {
        compareRuns(where, from.slice(left, left + here.count), left, [], right)
        left += here.count
      } else if (here.added) {
        compareRuns(where, [], left, to.slice(right, right + here.count), right)
        right += here.count
      } else {
        left += here.count
        right += here.count
      }
    }
  }

  /** Items that were replaced by others at the same place: those that resemble each other are compared, the rest stand alone. */
  function compareRuns(where: Where, from: Json[], left: number, to: Json[], right: number): void {
    const shared = from.length === to.length ? from.length : Math.min(from.length, to.length)
    for (let index = 0; index < shared; index++) {
      const before = from[index]
      const after = to[index]
      if (isObject(before) && isObject(after) && !resemble(before, after)) {
        compare(itemOf(where, left + index), before, undefined)
        compare(itemOf(where, right + index), undefined, after)
      } else compare(itemOf(where, right + index), before, after)
    }
    for (let index = shared; index < from.length; index++)
      compare(itemOf(where, left + index), from[index], undefined)
    for (let index = shared; index < to.length; index++)
      compare(itemOf(where, right + index), undefined, to[index])
  }
}

/** The path of a field: `a.b`, or `a[b.c/d]` where the name is no plain word (as the API server writes map keys). */
export function fieldPath(path: string, field: string): string {
  if (/^[A-Za-z_$][\w$-]*$/.test(field)) return path === '' ? field : `${path}.${field}`
  return `${path}[${/^\d+$/.test(field) || field.includes(']') ? JSON.stringify(field) : field}]`
}

function below(where: Where, field: string): Where {
  return {
    steps: [...where.steps, field],
    path: fieldPath(where.path, field),
    label: fieldPath(where.label, field),
    schemaPath: where.schemaPath === '' ? field : `${where.schemaPath}.${field}`,
  }
}

function itemOf(where: Where, index: number, key?: string): Where {
  return {
    steps: [...where.steps, index],
    path: `${where.path}[${index}]`,
    label: key === undefined ? `${where.label}[${index}]` : fieldPath(where.label, key),
    schemaPath: `${where.schemaPath}[]`,
  }
}

function sameItems(from: Json[], to: Json[]): boolean {
  if (from.length !== to.length) return false
  const right = to.map(canonicalJson).toSorted()
  return from
    .map(canonicalJson)
    .toSorted()
    .every((text, index) => text === right[index])
}

function resemble(from: JsonObject, to: JsonObject): boolean {
  return Object.keys(from).some(
    field =>
      Object.hasOwn(to, field) && canonicalJson(from[field] ?? null) === canonicalJson(to[field] ?? null),
  )
}
