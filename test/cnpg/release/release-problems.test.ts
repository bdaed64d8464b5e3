import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/manifest/json.ts'
import type { RenderedObject } from '../../../src/manifest/rendered.ts'
import { identify } from '../../../src/manifest/resource.ts'
import {
  appVersionOf,
  chartOf,
  openAdvisories,
  type OperatorFacts,
} from '../../../src/cnpg/release/release-facts.ts'
import { releaseProblems, type ReleaseRequest } from '../../../src/cnpg/release/release-problems.ts'
import { replacesPodsAnyway, stepsBetween } from '../../../src/cnpg/release/upgrade-steps.ts'

const FACTS: OperatorFacts = {
  lines: {
    '1.28': {
      released: '2025-12-09',
      endOfLife: '2026-06-30',
      kubernetes: ['1.34', '1.35'],
      postgres: [14, 15, 16],
    },
    '1.29': {
      released: '2026-03-31',
      endOfLife: '2026-09-29',
      kubernetes: ['1.35'],
      kubernetesTested: ['1.36'],
      postgres: [14, 15, 16, 17, 18],
    },
    '1.30': {
      released: '2026-06-29',
      endOfLife: '2026-12-31',
      estimated: true,
      kubernetes: ['1.35', '1.36'],
    },
  },
  releases: {
    '1.28.0': { released: '2025-12-09' },
    '1.28.1': { released: '2026-02-05', defaultImage: 'a/b:17.5', important: ['An old thing.'] },
    '1.29.0': { released: '2026-03-31', important: ['A thing.', 'Another thing.'] },
    '1.29.1': { released: '2026-05-08' },
    '1.30.0': { released: '2026-06-29', important: ['A thing.'] },
  },
  advisories: [{ ids: ['CVE-2026-1', 'GHSA-a'], title: 'a hole', fixedIn: ['1.28.1', '1.29.1'] }],
  charts: {},
}

function told(request: Omit<ReleaseRequest, 'today' | 'facts' | 'objects'> & Partial<ReleaseRequest>) {
  return releaseProblems({ today: '2026-08-01', objects: [], facts: FACTS, ...request }).map(
    ({ ruleId, level, message }) => `${level} ${ruleId}: ${message}`,
  )
}

describe('what runs', () => {
  it.each<[string, Parameters<typeof told>[0], RegExp[]]>([
    ['a release that is supported and whole', { version: '1.30.0' }, []],
    [
      'one past its end of life',
      { version: '1.28.1' },
      [
        /^note operator-end-of-life: .*1\.28 reached its end of life on 2026-06-30;.* 1\.30 is supported until about 2026-12-31\.$/,
      ],
    ],
    ['one on its last day', { version: '1.28.1', today: '2026-06-30' }, []],
    [
      'one with open advisories',
      { version: '1.29.0' },
      [/^note operator-advisories: .*lacks.*CVE-2026-1 \(fixed in 1\.28\.1, 1\.29\.1\)/],
    ],
    ['Kubernetes that nobody named', { version: '1.29.1' }, []],
    ['Kubernetes that is supported', { version: '1.29.1', kubernetes: '1.35.4' }, []],
    [
      'Kubernetes that is tested',
      { version: '1.29.1', kubernetes: '1.36' },
      [/^note operator-kubernetes: .*is tested with, and not supported on/],
    ],
    [
      'Kubernetes that is neither',
      { version: '1.29.1', kubernetes: '1.33' },
      [/^note operator-kubernetes: .*neither supported on nor tested with Kubernetes 1\.33/],
    ],
    ['a major that is supported', { version: '1.29.1', objects: [cluster('17.6')] }, []],
    [
      'a major that is not',
      { version: '1.29.1', objects: [cluster('13.22')] },
      [/^warning operator-postgres: .*supports PostgreSQL 14 to 18, and this is 13/],
    ],
    [
      'a major that a patch release took up',
      { version: '1.28.1', today: '2026-01-01', objects: [cluster('17.6')] },
      [],
    ],
    [
      'a major that only a later patch release took up',
      { version: '1.28.0', today: '2026-01-01', objects: [cluster('17.6')] },
      [/^note operator-advisories/, /^warning operator-postgres: .*14 to 16, and this is 17/],
    ],
    ['a major, where the project does not say', { version: '1.30.0', objects: [cluster('13.22')] }, []],
    ['a version that is none', { version: 'main' }, []],
    ['a release that nobody knows', { version: '1.99.0' }, []],
  ])('%s', (_name, request, says) => {
    expect(told(request)).toEqual(says.map(text => expect.stringMatching(text)))
  })
})

describe('the way there', () => {
  it.each<[string, string, string, RegExp[]]>([
    [
      'a patch',
      '1.28.0',
      '1.28.1',
      [
        /^warning operator-end/,
        /^note operator-release-notes: .*It mends CVE-2026-1\. .*important: An old thing\./,
      ],
    ],
    [
      'the next minor, not whole',
      '1.28.1',
      '1.29.0',
      [/^warning operator-advisories/, /^note operator-release-notes: .*A thing; Another thing\.$/],
    ],
    [
      'over a minor',
      '1.28.1',
      '1.30.0',
      [
        /^warning operator-skips-minors: .*1\.28\.1 → 1\.30\.0 leaves out 1\.29:/,
        /^note operator-release-notes: .*important: A thing; Another thing\.$/,
      ],
    ],
    ['back', '1.30.0', '1.29.1', [/^warning operator-downgrade: .*goes back from 1\.30\.0 to 1\.29\.1/]],
    ['from something that cannot be read', 'main', '1.30.0', []],
  ])('%s', (_name, from, version, says) => {
    expect(told({ from, version })).toEqual(says.map(text => expect.stringMatching(text)))
  })
})

describe('steps that releases ask for', () => {
  it.each<[string, string, string, string[]]>([
    ['none within a patch that asks for nothing', '1.28.0', '1.28.1', []],
    ['those of a patch release', '1.28.2', '1.28.3', ['custom-queries-role', 'replica-cluster-order']],
    ['not those of the line one comes from', '1.28.4', '1.29.2', []],
    ['those that the old line lacks', '1.28.2', '1.29.1', ['custom-queries-role', 'replica-cluster-order']],
    [
      'a step that an older line got back',
      '1.29.1',
      '1.29.2',
      ['custom-queries-search-path', 'password-encoding'],
    ],
    [
      'what only old instances need',
      '1.23.0',
      '1.30.0',
      [
        'backup-metrics-deprecated',
        'custom-queries-role',
        'replica-cluster-order',
        'custom-queries-search-path',
        'password-encoding',
        'lease-permissions',
        'status-port-tls',
      ],
    ],
    ['the end of Barman inside the operator', '1.30.1', '1.31.0', ['in-tree-barman-removed']],
    ['none on the way back', '1.30.0', '1.28.0', []],
  ])('%s', (_name, from, to, ids) => {
    expect(stepsBetween(from, to).map(({ id }) => id)).toEqual(ids)
  })

  it.each<[string, string, RenderedObject, string[]]>([
    [
      'queries of a ConfigMap',
      '1.29.1',
      cluster('17', { monitoring: { customQueriesConfigMap: [{ name: 'q', key: 'q' }] } }),
      ['spec.monitoring.customQueriesConfigMap'],
    ],
    ['no queries', '1.29.1', cluster('17', { monitoring: { customQueriesConfigMap: [] } }), []],
    [
      'a replica cluster',
      '1.29.1',
      cluster('17', { replica: { enabled: true, source: 'a' } }),
      ['spec.replica'],
    ],
    [
      'a replica cluster that is none',
      '1.29.1',
      cluster('17', { replica: { enabled: false, source: 'a' } }),
      [],
    ],
    [
      'another encoding of passwords',
      '1.30.0',
      cluster('17', { postgresql: { parameters: { password_encryption: 'md5' } } }),
      ['spec.postgresql.parameters.password_encryption'],
    ],
    [
      'the usual encoding',
      '1.30.0',
      cluster('17', { postgresql: { parameters: { password_encryption: 'scram-sha-256' } } }),
      [],
    ],
    [
      'roles that a person keeps',
      '1.30.0',
      object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', { values: { rbac: { create: false } } }),
      ['spec.values.rbac.create'],
    ],
    [
      'an alert on a metric that stands still',
      '1.26.0',
      object('monitoring.coreos.com/v1', 'PrometheusRule', {
        groups: [{ rules: [{ expr: 'time() - cnpg_collector_last_available_backup_timestamp > 1' }] }],
      }),
      ['spec.groups'],
    ],
    [
      'Barman inside the operator',
      '1.31.0',
      cluster('17', {
        backup: { barmanObjectStore: {} },
        externalClusters: [{ name: 'a' }, { name: 'b', barmanObjectStore: {} }],
      }),
      ['spec.backup.barmanObjectStore', 'spec.externalClusters[1].barmanObjectStore'],
    ],
    [
      'a Cluster of another group',
      '1.31.0',
      object('cluster.x-k8s.io/v1', 'Cluster', { backup: { barmanObjectStore: {} } }),
      [],
    ],
  ])('%s is concerned as it should', (_name, release, given, fields) => {
    const before = `1.${Number(release.split('.')[1]) - 1}.0`
    expect(stepsBetween(before, release).flatMap(step => step.concerns(given))).toEqual(fields)
  })
})

it.each([
  ['1.25.1', '1.26.0', true],
  ['1.25.1', '1.28.0', true],
  ['1.26.0', '1.28.0', false],
  ['', '1.28.0', false],
])('from %s to %s Pods are replaced in spite of updates in place: %s', (from, to, replaced) => {
  expect(replacesPodsAnyway(from, to)).toBe(replaced)
})

it('the facts know what a release lacks', () => {
  expect(lacking('1.28.2')).toEqual(expect.arrayContaining(['CVE-2026-44477', 'CVE-2026-55769']))
  expect(lacking('1.28.4')).not.toContain('CVE-2026-44477')
  expect(lacking('1.27.4')).toContain('CVE-2026-44477')
  expect(lacking('1.30.1')).toEqual([])
})

it('the facts know charts, and guess none', () => {
  expect(appVersionOf('cloudnative-pg', '0.27.0')).toBe('1.28.0')
  expect(appVersionOf('cloudnative-pg', '9.9.9')).toBeUndefined()
  expect(appVersionOf('constructor', '0.27.0')).toBeUndefined()
  expect(chartOf('cloudnative-pg', '1.29.1')).toBe('0.28.3')
  expect(chartOf('cloudnative-pg', '1.28.4')).toBeUndefined()
})

function cluster(tag: string, spec: { [field: string]: Json } = {}): RenderedObject {
  return object('postgresql.cnpg.io/v1', 'Cluster', {
    imageName: `ghcr.io/cloudnative-pg/postgresql:${tag}`,
    ...spec,
  })
}

function object(apiVersion: string, kind: string, spec: { [field: string]: Json }): RenderedObject {
  const manifest = { apiVersion, kind, metadata: { name: 'a', namespace: 'b' }, spec }
  return { manifest, resource: identify(manifest) }
}

function lacking(version: string): (string | undefined)[] {
  return openAdvisories(version).map(({ ids }) => ids[0])
}
