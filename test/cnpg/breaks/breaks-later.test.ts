// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../../../src/adapters/parameter-catalogs.ts'
import { breaksLater } from '../../../src/cnpg/breaks/breaks-later.ts'
import type { Finding } from '../../../src/manifest/finding.ts'
import { kustomization, tree } from '../../diff/trees.ts'

const catalogs = openParameterCatalogs()

function cluster(spec: string, name = 'postgres', namespace = 'databases'): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  instances: 3
  storage: { size: 10Gi }
${spec.replaceAll(/^/gm, '  ')}
`
}

function found(
  head: string,
  base?: string,
  external: { kind: string; namespace: string; name: string }[] = [],
): Finding[] {
  const of = (yaml: string) => tree([kustomization('flux-system/databases', yaml)])
  return breaksLater({
    head: of(head),
    ...(base === undefined ? {} : { base: of(base) }),
    catalogs,
    external,
    operator: '1.28.0',
  })
}
const ids = (findings: Finding[]): string[] => findings.map(({ ruleId }) => ruleId)
const parameter = (line: string, image = 'ghcr.io/cloudnative-pg/postgresql:17.6') =>
  cluster(`imageName: ${image}\npostgresql:\n  parameters:\n    ${line}`)

describe('parameters', () => {
  it('names the near one, what will be seen and how it heals', () => {
    const [finding] = found(parameter('max_conections: "200"'))
    expect(finding).toMatchObject({
      ruleId: 'cnpg-parameter-unknown',
      level: 'error',
      field: 'spec.postgresql.parameters.max_conections',
      cluster: 'main',
      kustomization: 'flux-system/databases',
      resource: { kind: 'Cluster', name: 'postgres' },
    })
    expect(finding?.message).toMatch(/PostgreSQL 17 has no parameter max_conections.*CrashLoopBackOff/)
    expect(finding?.repair).toMatch(/Write max_connections.*Reverting heals/)
  })

  it.each([
    ['a parameter of an extension', 'vectorchord.anything: "1"', undefined],
    ['another letter case', 'Work_Mem: 16MB', undefined],
    ['an old name', 'sort_mem: 16MB', undefined],
    ['a variable nobody fills in', 'work_mem: "${WORK_MEM}"', undefined],
    ['a major without a catalog', 'nonsense: "1"', 'ghcr.io/cloudnative-pg/postgresql:13.22'],
    ['a tag without a version', 'nonsense: "1"', 'ghcr.io/cloudnative-pg/postgresql:main'],
    ['another server', 'edb_dynatune: "66"', 'docker.enterprisedb.com/k8s/edb-postgres-advanced:17.6'],
    ['no text, which the schema refuses', 'work_mem: 16', undefined],
  ])('says nothing of %s', (_, line, image) => expect(ids(found(parameter(line, image)))).toEqual([]))

  it.each([
    ['io_method: worker', '17', ['cnpg-parameter-unknown']],
    ['io_method: worker', '18', []],
    ['io_method: io_uring', '18', []],
    ['old_snapshot_threshold: "-1"', '16', []],
    ['old_snapshot_threshold: "-1"', '17', ['cnpg-parameter-unknown']],
    ['wal_compression: zstd', '14', ['cnpg-parameter-value']],
    ['wal_compression: zstd', '17', []],
    ['max_connections: many', '17', ['cnpg-parameter-value']],
    ['server_version: "17.6"', '17', ['cnpg-parameter-value']],
  ])('%s under PostgreSQL %s', (line, major, expected) =>
    expect(ids(found(parameter(line, `ghcr.io/cloudnative-pg/postgresql:${major}`)))).toEqual(expected),
  )

  it('takes the default image of the operator where the Cluster names none', () => {
    expect(ids(found(cluster('postgresql: { parameters: { io_method: worker } }')))).toEqual([])
    expect(ids(found(cluster('postgresql: { parameters: { old_snapshot_threshold: "1" } }')))).toEqual([
      'cnpg-parameter-unknown',
    ])
  })
})

describe('references', () => {
  const backup = (name: string, namespace = 'databases') =>
    `---\napiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata: { name: daily, namespace: ${namespace} }\nspec: { schedule: "0 0 3 * * *", cluster: { name: ${name} } }\n`

  it.each([
    ['postgres', 'databases', []],
    ['postgre', 'databases', [/Did you mean postgres\?/]],
    ['postgres', 'elsewhere', [/There is Cluster databases\/postgres, in another namespace/]],
  ])('%s in %s', (name, namespace, messages) => {
    const archived = cluster('backup: { barmanObjectStore: { destinationPath: "s3://a" } }')
    const findings = found(archived + backup(name, namespace))
    expect(findings).toHaveLength(messages.length)
    for (const message of messages) expect(findings[0]?.repair).toMatch(message)
  })

  it.each(['failed', 'rendered'] as const)('with another Kustomization that is %s', status => {
    const head = tree([
      kustomization('flux-system/backup', backup('other')),
      kustomization('flux-system/apps', '', { status }),
    ])
    expect(ids(breaksLater({ head, catalogs, external: [] }))).toEqual(
      status === 'failed' ? [] : ['cnpg-cluster-unknown'],
    )
  })

  it('knows what is declared external', () =>
    expect(
      found(backup('other'), undefined, [{ kind: 'Cluster', namespace: 'databases', name: 'other' }]),
    ).toEqual([]))
})

describe('stores', () => {
  const store = (more: string) =>
    `backup:\n  barmanObjectStore:\n    destinationPath: s3://backups/\n    ${more}`

  it.each([
    ['serverName: one', 'serverName: one', ['cnpg-backup-store-shared']],
    ['serverName: one', 'serverName: two', []],
    ['wal: {}', 'wal: {}', []],
    ['serverName: other', 'wal: {}', ['cnpg-backup-store-shared']],
    ['serverName: "${X}"', 'serverName: "${X}"', []],
    ['serverName: one\n    endpointURL: https://a', 'serverName: one\n    endpointURL: https://b', []],
  ])('%s and %s', (first, second, expected) =>
    expect(ids(found(`${cluster(store(first))}---\n${cluster(store(second), 'other')}`))).toEqual(expected),
  )

  it('does not take an object that two Kustomizations apply for two', () => {
    const yaml = cluster(store('serverName: one'))
    const twice = tree([kustomization('flux-system/a', yaml), kustomization('flux-system/b', yaml)])
    expect(breaksLater({ head: twice, catalogs, external: [] })).toEqual([])
  })
})

describe('updates', () => {
  it.each([
    ['managed: { roles: [{ name: a }] }', 'managed: {}', ['cnpg-map-emptied']],
    ['resources: { limits: { cpu: 1 } }', 'resources: { limits: {} }', ['cnpg-map-emptied']],
    ['monitoring: { enablePodMonitor: true }', 'monitoring: {}', []],
    ['managed: {}', 'managed: {}', []],
    ['managed: { roles: [{ name: a }] }', '', []],
    ['imageName: "x:17.6"', 'imageName: "x:17.7"', []],
    ['imageName: "x:17.6"', '', ['cnpg-image-name-removed']],
    ['', 'imageName: "x:17.6"', []],
    ['resources: { requests: { memory: 1Gi } }', 'resources: { requests: { memory: 2Gi } }', []],
  ])('%s → %s', (before, after, expected) =>
    expect(ids(found(cluster(after), cluster(before)))).toEqual(expected),
  )

  it('says which edits wait for each other', () => {
    const base = cluster('resources: { requests: { memory: 1Gi } }')
    const head = base.replace('1Gi }', '2Gi }').replace('size: 10Gi', 'size: 20Gi')
    expect(ids(found(head, base))).toEqual(['cnpg-edits-together'])
  })

  it('tells the major upgrade that a removed imageName brings', () =>
    expect(found(cluster(''), cluster('imageName: "x:16.2"'))[0]?.message).toMatch(
      /PostgreSQL 18: a major upgrade from 16/,
    ))
})
