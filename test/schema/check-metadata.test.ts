import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/manifest/json.ts'
import { checkMetadata, checkMetadataUpdate, finalizerWarnings } from '../../src/schema/check-metadata.ts'
import { subdomain } from '../../src/schema/names.ts'

const RULES = { scope: 'Namespaced', nameRule: subdomain } as const
const said = (metadata: Json) =>
  checkMetadata(metadata, RULES).map(({ field, message }) => `${field}: ${message.slice(0, 60)}`)

describe('metadata of a new object', () => {
  it.each<[string, Json, string[]]>([
    ['good', { name: 'a.b', namespace: 'n', labels: { 'a/b': '' }, annotations: { 'A/B': 'x' } }, []],
    ['no name', { namespace: 'n' }, ['metadata.name: Required value: name or generateName is required']],
    [
      'a bad name',
      { name: 'A', namespace: 'n' },
      ['metadata.name: Invalid value: "A": a lowercase RFC 1123 subdomain must cons'],
    ],
    [
      'a dot in a namespace',
      { name: 'a', namespace: 'a.b' },
      ['metadata.namespace: Invalid value: "a.b": must not contain dots'],
    ],
    ['a prefix', { name: 'a', generateName: 'a-', namespace: 'n' }, []],
    [
      'a bad prefix',
      { name: 'a', generateName: '_', namespace: 'n' },
      ['metadata.generateName: Invalid value: "_": a lowercase RFC 1123 subdomain must cons'],
    ],
    [
      'a long label',
      { name: 'a', namespace: 'n', labels: { a: 'b'.repeat(64) } },
      [`metadata.labels: ${`Invalid value: "${'b'.repeat(64)}"`.slice(0, 60)}`],
    ],
    [
      'a label with two slashes',
      { name: 'a', namespace: 'n', labels: { 'a/b/c': 'x' } },
      ['metadata.labels: Invalid value: "a/b/c": a valid label key must consist of al'],
    ],
    [
      'an upper-case prefix of a label',
      { name: 'a', namespace: 'n', labels: { 'A/b': 'x' } },
      ['metadata.labels: Invalid value: "A/b": prefix part a lowercase RFC 1123 subdo'],
    ],
    [
      'too many annotations',
      { name: 'a', namespace: 'n', annotations: { a: 'é'.repeat(131_072) } },
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
    [
      'two controllers',
      {
        name: 'a',
        namespace: 'n',
        ownerReferences: ['x', 'y'].map(name => ({
          apiVersion: 'v1',
          kind: 'A',
          name,
          uid: name,
          controller: true,
        })),
      },
      ['metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"A","name":"x","ui'],
    ],
    [
      'an owner without anything',
      { name: 'a', namespace: 'n', ownerReferences: [{}] },
      [
        'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
        'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
        'metadata.ownerReferences.name: Invalid value: "": must not be empty',
        'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      ],
    ],
  ])('%s', (_, metadata, problems) => expect(said(metadata)).toEqual(problems))

  it('of a kind without namespaces', () => {
    const cluster = { scope: 'Cluster', nameRule: subdomain } as const
    expect(checkMetadata({ name: 'a' }, cluster)).toEqual([])
    expect(checkMetadata({ name: 'a', namespace: 'n' }, cluster)).toMatchObject([{ reason: 'Forbidden' }])
  })
})

it('what an update may not change', () => {
  const live = { name: 'a', namespace: 'n', uid: '1', deletionTimestamp: '2026-01-01T00:00:00Z' }
  const update = (metadata: Json) => checkMetadataUpdate(metadata, live, RULES).map(({ message }) => message)
  expect(update(live)).toEqual([])
  expect(update({ ...live, uid: '2' })).toEqual(['Invalid value: "2": field is immutable'])
  expect(update({ ...live, finalizers: ['a/b'] })).toEqual([
    'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b"}',
  ])
})

it('warns of finalizers that are new and no domain', () => {
  expect(finalizerWarnings({ finalizers: ['foo', 'a.b', 'x.y/z', 'orphan'] })).toEqual([
    'metadata.finalizers: "a.b": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers',
    'metadata.finalizers: "foo": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
  ])
  expect(finalizerWarnings({ finalizers: ['foo'] }, { finalizers: ['foo'] })).toEqual([])
})
