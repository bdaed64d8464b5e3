import { isObject, type Json } from '../manifest/json.ts'
import { nameOfItem } from './list-items.ts'
import { shapeFor, type TypedSchema } from './typed-schema.ts'

/**
 * The fields that an applier owns: structured-merge-diff's fieldpath.Set (v6.3.0). A step is named `f:` and the field's
 * name, or by what names an item of a list.
 */
export interface FieldSet {
  /** steps that are owned themselves */
  members: Set<string>
  /** what is owned below a step */
  children: Map<string, FieldSet>
}

export function emptySet(): FieldSet {
  return { members: new Set(), children: new Map() }
}

export function isEmptySet(set: FieldSet): boolean {
  return set.members.size === 0 && [...set.children.values()].every(isEmptySet)
}

/** The fields that a value sets (typed/tofieldset.go). */
export function fieldSetOf(value: Json, type: TypedSchema): FieldSet {
  const set = emptySet()
  addValue(set, value, type)
  return set
}

/** @returns true where the value is a leaf: owned by its parent's entry */
function addValue(set: FieldSet, value: Json, type: TypedSchema): boolean {
  const shape = shapeFor(type, value)
  if (shape.map !== undefined) {
    if (shape.map.atomic) return true
    if (!isObject(value)) return false
    for (const [name, inner] of Object.entries(value)) {
      const step = `f:${name}`
      const leaf = descend(set, step, inner, shape.map.typeOf(name) ?? {})
      const empty = inner === null || (isObject(inner) && Object.keys(inner).length === 0)
      if (leaf || empty || !shape.map.isField(name)) set.members.add(step)
    }
    return false
  }
  if (shape.scalar !== undefined) return true
  if (shape.list === undefined) return true
  if (!shape.list.associative) return true
  if (!Array.isArray(value)) return false
  const names = value.map(item => nameOfItem(shape.list ?? NO_LIST, item))
  const counts = new Map<string, number>()
  for (const named of names) if ('name' in named) counts.set(named.name, (counts.get(named.name) ?? 0) + 1)
  for (const [i, named] of names.entries()) {
    if (!('name' in named)) continue
    set.members.add(named.name)
    // what stands twice is owned as it is, not field by field
    if (counts.get(named.name) === 1) descend(set, named.name, value[i] ?? null, shape.list.items())
  }
  return false
}

const NO_LIST = { associative: false, keys: [], items: () => ({}) }

function descend(set: FieldSet, step: string, value: Json, type: TypedSchema): boolean {
  const below = emptySet()
  const leaf = addValue(below, value, type)
  if (!isEmptySet(below)) set.children.set(step, below)
  return leaf
}

/** What is in `a` and not in `b`; a parent is not taken away by its children (fieldpath/set.go, Difference). */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {
    members: new Set([...a.members].filter(step => !b.members.has(step))),
    children: new Map(),
  }
  for (const [step, below] of a.children) {
    const other = b.children.get(step)
    const rest = other === undefined ? below : difference(below, other)
    if (!isEmptySet(rest)) result.children.set(step, rest)
  }
  return result
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = { members: new Set([...a.members, ...b.members]), children: new Map(a.children) }
  for (const [step, below] of b.children) {
    const other = a.children.get(step)
    result.children.set(step, other === undefined ? below : union(other, below))
  }
  return result
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = {
    members: new Set([...a.members].filter(step => b.members.has(step))),
    children: new Map(),
  }
  for (const [step, below] of a.children) {
    const other = b.children.get(step)
    if (other === undefined) continue
    const both = intersection(below, other)
    if (!isEmptySet(both)) result.children.set(step, both)
  }
  return result
}

/** The set with the declared fields that lead to its entries (fieldpath/set.go, EnsureNamedFieldsAreMembers). */
export function withNamedFields(set: FieldSet, type: TypedSchema): FieldSet {
  const members = new Set(set.members)
  const children = new Map<string, FieldSet>()
  for (const [step, below] of set.children) {
    const field = step.startsWith('f:') ? step.slice(2) : undefined
    if (field !== undefined && type.map?.isField(field) === true) members.add(step)
    const inner =
      field === undefined ? (step.startsWith('k:') ? type.list?.items() : undefined) : type.map?.typeOf(field)
    children.set(step, withNamedFields(below, inner ?? {}))
  }
  return { members, children }
}
