import { beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { openCatalog } from '../../../src/adapters/schema-catalog.ts'
import {
  CLUSTER_ANNOTATIONS,
  CLUSTER_FIELDS,
  type FieldEffect,
  type FieldRule,
} from '../../../src/cnpg/impact/cluster-fields.ts'
import { DECLARED_KINDS } from '../../../src/cnpg/impact/declared-object-effects.ts'
import { POOLER_FIELDS } from '../../../src/cnpg/impact/pooler-effects.ts'
import { SCHEDULED_BACKUP_FIELDS } from '../../../src/cnpg/impact/scheduled-backup-effects.ts'
import { defaultConfig } from '../../../src/config/config.ts'
import type { ImpactKind } from '../../../src/manifest/change.ts'
import { isObject, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import type { Resource } from '../../../src/manifest/resource.ts'
import type { Review } from '../../../src/report/review.ts'
import { fromCatalog } from '../../../src/schema/catalog.ts'
import type { StructuralSchema } from '../../../src/schema/structural.ts'
import { offlineReview } from '../../offline-review.ts'

// An object for every field that has a rule, each with one edit, all in one tree that is rendered once before and after.

/** from, to (null: not there), what comes of it where the rule does not say it, and what else the object needs. */
type Edit = [from: Json, to: Json, impact?: ImpactKind | undefined, with_?: JsonObject]

const IMAGE = 'ghcr.io/cloudnative-pg/postgresql'
const S3 = { destinationPath: 's3://b/x', s3Credentials: { inheritFromIAMRole: true } }
const OTHER = { name: 'other', connectionParameters: { host: 'other' } }
const BACKUP = { backup: { barmanObjectStore: S3 } }
const volume = { size: '5Gi' }
const space = (size: string) => [{ name: 'a', storage: { size } }]
const role = (name: string) => [{ name }]

const CLUSTER: Record<string, Edit> = {
  affinity: [null, { nodeSelector: { a: 'b' } }],
  'affinity.podAntiAffinityType': ['preferred', 'required'],
  'backup.barmanObjectStore': [S3, { ...S3, wal: { compression: 'gzip' } }, 'none'],
  'backup.retentionPolicy': ['30d', '7d', 'backup-gap', BACKUP],
  'backup.target': ['primary', 'prefer-standby', undefined, BACKUP],
  'backup.volumeSnapshot': [{ className: 'a' }, { className: 'b' }],
  bootstrap: [{ initdb: { database: 'a', owner: 'a' } }, { initdb: { database: 'b', owner: 'b' } }],
  certificates: [null, { serverAltDNSNames: ['db.example.org'] }],
  description: [null, 'the main one'],
  enablePDB: [true, false],
  enableSuperuserAccess: [true, false],
  env: [null, [{ name: 'A', value: 'b' }]],
  envFrom: [null, [{ configMapRef: { name: 'c' } }]],
  ephemeralVolumeSource: [null, { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } }],
  ephemeralVolumesSizeLimit: [null, { shm: '1Gi' }],
  externalClusters: [[OTHER], [{ name: 'other', connectionParameters: { host: 'elsewhere' } }]],
  failoverDelay: [0, 30],
  imageCatalogRef: [
    { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'images', major: 16 },
    { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'images', major: 17 },
    'major-upgrade',
    { imageName: null },
  ],
  imageName: [`${IMAGE}:17.6-system-trixie`, `${IMAGE}:17.7-system-trixie`, 'rolling-restart'],
  imagePullPolicy: ['IfNotPresent', 'Always'],
  imagePullSecrets: [null, [{ name: 'registry' }]],
  inheritedMetadata: [null, { labels: { team: 'data' } }],
  instances: [3, 5, 'scale'],
  livenessProbeTimeout: [30, 60],
  logLevel: ['info', 'debug'],
  'managed.roles': [role('a'), [...role('a'), ...role('b')], 'none'],
  'managed.services': [{ disabledDefaultServices: ['r'] }, { disabledDefaultServices: ['r', 'ro'] }],
  maxSyncReplicas: [0, 1],
  minSyncReplicas: [0, 1, undefined, { maxSyncReplicas: 1 }],
  monitoring: [null, { disableDefaultQueries: true }],
  'monitoring.tls': [{ enabled: false }, { enabled: true }],
  nodeMaintenanceWindow: [null, { inProgress: true }],
  plugins: [
    [{ name: 'barman-cloud.cloudnative-pg.io', isWALArchiver: true, parameters: { barmanObjectName: 'a' } }],
    [{ name: 'barman-cloud.cloudnative-pg.io', isWALArchiver: true, parameters: { barmanObjectName: 'b' } }],
    'backup-gap',
  ],
  podSecurityContext: [null, { fsGroup: 26 }],
  podSelectorRefs: [null, [{ name: 'apps', selector: { matchLabels: { a: 'b' } } }]],
  postgresGID: [26, 27],
  postgresUID: [26, 27],
  'postgresql.enableAlterSystem': [false, true],
  'postgresql.extensions': [
    null,
    [{ name: 'vector', image: { reference: 'ghcr.io/x/pgvector:1' } }],
    undefined,
    { imageName: `${IMAGE}:18.1-system-trixie` },
  ],
  'postgresql.ldap': [null, { server: 'ldap.example.org', bindAsAuth: { prefix: 'cn=' } }],
  'postgresql.parameters': [{ work_mem: '16MB' }, { work_mem: '32MB' }, 'reload'],
  'postgresql.pg_hba': [null, ['hostssl app app 10.0.0.0/8 scram-sha-256']],
  'postgresql.pg_ident': [null, ['mymap /^(.*)@example.org$ \\1']],
  'postgresql.promotionTimeout': [null, 100],
  'postgresql.shared_preload_libraries': [null, ['pg_cron'], 'rolling-restart'],
  'postgresql.syncReplicaElectionConstraint': [null, { enabled: true, nodeLabelsAntiAffinity: ['zone'] }],
  'postgresql.synchronous': [null, { method: 'any', number: 1 }],
  primaryLease: [null, { leaseDurationSeconds: 30 }],
  primaryUpdateMethod: ['restart', 'switchover'],
  primaryUpdateStrategy: ['unsupervised', 'supervised'],
  priorityClassName: [null, 'high'],
  'probes.liveness': [{ periodSeconds: 10 }, { periodSeconds: 20 }],
  'probes.liveness.isolationCheck': [{ enabled: true }, { enabled: false }],
  'probes.readiness': [null, { periodSeconds: 20 }],
  'probes.startup': [null, { periodSeconds: 20 }],
  projectedVolumeTemplate: [null, { sources: [{ configMap: { name: 'c' } }] }],
  replica: [
    null,
    { primary: 'other', source: 'other' },
    'switchover',
    { externalClusters: [OTHER], bootstrap: { recovery: { source: 'other' } } },
  ],
  replicationSlots: [null, { updateInterval: 60 }],
  resources: [null, { requests: { memory: '1Gi' } }],
  schedulerName: [null, 'other'],
  seccompProfile: [null, { type: 'Unconfined' }],
  securityContext: [null, { readOnlyRootFilesystem: true }],
  serviceAccountName: [null, 'postgres'],
  serviceAccountTemplate: [null, { metadata: { annotations: { a: 'b' } } }],
  smartShutdownTimeout: [180, 60],
  startDelay: [3600, 60],
  stopDelay: [1800, 600],
  storage: [{ size: '10Gi' }, { size: '20Gi' }, 'resize'],
  superuserSecret: [null, { name: 'postgres' }],
  switchoverDelay: [3600, 60],
  tablespaces: [space('1Gi'), space('2Gi'), 'resize'],
  topologySpreadConstraints: [
    null,
    [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
  ],
  walStorage: [null, volume, 'rolling-restart'],
}

const ANNOTATIONS: Record<string, Edit> = {
  'cnpg.io/hibernation': [null, 'on', 'hibernation'],
  'cnpg.io/fencedInstances': [null, '["*"]', 'hibernation'],
  'cnpg.io/skipWalArchiving': [null, 'enabled', 'rolling-restart'],
  'cnpg.io/reconciliationLoop': [null, 'disabled', 'ignored'],
  'kubectl.kubernetes.io/restartedAt': [null, '2026-01-01T00:00:00Z'],
  'cnpg.io/reloadedAt': [null, '2026-01-01T00:00:00Z'],
  'cnpg.io/podPatch': [null, '[{"op":"add","path":"/metadata/labels/a","value":"b"}]'],
  'alpha.cnpg.io/enableInstancePprof': [null, 'true'],
  'cnpg.io/reconcilePodSpec': [null, 'disabled'],
  'cnpg.io/skipEmptyWalArchiveCheck': [null, 'enabled'],
  'cnpg.io/validation': [null, 'disabled'],
  'cnpg.io/coredumpFilter': [null, '0x31'],
  'alpha.cnpg.io/failoverQuorum': [
    null,
    't',
    undefined,
    { postgresql: { synchronous: { method: 'any', number: 1, failoverQuorum: true } } },
  ],
  'alpha.cnpg.io/livenessPinger': [null, '{"enabled":true}'],
  'alpha.cnpg.io/unrecoverable': [null, 'true'],
}

const SAID: Record<FieldEffect, ImpactKind> = {
  // method restart, three instances
  roll: 'rolling-restart',
  reload: 'reload',
  live: 'none',
  later: 'ignored',
  ignored: 'ignored',
  // says so itself
  special: 'unknown',
}

const AUTH = { authQuery: 'SELECT usename, passwd FROM user_search($1)', authQuerySecret: { name: 'auth' } }
const POOLER: Record<string, Edit> = {
  cluster: [{ name: 'pg' }, { name: 'other' }],
  deploymentStrategy: [null, { type: 'Recreate' }],
  instances: [1, 2, 'scale'],
  monitoring: [null, { enablePodMonitor: true }],
  'pgbouncer.authQuery': [AUTH.authQuery, 'SELECT * FROM other($1)', undefined, { pgbouncer: AUTH }],
  'pgbouncer.authQuerySecret': [AUTH.authQuerySecret, { name: 'other' }, undefined, { pgbouncer: AUTH }],
  'pgbouncer.clientCASecret': [null, { name: 'ca' }],
  'pgbouncer.clientTLSSecret': [null, { name: 'tls' }],
  'pgbouncer.image': [null, 'ghcr.io/cloudnative-pg/pgbouncer:1.24.1'],
  'pgbouncer.imageCatalogRef': [
    null,
    { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'images', key: 'pgbouncer' },
  ],
  'pgbouncer.parameters': [{ max_client_conn: '100' }, { max_client_conn: '200' }],
  'pgbouncer.paused': [null, true, 'hibernation'],
  'pgbouncer.pg_hba': [null, ['host all all 10.0.0.0/8 md5']],
  'pgbouncer.poolMode': ['session', 'transaction'],
  'pgbouncer.serverCASecret': [null, { name: 'ca' }],
  'pgbouncer.serverTLSSecret': [
    { name: 'tls' },
    { name: 'other' },
    undefined,
    { pgbouncer: { authQuery: AUTH.authQuery } },
  ],
  serviceAccountName: ['a', 'b'],
  serviceTemplate: [null, { spec: { type: 'LoadBalancer' } }],
  template: [null, { spec: { containers: [], priorityClassName: 'high' } }],
  type: ['rw', 'ro'],
}

const PLUGIN = { name: 'barman-cloud.cloudnative-pg.io' }
const SCHEDULED_BACKUP: Record<string, Edit> = {
  backupOwnerReference: ['self', 'cluster'],
  cluster: [{ name: 'pg' }, { name: 'other' }, 'ignored'],
  immediate: [false, true],
  method: ['barmanObjectStore', 'volumeSnapshot', 'none', { online: null, onlineConfiguration: null }],
  online: [true, false, undefined, { method: 'volumeSnapshot' }],
  onlineConfiguration: [null, { immediateCheckpoint: true }, undefined, { method: 'volumeSnapshot' }],
  pluginConfiguration: [PLUGIN, { ...PLUGIN, parameters: { a: 'b' } }, 'none', { method: 'plugin' }],
  schedule: ['0 0 3 * * *', '0 0 4 * * *', 'none'],
  suspend: [false, true, 'backup-gap'],
  target: ['primary', 'prefer-standby'],
}

/** Of the kinds that stand for something inside PostgreSQL: every edit is live, but for what is told here. */
const DECLARED: Record<string, Record<string, Edit>> = {
  Database: {
    allowConnections: [true, false],
    builtinLocale: ['C', 'C.UTF-8', 'ignored', { localeProvider: 'builtin' }],
    cluster: [{ name: 'pg' }, { name: 'other' }, 'ignored'],
    collationVersion: ['1', '2', 'ignored'],
    connectionLimit: [-1, 10],
    databaseReclaimPolicy: ['retain', 'delete'],
    encoding: ['UTF8', 'LATIN1', 'ignored'],
    ensure: ['present', 'absent', 'data-loss'],
    extensions: [null, [{ name: 'vector' }]],
    fdws: [null, [{ name: 'f' }]],
    icuLocale: ['de', 'en', 'ignored', { localeProvider: 'icu' }],
    icuRules: ['&a', '&b', 'ignored', { localeProvider: 'icu' }],
    isTemplate: [false, true],
    locale: ['C', 'C.UTF-8', 'ignored'],
    localeCType: ['C', 'C.UTF-8', 'ignored'],
    localeCollate: ['C', 'C.UTF-8', 'ignored'],
    localeProvider: ['libc', 'icu', 'ignored'],
    name: ['a', 'b', 'ignored'],
    owner: ['app', 'other'],
    schemas: [[{ name: 's' }], [{ name: 's', ensure: 'absent' }], 'data-loss'],
    servers: [
      [{ name: 's', fdw: 'f' }],
      [{ name: 's', fdw: 'f', options: [{ name: 'o', value: 'v' }] }],
      undefined,
      { fdws: [{ name: 'f' }] },
    ],
    tablespace: ['a', 'b'],
    template: ['template0', 'template1', 'ignored'],
  },
  Publication: {
    cluster: [{ name: 'pg' }, { name: 'other' }, 'ignored'],
    dbname: ['a', 'b', 'ignored'],
    name: ['a', 'b', 'ignored'],
    parameters: [null, { publish: 'insert' }],
    publicationReclaimPolicy: ['retain', 'delete'],
    target: [{ objects: [{ tablesInSchema: 'a' }] }, { objects: [{ tablesInSchema: 'b' }] }],
  },
  Subscription: {
    cluster: [{ name: 'pg' }, { name: 'other' }, 'ignored'],
    dbname: ['a', 'b', 'ignored'],
    externalClusterName: ['a', 'b'],
    name: ['a', 'b', 'ignored'],
    parameters: [null, { streaming: 'on' }],
    publicationDBName: ['a', 'b'],
    publicationName: ['a', 'b'],
    subscriptionReclaimPolicy: ['retain', 'delete'],
  },
  DatabaseRole: {
    bypassrls: [false, true],
    clientCertificate: [null, { enabled: true }, undefined, { login: true }],
    cluster: [{ name: 'pg' }, { name: 'other' }, 'ignored'],
    comment: [null, 'hello'],
    connectionLimit: [-1, 10],
    createdb: [false, true],
    createrole: [false, true],
    databaseRoleReclaimPolicy: ['retain', 'delete'],
    disablePassword: [false, true],
    ensure: ['present', 'absent', 'data-loss'],
    inRoles: [null, ['other']],
    inherit: [true, false],
    login: [false, true],
    name: ['a', 'b', 'ignored'],
    passwordSecret: [null, { name: 's' }],
    replication: [false, true],
    superuser: [false, true],
    validUntil: [null, '2030-01-01T00:00:00Z'],
  },
}

/** Whole specs that the edits are made in; null in an edit takes a field away. */
const SPECS: Record<string, JsonObject> = {
  Cluster: { instances: 3, imageName: `${IMAGE}:17.6-system-trixie`, storage: { size: '10Gi' } },
  Pooler: { cluster: { name: 'pg' }, pgbouncer: {} },
  ScheduledBackup: { cluster: { name: 'pg' }, schedule: '0 0 3 * * *' },
  Database: { cluster: { name: 'pg' }, name: 'data', owner: 'app' },
  Publication: { cluster: { name: 'pg' }, name: 'p', dbname: 'data', target: { allTables: true } },
  Subscription: {
    cluster: { name: 'pg' },
    name: 's',
    dbname: 'data',
    publicationName: 'p',
    externalClusterName: 'main',
  },
  DatabaseRole: { cluster: { name: 'pg' }, name: 'r' },
}

interface Row {
  kind: string
  field: string
  edit: Edit
  wanted: ImpactKind
}

function rowsOf(kind: string, edits: Record<string, Edit>, effectOf: (field: string) => FieldEffect): Row[] {
  return Object.entries(edits).map(([field, edit]) => ({
    kind,
    field,
    edit,
    wanted: edit[2] ?? SAID[effectOf(field)],
  }))
}

const ruleIn = (rules: Readonly<Record<string, FieldRule>>) => (field: string) =>
  rules[field]?.effect ?? 'special'
const rows: Row[] = [
  ...rowsOf('Cluster', CLUSTER, ruleIn(CLUSTER_FIELDS)),
  ...rowsOf('Cluster', ANNOTATIONS, ruleIn(CLUSTER_ANNOTATIONS)),
  // the Pods of a pooler are replaced one by one, too
  ...rowsOf('Pooler', POOLER, ruleIn(POOLER_FIELDS)),
  ...rowsOf('ScheduledBackup', SCHEDULED_BACKUP, ruleIn(SCHEDULED_BACKUP_FIELDS)),
  ...Object.entries(DECLARED).flatMap(([kind, edits]) => rowsOf(kind, edits, () => 'live')),
]

/** What the operator or the CRD refuses beside what the tables call immutable; what the edit would do is said all the same. */
const REFUSED = new Set([
  'Cluster postgresGID',
  'Cluster postgresUID',
  'Pooler serviceAccountName',
  'Pooler cluster',
  'ScheduledBackup cluster',
  'DatabaseRole ensure',
])

/** The operator takes names of Clusters of at most 50 characters. */
function nameOf({ kind, field }: Row): string {
  const name = `${kind}-${field}`.replaceAll(/[^A-Za-z]/g, '-')
  return name
    .replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
    .replaceAll(/-+/g, '-')
    .replace(/^-/, '')
    .replace('cluster-postgresql', 'cluster')
}

function manifest(row: Row, side: 0 | 1): JsonObject {
  const { kind, field, edit } = row
  const spec: JsonObject = { ...SPECS[kind] }
  for (const [name, given] of Object.entries(edit[3] ?? {}))
    if (given === null) delete spec[name]
    else spec[name] = given
  const value = edit[side]
  const isAnnotation = field.includes('/')
  if (!isAnnotation) put(spec, field.split('.'), value)
  return {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind,
    metadata: {
      name: nameOf(row),
      namespace: 'db',
      ...(isAnnotation && value !== null ? { annotations: { [field]: value } } : {}),
    },
    spec,
  }
}

function put(spec: JsonObject, [first = '', ...rest]: string[], value: Json): void {
  if (rest.length > 0) {
    const inner = spec[first]
    const next: JsonObject = isObject(inner) ? { ...inner } : {}
    put(next, rest, value)
    spec[first] = next
  } else if (value === null) delete spec[first]
  else spec[first] = value
}

/** What the objects above refer to. */
const OTHERS: JsonObject[] = [
  ...['pg', 'other'].map(name => ({
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata: { name, namespace: 'db' },
    // set up for every method of backups
    spec: {
      ...SPECS['Cluster'],
      backup: { barmanObjectStore: S3, volumeSnapshot: { className: 'snapshots' } },
      plugins: [{ ...PLUGIN, parameters: { barmanObjectName: 'a' } }],
    },
  })),
  {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'ImageCatalog',
    metadata: { name: 'images', namespace: 'db' },
    spec: { images: [16, 17].map(major => ({ major, image: `${IMAGE}:${major}.10-system-trixie` })) },
  },
  ...['a', 'b'].map(name => ({
    apiVersion: 'barmancloud.cnpg.io/v1',
    kind: 'ObjectStore',
    metadata: { name, namespace: 'db' },
    spec: { configuration: { ...S3, destinationPath: `s3://${name}/` } },
  })),
]

function unit(name: string, path: string): string {
  return stringify({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system' },
    spec: { interval: '1h', prune: true, path, sourceRef: { kind: 'GitRepository', name: 'fleet' } },
  })
}

function tree(side: 0 | 1): Record<string, string> {
  const objects = [...OTHERS, ...rows.map(row => manifest(row, side))]
  return {
    'clusters/main/flux.yaml': `${unit('flux-system', './clusters/main')}---\n${unit('db', './db')}`,
    ...Object.fromEntries(objects.map((object, index) => [`db/${index}.yaml`, stringify(object)])),
  }
}

let review: Review
beforeAll(async () => {
  review = await offlineReview(tree(0), tree(1), { ...defaultConfig, cnpgVersion: '1.30.0' })
}, 120_000)

it('has an edit for every field and every annotation that has a rule', () => {
  expect(Object.keys(CLUSTER).toSorted()).toEqual(Object.keys(CLUSTER_FIELDS).toSorted())
  expect(Object.keys(ANNOTATIONS).toSorted()).toEqual(Object.keys(CLUSTER_ANNOTATIONS).toSorted())
  expect(Object.keys(POOLER).toSorted()).toEqual(Object.keys(POOLER_FIELDS).toSorted())
  expect(Object.keys(SCHEDULED_BACKUP).toSorted()).toEqual(Object.keys(SCHEDULED_BACKUP_FIELDS).toSorted())
  expect(Object.keys(DECLARED).toSorted()).toEqual(Object.keys(DECLARED_KINDS).toSorted())
})

describe('an edit of', () => {
  it.each(rows.map(row => [`${row.kind} ${row.field}`, row.wanted, row] as const))(
    '%s: %s',
    (label, wanted, row) => {
      const name = nameOf(row)
      const ofObject = ({ resource }: { resource?: Resource }) =>
        resource?.kind === row.kind && resource.name === name
      const impacts = review.impacts.filter(ofObject).map(({ impact }) => impact)
      // all of them, so that a failure shows what was said instead
      expect([label, ...impacts]).toContain(wanted)
      expect(impacts).not.toContain('unknown')
      // it is the edit that is judged, not what is wrong with the object
      const errors = review.findings.filter(finding => finding.level === 'error' && ofObject(finding))
      const isRefused = REFUSED.has(label) || (row.kind in DECLARED && row.wanted === 'ignored')
      expect([label, errors.length > 0 && !isRefused ? errors : []]).toEqual([label, []])
      expect(errors.length > 0).toBe(isRefused)
    },
  )
})

describe('knows every field that the catalogued versions have', () => {
  const catalog = openCatalog()
  it.each<[string, (path: string) => boolean]>([
    ['Cluster', path => Object.hasOwn(CLUSTER_FIELDS, path)],
    ['Pooler', path => Object.hasOwn(POOLER_FIELDS, path)],
    ['ScheduledBackup', path => Object.hasOwn(SCHEDULED_BACKUP_FIELDS, path)],
    ...Object.entries(DECLARED).map(([kind, edits]): [string, (path: string) => boolean] => [
      kind,
      path => Object.hasOwn(edits, path),
    ]),
  ])('in the spec of %s', (kind, isKnown) => {
    const specs = Object.keys(catalog.index['cnpg'] ?? {}).flatMap(version => {
      const found = fromCatalog(catalog, { cnpg: version }).find('postgresql.cnpg.io', kind)
      return found?.schemaOf('v1')?.properties?.['spec'] ?? []
    })
    expect(specs).not.toEqual([])
    expect([...new Set(specs.flatMap(spec => unknownIn(spec, '', isKnown)))]).toEqual([])
  })
})

/** Paths that no rule speaks of, as deep as any of its neighbours has one. */
function unknownIn(schema: StructuralSchema, path: string, isKnown: (path: string) => boolean): string[] {
  if (isKnown(path)) return []
  const inner = Object.entries(schema.properties ?? {})
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  if (path !== '' && !inner.some(([name]) => isKnown(at(name)))) return [path]
  return inner.flatMap(([name, below]) => unknownIn(below, at(name), isKnown))
}
