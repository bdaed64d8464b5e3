import { describe, expect, it } from 'vitest'
import { helmTemplate } from '../../src/adapters/helm.ts'
import { kustomizeTool } from '../../src/adapters/kustomize.ts'
import { defaultConfig } from '../../src/config/config.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { RenderCache } from '../../src/render/render-cache.ts'
import type { ChartSource } from '../../src/render/tools.ts'
import { renderTree, type RenderedRepository } from '../../src/render-tree.ts'
import { chartOf, fakeCharts, findTool } from '../charts.ts'
import { findKustomize } from '../tools.ts'

// Argo CD style: kustomize directories with helmCharts, inflated by the real kustomize with the real helm.

const command = findTool('helm') ?? ''
const helm = await helmTemplate({ command })
const kustomize = await kustomizeTool({ ...(await findKustomize()), helm: command })

const template =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }} }\ndata: { size: "{{ .Values.size }}" }\n'
const demo = chartOf({ 'templates/a.yaml': template, 'values.yaml': 'size: small\n' })
const charts = fakeCharts({ demo })
const offline: ChartSource = {
  ...charts,
  pull: async () =>
    await Promise.resolve({ ok: false, unavailable: true, reason: 'chart-offline', message: 'offline' }),
}

async function render(
  files: Record<string, string>,
  tools: { charts?: ChartSource; withoutHelm?: true } = {},
): Promise<RenderedRepository> {
  return await renderTree(
    { tree: memoryTree(files), config: defaultConfig, entries: [] },
    {
      kustomize,
      ...(tools.withoutHelm === true ? {} : { helm }),
      charts: tools.charts ?? charts,
      cache: new RenderCache(),
      isNamespaced: () => undefined,
      progress: () => undefined,
    },
  )
}

const sizes = ({ kustomizations }: RenderedRepository) =>
  kustomizations.map(({ path, status, objects }) => [
    path,
    status,
    objects.map(({ resource, manifest }) => [resource.name, manifest.data]),
  ])

const remote =
  'helmCharts: [{ name: demo, version: 1.0.0, repo: "https://charts.example.org", releaseName: one }]\n'

describe('helmCharts of a tree without Flux', () => {
  it('are inflated with a chart that was fetched before', async () => {
    expect(sizes(await render({ 'a/kustomization.yaml': remote }))).toEqual([
      ['a', 'rendered', [['one', { size: 'small' }]]],
    ])
  })

  it('are inflated where a base names them, with its values file', async () => {
    const rendered = await render({
      'a/kustomization.yaml': 'resources: [../base]\nnamePrefix: p-\n',
      'base/kustomization.yaml': remote.replace('releaseName', 'valuesFile: v.yaml, releaseName'),
      'base/v.yaml': 'size: large\n',
    })
    expect(sizes(rendered)).toEqual([['a', 'rendered', [['p-one', { size: 'large' }]]]])
    expect([...rendered.files].toSorted()).toEqual([
      'a/kustomization.yaml',
      'base/kustomization.yaml',
      'base/v.yaml',
    ])
  })

  it.each([
    ['charts', ''],
    ['home', 'helmGlobals: { chartHome: home }\n'],
  ])('are inflated from %s in the tree, also offline', async (folder, globals) => {
    const rendered = await render(
      {
        'a/kustomization.yaml': `${globals}helmCharts: [{ name: demo, releaseName: one }]\n`,
        [`a/${folder}/demo/Chart.yaml`]: 'apiVersion: v2\nname: demo\nversion: 1.0.0\n',
        [`a/${folder}/demo/values.yaml`]: 'size: own\n',
        [`a/${folder}/demo/templates/a.yaml`]: template,
      },
      { charts: offline },
    )
    expect(sizes(rendered)).toEqual([['a', 'rendered', [['one', { size: 'own' }]]]])
  })

  it.each([
    ['the chart cannot be had', { charts: offline }, 'chart-offline'],
    ['there is no helm', { withoutHelm: true }, 'helm-missing'],
  ] as const)('are not judged where %s', async (_name, tools, reason) => {
    const rendered = await render(
      { 'a/kustomization.yaml': remote, 'b/kustomization.yaml': 'namePrefix: b\n' },
      tools,
    )
    expect(sizes(rendered)).toEqual([
      ['a', 'skipped', []],
      ['b', 'rendered', []],
    ])
    expect(rendered.findings).toEqual([])
    expect(rendered.incomplete.map(entry => [entry.reason, entry.affected])).toContainEqual([
      reason,
      ['Kustomization a'],
    ])
  })

  it('are a finding where the chart does not exist', async () => {
    const { findings } = await render({ 'a/kustomization.yaml': remote.replaceAll('demo', 'gone') })
    expect(findings.map(({ ruleId, file, line }) => [ruleId, file, line])).toEqual([
      ['render-chart', 'a/kustomization.yaml', 1],
    ])
  })
})
