import { describe, expect, it } from 'vitest'
import { valueAt } from '../../src/manifest/json.ts'
import type { Manifest } from '../../src/manifest/resource.ts'
import { newestMatching, parseVersion, readRange } from '../../src/render/chart-version.ts'
import { planHelmRelease, shortenName } from '../../src/render/helm-release.ts'
import type { Lookup } from '../../src/render/helm-values.ts'
import { mapOf } from '../charts.ts'

const sources = [
  'kind: HelmRepository\nmetadata: {name: http, namespace: flux-system}\nspec: {url: "https://charts.example.org/x/"}',
  'kind: HelmRepository\nmetadata: {name: oci, namespace: apps}\nspec: {type: oci, url: "oci://ghcr.io/owner/charts"}',
  'kind: OCIRepository\nmetadata: {name: app, namespace: apps}\nspec: {url: "oci://ghcr.io/owner/app", ref: {tag: 1.2.3, semver: ">=1", digest: "sha256:ab"}, layerSelector: {mediaType: application/x}}',
  'kind: OCIRepository\nmetadata: {name: latest, namespace: apps}\nspec: {url: "oci://ghcr.io/owner/app"}',
  'kind: OCIRepository\nmetadata: {name: wrong, namespace: apps}\nspec: {url: "https://ghcr.io/owner/app"}',
  'kind: HelmChart\nmetadata: {name: chart, namespace: apps}\nspec: {chart: demo, version: 1.x, sourceRef: {kind: HelmRepository, name: oci}}',
].map(mapOf)
const lookup: Lookup = (group, kind, namespace, name) =>
  sources.find(
    ({ kind: known, metadata }) =>
      group === 'source.toolkit.fluxcd.io' &&
      known === kind &&
      valueAt(metadata, 'name') === name &&
      valueAt(metadata, 'namespace') === namespace,
  )
const context = {
  lookup,
  isThisRepository: ({ name }: { name: string }, namespace: string) =>
    namespace === 'flux-system' && name === 'home',
}
const release = (spec: string): Manifest => ({
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'demo', namespace: 'apps' },
  spec: mapOf(spec),
})
const plan = (spec: string) => planHelmRelease(release(spec), context, { file: 'apps/demo.yaml', line: 3 })
const fromHttp =
  'chart: {spec: {chart: demo, version: 1.2.3, sourceRef: {kind: HelmRepository, name: http, namespace: flux-system}}}\n'

const chart = (spec: string) => `chart: {spec: {${spec}}}`

describe('where the chart comes from', () => {
  it.each<[string, string, string, object]>([
    [
      'an HTTP repository',
      fromHttp,
      'demo 1.2.3',
      { kind: 'repository', url: 'https://charts.example.org/x', chart: 'demo', version: '1.2.3' },
    ],
    [
      'no version',
      chart('chart: demo, sourceRef: {kind: HelmRepository, name: http, namespace: flux-system}'),
      'demo *',
      { version: '*' },
    ],
    [
      'an OCI repository, a version',
      chart('chart: demo, version: 1.2.3+b1, sourceRef: {kind: HelmRepository, name: oci}'),
      'demo 1.2.3_b1',
      { kind: 'oci', url: 'oci://ghcr.io/owner/charts/demo', tag: '1.2.3_b1' },
    ],
    [
      'an OCI repository, a range',
      chart('chart: demo, version: "~1.2", sourceRef: {kind: HelmRepository, name: oci}'),
      'demo ~1.2',
      { kind: 'oci', semver: '~1.2' },
    ],
    [
      'values files',
      chart(
        'chart: demo, valuesFiles: [a.yaml, b.yaml], ignoreMissingValuesFiles: true, sourceRef: {kind: HelmRepository, name: oci}',
      ),
      'demo *',
      { valuesFiles: ['a.yaml', 'b.yaml'], ignoreMissingValuesFiles: true },
    ],
    [
      'this repository',
      chart('chart: ./charts/demo, sourceRef: {kind: GitRepository, name: home, namespace: flux-system}'),
      'charts/demo',
      { kind: 'tree', path: 'charts/demo' },
    ],
    [
      'an OCIRepository',
      'chartRef: {kind: OCIRepository, name: app}',
      'app sha256:ab',
      {
        kind: 'oci',
        url: 'oci://ghcr.io/owner/app',
        tag: '1.2.3',
        semver: '>=1',
        digest: 'sha256:ab',
        layerMediaType: 'application/x',
        markVersion: true,
      },
    ],
    [
      'an OCIRepository without ref',
      'chartRef: {kind: OCIRepository, name: latest}',
      'app latest',
      { kind: 'oci', markVersion: true },
    ],
    ['a HelmChart', 'chartRef: {kind: HelmChart, name: chart}', 'demo 1.x', { kind: 'oci', semver: '1.x' }],
  ])('%s', (_case, spec, label, want) => {
    expect(plan(spec)).toMatchObject({ ok: true, chart: label, plan: { chart: want } })
  })

  it.each<[string, string, object]>([
    [
      'another Git repository',
      chart('chart: demo, sourceRef: {kind: GitRepository, name: other}'),
      { unjudged: { reason: 'chart-unknown' } },
    ],
    [
      'a bucket',
      chart('chart: demo, sourceRef: {kind: Bucket, name: b}'),
      { unjudged: { reason: 'chart-unknown' } },
    ],
    [
      'a source that is not here',
      chart('chart: demo, sourceRef: {kind: HelmRepository, name: nope}'),
      {
        unjudged: {
          reason: 'source-elsewhere',
          affected: ['HelmRelease apps/demo'],
          file: 'apps/demo.yaml',
          line: 3,
        },
      },
    ],
    [
      'an OCIRepository that is not here',
      'chartRef: {kind: OCIRepository, name: nope}',
      { unjudged: { reason: 'source-elsewhere' } },
    ],
    [
      'an ExternalArtifact',
      'chartRef: {kind: ExternalArtifact, name: x}',
      { unjudged: { reason: 'chart-unknown' } },
    ],
    [
      'both',
      `${fromHttp}chartRef: {kind: OCIRepository, name: app}`,
      { failure: { ruleId: 'render-chart', file: 'apps/demo.yaml' } },
    ],
    ['none', 'interval: 1h', { failure: {} }],
    [
      'a path out of the tree',
      chart('chart: ../x, sourceRef: {kind: GitRepository, name: home, namespace: flux-system}'),
      { failure: {} },
    ],
    ['an OCIRepository with https', 'chartRef: {kind: OCIRepository, name: wrong}', { failure: {} }],
  ])('does not guess: %s', (_case, spec, want) => {
    expect(plan(spec)).toMatchObject({ ok: false, namespace: 'apps', name: 'demo', ...want })
  })
})

it.each<[string, string, object]>([
  ['names', '', { releaseName: 'demo', releaseNamespace: 'apps' }],
  ['a target', 'targetNamespace: other', { releaseName: 'other-demo', releaseNamespace: 'other' }],
  [
    'a name',
    'releaseName: x\ntargetNamespace: other\nstorageNamespace: third',
    { releaseName: 'x', releaseNamespace: 'other' },
  ],
  ['CRDs by default', '', { crds: { install: 'Create', upgrade: 'Create' } }],
  [
    'CRDs on upgrade only',
    'install: {crds: Skip}\nupgrade: {crds: CreateReplace}',
    { crds: { install: 'Skip', upgrade: 'CreateReplace' } },
  ],
  ['no CRDs', 'install: {crds: Skip}\nupgrade: {crds: Skip}', { crds: { install: 'Skip', upgrade: 'Skip' } }],
  [
    'hooks and schema',
    'install: {disableHooks: true, disableSchemaValidation: true}\nupgrade: {disableHooks: true, disableSchemaValidation: true}',
    { hooks: false, skipSchemaValidation: true },
  ],
  ['suspended', 'suspend: true', { suspended: true }],
  [
    'post-renderers',
    'postRenderStrategy: nohooks\npostRenderers: [{kustomize: {images: [{name: a, newTag: b}]}}]',
    { postRenderStrategy: 'nohooks', postRenderers: [{ patches: [], images: [{ name: 'a', newTag: 'b' }] }] },
  ],
])('the plan has %s', (_case, spec, want) => {
  expect(plan(fromHttp + spec)).toMatchObject({ ok: true, plan: want })
})

it('shortens long names as helm-controller does', () => {
  const name = 'a'.repeat(54)
  expect(shortenName(name)).toMatch(/^a{40}-[0-9a-f]{12}$/)
  expect(shortenName('a'.repeat(53))).toBe('a'.repeat(53))
})

// what Masterminds/semver v3.4 answers
it.each<[string, string, boolean]>([
  ['1.x', '1.9.0', true],
  ['>=1.0, <2', '1.5.0', true],
  ['>=1.0 <2', '2.0.0', false],
  ['^1.2', '1.9.9', true],
  ['~1.2.3', '1.3.0', false],
  ['>=1.0.0-0', '2.0.0-rc.1', true],
  ['>=1.0.0', '2.0.0-rc.1', false],
  ['*', '1.0.0-rc.1', false],
  ['*-0', '1.0.0-rc.1', true],
  ['!=1.2.3', '1.2.3', false],
  ['!=1.2.x, >1', '1.3.0', false],
  ['!=1.2.x, >=1', '1.3.0', true],
  ['1.2 - 1.4', '1.4.5', true],
  ['1.2.3 || >=3', '3.1.0', true],
  ['=<2', '2.0.0', true],
  ['=>2', '2.0.0', true],
  ['v1.2.x', '1.2.9', true],
  ['1.2.3', '1.2.3+build', true],
  ['^0.2.3', '0.3.0', false],
  ['<=1.2', '1.2.9', true],
  ['>1.2', '1.2.5', false],
  ['^1.2.3-beta.1', '1.3.0-alpha', true],
  ['^1.2.3-beta.1', '2.0.0-alpha', false],
  ['<2.0.0-0', '2.0.0-alpha', false],
  ['~1.2-0', '1.2.0-rc.1', true],
])('range %s, version %s: %s', (range, version, want) => {
  const parsed = parseVersion(version)
  expect(parsed !== undefined && readRange(range)(parsed)).toBe(want)
})

it.each<[string, string[], string | undefined]>([
  ['', ['1.0.0', '2.0.0-rc.1', 'latest', 'v1.5.0'], 'v1.5.0'],
  ['latest', ['1.0.0', 'latest'], 'latest'],
  ['2.x', ['1.0.0'], undefined],
  ['>=1', ['1.2', '1.1.0'], '1.1.0'],
])('the newest for %j', (range, versions, want) => {
  expect(newestMatching(versions, range)).toBe(want)
})

it.each(['a b', '>=', '1.2.3 |', '>> 1'])('%j is no range', range => {
  expect(() => readRange(range)).toThrow(/is no range/)
})

it('leaves versions unmarked where the controller does not track digests', () => {
  const spec = release('chartRef: {kind: OCIRepository, name: latest}')
  const planned = planHelmRelease(spec, { ...context, chartDigestTracking: false })
  expect(planned).toMatchObject({
    ok: true,
    plan: { chart: { kind: 'oci', url: 'oci://ghcr.io/owner/app' } },
  })
  expect(JSON.stringify(planned)).not.toContain('markVersion')
})
