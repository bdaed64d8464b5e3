import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../src/config/config.ts'
import type { Level } from '../src/manifest/finding.ts'
import { headline } from '../src/report/headline.ts'
import type { Review } from '../src/report/review.ts'
import type { RenderTools } from '../src/rendered-repository.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import { chartOf } from './charts.ts'
import { offlineReview, offlineTools } from './offline-review.ts'
import { DATABASES, edited, type Edits } from './cnpg/impact/databases.ts'

const OPERATOR = 'operator/operator.yaml'
const CLUSTER = 'databases/cluster.yaml'
const DATABASE = 'databases/database.yaml'
const POOLER = 'databases/pooler.yaml'
const bump = (from: string, to: string): Edits => ({ [OPERATOR]: [[`tag: ${from}`, `tag: ${to}`]] })

interface Case {
  base?: Edits
  edit: Edits
  ruleId: string
  level: Level
  /** text of the line it points at */
  line: string
  says: RegExp
}

const cases: Record<string, Case> = {
  'an unchanged object that the webhook of the new version refuses': {
    base: { [CLUSTER]: [['work_mem: 16MB', 'a-b: "1"']] },
    edit: bump('0.27.0', '0.29.0'),
    ruleId: 'upgrade-refused',
    level: 'error',
    line: '      a-b: "1"',
    says: /CloudNativePG 1\.28\.0 → 1\.30\.0 \(operator\/operator\.yaml:8\) brings that\. What is stored stays as it is until it is written; the next change of it will be refused, and so is every apply of Kustomization flux-system\/databases/,
  },
  'a changed object that the new version refuses and the old one took': {
    edit: {
      ...bump('0.27.0', '0.29.0'),
      [DATABASE]: [['    name: postgres\n  name: app', '    name: other\n  name: app']],
    },
    ruleId: 'upgrade-refused',
    level: 'error',
    line: '    name: other',
    says: /Without the update this change would be taken/,
  },
  'an object that only the new version takes': {
    edit: {
      ...bump('0.27.0', '0.29.0'),
      [POOLER]: [['  instances: 2', '  serviceAccountName: pooler\n  instances: 2']],
    },
    ruleId: 'upgrade-now-possible',
    level: 'note',
    line: '  serviceAccountName: pooler',
    says: /until then its apply is refused and tried again/,
  },
  'an object that was refused before and is left alone': {
    base: { [POOLER]: [['  instances: 2', '  serviceAccountName: pooler\n  instances: 2']] },
    edit: bump('0.27.0', '0.29.0'),
    ruleId: 'upgrade-now-possible',
    level: 'note',
    line: '  serviceAccountName: pooler',
    says: /It was refused, and is taken from now on/,
  },
  'a field that an older version does not have': {
    base: {
      [OPERATOR]: [['tag: 0.27.0', 'tag: 0.29.0']],
      [POOLER]: [['  instances: 2', '  serviceAccountName: pooler\n  instances: 2']],
    },
    edit: bump('0.29.0', '0.27.0'),
    ruleId: 'upgrade-field-dropped',
    level: 'error',
    line: '  serviceAccountName: pooler',
    says: /takes the field away\. What is stored loses it, without a word.*Kustomization flux-system\/databases is refused from then on/,
  },
  'a field that the operator warns of from now on': {
    base: {
      [OPERATOR]: [['tag: 0.27.0', 'tag: 0.26.0']],
      [CLUSTER]: [['  instances: 3', '  monitoring:\n    enablePodMonitor: true\n  instances: 3']],
    },
    edit: bump('0.26.0', '0.27.0'),
    ruleId: 'upgrade-deprecated',
    level: 'warning',
    line: '    enablePodMonitor: true',
    says: /enablePodMonitor is deprecated.*CloudNativePG 1\.27\.0 → 1\.28\.0 \(operator\/operator\.yaml:8\) brings that\.$/,
  },
  'what has been judged, at the line of the version': {
    edit: bump('0.27.0', '0.29.0'),
    ruleId: 'upgrade-judged',
    level: 'note',
    line: '    tag: 0.29.0',
    says: /^CloudNativePG 1\.28\.0 → 1\.30\.0: 4 objects of postgresql\.cnpg\.io judged by both versions: none is newly refused/,
  },
  'a version by image.tag': {
    base: {
      [OPERATOR]: [
        ['name: cloudnative-pg }\n', 'name: cloudnative-pg }\n  values: { image: { tag: 1.28.0 } }\n'],
      ],
    },
    edit: { [OPERATOR]: [['tag: 1.28.0 }', 'tag: 1.30.0 }']] },
    ruleId: 'upgrade-judged',
    level: 'note',
    line: '  values: { image: { tag: 1.30.0 } }',
    says: /CloudNativePG 1\.28\.0 → 1\.30\.0/,
  },
}

describe('an update of the operator', () => {
  it.each(Object.entries(cases))('%s', async (_name, { base, edit, ruleId, level, line, says }) => {
    const before = edited(DATABASES, base ?? {})
    const after = edited(before, edit)
    const review = await offlineReview(before, after)
    const found = review.findings.filter(finding => finding.ruleId === ruleId)
    expect(review.findings.map(shown)).toEqual(expect.arrayContaining(found.map(shown)))
    expect(found.map(({ message }) => message)).toEqual([expect.stringMatching(says)])
    expect(found[0]?.level).toBe(level)
    expect(after[found[0]?.file ?? '']?.split('\n')[(found[0]?.line ?? 0) - 1]).toBe(line)
  })
})

/** A tree that installs a CRD and has one object of it. */
function jars(schema: string, jar: string, version = 'name: v1'): Record<string, string> {
  return {
    'clusters/main/gotk-sync.yaml': DATABASES['clusters/main/gotk-sync.yaml'] ?? '',
    'clusters/main/kustomization.yaml': 'resources: [gotk-sync.yaml, crd.yaml, jar.yaml]\n',
    'clusters/main/crd.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: jars.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Jar, plural: jars, singular: jar, listKind: JarList }
  versions:
    - ${version}
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                lid: { type: string }
${schema}`,
    'clusters/main/jar.yaml': `apiVersion: example.org/v1
kind: Jar
metadata: { name: jar, namespace: kitchen }
spec:
  lid: red
${jar}`,
  }
}

const FIELD = '                size: { type: integer }\n'

describe('other CRDs', () => {
  it.each<[string, { schema: string; to: string; jar: string; version?: string }, string, string, RegExp]>([
    [
      'an enum that lost a value',
      {
        schema: '                size: { type: string, enum: [small, large] }\n',
        to: '                size: { type: string, enum: [small] }\n',
        jar: '  size: large\n',
      },
      'upgrade-refused error',
      '  size: large',
      /CRD jars\.example\.org \(clusters\/main\/crd\.yaml:\d+\) brings that\. What is stored stays as it is until it is written; the next change of it will be refused\.$/,
    ],
    [
      'a rule in CEL that is new',
      {
        schema: FIELD,
        to: `${FIELD}              x-kubernetes-validations:\n                - { rule: self.size < 3, message: too large }\n`,
        jar: '  size: 5\n',
      },
      'upgrade-refused error',
      'spec:',
      /too large.*the next change of it will be refused\.$/,
    ],
    [
      'a field that is required now',
      {
        schema: FIELD,
        to: `${FIELD}              required: [size]\n`,
        jar: '',
      },
      'upgrade-refused error',
      'apiVersion: example.org/v1',
      /size/,
    ],
    [
      'a field that went',
      { schema: FIELD, to: '', jar: '  size: 5\n' },
      'upgrade-field-dropped error',
      '  size: 5',
      /Kustomization flux-system\/flux-system is refused from then on/,
    ],
    [
      'a version that is deprecated now',
      { schema: FIELD, to: FIELD, jar: '  size: 5\n', version: 'name: v1\n      deprecated: true' },
      'upgrade-deprecated warning',
      'apiVersion: example.org/v1',
      /example\.org\/v1 Jar is deprecated/,
    ],
    [
      'a version that is not served any more',
      { schema: FIELD, to: FIELD, jar: '  size: 5\n', version: 'name: v2' },
      'upgrade-refused error',
      'apiVersion: example.org/v1',
      /v1 of Jar is not served/,
    ],
    [
      'a field that came',
      { schema: '', to: FIELD, jar: '  size: 5\n' },
      'upgrade-now-possible note',
      '  size: 5',
      /It was refused, and is taken from now on/,
    ],
  ])('%s', async (_name, { schema, to, jar, version }, rule, line, says) => {
    const after = jars(to, jar, version)
    const review = await offlineReview(jars(schema, jar), after)
    const found = review.findings.filter(({ ruleId }) => ruleId !== 'upgrade-judged')
    expect(found.map(({ ruleId, level }) => `${ruleId} ${level}`)).toEqual([rule])
    expect(found[0]?.message).toMatch(says)
    expect(after[found[0]?.file ?? '']?.split('\n')[(found[0]?.line ?? 0) - 1]).toBe(line)
  })

  it('are nothing to speak of where the schema stays as it is', async () => {
    const { findings } = await offlineReview(
      jars(FIELD, '  size: 5\n'),
      jars(`${FIELD}                label: { type: string }\n`, '  size: 5\n'),
    )
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['upgrade-judged'])
  })
})

describe('where the version comes from', () => {
  it('the address of a release manifest', async () => {
    const { findings } = await offlineReview(withManifest('1.28.0'), withManifest('1.30.0'))
    expect(
      findings
        .filter(({ ruleId }) => ruleId === 'upgrade-judged')
        .map(({ ruleId, file, line }) => [ruleId, file, line]),
    ).toEqual([['upgrade-judged', 'operator/kustomization.yaml', 2]])
  })

  it('the image of a Deployment', async () => {
    const tree = (version: string) =>
      edited(DATABASES, {
        [OPERATOR]: [
          [DATABASES[OPERATOR] ?? '', deployment(`ghcr.io/cloudnative-pg/cloudnative-pg:${version}`)],
        ],
      })
    const { findings } = await offlineReview(tree('1.28.0'), tree('1.30.0'))
    expect(
      findings
        .filter(({ ruleId }) => ruleId === 'upgrade-judged')
        .map(({ ruleId, file, line }) => [ruleId, file, line]),
    ).toEqual([['upgrade-judged', OPERATOR, 11]])
  })

  it('the chart of the Barman Cloud plugin, as far as its kinds are known', async () => {
    const tree = (version: string) =>
      edited(DATABASES, {
        [OPERATOR]: [
          ['charts/cloudnative-pg', 'charts/plugin-barman-cloud'],
          ['tag: 0.27.0', `tag: ${version}`],
        ],
      })
    const { incomplete } = await offlineReview(tree('0.6.0'), tree('0.7.0'))
    expect(incomplete.find(({ reason }) => reason === 'upgrade-unknown')).toMatchObject({
      message: expect.stringMatching(/^the Barman Cloud plugin 0\.12\.0 → 0\.13\.0: the kinds of one/),
      affected: ['ObjectStore databases/store'],
      file: OPERATOR,
      line: 8,
    })
  })
})

it.each([
  ['a release whose CRDs nobody bundled', '1.28.0', '1.28.4'],
  ['a release that is older than what is known', '1.24.0', '1.26.0'],
  ['a release that is newer than what is known', '1.30.0', '1.35.0'],
])('says that %s was not judged', async (_name, from, to) => {
  const { incomplete, verdict, findings } = await offlineReview(withTag(from), withTag(to))
  expect(incomplete.find(({ reason }) => reason === 'upgrade-unknown')?.affected).toEqual([
    'Cluster databases/postgres',
    'Database databases/app',
    'Pooler databases/postgres-rw-pooler',
    'ScheduledBackup databases/postgres-daily',
  ])
  expect(findings.map(shown).filter(text => text.startsWith('upgrade-'))).toEqual([])
  expect(verdict).toBe('incomplete')
})

it('finds the version line of a chart whose rendered CRDs differ', async () => {
  const tools: RenderTools = {
    ...(await offlineTools()),
    cache: new RenderCache(),
    charts: {
      pull: async reference => {
        const version = reference.kind === 'repository' ? reference.version : ''
        return { ok: true, chart: chartOf({}, 'jars', version) }
      },
      unpack: async () => await Promise.reject(new Error('nothing asks for the files')),
    },
    helm: {
      version: 'helm of the test',
      template: async ({ chart }) => ({
        ok: true,
        yaml: jarsDefinition(chart.version === '1.0.0' ? FIELD : ''),
      }),
    },
  }
  const { findings } = await offlineReview(jarsByChart('1.0.0'), jarsByChart('2.0.0'), defaultConfig, tools)
  expect(findings.map(({ ruleId, file, line }) => [ruleId, file, line])).toEqual([
    ['upgrade-field-dropped', 'clusters/main/jar.yaml', 6],
    ['upgrade-judged', 'clusters/main/release.yaml', 9],
  ])
  expect(findings[0]?.message).toContain(
    'chart jars 1.0.0 → 2.0.0 (clusters/main/release.yaml:9) takes the field away',
  )
})

it('says that nobody knows what a new chart deploys', async () => {
  const { incomplete } = await offlineReview(DATABASES, edited(DATABASES, bump('0.27.0', '0.99.0')))
  expect(incomplete.find(({ reason }) => reason === 'upgrade-unknown')).toMatchObject({
    message: expect.stringMatching(/^CloudNativePG 1\.28\.0 → chart 0\.99\.0: the kinds of one/),
    file: OPERATOR,
    line: 8,
  })
})

it('refuses what every known operator refuses where an older one runs', async () => {
  const base = withTag('1.24.1')
  const { findings, verdict } = await offlineReview(
    base,
    edited(base, { [CLUSTER]: [['instances: 3', 'instances: 0']] }),
  )
  expect(findings.map(({ ruleId, line }) => [ruleId, line])).toEqual([['schema-range', 9]])
  expect(verdict).toBe('blocked')
})

it('takes a refusal for the same where versions name its field otherwise', async () => {
  const { [OPERATOR]: _, ...base } = edited(DATABASES, { [CLUSTER]: [['memory: 1Gi', 'memory: 512Mi']] })
  const head = edited(base, { [CLUSTER]: [['memory: 512Mi', 'memory: 128Mi']] })
  const { findings, incomplete } = await offlineReview(base, head)
  expect(findings.map(({ ruleId, line }) => [ruleId, line])).toContainEqual(['admission-operator', 21])
  expect(incomplete.filter(({ reason }) => reason === 'admission-unknown')).toEqual([])
})

it('knows the operator whose chart and HelmRelease stand in files of their own', async () => {
  const [source = '', release = ''] = (DATABASES[OPERATOR] ?? '').split('---\n')
  const { [OPERATOR]: _, ...rest } = DATABASES
  const base = { ...rest, 'operator/source.yaml': source, 'operator/release.yaml': release }
  const head = edited(base, { [CLUSTER]: [['size: 20Gi', 'size: 10Gi']] })
  const { stats, findings } = await offlineReview(base, head)
  expect(stats.versions).toContain('operator 1.28.0 from chart 0.27.0')
  expect(findings.map(({ ruleId }) => ruleId)).toEqual(['admission-operator'])
})

it('tells once what it tells, and keeps the levels of the configuration', async () => {
  const base = edited(DATABASES, { [CLUSTER]: [['work_mem: 16MB', 'a-b: "1"']] })
  const head = edited(base, bump('0.27.0', '0.29.0'))
  const told = await offlineReview(base, head)
  expect(told.findings.filter(({ file }) => file === CLUSTER).map(({ ruleId }) => ruleId)).toEqual([
    'upgrade-refused',
  ])
  expect(headline(told)).toMatch(/^🛑 Blocked: 1 refused after the update · /)
  const off = await offlineReview(base, head, {
    ...defaultConfig,
    rules: { 'upgrade-refused': { level: 'note', reason: 'known' } },
  })
  expect(off.findings.filter(({ file }) => file === CLUSTER).map(({ level }) => level)).toEqual(['note'])
})

function withTag(version: string): Record<string, string> {
  return edited(DATABASES, {
    [OPERATOR]: [
      ['name: cloudnative-pg }\n', `name: cloudnative-pg }\n  values: { image: { tag: ${version} } }\n`],
    ],
  })
}

function withManifest(version: string): Record<string, string> {
  const { [OPERATOR]: _, ...rest } = DATABASES
  const branch = `release-${version.slice(0, 4)}`
  return {
    ...rest,
    'operator/kustomization.yaml': `resources:\n  - https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/${branch}/releases/cnpg-${version}.yaml\n`,
  }
}

function jarsByChart(version: string): Record<string, string> {
  return {
    ...jars(FIELD, '  size: 5\n'),
    'clusters/main/kustomization.yaml': 'resources: [gotk-sync.yaml, release.yaml, jar.yaml]\n',
    'clusters/main/release.yaml': jarsRelease(version),
  }
}

function jarsRelease(version: string): string {
  return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: jars, namespace: kitchen }
spec:
  interval: 1h
  chart:
    spec:
      chart: jars
      version: ${version}
      sourceRef: { kind: HelmRepository, name: jars }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: jars, namespace: kitchen }
spec: { interval: 1h, url: https://charts.example.org }
`
}

function jarsDefinition(schema: string): string {
  return jars(schema, '')['clusters/main/crd.yaml'] ?? ''
}

function deployment(image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: cnpg-controller-manager, namespace: cnpg-system }
spec:
  selector: { matchLabels: { app: cnpg } }
  template:
    metadata: { labels: { app: cnpg } }
    spec:
      containers:
        - name: manager
          image: ${image}
`
}

function shown({ ruleId, message }: Review['findings'][number]): string {
  return `${ruleId}: ${message}`
}
