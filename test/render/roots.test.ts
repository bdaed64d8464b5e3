import { describe, expect, it } from 'vitest'
import { defaultConfig, type Config } from '../../src/config/config.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { RenderCache } from '../../src/render/render-cache.ts'
import { renderTree, type RenderedRepository } from '../../src/render-tree.ts'
import { realKustomize } from '../tools.ts'

// Which Kustomizations are roots, from the layout of the tree to what is rendered.

const kustomize = await realKustomize()

async function render(
  files: Record<string, string>,
  config: Partial<Config> = {},
): Promise<RenderedRepository> {
  return await renderTree(
    { tree: memoryTree(files), config: { ...defaultConfig, ...config }, entries: [] },
    {
      kustomize,
      charts: {
        pull: async () =>
          await Promise.resolve({
            ok: false,
            unavailable: true,
            reason: 'chart-offline',
            message: 'offline',
          }),
        unpack: async () => await Promise.reject(new Error('nothing was pulled')),
      },
      cache: new RenderCache(),
      isNamespaced: () => undefined,
      progress: () => undefined,
    },
  )
}

const units = ({ kustomizations }: RenderedRepository) =>
  kustomizations.map(({ cluster, name, path, status, objects }) => [
    cluster,
    name,
    path,
    status,
    objects.length,
  ])

const flux = (name: string, path: string, source = 'GitRepository fleet') => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ${path}
  sourceRef: { kind: ${source.split(' ')[0] ?? ''}, name: ${source.split(' ')[1] ?? ''} }
`
const configMap = (name: string, data = 'a: b') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\ndata:\n  ${data}\n`

// An artifact is pushed from k8s/; its root is made by the tool that pushes it. Clusters fill in templates of a base.
const cluster = (provider: string) => `resources: [../base]
replacements:
  - source: { kind: ConfigMap, name: meta, fieldPath: data.provider }
    targets:
      - select: { kind: Kustomization }
        fieldPaths: [spec.path]
        options: { delimiter: /, index: 1 }
patches:
  - patch: '{ apiVersion: v1, kind: ConfigMap, metadata: { name: meta }, data: { provider: ${provider} } }'
`
const pushed = {
  'k8s/clusters/base/kustomization.yaml': 'resources: [meta.yaml, apps.yaml]\n',
  'k8s/clusters/base/meta.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: meta }\ndata: { provider: none }\n',
  'k8s/clusters/base/apps.yaml': flux('apps', 'providers/__PROVIDER__/apps', 'OCIRepository flux-system'),
  'k8s/clusters/prod/kustomization.yaml': cluster('big'),
  'k8s/clusters/local/kustomization.yaml': cluster('small'),
  'k8s/providers/big/apps/kustomization.yaml': 'resources: [../../../bases/web, ../../../bases/team]\n',
  'k8s/providers/small/apps/kustomization.yaml': 'resources: [../../../bases/web]\n',
  'k8s/bases/web/kustomization.yaml': 'resources: [web.yaml]\n',
  'k8s/bases/web/web.yaml': configMap('web'),
  'k8s/bases/team/kustomization.yaml': 'resources: [team.yaml]\n',
  'k8s/bases/team/team.yaml': flux('team', './', 'OCIRepository team'),
}

describe('an artifact that is made of a part of the repository', () => {
  const expected = [
    ['local', 'flux-system', './clusters/local', 'rendered', 2],
    ['local', 'apps', 'providers/small/apps', 'rendered', 1],
    ['prod', 'flux-system', './clusters/prod', 'rendered', 2],
    ['prod', 'apps', 'providers/big/apps', 'rendered', 2],
    ['prod', 'team', './', 'skipped', 0],
  ]

  it('is found by what its clusters apply, and said to be guessed', async () => {
    const rendered = await render(pushed)
    expect(units(rendered)).toEqual(expected)
    expect(rendered.findings.map(({ ruleId, file }) => [ruleId, file])).toEqual([
      ['render-entry-guessed', 'k8s/clusters/base/apps.yaml'],
      ['render-entry-guessed', 'k8s/clusters/base/apps.yaml'],
    ])
    expect(rendered.incomplete.map(({ reason, affected }) => [reason, affected])).toEqual([
      ['source-elsewhere', ['Kustomization flux-system/team']],
    ])
    expect(rendered.kustomizations[1]?.objects[0]?.origin?.file).toBe('k8s/bases/web/web.yaml')
  })

  it('is found for configured roots', async () => {
    const rendered = await render(pushed, {
      clusters: [
        { name: 'one', path: 'k8s/clusters/local', variables: {} },
        { name: 'two', path: './k8s/clusters/prod/', variables: {} },
      ],
    })
    expect(units(rendered)).toEqual(
      expected.map(([name, ...unit]) => [name === 'local' ? 'one' : 'two', ...unit]),
    )
    expect(rendered.findings).toEqual([])
  })

  it('is found for a FluxInstance', async () => {
    const instance = `apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: { name: flux, namespace: flux-system }
spec:
  sync: { kind: OCIRepository, url: "oci://ghcr.io/o/manifests", ref: latest, path: clusters/prod }
`
    const rendered = await render({ ...pushed, 'k8s/providers/big/flux.yaml': instance })
    expect(units(rendered)).toEqual(
      expected
        .filter(([name]) => name === 'prod')
        .map(([, name, path, ...rest]) => ['prod', name, String(path).replace('./c', 'c'), ...rest]),
    )
  })

  it('can reach no file beside it', async () => {
    const { findings } = await render({
      ...pushed,
      'secret.yaml': configMap('secret'),
      'k8s/bases/web/kustomization.yaml': 'resources: [web.yaml, ../../../secret.yaml]\n',
    })
    expect(findings.map(({ ruleId, file }) => [ruleId, file])).toContainEqual([
      'render-missing-file',
      'k8s/bases/web/kustomization.yaml',
    ])
  })
})

describe('what a root applies is no root', () => {
  const tree = {
    'cluster/flux.yaml': flux('cluster', './cluster'),
    'cluster/apps/ks.yaml': flux('apps', './cluster/apps'),
    'cluster/apps/web.yaml': configMap('web'),
  }

  it('where the root renders', async () => {
    expect(units(await render(tree))).toEqual([
      ['cluster', 'cluster', './cluster', 'rendered', 3],
      ['cluster', 'apps', './cluster/apps', 'rendered', 2],
    ])
  })

  it.each([
    ['fails', 'resources: [flux.yaml, apps, gone.yaml]\n'],
    ['is broken', 'resources: {\n'],
  ])('where the root %s', async (_name, kustomization) => {
    const { kustomizations } = await render({ ...tree, 'cluster/kustomization.yaml': kustomization })
    expect(kustomizations.map(({ name, status }) => [name, status])).toEqual([['cluster', 'failed']])
  })

  it('where a Kustomization between them fails', async () => {
    const { kustomizations } = await render({
      'cluster/flux.yaml': flux('cluster', './cluster'),
      'cluster/kustomization.yaml': 'resources: [flux.yaml, all.yaml]\n',
      'cluster/all.yaml': flux('all', './apps'),
      'apps/kustomization.yaml': 'resources: [team, gone.yaml]\n',
      'apps/team/ks.yaml': flux('team', './apps/team'),
    })
    expect(kustomizations.map(({ name, status }) => [name, status])).toEqual([
      ['cluster', 'rendered'],
      ['all', 'failed'],
    ])
  })

  it('where another root fails beside it', async () => {
    const rendered = await render({
      'clusters/a/flux.yaml': flux('a', './clusters/a'),
      'clusters/a/kustomization.yaml': 'resources: [flux.yaml, gone.yaml]\n',
      'clusters/b/flux.yaml': flux('b', './clusters/b'),
    })
    expect(units(rendered)).toEqual([
      ['a', 'a', './clusters/a', 'failed', 0],
      ['b', 'b', './clusters/b', 'rendered', 1],
    ])
  })
})

it('knows a repository that was renamed, whatever URL its source still has', async () => {
  const source = `---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: fleet, namespace: flux-system }
spec: { interval: 10m, url: "https://github.com/someone/old-name.git", secretRef: { name: key } }
`
  const rendered = await render({
    'flux/sync.yaml': flux('cluster', './flux') + source,
    'flux/apps.yaml': flux('apps', './apps'),
    'apps/web.yaml': configMap('web'),
  })
  expect(units(rendered)).toEqual([
    ['flux', 'cluster', './flux', 'rendered', 3],
    ['flux', 'apps', './apps', 'rendered', 1],
  ])
})

const templated = (name: string) => ({
  [`clusters/${name}/flux.yaml`]: `${flux('cluster', `./clusters/${name}`)}  postBuild: { substitute: { CLUSTER: ${name} } }\n`,
  [`clusters/${name}/apps.yaml`]: flux('apps', './apps/${CLUSTER}'),
  [`apps/${name}/web.yaml`]: configMap(`web-${name}`),
})

it('renders clusters of one repository that fill in a variable of spec.path', async () => {
  expect(units(await render({ ...templated('main'), ...templated('test') }))).toEqual([
    ['main', 'cluster', './clusters/main', 'rendered', 2],
    ['main', 'apps', './apps/main', 'rendered', 1],
    ['test', 'cluster', './clusters/test', 'rendered', 2],
    ['test', 'apps', './apps/test', 'rendered', 1],
  ])
})
