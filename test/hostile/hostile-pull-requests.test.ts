import { gzipSync } from 'node:zlib'
import { Header } from 'tar'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { confinement } from '../../src/adapters/confinement.ts'
import {
  CANARIES,
  configMap,
  flux,
  HostileRepository,
  type Files,
  type Reviewed,
} from './hostile-repository.ts'

let repository: HostileRepository
beforeAll(async () => {
  repository = await HostileRepository.open()
})
afterAll(() => repository[Symbol.dispose]())

/** A pull request and where it must be told: `id` of the finding or of the reason, file, line (absent: any). */
interface Case {
  base?: Files
  files?: Files
  more?: (to: HostileRepository) => void
  id: string
  file?: string
  line?: number
}

const APPS = 'clusters/main/{slug}.yaml'
const WEB = 'apps/{slug}/web.yaml'
const K = 'apps/{slug}/kustomization.yaml'
const kustomization = (field: string, id: string, line = 2): Case => ({
  // two paths out: from the repository, and from the directory that a build runs in
  files: { [K]: `resources: [web.yaml]\n${field}\n` },
  id,
  file: K,
  line,
})
const OUT = '../../../outside'
const plugin = (head: string, metadata = '') =>
  `${head}\nmetadata:\n  name: x\n${metadata}`.replaceAll(/^/gm, '    ')

const PATHS: Record<string, Case> = {
  'resources above the root': kustomization(`bases: [${OUT}]`, 'render-outside-tree'),
  components: kustomization(`components: [${OUT}]`, 'render-outside-tree'),
  'patches.path': kustomization(`patches: [{ path: ${OUT}/secret.yaml }]`, 'render-outside-tree'),
  patchesStrategicMerge: kustomization(`patchesStrategicMerge: [${OUT}/secret.yaml]`, 'render-outside-tree'),
  'patchesJson6902.path': kustomization(
    `patchesJson6902: [{ target: { version: v1, kind: ConfigMap, name: web }, path: ${OUT}/secret.yaml }]`,
    'render-outside-tree',
  ),
  'configMapGenerator.files': kustomization(
    `configMapGenerator: [{ name: a, files: [key=${OUT}/secret.yaml] }]`,
    'render-outside-tree',
  ),
  'configMapGenerator.envs': kustomization(
    `configMapGenerator: [{ name: a, envs: [${OUT}/values.env] }]`,
    'render-outside-tree',
  ),
  'secretGenerator.env': kustomization(
    `secretGenerator: [{ name: a, env: ${OUT}/values.env }]`,
    'render-outside-tree',
  ),
  crds: kustomization(`crds: [${OUT}/secret.yaml]`, 'render-outside-tree'),
  configurations: kustomization(`configurations: [${OUT}/secret.yaml]`, 'render-outside-tree'),
  'openapi.path': kustomization(`openapi: { path: ${OUT}/secret.yaml }`, 'render-outside-tree'),
  'replacements.path': kustomization(`replacements: [{ path: ${OUT}/secret.yaml }]`, 'render-outside-tree'),
  generators: kustomization(`generators: [${OUT}/secret.yaml]`, 'render-outside-tree'),
  'path of a built-in transformer': kustomization(
    `transformers:\n  - |\n${plugin('apiVersion: builtin\nkind: PatchTransformer')}\n    path: ${OUT}/secret.yaml`,
    'render-outside-tree',
    3,
  ),
  'helmCharts.valuesFile': kustomization(
    `helmCharts: [{ name: a, valuesFile: ${OUT}/secret.yaml }]`,
    'render-outside-tree',
  ),
  'helmGlobals.chartHome': kustomization(`helmGlobals: { chartHome: ${OUT} }`, 'render-outside-tree'),
  'spec.path': {
    files: { [APPS]: flux('{slug}', './../../../outside') },
    id: 'render-missing-file',
    file: APPS,
  },
  'spec.components': {
    files: { [APPS]: flux('{slug}', './apps/{slug}', `  components: [${OUT}]\n`) },
    id: 'render-outside-tree',
    file: APPS,
  },
}

const REMOTE: Record<string, Case> = {
  'a file on a web server': kustomization('bases: ["https://example.org/x.yaml"]', 'render-remote-base'),
  'the metadata address': kustomization(
    'bases: ["http://169.254.169.254/latest/meta-data/"]',
    'render-remote-base',
  ),
  'a repository by its short name': kustomization('bases: ["github.com/o/r?ref=main"]', 'render-remote-base'),
  'a repository over ssh': kustomization('bases: ["git@example.org:o/r.git"]', 'render-remote-base'),
  'a repository through a helper of git': kustomization(
    'components: ["git::ext::sh -c touch% ran"]',
    'render-remote-base',
  ),
  'a file:// repository': kustomization('bases: ["file:///etc/x.git"]', 'render-remote-base'),
  'a remote component': kustomization(
    'components: ["https://example.org/o/r//c?ref=v1"]',
    'render-remote-base',
  ),
  'a remote patch': kustomization('patches: [{ path: "https://example.org/p.yaml" }]', 'render-remote-base'),
  'a remote file of a generator': kustomization(
    'configMapGenerator: [{ name: a, files: ["https://example.org/a"] }]',
    'render-remote-base',
  ),
  'a remote openapi': kustomization('openapi: { path: "http://127.0.0.1/x" }', 'render-remote-base'),
}

const PLUGINS: Record<string, Case> = {
  'an exec function': kustomization(
    `generators:\n  - |\n${plugin('apiVersion: example.org/v1\nkind: Run', '  annotations:\n    config.kubernetes.io/function: |\n      exec: { path: ../../outside/run }')}`,
    'render-plugin',
    3,
  ),
  'a container function': kustomization(
    `transformers:\n  - |\n${plugin('apiVersion: example.org/v1\nkind: Run', '  annotations:\n    config.kubernetes.io/function: "container: { image: example.org/run, network: true }"')}`,
    'render-plugin',
    3,
  ),
  'a function under the name of a built-in': kustomization(
    `validators:\n  - |\n${plugin('apiVersion: builtin\nkind: PatchTransformer', '  annotations:\n    config.kubernetes.io/function: "exec: { path: /bin/sh }"')}`,
    'render-plugin',
    3,
  ),
  'a plugin of the old kind': {
    files: {
      [K]: 'resources: [web.yaml]\ngenerators: [plugin.yaml]\n',
      'apps/{slug}/plugin.yaml':
        'apiVersion: example.org/v1\nkind: Plugin\nmetadata: { name: x }\nargsOneLiner: run\n',
    },
    id: 'render-plugin',
    file: 'apps/{slug}/plugin.yaml',
    line: 1,
  },
  'helmCharts, which Flux does not inflate': kustomization(
    'helmCharts: [{ name: a, repo: "http://127.0.0.1:1/", version: 1.0.0 }]',
    'render-build',
    1,
  ),
  'a chart generator': kustomization(
    `generators:\n  - |\n${plugin('apiVersion: builtin\nkind: HelmChartInflationGenerator')}\n    repo: http://127.0.0.1:1/`,
    'render-plugin',
    3,
  ),
}

const release = (spec: string, sources = '') => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: "{slug}", namespace: default }
spec:
  interval: 10m
${spec}
---
${sources}`
const repositoryChart = (url: string) =>
  release(
    '  chart: { spec: { chart: a, version: 1.0.0, sourceRef: { kind: HelmRepository, name: charts } } }',
    `apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: { name: charts, namespace: default }\nspec: { interval: 1h, url: "${url}" }\n`,
  )
const ociChart = (url: string) =>
  release(
    '  chartRef: { kind: OCIRepository, name: charts }',
    `apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: { name: charts, namespace: default }\nspec: { interval: 1h, insecure: true, url: "${url}", ref: { tag: 1.0.0 } }\n`,
  )
const treeChart = (chart: string, more = '') =>
  release(
    `  chart: { spec: { chart: ${chart}, sourceRef: { kind: GitRepository, name: fleet, namespace: flux-system }${more} } }`,
  )
const web = (content: string): Files => ({ [WEB]: content })
const CHART: Files = {
  '{slug}/chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
  '{slug}/chart/values.yaml': 'a: b\n',
  '{slug}/chart/templates/a.yaml': configMap('chart-{slug}'),
}
const refused = (content: string): Case => ({
  files: web(content),
  id: 'chart-host-refused',
  file: WEB,
  line: 1,
})
const template = (text: string, id: string): Case => ({
  files: { ...CHART, '{slug}/chart/templates/a.yaml': text, ...web(treeChart('./{slug}/chart')) },
  id,
  file: WEB,
  line: 1,
})

const CHARTS: Record<string, Case> = {
  'the metadata address': refused(repositoryChart('http://169.254.169.254/charts')),
  'the agent of Azure': refused(repositoryChart('http://168.63.129.16/charts')),
  'a loopback of IPv6': refused(repositoryChart('http://[::1]/charts')),
  'an address of IPv4 inside IPv6': refused(repositoryChart('http://[::ffff:10.0.0.1]/charts')),
  'an address as one number': refused(repositoryChart('http://2130706433/charts')),
  'an address in octal': refused(repositoryChart('http://0177.1/charts')),
  'a private network': refused(repositoryChart('https://192.168.1.1/charts')),
  'an address with credentials in it': refused(repositoryChart('https://x:y@example.org/charts')),
  'a registry of the loopback': refused(ociChart('oci://127.0.0.1:5000/charts/a')),
  'a file:// repository': refused(repositoryChart('file:///etc')),
  'a chart above the root': {
    files: web(treeChart(`${OUT}/chart`)),
    id: 'render-chart',
    file: WEB,
    line: 1,
  },
  'an absolute chart': { files: web(treeChart('/etc')), id: 'render-chart', file: WEB, line: 1 },
  'a values file above the root': {
    files: { ...CHART, ...web(treeChart('./{slug}/chart', `, valuesFiles: [${OUT}/secret.yaml]`)) },
    id: 'render-chart',
    file: WEB,
    line: 1,
  },
  'a dependency above the root': {
    files: {
      ...CHART,
      '{slug}/chart/Chart.yaml': `${String(CHART['{slug}/chart/Chart.yaml'])}dependencies: [{ name: outside, version: 1.0.0, repository: "file://../${OUT}/chart" }]\n`,
      ...web(treeChart('./{slug}/chart')),
    },
    id: 'render-chart',
    file: WEB,
    line: 1,
  },
  'a dependency on the loopback': {
    files: {
      ...CHART,
      '{slug}/chart/Chart.yaml': `${String(CHART['{slug}/chart/Chart.yaml'])}dependencies: [{ name: outside, version: 1.0.0, repository: "http://127.0.0.1:1/" }]\n`,
      ...web(treeChart('./{slug}/chart')),
    },
    id: 'chart-host-refused',
    file: WEB,
    line: 1,
  },
  'a chart with a link in it, which Flux leaves out': {
    files: { ...CHART, ...web(treeChart('./{slug}/chart')) },
    more: to => to.link('{slug}/chart/templates/a.yaml', `${to.outside}/secret.yaml`),
    id: 'none',
  },
  'an archive with a link in it': {
    files: {
      '{slug}/chart.tgz': archive('chart/templates/a.yaml', '', 'SymbolicLink'),
      ...web(treeChart('./{slug}/chart.tgz')),
    },
    id: 'render-chart',
    file: WEB,
    line: 1,
  },
  'an archive that unpacks elsewhere': {
    files: {
      '{slug}/chart.tgz': archive('chart/../../../x.yaml', 'x'),
      ...web(treeChart('./{slug}/chart.tgz')),
    },
    id: 'render-chart',
    file: WEB,
    line: 1,
  },
  'an archive that is a bomb': {
    files: {
      '{slug}/chart.tgz': archive('chart/x', '0'.repeat(6 * 1024 * 1024)),
      ...web(treeChart('./{slug}/chart.tgz')),
    },
    id: 'render-chart',
    file: WEB,
    line: 1,
  },
  'a template that reads the environment': template('a: {{ env "GITHUB_TOKEN" }}', 'render-helm'),
  'a template that asks the network': {
    // answers are empty in a sandbox, as they are in helm template
    ...template(configMap('of-{slug}', 'a: x{{ getHostByName "localhost" }}'), 'none'),
  },
  'a template that reads files above': template(
    configMap('files-{slug}', 'a: x{{ .Files.Get "../../outside/secret.yaml" }}'),
    'none',
  ),
  'a template that calls itself': template(
    '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
    'render-helm',
  ),
}

const anchors = Array.from(
  { length: 12 },
  (_, n) =>
    `a${n}: &a${n} [${Array(12)
      .fill(n === 0 ? 'x' : `*a${n - 1}`)
      .join(', ')}]`,
)
const BOMB = `${anchors.join('\n')}\n`
const DEEP = `${'['.repeat(20_000)}${']'.repeat(20_000)}`

const BOMBS: Record<string, Case> = {
  'aliases in a manifest': {
    files: web(`${configMap('{slug}')}x:\n${anchors.map(line => `  ${line}`).join('\n')}\n`),
    id: 'parse-limit',
    file: WEB,
  },
  'aliases in a kustomization': { files: { [K]: BOMB }, id: 'render-kustomization-invalid', file: K },
  'a deep manifest': {
    files: web(`${configMap('{slug}')}x: ${DEEP}\n`),
    id: 'parse-limit',
    file: WEB,
  },
  'a deep kustomization': {
    files: { [K]: `resources: ${DEEP}\n` },
    id: 'render-kustomization-invalid',
    file: K,
  },
  '20 MB in one manifest': {
    files: web(`${configMap('{slug}')}  big: ${'x'.repeat(20 * 1024 * 1024)}\n`),
    id: 'parse-limit',
    file: WEB,
    line: 1,
  },
  'variables that expand': {
    files: {
      [APPS]: flux(
        '{slug}',
        './apps/{slug}',
        `  postBuild: { substitute: { A: "${'x'.repeat(200_000)}" } }\n`,
      ),
      ...web(configMap('{slug}', `a: "${'${A}'.repeat(500)}"`)),
    },
    id: 'render-substitution',
    file: WEB,
    line: 1,
  },
  'a manifest that is binary': { files: web('a\0b'), id: 'parse-encoding', file: WEB, line: 1 },
  'a kustomization in UTF-16': {
    files: { [K]: new Uint8Array(Buffer.from('\ufeffresources: [web.yaml]\n', 'utf16le')) },
    id: 'render-kustomization-invalid',
    file: K,
  },
  'variables of the environment': {
    files: {
      [APPS]: flux('{slug}', './apps/{slug}', '  postBuild: { substitute: { A: b } }\n'),
      ...web(configMap('{slug}', 'a: "${GITHUB_TOKEN}"')),
    },
    id: 'render-substitution',
    file: WEB,
    line: 1,
  },
}

const LINKS: Record<string, Case> = {
  'a file': {
    more: to => to.link(WEB, `${to.outside}/secret.yaml`),
    id: 'render-link',
    file: K,
    line: 1,
  },
  'a relative file': {
    more: to => to.link(WEB, `../${OUT}/secret.yaml`),
    id: 'render-link',
    file: K,
  },
  'a directory': {
    files: { [K]: 'resources: [web.yaml, more]\n' },
    more: to => to.link('apps/{slug}/more', to.outside),
    id: 'render-link',
    file: K,
    line: 1,
  },
  'a chain of links': {
    files: { [K]: 'resources: [one/secret.yaml]\n' },
    more: to => {
      to.link('apps/{slug}/one', 'two')
      to.link('apps/{slug}/two', 'three')
      to.link('apps/{slug}/three', to.outside)
    },
    id: 'render-link',
    file: K,
    line: 1,
  },
  'the whole directory of a Kustomization': {
    more: to => to.link('apps/{slug}', to.outside),
    id: 'render-missing-file',
    file: APPS,
  },
  'a submodule': {
    files: { [K]: 'resources: [web.yaml, module]\n' },
    more: to => {
      to.git('init', '--quiet', 'apps/{slug}/module')
      to.git('-C', 'apps/{slug}/module', 'commit', '--quiet', '--allow-empty', '--message', 'x')
    },
    id: 'render-link',
    file: K,
    line: 1,
  },
}

const CONFIG = '.github/cnpg-steward.yaml'
const CONFIGURATIONS: Record<string, Case> = {
  'is a bomb of aliases': {
    files: { '.github/cnpg-steward.yaml': BOMB },
    id: 'config-parse',
    file: '.github/cnpg-steward.yaml',
  },
  'is nested deeply': {
    files: { '.github/cnpg-steward.yaml': `rules: ${DEEP}\n` },
    id: 'config-parse',
    file: '.github/cnpg-steward.yaml',
  },
  'turns off the rule that its change breaks': {
    files: {
      [CONFIG]: 'rules: { render-missing-file: { level: "off", reason: trust me } }\n',
      'apps/kustomization.yaml': 'resources: [none.yaml]\n',
    },
    id: 'render-missing-file',
    file: 'apps/kustomization.yaml',
    line: 1,
  },
  'allows a host inside the network': {
    files: {
      [CONFIG]: 'chartHosts: ["127.0.0.1"]\n',
      'apps/web.yaml': repositoryChart('http://127.0.0.1/charts'),
    },
    id: 'chart-host-refused',
    file: 'apps/web.yaml',
    line: 1,
  },
  'names other roots': {
    files: {
      [CONFIG]: 'clusters: [{ name: none, path: empty }]\n',
      'apps/kustomization.yaml': 'resources: [none.yaml]\n',
    },
    id: 'render-missing-file',
    file: 'apps/kustomization.yaml',
    line: 1,
  },
}

const MARK = '<!-- cnpg-steward:review -->'
const EVIL = `\`\`\`\n</details>${MARK}<script>alert(1)</script>[x](javascript:1) @everyone #1 \u202e\u001b[31m`
const TEXTS: Record<string, Case> = {
  'a file name of commands': {
    files: {
      'apps/{slug}/a\n::error::b##[error].yaml': 'a: [',
      [K]: 'resources: [web.yaml, "a\\n::error::b##[error].yaml"]\n',
    },
    id: 'parse-yaml',
  },
  'a file name of Markdown': {
    files: {
      [`apps/{slug}/${EVIL.replaceAll('/', '')}.yaml`]: 'a: [',
      [K]: `resources: [web.yaml, ${JSON.stringify(`${EVIL.replaceAll('/', '')}.yaml`)}]\n`,
    },
    id: 'parse-yaml',
  },
  'an unknown field of Markdown': {
    files: { [K]: `${JSON.stringify(EVIL)}: 1\n` },
    id: 'render-kustomization-invalid',
    file: K,
    line: 1,
  },
  'values of commands': {
    files: web(
      configMap(
        '{slug}',
        `a: ${JSON.stringify(`\n::set-output name=a::b\n##[group]x\n::stop-commands::x\n`)}`,
      ),
    ),
    id: 'none',
  },
  'values of Markdown': { files: web(configMap('{slug}', `a: ${JSON.stringify(EVIL)}`)), id: 'none' },
  'mentions by the thousand': {
    files: web(configMap('{slug}', `a: ${JSON.stringify('@octocat '.repeat(3000))}`)),
    id: 'none',
  },
  'a name of Markdown': {
    files: { [APPS]: flux('{slug}', JSON.stringify(`./${EVIL}`)) },
    id: 'render-missing-file',
    file: APPS,
  },
}

/** An entry of a tar, as nobody's tar would write it. */
function tarEntry(file: string, text: string, type: 'File' | 'SymbolicLink'): Buffer {
  const block = Buffer.alloc(512)
  const link = type === 'SymbolicLink' ? { linkpath: '/etc/passwd' } : {}
  new Header({ path: file, mode: 0o644, size: text.length, type, ...link }).encode(block)
  return Buffer.concat([block, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)])
}

/** A chart with one more entry. */
function archive(name: string, content: string, type: 'File' | 'SymbolicLink' = 'File'): Uint8Array {
  const metadata = 'apiVersion: v2\nname: chart\nversion: 1.0.0\n'
  const entries = [tarEntry('chart/Chart.yaml', metadata, 'File'), tarEntry(name, content, type)]
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]))
}

// What may be in nothing that is printed: a character that a terminal obeys, or that turns the text round.
const OBEYED = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u
// What the command line prints may be the log of a workflow.
const LOGGED = new Set(['text', 'json', 'markdown', 'sarif'])
const POSTED = new Set(['comment', 'summary', 'check'])

/** What an attack got: nothing, if all is well. */
function harmOf({ printed }: Reviewed): string[] {
  const found: string[] = []
  for (const [printer, text] of Object.entries(printed)) {
    const check = (holds: boolean, what: string) => {
      if (!holds) found.push(`${printer}: ${what}`)
    }
    for (const [name, canary] of Object.entries(CANARIES)) check(!text.includes(canary), `the canary ${name}`)
    check(!text.includes(repository.outside), 'a path of the machine')
    check(!OBEYED.test(text), 'a control character')
    check(!LOGGED.has(printer) || !/##\[|^\s*::/m.test(text), 'a command')
    const commands = printer === 'commands' ? text.split('\n') : []
    check(
      commands.every(line => /^(?:::(?:error|warning|notice) .*)?$/.test(line)),
      'a command of others',
    )
    // what stands in a fence is text
    const prose = POSTED.has(printer) ? text.replaceAll(/^(`{3,})diff\n[\s\S]*?\n\1$/gm, '') : ''
    check(!/<script|\]\(javascript|@[a-z]/.test(prose), 'a tag, link or mention')
    check(!POSTED.has(printer) || text.match(/<!--\s*cnpg-steward/gi)?.length === 1, 'another marker')
  }
  if (repository.ran) found.push('the program ran')
  return [...found, ...repository.server.requests.map(request => `the server was asked ${request}`)]
}

/** The entries that tell an attack, where it must be told; for 'none' all that speak of it. */
function told({ entries }: Reviewed, { id, file, line }: Case, slug: string): unknown[] {
  const ofCase = entries.filter(entry => `${entry.file ?? ''} ${entry.message}`.includes(slug))
  if (id === 'none') return ofCase
  const place = file?.replaceAll('{slug}', slug)
  return ofCase.filter(
    entry =>
      entry.id === id &&
      entry.file !== undefined &&
      (place === undefined || entry.file === place) &&
      (line === undefined ? entry.line !== undefined : entry.line === line),
  )
}

const filled = (files: Files, slug: string): [string, string | Uint8Array][] =>
  Object.entries(files).map(([file, content]) => [
    file.replaceAll('{slug}', slug),
    typeof content === 'string' ? content.replaceAll('{slug}', slug) : content,
  ])

const slugOf = (n: number) => `case-${String(n).padStart(2, '0')}`

/** The files of all cases, each with its own names. */
function everyCase(cases: [string, Case][], filesOf: (attack: Case) => Files | undefined): Files {
  return Object.fromEntries(cases.flatMap(([, attack], n) => filled(filesOf(attack) ?? {}, slugOf(n))))
}

// one pull request a group, with a Kustomization of its own for each case
describe.each(
  Object.entries({
    'a path that leads out, in': PATHS,
    'a remote load of': REMOTE,
    'a plugin:': PLUGINS,
    'a chart from': CHARTS,
    'a bomb of': BOMBS,
    'a link to': LINKS,
    'text of': TEXTS,
  }).map(([group, cases]) => ({ group, cases: Object.entries(cases) })),
)('$group', ({ cases }) => {
  let reviewed: Reviewed
  beforeAll(async () => {
    reviewed = await repository.review({
      base: everyCase(cases, () => ({
        [APPS]: flux('{slug}', './apps/{slug}'),
        [K]: 'resources: [web.yaml]\n',
        [WEB]: configMap('{slug}'),
      })),
      files: everyCase(cases, ({ files }) => files),
      more: to => {
        for (const [n, [, attack]] of cases.entries()) attack.more?.(to.at(slugOf(n)))
      },
    })
  }, 120_000)

  it('harms nobody', () => {
    expect(harmOf(reviewed)).toEqual([])
  })

  it.each(cases.map(([name, attack], n) => [name, attack, slugOf(n)] as const))(
    '%s',
    (_name, attack, slug) => {
      expect(told(reviewed, attack, slug).length > 0).toBe(attack.id !== 'none')
    },
  )
})

describe('a configuration that', () => {
  it.each(Object.entries(CONFIGURATIONS))('%s', async (_name, attack) => {
    const reviewed = await repository.at('apps').review({ files: attack.files ?? {} })
    expect(harmOf(reviewed)).toEqual([])
    expect(told(reviewed, attack, '')).not.toEqual([])
  })
})

it('comes to an end with ten thousand files that nobody applies', async () => {
  const files = Array.from({ length: 10_000 }, (_, n) => [`docs/${n}.yaml`, configMap(`n-${n}`)] as const)
  const reviewed = await repository.review({ files: Object.fromEntries(files) })
  expect(harmOf(reviewed)).toEqual([])
  const [unjudged] = reviewed.review.incomplete
  expect([unjudged?.reason, unjudged?.affected.length]).toEqual(['changed-files-not-applied', 10_000])
  // the comment names some and counts the rest
  expect(reviewed.printed.comment).toMatch(/and 99\d\d more/)
}, 120_000)

it('hands no child a variable, a token or a path of ours, nor a network', async () => {
  const { network } = await confinement()
  const { children } = repository
  // every program had its turn
  expect(new Set(children.map(({ program }) => program))).toEqual(new Set(['kustomize', 'helm', 'git']))
  const allowed =
    /^(?:(?:PATH|HOME|TMPDIR|LC_ALL|HTTPS?_PROXY|GIT_[A-Z_]+|HELM_[A-Z_]+|PWD|OLDPWD|SHLVL|_)=|GOGC=400$|GOMEMLIMIT=1GiB$)/
  expect(children.flatMap(({ env }) => env).filter(variable => !allowed.test(variable))).toEqual([])
  const all = children.flatMap(({ args, env }) => [args, ...env]).join('\n')
  expect(Object.values(CANARIES).filter(canary => all.includes(canary))).toEqual([])
  // those that work on the content of the pull request
  const working = children.filter(({ args }) => args.startsWith('template\n') || args.startsWith('build\n'))
  expect(working.length).toBeGreaterThan(10)
  for (const { args, env, devices } of working) {
    // a home of its own, and nothing of the repository in reach by name
    expect(env.find(variable => variable.startsWith('HOME='))).toMatch(
      /=.*cnpg-steward-(?:kustomize|helm)-\w+$/,
    )
    expect([args, ...env].join('\n')).not.toContain(repository.root)
    expect(network === 'denied' ? devices : ['lo']).toEqual(['lo'])
  }
})
