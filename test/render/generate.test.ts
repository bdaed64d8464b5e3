import { expect, it } from 'vitest'
import type { JsonObject } from '../../src/manifest/json.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { generateKustomization } from '../../src/render/generate.ts'
import { readKustomization } from '../../src/render/kustomization-file.ts'
import { artifactOf } from '../../src/render/source-ignore.ts'

async function generate(files: Record<string, string>, spec: JsonObject = {}) {
  const text = files['a/kustomization.yaml']
  const read = text === undefined ? undefined : readKustomization(text, 'flux')
  if (read?.ok === false) throw new Error(read.problem.message)
  const existing = read === undefined ? undefined : { path: 'a/kustomization.yaml', file: read.file }
  const result = generateKustomization(await artifactOf(memoryTree(files)), 'a', existing, { spec })
  return result.ok ? result.generated.fields : result.error
}

it('names every manifest, and directories with a kustomization instead of their files', async () => {
  const fields = await generate({
    'a/b.yml': '',
    'a/b/c.yaml': '',
    'a/b.txt': '',
    'a/sub/Kustomization': '',
    'a/sub/x.yaml': '',
    'a/z/deep/y.yaml': '',
    'elsewhere.yaml': '',
  })
  expect(fields).toMatchObject({ resources: ['./b/c.yaml', './b.yml', './sub', './z/deep/y.yaml'] })
})

it('sets a placeholder where there is nothing to apply', async () => {
  expect(await generate({ 'a/readme.md': '' })).toMatchObject({ namespace: '_placeholder' })
})

it.each([
  ['an empty file', ''],
  ['no resources', 'namePrefix: a-\nbuildMetadata: [managedByLabel]\n'],
  ['bases instead of resources', 'bases: [../b]\n'],
])('leaves origin annotations in the result: %s', async (_name, text) => {
  expect(await generate({ 'a/kustomization.yaml': text })).toMatchObject({
    buildMetadata: ['originAnnotations'],
  })
})

const withImage = {
  'a/kustomization.yaml': 'resources: [x]\nimages: [{name: web, newName: m, newTag: "1", digest: d}]\n',
}
it.each<[string, Record<string, string>, JsonObject, JsonObject]>([
  ['targetNamespace', { 'a/x.yaml': '' }, { targetNamespace: 'n' }, { namespace: 'n' }],
  [
    'prefix and suffix',
    { 'a/x.yaml': '' },
    { namePrefix: 'p-', nameSuffix: '-s' },
    { namePrefix: 'p-', nameSuffix: '-s' },
  ],
  [
    'patches behind those of the file',
    { 'a/kustomization.yaml': 'resources: [x]\npatches: [{path: p.yaml}]\n' },
    { patches: [{ patch: 'x', target: { kind: 'K', unknown: 'u' } }] },
    { patches: [{ path: 'p.yaml' }, { patch: 'x', target: { kind: 'K' } }] },
  ],
  [
    'components that exist',
    { 'a/kustomization.yaml': 'resources: [x]\ncomponents: [../c]\n', 'd/kustomization.yaml': '' },
    { components: ['../d', '../none'], ignoreMissingComponents: true },
    { components: ['../c', '../d'] },
  ],
  ['missing components', { 'a/x.yaml': '' }, { components: ['../none'] }, { components: ['../none'] }],
  [
    'a new tag, which drops the digest',
    withImage,
    { images: [{ name: 'web', newTag: '2' }] },
    { images: [{ name: 'web', newName: 'm', newTag: '2', digest: '' }] },
  ],
  [
    'a new digest, which drops the tag',
    withImage,
    { images: [{ name: 'web', digest: 'e' }] },
    { images: [{ name: 'web', newName: 'm', newTag: '', digest: 'e' }] },
  ],
  [
    'a new name alone',
    withImage,
    { images: [{ name: 'web', newName: 'o' }] },
    { images: [{ name: 'web', newName: 'o', newTag: '1', digest: 'd' }] },
  ],
  [
    'another image',
    { 'a/x.yaml': '' },
    { images: [{ name: 'o', newTag: '1' }] },
    { images: [{ name: 'o', newTag: '1' }] },
  ],
  [
    'buildMetadata',
    { 'a/x.yaml': '' },
    { buildMetadata: ['managedByLabel'] },
    { buildMetadata: ['managedByLabel'] },
  ],
])('takes over %s', async (_name, files, spec, expected) => {
  expect(await generate(files, spec)).toMatchObject(expected)
})

it.each(['https://example.org/x', 'git@example.org:x', 'github.com/a/b', '/etc', 'file:///etc'])(
  'refuses component %s',
  async component => {
    expect(await generate({ 'a/x.yaml': '' }, { components: [component] })).toMatchObject({
      ruleId: 'render-remote-base',
    })
  },
)

it('reads the file of spec.path as Flux does: unknown fields dropped, scalars made text, last of equal keys', () => {
  const text =
    'Resources: [a]\nfoo: 1\nnamePrefix: 5\ncommonLabels: {a: true, b: 2020-01-01, c: 1:30}\nnamespace: a\nnamespace: b\n'
  const read = readKustomization(text, 'flux')
  expect(read.ok && read.file.fields).toEqual({
    resources: ['a'],
    namePrefix: '5',
    commonLabels: { a: 'true', b: '2020-01-01', c: '1:30' },
    namespace: 'b',
  })
  expect(read.ok && read.file.remarks).toEqual([
    { message: 'has the same key twice; the last one wins', line: 6 },
    { message: 'foo is no field of a kustomization; Flux drops it', line: 2 },
  ])
})

it.each([
  ['foo: 1\n', 'foo is no field of a kustomization', 1],
  ['resources: a\n', 'resources must be a list', 1],
  ['resources: [a]\nlabels:\n  - pairs: {a: true}\n', 'labels[0].pairs.a must be text', 3],
  ['resources:\n  - a: b\n', 'resources[0] must be text', 2],
  ['resources: [a\n', 'is no YAML', 2],
  ['- a\n', 'the file must be a map', 1],
])('says what kustomize refuses in %j', (text, message, line) => {
  const read = readKustomization(text, 'kustomize')
  expect(read.ok ? undefined : read.problem).toEqual({ message: expect.stringContaining(message), line })
})
