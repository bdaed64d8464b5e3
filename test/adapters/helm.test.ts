import { describe, expect, it } from 'vitest'
import { confinement, MEMORY_LIMIT } from '../../src/adapters/confinement.ts'
import { helmTemplate } from '../../src/adapters/helm.ts'
import type { HelmRequest } from '../../src/render/tools.ts'
import { chartOf, cloudnativePg, findTool } from '../charts.ts'

const command = findTool('helm') ?? ''

const request = (chart: HelmRequest['chart'], more: Partial<HelmRequest> = {}): HelmRequest => ({
  chart,
  releaseName: 'operator',
  namespace: 'cnpg-system',
  values: {},
  kubernetesVersion: '1.35.0',
  includeCrds: true,
  ...more,
})

const template = async (chart: HelmRequest['chart'], more: Partial<HelmRequest> = {}) =>
  await (await helmTemplate({ command })).template(request(chart, more))

const yamlOf = async (...given: Parameters<typeof template>) => {
  const result = await template(...given)
  if (!result.ok) throw new Error(result.error.message)
  return result.yaml
}

describe.skipIf(command === '')('helm template with the real helm (left out: no helm on PATH)', () => {
  it('names its version', async () => {
    expect((await helmTemplate({ command })).version).toMatch(/^helm [34]\.\d+\.\d+$/)
  })

  it('renders the operator of the bundled charts', async () => {
    expect(await yamlOf(cloudnativePg('0.27.0'))).toContain(
      'image: "ghcr.io/cloudnative-pg/cloudnative-pg:1.28.0"',
    )
    expect(await yamlOf(cloudnativePg('0.28.0'))).toContain(
      'image: "ghcr.io/cloudnative-pg/cloudnative-pg:1.29.0"',
    )
  })

  it('hands on values, names, versions and API versions', async () => {
    const chart = chartOf({
      'templates/all.yaml': `v: {{ .Values.a }}
name: {{ .Release.Name }}/{{ .Release.Namespace }}
kube: {{ .Capabilities.KubeVersion.Version }}
has: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}
`,
    })
    expect(
      await yamlOf(chart, { values: { a: '1e3' }, apiVersions: ['monitoring.coreos.com/v1'] }),
    ).toContain('v: 1e3\nname: operator/cnpg-system\nkube: v1.35.0\nhas: true')
  })

  // helm reads YAML 1.1: the key n of a values file is 'false'; ours arrive as JSON and stay what they are
  it('keeps a value named n, which a values file in YAML 1.1 loses', async () => {
    const templates = { 'templates/n.yaml': 'n: [{{ .Values.n }}]\nfalse: [{{ index .Values "false" }}]\n' }
    const lost = await yamlOf(chartOf({ ...templates, 'values.yaml': 'n: 7\n' }))
    expect(lost).toContain('n: []\nfalse: [7]')
    expect(await yamlOf(chartOf(templates), { values: { n: 7 } })).toContain('n: [7]\nfalse: []')
  })

  it('prints crds/ only where asked', async () => {
    const chart = chartOf({ 'crds/x.yaml': 'kind: CustomResourceDefinition\n', 'templates/a.yaml': 'a: 1\n' })
    expect(await yamlOf(chart)).toContain('# Source: demo/crds/x.yaml')
    expect(await yamlOf(chart, { includeCrds: false })).not.toContain('crds/x.yaml')
  })

  it.each([
    [
      'a template that fails',
      { 'templates/a.yaml': 'a: 1\nb: {{ required "size is required" .Values.size }}\n' },
      /^chart demo 1\.0\.0 cannot be rendered: .*demo\/templates\/a\.yaml:2:.*size is required/,
    ],
    [
      'values against the schema',
      {
        'values.schema.json': '{"properties":{"size":{"type":"integer"}},"required":["name"]}',
        'values.yaml': 'size: x\n',
      },
      /^chart demo 1\.0\.0 refuses the values: .*size.*; .*name|refuses the values: .*name.*; .*size/,
    ],
    [
      'a dependency that is not in the archive',
      {
        'Chart.yaml':
          'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies: [{name: common, version: 1.x, repository: "https://charts.example.org"}]\n',
      },
      /^chart demo 1\.0\.0 lacks its dependencies common$/,
    ],
    [
      'a Kubernetes version it does not take',
      { 'Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\nkubeVersion: "<1.20"\n' },
      /kubeVersion: <1\.20/,
    ],
    ['no YAML', { 'templates/a.yaml': 'a: [\n' }, /demo\/templates\/a\.yaml/],
    ['no chart', { 'Chart.yaml': 'apiVersion: v2\nname: [\n' }, /Chart\.yaml/],
  ])('says in one sentence: %s', async (_case, files, message) => {
    const result = await template(chartOf(files))
    expect(result).toMatchObject({ ok: false, error: { message: expect.stringMatching(message) } })
    expect(JSON.stringify(result)).not.toMatch(/\/tmp\/|cnpg-steward-helm|\\n/)
  })

  it('skips the schema where told', async () => {
    const chart = chartOf({ 'values.schema.json': '{"required":["name"]}', 'templates/a.yaml': 'a: 1\n' })
    expect(await template(chart, { skipSchemaValidation: true })).toMatchObject({ ok: true })
  })

  it('stops what prints or runs without end', async () => {
    const loop = chartOf({
      'templates/a.yaml': '{{ range until 100000 }}{{ range until 1000 }}x{{ end }}\n{{ end }}',
    })
    const limited = async (limits: object) =>
      (await helmTemplate({ command, ...limits })).template(request(loop))
    expect(await limited({ timeoutMs: 1000 })).toMatchObject({
      error: { ruleId: 'render-limit', message: 'helm was stopped after 1 s, at the chart demo 1.0.0' },
    })
    const print = chartOf({ 'templates/a.yaml': 'a: {{ repeat 100000 "x" }}\n' })
    expect(await (await helmTemplate({ command, maxOutput: 1000 })).template(request(print))).toMatchObject({
      error: {
        ruleId: 'render-limit',
        message: 'helm printed more than 1000 bytes and was stopped, at the chart demo 1.0.0',
      },
    })
  })

  it('stops what wants more memory than it may have, and tells the chart', async () => {
    const { resources } = await confinement()
    // where this machine knows no such limit the chart stays small: nothing would stop it
    const size = resources === 'limited' ? (MEMORY_LIMIT + 1024) * 1024 * 1024 : 1024
    const bomb = chartOf({ 'templates/a.yaml': `a: {{ repeat ${size} "x" | len }}\n` })
    const said =
      resources === 'limited'
        ? {
            ok: false,
            error: {
              ruleId: 'render-limit',
              message: `helm needs more than ${MEMORY_LIMIT} MiB of memory and was stopped, at the chart demo 1.0.0`,
            },
          }
        : { ok: true }
    expect(await template(bomb)).toMatchObject(said)
  })
})
