import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../../src/config/config.ts'
import schema from '../../src/config/config.schema.json' with { type: 'json' }
import { directoryFrom } from '../../src/config/directory-from.ts'
import { CONFIG_FILE, loadConfig, readConfig } from '../../src/config/load-config.ts'
import { fluxMinor, kubernetesRelease, operatorRelease } from '../../src/config/versions.ts'
import { memoryTree } from '../../src/manifest/tree.ts'

const RULES = ['house-immutable-tag', 'flux-prune-database', 'schema-unknown-field']
const load = (text: string | undefined) => loadConfig(text, CONFIG_FILE, RULES)

describe('loadConfig', () => {
  it.each([undefined, '', '# nothing yet\n', '{}\n', 'clusters: []\n'])('%j is the default', text => {
    expect(load(text)).toEqual({ config: defaultConfig, findings: [] })
  })

  it('reads every key', () => {
    const { config, findings } = load(`
clusters:
  - name: infra
    path: ./clusters/infra/flux/
  - name: apps
    path: clusters/apps/flux
    branch: release
    delay: a day
    variables: { CLUSTER_NAME: apps, REPLICAS: "3" }
external:
  - { kind: Kustomization, namespace: flux-system, name: rook-ceph-cluster }
  - { kind: ClusterSecretStore, name: onepassword-connect }
fluxVersion: 2.10
kubernetesVersion: v1.34
cnpgVersion: 1.28.0
branches: [main]
rules:
  house-immutable-tag: { level: off, reason: our registry signs tags }
chartHosts: [registry.example.internal:5000]
annotationPrefix: example.org
budgets: { comment: 30000, diffLines: 40 }
updates:
  timeZone: Asia/Jakarta
  windows:
    nights: { days: [fri, sat], weeks: [1, 3], from: "22:00", to: "5:00" }
  classes:
    rebuild: { propose: on-request, minimumAge: 7, open: nights }
    patch: { automerge: true, merge: [nights, weekly] }
  groups:
    - { name: rook, packages: [ghcr.io/rook/*], lockStep: true, minimum: 2 }
  limits: { open: 4 }
  title: arrows
  rebase: conflict
  dashboard: false
  ignorePaths: ["clusters/apps/**"]
  ignorePackages: [ghcr.io/other/*]
`)
    expect(findings).toEqual([])
    expect(config).toEqual({
      clusters: [
        { name: 'infra', path: 'clusters/infra/flux', variables: {} },
        {
          name: 'apps',
          path: 'clusters/apps/flux',
          branch: 'release',
          delay: 'a day',
          variables: { CLUSTER_NAME: 'apps', REPLICAS: '3' },
        },
      ],
      external: [
        { kind: 'Kustomization', namespace: 'flux-system', name: 'rook-ceph-cluster' },
        { kind: 'ClusterSecretStore', namespace: '', name: 'onepassword-connect' },
      ],
      fluxVersion: '2.10',
      kubernetesVersion: '1.34.0',
      cnpgVersion: '1.28.0',
      annotationPrefix: 'example.org',
      branches: ['main'],
      rules: { 'house-immutable-tag': { level: 'off', reason: 'our registry signs tags' } },
      chartHosts: ['registry.example.internal:5000'],
      budgets: { comment: 30_000, diffLines: 40 },
      updates: {
        timeZone: 'Asia/Jakarta',
        windows: { nights: { days: [5, 6], weeks: [1, 3], from: 22 * 60, to: 5 * 60 } },
        classes: {
          rebuild: { propose: 'on-request', minimumAge: 7, open: ['nights'] },
          patch: { automerge: true, merge: ['nights', 'weekly'] },
        },
        groups: [{ name: 'rook', packages: ['ghcr.io/rook/*'], lockStep: true, minimum: 2 }],
        limits: { open: 4, hourly: 2 },
        title: 'arrows',
        rebase: 'conflict',
        dashboard: false,
        ignorePaths: ['clusters/apps/**'],
        ignorePackages: ['ghcr.io/other/*'],
      },
    })
  })

  it.each<[string, number, string, string, string, string | undefined]>([
    [
      'a: 1\nb: [\n',
      3,
      'config-parse',
      'Flow sequence in block collection must be sufficiently indented and end with a ].',
      'Mend the YAML.',
      undefined,
    ],
    ['rules: {}\nrules: {}\n', 2, 'config-parse', 'Map keys must be unique.', 'Mend the YAML.', undefined],
    ['- a\n', 1, 'config-type', 'the configuration is a list.', 'Write a map.', undefined],
    [
      '\n\ncluster: []\n',
      3,
      'config-unknown-key',
      'cluster is no key of the configuration.',
      'Did you mean clusters?',
      'cluster',
    ],
    [
      'whatever: 1\n',
      1,
      'config-unknown-key',
      'whatever is no key of the configuration.',
      'Its keys are: clusters, external, fluxVersion, kubernetesVersion, cnpgVersion, branches, annotationPrefix, rules, updates, chartHosts, budgets.',
      'whatever',
    ],
    [
      'clusters:\n  - name: a\n    path: x\n    vars: {}\n',
      4,
      'config-unknown-key',
      'vars is no key of clusters[0].',
      'Its keys are: name, path, branch, delay, variables.',
      'clusters[0].vars',
    ],
    [
      'clusters:\n  - name: a\n',
      2,
      'config-missing-key',
      'clusters[0] has no path.',
      'Add path.',
      'clusters[0]',
    ],
    [
      'clusters:\n  - name: a\n    path: x\n    variables:\n      A: 1\n',
      5,
      'config-type',
      'clusters[0].variables.A is the number 1.',
      'Write a text (in quotes).',
      'clusters[0].variables.A',
    ],
    ['clusters:\n  name: a\n', 1, 'config-type', 'clusters is a map.', 'Write a list.', 'clusters'],
    ['branches:\n', 1, 'config-type', 'branches is empty.', 'Write a list.', 'branches'],
    [
      'clusters:\n  - name: a\n    path: ../x\n',
      3,
      'config-value',
      '../x is no path inside the repository.',
      'Write it from the root of the repository, without "..": clusters/infra.',
      'clusters[0].path',
    ],
    [
      'clusters:\n  - {name: a, path: x}\n  - {name: a, path: y}\n',
      3,
      'config-duplicate',
      'clusters[0] is called a, too.',
      'Give each cluster a name of its own.',
      'clusters[1].name',
    ],
    [
      'rules:\n  house-immutable-tag:\n    level: off\n',
      2,
      'config-missing-key',
      'rules.house-immutable-tag has no reason.',
      'Add a reason: why, for the next person.',
      'rules.house-immutable-tag',
    ],
    [
      'rules:\n  house-immutable-tag:\n    level: off\n    reason: ""\n',
      4,
      'config-value',
      'rules.house-immutable-tag.reason is empty.',
      'Fill it in, or take it out.',
      'rules.house-immutable-tag.reason',
    ],
    [
      'rules:\n  house-immutable-tag: {level: info, reason: x}\n',
      2,
      'config-value',
      'rules.house-immutable-tag.level is "info".',
      'Write one of: error, warning, note, off.',
      'rules.house-immutable-tag.level',
    ],
    [
      'rules:\n  house-imutable-tag: {level: off, reason: x}\n',
      2,
      'config-unknown-rule',
      'There is no rule house-imutable-tag.',
      'Did you mean house-immutable-tag?',
      'rules.house-imutable-tag',
    ],
    [
      'rules:\n  KSV001: {level: off, reason: x}\n',
      2,
      'config-unknown-rule',
      'There is no rule KSV001.',
      'Take it out; findings name the rule they come from.',
      'rules.KSV001',
    ],
    [
      'updates:\n  timeZone: Mars/Olympus\n',
      2,
      'config-value',
      'There is no time zone Mars/Olympus.',
      'Write its IANA name: Europe/Berlin, Asia/Jakarta, UTC.',
      'updates.timeZone',
    ],
    [
      'updates:\n  classes:\n    rebuild: { open: nights }\n',
      3,
      'config-value',
      'There is no window nights.',
      'Describe it under updates.windows, or take one of: always, weekly, monthly.',
      'updates.classes.rebuild.open',
    ],
    [
      'updates:\n  windows:\n    weekly: {}\n',
      3,
      'config-value',
      'The window weekly is there already.',
      'Give this one another name.',
      'updates.windows.weekly',
    ],
    [
      'updates:\n  windows:\n    a: { from: "25:00" }\n',
      3,
      'config-value',
      'updates.windows.a.from must match pattern "^([01]?[0-9]|2[0-3]):[0-5][0-9]$".',
      'When it begins, in quotes: "22:00".',
      'updates.windows.a.from',
    ],
    [
      'updates:\n  classes:\n    pg-minor: {}\n    operator-patch: { automerge: true }\n',
      4,
      'config-value',
      'operator-patch is never merged without a person.',
      'Take automerge out; approve each by hand.',
      'updates.classes.operator-patch.automerge',
    ],
    [
      'updates:\n  classes:\n    pg-minr: {}\n',
      3,
      'config-unknown-key',
      'pg-minr is no key of updates.classes.',
      'Did you mean pg-minor?',
      'updates.classes.pg-minr',
    ],
    [
      'updates:\n  groups:\n    - { name: a, packages: [x] }\n    - { name: a, packages: [y] }\n',
      4,
      'config-value',
      'Another group is called a, too.',
      'Give it another name.',
      'updates.groups[1].name',
    ],
    [
      'fluxVersion: latest\n',
      1,
      'config-value',
      'fluxVersion is latest, no version.',
      'Write it like "2.9".',
      'fluxVersion',
    ],
    [
      'kubernetesVersion: 35\n',
      1,
      'config-value',
      'kubernetesVersion is 35, no version.',
      'Write it like "1.35".',
      'kubernetesVersion',
    ],
    [
      'cnpgVersion: 1.28\n',
      1,
      'config-type',
      'cnpgVersion is the number 1.28.',
      'Write a text (in quotes).',
      'cnpgVersion',
    ],
    [
      'chartHosts: ["http://x/"]\n',
      1,
      'config-value',
      'chartHosts[0] must match pattern "^[A-Za-z0-9.-]+(:[0-9]+)?$".',
      'See config.schema.json.',
      'chartHosts[0]',
    ],
    [
      'budgets: {comment: 100}\n',
      1,
      'config-value',
      'budgets.comment must be >= 4000.',
      'Characters of the comment.',
      'budgets.comment',
    ],
  ])('%j: line %i, %s', (text, line, ruleId, message, repair, field) => {
    const { config, findings } = load(text)
    expect(findings).toEqual([
      {
        ruleId,
        level: 'error',
        message,
        repair,
        file: CONFIG_FILE,
        line,
        ...(field === undefined ? {} : { field }),
      },
    ])
    expect(config).toBe(defaultConfig)
  })

  it('reports everything at once, in the order of the file', () => {
    const { findings } = load('fluxversion: "2.9"\nclusters:\n  - path: x\n    nme: a\nbranches: main\n')
    expect(findings.map(found => [found.line, found.field])).toEqual([
      [1, 'fluxversion'],
      [3, 'clusters[0]'],
      [4, 'clusters[0].nme'],
      [5, 'branches'],
    ])
  })

  it('is not brought down by an expansion bomb', () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 9 }, () => `*a${n}`).join(',')}]`,
    )
    const { findings } = load(`a0: &a0 [x]\n${levels.join('\n')}\n`)
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ ruleId: 'config-parse', line: 1 })
  })

  it.each(['__proto__', 'constructor', 'toString'])('takes %s for an unknown key', key => {
    expect(load(`${key}: {}\n`).findings[0]).toMatchObject({ ruleId: 'config-unknown-key', line: 1 })
  })
})

describe('readConfig', () => {
  it('reads the file of a tree', async () => {
    const tree = memoryTree({ [CONFIG_FILE]: 'fluxVersion: "2.8"\n' })
    expect((await readConfig(tree, RULES)).config.fluxVersion).toBe('2.8')
    expect(await readConfig(memoryTree({}), RULES)).toEqual({ config: defaultConfig, findings: [] })
  })

  it('says so where the file has another name, or is no text', async () => {
    const misplaced = await readConfig(memoryTree({ '.github/cnpg-steward.yml': 'x' }), RULES)
    expect(misplaced.findings).toEqual([
      {
        ruleId: 'config-misplaced',
        level: 'error',
        message: 'This file is not read: the configuration stands in .github/cnpg-steward.yaml.',
        repair: 'Rename it to .github/cnpg-steward.yaml.',
        file: '.github/cnpg-steward.yml',
        line: 1,
      },
    ])
    const binary = await readConfig(memoryTree({ [CONFIG_FILE]: Uint8Array.of(0xff, 0xfe) }), RULES)
    expect(binary.findings[0]?.message).toBe('The file is not UTF-8.')
  })
})

it('the schema is one, and says what every key is for', () => {
  expect(new Ajv({ strict: true, allowUnionTypes: true }).validateSchema(schema)).toBe(true)
  for (const [key, value] of Object.entries(schema.properties))
    expect([key, value.description]).not.toContain(undefined)
})

it.each([
  ['./clusters/infra/', 'clusters/infra'],
  ['.', ''],
  ['a//b', 'a/b'],
  ['/etc', undefined],
  ['a/../..', undefined],
  ['a\\b', undefined],
])('directoryFrom(%j) is %j', (text, expected) => expect(directoryFrom(text)).toBe(expected))

it.each([
  [fluxMinor, '2.9', '2.9'],
  [fluxMinor, 'v2.9.2', '2.9'],
  [fluxMinor, '3.0', undefined],
  [kubernetesRelease, '1.35', '1.35.0'],
  [kubernetesRelease, 'v1.34.2', '1.34.2'],
  [kubernetesRelease, 'latest', undefined],
  [operatorRelease, '1.28.0', '1.28.0'],
  [operatorRelease, 'v1.29.0-rc1', '1.29.0-rc1'],
  [operatorRelease, 'main', 'main'],
  [operatorRelease, '1.28', undefined],
])('%o(%j) is %j', (read, text, expected) => expect(read(text)).toBe(expected))
