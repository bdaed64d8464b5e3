import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/manifest/json.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { buildKustomization, type BuildResult } from '../../src/render/build.ts'
import { RenderCache } from '../../src/render/render-cache.ts'
import { artifactOf, wholeTree } from '../../src/render/source-ignore.ts'
import type { KustomizeBuild } from '../../src/render/tools.ts'
import { realKustomize } from '../tools.ts'

const kustomize = await realKustomize()
const place = { file: 'flux/ks.yaml', line: 7 }

async function build(
  files: Record<string, string>,
  spec: JsonObject = {},
  tool = kustomize,
): Promise<BuildResult> {
  const tree = memoryTree(files)
  const manifest = { kind: 'Kustomization', spec: { path: './a', ...spec } }
  const artifact = await artifactOf(tree)
  return await buildKustomization({
    tree,
    artifact,
    kustomize: tool,
    cache: new RenderCache(),
    unit: { manifest, place },
  })
}

function configMap(name: string, metadata = '', rest = ''): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${metadata}${rest}`
}

const ORIGIN = (path: string) => `  annotations:\n    config.kubernetes.io/origin: |\n      path: ${path}\n`

describe('is built as kustomize-controller 1.9 builds it', () => {
  // [case, files, spec, objects]; each agrees with fluxcd/pkg kustomize v1.44.0 run on the same tree
  it.each<[string, Record<string, string>, JsonObject, string[]]>([
    [
      'no kustomization',
      {
        'a/b.yaml': configMap('second'),
        'a/a.yaml': `# first\n${configMap('first')}`,
        'a/sub/kustomization.yaml': 'resources: [x.yaml]\nnamePrefix: p-\n',
        'a/sub/x.yaml': configMap('x'),
        'a/sub/unused.yaml': 'no object',
      },
      {},
      [configMap('first'), configMap('second'), configMap('p-x')],
    ],
    ['nothing at all', { 'a/readme.md': '' }, {}, []],
    ['an empty kustomization', { 'a/kustomization.yaml': '' }, {}, []],
    [
      'components alone, which leave origins in the result',
      {
        'a/kustomization.yaml': 'components: [../c]\n',
        'c/kustomization.yaml':
          'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [x.yaml]\n',
        'c/x.yaml': configMap('x'),
      },
      {},
      [configMap('x').replace('  name', `${ORIGIN('../c/x.yaml')}  name`)],
    ],
    [
      'origins asked for in the spec',
      { 'a/x.yaml': configMap('x') },
      { buildMetadata: ['originAnnotations'] },
      [configMap('x').replace('  name', `${ORIGIN('x.yaml')}  name`)],
    ],
    [
      'the order of the files, not of kinds',
      {
        'a/kustomization.yaml': 'resources: [x.yaml, n.yaml]\n',
        'a/x.yaml': configMap('x'),
        'a/n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: space\n',
      },
      {},
      [configMap('x'), 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: space\n'],
    ],
    [
      'unknown fields',
      { 'a/kustomization.yaml': 'resources: [x.yaml]\nfoo: bar\n', 'a/x.yaml': configMap('x') },
      {},
      [configMap('x')],
    ],
    [
      'scalars for text',
      {
        'a/kustomization.yaml': 'resources: [x.yaml]\ncommonAnnotations: {a: true, b: 1}\n',
        'a/x.yaml': configMap('x'),
      },
      {},
      [configMap('x').replace('  name', '  annotations:\n    a: "true"\n    b: "1"\n  name')],
    ],
    [
      'targetNamespace and patches',
      { 'a/x.yaml': configMap('x') },
      {
        targetNamespace: 'space',
        patches: [{ patch: '- {op: add, path: /data, value: {k: v}}', target: { kind: 'ConfigMap' } }],
      },
      [`apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: space\n`],
    ],
    [
      'a path that would leave the tree',
      { 'a/x.yaml': configMap('x') },
      { path: '../../a/' },
      [configMap('x')],
    ],
    [
      'empty annotations',
      { 'a/x.yaml': configMap('x', '  annotations: {}\n'), 'a/y.yaml': configMap('z', '  annotations:\n') },
      {},
      [configMap('x'), configMap('z')],
    ],
    [
      'text that looks like what is taken out',
      {
        'a/x.yaml': configMap(
          'x',
          '',
          'data:\n  k: |\n    ---\n    metadata:\n      annotations:\n        config.kubernetes.io/origin: |\n          path: k\n',
        ),
      },
      {},
      [
        `apiVersion: v1\ndata:\n  k: |\n    ---\n    metadata:\n      annotations:\n        config.kubernetes.io/origin: |\n          path: k\nkind: ConfigMap\nmetadata:\n  name: x\n`,
      ],
    ],
    [
      'other annotations around it',
      { 'a/x.yaml': configMap('x', '  annotations: {aa: "1", zz: "2"}\n') },
      {},
      ['apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    aa: "1"\n    zz: "2"\n  name: x\n'],
    ],
  ])('%s', async (_name, files, spec, expected) => {
    const result = await build(files, spec)
    if (!result.ok) throw new Error(JSON.stringify(result.error))
    expect(result.objects.map(object => object.yaml)).toEqual(expected)
  })
})

it('says where objects come from', async () => {
  const result = await build({
    'a/kustomization.yaml':
      'resources: [two.yaml, ../b]\nnamePrefix: p-\nconfigMapGenerator:\n  - name: other\n    literals: [a=b]\n  - name: made\n    files: [f.txt]\n',
    'a/f.txt': 'text',
    'a/two.yaml': `---\n# comment\n${configMap('one')}---\n\n${configMap('two')}`,
    'b/kustomization.yaml': 'resources: [x.yaml]\nsecretGenerator:\n  - name: secret\n    literals: [a=b]\n',
    'b/x.yaml': configMap('x'),
  })
  expect(result.ok && result.objects.map(object => object.origin)).toEqual([
    { file: 'a/two.yaml', line: 3 },
    { file: 'a/two.yaml', line: 9 },
    { file: 'b/x.yaml', line: 1 },
    { file: 'b/kustomization.yaml', line: 3 },
    { file: 'a/kustomization.yaml', line: 4 },
    { file: 'a/kustomization.yaml', line: 6 },
  ])
})

it('prints the same text with and without our origin annotations', async () => {
  const files = {
    'a/kustomization.yaml': 'resources: [x.yaml]\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n',
    'a/x.yaml': configMap('x', '  annotations: {m: "1"}\n'),
  }
  const plain: string[] = []
  const spied: KustomizeBuild = {
    version: kustomize.version,
    build: async request => {
      const text = new TextDecoder()
        .decode(request.files.get('a/kustomization.yaml'))
        .replace('"originAnnotations"', '')
      const without = new Map(request.files).set('a/kustomization.yaml', new TextEncoder().encode(text))
      const result = await kustomize.build({ ...request, files: without })
      plain.push(result.ok ? result.yaml : result.error.message)
      return await kustomize.build(request)
    },
  }
  const result = await build(files, {}, spied)
  expect(result.ok && result.objects.map(object => object.yaml).join('---\n')).toBe(plain[0])
})

describe('fails with a place', () => {
  it.each<[string, Record<string, string>, JsonObject, JsonObject]>([
    [
      'a path that is not there',
      { 'apps/databases/x.yaml': '' },
      { path: './apps/database' },
      { ruleId: 'render-missing-file', ...place, repair: 'did you mean apps/databases?' },
    ],
    [
      'a component that the spec names',
      { 'a/kustomization.yaml': 'resources: [x.yaml]\n', 'a/x.yaml': '' },
      { components: ['../c'] },
      { ruleId: 'render-missing-file', ...place },
    ],
    [
      'a broken kustomization',
      { 'a/kustomization.yaml': 'resources:\n  - x\n bad\n' },
      {},
      { ruleId: 'render-kustomization-invalid', file: 'a/kustomization.yaml', line: 3 },
    ],
    [
      'two kustomization files',
      { 'a/kustomization.yaml': '', 'a/kustomization.yml': '' },
      {},
      {
        ruleId: 'render-build',
        file: 'a/kustomization.yaml',
        message: 'kustomize: Found multiple kustomization files under: a',
      },
    ],
    [
      'a broken manifest',
      {
        'a/kustomization.yaml': 'resources: [s]\n',
        'a/s/kustomization.yaml': 'resources: [x.yaml]\n',
        'a/s/x.yaml': 'kind: A\nmetadata:\n  name: x\n name: z\n',
        'a/x.yaml': '',
      },
      {},
      { ruleId: 'parse-yaml', file: 'a/s/x.yaml', line: 4 },
    ],
    [
      'a file that is no manifest',
      { 'a/values.yaml': 'replicas: 1\n' },
      {},
      {
        ruleId: 'render-build',
        file: 'a/values.yaml',
        line: 1,
        message: 'kustomize: ./values.yaml: missing Resource metadata',
      },
    ],
    [
      'an object twice',
      { 'a/x.yaml': configMap('x'), 'a/z.yaml': configMap('x') },
      {},
      { ruleId: 'render-build', file: 'a/z.yaml' },
    ],
    [
      'a patch that fails below',
      {
        'a/kustomization.yaml': 'resources: [s]\n',
        'a/s/kustomization.yaml':
          'resources: [x.yaml]\npatches: [{patch: "[{op: remove, path: /none}]", target: {kind: ConfigMap}}]\n',
        'a/s/x.yaml': configMap('x'),
      },
      {},
      { ruleId: 'render-build', file: 'a/s/kustomization.yaml' },
    ],
  ])('%s', async (_name, files, spec, expected) => {
    const result = await build(files, spec)
    expect(result.ok ? undefined : result.error).toMatchObject(expected)
  })
})

it('lets annotations of ours change nothing that a patch sees', async () => {
  const files = {
    'a/x.yaml': configMap('x'),
    'a/kustomization.yaml': `resources: [x.yaml]\npatches:\n  - target: {kind: ConfigMap}\n    patch: |-\n      - {op: add, path: /metadata/annotations, value: {a: b}}\n      - {op: test, path: /metadata/annotations, value: {a: b}}\n`,
  }
  const result = await build(files)
  expect(result.ok && result.objects.map(object => object.yaml)).toEqual([
    configMap('x').replace('  name', '  annotations:\n    a: b\n  name'),
  ])
})

describe('inputs', () => {
  const files = {
    'a/kustomization.yaml': 'resources: [x.yaml]\n',
    'a/x.yaml': configMap('x'),
    'b/other.yaml': '',
  }
  it('are equal for what cannot matter', async () => {
    const { inputs } = await build(files)
    expect((await build({ ...files, 'b/other.yaml': 'changed', 'a/unused.yaml': 'new' })).inputs).toBe(inputs)
    expect((await build(files, { interval: '1h' })).inputs).toBe(inputs)
  })
  it.each<[string, Record<string, string>, JsonObject]>([
    ['a file', { ...files, 'a/x.yaml': configMap('z') }, {}],
    ['the kustomization', { ...files, 'a/kustomization.yaml': 'resources: [x.yaml]\nnamePrefix: a-\n' }, {}],
    ['a second kustomization', { ...files, 'a/Kustomization': '' }, {}],
    ['the spec', files, { targetNamespace: 'space' }],
    ['a missing file', { ...files, 'a/kustomization.yaml': 'resources: [x.yaml, none.yaml]\n' }, {}],
  ])('differ with %s', async (_name, changed, spec) => {
    expect((await build(changed, spec)).inputs).not.toBe((await build(files)).inputs)
  })
  it('differ with the version of kustomize', async () => {
    const other = await build(files, {}, { ...kustomize, version: 'kustomize 9' })
    expect(other.inputs).not.toBe((await build(files)).inputs)
  })
})

it('builds a kustomize directory as the command line does: sorted by kind, nothing ignored', async () => {
  const tree = memoryTree({
    'a/kustomization.yaml': 'resources: [x.yaml, n.yaml]\nconfigMapGenerator: [{name: g, files: [i.png]}]\n',
    'a/i.png': 'x',
    'a/x.yaml': configMap('x'),
    'a/n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: space\n',
  })
  const result = await buildKustomization({
    tree,
    artifact: await wholeTree(tree),
    kustomize,
    cache: new RenderCache(),
    unit: { directory: 'a' },
  })
  expect(result.ok && result.objects.map(object => /^kind: (.*)/m.exec(object.yaml)?.[1])).toEqual([
    'Namespace',
    'ConfigMap',
    'ConfigMap',
  ])
})
