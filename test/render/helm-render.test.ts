import { describe, expect, it } from 'vitest'
import { chartSource } from '../../src/adapters/charts.ts'
import { helmTemplate } from '../../src/adapters/helm.ts'
import { resourceLabel, type Manifest } from '../../src/manifest/resource.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { planHelmRelease } from '../../src/render/helm-release.ts'
import { renderHelmRelease, type HelmReleaseTools } from '../../src/render/render-helm-release.ts'
import type { Chart, ChartReference, ChartResult } from '../../src/render/tools.ts'
import { chartOf, cloudnativePg, findTool, mapOf } from '../charts.ts'
import { kustomizeForTests } from '../kustomize.ts'

const command = findTool('helm') ?? ''
const kustomize = findTool('kustomize') ?? ''

const NAMESPACED: Record<string, boolean> = {
  ConfigMap: true,
  Deployment: true,
  ServiceAccount: true,
  Job: true,
  CustomResourceDefinition: false,
  Namespace: false,
}

const map = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\n`

const crd = (name: string) =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}}\n`

const render = async (spec: string, charts: Chart | ChartResult, more: Partial<HelmReleaseTools> = {}) => {
  const release: Manifest = {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'demo', namespace: 'apps' },
    spec: {
      chart: {
        spec: { chart: 'demo', version: '1.0.0', sourceRef: { kind: 'HelmRepository', name: 'r' } },
      },
      ...mapOf(spec === '' ? '{}' : spec),
    },
  }
  const planned = planHelmRelease(release, {
    lookup: (_group, kind) =>
      kind === 'HelmRepository' ? { spec: { url: 'https://charts.example.org' } } : undefined,
    isThisRepository: () => true,
  })
  const asked: ChartReference[] = []
  const rendering = await renderHelmRelease(planned, 'main', {
    helm: await helmTemplate({ command }),
    kustomize: await kustomizeForTests(kustomize),
    charts: {
      unpack: async () => new Map(),
      pull: async reference => {
        asked.push(reference)
        return 'ok' in charts ? charts : { ok: true, chart: charts }
      },
    },
    tree: memoryTree({}),
    kubernetesVersion: '1.35.0',
    isNamespaced: (_apiVersion, kind) => NAMESPACED[kind],
    ...more,
  })
  return { ...rendering, asked }
}

const inputs = async (...given: Parameters<typeof render>) => (await render(...given)).release.inputs

const objectsOf = async (...given: Parameters<typeof render>) => {
  const { release } = await render(...given)
  if (release.status !== 'rendered') throw new Error(JSON.stringify(release))
  return new Map(release.objects.map(({ resource, manifest }) => [resourceLabel(resource), manifest]))
}

describe.skipIf(command === '' || kustomize === '')(
  'a HelmRelease (left out: no helm or kustomize on PATH)',
  () => {
    it('applies the operator with the labels of its origin', async () => {
      const { release, incomplete } = await render('values: {replicaCount: 2}', cloudnativePg('0.27.0'))
      expect(incomplete).toEqual([])
      expect(release).toMatchObject({
        cluster: 'main',
        namespace: 'apps',
        name: 'demo',
        chart: 'cloudnative-pg 0.27.0',
        status: 'rendered',
      })
      expect(release.objects.map(({ resource }) => resourceLabel(resource)).toSorted()).toEqual([
        'ConfigMap apps/cnpg-controller-manager-config',
        'CustomResourceDefinition failoverquorums.postgresql.cnpg.io',
        'Deployment apps/demo-cloudnative-pg',
        'ServiceAccount apps/demo-cloudnative-pg',
      ])
      for (const { manifest } of release.objects)
        expect(manifest).toMatchObject({
          metadata: {
            labels: { 'helm.toolkit.fluxcd.io/name': 'demo', 'helm.toolkit.fluxcd.io/namespace': 'apps' },
          },
        })
      expect(release.objects.find(({ resource }) => resource.kind === 'Deployment')?.manifest).toMatchObject({
        spec: { replicas: 2 },
      })
    })

    it('equal inputs have an equal hash, others another', async () => {
      const first = await inputs('', cloudnativePg('0.27.0'))
      expect(await inputs('interval: 1h', cloudnativePg('0.27.0'))).toBe(first)
      for (const other of [
        await inputs('', cloudnativePg('0.28.0')),
        await inputs('values: {a: 1}', cloudnativePg('0.27.0')),
        await inputs('releaseName: x', cloudnativePg('0.27.0')),
        await inputs('commonMetadata: {labels: {a: b}}', cloudnativePg('0.27.0')),
        await inputs('', cloudnativePg('0.27.0'), { kubernetesVersion: '1.34.0' }),
      ])
        expect(other).not.toBe(first)
    })

    it('runs the hooks of install and upgrade, not tests and the end of a release', async () => {
      const hook = (name: string, event: string) => map(name, `, annotations: {"helm.sh/hook": "${event}"}`)
      const chart = chartOf({
        'templates/all.yaml': [
          map('plain'),
          hook('pre', 'pre-install, pre-upgrade'),
          hook('test', 'test'),
          hook('old-test', 'test-success'),
          hook('end', 'post-delete'),
          hook('back', 'pre-rollback'),
          hook('both', 'test,post-upgrade'),
          hook('crd', 'crd-install'),
        ].join('---\n'),
      })
      expect([...(await objectsOf('', chart)).keys()].toSorted()).toEqual([
        'ConfigMap apps/both',
        'ConfigMap apps/plain',
        'ConfigMap apps/pre',
      ])
      const off = 'install: {disableHooks: true}\nupgrade: {disableHooks: true}'
      expect([...(await objectsOf(off, chart)).keys()]).toEqual(['ConfigMap apps/plain'])
    })

    it('applies post-renderers in order, common metadata and then its own labels', async () => {
      const objects = await objectsOf(
        `commonMetadata: {labels: {team: data, helm.toolkit.fluxcd.io/name: other}, annotations: {a: b}}
postRenderers:
  - kustomize:
      patches:
        - target: {kind: Deployment}
          patch: |
            - {op: replace, path: /spec/replicas, value: 3}
        - patch: |
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: cnpg-controller-manager-config}
            data: {KEY: "on"}
      images: [{name: ghcr.io/cloudnative-pg/cloudnative-pg, newName: mirror.example.org/cnpg, newTag: 9.9.9}]
  - kustomize:
      patches: [{target: {kind: Deployment}, patch: '[{"op":"test","path":"/spec/replicas","value":3},{"op":"replace","path":"/spec/replicas","value":4}]'}]
`,
        cloudnativePg('0.27.0'),
      )
      expect(objects.get('Deployment apps/demo-cloudnative-pg')).toMatchObject({
        metadata: {
          labels: { team: 'data', 'helm.toolkit.fluxcd.io/name': 'demo' },
          annotations: { a: 'b' },
        },
        spec: {
          replicas: 4,
          template: { spec: { containers: [{ image: 'mirror.example.org/cnpg:9.9.9' }] } },
        },
      })
      expect(objects.get('ConfigMap apps/cnpg-controller-manager-config')).toMatchObject({
        data: { KEY: 'on' },
      })
    })

    it('a patch that does not apply fails the release', async () => {
      const { release } = await render(
        'postRenderers: [{kustomize: {patches: [{target: {kind: Deployment}, patch: "- {op: remove, path: /spec/nope}"}]}}]',
        cloudnativePg('0.27.0'),
      )
      expect(release).toMatchObject({
        status: 'failed',
        error: {
          ruleId: 'render-helm',
          message: expect.stringMatching(/^spec\.postRenderers cannot be applied: /),
        },
      })
    })

    it('fills and drops namespaces by the scope of the kind, keeps what it does not know', async () => {
      const chart = chartOf({
        'templates/all.yaml': [
          map('here'),
          map('there', ', namespace: other'),
          'apiVersion: v1\nkind: Namespace\nmetadata: {name: x, namespace: y}\n',
          'apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: thing}\n',
        ].join('---\n'),
      })
      expect([...(await objectsOf('targetNamespace: target', chart)).keys()].toSorted()).toEqual([
        'ConfigMap other/there',
        'ConfigMap target/here',
        'Namespace x',
        'Thing thing',
      ])
    })

    it('takes only CRDs from crds/, also of dependencies, and none where the policy is Skip', async () => {
      const chart = chartOf({
        'Chart.yaml':
          'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies: [{name: sub, version: 1.0.0}]\n',
        'crds/a.yaml': `${crd('one')}---\n${crd('two')}# Source: demo/templates/not.yaml\n---\n${map('stray')}`,
        'charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
        'charts/sub/crds/b.yaml': crd('three'),
        'templates/crds/own.yaml': crd('four'),
      })
      const names = async (spec: string) =>
        [...(await objectsOf(spec, chart)).keys()].map(label => label.split(' ')[1] ?? '')
      expect((await names('')).toSorted()).toEqual(['four', 'one', 'three', 'two'])
      expect(await names('install: {crds: Skip}\nupgrade: {crds: Skip}')).toEqual(['four'])
    })

    it('unfolds lists, and refuses the same object twice as kustomize does', async () => {
      const list = chartOf({
        'templates/l.yaml': `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n`,
      })
      expect([...(await objectsOf('', list)).keys()]).toEqual(['ConfigMap apps/a'])
      const twice = chartOf({
        'templates/a.yaml': map('a'),
        'templates/b.yaml': map('a', ', annotations: {"helm.sh/hook": pre-install}'),
      })
      expect((await render('', twice)).release).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('ConfigMap a twice') },
      })
      expect((await render('postRenderStrategy: separate', twice)).release).toMatchObject({
        status: 'rendered',
      })
      expect((await render('postRenderStrategy: nohooks', twice)).release).toMatchObject({
        status: 'rendered',
      })
    })

    it('a chart that cannot be had is not rendered, one that is wrong has failed', async () => {
      const down: ChartResult = {
        ok: false,
        unavailable: true,
        reason: 'chart-unavailable',
        message: 'registry down',
        repair: 'wait',
      }
      expect(await render('', down)).toMatchObject({
        release: { status: 'skipped', chart: 'demo 1.0.0', objects: [] },
        incomplete: [
          {
            reason: 'chart-unavailable',
            message: 'registry down',
            repair: 'wait',
            affected: ['HelmRelease apps/demo'],
            cluster: 'main',
          },
        ],
      })
      expect(await render('', { ...down, unavailable: false })).toMatchObject({
        release: { status: 'failed', error: { ruleId: 'render-chart', message: 'registry down' } },
        incomplete: [],
      })
    })

    it('values that are not in Git leave the release out', async () => {
      expect(await render('valuesFrom: [{kind: Secret, name: s}]', cloudnativePg('0.27.0'))).toMatchObject({
        release: { status: 'skipped', objects: [] },
        incomplete: [{ reason: 'values-unknown', affected: ['HelmRelease apps/demo'], cluster: 'main' }],
        asked: [],
      })
    })

    it('hands over the files of a chart in the tree, its local dependencies and values files', async () => {
      const tree = memoryTree({
        'charts/demo/Chart.yaml':
          'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0, repository: "file://../lib"}]\n',
        'charts/demo/templates/a.yaml': map('a'),
        'charts/lib/Chart.yaml': 'name: lib\n',
        'charts/other/Chart.yaml': 'name: other\n',
        'values/prod.yaml': 'a: 1\n',
      })
      const { asked } = await render(
        'chart: {spec: {chart: ./charts/demo, valuesFiles: [./values/prod.yaml], sourceRef: {kind: GitRepository, name: home}}}',
        cloudnativePg('0.27.0'),
        { tree },
      )
      expect(asked).toMatchObject([
        { kind: 'tree', path: 'charts/demo', valuesFiles: ['./values/prod.yaml'] },
      ])
      expect([...(asked[0]?.kind === 'tree' ? asked[0].files.keys() : [])]).toEqual([
        'charts/demo/Chart.yaml',
        'charts/demo/templates/a.yaml',
        'charts/lib/Chart.yaml',
        'values/prod.yaml',
      ])
    })

    it('renders equal inputs once', async () => {
      const chart = chartOf({ 'templates/a.yaml': `${map('a')}data: {password: {{ randAlphaNum 20 }}}\n` })
      const rendered: HelmReleaseTools['rendered'] = new Map()
      const first = await objectsOf('', chart, { rendered })
      expect(await objectsOf('', chart, { rendered })).toEqual(first)
      expect(await objectsOf('values: {a: 1}', chart, { rendered })).not.toEqual(first)
      // the scope of a kind may be known on one side only
      const unscoped = await objectsOf('', chart, { rendered, isNamespaced: () => undefined })
      expect([...unscoped.keys()]).toEqual(['ConfigMap a'])
      expect(rendered.size).toBe(2)
    })

    it('renders a chart of the tree with a local dependency, and values that replace its own', async () => {
      const tree = memoryTree({
        'charts/demo/Chart.yaml':
          'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0, repository: "file://../lib"}]\n',
        'charts/demo/values.yaml': 'gone: 1\nname: own\n',
        'charts/demo/templates/a.yaml': map('{{ .Values.name }}-{{ .Values.gone | default "nothing" }}'),
        'charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
        'charts/lib/templates/b.yaml': map('{{ .Chart.Name }}-{{ .Values.size }}'),
        'values/prod.yaml': 'name: prod\nlib: {size: big}\n',
      })
      const objects = await objectsOf(
        'chart: {spec: {chart: ./charts/demo, valuesFiles: [values/prod.yaml], sourceRef: {kind: GitRepository, name: home}}}',
        cloudnativePg('0.27.0'),
        { tree, charts: chartSource() },
      )
      expect([...objects.keys()].toSorted((a, b) => a.localeCompare(b))).toEqual([
        'ConfigMap apps/lib-big',
        'ConfigMap apps/prod-nothing',
      ])
    })
  },
)
