import { expect, it } from 'vitest'
import { checkRules } from '../../src/cel/check-rules.ts'
import { hasRules } from '../../src/cel/rule-sites.ts'
import type { Json, JsonObject } from '../../src/manifest/json.ts'
import type { CelRule, StructuralSchema } from '../../src/schema/structural.ts'

const rules = (...list: (string | CelRule)[]): Pick<StructuralSchema, 'x-kubernetes-validations'> => ({
  'x-kubernetes-validations': list.map(rule => (typeof rule === 'string' ? { rule, message: 'no' } : rule)),
})
const root = (v: StructuralSchema): StructuralSchema => ({ type: 'object', properties: { v } })

interface Outcome {
  errors?: string[]
  warnings?: string[]
  notEvaluated?: number
}
function check(v: StructuralSchema, value: Json, old?: Json, options = {}): Outcome {
  const request = { object: { v: value }, ...(old === undefined ? {} : { live: { v: old } }) }
  const verdict = checkRules(request, root(v), options)
  return {
    errors: verdict.errors.map(({ field, message }) => `${field}: ${message}`),
    ...(verdict.warnings.length === 0 ? {} : { warnings: verdict.warnings }),
    ...(verdict.notEvaluated.length === 0 ? {} : { notEvaluated: verdict.notEvaluated.length }),
  }
}

const string: StructuralSchema = { type: 'string' }
const names: StructuralSchema = {
  type: 'object',
  properties: { 'a-b': string, 'x.y': string, namespace: string, 'c/d': string, e__f: string },
}
const set: StructuralSchema = { type: 'array', items: string, 'x-kubernetes-list-type': 'set' }
const mapList: StructuralSchema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name', 'port'],
  items: { type: 'object', properties: { name: string, port: { type: 'integer' }, v: string } },
}
const item = (name: string, port: number, v: string): JsonObject => ({ name, port, v })

it.each<[what: string, schema: StructuralSchema, value: Json, old: Json | undefined, outcome: Outcome]>([
  [
    'prints a text',
    { ...string, ...rules("self != 'b'") },
    'b',
    undefined,
    { errors: ['v: Invalid value: "b": no'] },
  ],
  [
    'prints an integer',
    { type: 'integer', ...rules('self > 0') },
    -1,
    undefined,
    { errors: ['v: Invalid value: -1: no'] },
  ],
  [
    'prints a number as Go',
    { type: 'number', ...rules('self > 0.0') },
    -1e-7,
    undefined,
    { errors: ['v: Invalid value: -1e-07: no'] },
  ],
  ['prints no object', { ...names, ...rules('false') }, {}, undefined, { errors: ['v: Invalid value: no'] }],
  [
    'says the rule where it has no message',
    { ...string, ...rules({ rule: ' false ' }) },
    'b',
    undefined,
    { errors: ['v: Invalid value: "b": failed rule: false'] },
  ],
  [
    'refuses a missing key',
    { ...names, ...rules("self.namespace == 'x'") },
    {},
    undefined,
    { errors: ['v: Invalid value: "object": no such key: namespace evaluating rule: no'] },
  ],
  [
    'refuses what has no overload',
    { 'x-kubernetes-int-or-string': true, ...rules('self < 10') },
    'x',
    undefined,
    {
      errors: [
        'v: Invalid value: "": \'no such overload\': call arguments did not match a supported operator, function or macro signature for rule: no',
      ],
    },
  ],
  [
    'reads escaped names',
    {
      ...names,
      ...rules(
        "self.a__dash__b == '1' && self.x__dot__y == '2' && self.__namespace__ == '3' && self.c__slash__d == '4' && self.e__underscores__f == '5'",
      ),
    },
    { 'a-b': '1', 'x.y': '2', namespace: '3', 'c/d': '4', e__f: '5' },
    undefined,
    { errors: [] },
  ],
  [
    'counts null in a nullable property as absent',
    { type: 'object', properties: { a: { ...string, nullable: true } }, ...rules('!has(self.a)') },
    { a: null },
    undefined,
    { errors: [] },
  ],
  [
    'counts null in a map as a value',
    {
      type: 'object',
      additionalProperties: { ...string, nullable: true },
      ...rules("has(self.a) && self['a'] == null"),
    },
    { a: null },
    undefined,
    { errors: [] },
  ],
  [
    'has integers of 64 bits',
    { type: 'integer', ...rules('self + 9223372036854775807 > 0') },
    1,
    undefined,
    { errors: ['v: Invalid value: "integer": integer overflow evaluating rule: no'] },
  ],
  [
    'reads bytes',
    { type: 'string', format: 'byte', ...rules("self == b'hello'") },
    'aGVsbG8=',
    undefined,
    { errors: [] },
  ],
  [
    'reads durations in words',
    { type: 'string', format: 'duration', ...rules("self == duration('48h')") },
    '2 days',
    undefined,
    { errors: [] },
  ],
  [
    'reads dates',
    { type: 'string', format: 'date-time', ...rules('self.getFullYear() == 2026') },
    '2026-01-01t00:00:00z',
    undefined,
    { errors: [] },
  ],
  [
    'compares sets without order',
    { ...set, ...rules('self == oldSelf') },
    ['a', 'b'],
    ['b', 'a'],
    { errors: [] },
  ],
  [
    'adds sets',
    { ...set, ...rules("(self + ['a', 'c']).size() == 3") },
    ['a', 'b'],
    undefined,
    { errors: [] },
  ],
  [
    'compares map lists without order',
    { ...mapList, ...rules('self == oldSelf') },
    [item('a', 1, 'x'), item('a', 2, 'y')],
    [item('a', 2, 'y'), item('a', 1, 'x')],
    { errors: [] },
  ],
  [
    'finds a change in a map list',
    { ...mapList, ...rules('self == oldSelf') },
    [item('a', 1, 'x')],
    [item('a', 1, 'y')],
    { errors: ['v: Invalid value: no'] },
  ],
  [
    'adds map lists by key',
    { ...mapList, ...rules('(self + oldSelf).size() == 2') },
    [item('a', 1, 'x')],
    [item('a', 1, 'y'), item('b', 1, 'y')],
    { errors: [] },
  ],
  [
    'uses fieldPath and reason',
    {
      ...names,
      ...rules({ rule: 'false', message: 'no', fieldPath: "['a-b']", reason: 'FieldValueForbidden' }),
    },
    {},
    undefined,
    { errors: ['v.a-b: Forbidden: no'] },
  ],
  [
    'leaves out a fieldPath that is none',
    { ...names, ...rules({ rule: 'false', message: 'no', fieldPath: '.q', reason: 'FieldValueRequired' }) },
    {},
    undefined,
    { errors: ['v: Required value: no'] },
  ],
  [
    'says what is double',
    { ...string, ...rules({ rule: 'false', message: 'no', reason: 'FieldValueDuplicate' }) },
    'a',
    undefined,
    { errors: ['v: Duplicate value: "a"'] },
  ],
  [
    'makes messages',
    { ...string, ...rules({ rule: 'false', messageExpression: "'got ' + self" }) },
    'a',
    undefined,
    { errors: ['v: Invalid value: "a": got a'] },
  ],
  [
    'falls back where the message goes wrong',
    { ...string, ...rules({ rule: 'false', message: 'no', messageExpression: 'self + string(1/0)' }) },
    'a',
    undefined,
    { errors: ['v: Invalid value: "a": no'] },
  ],
  [
    'falls back where the message has lines',
    { ...string, ...rules({ rule: 'false', message: 'no', messageExpression: "'a\\nb'" }) },
    'a',
    undefined,
    { errors: ['v: Invalid value: "a": no'] },
  ],
  [
    'reads rules of allOf',
    { ...string, ...rules('true'), allOf: [rules("self != 'b'")] },
    'b',
    undefined,
    { errors: ['v: Invalid value: "b": no'] },
  ],
  [
    'goes through maps',
    { type: 'object', additionalProperties: { ...string, ...rules("self != 'b'") } },
    { 'k.l': 'b' },
    undefined,
    { errors: ['v[k.l]: Invalid value: "b": no'] },
  ],
  [
    'knows no prototype',
    {
      type: 'object',
      additionalProperties: { ...string, ...rules("self != 'b'") },
      ...rules("!('constructor' in self) && !has(self.toString)"),
    },
    { a: 'a' },
    undefined,
    { errors: [] },
  ],
  [
    'sees names of embedded resources',
    {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      ...rules("self.metadata.name == 'x' && self.kind == 'K'"),
    },
    { apiVersion: 'v1', kind: 'K', metadata: { name: 'x', labels: {} } },
    undefined,
    { errors: [] },
  ],
  [
    'leaves data without a type out',
    { 'x-kubernetes-preserve-unknown-fields': true, ...rules('false') },
    1,
    undefined,
    { errors: [] },
  ],
  ['skips null', { ...string, nullable: true, ...rules('false') }, null, undefined, { errors: [] }],
  [
    'skips transition rules on create',
    { ...string, ...rules('self == oldSelf') },
    'a',
    undefined,
    { errors: [] },
  ],
  [
    'runs transition rules on update',
    { ...string, ...rules('self == oldSelf') },
    'a',
    'b',
    { errors: ['v: Invalid value: "a": no'] },
  ],
  [
    'gives an optional oldSelf on create',
    { ...string, ...rules({ rule: 'oldSelf.hasValue()', message: 'no', optionalOldSelf: true }) },
    'a',
    undefined,
    { errors: ['v: Invalid value: "a": no'] },
  ],
  [
    'gives an optional oldSelf on update',
    { ...string, ...rules({ rule: 'oldSelf.value() == self', message: 'no', optionalOldSelf: true }) },
    'a',
    'a',
    { errors: [] },
  ],
  [
    'lists what it cannot plan',
    { ...string, ...rules('cel.bind(x, self, x == x)') },
    'a',
    undefined,
    { errors: [], notEvaluated: 1 },
  ],
  [
    'lists it once for all items',
    { type: 'array', items: { ...string, ...rules('math.least(1, 2) == 1') } },
    ['a', 'b'],
    undefined,
    { errors: [], notEvaluated: 1 },
  ],
  [
    'lists a rule that yields no boolean',
    { ...string, ...rules('self') },
    'a',
    undefined,
    { errors: [], notEvaluated: 1 },
  ],
  [
    'warns of what did not change',
    { ...string, ...rules("self != 'b'") },
    'b',
    'b',
    { errors: [], warnings: ['v: Invalid value: "b": no'] },
  ],
  [
    'refuses what changed and is still wrong',
    { ...string, ...rules('self.size() > 3') },
    'c',
    'b',
    { errors: ['v: Invalid value: "c": no'] },
  ],
  [
    'warns of an item of a map list by its keys',
    { ...mapList, items: { ...mapList.items, ...rules("self.v != 'b'") } },
    [item('c', 1, 'c'), item('a', 1, 'b')],
    [item('a', 1, 'b')],
    { errors: [], warnings: ['v[1]: Invalid value: no'] },
  ],
  [
    'refuses an item of an atomic list beside a change',
    { type: 'array', items: { ...string, ...rules("self != 'b'") } },
    ['b', 'c'],
    ['b'],
    { errors: ['v[0]: Invalid value: "b": no'] },
  ],
  [
    'warns of an item of an atomic list that is unchanged as a whole',
    { type: 'array', items: { ...string, ...rules("self != 'b'") } },
    ['b'],
    ['b'],
    { errors: [], warnings: ['v[0]: Invalid value: "b": no'] },
  ],
  [
    'never ratchets a transition rule',
    { ...string, ...rules("oldSelf == self && self != 'b'") },
    'b',
    'b',
    { errors: ['v: Invalid value: "b": no'] },
  ],
  [
    'never ratchets a rule that goes wrong',
    { ...names, ...rules("self.namespace == 'x'") },
    {},
    {},
    { errors: ['v: Invalid value: "object": no such key: namespace evaluating rule: no'] },
  ],
])('%s', (_, schema, value, old, outcome) => {
  expect(check(schema, value, old)).toEqual(outcome)
})

it('refuses without ratcheting', () => {
  expect(check({ ...string, ...rules("self != 'b'") }, 'b', 'b', { ratcheting: false }).errors).toHaveLength(
    1,
  )
})

const numbers: StructuralSchema = { type: 'array', items: { type: 'integer' } }
const thousand = Array.from({ length: 1000 }, (_, i) => i)

it('refuses a rule that costs more than the API server grants one call, and runs no other', () => {
  const nested = { ...numbers, ...rules('self.all(x, self.all(y, self.all(z, x + y + z >= 0)))', 'false') }
  expect(check(nested, thousand).errors).toEqual([
    `v: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: no`,
  ])
})

it('refuses an object whose rules cost more than the API server grants one object', () => {
  const nested = rules(...Array.from({ length: 12 }, () => 'self.all(x, self.all(y, x + y >= 0))'))
  const errors = check({ ...numbers, ...nested }, thousand.slice(0, 360)).errors ?? []
  expect(errors).toEqual([
    'v: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run',
  ])
})

it('lists what is beyond a smaller budget, and passes nothing', () => {
  expect(
    check({ ...numbers, ...rules('self.all(x, x >= 0)', 'false') }, thousand, undefined, { budget: 100 }),
  ).toEqual({
    errors: [],
    notEvaluated: 1,
  })
})

it('does not hang on a pattern that would make JavaScript backtrack', () => {
  expect(
    check({ ...string, ...rules("self.matches('^(a+)+$')") }, `${'a'.repeat(5000)}!`).errors,
  ).toHaveLength(1)
})

it('lists a search that takes too long', () => {
  const search = rules("self.findAll('a.*b|a').size() == 0")
  expect(check({ ...string, ...search }, 'a'.repeat(5000)).notEvaluated).toBe(1)
})

it.each<[boolean, StructuralSchema]>([
  [false, root(string)],
  [true, root({ ...string, ...rules('true') })],
  [true, { type: 'array', items: { type: 'object', additionalProperties: { ...string, ...rules('true') } } }],
])('knows whether there are rules: %s', (has, schema) => {
  expect(hasRules(schema)).toBe(has)
})
