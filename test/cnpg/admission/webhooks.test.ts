import { describe, expect, it } from 'vitest'
import { hasWebhook, mutate, validate } from '../../../src/cnpg/admission/webhooks.ts'
import { isObject, valueAt, type Json, type JsonObject } from '../../../src/manifest/json.ts'

const object = (kind: string, spec: Json, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'postgresql.cnpg.io/v1',
  kind,
  metadata: { name: 'x', namespace: 'db', ...metadata },
  spec,
})
const MINIMAL = { instances: 1, storage: { size: '1Gi' } }
const cluster = (spec: JsonObject = {}, metadata: JsonObject = {}) =>
  object('Cluster', { ...MINIMAL, ...spec }, metadata)
const pooler = (pgbouncer: JsonObject) => object('Pooler', { cluster: { name: 'pg' }, pgbouncer })
const disabled = { annotations: { 'cnpg.io/validation': 'disabled' } }

it.each([
  ['Cluster', true, true],
  ['Backup', true, true],
  ['ScheduledBackup', true, true],
  ['Database', true, true],
  ['Pooler', false, true],
  ['Publication', false, false],
  ['Subscription', false, false],
  ['ImageCatalog', false, false],
  ['DatabaseRole', false, false],
])('%s has a mutating webhook: %s, a validating one: %s', (kind, mutating, validating) => {
  expect(hasWebhook(kind, '1.30.0')).toEqual({ mutating, validating })
  if (validating) return
  const request = { object: object(kind, { instances: 'many' }) }
  expect(mutate(request, '1.30.0')).toEqual({
    errors: [],
    warnings: [],
    notEvaluated: [],
    object: request.object,
  })
  expect(validate(request, '1.30.0')).toEqual({ errors: [], warnings: [], notEvaluated: [] })
})

it('leaves kinds of other groups alone', () => {
  const other = { ...cluster({ instances: 'many' }), apiVersion: 'cluster.x-k8s.io/v1' }
  expect(mutate({ object: other }, '1.30.0').errors).toEqual([])
  expect(validate({ object: other }, '1.30.0').errors).toEqual([])
})

describe('what the mutating webhook writes', () => {
  it.each<[string, string, JsonObject, (string | number)[], Json | undefined]>([
    ['the image', '1.30.0', {}, ['imageName'], 'ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie'],
    ['the image', '1.28.0', {}, ['imageName'], 'ghcr.io/cloudnative-pg/postgresql:18.1-system-trixie'],
    ['the image', '1.26.0', {}, ['imageName'], 'ghcr.io/cloudnative-pg/postgresql:17.5'],
    [
      'no image beside a catalog',
      '1.30.0',
      { imageCatalogRef: { kind: 'ImageCatalog', name: 'c', major: 17 } },
      ['imageName'],
      undefined,
    ],
    [
      'a group that is missing',
      '1.30.0',
      { imageCatalogRef: { kind: 'ImageCatalog', name: 'c', major: 17 } },
      ['imageCatalogRef', 'apiGroup'],
      null,
    ],
    [
      'a major that is missing',
      '1.30.0',
      { imageCatalogRef: { kind: 'ImageCatalog', name: 'c' } },
      ['imageCatalogRef', 'major'],
      0,
    ],
    [
      'initdb',
      '1.30.0',
      {},
      ['bootstrap', 'initdb'],
      { database: 'app', owner: 'app', encoding: 'UTF8', localeCollate: 'C', localeCType: 'C' },
    ],
    [
      'the owner',
      '1.30.0',
      { bootstrap: { initdb: { database: 'd' } } },
      ['bootstrap', 'initdb', 'owner'],
      'd',
    ],
    [
      'no database of an import that names many',
      '1.30.0',
      { bootstrap: { initdb: { import: { type: 'monolith' } } } },
      ['bootstrap', 'initdb', 'database'],
      undefined,
    ],
    [
      'the database of such an import',
      '1.26.0',
      { bootstrap: { initdb: { import: { type: 'monolith' } } } },
      ['bootstrap', 'initdb', 'database'],
      'app',
    ],
    [
      'recovery',
      '1.30.0',
      { bootstrap: { recovery: { source: 'o' } } },
      ['bootstrap', 'recovery'],
      { source: 'o', database: 'app', owner: 'app' },
    ],
    ['anti-affinity', '1.30.0', {}, ['affinity', 'podAntiAffinityType'], 'preferred'],
    [
      'no anti-affinity',
      '1.30.0',
      { affinity: { enablePodAntiAffinity: false } },
      ['affinity', 'podAntiAffinityType'],
      undefined,
    ],
    ['the target of backups', '1.30.0', { backup: {} }, ['backup', 'target'], 'prefer-standby'],
    ['parameters', '1.30.0', {}, ['postgresql', 'parameters', 'wal_keep_size'], '512MB'],
    [
      'no parameters for an image it cannot read',
      '1.30.0',
      { imageName: 'pg:x' },
      ['postgresql', 'parameters'],
      undefined,
    ],
    [
      'the user’s parameter',
      '1.30.0',
      { postgresql: { parameters: { wal_keep_size: '1GB' } } },
      ['postgresql', 'parameters', 'wal_keep_size'],
      '1GB',
    ],
    [
      'archive_mode',
      '1.30.0',
      { postgresql: { parameters: { archive_mode: 'off' } } },
      ['postgresql', 'parameters', 'archive_mode'],
      'on',
    ],
    [
      'archive_mode of a replica cluster',
      '1.30.0',
      { replica: { enabled: true, source: 'o' } },
      ['postgresql', 'parameters', 'archive_mode'],
      'always',
    ],
    ['the log level', '1.30.0', {}, ['logLevel'], 'info'],
    [
      'replication slots',
      '1.30.0',
      {},
      ['replicationSlots'],
      { highAvailability: { enabled: true, slotPrefix: '_cnpg_' }, synchronizeReplicas: { enabled: true } },
    ],
    [
      'owners of tablespaces',
      '1.30.0',
      { tablespaces: [{ name: 'a', storage: {} }] },
      ['tablespaces', 0, 'owner', 'name'],
      'app',
    ],
    [
      'durability',
      '1.30.0',
      { postgresql: { synchronous: { method: 'any', number: 1 } } },
      ['postgresql', 'synchronous', 'dataDurability'],
      'required',
    ],
    [
      'the quorum that it has',
      '1.28.0',
      { postgresql: { synchronous: { method: 'any', number: 1 } } },
      ['postgresql', 'synchronous', 'failoverQuorum'],
      false,
    ],
    [
      'no quorum that it has not',
      '1.27.0',
      { postgresql: { synchronous: { method: 'any', number: 1 } } },
      ['postgresql', 'synchronous', 'failoverQuorum'],
      undefined,
    ],
    [
      'zero for a number that is missing',
      '1.30.0',
      { postgresql: { synchronous: { method: 'any' } } },
      ['postgresql', 'synchronous', 'number'],
      0,
    ],
    [
      'the isolation check',
      '1.30.0',
      {},
      ['probes', 'liveness', 'isolationCheck'],
      { enabled: true, requestTimeout: 1000, connectionTimeout: 1000 },
    ],
    ['no isolation check', '1.26.0', {}, ['probes'], undefined],
    [
      'quantities',
      '1.30.0',
      { resources: { limits: { cpu: 1.5, memory: '1024Mi' } } },
      ['resources', 'limits'],
      { cpu: '1500m', memory: '1Gi' },
    ],
    ['names that are missing', '1.30.0', { managed: { roles: [{}] } }, ['managed', 'roles', 0, 'name'], ''],
    ['null in a list', '1.30.0', { postgresql: { pg_hba: [null] } }, ['postgresql', 'pg_hba', 0], ''],
    [
      'null in a map',
      '1.30.0',
      { postgresql: { parameters: { work_mem: null } } },
      ['postgresql', 'parameters', 'work_mem'],
      '',
    ],
    ['null for a section', '1.30.0', { affinity: null }, ['affinity'], { podAntiAffinityType: 'preferred' }],
    ['nothing over null of a text', '1.30.0', { priorityClassName: null }, ['priorityClassName'], null],
    ['nothing over what it does not know', '1.30.0', { nope: 1 }, ['nope'], 1],
    ['nothing over an empty list', '1.30.0', { env: [] }, ['env'], []],
  ])('%s (%s)', (_what, version, spec, path, written) => {
    expect(valueAt(mutate({ object: cluster(spec) }, version).object, 'spec', ...path)).toEqual(written)
  })

  it('takes the isolation check and the quorum from their alpha annotations', () => {
    const annotations = {
      'alpha.cnpg.io/livenessPinger': '{"enabled":false,"requestTimeout":5}',
      'alpha.cnpg.io/failoverQuorum': 'true',
    }
    const spec = { postgresql: { synchronous: { method: 'any', number: 1 } } }
    const written = mutate({ object: cluster(spec, { annotations }) }, '1.30.0').object
    expect(valueAt(written, 'spec', 'probes', 'liveness', 'isolationCheck')).toEqual({
      enabled: false,
      requestTimeout: 5,
      connectionTimeout: 1000,
    })
    expect(valueAt(written, 'spec', 'postgresql', 'synchronous', 'failoverQuorum')).toBe(true)
  })

  it.each([
    ['1.28.0', true],
    ['1.28.2', true],
    ['1.28.3', false],
    ['1.29.0', true],
    ['1.29.1', false],
    ['1.30.0', false],
    ['main', false],
  ])('with %s an object that needs no defaults is rewritten: %s', (version, isRewritten) => {
    const complete = mutate({ object: cluster() }, version).object
    const spec = valueAt(complete, 'spec')
    if (!isObject(spec)) throw new Error('no spec')
    const again = { ...complete, spec: { ...spec, managed: { roles: [{}] } } }
    const written = mutate({ object: again, live: complete }, version).object
    expect(valueAt(written, 'spec', 'managed', 'roles', 0, 'name')).toBe(isRewritten ? '' : undefined)
    const backup = mutate({ object: object('Backup', {}) }, version).object
    expect(valueAt(backup, 'spec', 'cluster')).toEqual(isRewritten ? { name: '' } : undefined)
  })
})

describe('what does not fit Go’s types', () => {
  it.each<[string, JsonObject, string]>([
    [
      'beyond int32',
      cluster({ failoverDelay: 2_147_483_648 }),
      'json: cannot unmarshal number 2147483648 into Go struct field ClusterSpec.spec.failoverDelay of type int32',
    ],
    [
      'a fraction',
      cluster({ instances: 2.5 }),
      'json: cannot unmarshal number 2.5 into Go struct field ClusterSpec.spec.instances of type int',
    ],
    [
      'text for a number',
      cluster({ instances: '3' }),
      'json: cannot unmarshal string into Go struct field ClusterSpec.spec.instances of type int',
    ],
    [
      'a quantity',
      cluster({ resources: { requests: { memory: '512mi' } } }),
      "unable to parse quantity's suffix",
    ],
    [
      'a duration',
      cluster({ replica: { source: 'o', minApplyDelay: '1d' } }),
      'time: unknown unit "d" in duration "1d"',
    ],
    [
      'a time',
      cluster({ managed: { roles: [{ name: 'a', validUntil: 'infinity' }] } }),
      'parsing time "infinity" as "2006-01-02T15:04:05Z07:00": cannot parse "infinity" as "2006"',
    ],
    [
      'metadata',
      cluster({}, { creationTimestamp: 'now' }),
      'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ],
    [
      'no object at all',
      object('Database', [1]),
      'json: cannot unmarshal array into Go struct field Database.spec of type v1.DatabaseSpec',
    ],
    [
      'a list',
      object('ScheduledBackup', { schedule: ['x'] }),
      'json: cannot unmarshal array into Go struct field ScheduledBackupSpec.spec.schedule of type string',
    ],
  ])('%s', (_what, given, message) => {
    const { errors, object: kept } = mutate({ object: given }, '1.30.0')
    expect(errors).toEqual([{ layer: 'mutating-webhook', field: '', message }])
    expect(kept).toBe(given)
  })
})

describe('the other kinds', () => {
  it.each<[string, string, JsonObject, string[], string?, JsonObject?]>([
    ['a backup of volumes without their CRD', 'Backup', { method: 'volumeSnapshot' }, ['spec.method']],
    ['a backup online', 'Backup', { method: 'barmanObjectStore', online: false }, ['spec.online']],
    [
      'a backup with what is for volumes',
      'Backup',
      { method: 'barmanObjectStore', onlineConfiguration: {} },
      ['spec.onlineConfiguration'],
    ],
    ['a backup by a plugin without name', 'Backup', { method: 'plugin' }, ['spec.pluginConfiguration']],
    ['a backup by a plugin', 'Backup', { method: 'plugin', pluginConfiguration: { name: 'p' } }, []],
    [
      'a backup with a deadline',
      'Backup',
      { method: 'plugin', pluginConfiguration: { name: 'p' } },
      ['metadata.annotations.cnpg.io/volumeSnapshotDeadline'],
      '1.30.0',
      { annotations: { 'cnpg.io/volumeSnapshotDeadline': '10m' } },
    ],
    [
      'a backup with a right deadline',
      'Backup',
      { method: 'barmanObjectStore' },
      [],
      '1.30.0',
      { annotations: { 'cnpg.io/volumeSnapshotDeadline': '10' } },
    ],
    ['a schedule', 'ScheduledBackup', { schedule: '0 0 2 * * *', method: 'plugin' }, []],
    ['a wrong schedule', 'ScheduledBackup', { schedule: '0 2 * * 0' }, ['spec.schedule']],
    [
      'scheduled volumes',
      'ScheduledBackup',
      { schedule: '@daily', method: 'volumeSnapshot' },
      ['spec.method'],
    ],
    [
      'a scheduled backup online',
      'ScheduledBackup',
      { schedule: '@daily', method: 'barmanObjectStore', online: true },
      ['spec.online'],
    ],
    [
      'a scheduled backup with what is for volumes',
      'ScheduledBackup',
      { schedule: '@daily', method: 'barmanObjectStore', onlineConfiguration: {} },
      ['spec.onlineConfiguration'],
    ],
    [
      'a pooler',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { parameters: { max_client_conn: '1' } } },
      [],
    ],
    ['a pooler without pgbouncer', 'Pooler', { cluster: { name: 'pg' } }, ['spec.pgbouncer']],
    ['a pooler without cluster', 'Pooler', { cluster: {}, pgbouncer: {} }, ['spec.cluster.name']],
    ['a pooler named as its cluster', 'Pooler', { cluster: { name: 'x' }, pgbouncer: {} }, ['metadata.name']],
    [
      'a pooler with a secret but no query',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { authQuerySecret: { name: 's' } } },
      ['spec.pgbouncer.authQuery'],
    ],
    [
      'a pooler with a query but no secret',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { authQuery: 'q' } },
      ['spec.pgbouncer.authQuerySecret.name'],
    ],
    [
      'a pooler with both',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { authQuery: 'q', serverTLSSecret: { name: 's' } } },
      [],
    ],
    [
      '… which 1.27 does not know',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { authQuery: 'q', serverTLSSecret: { name: 's' } } },
      ['spec.pgbouncer.authQuerySecret.name'],
      '1.27.4',
    ],
    [
      'a parameter that is reserved',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { parameters: { constructor: 'x', logfile: 'y' } } },
      ['spec.cluster.parameters', 'spec.cluster.parameters'],
    ],
    [
      'a parameter of main',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { parameters: { auth_user: 'x' } } },
      ['spec.cluster.parameters'],
      '1.30.0',
    ],
    [
      '… on main',
      'Pooler',
      { cluster: { name: 'pg' }, pgbouncer: { parameters: { auth_user: 'x' } } },
      [],
      'main',
    ],
    [
      'a monitored pooler with TLS',
      'Pooler',
      {
        cluster: { name: 'pg' },
        pgbouncer: {},
        monitoring: { enablePodMonitor: true, tls: { enabled: true } },
      },
      ['spec.pgbouncer.clientTLSSecret'],
    ],
    [
      '… which 1.29 does not ask for',
      'Pooler',
      {
        cluster: { name: 'pg' },
        pgbouncer: {},
        monitoring: { enablePodMonitor: true, tls: { enabled: true } },
      },
      [],
      '1.29.0',
    ],
    [
      '… with its secret',
      'Pooler',
      {
        cluster: { name: 'pg' },
        pgbouncer: { clientTLSSecret: { name: 's' } },
        monitoring: { enablePodMonitor: true, tls: { enabled: true } },
      },
      [],
    ],
    [
      'a database',
      'Database',
      {
        name: 'd',
        owner: 'o',
        cluster: { name: 'pg' },
        fdws: [{ name: 'f' }],
        servers: [{ name: 's', fdw: 'f' }],
      },
      [],
    ],
    [
      'extensions twice',
      'Database',
      { extensions: [{ name: 'a' }, { name: 'a' }] },
      ['spec.extensions[1].name'],
    ],
    ['schemas twice', 'Database', { schemas: [{ name: 'a' }, { name: 'a' }] }, ['spec.schemas[1].name']],
    ['wrappers twice', 'Database', { fdws: [{ name: 'a' }, { name: 'a' }] }, ['spec.fdws[1].name']],
    [
      'options and usages twice',
      'Database',
      {
        fdws: [{ name: 'a', options: [{ name: 'o' }, { name: 'o' }], usage: [{ name: 'u' }, { name: 'u' }] }],
      },
      ['spec.fdws[0].options[1].name', 'spec.fdws[0].usages[1].name'],
    ],
    [
      'a server without its wrapper',
      'Database',
      { servers: [{ name: 's', fdw: 'f' }] },
      ['spec.servers[0].fdw'],
    ],
    ['a server that goes', 'Database', { servers: [{ name: 's', fdw: 'f', ensure: 'absent' }] }, []],
    ['wrappers before they came', 'Database', { servers: [{ name: 's', fdw: 'f' }] }, [], '1.27.4'],
  ])('%s', (_what, kind, spec, fields, version = '1.30.0', metadata = {}) => {
    const { errors } = validate({ object: object(kind, spec, metadata) }, version)
    expect(errors.map(({ field }) => field)).toEqual(fields)
  })

  it('takes volume snapshots where their CRD is', () => {
    const request = { object: object('Backup', { method: 'volumeSnapshot' }) }
    expect(validate(request, '1.30.0', { volumeSnapshots: true }).errors).toEqual([])
  })
})

describe('warnings', () => {
  const barman = {
    backup: { barmanObjectStore: { destinationPath: 's3://b', s3Credentials: { inheritFromIAMRole: true } } },
  }
  const pvc = {
    storage: {
      size: '1Gi',
      storageClass: 'c',
      pvcTemplate: { storageClassName: 'd', resources: { requests: { storage: '1Gi' } } },
    },
  }
  it.each<[string, JsonObject, string, RegExp[]]>([
    ['nothing', {}, '1.30.0', []],
    ['a maintenance window', { nodeMaintenanceWindow: {} }, '1.30.0', [/enablePDB/]],
    [
      'Barman in the operator',
      barman,
      '1.30.0',
      [/removed in CloudNativePG 1\.31\.0\. Found usage in: spec\.backup\.barmanObjectStore/],
    ],
    ['Barman in the operator', barman, '1.29.1', [/1\.30\.0/]],
    ['Barman in the operator', barman, '1.28.0', [/1\.29\.0/]],
    ['Barman in the operator', barman, '1.26.0', [/1\.28\.0/]],
    [
      'a retention policy for nobody',
      { backup: { retentionPolicy: '1d' } },
      '1.30.0',
      [/Retention policies/],
    ],
    ['storage given twice', pvc, '1.30.0', [/spec\.storage\.storageClass and/, /spec\.storage\.size and/]],
    ['storage given twice', pvc, '1.26.1', []],
    [
      'shared_buffers without unit',
      { postgresql: { parameters: { shared_buffers: '128' } } },
      '1.30.0',
      [/'128MB'/],
    ],
    ['no time to live', { monitoring: { metricsQueriesTTL: '0h' } }, '1.30.0', [/metricsQueriesTTL/]],
    ['no time to live', { monitoring: { metricsQueriesTTL: '0h' } }, '1.27.4', []],
    [
      'the operator’s PodMonitor',
      {
        monitoring: {
          enablePodMonitor: true,
          podMonitorRelabelings: [{}],
          podMonitorMetricRelabelings: [{}],
        },
      },
      '1.30.0',
      [/enablePodMonitor/, /podMonitorMetricRelabelings/, /podMonitorRelabelings/],
    ],
    ['the operator’s PodMonitor', { monitoring: { enablePodMonitor: true } }, '1.27.0', []],
    ['no synchronous replica', { instances: 2 }, 'main', [/no synchronous replication/]],
    ['no synchronous replica', { instances: 2 }, '1.30.0', []],
    [
      'a synchronous replica',
      { instances: 2, postgresql: { synchronous: { method: 'any', number: 1 } } },
      'main',
      [],
    ],
  ])('%s (%s)', (_what, spec, version, expected) => {
    const { object: given } = mutate({ object: cluster(spec) }, version)
    const { warnings } = validate({ object: given }, version)
    expect(warnings).toHaveLength(expected.length)
    for (const [index, warning] of expected.entries()) expect(warnings[index]).toMatch(warning)
  })

  it('of failure domains come from the live status', () => {
    const given = cluster({
      instances: 3,
      postgresql: { synchronous: { method: 'any', number: 1, podFailureDomainKeys: ['z'] } },
    })
    const conditions = [
      { type: 'SyncReplicationTopologySatisfied', status: 'False', message: 'one zone only.' },
    ]
    const judged = (status: Json) => validate({ object: given, live: { ...given, status } }, 'main').warnings
    expect(judged({ conditions })).toEqual([expect.stringContaining('one zone only. Check that')])
    expect(judged({ conditions: [] })).toEqual([])
    expect(judged({ conditions: 'broken' })).toEqual([])
  })

  it('come with a refusal, too', () => {
    const { errors, warnings } = validate({ object: cluster({ ...barman, storage: {} }) }, '1.30.0')
    expect(errors).not.toEqual([])
    expect(warnings).toHaveLength(1)
  })

  it.each<[string, JsonObject, JsonObject | undefined, string, number]>([
    ['with its own query', { authQuery: 'q', authQuerySecret: { name: 's' } }, undefined, '1.30.0', 2],
    ['with its own query', { authQuery: 'q', authQuerySecret: { name: 's' } }, undefined, '1.27.4', 1],
    [
      'that already had its own query',
      { authQuery: 'q', authQuerySecret: { name: 's' } },
      { authQuery: 'q' },
      '1.27.4',
      0,
    ],
    ['that is refused', { authQuery: 'q' }, undefined, '1.30.0', 0],
    ['whose update is refused', { authQuery: 'q' }, {}, '1.30.0', 1],
  ])('a pooler %s', (_what, pgbouncer, before, version, count) => {
    const request = before === undefined ? {} : { live: pooler(before) }
    expect(validate({ object: pooler(pgbouncer), ...request }, version).warnings).toHaveLength(count)
  })

  it.each([
    ['1.26.1', []],
    ['1.26.2', [/^spec\.monitoring is deprecated/]],
    ['1.27.0', []],
    ['1.27.1', [/^spec\.monitoring is deprecated/]],
  ])('a pooler with the operator’s PodMonitor (%s)', (version, expected) => {
    const given = object('Pooler', {
      cluster: { name: 'pg' },
      pgbouncer: {},
      monitoring: { enablePodMonitor: true },
    })
    const { warnings } = validate({ object: given }, version)
    expect(warnings).toHaveLength(expected.length)
    for (const [index, warning] of expected.entries()) expect(warnings[index]).toMatch(warning)
  })

  it('five fields of a schedule', () => {
    expect(
      validate({ object: object('ScheduledBackup', { schedule: '0 2 * * *' }) }, '1.30.0').warnings,
    ).toHaveLength(1)
    expect(
      validate({ object: object('ScheduledBackup', { schedule: '@daily' }) }, '1.30.0').warnings,
    ).toHaveLength(1)
    expect(
      validate({ object: object('ScheduledBackup', { schedule: '0 0 2 * * *' }) }, '1.30.0').warnings,
    ).toEqual([])
  })
})

describe('the annotation cnpg.io/validation', () => {
  it.each<[string, JsonObject]>([
    ['Cluster', cluster({ storage: {} }, disabled)],
    ['Backup', object('Backup', { method: 'plugin' }, disabled)],
    ['Pooler', object('Pooler', {}, disabled)],
    ['Database', object('Database', { schemas: [{ name: 'a' }, { name: 'a' }] }, disabled)],
  ])('switches the checks of a %s off, with a warning', (_kind, given) => {
    expect(validate({ object: given }, '1.30.0')).toEqual({
      errors: [],
      warnings: [expect.stringContaining('validation webhook is disabled')],
      notEvaluated: [],
    })
  })

  it('means nothing to a ScheduledBackup', () => {
    const { errors, warnings } = validate(
      { object: object('ScheduledBackup', { schedule: 'x' }, disabled) },
      '1.30.0',
    )
    expect(errors).toHaveLength(1)
    expect(warnings).toEqual([])
  })

  it('with another value only warns', () => {
    const given = cluster({ storage: {} }, { annotations: { 'cnpg.io/validation': 'off' } })
    const { errors, warnings } = validate({ object: given }, '1.30.0')
    expect(errors).toHaveLength(1)
    expect(warnings).toEqual([
      'invalid "cnpg.io/validation" annotation: "off" (expected "enabled" or "disabled")',
    ])
  })
})

it.each([
  ['1.30.7', /1\.30\.7 is not known to this tool; the rules of 1\.30\.1/],
  ['1.25.1', /1\.25\.1 is older .* the rules of 1\.26\.0/],
  ['1.32.0', /1\.32\.0 is newer .* the rules of main/],
  ['latest', /latest is no version .* the rules of 1\.30\.1/],
])('says what stands in for operator %s', (version, note) => {
  const { notEvaluated } = validate({ object: cluster() }, version)
  expect(notEvaluated).toEqual([expect.stringMatching(note)])
  const refused = mutate({ object: cluster({ instances: 'many' }) }, version)
  expect(refused.notEvaluated).toEqual(notEvaluated)
})

it.each(['1.30.0', 'v1.29.2', 'main'])('knows operator %s', version => {
  expect(validate({ object: cluster() }, version).notEvaluated).toEqual([])
})

it('says that it cannot compare with an object that no cluster can hold', () => {
  const request = { object: cluster(), live: cluster({ instances: 'many' }) }
  expect(validate(request, '1.30.0').notEvaluated).toEqual([expect.stringContaining('rules for changes')])
})

it('says what it cannot know of a Pod', () => {
  const patch = JSON.stringify([{ op: 'remove', path: '/spec/volumes/0' }])
  const { errors, notEvaluated } = validate(
    { object: cluster({}, { annotations: { 'cnpg.io/podPatch': patch } }) },
    '1.30.0',
  )
  expect(errors).toEqual([])
  expect(notEvaluated).toEqual([expect.stringContaining('cnpg.io/podPatch')])
})

it.each<Json>([null, 'text', [], { metadata: 'x' }])('is not upset by %j for a spec or metadata', value => {
  for (const kind of ['Cluster', 'Backup', 'ScheduledBackup', 'Database', 'Pooler']) {
    const given = { apiVersion: 'postgresql.cnpg.io/v1', kind, metadata: value, spec: value }
    const { object: mutated } = mutate({ object: given }, '1.30.0')
    expect(validate({ object: mutated }, '1.30.0').notEvaluated).toEqual([])
  }
})
