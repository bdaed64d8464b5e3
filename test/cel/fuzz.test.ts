import { expect, it } from 'vitest'
import { checkRules } from '../../src/cel/check-rules.ts'
import type { Json, JsonObject } from '../../src/manifest/json.ts'
import type { StructuralSchema } from '../../src/schema/structural.ts'

/** mulberry32: the same numbers on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
type Random = (below: number) => number
const pick = <T>(random: Random, ...from: readonly T[]): T => from[random(from.length)] ?? from[0]!

const string: StructuralSchema = { type: 'string' }
const schemaWith = (rules: readonly string[]): StructuralSchema => ({
  type: 'object',
  properties: {
    v: {
      type: 'object',
      properties: {
        s: string,
        i: { type: 'integer' },
        n: { type: 'number', nullable: true },
        b: { type: 'boolean' },
        x: { 'x-kubernetes-int-or-string': true },
        d: { type: 'string', format: 'duration' },
        t: { type: 'string', format: 'date-time' },
        l: { type: 'array', items: { type: 'integer' } },
        set: { type: 'array', items: string, 'x-kubernetes-list-type': 'set' },
        m: { type: 'object', additionalProperties: string },
        k: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['s'],
          items: { type: 'object', properties: { s: string, i: { type: 'integer' } } },
        },
      },
      'x-kubernetes-validations': rules.map(rule => ({ rule, message: 'no' })),
    },
  },
})

const texts = [
  '',
  'a',
  'b',
  'abc',
  '1Gi',
  '10.0.0.1',
  '10.0.0.0/8',
  'https://a:1/b?c=d',
  '1.2.3',
  '5s',
  '__proto__',
  '😀',
  '%s',
  '(',
]

function randomValue(random: Random): JsonObject {
  const text = () => pick(random, ...texts)
  const integer = () => random(7) - 3
  const fields: Record<string, () => Json> = {
    s: text,
    i: integer,
    n: () => pick<Json>(random, null, 0.5, -1, 3),
    b: () => random(2) === 0,
    x: () => pick<Json>(random, 1, 'a', '50%'),
    d: () => pick(random, '1s', '1h', 'nonsense'),
    t: () => pick(random, '2026-01-01T00:00:00Z', '2026-02-30T00:00:00Z'),
    l: () => Array.from({ length: random(5) }, integer),
    set: () => Array.from(new Set(Array.from({ length: random(4) }, text))),
    m: () => Object.fromEntries(Array.from({ length: random(4) }, () => [text(), text()])),
    k: () =>
      Array.from({ length: random(4) }, () => ({ s: text(), ...(random(2) === 0 ? {} : { i: integer() }) })),
  }
  return Object.fromEntries(
    Object.entries(fields)
      .filter(() => random(4) > 0)
      .map(([name, make]) => [name, random(40) === 0 ? pick<Json>(random, null, 'a', 1, [], {}) : make()]),
  )
}

function expression(random: Random, depth: number): string {
  const root = () => pick(random, 'self', 'self', 'self', 'oldSelf')
  const path = () => `${root()}.${pick(random, 's', 'i', 'n', 'b', 'x', 'd', 't', 'l', 'set', 'm', 'k')}`
  if (depth === 0)
    return pick(
      random,
      path(),
      `${random(9) - 4}`,
      JSON.stringify(pick(random, ...texts)),
      'true',
      '[1, 2]',
      "{'a': 'b'}",
      '1.5',
      'null',
    )
  const inner = () => expression(random, depth - 1)
  switch (random(12)) {
    case 0:
      return `(${inner()} ${pick(random, '==', '!=', '<', '>=', '+', '-', '*', '/', '%', 'in', '&&', '||')} ${inner()})`
    case 1:
      return `(${inner()} ? ${inner()} : ${inner()})`
    case 2:
      return `${inner()}.${pick(random, 'all', 'exists', 'exists_one', 'map', 'filter')}(e, ${inner()})`
    case 3:
      return `${inner()}.${pick(random, 'all', 'exists', 'transformList', 'transformMap')}(i, e, ${inner()})`
    case 4:
      return `has(${path()})`
    case 5:
      return `${pick(random, 'size', 'string', 'int', 'double', 'type', 'isQuantity', 'quantity', 'isIP', 'ip', 'url', 'isURL', 'cidr', 'semver', 'duration', 'timestamp', 'optional.of')}(${inner()})`
    case 6:
      return `${inner()}.${pick(random, 'size', 'trim', 'lowerAscii', 'isSorted', 'sum', 'min', 'sort', 'distinct', 'reverse', 'hasValue', 'value', 'first', 'join', 'getHost', 'getHours')}()`
    case 7:
      return `${inner()}.${pick(random, 'contains', 'startsWith', 'matches', 'find', 'findAll', 'split', 'indexOf', 'orValue', 'or', 'format', 'charAt', 'compareTo')}(${inner()})`
    case 8:
      return `${root()}.?${pick(random, 's', 'm', 'k')}.orValue(${inner()})`
    case 9:
      return `${inner()}[${pick(random, '', '?')}${inner()}]`
    case 10:
      return `[${inner()}, ${inner()}]`
    default:
      return `!(${inner()})`
  }
}

it('neither crashes nor changes its mind on random rules and values', () => {
  const random = randomFrom(20_260_101)
  let errors = 0
  for (let i = 0; i < 800; i++) {
    const schema = schemaWith([expression(random, 1 + random(3)), expression(random, 2)])
    const request = {
      object: { v: randomValue(random) },
      ...(random(2) === 0 ? {} : { live: { v: randomValue(random) } }),
    }
    const before = JSON.stringify(request)
    const verdict = checkRules(request, schema)
    expect(checkRules(structuredClone(request), structuredClone(schema))).toEqual(verdict)
    expect(JSON.stringify(request)).toBe(before)
    errors += verdict.errors.length
  }
  expect(errors).toBeGreaterThan(200)
})

it('is at peace with any object', () => {
  const random = randomFrom(7)
  const schema = schemaWith(["self.s != '' || self.l.all(x, x > 0) || self.k.exists(e, e.s == 'a')"])
  for (let i = 0; i < 500; i++) {
    const wild: Json = pick<Json>(
      random,
      null,
      1,
      'a',
      [],
      [null],
      {},
      { v: null },
      { v: [] },
      { v: { l: [null, 'a'], k: [1] } },
    )
    const object: JsonObject = { v: wild }
    const verdict = checkRules({ object, live: { v: randomValue(random) } }, schema)
    expect(verdict.warnings).toEqual([])
  }
})
