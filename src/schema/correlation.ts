import { canonicalJson, equalJson, isObject, type Json } from '../manifest/json.ts'
import { schemaOfField, type StructuralSchema } from './structural.ts'

/**
 * A value beside what it was: how the API server pairs old and new for ratcheting (apiserver 0.35,
 * pkg/cel/common/equality.go). Items of keyed lists are paired by their keys, items of all other lists not at all.
 */
export class Correlation {
  readonly #value: Json
  readonly #old: Json
  readonly #schema: StructuralSchema
  #unchanged: boolean | undefined

  constructor(value: Json, old: Json, schema: StructuralSchema) {
    this.#value = value
    this.#old = old
    this.#schema = schema
  }

  /** The pair of a field or entry; `undefined` where there is none in the old or the new value. */
  key(name: string): Correlation | undefined {
    if (!isObject(this.#value) || !isObject(this.#old)) return undefined
    const schema = schemaOfField(this.#schema, name)
    if (schema === undefined || !Object.hasOwn(this.#value, name) || !Object.hasOwn(this.#old, name))
      return undefined
    return new Correlation(this.#value[name] ?? null, this.#old[name] ?? null, schema)
  }

  /** The pair of an item. */
  index(i: number): Correlation | undefined {
    const { items } = this.#schema
    if (!Array.isArray(this.#value) || !Array.isArray(this.#old) || items === undefined) return undefined
    if (this.#schema['x-kubernetes-list-type'] !== 'map') return undefined
    const keys = this.#schema['x-kubernetes-list-map-keys'] ?? []
    const item = this.#value[i]
    const name = keysOf(item, keys)
    const old = name === undefined ? undefined : this.#old.find(other => keysOf(other, keys) === name)
    return item === undefined || old === undefined ? undefined : new Correlation(item, old, items)
  }

  /** Whether nothing changed, the order of keyed lists aside. */
  unchanged(): boolean {
    this.#unchanged ??= this.#compare()
    return this.#unchanged
  }

  #compare(): boolean {
    const [value, old] = [this.#value, this.#old]
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false
      if (this.#schema['x-kubernetes-list-type'] !== 'map') return equalJson(value, old)
      return value.every((_, i) => this.index(i)?.unchanged() === true)
    }
    if (isObject(value) && isObject(old)) {
      const names = Object.keys(value)
      return (
        names.length === Object.keys(old).length && names.every(name => this.key(name)?.unchanged() === true)
      )
    }
    return value === old
  }
}

function keysOf(item: Json | undefined, keys: readonly string[]): string | undefined {
  if (!isObject(item)) return undefined
  return canonicalJson(keys.map(key => (Object.hasOwn(item, key) ? [item[key] ?? null] : [])))
}
