import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chartCache } from '../../src/adapters/chart-cache.ts'
import { chartSource } from '../../src/adapters/charts.ts'
import { readHelmIgnore } from '../../src/adapters/tree-chart.ts'
import type { ChartReference, ChartResult, OciChart, TreeChart } from '../../src/render/tools.ts'
import { chartOf, cloudnativePg, fakeCharts, findTool } from '../charts.ts'
import { chartSourceContract } from '../contracts/chart-source.ts'
import { serve, type LoopbackServer } from '../http.ts'
import { startRegistry, type Registry } from '../registry.ts'

const command = findTool('docker-registry') ?? ''

function chartFrom(result: ChartResult) {
  if (!result.ok) throw new Error(result.message)
  return result.chart
}

const treeOf = (files: Record<string, string>): ReadonlyMap<string, Uint8Array> =>
  new Map(Object.entries(files).map(([file, text]) => [file, new TextEncoder().encode(text)]))

const treeChart = (files: Record<string, string>, more: Partial<TreeChart> = {}): TreeChart => ({
  kind: 'tree',
  path: 'charts/demo',
  files: treeOf({ 'charts/demo/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\n', ...files }),
  ...more,
})

const filesOf = async (chart: { archive: Uint8Array }) =>
  Object.fromEntries(
    [...(await chartSource().unpack({ name: '', version: '', digest: '', ...chart }))].map(
      ([file, content]) => [file, new TextDecoder().decode(content)],
    ),
  )

describe('the fake of the tests', () => {
  chartSourceContract(async () => ({
    source: fakeCharts({ 'cloudnative-pg': cloudnativePg('0.27.0') }),
    known: { kind: 'repository', url: '', chart: 'cloudnative-pg', version: '' },
    absent: { kind: 'repository', url: '', chart: 'nope', version: '' },
  }))
})

describe.skipIf(command === '')('charts of a real registry (left out: no docker-registry on PATH)', () => {
  let registry: Registry
  let folder: string
  const digests: Record<string, string> = {}
  const repository = 'charts/cloudnative-pg'
  const oci = (more: Partial<OciChart> = {}): OciChart => ({
    kind: 'oci',
    url: `oci://${registry.host}/${repository}`,
    insecure: true,
    ...more,
  })
  const options = () => ({ allowHosts: [registry.host], cache: chartCache(folder) })

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'cnpg-steward-cache-'))
    registry = await startRegistry(command)
    for (const version of ['0.27.0', '0.28.0'])
      digests[version] = await registry.push(repository, version, cloudnativePg(version))
    await registry.push(repository, 'latest', cloudnativePg('0.28.0'))
    await registry.push(repository, '9.9.9', cloudnativePg('0.28.0'))
    await registry.push('charts/plus', '1.0.0_b1', chartOf({}, 'plus', '1.0.0+b1'))
    for (let minor = 0; minor < 25; minor++)
      await registry.push('charts/many', `1.${minor}.0`, chartOf({}, 'many', `1.${minor}.0`))
  })
  afterAll(() => {
    registry.stop()
    rmSync(folder, { recursive: true })
  })

  chartSourceContract(async () => ({
    source: chartSource(options()),
    known: oci({ tag: '0.27.0' }),
    absent: oci({ tag: '0.0.1' }),
  }))

  it.each<[string, Partial<OciChart>, string]>([
    ['a tag', { tag: '0.27.0' }, '0.27.0'],
    ['nothing: latest', {}, '0.28.0'],
    ['a range over a tag', { semver: '>=0.27 <0.28', tag: '0.28.0' }, '0.27.0'],
    ['a range', { semver: '0.x' }, '0.28.0'],
    ['a filter', { semver: '>=0.1', semverFilter: '^0\\.27' }, '0.27.0'],
    [
      'the layer by its type',
      { tag: '0.27.0', layerMediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' },
      '0.27.0',
    ],
  ])('finds %s', async (_case, reference, version) => {
    expect(chartFrom(await chartSource(options()).pull(oci(reference)))).toMatchObject({
      name: 'cloudnative-pg',
      version,
    })
  })

  it('a digest wins over everything', async () => {
    const digest = digests['0.27.0'] ?? ''
    expect(
      chartFrom(await chartSource(options()).pull(oci({ digest, semver: '9.x', tag: '0.28.0' }))),
    ).toMatchObject({
      version: '0.27.0',
      digest: cloudnativePg('0.27.0').digest,
    })
  })

  it('reads all pages of tags, and + as _', async () => {
    const source = chartSource(options())
    const many = oci({ url: `oci://${registry.host}/charts/many`, semver: '1.x' })
    expect(chartFrom(await source.pull(many)).version).toBe('1.24.0')
    const plus = oci({ url: `oci://${registry.host}/charts/plus`, semver: '>=1' })
    expect(chartFrom(await source.pull(plus)).version).toBe('1.0.0+b1')
  })

  it('marks the version of an OCIRepository with its digest, as helm-controller does', async () => {
    const source = chartSource(options())
    const chart = chartFrom(await source.pull(oci({ tag: '0.27.0', markVersion: true })))
    const version = `0.27.0+${digests['0.27.0']?.slice(7, 19) ?? ''}`
    expect(chart.version).toBe(version)
    expect((await filesOf(chart))['cloudnative-pg/Chart.yaml']).toContain(`"version":"${version}"`)
    expect(await source.pull(oci({ tag: '9.9.9', markVersion: true }))).toMatchObject({
      ok: false,
      unavailable: false,
      message: expect.stringContaining("the tag 9.9.9 does not match the chart's version 0.28.0"),
    })
  })

  it('replaces the values by values files', async () => {
    const source = chartSource(options())
    const chart = chartFrom(await source.pull(oci({ tag: '0.27.0', valuesFiles: ['values.yaml'] })))
    expect((await filesOf(chart))['cloudnative-pg/values.yaml']).toMatch(/^\{"replicaCount":1,/)
    const reference = oci({ tag: '0.27.0', valuesFiles: ['nope.yaml'] })
    expect(await source.pull(reference)).toMatchObject({
      ok: false,
      message: expect.stringContaining('nope.yaml does not exist'),
    })
    expect(await source.pull({ ...reference, ignoreMissingValuesFiles: true })).toMatchObject({ ok: true })
  })

  it('offline knows what was fetched, and nothing else', async () => {
    await chartSource(options()).pull(oci({ semver: '0.27.x', markVersion: true }))
    const offline = chartSource({ ...options(), allowHosts: [], offline: true })
    expect(chartFrom(await offline.pull(oci({ semver: '0.27.x', markVersion: true }))).version).toMatch(
      /^0\.27\.0\+/,
    )
    const [one, other] = await Promise.all([
      offline.pull(oci({ semver: '0.1' })),
      offline.pull(oci({ semver: '0.2' })),
    ])
    expect(one).toMatchObject({ ok: false, unavailable: true, reason: 'chart-offline' })
    expect(one).toEqual(other)
  })

  it('ignores what is broken in its cache', async () => {
    const blobs = path.join(folder, 'sha256')
    for (const file of readdirSync(blobs)) writeFileSync(path.join(blobs, file), 'broken')
    expect(chartFrom(await chartSource(options()).pull(oci({ tag: '0.27.0' }))).digest).toBe(
      cloudnativePg('0.27.0').digest,
    )
  })
})

describe('charts of an HTTP repository', () => {
  let server: LoopbackServer
  const archives: Record<string, Uint8Array> = {
    '/charts/demo-1.0.0.tgz': chartOf({}).archive,
    '/charts/demo-1.1.0.tgz': chartOf({}, 'demo', '1.1.0').archive,
    '/charts/forged.tgz': chartOf({}, 'demo', '3.0.0').archive,
    '/charts/cnpg.tgz': cloudnativePg('0.27.0').archive,
    '/charts/broken.tgz': new TextEncoder().encode('no archive'),
  }
  const index = `apiVersion: v1
entries:
  other:
  - {name: other, version: 1.0.0, urls: [other.tgz]}
  demo:
  - name: demo
    version: 1.1.0
    digest: ${chartOf({}, 'demo', '1.1.0').digest.slice(7)}
    urls:
    - charts/demo-1.1.0.tgz
  - {name: demo, version: 1.0.0, urls: [charts/demo-1.0.0.tgz]}
  - {name: demo, version: 2.0.0-rc.1, urls: [nope.tgz]}
  - {name: demo, version: 3.0.0, digest: ${'a'.repeat(64)}, urls: [charts/forged.tgz]}
  - {name: demo, version: 4.0.0, urls: [charts/broken.tgz]}
  cloudnative-pg:
  - {name: cloudnative-pg, version: 0.27.0, urls: [charts/cnpg.tgz]}
generated: "2026-01-01T00:00:00Z"
`
  const reference = (version: string, chart = 'demo'): ChartReference => ({
    kind: 'repository',
    url: `http://${server.host}/`,
    chart,
    version,
  })
  const source = () => chartSource({ allowHosts: [server.host] })
  beforeAll(async () => {
    server = await serve((request, response) => {
      const url = request.url ?? ''
      const archive = archives[url]
      if (url === '/index.yaml' && request.headers['if-none-match'] === '"one"') response.writeHead(304).end()
      else if (url === '/index.yaml') response.writeHead(200, { etag: '"one"' }).end(index)
      else if (archive !== undefined) response.end(archive)
      else response.writeHead(url.startsWith('/down/') ? 503 : 404).end()
    })
  })
  afterAll(() => server.stop())

  const dependency = (version: string) =>
    `dependencies:\n- {name: demo, version: ${version}, repository: "http://${server.host}"}\n`
  const packed = async (chart: TreeChart) => {
    const files = await source().unpack(chartFrom(await source().pull(chart)))
    return (await filesOf({ archive: files.get('all/charts/demo.tgz') ?? new Uint8Array() }))[
      'demo/Chart.yaml'
    ]
  }

  chartSourceContract(async () => ({
    source: source(),
    known: reference('0.27.0', 'cloudnative-pg'),
    absent: reference('0.1', 'cloudnative-pg'),
  }))

  it.each([
    ['1.0.0', '1.0.0'],
    ['1.x', '1.1.0'],
    ['~1.0', '1.0.0'],
    ['<3', '1.1.0'],
  ])('version %s is %s', async (version, want) => {
    expect(chartFrom(await source().pull(reference(version))).version).toBe(want)
  })

  it.each<[string, () => ChartReference, object]>([
    ['no such chart', () => reference('1', 'nope'), { unavailable: false, reason: 'chart-absent' }],
    [
      'no such version',
      () => reference('9.x'),
      { unavailable: false, message: expect.stringContaining('9.x') },
    ],
    ['an archive that is gone', () => reference('2.0.0-rc.1'), { unavailable: false }],
    [
      'another archive than the index says',
      () => reference('3.0.0'),
      { unavailable: false, message: expect.stringContaining('digest') },
    ],
    ['no archive', () => reference('4.0.0'), { unavailable: false, reason: 'chart-broken' }],
    ['no range', () => reference('a b'), { unavailable: false }],
    [
      'a repository that is down',
      () => ({ ...reference('1'), url: `http://${server.host}/down` }),
      { unavailable: true, reason: 'chart-unavailable' },
    ],
  ])('says what is wrong: %s', async (_case, wrong, want) => {
    expect(await source().pull(wrong())).toMatchObject({ ok: false, ...want })
  })

  it('reads the index once a run, and only its ETag in the next', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'cnpg-steward-cache-'))
    const cached = () => chartSource({ allowHosts: [server.host], cache: chartCache(folder) })
    server.requests.length = 0
    const first = cached()
    await Promise.all([first.pull(reference('1.x')), first.pull(reference('1.1.0'))])
    expect(server.requests.filter(request => request.endsWith('index.yaml'))).toHaveLength(1)
    server.requests.length = 0
    expect(await cached().pull(reference('1.x'))).toMatchObject({ ok: true })
    // the archive is in the cache by the digest of the index
    expect(server.requests).toEqual(['GET /index.yaml'])
    rmSync(folder, { recursive: true })
  })

  it('one host that is not allowed is one cause', async () => {
    const [one, other] = await Promise.all([
      chartSource().pull(reference('1.x')),
      chartSource().pull(reference('1.x', 'other')),
    ])
    expect(one).toMatchObject({ ok: false, unavailable: true, reason: 'chart-host-refused' })
    expect(one).toEqual(other)
  })

  it('fetches the dependencies of a chart in the tree, as locked', async () => {
    const umbrella = (lock: Record<string, string>) =>
      treeChart({
        'charts/demo/Chart.yaml': `apiVersion: v2\nname: all\nversion: 1.0.0\n${dependency('1.x')}`,
        ...lock,
      })
    expect(await packed(umbrella({}))).toContain('version: 1.1.0')
    expect(await packed(umbrella({ 'charts/demo/Chart.lock': dependency('1.0.0') }))).toContain(
      'version: 1.0.0',
    )
    expect(await chartSource().pull(umbrella({}))).toMatchObject({
      ok: false,
      unavailable: true,
      reason: 'chart-host-refused',
    })
  })
})

describe('charts of the tree', () => {
  it('packs what .helmignore leaves, with equal bytes for equal files', async () => {
    const files = {
      'charts/demo/.helmignore': '# comment\n*.md\n/ci/\n',
      'charts/demo/templates/a.yaml': 'a: 1\n',
      'charts/demo/templates/.hidden': '',
      'charts/demo/README.md': '',
      'charts/demo/ci/values.yaml': '',
      'charts/other/Chart.yaml': '',
    }
    const chart = chartFrom(await chartSource().pull(treeChart(files)))
    expect(Object.keys(await filesOf(chart))).toEqual([
      'demo/.helmignore',
      'demo/Chart.yaml',
      'demo/templates/a.yaml',
    ])
    const reversed = Object.fromEntries(Object.entries(files).toReversed())
    expect(chartFrom(await chartSource().pull(treeChart(reversed))).digest).toBe(chart.digest)
  })

  it('adds local dependencies, and values files from the root of the tree', async () => {
    const chart = chartFrom(
      await chartSource().pull(
        treeChart(
          {
            'charts/demo/Chart.yaml':
              'apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies: [{name: lib, version: 1.0.0, repository: "file://../lib"}]\n',
            'charts/demo/values.yaml': 'a: 1\nb: 1\n',
            'charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
            'values/prod.yaml': 'b: 2\n',
          },
          { valuesFiles: ['charts/demo/values.yaml', './values/prod.yaml'] },
        ),
      ),
    )
    const files = await filesOf(chart)
    expect(Object.keys(files)).toEqual(['demo/Chart.yaml', 'demo/charts/lib.tgz', 'demo/values.yaml'])
    expect(files['demo/values.yaml']).toBe('{"a":1,"b":2}')
  })

  it.each<[string, Record<string, string>, RegExp, Partial<TreeChart>?]>([
    ['no chart', {}, /there is no chart at charts\/nope/, { path: 'charts/nope' }],
    ['no name', { 'charts/demo/Chart.yaml': 'version: 1.0.0' }, /needs a name and a version/],
    ['no YAML', { 'charts/demo/Chart.yaml': 'a: [' }, /Chart\.yaml cannot be read/],
    [
      'a dependency out of the tree',
      {
        'charts/demo/Chart.yaml':
          'name: demo\nversion: 1.0.0\ndependencies: [{name: x, repository: "file://../../../x"}]',
      },
      /leads out/,
    ],
    [
      'a dependency of an alias',
      { 'charts/demo/Chart.yaml': 'name: demo\nversion: 1.0.0\ndependencies: [{name: x, repository: "@x"}]' },
      /is missing in charts/,
    ],
    [
      'a circle',
      {
        'charts/demo/Chart.yaml':
          'name: demo\nversion: 1.0.0\ndependencies: [{name: demo, repository: "file://."}]',
      },
      /circle/,
    ],
    ['no archive', { 'charts/x.tgz': 'x' }, /no Helm chart/, { path: 'charts/x.tgz' }],
  ])('says what is wrong: %s', async (_case, files, message, more) => {
    expect(await chartSource().pull(treeChart(files, more))).toMatchObject({
      ok: false,
      unavailable: false,
      reason: 'chart-broken',
      message: expect.stringMatching(message),
    })
  })
})

// helm 4.2 pkg/ignore/rules_test.go
it.each<[string, string, boolean]>([
  ['helm.txt', 'helm.txt', true],
  ['helm.*', 'helm.txt', true],
  ['*.txt', 'templates/x.txt', true],
  ['/*.txt', 'templates/x.txt', false],
  ['cargo', 'cargo/a.txt', true],
  ['cargo/*.txt', 'cargo/a.txt', true],
  ['mast/', 'mast/a.txt', true],
  ['mast/', 'mast', false],
  ['ru[c-e]?er.txt', 'rudder.txt', true],
  ['**/x', 'a/x', false],
  ['', 'templates/.dotfile', true],
  ['!helm.txt', 'helm.txt', false],
  ['!helm.txt', 'tiller.txt', true],
])('.helmignore %j, %s: %s', (rules, file, ignored) => {
  expect(readHelmIgnore(rules)(file)).toBe(ignored)
})
