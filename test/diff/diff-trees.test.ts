// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { describe, expect, it } from 'vitest'
import { diffTrees } from '../../src/diff/diff-trees.ts'
import { groupEqual } from '../../src/diff/group-equal.ts'
import { flux, helmRelease, kustomization, tree } from './trees.ts'

const cluster = (size: string, name = 'postgres') =>
  `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: ${name}, namespace: db}\nspec: {instances: 3, storage: {size: ${size}, storageClass: fast}}\n`
const configMap = (name: string, data: string, namespace = 'db') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\ndata: ${data}\n`
const backup = (app: string, how: string, schedule: string) =>
  `apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: {name: ${app}-${how}, namespace: ${app}, labels: {kustomize.toolkit.fluxcd.io/name: ${app}}}
spec: {backupOwnerReference: self, immediate: true, schedule: "${schedule}", method: plugin, cluster: {name: ${app}-pg}, pluginConfiguration: {name: barman}}
`

describe('identity', () => {
  it('shows the field that changed', () => {
    const { changes, incomplete } = diffTrees(
      tree([kustomization('flux-system/db', cluster('30Gi'))]),
      tree([kustomization('flux-system/db', cluster('20Gi'))]),
    )
    expect(changes).toMatchObject([
      {
        change: 'changed',
        kustomization: 'flux-system/db',
        diff: '@@ spec.storage.size @@\n- 30Gi\n+ 20Gi',
        fields: [{ path: 'spec.storage.size', from: '30Gi', to: '20Gi' }],
      },
    ])
    expect(incomplete).toEqual([])
  })

  it('renames eleven backups weekly → daily, as one group (joryirving/home-ops 924afe77)', () => {
    const apps = ['a1', 'b2', 'c3', 'd4', 'e5', 'f6', 'g7', 'h8', 'i9', 'j10', 'k11']
    const side = (how: string, schedule: string) =>
      tree(apps.map(app => kustomization(`apps/${app}`, backup(app, how, schedule))))
    const { changes } = diffTrees(side('weekly', '0 30 1 * * 0'), side('daily', '40 4 * * *'))
    expect(changes.map(change => [change.change, change.renamedFrom?.name, change.resource.name])).toEqual(
      apps.toSorted().map(app => ['renamed', `${app}-weekly`, `${app}-daily`]),
    )
    expect(changes[0]?.fields.map(({ path }) => path).toSorted()).toEqual(['metadata.name', 'spec.schedule'])
    expect(groupEqual(changes).map(group => group.length)).toEqual([11])
  })

  it('does not take strangers of one kind for a rename', () => {
    const { changes } = diffTrees(
      tree([kustomization('f/db', configMap('nginx', '{nginx.conf: worker}'))]),
      tree([kustomization('f/db', configMap('grafana', '{grafana.ini: theme}'))]),
    )
    expect(changes.map(({ change }) => change).toSorted()).toEqual(['added', 'removed'])
  })

  it('says that an object moved to another Kustomization', () => {
    const { changes } = diffTrees(
      tree([kustomization('f/a', cluster('1Gi')), kustomization('f/b', '')]),
      tree([kustomization('f/a', ''), kustomization('f/b', cluster('1Gi'))]),
    )
    expect(changes).toMatchObject([
      {
        change: 'changed',
        kustomization: 'f/b',
        movedFrom: 'Kustomization f/a',
        diff: '@@ applied by @@\n- Kustomization f/a\n+ Kustomization f/b',
        fields: [],
      },
    ])
  })

  it('keeps clusters apart', () => {
    const { changes } = diffTrees(
      tree([kustomization('f/a', cluster('1Gi')), kustomization('f/a', '', { cluster: 'two' })]),
      tree([kustomization('f/a', ''), kustomization('f/a', cluster('1Gi'), { cluster: 'two' })]),
    )
    expect(changes.map(({ change, cluster: name }) => [name, change])).toEqual([
      ['main', 'removed'],
      ['two', 'added'],
    ])
  })
})

describe('noise', () => {
  const deployment = (rest: string, image = '1') =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app, namespace: db, labels: {helm.sh/chart: ${rest}, app.kubernetes.io/version: "${rest}"}}\nspec: {template: {metadata: {annotations: {checksum/config: ${rest}}}, spec: {containers: [{name: app, image: "${image}"}]}}}\n`

  it('counts what only follows a chart bump', () => {
    const { changes, noise, stats } = diffTrees(
      tree([], [helmRelease('db/app', deployment('a'))]),
      tree([], [helmRelease('db/app', deployment('b'))]),
    )
    expect(changes).toEqual([])
    expect(noise).toEqual([
      'app.kubernetes.io/version (1 object)',
      'checksum/* (1 object)',
      'helm.sh/chart (1 object)',
    ])
    expect(stats.noiseOnly).toBe(1)
  })

  it('keeps what is real beside noise', () => {
    const { changes } = diffTrees(
      tree([], [helmRelease('db/app', deployment('a', '1'))]),
      tree([], [helmRelease('db/app', deployment('b', '2'))]),
    )
    expect(changes.map(({ diff }) => diff)).toEqual([
      '@@ spec.template.spec.containers.app.image @@\n- "1"\n+ "2"',
    ])
  })

  it('takes a generated hash for the same object and its references for noise', () => {
    const side = (hash: string, value: string) =>
      tree([
        kustomization(
          'f/a',
          `${configMap(`settings-${hash}`, `{mode: ${value}}`)}---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: db}\nspec: {volumes: [{name: s, configMap: {name: settings-${hash}}}]}\n`,
        ),
      ])
    const { changes, noise } = diffTrees(side('2456789bcd', 'old'), side('m2456789bc', 'new'))
    expect(changes).toMatchObject([{ change: 'changed', diff: '@@ data.mode @@\n- old\n+ new' }])
    expect(noise).toEqual(['generated name hashes (2 objects)'])
  })
})

describe('a side that did not render', () => {
  const root = (children: string[], rest = {}) =>
    kustomization('flux-system/root', children.map(child => flux(child)).join('---\n'), rest)
  const error = { ruleId: 'render-build', message: 'a file is missing' }

  it.each(['failed', 'skipped'] as const)('%s: withholds instead of removing', status => {
    const { changes, incomplete, stats } = diffTrees(
      tree([root(['flux-system/db']), kustomization('flux-system/db', cluster('1Gi'))]),
      tree([root(['flux-system/db']), kustomization('flux-system/db', '', { status, error })]),
    )
    expect(changes).toEqual([])
    expect(stats.withheld).toBe(1)
    expect(incomplete).toMatchObject([
      { reason: 'one-side-failed', affected: ['Kustomization flux-system/db'], cluster: 'main' },
    ])
    expect(incomplete[0]?.message).toBe(
      '1 object is not compared: what applies it could not be rendered in head.',
    )
  })

  it('says what was wrong in base and where: nothing else does', () => {
    const broken = { ...error, file: 'apps/db.yaml', line: 3 }
    const { incomplete } = diffTrees(
      tree([root([], { status: 'failed', error: broken })]),
      tree([root(['flux-system/db']), kustomization('flux-system/db', cluster('1Gi'))]),
    )
    expect(incomplete.map(({ message, repair }) => [message, repair])).toEqual([
      [
        '2 objects are not compared: Kustomization flux-system/root could not be rendered in base (apps/db.yaml:3: a file is missing).',
        'If head renders, this change has mended it, and the next one is compared again.',
      ],
    ])
  })

  it('a failed root never removes what its children apply', () => {
    const { changes, incomplete } = diffTrees(
      tree([
        root(['flux-system/apps']),
        kustomization('flux-system/apps', flux('flux-system/db')),
        kustomization('flux-system/db', cluster('1Gi')),
      ]),
      tree([root([], { status: 'failed', error })]),
    )
    expect(changes).toEqual([])
    // one cause, one entry
    expect(incomplete).toHaveLength(1)
    expect(incomplete[0]?.affected).toHaveLength(3)
  })

  it('what failed on both sides is left to the incomplete list of the rendering', () => {
    const failed = tree([kustomization('f/a', '', { status: 'failed', error })])
    expect(diffTrees(failed, failed)).toMatchObject({ changes: [], incomplete: [] })
  })

  it('a Kustomization that really left takes its objects along', () => {
    const { changes, incomplete } = diffTrees(
      tree([root(['flux-system/db']), kustomization('flux-system/db', cluster('1Gi'))]),
      tree([root([])]),
    )
    expect(incomplete).toEqual([])
    expect(changes.map(({ change, resource, orphaned }) => [change, resource.kind, orphaned])).toEqual([
      ['removed', 'Cluster', undefined],
      ['removed', 'Kustomization', undefined],
    ])
  })

  it.each([
    ['prune: false', 'db: off for its Kustomization'],
    ['prune: true, deletionPolicy: Orphan', 'db: orphaned on deletion'],
    ['prune: true, suspend: true', 'db: deleted while suspended'],
    ['deletionPolicy: Delete, prune: false, suspend: true', 'db: deleted while suspended'],
  ])('%s leaves them running', spec => {
    const { changes } = diffTrees(
      tree([kustomization('f/root', flux('f/db', spec)), kustomization('f/db', cluster('1Gi'))]),
      tree([kustomization('f/root', '')]),
    )
    expect(changes.find(({ resource }) => resource.kind === 'Cluster')?.orphaned).toBe(true)
  })

  it.each([
    ['is new where the other side has no such directory', false, ['added'], 0],
    ['is withheld where the directory was there, included by the one that failed', true, [], 1],
  ])('a kustomize directory beside one that failed %s', (_name, there, expected, entries) => {
    const directory = (path: string, yaml: string, rest = {}) =>
      kustomization(`/${path}`, yaml, { cluster: '', namespace: '', name: path, path, ...rest })
    const failed = directory('apps/operator', '', { status: 'failed', error })
    const { changes, incomplete } = diffTrees(
      tree([failed]),
      tree([failed, directory('apps/db', cluster('1Gi'))]),
      { hasDirectory: { base: () => there, head: () => true } },
    )
    expect(changes.map(({ change }) => change)).toEqual(expected)
    expect(incomplete).toHaveLength(entries)
  })

  it('a tree without any unit but with a reason is not a mass deletion', () => {
    const head = {
      ...tree([]),
      incomplete: [{ reason: 'no-flux-objects', message: 'nothing found', affected: [] }],
    }
    const { changes, incomplete } = diffTrees(tree([kustomization('f/db', cluster('1Gi'))]), head)
    expect(changes).toEqual([])
    expect(incomplete).toHaveLength(1)
  })
})

describe('secrets', () => {
  const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----'
  it.each([
    [
      'data',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: VALUE}',
      'aHVudGVyMg==',
      'Y29ycmVjdA==',
    ],
    [
      'a SealedSecret, whose cipher tells nobody anything',
      'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s}\nspec: {encryptedData: {username: VALUE}}',
      'AgCmNs2erEDYGacoqPIe5QNq5IQ3R0hD2swABHNWqUTCy73xxNDC',
      'AgAZctyjOZ56ls4tptizsZi80XhHsF3zjZQTXZ9h6a5VyBwX0bFz',
    ],
    [
      'stringData',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: VALUE}',
      'hunter2',
      'horse',
    ],
    [
      'password',
      'apiVersion: v1\nkind: X\nmetadata: {name: s}\nspec: {adminPassword: VALUE}',
      'hunter2',
      'horse',
    ],
    [
      'environment',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: s}\nspec: {env: [{name: PGPASSWORD, value: VALUE}]}',
      'hunter2',
      'horse',
    ],
    [
      'key',
      'apiVersion: v1\nkind: X\nmetadata: {name: s}\nspec: {secretKey: VALUE}',
      'aB3dE5fG7hI9jK1lM3',
      'zB3dE5fG7hI9jK1lM4',
    ],
    [
      'GitHub',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {a: "x VALUE y"}',
      `ghp_${'a'.repeat(36)}`,
      `ghp_${'b'.repeat(36)}`,
    ],
    [
      'AWS',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {a: "x VALUE y"}',
      'AKIAIOSFODNN7EXAMPLE',
      'AKIAIOSFODNN7EXAMPL2',
    ],
    [
      'URL',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {a: "postgres://app:VALUE@db/app"}',
      'hunter2',
      'horse',
    ],
    [
      'text',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {a: "user=x\\npassword=VALUE\\n"}',
      'hunter2',
      'horse',
    ],
    [
      'PEM',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {a: VALUE}',
      JSON.stringify(PEM),
      JSON.stringify(PEM.replace('MII', 'XYZ')),
    ],
  ])('%s: says that it changed and nothing more', (_name, template, from, to) => {
    const side = (value: string) =>
      tree([
        kustomization(
          'f/a',
          template.replace('VALUE', () => value),
        ),
      ])
    const { changes } = diffTrees(side(from), side(to))
    const printed = JSON.stringify(changes)
    expect(changes).toHaveLength(1)
    expect(printed).toContain('*** (changed)')
    for (const secret of [from, to]) expect(printed).not.toContain(JSON.stringify(secret).slice(1, -1))
    expect(printed).not.toContain('XYZEvQ')
    // whole objects, too
    expect(JSON.stringify(diffTrees(tree([]), side(to)).changes)).not.toContain(
      JSON.stringify(to).slice(1, -1),
    )
  })

  it.each([
    ['{secretKeyRef: {name: pg-app, key: password}}', '{secretKeyRef: {name: pg-app, key: uri}}', 'uri'],
    ['{passwordSecret: {name: a}}', '{passwordSecret: {name: b}}', 'b'],
    ['{existingSecret: old-name-of-secret}', '{existingSecret: new-name-of-secret}', 'new-name-of-secret'],
    ['{password: "${OLD}"}', '{password: "${NEW}"}', '${NEW}'],
    [
      '{parameters: {password_encryption: md5}}',
      '{parameters: {password_encryption: scram-sha-256}}',
      'scram-sha-256',
    ],
  ])('shows references: %s', (from, to, shown) => {
    const side = (spec: string) =>
      tree([kustomization('f/a', `apiVersion: v1\nkind: X\nmetadata: {name: s}\nspec: ${spec}`)])
    expect(diffTrees(side(from), side(to)).changes[0]?.diff).toContain(shown)
  })
})

it('compares thousands of renamed objects in linear time', () => {
  const side = (suffix: string) =>
    tree([
      kustomization(
        'f/a',
        Array.from({ length: 1500 }, (_, n) =>
          configMap(`app${n}-${suffix}`, `{n: "${n}", of: app${n}, all: same}`),
        ).join('---\n'),
      ),
    ])
  const { changes } = diffTrees(side('old'), side('new'))
  expect(changes.filter(({ change }) => change === 'renamed')).toHaveLength(1500)
})
