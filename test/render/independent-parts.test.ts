import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/manifest/json.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { buildKustomization } from '../../src/render/build.ts'
import { independentParts } from '../../src/render/independent-parts.ts'
import { RenderCache } from '../../src/render/render-cache.ts'
import { artifactOf } from '../../src/render/source-ignore.ts'
import type { KustomizeBuild } from '../../src/render/tools.ts'
import { realKustomize } from '../tools.ts'

const kustomize = await realKustomize()

/** Directories app-0 … with a kustomization, 20 ConfigMaps and a ServiceAccount each. */
function directories(count: number): Record<string, string> {
  const files: Record<string, string> = {}
  for (let i = 0; i < count; i++) {
    const names = Array.from({ length: 20 }, (_, j) => `cm-${j}.yaml`)
    files[`a/app-${i}/kustomization.yaml`] = `namespace: n${i}\nresources: [${names.join(', ')}, sa.yaml]\n`
    files[`a/app-${i}/sa.yaml`] = `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n`
    for (const name of names)
      files[`a/app-${i}/${name}`] =
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name.slice(0, -5)}}\n`
  }
  return files
}

const PATCH = {
  patch: '[{"op": "add", "path": "/data", "value": {"a": "b"}}]',
  target: { kind: 'ConfigMap' },
}

/** The build of the product, and how many processes it took. */
async function build(files: Record<string, string>, spec: JsonObject = {}, tool = kustomize) {
  let builds = 0
  const counted: KustomizeBuild = {
    version: tool.version,
    build: async request => {
      builds++
      return await tool.build(request)
    },
  }
  const tree = memoryTree(files)
  const result = await buildKustomization({
    tree,
    artifact: await artifactOf(tree),
    kustomize: counted,
    cache: new RenderCache(),
    unit: { manifest: { kind: 'Kustomization', spec: { path: './a', ...spec } } },
  })
  return { result, builds }
}

describe('a large Kustomization', () => {
  it('is built in parts, with the objects of one build in their order', async () => {
    const files = directories(6)
    // a second key at the root that keeps it whole and changes nothing
    const whole = { ...files, 'a/kustomization.yaml': wholeRoot(6) }
    const spec = { patches: [PATCH] }
    const [parts, one] = [await build(files, spec), await build(whole, spec)]
    expect(parts.builds).toBe(3)
    expect(one.builds).toBe(1)
    if (!parts.result.ok || !one.result.ok) throw new Error('both build')
    expect(parts.result.objects.map(({ yaml }) => yaml)).toEqual(one.result.objects.map(({ yaml }) => yaml))
    expect(parts.result.objects.map(({ origin }) => origin)).toEqual(
      one.result.objects.map(({ origin }) => origin),
    )
    expect(parts.result.objects).toHaveLength(6 * 21)
  })

  it('fails as one build does where an object is there twice', async () => {
    const files = directories(6)
    files['a/app-5/kustomization.yaml'] = (files['a/app-5/kustomization.yaml'] ?? '').replace('n5', 'n0')
    const { result } = await build(files)
    expect(result).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('already registered') },
    })
  })

  it('fails as one build does where a part fails', async () => {
    const files = directories(6)
    files['a/app-5/cm-3.yaml'] = 'kind: [\n'
    const { result } = await build(files)
    expect(result).toMatchObject({ ok: false, error: { file: 'a/app-5/cm-3.yaml' } })
  })
})

function wholeRoot(count: number): string {
  const resources = Array.from({ length: count }, (_, i) => `./app-${i}`)
  const self = '{kind: ServiceAccount, name: sa, namespace: n0'
  return `resources: [${resources.join(', ')}]
replacements:
  - source: ${self}, fieldPath: metadata.name}
    targets: [{select: ${self}}, fieldPaths: [metadata.name]}]
`
}

describe('stays whole', () => {
  const texts = new Map(
    Array.from({ length: 100 }, (_, i) => [`${i < 50 ? 'a' : 'b'}/${i}.yaml`, 'kind: ConfigMap\n']),
  )
  const root = { resources: ['./a', './b'] }
  const parts = (fields: JsonObject, nested: JsonObject[] = [], more: [string, string][] = []) =>
    independentParts({
      directory: '',
      root: { ...root, ...fields },
      nested,
      texts: new Map([...texts, ...more]),
    })

  it('not without a reason', () => {
    expect(parts({})).toEqual([['./a'], ['./b']])
    expect(parts({ patches: [PATCH] }, [{ namespace: 'x' }])).toEqual([['./a'], ['./b']])
  })

  it.each<[string, JsonObject, JsonObject[]?, [string, string][]?]>([
    ['with a prefix', { namePrefix: 'x-' }],
    ['with a namespace for everything', { namespace: 'x' }],
    ['with replacements', { replacements: [{}] }],
    ['with components, which see everything', { components: ['../c'] }],
    ['with generators', { configMapGenerator: [{ name: 'x' }] }],
    ['with a patch that must find its object', { patches: [{ patch: 'kind: ConfigMap' }] }],
    ['with a patch that may rename', { patches: [{ ...PATCH, options: { allowNameChange: true } }] }],
    ['with a prefix further in', {}, [{ namePrefix: 'x-' }]],
    ['with a generator whose name has a hash', {}, [{ configMapGenerator: [{ name: 'x' }] }]],
    [
      'with a patch further in that renames',
      {},
      [],
      [['a/p.yaml', '- {op: replace, path: /metadata/name, value: y}\n']],
    ],
    [
      'with a reference to what moves to another namespace',
      {},
      [{ namespace: 'x' }],
      [['b/x.yaml', 'apiVersion: v1\nkind: RoleBinding\n']],
    ],
  ])('%s', (_name, fields, nested = [], more = []) => {
    expect(parts(fields, nested, more)).toBeUndefined()
  })

  it.each<[string, JsonObject[]]>([
    [
      'generators without a hash',
      [{ configMapGenerator: [{ name: 'x', options: { disableNameSuffixHash: true } }] }],
    ],
    [
      'the same for all',
      [{ configMapGenerator: [{ name: 'x' }], generatorOptions: { disableNameSuffixHash: true } }],
    ],
  ])('not for %s', (_name, nested) => {
    expect(parts({}, nested)).toHaveLength(2)
  })

  it('when small', () => {
    expect(
      independentParts({ directory: '', root, nested: [], texts: new Map([...texts].slice(25, 75)) }),
    ).toBeUndefined()
  })
})
