import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/manifest/json.ts'
import { fromCatalog, type SchemaCatalog } from '../../src/schema/catalog.ts'
import { fromCrds } from '../../src/schema/crd.ts'
import { createValidator } from '../../src/schema/validator.ts'

/** The CRD of a kind `Thing` whose spec has the given schema. */
function crd(spec: JsonObject): JsonObject {
  const schema = {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
    },
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.org' },
    spec: {
      group: 'example.org',
      names: { kind: 'Thing' },
      scope: 'Namespaced',
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
        { name: 'v1beta1', served: false, storage: false, schema: { openAPIV3Schema: schema } },
      ],
    },
  }
}

function judge(field: JsonObject, value: Json | undefined, apiVersion = 'example.org/v1') {
  const validator = createValidator([fromCrds([crd({ type: 'object', properties: { a: field } })])])
  const spec = value === undefined ? {} : { a: value }
  const result = validator.validate({ apiVersion, kind: 'Thing', metadata: { name: 'x' }, spec })
  if (!result.known) throw new Error('the kind is known')
  return result.findings.map(({ ruleId, message }) => `${ruleId}: ${message}`)
}

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...more,
})
const string = { type: 'string' }
const integer = { type: 'integer' }

describe('accepts', () => {
  it.each<[string, JsonObject, Json | undefined]>([
    ['a number with .0 as integer', integer, 3],
    ['null where nullable', { ...string, nullable: true }, null],
    ['null where there is a default', { ...string, default: 'd' }, null],
    ['absent required with a default', object({ x: { ...integer, default: 1 } }, { required: ['x'] }), {}],
    [
      'a default inside a default',
      object({ x: object({ y: { ...integer, default: 1 } }, { default: {}, required: ['y'] }) }),
      {},
    ],
    [
      'any field where unknown ones are kept',
      object({}, { 'x-kubernetes-preserve-unknown-fields': true }),
      { b: 1 },
    ],
    ['any value where nothing is said', { 'x-kubernetes-preserve-unknown-fields': true }, [1, 'a']],
    [
      'an embedded object',
      object({ spec: { type: 'object' } }, { 'x-kubernetes-embedded-resource': true }),
      { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' } },
    ],
    ['text as int-or-string', { 'x-kubernetes-int-or-string': true, anyOf: [integer, string] }, '10%'],
    ['entries of a map', { type: 'object', additionalProperties: integer }, { any: 1, name: 2 }],
    ['characters beyond the first plane as one each', { ...string, maxLength: 2 }, '😀😀'],
    ['an unanchored pattern', { ...string, pattern: 'ab+c' }, 'xxabbcyy'],
    ['an RE2 pattern', { ...string, pattern: '(?i)^[[:alpha:]]+\\z' }, 'ABC'],
    ['a pattern that JavaScript has not', { ...string, pattern: '(?<' }, 'x'],
    ['unknown formats', { ...string, format: 'no-such' }, 'x'],
    ['int32 of a custom resource beyond 32 bits', { ...integer, format: 'int32' }, 2 ** 40],
    ['durations in words', { ...string, format: 'duration' }, '2 weeks'],
    [
      'items told apart by a default key',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['n', 'p'],
        items: object({ n: string, p: { ...integer, default: 80 } }),
      },
      [{ n: 'a' }, { n: 'a', p: 81 }],
    ],
    [
      'one of two',
      object({ x: string, y: string }, { oneOf: [{ required: ['x'] }, { required: ['y'] }] }),
      { x: '1' },
    ],
    ['a SOPS value that is not decrypted', integer, '..PLACEHOLDER_a..'],
    [
      'a name with a variable made elsewhere',
      { type: 'string', pattern: '^[a-z.]+$' },
      'app...PLACEHOLDER_D..',
    ],
    ['one whose dots were replaced', { type: 'string', maxLength: 5 }, '--PLACEHOLDER_DOMAIN---tls'],
  ])('%s', (_, schema, value) => {
    expect(judge(schema, value)).toEqual([])
  })
})

describe('refuses', () => {
  it.each<[string, JsonObject, Json | undefined, string[]]>([
    [
      'text for an integer',
      integer,
      'three',
      ["schema-type: spec.a must be an integer, is the text 'three'"],
    ],
    [
      'a fraction for an integer',
      integer,
      2.5,
      ['schema-type: spec.a must be an integer, is the number 2.5'],
    ],
    [
      'an integer beyond 64 bits',
      integer,
      2 ** 63,
      ['schema-type: spec.a must be an integer, is the number 9223372036854776000'],
    ],
    ['a number for text', string, 300, ['schema-type: spec.a must be a text, is the number 300']],
    [
      'an object for a list',
      { type: 'array', items: string },
      {},
      ['schema-type: spec.a must be a list, is an empty object'],
    ],
    [
      'a boolean for int-or-string',
      { 'x-kubernetes-int-or-string': true },
      true,
      ['schema-type: spec.a must be an integer or a text, is the boolean true'],
    ],
    ['null', string, null, ['schema-type: spec.a must be a text, is null']],
    [
      'an unknown field',
      object({ size: string }),
      { siez: '1' },
      ["schema-unknown-field: spec.a.siez: spec.a has no field 'siez' (field not declared in schema)"],
    ],
    [
      'an unknown field in a list',
      { type: 'array', items: object({ name: string }) },
      [{ name: 'x' }, { nme: 'y' }],
      ["schema-unknown-field: spec.a[1].nme: spec.a[1] has no field 'nme' (field not declared in schema)"],
    ],
    [
      'a field called __proto__',
      object({ b: string }),
      JSON.parse('{"__proto__": 1}'),
      [
        "schema-unknown-field: spec.a.__proto__: spec.a has no field '__proto__' (field not declared in schema)",
      ],
    ],
    [
      'a missing field',
      object({ x: string }, { required: ['x'] }),
      {},
      ['schema-required: spec.a.x is missing, it is required'],
    ],
    [
      'a value not in the list',
      { ...string, enum: ['rolling', 'switchover'] },
      'roling',
      ["schema-enum: spec.a must be one of 'rolling' or 'switchover', is 'roling'"],
    ],
    [
      'a pattern',
      { ...string, pattern: '^[1-9][0-9]*[dwm]$' },
      '30 days',
      ["schema-pattern: spec.a is '30 days', must match ^[1-9][0-9]*[dwm]$"],
    ],
    ['too little', { ...integer, minimum: 1 }, 0, ['schema-range: spec.a must be at least 1, is 0']],
    [
      'the bound itself',
      { ...integer, minimum: 0, exclusiveMinimum: true },
      0,
      ['schema-range: spec.a must be more than 0, is 0'],
    ],
    ['too much', { ...integer, maximum: 10 }, 11, ['schema-range: spec.a must be at most 10, is 11']],
    [
      'no multiple',
      { type: 'number', multipleOf: 0.1 },
      0.35,
      ['schema-range: spec.a must be a multiple of 0.1, is 0.35'],
    ],
    ['empty text', { ...string, minLength: 1 }, '', ['schema-length: spec.a must not be empty']],
    [
      'long text',
      { ...string, maxLength: 2 },
      'abc',
      ['schema-length: spec.a has 3 characters, may have 2 at most'],
    ],
    [
      'a long list',
      { type: 'array', maxItems: 1, items: string },
      ['a', 'b'],
      ['schema-length: spec.a has 2 items, may have 1 at most'],
    ],
    [
      'an impossible date',
      { ...string, format: 'date-time' },
      '2027-02-30T00:00:00Z',
      ["schema-format: spec.a must be a date and time (2026-02-28T10:00:00Z), is '2027-02-30T00:00:00Z'"],
    ],
    [
      'an address without a range',
      { ...string, format: 'cidr' },
      '10.0.0.1',
      ["schema-format: spec.a must be an address range (10.0.0.0/8), is '10.0.0.1'"],
    ],
    [
      'a value twice in a set',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: string },
      ['a', 'a'],
      ["schema-list-key: spec.a[1] is in the list already: 'a'"],
    ],
    [
      'a key twice',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['n'],
        items: object({ n: string }),
      },
      [{ n: 'e' }, { n: 'e' }],
      ["schema-list-key: spec.a[1] has the same n 'e' as spec.a[0]"],
    ],
    [
      'an item without its key',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['n'],
        items: object({ n: string, v: string }),
      },
      [{ v: '1' }],
      ['schema-list-key: spec.a[0] has no n, which tells the items of this list apart'],
    ],
    [
      'none of two',
      object({ x: string, y: string }, { oneOf: [{ required: ['x'] }, { required: ['y'] }] }),
      {},
      ['schema-alternatives: spec.a needs exactly one of x or y'],
    ],
    [
      'both of two',
      object({ x: string, y: string }, { oneOf: [{ required: ['x'] }, { required: ['y'] }] }),
      { x: '', y: '' },
      ['schema-alternatives: spec.a may have only one of x or y, has x and y'],
    ],
    [
      'what not forbids',
      object({ x: string }, { not: { required: ['x'] } }),
      { x: '' },
      ['schema-alternatives: spec.a may not have x'],
    ],
    [
      'each of allOf',
      { ...string, allOf: [{ minLength: 2 }, { pattern: '^x' }] },
      'y',
      [
        'schema-length: spec.a has 1 character, needs 2 or more',
        "schema-pattern: spec.a is 'y', must match ^x",
      ],
    ],
  ])('%s', (_, schema, value, findings) => {
    expect(judge(schema, value)).toEqual(findings)
  })

  it('a version that is not served', () => {
    expect(judge(string, 'x', 'example.org/v1beta1')).toEqual([
      'schema-version-not-served: example.org/v1beta1 of Thing is not served by the CRD in this repository',
    ])
  })
})

it('proposes the name that was meant', () => {
  const validator = createValidator([fromCrds([crd(object({ instances: integer }))])])
  const result = validator.validate({ apiVersion: 'example.org/v1', kind: 'Thing', spec: { instnaces: 3 } })
  expect(result).toMatchObject({
    findings: [{ repair: "Did you mean 'instances'?", field: 'spec.instnaces' }],
  })
})

it('checks metadata, of which a CRD says nothing', () => {
  const validator = createValidator([fromCrds([crd(object({}))])])
  const result = validator.validate({
    apiVersion: 'example.org/v1',
    kind: 'Thing',
    metadata: { name: 'x', labels: { 'app.example.org/version': 1 }, creationTimestamp: null, nme: 'y' },
  })
  expect(result).toMatchObject({
    findings: [
      {
        field: 'metadata.labels["app.example.org/version"]',
        ruleId: 'schema-type',
        repair: 'Put it in quotes.',
      },
      { field: 'metadata.nme', ruleId: 'schema-unknown-field' },
    ],
  })
})

it('does not judge a kind without a schema', () => {
  const validator = createValidator([fromCrds([crd(object({}))])])
  expect(validator.validate({ apiVersion: 'example.org/v1', kind: 'Other' })).toEqual({ known: false })
  expect(validator.scopeOf('example.org/v1', 'Thing')).toBe('Namespaced')
  expect(validator.scopeOf('example.org/v1', 'Other')).toBeUndefined()
})

it('takes a CRD whose schema is nonsense', () => {
  expect(
    judge({ type: 'object', properties: 5, required: 'x', enum: 1, anyOf: {}, minimum: 'a' }, { b: 1 }),
  ).toEqual([])
})

it('knows how items of a list are told apart', () => {
  const list = (more: JsonObject): JsonObject => ({
    type: 'array',
    items: object({ n: string, tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: string } }),
    ...more,
  })
  const validator = createValidator([
    fromCrds([
      crd(
        object({
          keyed: list({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n'] }),
          plain: list({}),
        }),
      ),
    ]),
  ])
  const thing = { apiVersion: 'example.org/v1', kind: 'Thing' }
  expect(validator.mergeKeys(thing, ['spec', 'keyed'])).toEqual(['n'])
  expect(validator.mergeKeys(thing, ['spec', 'plain'])).toBeUndefined()
  expect(validator.mergeKeys(thing, ['spec', 'plain', 0, 'tags'])).toBe('set')
  expect(validator.mergeKeys(thing, ['spec', 'plain', 'tags'])).toBe('set')
  expect(validator.mergeKeys(thing, ['metadata', 'finalizers'])).toBe('set')
  expect(validator.mergeKeys({ apiVersion: 'v9', kind: 'None' }, ['spec'])).toBeUndefined()
})

const taking = (...names: string[]) => ({
  type: 'object' as const,
  properties: Object.fromEntries(names.map(name => [name, { type: 'string' as const }])),
})
const rulesOf = (problems: { ruleId: string; field: string }[]) =>
  problems.map(({ ruleId, field }) => `${ruleId} ${field}`)

describe('a version that nobody stated', () => {
  const catalog: SchemaCatalog = {
    index: {
      kubernetes: {
        '1.34.1': { 'example.org/Thing': { scope: 'Namespaced', versions: { v1: 'old', v0: 'old' } } },
        '1.35.4': { 'example.org/Thing': { scope: 'Namespaced', versions: { v1: 'a' } } },
        '1.36.2': {
          'example.org/Thing': { scope: 'Namespaced', versions: { v1: 'b', v2: 'b' } },
          'example.org/New': { scope: 'Cluster', versions: { v1: 'b' } },
        },
      },
    },
    read: file => ({ old: taking('gone'), a: taking('both'), b: taking('both', 'newer') })[file] ?? taking(),
  }
  const judged = (
    apiVersion: string,
    kind: string,
    fields: JsonObject,
    kubernetes: string | { atLeast: string },
  ) => {
    const result = createValidator([fromCatalog(catalog, { kubernetes })]).validate({
      apiVersion,
      kind,
      metadata: { name: 'x' },
      ...fields,
    })
    if (!result.known) return 'unknown'
    return { findings: rulesOf(result.findings), uncertain: rulesOf(result.uncertain) }
  }

  it.each<[string, string, JsonObject, string[], string[]]>([
    ['v1', 'what each version takes', { both: 'x' }, [], []],
    [
      'v1',
      'what none takes',
      { never: 'x', gone: 'x' },
      ['schema-unknown-field never', 'schema-unknown-field gone'],
      [],
    ],
    ['v1', 'what a newer one takes', { newer: 'x' }, [], ['schema-unknown-field newer']],
    ['v2', 'a version that a newer one serves', {}, [], ['schema-version-not-served apiVersion']],
    ['v0', 'a version that only older ones served', {}, ['schema-version-not-served apiVersion'], []],
  ])('%s: %s', (version, _name, fields, findings, uncertain) => {
    expect(judged(`example.org/${version}`, 'Thing', fields, { atLeast: '1.35.0' })).toEqual({
      findings,
      uncertain,
    })
  })

  it('takes a kind that only a newer one has for uncertain', () => {
    expect(judged('example.org/v1', 'New', { both: 'x' }, { atLeast: '1.35.0' })).toEqual({
      findings: [],
      uncertain: [],
    })
    expect(judged('example.org/v1', 'New', { never: 'x' }, { atLeast: '1.35.0' })).toEqual({
      findings: [],
      uncertain: ['schema-unknown-field never'],
    })
  })

  it('says of a stated one what that takes', () => {
    expect(judged('example.org/v2', 'Thing', {}, '1.35.0')).toEqual({
      findings: ['schema-version-not-served apiVersion'],
      uncertain: [],
    })
  })
})
