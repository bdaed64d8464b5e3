import { expect, it } from 'vitest'
import { memoryTree, type Tree } from '../../src/manifest/tree.ts'
import { closureOf } from '../../src/render/closure.ts'
import { readKustomization } from '../../src/render/kustomization-file.ts'
import { RenderCache } from '../../src/render/render-cache.ts'
import { artifactOf } from '../../src/render/source-ignore.ts'

async function walk(files: Record<string, string>, tree: Tree = memoryTree(files)) {
  const path = 'a/kustomization.yaml'
  const read = readKustomization(files[path] ?? '', 'flux')
  if (!read.ok) throw new Error(read.problem.message)
  const artifact = await artifactOf(tree)
  return await closureOf({
    tree,
    artifact,
    directory: 'a',
    root: { path, file: read.file },
    cache: new RenderCache(),
  })
}

const COMPONENT = 'kind: Component\nnamePrefix: c-\n'
const PLUGIN = 'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\npath: p.yaml\n'

it.each<[string, string, Record<string, string>, string[]]>([
  [
    'resources',
    'resources: [x.yaml, ./sub/]',
    {
      'a/x.yaml': '',
      'a/sub/kustomization.yaml': 'resources: [y.yaml]',
      'a/sub/y.yaml': '',
      'a/sub/no.yaml': '',
    },
    ['a/sub/kustomization.yaml', 'a/sub/y.yaml', 'a/x.yaml'],
  ],
  ['bases', 'bases: [../b]', { 'b/Kustomization': 'namePrefix: a' }, ['b/Kustomization']],
  [
    'components',
    'components: [../c]',
    { 'c/kustomization.yml': `${COMPONENT}patches: [{path: p.yaml}]`, 'c/p.yaml': '' },
    ['c/kustomization.yml', 'c/p.yaml'],
  ],
  ['patches', 'patches: [{path: p.yaml}, {patch: "kind: X"}]', { 'a/p.yaml': '' }, ['a/p.yaml']],
  [
    'deprecated patches',
    'patchesStrategicMerge:\n  - p.yaml\n  - "kind: X"\npatchesJson6902: [{path: j.json}]',
    { 'a/p.yaml': '', 'a/j.json': '' },
    ['a/j.json', 'a/p.yaml'],
  ],
  [
    'generators of ConfigMaps',
    'configMapGenerator: [{files: [f, k=g/h], envs: [e]}]\nsecretGenerator: [{env: s}]',
    { 'a/f': '', 'a/g/h': '', 'a/e': '', 'a/s': '' },
    ['a/e', 'a/f', 'a/g/h', 'a/s'],
  ],
  [
    'crds, configurations, openapi',
    'crds: [c.yaml]\nconfigurations: [f.yaml]\nopenapi: {path: o.json}',
    { 'a/c.yaml': '', 'a/f.yaml': '', 'a/o.json': '' },
    ['a/c.yaml', 'a/f.yaml', 'a/o.json'],
  ],
  ['replacements', 'replacements: [{path: r.yaml}, {source: {kind: X}}]', { 'a/r.yaml': '' }, ['a/r.yaml']],
  [
    'a transformer in a file',
    'transformers: [t.yaml]',
    { 'a/t.yaml': PLUGIN, 'a/p.yaml': '' },
    ['a/p.yaml', 'a/t.yaml'],
  ],
  [
    'transformers of a directory',
    'transformers: [t]',
    { 'a/t/kustomization.yaml': 'resources: [t.yaml]', 'a/t/t.yaml': PLUGIN, 'a/p.yaml': '' },
    ['a/p.yaml', 'a/t/kustomization.yaml', 'a/t/t.yaml'],
  ],
  [
    'a transformer in place',
    `transformers:\n  - |\n${PLUGIN.replaceAll(/^/gm, '    ')}`,
    { 'a/p.yaml': '' },
    ['a/p.yaml'],
  ],
  [
    'helm values and charts',
    'helmGlobals: {chartHome: charts}\nhelmCharts: [{name: x, valuesFile: v.yaml, additionalValuesFiles: [w.yaml]}]',
    { 'a/v.yaml': '', 'a/w.yaml': '', 'a/charts/x/Chart.yaml': '' },
    ['a/charts/x/Chart.yaml', 'a/v.yaml', 'a/w.yaml'],
  ],
  [
    'a shared directory once',
    'resources: [x, z]',
    {
      'a/x/kustomization.yaml': 'components: [../../c]',
      'a/z/kustomization.yaml': 'components: [../../c]',
      'c/kustomization.yaml': COMPONENT,
    },
    ['a/x/kustomization.yaml', 'a/z/kustomization.yaml', 'c/kustomization.yaml'],
  ],
])('follows %s', async (_name, text, files, expected) => {
  const closure = await walk({ 'a/kustomization.yaml': `${text}\n`, ...files })
  expect(closure.problems).toEqual([])
  expect([...closure.files.keys()].toSorted()).toEqual(expected)
})

it.each<[string, string, Record<string, string>, Record<string, unknown>]>([
  [
    'a missing file, with the near name',
    'resources:\n  - x.yaml\n  - depoyment.yaml',
    { 'a/x.yaml': '', 'a/deployment.yaml': '' },
    {
      ruleId: 'render-missing-file',
      line: 3,
      message: "resources names 'depoyment.yaml', but there is no a/depoyment.yaml",
      repair: 'did you mean deployment.yaml?',
    },
  ],
  [
    'a missing generator file',
    'configMapGenerator:\n  - name: x\n    files:\n      - a.txt',
    {},
    { ruleId: 'render-missing-file', line: 4 },
  ],
  [
    'a directory without kustomization',
    'resources: [b]',
    { 'a/b/x.yaml': '' },
    { ruleId: 'render-missing-file', line: 1 },
  ],
  [
    'what the default patterns leave out',
    'configMapGenerator: [{files: [x.png]}]',
    { 'a/x.png': '' },
    {
      ruleId: 'render-missing-file',
      message: 'a/x.png is in the repository, but source-controller leaves it out of the artifact',
    },
  ],
  [
    'a file of crds by URL',
    'crds:\n  - https://example.org/x.yaml',
    {},
    { ruleId: 'render-remote-base', line: 2 },
  ],
  ['an ssh component', 'components: ["git@example.org:a/b.git"]', {}, { ruleId: 'render-remote-base' }],
  [
    'a patch by URL',
    'patchesStrategicMerge: [https://example.org/p.yaml]',
    {},
    { ruleId: 'render-remote-base' },
  ],
  ['a path out of the tree', 'resources: [../../x.yaml]', {}, { ruleId: 'render-outside-tree' }],
  [
    'an absolute path',
    'configMapGenerator: [{files: [k=/etc/passwd]}]',
    {},
    { ruleId: 'render-outside-tree' },
  ],
  [
    'an absolute path of a plugin',
    'transformers: [t.yaml]',
    { 'a/t.yaml': PLUGIN.replace('p.yaml', '/etc/passwd') },
    { ruleId: 'render-outside-tree', file: 'a/t.yaml' },
  ],
  [
    'a cycle',
    'resources: [b]',
    { 'a/b/kustomization.yaml': 'resources: [../c]', 'a/c/kustomization.yaml': 'resources:\n  - ../b' },
    { ruleId: 'render-cycle', file: 'a/c/kustomization.yaml', line: 2, repair: 'a/b → a/c → a/b' },
  ],
  [
    'a cycle of components',
    'components: [../c]',
    {
      'c/kustomization.yaml': `${COMPONENT}components: [../d]`,
      'd/kustomization.yaml': `${COMPONENT}components: [../c]`,
    },
    { ruleId: 'render-cycle', file: 'd/kustomization.yaml' },
  ],
  ['a directory above', 'resources: [".."]', {}, { ruleId: 'render-cycle' }],
  [
    'a broken kustomization below',
    'resources: [b]',
    { 'a/b/kustomization.yaml': 'resources:\n  - [' },
    { ruleId: 'render-kustomization-invalid', file: 'a/b/kustomization.yaml' },
  ],
  [
    'an empty kustomization below',
    'resources: [b]',
    { 'a/b/kustomization.yaml': '' },
    { ruleId: 'render-kustomization-invalid', file: 'a/b/kustomization.yaml' },
  ],
  [
    'two kustomization files',
    'resources: [b]',
    { 'a/b/kustomization.yaml': 'namePrefix: a', 'a/b/Kustomization': 'namePrefix: a' },
    { ruleId: 'render-kustomization-invalid', file: 'a/b/Kustomization' },
  ],
  [
    'a component among resources',
    'resources: [../c]',
    { 'c/kustomization.yaml': COMPONENT },
    {
      ruleId: 'render-kustomization-invalid',
      file: 'c/kustomization.yaml',
      message: 'the kustomization is a Component, which belongs in components, not in resources',
    },
  ],
  [
    'an exec function',
    'generators: [g.yaml]',
    {
      'a/g.yaml':
        'apiVersion: x/v1\nkind: Gen\nmetadata: {name: g, annotations: {config.kubernetes.io/function: "exec: {path: x}"}}',
    },
    { ruleId: 'render-plugin', file: 'a/g.yaml' },
  ],
  [
    'plugins that are patched',
    'transformers: [t]',
    {
      'a/t/kustomization.yaml': 'resources: [t.yaml]\npatches: [{patch: "x: y"}]',
      'a/t/t.yaml': PLUGIN,
      'a/p.yaml': '',
    },
    { ruleId: 'render-plugin' },
  ],
  [
    'an empty item',
    'resources:\n  - x.yaml\n  -',
    { 'a/x.yaml': '' },
    { ruleId: 'render-kustomization-invalid', line: 3 },
  ],
])('reports %s', async (_name, text, files, expected) => {
  const closure = await walk({ 'a/kustomization.yaml': `${text}\n`, ...files })
  expect(closure.problems[0]).toMatchObject({ file: 'a/kustomization.yaml', ...expected })
})

it.each([
  ['a/link.yaml', 'symbolic link', 'link.yaml'],
  ['a/module', 'submodule', 'module/x.yaml'],
] as const)('reports %s, a %s', async (path, kind, entry) => {
  const files = { 'a/kustomization.yaml': `resources: [${entry}]\n` }
  const closure = await walk(files, { ...memoryTree(files), unread: async () => new Map([[path, kind]]) })
  expect(closure.problems[0]).toMatchObject({
    ruleId: 'render-link',
    message: expect.stringContaining(`${path} is a ${kind}`),
  })
})

it('remarks on equal keys, of which the last wins', async () => {
  const { problems, remarks } = await walk({
    'a/kustomization.yaml': 'resources: [y]\nresources: [x.yaml]\n',
    'a/x.yaml': '',
  })
  expect(problems).toEqual([])
  expect(remarks).toMatchObject([{ level: 'warning', file: 'a/kustomization.yaml', line: 2 }])
})

it.each<[string, string, Record<string, string>, [string, string, number, number][]]>([
  [
    'a URL',
    'resources:\n  - x.yaml\n  - https://example.org/x.yaml',
    { 'a/x.yaml': '' },
    [['a', 'resources', 1, 3]],
  ],
  ['a git base', 'bases: ["github.com/a/b//c?ref=v1"]', {}, [['a', 'bases', 0, 1]]],
  [
    'a URL below',
    'resources: [../b]',
    { 'b/kustomization.yaml': 'resources: [https://example.org/x.yaml]' },
    [['b', 'resources', 0, 1]],
  ],
  [
    'a file of a ConfigMap',
    'configMapGenerator:\n  - name: a\n  - name: b\n    files:\n      - k=https://example.org/k',
    {},
    [['a', 'configMapGenerator', 1, 5]],
  ],
])('can leave out %s', async (_name, text, files, expected) => {
  const closure = await walk({ 'a/kustomization.yaml': `${text}\n`, ...files })
  expect(closure.problems).toEqual([])
  expect(
    closure.leftOut.map(({ directory, field, index, problem }) => [directory, field, index, problem.line]),
  ).toEqual(expected)
})

it('cannot leave out what plugins are made of', async () => {
  const closure = await walk({
    'a/kustomization.yaml': 'transformers: [../t]\n',
    't/kustomization.yaml': 'resources: [https://example.org/t.yaml]\n',
  })
  expect(closure.leftOut).toEqual([])
  expect(closure.problems.map(({ ruleId, file }) => [ruleId, file])).toEqual([
    ['render-remote-base', 't/kustomization.yaml'],
  ])
})

it.each([
  ['a chart out of the tree', 'helmCharts: [{name: ../../x}]'],
  ['an option in place of a name', 'helmCharts: [{name: x, releaseName: --post-renderer=/bin/sh}]'],
  ['a configuration of helm', 'helmGlobals: {configHome: h}\nhelmCharts: [{name: x}]'],
  [
    'a generator with an option',
    'generators: ["{apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {name: g}, name: x, releaseName: -x}"]',
  ],
])('refuses %s', async (_name, text) => {
  const { problems } = await walk({ 'a/kustomization.yaml': `${text}\n` })
  expect(problems.map(({ ruleId, file }) => [ruleId, file])).toEqual([
    ['render-plugin', 'a/kustomization.yaml'],
  ])
})
