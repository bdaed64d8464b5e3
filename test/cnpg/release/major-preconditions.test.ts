import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { majorPreconditions } from '../../../src/cnpg/release/major-preconditions.ts'
import { supportedPostgres } from '../../../src/cnpg/release/supported-postgres.ts'
import type { RenderedObject } from '../../../src/manifest/rendered.ts'
import { identify, type Manifest } from '../../../src/manifest/resource.ts'

const IMAGE = 'ghcr.io/cloudnative-pg/postgresql'
const CLUSTER = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: db, namespace: apps }
spec:
  imageName: ${IMAGE}:17.4-standard-trixie
`
const BACKUP = `apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: { name: daily, namespace: apps }
spec: { schedule: "0 0 0 * * *", cluster: { name: db } }
`
const of = (text: string): RenderedObject[] =>
  parseAllDocuments(text).map(document => {
    const manifest: Manifest = document.toJS()
    return { manifest, resource: identify(manifest) }
  })

function conditions(
  cluster: string,
  { others = BACKUP, to = '18.1-standard-trixie', operator = '1.30.0' } = {},
) {
  const objects = [...of(cluster), ...of(others)]
  const [first] = objects
  if (first === undefined) throw new Error('no cluster')
  return majorPreconditions({
    cluster: first,
    image: `${IMAGE}:${to}`,
    objects,
    operator: operator === '' ? undefined : operator,
  })
}

describe('what keeps a new major back', () => {
  it('nothing, where all is well', () => {
    expect(conditions(CLUSTER).filter(({ state }) => state === 'unmet')).toEqual([])
  })

  it.each<[string, string, Parameters<typeof conditions>[1], RegExp]>([
    ['an operator that cannot', CLUSTER, { operator: '1.25.3' }, /cannot upgrade to another major/],
    [
      'an operator that does not know it',
      CLUSTER,
      { operator: '1.27.0' },
      /supports PostgreSQL 13 to 17, not 18/,
    ],
    ['too old a target', CLUSTER.replace('17.4', '14.1'), { to: '15.2-standard-trixie' }, /16 or newer only/],
    [
      'another Debian',
      CLUSTER,
      { to: '18.1-standard-bookworm' },
      /two releases of Debian \(trixie, bookworm\)/,
    ],
    [
      'limited slots before 17.6',
      `${CLUSTER}  postgresql: { parameters: { max_slot_wal_keep_size: 10GB } }\n`,
      {},
      /17\.0 to 17\.5 refuses max_slot_wal_keep_size 10GB/,
    ],
    ['no backup', CLUSTER, { others: '' }, /No ScheduledBackup/],
    [
      'a suspended backup',
      CLUSTER,
      { others: BACKUP.replace('cluster:', 'suspend: true, cluster:') },
      /No ScheduledBackup/,
    ],
    [
      'a replica cluster',
      `${CLUSTER}  replica: { primary: other, source: other }\n`,
      {},
      /it follows its source/,
    ],
    [
      'an older replica cluster',
      `${CLUSTER}  replica: { enabled: true, source: other }\n`,
      {},
      /it follows its source/,
    ],
    [
      'a follower',
      CLUSTER,
      {
        others: `${BACKUP}---\n${CLUSTER.replace('name: db', 'name: copy')}  replica: { primary: db, source: db }\n  externalClusters: [{ name: db, connectionParameters: { host: db-rw.apps.svc } }]\n`,
      },
      /Cluster apps\/copy is a replica cluster of it/,
    ],
  ])('%s', (_case, cluster, options, want) => {
    const unmet = conditions(cluster, options).filter(({ state }) => state === 'unmet')
    expect(unmet.map(({ message }) => message)).toEqual([expect.stringMatching(want)])
  })

  it.each<[string, string]>([
    ['slots without a limit', `${CLUSTER}  postgresql: { parameters: { max_slot_wal_keep_size: "-1" } }\n`],
    [
      'limited slots from 17.6 on',
      `${CLUSTER.replace('17.4', '17.6')}  postgresql: { parameters: { max_slot_wal_keep_size: 10GB } }\n`,
    ],
    ['a primary of its own', `${CLUSTER}  replica: { primary: db, source: other }\n`],
  ])('not %s', (_case, cluster) => {
    expect(conditions(cluster).filter(({ state }) => state === 'unmet')).toEqual([])
  })
})

it.each<[string, string, Parameters<typeof conditions>[1], RegExp]>([
  ['an operator that is not in the tree', CLUSTER, { operator: '' }, /Which operator runs/],
  ['an unknown system', CLUSTER.replace('-standard-trixie', '-custom'), {}, /operating system is not known/],
  [
    'a tag that moves with the minors',
    `${CLUSTER.replace('17.4-', '17-')}  postgresql: { parameters: { max_slot_wal_keep_size: 1GB } }\n`,
    {},
    /this is 17-standard-trixie/,
  ],
  [
    'an archive',
    `${CLUSTER}  plugins: [{ name: barman-cloud.cloudnative-pg.io, isWALArchiver: true }]\n`,
    {},
    /history of its own/,
  ],
  [
    'logical replication before 17',
    CLUSTER.replace('17.4', '16.4'),
    {
      to: '17.6-standard-trixie',
      others: `${BACKUP}---\napiVersion: postgresql.cnpg.io/v1\nkind: Publication\nmetadata: { name: p, namespace: apps }\nspec: { cluster: { name: db } }\n`,
    },
    /Publication apps\/p: pg_upgrade keeps/,
  ],
])('a person sees to %s', (_case, cluster, options, want) => {
  const todo = conditions(cluster, options).filter(({ state }) => state === 'todo')
  expect(todo.map(({ message }) => message).join('\n')).toMatch(want)
})

it.each<[string, number[] | undefined]>([
  ['1.26.0', [13, 14, 15, 16, 17]],
  ['1.26.2', [13, 14, 15, 16, 17, 18]],
  ['1.22.0', undefined],
])('operator %s supports %j', (version, want) => expect(supportedPostgres(version)).toEqual(want))
