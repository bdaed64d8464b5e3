import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/manifest/json.ts'
import { applyConfiguration } from '../../src/schema/apply.ts'
import { emptySet, fieldSetOf } from '../../src/schema/field-set.ts'
import type { StructuralSchema } from '../../src/schema/structural.ts'
import { typedSchema } from '../../src/schema/typed-schema.ts'

const TEXT: StructuralSchema = { type: 'string' }
const ITEM: StructuralSchema = {
  type: 'object',
  properties: { name: TEXT, port: { type: 'integer', default: 80 }, v: TEXT, w: TEXT },
}
const SCHEMA: StructuralSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        a: TEXT,
        b: TEXT,
        inner: { type: 'object', properties: { x: TEXT, y: TEXT } },
        map: { type: 'object', additionalProperties: TEXT },
        atomicMap: { type: 'object', additionalProperties: TEXT, 'x-kubernetes-map-type': 'atomic' },
        list: { type: 'array', items: TEXT },
        set: { type: 'array', items: TEXT, 'x-kubernetes-list-type': 'set' },
        keyed: {
          type: 'array',
          items: ITEM,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'port'],
        },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
}
const TYPE = typedSchema(SCHEMA)

/** What stands in the cluster after `now`, where Flux had applied `before` and others `live`. */
function apply(before: JsonObject, live: JsonObject, now: JsonObject) {
  const owned = fieldSetOf({ spec: before }, TYPE)
  return applyConfiguration({ spec: { ...before, ...live } }, { spec: now }, owned, TYPE).spec
}

describe('server-side apply', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject, JsonObject]>([
    ['changes a value', { a: '1' }, {}, { a: '2' }, { a: '2' }],
    ['takes away what is no longer named', { a: '1', b: '1' }, {}, { a: '1' }, { a: '1' }],
    ['leaves what nobody applied', { a: '1' }, { b: 'default' }, { a: '1' }, { a: '1', b: 'default' }],
    ['takes over what nobody applied', { a: '1' }, { b: 'default' }, { a: '1', b: '2' }, { a: '1', b: '2' }],
    [
      'takes a default away with the object that was named',
      { inner: { x: '1' } },
      { inner: { x: '1', y: 'default' } },
      { a: '1' },
      { a: '1' },
    ],
    [
      'takes away an object of which nothing is left',
      { a: '1', inner: { x: '1' } },
      {},
      { a: '1' },
      { a: '1' },
    ],
    ['makes null of a map that is emptied', { map: { k: '1' } }, {}, { map: {} }, { map: null }],
    ['makes null of an object that is emptied', { inner: { x: '1' } }, {}, { inner: {} }, { inner: null }],
    [
      'keeps an emptied object that still holds a default',
      { inner: { x: '1' } },
      { inner: { x: '1', y: 'd' } },
      { inner: {} },
      { inner: { y: 'd' } },
    ],
    ['keeps an empty map that was empty before', { map: {} }, {}, { map: {} }, { map: {} }],
    ['empties a list', { list: ['a'] }, {}, { list: [] }, { list: [] }],
    ['replaces a list as a whole', { list: ['a', 'b'] }, {}, { list: ['b'] }, { list: ['b'] }],
    [
      'replaces an atomic map as a whole',
      { atomicMap: { a: '1' } },
      { atomicMap: { a: '1', b: 'd' } },
      { atomicMap: { c: '1' } },
      { atomicMap: { c: '1' } },
    ],
    [
      'keeps entries of a map that others set',
      { map: { a: '1' } },
      { map: { a: '1', o: 'x' } },
      { map: { b: '1' } },
      { map: { b: '1', o: 'x' } },
    ],
    [
      'keeps values of a set that others added',
      { set: ['a', 'b'] },
      { set: ['a', 'b', 'x'] },
      { set: ['b', 'c'] },
      { set: ['b', 'x', 'c'] },
    ],
    [
      'merges items by their keys, defaults among them',
      { keyed: [{ name: 'n', v: '1' }] },
      { keyed: [{ name: 'n', port: 80, v: '1', w: 'd' }] },
      { keyed: [{ name: 'n', v: '2' }] },
      { keyed: [{ name: 'n', port: 80, v: '2', w: 'd' }] },
    ],
    [
      'takes away an item with all that is in it',
      { keyed: [{ name: 'n' }, { name: 'm' }] },
      { keyed: [{ name: 'n', w: 'd' }, { name: 'm' }] },
      { keyed: [{ name: 'm' }] },
      { keyed: [{ name: 'm' }] },
    ],
    [
      'reorders items as they are applied',
      { keyed: [{ name: 'n' }, { name: 'm' }] },
      {},
      { keyed: [{ name: 'm' }, { name: 'n' }] },
      { keyed: [{ name: 'm' }, { name: 'n' }] },
    ],
    [
      'merges what has no schema field by field',
      { free: { a: { b: 1 } } },
      { free: { a: { b: 1, c: 2 } } },
      { free: { a: { d: 3 } } },
      { free: { a: { c: 2, d: 3 } } },
    ],
    ['keeps null', { a: '1' }, {}, { a: null }, { a: null }],
    [
      'keeps what is live under a null',
      { inner: { x: '1' } },
      { inner: { x: '1', y: 'd' } },
      { inner: null },
      { inner: { y: 'd' } },
    ],
  ])('%s', (_, before, live, now, result) => {
    expect(apply(before, live, now)).toEqual(result)
  })

  it('takes nothing away where nothing was owned', () => {
    const live = { spec: { a: '1', keyed: [{ name: 'n' }] } }
    expect(applyConfiguration(live, { spec: { b: '1' } }, emptySet(), TYPE)).toEqual({
      spec: { a: '1', b: '1', keyed: [{ name: 'n' }] },
    })
    expect(live).toEqual({ spec: { a: '1', keyed: [{ name: 'n' }] } })
  })
})
