import { describe, expect, it } from 'vitest'
import { admit, type AdmitTools } from '../../src/admit.ts'
import type { Json, JsonObject } from '../../src/manifest/json.ts'
import { fromCrds } from '../../src/schema/crd.ts'
import { createValidator } from '../../src/schema/validator.ts'
import { submissionsIn } from '../../src/submissions.ts'

const TEXT = { type: 'string' }
const CRD: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.org' },
  spec: {
    group: 'example.org',
    names: { kind: 'Thing', plural: 'things' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { scale: { specReplicasPath: '.spec.n' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              status: { type: 'object', properties: { phase: TEXT } },
              spec: {
                type: 'object',
                properties: {
                  a: { ...TEXT, maxLength: 3 },
                  b: { ...TEXT, pattern: '^x' },
                  d: { ...TEXT, default: 'd' },
                  n: { type: 'integer' },
                  w: TEXT,
                  embedded: {
                    type: 'object',
                    'x-kubernetes-embedded-resource': true,
                    'x-kubernetes-preserve-unknown-fields': true,
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
}

const nothing = () => ({ errors: [], warnings: [], notEvaluated: [] })
/** webhooks and rules that say nothing, but for what is given; `seen` holds the objects they were asked about */
function toolsWith(more: Partial<AdmitTools> = {}) {
  const seen: JsonObject[] = []
  const tools: AdmitTools = {
    kindOf: (apiVersion, kind) => createValidator([fromCrds([CRD])]).kindOf(apiVersion, kind),
    checkRules: nothing,
    mutate: ({ object }) => ({ ...nothing(), object }),
    validate({ object }) {
      seen.push(object)
      return nothing()
    },
    ...more,
  }
  return { tools, seen }
}

const thing = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'example.org/v1',
  kind: 'Thing',
  metadata: { name: 'x', ...metadata },
  spec,
})
const submit = (...values: Json[]) => values.map(value => ({ file: 'a.yaml', line: 1, value }))
const ask = (value: Json, old: JsonObject[] = [], more: Partial<AdmitTools> = {}) =>
  admit(submit(value), old, toolsWith(more).tools)[0]

describe('one answer', () => {
  it.each<[string, Json, JsonObject[], string[]]>([
    ['a good object', thing({ a: 'abc' }), [], []],
    ['a text', 'x', [], ['parse ']],
    ['no kind', { apiVersion: 'example.org/v1', metadata: { name: 'x' } }, [], ['bad-request ']],
    ['no apiVersion', { kind: 'Thing', metadata: { name: 'x' } }, [], ['bad-request ']],
    ['a version that is not served', { ...thing({}), apiVersion: 'example.org/v2' }, [], ['no-kind ']],
    ['managed fields', thing({}, { managedFields: [{}] }), [], ['bad-request ']],
    ['a type that nothing mends', thing({ a: 1, z: 1 }), [], ['apply-schema spec.a', 'apply-schema spec.z']],
    ['a uid of an object that is not there', thing({}, { uid: '1' }), [], ['conflict ']],
    ['a resourceVersion of an object that is not there', thing({}, { resourceVersion: '1' }), [], []],
    ['a resourceVersion', thing({}, { resourceVersion: '1' }), [thing({})], ['conflict ']],
    [
      'the live resourceVersion',
      thing({}, { resourceVersion: '1' }),
      [thing({}, { resourceVersion: '1' })],
      [],
    ],
    [
      'a uid that is not the live one',
      thing({}, { uid: '2' }),
      [thing({}, { uid: '1' })],
      ['metadata metadata.uid'],
    ],
    ['what the schema refuses', thing({ b: 'y' }), [], ['schema spec.b']],
    ['what the schema refused before, too', thing({ b: 'y', a: '1' }), [thing({ b: 'y' })], []],
    [
      'metadata and schema at once',
      thing({ b: 'y' }, { name: 'X' }),
      [],
      ['metadata metadata.name', 'schema spec.b'],
    ],
    ['more replicas than there can be', thing({ n: 2 ** 31 }), [], ['schema spec.n']],
    ['fewer replicas than none', thing({ n: -1 }), [], ['schema spec.n']],
    [
      'an embedded object without kind',
      thing({ embedded: { apiVersion: 'v1' } }),
      [],
      ['schema spec.embedded.kind'],
    ],
    [
      'metadata of an embedded object',
      thing({ embedded: { apiVersion: 'v1', kind: 'X', metadata: { labels: { a: 'b c' } } } }),
      [],
      ['schema spec.embedded.metadata.labels'],
    ],
  ])('%s', (_, value, old, errors) => {
    const answer = ask(value, old)
    expect(answer?.errors.map(({ layer, field }) => `${layer} ${field}`)).toEqual(errors)
    expect(answer?.accepted).toBe(errors.length === 0)
    expect(answer?.judged).toBe(true)
  })

  it('evaluates no rule where the schema says that it could not', () => {
    const rules = {
      checkRules: () => ({ ...nothing(), errors: [{ layer: 'cel' as const, field: 'spec', message: 'no' }] }),
    }
    expect(ask(thing({ a: 'abcd' }), [], rules)?.errors.map(({ layer }) => layer)).toEqual(['schema'])
    expect(ask(thing({ b: 'y' }), [], rules)?.errors.map(({ layer }) => layer)).toEqual(['schema', 'cel'])
  })

  it('says what it does not know instead of accepting it', () => {
    const unknown = ask({ apiVersion: 'other.org/v1', kind: 'Other', metadata: { name: 'x' } })
    expect(unknown).toMatchObject({
      accepted: true,
      judged: false,
      notEvaluated: [expect.stringContaining('Give its CRD')],
    })
    const rules = { checkRules: () => ({ ...nothing(), notEvaluated: ['a rule'] }) }
    expect(ask(thing({}), [], rules)).toMatchObject({
      accepted: true,
      judged: false,
      notEvaluated: ['a rule'],
    })
  })

  it('warns of finalizers once the object is good', () => {
    expect(ask(thing({}, { finalizers: ['foo'] }))?.warnings).toHaveLength(1)
    expect(ask(thing({ b: 'y' }, { finalizers: ['foo'] }))?.warnings).toEqual([])
  })
})

describe('what the stages are asked about', () => {
  it('is the object with its defaults, in its namespace, without the status that was sent', () => {
    const { tools, seen } = toolsWith()
    admit(submit({ ...thing({ a: '1' }), metadata: { name: 'x' } }), [], tools)
    expect(seen).toEqual([thing({ a: '1', d: 'd' }, { namespace: 'default' })])
  })

  it('is on an update what Flux, the defaults and the webhook made of it', () => {
    const { tools, seen } = toolsWith({
      mutate({ object, live }) {
        const spec = object.spec
        if (live !== undefined || typeof spec !== 'object' || spec === null || Array.isArray(spec))
          return { ...nothing(), object }
        return { ...nothing(), object: { ...object, spec: { ...spec, w: 'webhook' } } }
      },
    })
    const old = { ...thing({ a: '1', b: 'x' }), status: { phase: 'up' } }
    admit(submit({ ...thing({ a: '2' }), status: { phase: 'sent' } }), [old], tools)
    expect(seen).toEqual([
      { ...thing({ a: '2', d: 'd', w: 'webhook' }, { namespace: 'default' }), status: { phase: 'up' } },
    ])
  })
})

it('judges each object alone, in order, old ones found by group, kind, namespace and name', () => {
  const old = [thing({ b: 'y' }, { namespace: 'default' }), thing({ b: 'y' }, { namespace: 'n' })]
  const answers = admit(
    submit(thing({ b: 'y' }), thing({ b: 'y' }, { namespace: 'm' }), thing({ b: 'y' }, { namespace: 'n' })),
    old,
    toolsWith().tools,
  )
  expect(answers.map(({ document, operation, accepted }) => [document, operation, accepted])).toEqual([
    [1, 'update', true],
    [2, 'create', false],
    [3, 'update', true],
  ])
})

const read = (text: string) => submissionsIn('a.yaml', new TextEncoder().encode(text))

describe('the objects of a file', () => {
  it.each<[string, string, (Json | string)[]]>([
    ['documents', 'a: 1\n---\n\n---\nb: off\n', [{ a: 1 }, { b: 'off' }]],
    ['JSON', '{"a": [1, true]}', [{ a: [1, true] }]],
    ['items of a List', 'kind: List\nitems:\n- a: 1\n- b: 2\n---\nc: 3\n', [{ a: 1 }, { b: 2 }, { c: 3 }]],
    ['nothing', '# only this\n', []],
    ['what is no YAML', 'a: [1\n---\nb: 1\n', ['problem', { b: 1 }]],
    ['a key that stands twice', 'a: 1\na: 2\n---\nb: 1\n', ['problem', { b: 1 }]],
  ])('%s', (_, text, expected) => {
    expect(read(text).map(one => ('value' in one ? one.value : 'problem'))).toEqual(expected)
  })

  it('each with its line', () => {
    expect(read('a: 1\n---\nb: 2\nb: 3\n')).toEqual([
      { file: 'a.yaml', line: 1, value: { a: 1 } },
      { file: 'a.yaml', line: 3, problem: expect.stringContaining('"b" is set twice') },
    ])
  })
})
