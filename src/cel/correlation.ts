import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { schemaOfField, type StructuralSchema } from '../schema/structural.ts'
import { own, sameJson } from './values.ts'

/** Items of the old list by their keys; nothing for a list without keys. */
export type OldItems = (item: Json) => Json | undefined

/**
 * Finds the old item of a new one: only lists that are maps are correlated, by all their keys, the first of several that
 * share them (k8s.io/apiserver 0.35, pkg/cel/common/maplist.go).
 */
export function oldItemsOf(old: Json | undefined, schema: StructuralSchema): OldItems {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map' || keys.length === 0)
    return () => undefined
  const items = new Map<string, Json>()
  for (const item of old) {
    const key = keyOf(item, keys)
    if (key !== undefined && !items.has(key)) items.set(key, item)
  }
  return item => {
    const key = keyOf(item, keys)
    return key === undefined ? undefined : items.get(key)
  }
}

function keyOf(item: Json, keys: readonly string[]): string | undefined {
  if (!isObject(item)) return undefined
  const values = keys.map(key => own(item, key))
  return values.some(value => value === undefined || value === null || typeof value === 'object')
    ? undefined
    : JSON.stringify(values)
}

/**
 * A value beside the old one that it comes from (k8s.io/apiserver 0.35, pkg/cel/common/equality.go, CorrelatedObject). What
 * has no old value is not correlated at all and stands as `undefined`.
 */
export class Correlated {
  readonly #value: Json
  readonly #old: Json
  readonly #schema: StructuralSchema
  #isEqual: boolean | undefined
  #oldItems: OldItems | undefined
  constructor(value: Json, old: Json, schema: StructuralSchema) {
    this.#value = value
    this.#old = old
    this.#schema = schema
  }
  get isUnchanged(): boolean {
    this.#isEqual ??= this.#compare()
    return this.#isEqual
  }
  key(name: string): Correlated | undefined {
    if (!isObject(this.#value) || !isObject(this.#old)) return undefined
    const value = own(this.#value, name)
    const old = own(this.#old, name)
    const schema = schemaOfField(this.#schema, name)
    return value === undefined || old === undefined || schema === undefined
      ? undefined
      : new Correlated(value, old, schema)
  }
  index(index: number): Correlated | undefined {
    if (!Array.isArray(this.#value) || this.#schema.items === undefined) return undefined
    const value = this.#value[index]
    this.#oldItems ??= oldItemsOf(this.#old, this.#schema)
    const old = value === undefined ? undefined : this.#oldItems(value)
    return value === undefined || old === undefined || old === null
      ? undefined
      : new Correlated(value, old, this.#schema.items)
  }
  #compare(): boolean {
    const value = this.#value
    const old = this.#old
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false
      // a list without keys is compared as a whole, one with keys whatever its order
      return this.#schema['x-kubernetes-list-type'] === 'map'
        ? value.every((_, i) => this.index(i)?.isUnchanged === true)
        : sameJson(value, old)
    }
    if (!isObject(value) || !isObject(old)) return sameJson(value, old)
    const names = Object.keys(value)
    return (
      names.length === Object.keys(old).length &&
      names.every(name => this.#isFieldUnchanged(name, value, old))
    )
  }
  #isFieldUnchanged(name: string, value: JsonObject, old: JsonObject): boolean {
    const field = this.key(name)
    // a field without schema cannot be correlated: the API server calls it changed
    return (
      field !== undefined &&
      own(value, name) !== undefined &&
      own(old, name) !== undefined &&
      field.isUnchanged
    )
  }
}

/** What a place knows for ratcheting: its own correlation, else that of the nearest place above that has one. */
export interface Ratchet {
  current?: Correlated | undefined
  nearest?: Correlated | undefined
}

/** validation.go, shouldRatchetError: an error of a value that did not change is a warning. */
export function isRatcheted(ratchet: Ratchet): boolean {
  return (ratchet.current ?? ratchet.nearest)?.isUnchanged === true
}

export function ratchetOfKey(ratchet: Ratchet, name: string): Ratchet {
  if (ratchet.current === undefined) return ratchet
  // apiVersion and kind of the root are never ratcheted
  if (ratchet.nearest === undefined && (name === 'apiVersion' || name === 'kind')) return {}
  return { current: ratchet.current.key(name), nearest: ratchet.current }
}

export function ratchetOfIndex(ratchet: Ratchet, index: number): Ratchet {
  if (ratchet.current === undefined) return ratchet
  return { current: ratchet.current.index(index), nearest: ratchet.current }
}
