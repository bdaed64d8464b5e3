import { describe, expect, it } from 'vitest'
import { chartHomeFiles, helmChartGenerator, helmCharts } from '../../src/render/helm-charts.ts'
import { cloudnativePg, fakeCharts, findTool, mapOf } from '../charts.ts'
import { kustomizeForTests } from '../kustomize.ts'

const kustomize = findTool('kustomize') ?? ''

it.each<[string, object[]]>([
  [
    'helmCharts: [{name: demo, repo: "https://charts.example.org/", version: 1.2.3}]',
    [
      {
        name: 'demo',
        directory: 'apps/demo/charts/demo-1.2.3/demo',
        reference: { kind: 'repository', url: 'https://charts.example.org', chart: 'demo', version: '1.2.3' },
      },
    ],
  ],
  [
    'helmCharts: [{name: demo, repo: "https://charts.example.org"}]',
    [{ directory: 'apps/demo/charts/demo', reference: { version: '' } }],
  ],
  [
    'helmCharts: [{name: demo, repo: "oci://ghcr.io/owner/charts", version: 1.2.3}]',
    [
      {
        directory: 'apps/demo/charts/demo-1.2.3/demo',
        reference: { kind: 'oci', url: 'oci://ghcr.io/owner/charts/demo', semver: '1.2.3' },
      },
    ],
  ],
  [
    'helmGlobals: {chartHome: ../home}\nhelmCharts: [{name: demo}]',
    [{ name: 'demo', directory: 'apps/home/demo' }],
  ],
  [
    'helmChartInflationGenerator: [{chartName: demo, chartVersion: 1.2.3, chartRepoUrl: "https://x.example.org", chartHome: h}]',
    [{ directory: 'apps/demo/h/demo-1.2.3/demo', reference: { kind: 'repository', version: '1.2.3' } }],
  ],
  ['helmGlobals: {chartHome: ../../../out}\nhelmCharts: [{name: demo, repo: "https://x.example.org"}]', []],
  ['helmCharts: [{name: ../../x, repo: "https://x.example.org"}]', []],
  ['helmCharts: [{name: x, version: "../../y", repo: "https://x.example.org"}]', []],
  ['resources: []', []],
])('%s', (kustomization, want) => {
  const uses = helmCharts(mapOf(kustomization), 'apps/demo')
  expect(uses).toHaveLength(want.length)
  expect(uses).toMatchObject(want)
})

it('reads a generator', () => {
  const generator = mapOf(
    'kind: HelmChartInflationGenerator\nname: demo\nversion: 1.0.0\nrepo: https://x.example.org',
  )
  expect(helmChartGenerator(generator, '')).toMatchObject({ directory: 'charts/demo-1.0.0/demo' })
  expect(helmChartGenerator({ kind: 'ConfigMap' }, '')).toBeUndefined()
})

const usesOf = (name: string) =>
  helmCharts(mapOf(`helmCharts: [{name: ${name}, repo: "https://x.example.org"}]`), '')

it('fetches what is not in the tree, and says what is missing', async () => {
  const source = fakeCharts({ demo: cloudnativePg('0.27.0') })
  const fetched = await chartHomeFiles(usesOf('demo'), [], source)
  expect([...fetched.files.keys()]).toContain('charts/demo/Chart.yaml')
  expect((await chartHomeFiles(usesOf('demo'), ['charts/demo/Chart.yaml'], source)).files.size).toBe(0)
  expect(await chartHomeFiles(usesOf('nope'), [], source)).toMatchObject({
    failures: [{ ruleId: 'render-chart' }],
    unknown: [],
  })
  const down = {
    ...source,
    pull: async () => ({ ok: false as const, unavailable: true, reason: 'r', message: 'm' }),
  }
  expect(await chartHomeFiles(usesOf('demo'), [], down)).toMatchObject({
    failures: [],
    unknown: [{ reason: 'r', message: 'm' }],
  })
})

describe.skipIf(kustomize === '' || findTool('helm') === undefined)(
  'with the real kustomize (left out: no kustomize or helm on PATH)',
  () => {
    it('is found, so that nothing is pulled', async () => {
      const kustomization =
        'helmCharts: [{name: cloudnative-pg, repo: "https://charts.invalid", version: 0.27.0, releaseName: pg, valuesInline: {replicaCount: 3}}]\n'
      const uses = helmCharts(mapOf(kustomization), 'apps/pg')
      const { files } = await chartHomeFiles(
        uses,
        [],
        fakeCharts({ 'cloudnative-pg': cloudnativePg('0.27.0') }),
      )
      const built = await (
        await kustomizeForTests(kustomize)
      ).build({
        files: new Map([...files, ['apps/pg/kustomization.yaml', new TextEncoder().encode(kustomization)]]),
        directory: 'apps/pg',
        enableHelm: true,
      })
      expect(built).toMatchObject({ ok: true, yaml: expect.stringContaining('replicas: 3') })
    })
  },
)
