import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/manifest/json.ts'
import type { Manifest } from '../../src/manifest/resource.ts'
import { releaseValues, type Lookup } from '../../src/render/helm-values.ts'
import { setValues } from '../../src/render/set-values.ts'
import { mapOf } from '../charts.ts'

const objects: Manifest[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'values', namespace: 'apps' }, data: {} },
]
const withData = (kind: string, data: JsonObject, more: JsonObject = {}): Lookup => {
  const [base] = objects
  return (group, wanted, namespace, name) =>
    group === '' && wanted === kind && namespace === 'apps' && name === 'values'
      ? { ...base, kind, data, ...more }
      : undefined
}
const release = (spec: string): Manifest => ({
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'demo', namespace: 'apps' },
  spec: mapOf(spec),
})
const from = (more = '') => `valuesFrom: [{kind: ConfigMap, name: values${more === '' ? '' : `, ${more}`}}]\n`

describe('values of a HelmRelease', () => {
  // the cases of fluxcd/pkg chartutil 1.27, values_test.go, and of what follows from its changes in place
  it.each<[string, string, JsonObject, unknown]>([
    [
      'inline over references',
      `${from()}values: {a: {x: 2}, l: [9]}`,
      { 'values.yaml': 'a: {x: 1, z: 1}\nl: [1, 2]\n' },
      { a: { x: 2, z: 1 }, l: [9] },
    ],
    [
      'null stays, for helm to delete a default',
      `${from()}values: {a: null}`,
      { 'values.yaml': 'a: {x: 1}' },
      { a: null },
    ],
    ['another key', from('valuesKey: other'), { other: 'a: 1' }, { a: 1 }],
    ['an empty text', from(), { 'values.yaml': '' }, {}],
    [
      'YAML 1.1',
      from(),
      { 'values.yaml': 'on: yes\nn: 1\nm: 0777\nt: 12:30:00\nd: 2024-01-01\n' },
      { true: true, false: 1, m: 511, t: '12:30:00', d: '2024-01-01' },
    ],
    ['a path', from('targetPath: a.b.c, valuesKey: k'), { k: 'v' }, { a: { b: { c: 'v' } } }],
    [
      'a path in a list of the inline values, changed in place',
      `${from('targetPath: "n.l[0]", valuesKey: k')}values: {n: {l: [list, item]}}`,
      { k: 'v' },
      { n: { l: ['v', 'item'] } },
    ],
    [
      'a path that is inline itself at the top is overwritten again',
      `${from('targetPath: a, valuesKey: k')}values: {a: inline}`,
      { k: 'v' },
      { a: 'inline' },
    ],
    ['types as --set', from('targetPath: a, valuesKey: k'), { k: '12' }, { a: 12 }],
    ['text in quotes', from('targetPath: a, valuesKey: k'), { k: '"12"' }, { a: '12' }],
    [
      'a literal',
      from('targetPath: a.b, valuesKey: k, literal: true'),
      { k: 'x: [a,b]\ny={c}\\' },
      { a: { b: 'x: [a,b]\ny={c}\\' } },
    ],
    ['an optional key that is missing', from('optional: true, valuesKey: nope'), { k: 'v' }, {}],
  ])('%s', (_case, spec, data, want) => {
    expect(releaseValues(release(spec), withData('ConfigMap', data))).toEqual({ ok: true, value: want })
  })

  it('decodes a Secret, whose stringData wins', () => {
    const spec = 'valuesFrom: [{kind: Secret, name: values}]'
    const data = { 'values.yaml': Buffer.from('a: 1').toString('base64') }
    expect(releaseValues(release(spec), withData('Secret', data))).toEqual({ ok: true, value: { a: 1 } })
    const both = withData('Secret', data, { stringData: { 'values.yaml': 'a: 2' } })
    expect(releaseValues(release(spec), both)).toEqual({ ok: true, value: { a: 2 } })
  })

  it('leaves the manifest as it is', () => {
    const manifest = release(`${from('targetPath: "n.l[0]", valuesKey: k')}values: {n: {l: [list]}}`)
    const before = structuredClone(manifest)
    releaseValues(manifest, withData('ConfigMap', { k: 'v' }))
    expect(manifest).toEqual(before)
  })

  it.each<[string, string, Lookup, object]>([
    [
      'a Secret made elsewhere',
      'valuesFrom: [{kind: Secret, name: values}]',
      () => undefined,
      { unknown: { reason: 'values-unknown' } },
    ],
    [
      'also an optional one',
      'valuesFrom: [{kind: Secret, name: values, optional: true}]',
      () => undefined,
      { unknown: { reason: 'values-unknown' } },
    ],
    [
      'a placeholder',
      'valuesFrom: [{kind: Secret, name: values}]',
      withData('Secret', {}, { stringData: { 'values.yaml': '..PLACEHOLDER_values.yaml..' } }),
      { unknown: { message: expect.stringContaining('encrypted') } },
    ],
    [
      'a SOPS document',
      'valuesFrom: [{kind: Secret, name: values}]',
      withData('Secret', { 'values.yaml': 'ENC[AES256_GCM,data:x]' }),
      { unknown: { message: expect.stringContaining('encrypted') } },
    ],
    [
      'a key that is missing',
      from('valuesKey: nope'),
      withData('ConfigMap', {}),
      { failure: { message: expect.stringContaining('has no key nope') } },
    ],
    ['another kind', 'valuesFrom: [{kind: Pod, name: values}]', () => undefined, { failure: {} }],
    [
      'no YAML',
      from(),
      withData('ConfigMap', { 'values.yaml': 'a: [' }),
      { failure: { ruleId: 'render-helm-values' } },
    ],
    [
      'no map',
      from(),
      withData('ConfigMap', { 'values.yaml': '- a' }),
      { failure: { message: expect.stringContaining('no map') } },
    ],
    [
      'commas that --set takes apart (flux2#2625)',
      from('targetPath: a.b, valuesKey: k'),
      withData('ConfigMap', { k: 'k1.net:9092,k2.net:9092' }),
      { failure: { message: expect.stringContaining('has no value') } },
    ],
  ])('does not guess: %s', (_case, spec, lookup, want) => {
    expect(releaseValues(release(spec), lookup)).toMatchObject({ ok: false, ...want })
  })
})

// what helm 4.2.3 pkg/strvals makes of the same lines
it.each<[string, JsonObject, unknown]>([
  ['a=1,b=true,c=null,d=x', {}, { a: 1, b: true, c: null, d: 'x' }],
  ['a=01,b=0,c=1.5,d=-3', {}, { a: '01', b: 0, c: '1.5', d: -3 }],
  ['a={x,1,true}', {}, { a: ['x', 1, true] }],
  ['a={x},b=1', {}, { a: ['x'], b: 1 }],
  ['a[2]=x', { a: [1] }, { a: [1, null, 'x'] }],
  ['a[0].b.c=x', {}, { a: [{ b: { c: 'x' } }] }],
  ['a[0].b=x', { a: [{ c: 1 }] }, { a: [{ c: 1, b: 'x' }] }],
  ['a[0][1]=x', {}, { a: [[null, 'x']] }],
  [String.raw`a\.b=x\,y`, {}, { 'a.b': 'x,y' }],
  ['a=', {}, { a: '' }],
])('setValues %s', (line, data, want) => {
  setValues(data, line, false)
  expect(data).toEqual(want)
})

it.each([
  ['a'],
  ['a,b=1'],
  ['a=1,b'],
  ['a[-1]=x'],
  ['a[x]=1'],
  ['a[70000]=1'],
  ['a={x'],
  ['a.b=1', { a: 'text' }],
  ['a[0]=1', { a: {} }],
] as [string, JsonObject?][])('setValues refuses %s', (line, data = {}) => {
  expect(() => setValues(data, line, false)).toThrow(/./)
})
