import { describe, expect, it } from 'vitest'
import { CLUSTER_CHANGE_RULES, CLUSTER_RULES } from '../../../src/cnpg/admission/cluster.ts'
import { mutate, validate } from '../../../src/cnpg/admission/webhooks.ts'
import { isObject, type Json, type JsonObject } from '../../../src/manifest/json.ts'

// One line a rule: what fails, at which field, what passes. A `!` before a key of the spec stands for metadata
// ('!name', '!annotations').

type Change = Record<string, Json>
type Line = [
  rule: string,
  fails: Change,
  field: string,
  passes: Change,
  more?: { version?: string; old?: Change; status?: JsonObject },
]

const image = (tag: string) => `ghcr.io/cloudnative-pg/postgresql:${tag}`
const parameters = (given: Change): Change => ({ postgresql: { parameters: given } })
const initdb = (given: Change): Change => ({ bootstrap: { initdb: { database: 'a', owner: 'a', ...given } } })
const monolith = (given: Change): Change => ({
  bootstrap: {
    initdb: { import: { type: 'monolith', source: { externalCluster: 'o' }, databases: ['*'], ...given } },
  },
})
const micro = (given: Change): Change => ({
  bootstrap: {
    initdb: {
      import: { type: 'microservice', source: { externalCluster: 'o' }, databases: ['a'], ...given },
    },
  },
})
const external = { name: 'o', connectionParameters: { host: 'h' } }
const recovery = (given: Change): Change => ({
  bootstrap: { recovery: { source: 'o', ...given } },
  externalClusters: [external],
})
const target = (given: Change) => recovery({ recoveryTarget: { backupID: 'b', ...given } })
const snapshot = (kind: string, group = 'snapshot.storage.k8s.io') => ({ kind, apiGroup: group, name: 's' })
const store = (given: Change): Change => ({
  backup: { barmanObjectStore: { destinationPath: 's3://b', ...given } },
})
const key = { name: 's', key: 'k' }
const s3 = { s3Credentials: { accessKeyId: key, secretAccessKey: key } }
const tablespace = (name: string, size = '1Gi') => ({ name, storage: { size } })
const tolerations = (given: Change): Change => ({ affinity: { tolerations: [given] } })
const synchronous = (given: Change): Change => ({
  postgresql: { synchronous: { method: 'any', number: 1, ...given } },
})
const replica = (given: Change): Change => ({ ...recovery({}), replica: { source: 'o', ...given } })
const resources = (requests: Change, limits: Change = {}): Change => ({ resources: { requests, limits } })
const role = (given: Change): Change => ({
  managed: { roles: [{ name: 'a', connectionLimit: -1, ...given }] },
})
const services = (...names: string[]): Change => ({
  managed: {
    services: {
      additional: names.map(name => ({ selectorType: 'rw', serviceTemplate: { metadata: { name } } })),
    },
  },
})
const extension = (given: Change, ...more: Change[]): Change => ({
  postgresql: { extensions: [{ name: 'x', image: { reference: 'i:1' }, ...given }, ...more] },
})
const token = (given: Change) =>
  Buffer.from(
    JSON.stringify({
      latestCheckpointTimelineID: '1',
      redoWalFile: 'f',
      databaseSystemIdentifier: '2',
      latestCheckpointREDOLocation: '0/1',
      timeOfLatestCheckpoint: 't',
      operatorVersion: 'v',
      ...given,
    }),
  ).toString('base64')
const annotated = (name: string, value: string): Change => ({ '!annotations': { [name]: value } })
const running = (major: number): JsonObject => ({
  pgDataImageInfo: { image: image(`${major}.1`), majorVersion: major },
})
const quorum = (given: Change) => synchronous({ failoverQuorum: true, ...given })
const logical = (more: Change, tag = '17.5'): Change => ({
  imageName: image(tag),
  replicationSlots: { highAvailability: { enabled: true, synchronizeLogicalDecoding: true } },
  ...parameters(more),
})
const BOTH_ON = { hot_standby_feedback: 'on', sync_replication_slots: 'on' }
const selector = (given: Change): Change => ({ podSelectorRefs: [{ name: 'a', selector: given }] })
const patch = (...operations: Json[]) => annotated('cnpg.io/podPatch', JSON.stringify(operations))

const lines: Line[] = [
  [
    'validateInitDB',
    initdb({ walSegmentSize: 3 }),
    'spec.bootstrap.initdb.walSegmentSize',
    initdb({ walSegmentSize: 64 }),
  ],
  [
    'validateInitDB',
    initdb({ postInitApplicationSQLRefs: { secretRefs: [{ name: 's', key: '' }] } }),
    'spec.bootstrap.initdb.postInitApplicationSQLRefs.secretRefs',
    initdb({ postInitApplicationSQLRefs: { secretRefs: [key] } }),
  ],
  [
    'validateInitDB',
    initdb({ postInitApplicationSQLRefs: { configMapRefs: [{ name: '', key: 'k' }] } }),
    'spec.bootstrap.initdb.postInitApplicationSQLRefs.configMapRefs',
    initdb({ postInitSQLRefs: { configMapRefs: [{ name: '', key: 'k' }] } }),
  ],
  [
    'validateInitDB',
    {
      ...monolith({}),
      bootstrap: { initdb: { owner: 'x', import: { type: 'monolith', databases: ['*'] } } },
    },
    'spec.bootstrap.initdb.database',
    monolith({}),
  ],
  ['validateImport', micro({ databases: ['a', 'b'] }), 'spec.bootstrap.initdb.import.databases', micro({})],
  [
    'validateImport',
    micro({ databases: ['a*'] }),
    'spec.bootstrap.initdb.import.databases.0',
    micro({ databases: ['a'] }),
  ],
  [
    'validateImport',
    micro({ roles: ['r'] }),
    'spec.bootstrap.initdb.import.roles',
    monolith({ roles: ['r'] }),
  ],
  [
    'validateImport',
    monolith({ databases: [] }),
    'spec.bootstrap.initdb.import.databases',
    monolith({ databases: ['a', 'b'] }),
  ],
  [
    'validateImport',
    monolith({ databases: ['*', 'a'] }),
    'spec.bootstrap.initdb.import.databases',
    monolith({ databases: ['*'] }),
  ],
  [
    'validateImport',
    monolith({ roles: ['*', 'a'] }),
    'spec.bootstrap.initdb.import.roles',
    monolith({ roles: ['*'] }),
  ],
  [
    'validateImport',
    monolith({ postImportApplicationSQL: ['x'] }),
    'spec.bootstrap.initdb.import.postImportApplicationSQL',
    micro({ postImportApplicationSQL: ['x'] }),
  ],
  [
    'validateImport',
    { bootstrap: { initdb: { import: { type: 'x' } } } },
    'spec.bootstrap.initdb.import.type',
    micro({}),
  ],
  [
    'validateSuperuserSecret',
    { superuserSecret: { name: '' } },
    'spec.superusersecret.name',
    { superuserSecret: { name: 's' } },
  ],
  [
    'validateCerts',
    { certificates: { serverTLSSecret: 's' } },
    'spec.certificates.servercasecret',
    { certificates: { serverTLSSecret: 's', serverCASecret: 'c' } },
  ],
  [
    'validateCerts',
    { certificates: { serverTLSSecret: 's', serverCASecret: 'c', serverAltDNSNames: ['a'] } },
    'spec.certificates.serveraltdnsnames',
    { certificates: { serverAltDNSNames: ['a'] } },
  ],
  [
    'validateCerts',
    { certificates: { replicationTLSSecret: 's' } },
    'spec.certificates.clientcasecret',
    { certificates: { replicationTLSSecret: 's', clientCASecret: 'c' } },
  ],
  [
    'validateBootstrapMethod',
    { ...recovery({}), bootstrap: { initdb: { database: 'a', owner: 'a' }, recovery: { source: 'o' } } },
    'spec.bootstrap',
    recovery({}),
  ],
  ['validateImageName', { imageName: image('latest') }, 'spec.imageName', { imageName: image('17') }],
  ['validateImageName', { imageName: 'pg@sha256:ab' }, 'spec.imageName', { imageName: 'pg:17@sha256:ab' }],
  ['validateImageName', { imageName: 'pg:v17' }, 'spec.imageName', { imageName: 'pg:17beta1' }],
  [
    'validateImagePullPolicy',
    { imagePullPolicy: 'always' },
    'spec.imagePullPolicy',
    { imagePullPolicy: 'Always' },
  ],
  [
    'validateRecoveryTarget',
    target({ targetLSN: '0/1', targetTime: '2026-01-01 00:00:00' }),
    'spec.bootstrap.recovery.recoveryTarget',
    target({ targetLSN: '0/1' }),
  ],
  [
    'validateRecoveryTarget',
    target({ targetTime: 'yesterday' }),
    'spec.bootstrap.recovery.recoveryTarget',
    target({ targetTime: '2026-01-01T00:00:00Z' }),
  ],
  [
    'validateRecoveryTarget',
    target({ targetLSN: 'x/1' }),
    'spec.bootstrap.recovery.recoveryTarget',
    target({ targetLSN: 'F/1' }),
  ],
  [
    'validateRecoveryTarget',
    target({ targetXID: '4294967296' }),
    'spec.bootstrap.recovery.recoveryTarget.targetXID',
    target({ targetXID: '4294967295' }),
  ],
  [
    'validateRecoveryTarget',
    target({ targetName: 'x'.repeat(64) }),
    'spec.bootstrap.recovery.recoveryTarget.targetName',
    target({ targetName: 'x'.repeat(63) }),
  ],
  [
    'validateRecoveryTarget',
    target({ targetName: 'a\nb' }),
    'spec.bootstrap.recovery.recoveryTarget.targetName',
    target({ targetName: 'a b' }),
  ],
  [
    'validateRecoveryTarget',
    recovery({ recoveryTarget: { targetImmediate: false } }),
    'spec.bootstrap.recovery.recoveryTarget',
    target({ targetImmediate: true }),
  ],
  [
    'validateRecoveryTarget',
    target({ targetTLI: '0' }),
    'spec.bootstrap.recovery.recoveryTarget.targetTLI',
    target({ targetTLI: 'latest' }),
  ],
  [
    'validatePrimaryUpdateStrategy',
    { primaryUpdateStrategy: 'x' },
    'spec.primaryUpdateStrategy',
    { primaryUpdateStrategy: 'supervised' },
  ],
  [
    'validatePrimaryUpdateStrategy',
    { primaryUpdateStrategy: 'supervised', instances: 1 },
    'spec.primaryUpdateStrategy',
    { primaryUpdateStrategy: 'unsupervised', instances: 1 },
  ],
  [
    'validateMinSyncReplicas',
    { minSyncReplicas: 2, maxSyncReplicas: 1 },
    'spec.minSyncReplicas',
    { minSyncReplicas: 1, maxSyncReplicas: 1 },
  ],
  ['validateMaxSyncReplicas', { maxSyncReplicas: 3 }, 'spec.maxSyncReplicas', { maxSyncReplicas: 2 }],
  ['validateStorageSize', { storage: { size: '10gi' } }, 'spec.storage.size', { storage: { size: '+10Gi' } }],
  [
    'validateStorageSize',
    { storage: {} },
    'spec.storage.size',
    { storage: { pvcTemplate: { resources: { requests: { storage: '1Gi' } } } } },
  ],
  ['validateWalStorageSize', { walStorage: {} }, 'spec.walStorage.size', { walStorage: { size: '1Gi' } }],
  [
    'validateEphemeralVolumeSource',
    { ephemeralVolumeSource: {}, ephemeralVolumesSizeLimit: { temporaryData: '1Gi' } },
    'spec.ephemeralVolumeSource',
    { ephemeralVolumeSource: {}, ephemeralVolumesSizeLimit: { shm: '1Gi' } },
  ],
  [
    'validateTablespaceStorageSize',
    { tablespaces: [{ name: 'a', storage: {} }] },
    'spec.tablespaces[0].size',
    { tablespaces: [tablespace('a')] },
  ],
  ['validateName', { '!name': 'pg.v1' }, 'metadata.name', { '!name': 'pg-v1' }],
  ['validateName', { '!name': 'a'.repeat(51) }, 'metadata.name', { '!name': 'a'.repeat(50) }],
  [
    'validateTablespaceNames',
    { tablespaces: [tablespace('a'), tablespace('A')] },
    'spec.tablespaces[1]',
    { tablespaces: [tablespace('a'), tablespace('b')] },
  ],
  [
    'validateTablespaceNames',
    { tablespaces: [tablespace('pg_a')] },
    'spec.tablespaces[0]',
    { tablespaces: [tablespace('pga')] },
  ],
  [
    'validateTablespaceNames',
    { tablespaces: [tablespace('1a')] },
    'spec.tablespaces[0]',
    { tablespaces: [tablespace('_a$1')] },
  ],
  [
    'validateTablespaceNames',
    { tablespaces: [tablespace('a'.repeat(64))] },
    'spec.tablespaces[0]',
    { tablespaces: [tablespace('a'.repeat(63))] },
  ],
  [
    'validateTablespaceNames',
    { tablespaces: [tablespace('a_b'), tablespace('a$b')] },
    'spec.tablespaces[1]',
    { tablespaces: [tablespace('a_b'), tablespace('ab')] },
  ],
  [
    'validateBootstrapPgBaseBackupSource',
    { bootstrap: { pg_basebackup: { source: 'x' } }, externalClusters: [external] },
    'spec.bootstrap.pg_basebackup.source',
    { bootstrap: { pg_basebackup: { source: 'o' } }, externalClusters: [external] },
  ],
  [
    'validateTablespaceBackupSnapshot',
    { backup: { volumeSnapshot: { tablespaceClassName: { a: 'c' } } } },
    'spec.backup.volumeSnapshot.tablespaceClassName',
    { backup: { volumeSnapshot: { tablespaceClassName: { a: 'c' } } }, tablespaces: [tablespace('a')] },
  ],
  [
    'validateBootstrapRecoverySource',
    { ...recovery({ source: 'x' }), externalClusters: [external] },
    'spec.bootstrap.recovery.source',
    recovery({}),
  ],
  [
    'validateBootstrapRecoverySource',
    recovery({}),
    'spec.bootstrap.recovery.source',
    { ...recovery({}), externalClusters: [{ name: 'o', plugin: { name: 'p' } }] },
    { version: '1.28.1' },
  ],
  [
    'validateBootstrapRecoveryDataSource',
    { bootstrap: { recovery: { volumeSnapshots: { storage: snapshot('Pod', '') } } } },
    'spec.bootstrap.recovery.storage',
    { bootstrap: { recovery: { volumeSnapshots: { storage: snapshot('VolumeSnapshot') } } } },
  ],
  [
    'validateBootstrapRecoveryDataSource',
    {
      bootstrap: {
        recovery: {
          volumeSnapshots: {
            storage: snapshot('PersistentVolumeClaim', ''),
            walStorage: snapshot('VolumeSnapshot'),
          },
        },
      },
    },
    'spec.bootstrap.recovery.dataSource.walStorage',
    {
      walStorage: { size: '1Gi' },
      bootstrap: {
        recovery: {
          volumeSnapshots: {
            storage: snapshot('PersistentVolumeClaim', ''),
            walStorage: snapshot('VolumeSnapshot'),
          },
        },
      },
    },
  ],
  [
    'validateBootstrapRecoveryDataSource',
    {
      bootstrap: {
        recovery: { backup: { name: 'b' }, volumeSnapshots: { storage: snapshot('VolumeSnapshot') } },
      },
    },
    'spec.bootstrap.recovery.backup',
    { bootstrap: { recovery: { backup: { name: 'b' } } } },
  ],
  [
    'validateBootstrapRecoveryDataSource',
    {
      bootstrap: {
        recovery: {
          recoveryTarget: { backupID: 'b' },
          volumeSnapshots: { storage: snapshot('VolumeSnapshot') },
        },
      },
    },
    'spec.bootstrap.recovery.recoveryTarget.backupID',
    {
      bootstrap: {
        recovery: {
          recoveryTarget: { targetName: 'n' },
          volumeSnapshots: { storage: snapshot('VolumeSnapshot') },
        },
      },
    },
  ],
  [
    'validateExternalClusters',
    { externalClusters: [external, external] },
    'spec.externalClusters',
    { externalClusters: [external, { ...external, name: 'p' }] },
  ],
  [
    'validateExternalClusters',
    { externalClusters: [{ name: 'o' }] },
    'spec.externalClusters[0]',
    { externalClusters: [{ name: 'o', connectionParameters: {} }] },
  ],
  [
    'validateExternalClusters',
    { externalClusters: [{ ...external, name: 'a/b' }] },
    'spec.externalClusters[0].name',
    { externalClusters: [{ ...external, name: 'a.b' }] },
  ],
  [
    'validateExternalClusters',
    { externalClusters: [{ ...external, sslKey: { name: '..', key: 'k' } }] },
    'spec.externalClusters[0].sslKey.name',
    { externalClusters: [{ ...external, sslKey: key }] },
  ],
  [
    'validateTolerations',
    tolerations({ key: 'a b', operator: 'Exists' }),
    'spec.affinity.toleration[0].key',
    tolerations({ key: 'x.io/a', operator: 'Exists' }),
  ],
  [
    'validateTolerations',
    tolerations({ operator: 'Equal' }),
    'spec.affinity.toleration[0].operator',
    tolerations({ operator: 'Exists' }),
  ],
  [
    'validateTolerations',
    tolerations({ key: 'a', operator: 'Exists', tolerationSeconds: 1 }),
    'spec.affinity.toleration[0].effect',
    tolerations({ key: 'a', operator: 'Exists', tolerationSeconds: 1, effect: 'NoExecute' }),
  ],
  [
    'validateTolerations',
    tolerations({ key: 'a', value: 'x y' }),
    'spec.affinity.toleration[0].operator',
    tolerations({ key: 'a', value: 'xy' }),
  ],
  [
    'validateTolerations',
    tolerations({ key: 'a', operator: 'Exists', value: 'x' }),
    'spec.affinity.toleration[0].operator',
    tolerations({ key: 'a', operator: 'Exists' }),
  ],
  [
    'validateTolerations',
    tolerations({ key: 'a', operator: 'In' }),
    'spec.affinity.toleration[0].operator',
    tolerations({ key: 'a', operator: 'Equal' }),
  ],
  [
    'validateTolerations',
    tolerations({ key: 'a', effect: 'x' }),
    'spec.affinity.toleration[0].effect',
    tolerations({ key: 'a', effect: 'NoSchedule' }),
  ],
  [
    'validateAntiAffinity',
    { affinity: { podAntiAffinityType: 'hard' } },
    'spec.affinity.podAntiAffinityType',
    { affinity: { podAntiAffinityType: 'required' } },
  ],
  [
    'validateReplicaMode',
    replica({ enabled: true, primary: 'o' }),
    'spec.replicaCluster.enabled',
    replica({ enabled: true }),
  ],
  [
    'validateReplicaMode',
    { replica: { source: 'o', enabled: true }, externalClusters: [external] },
    'spec.replicaCluster',
    replica({ enabled: true }),
  ],
  [
    'validateReplicaMode',
    replica({ source: 'x', enabled: true }),
    'spec.replicaCluster.primaryServerName',
    replica({ enabled: false }),
  ],
  [
    'validateReplicaMode',
    replica({ self: 'x', primary: 'o' }),
    'spec.replicaCluster.self',
    replica({ self: 'o', primary: 'o' }),
  ],
  [
    'validateReplicaMode',
    replica({ self: 'o', primary: 'x' }),
    'spec.replicaCluster.primary',
    replica({ self: 'o', primary: 'o' }),
  ],
  ['validateBackupConfiguration', store({}), 'spec.backup.barmanObjectStore', store(s3)],
  [
    'validateBackupConfiguration',
    store({ ...s3, googleCredentials: { gkeEnvironment: true } }),
    'spec.backup.barmanObjectStore',
    store({ googleCredentials: { gkeEnvironment: true } }),
  ],
  [
    'validateBackupConfiguration',
    store({ s3Credentials: { accessKeyId: key } }),
    'spec.backup.barmanObjectStore.awsCredentials',
    store(s3),
  ],
  [
    'validateBackupConfiguration',
    store({ s3Credentials: {} }),
    'spec.backup.barmanObjectStore.awsCredentials',
    store({ s3Credentials: { inheritFromIAMRole: true } }),
  ],
  [
    'validateBackupConfiguration',
    store({ s3Credentials: { ...s3.s3Credentials, inheritFromIAMRole: true } }),
    'spec.backup.barmanObjectStore.awsCredentials',
    store(s3),
  ],
  [
    'validateBackupConfiguration',
    store({ azureCredentials: {} }),
    'spec.backup.barmanObjectStore.azureCredentials',
    store({ azureCredentials: { useDefaultAzureCredentials: true } }),
  ],
  [
    'validateBackupConfiguration',
    store({ azureCredentials: { storageKey: key } }),
    'spec.backup.barmanObjectStore.azureCredentials',
    store({ azureCredentials: { storageKey: key, storageAccount: key } }),
  ],
  [
    'validateBackupConfiguration',
    store({ azureCredentials: { connectionString: key, storageAccount: key } }),
    'spec.backup.barmanObjectStore.azureCredentials',
    store({ azureCredentials: { connectionString: key } }),
  ],
  [
    'validateBackupConfiguration',
    store({ azureCredentials: {} }),
    'spec.backup.barmanObjectStore.azureCredentials',
    store({ azureCredentials: { storageKey: key } }),
    { version: '1.28.0' },
  ],
  [
    'validateBackupConfiguration',
    store({ googleCredentials: {} }),
    'spec.backupConfiguration.googleCredentials',
    store({ googleCredentials: { applicationCredentials: key } }),
  ],
  [
    'validateBackupConfiguration',
    store({ googleCredentials: { gkeEnvironment: true, applicationCredentials: key } }),
    'spec.backupConfiguration.googleCredentials',
    store({ googleCredentials: { gkeEnvironment: true } }),
  ],
  [
    'validateRetentionPolicy',
    { backup: { retentionPolicy: '30' } },
    'spec.backup.retentionPolicy',
    { backup: { retentionPolicy: '30d' } },
  ],
  [
    'validateConfiguration',
    { ...synchronous({}), maxSyncReplicas: 1 },
    'spec.postgresql.synchronous',
    synchronous({}),
  ],
  ['validateConfiguration', { imageName: image('12.1') }, 'spec.imageName', { imageName: image('13.1') }],
  [
    'validateConfiguration',
    parameters({ 'a.b.c': '1' }),
    'spec.postgresql.parameters.a.b.c',
    parameters({ 'a.b': '1' }),
  ],
  [
    'validateConfiguration',
    parameters({ ssl: 'off' }),
    'spec.postgresql.parameters.ssl',
    parameters({ work_mem: '1MB' }),
  ],
  [
    'validateConfiguration',
    parameters({ logging_collector: 'off' }),
    'spec.postgresql.parameters.logging_collector',
    parameters({ logging_collector: 'on' }),
  ],
  [
    'validateConfiguration',
    parameters({ archive_command: 'x' }),
    'spec.postgresql.parameters.archive_command',
    parameters({ archive_mode: 'off' }),
  ],
  [
    'validateConfiguration',
    parameters({ ssl_ecdh_curve: 'x' }),
    'spec.postgresql.parameters.ssl_ecdh_curve',
    {},
    { version: '1.30.0' },
  ],
  [
    'validateConfiguration',
    parameters({ wal_level: 'hot' }),
    'spec.postgresql.parameters.wal_level',
    parameters({ wal_level: 'replica' }),
  ],
  [
    'validateConfiguration',
    parameters({ wal_level: 'minimal', max_wal_senders: '0' }),
    'spec.postgresql.parameters.wal_level',
    {
      instances: 1,
      ...annotated('cnpg.io/skipWalArchiving', 'enabled'),
      ...parameters({ wal_level: 'minimal', max_wal_senders: '0' }),
    },
  ],
  [
    'validateConfiguration',
    {
      instances: 1,
      ...annotated('cnpg.io/skipWalArchiving', 'enabled'),
      ...parameters({ wal_level: 'minimal' }),
    },
    'spec.postgresql.parameters.max_wal_senders',
    parameters({ wal_level: 'logical' }),
  ],
  [
    'validateConfiguration',
    parameters({ shared_buffers: '1Gi' }),
    'spec.postgresql.parameters.shared_buffers',
    parameters({ shared_buffers: '1 GB' }),
  ],
  [
    'validateConfiguration',
    parameters({ hot_standby_feedback: 'maybe' }),
    'spec.postgresql.parameters.hot_standby_feedback',
    parameters({ hot_standby_feedback: 'YES' }),
  ],
  [
    'validateConfiguration',
    parameters({ sync_replication_slots: '2' }),
    'spec.postgresql.parameters.sync_replication_slots',
    parameters({ sync_replication_slots: '1' }),
  ],
  [
    'validateConfiguration',
    parameters({ wal_log_hints: 'off' }),
    'spec.postgresql.parameters.wal_log_hints',
    { instances: 1, ...parameters({ wal_log_hints: 'off' }) },
  ],
  [
    'validateConfiguration',
    parameters({ min_wal_size: '2GB' }),
    'spec.postgresql.parameters.min_wal_size',
    parameters({ min_wal_size: '2GB', max_wal_size: '3GB' }),
  ],
  [
    'validateConfiguration',
    parameters({ max_wal_size: '1X' }),
    'spec.postgresql.parameters.max_wal_size',
    parameters({ max_wal_size: '1024' }),
  ],
  [
    'validateConfiguration',
    { walStorage: { size: '2Gi' }, ...parameters({ max_wal_size: '2GB' }) },
    'spec.postgresql.parameters.max_wal_size',
    { walStorage: { size: '3Gi' }, ...parameters({ max_wal_size: '2GB' }) },
  ],
  [
    'validateConfiguration',
    { postgresql: { syncReplicaElectionConstraint: { enabled: true } } },
    'spec.postgresql.syncReplicaElectionConstraint.nodeLabelsAntiAffinity',
    { postgresql: { syncReplicaElectionConstraint: { enabled: true, nodeLabelsAntiAffinity: ['z'] } } },
  ],
  [
    'validateSynchronousReplicaConfiguration',
    synchronous({ number: 3 }),
    'spec.postgresql.synchronous',
    synchronous({ number: 3, standbyNamesPre: ['a'] }),
  ],
  [
    'validateFailoverQuorumAlphaAnnotation',
    { ...synchronous({}), ...annotated('alpha.cnpg.io/failoverQuorum', 'on') },
    'metadata.annotations.alpha.cnpg.io/failoverQuorum',
    { ...synchronous({}), ...annotated('alpha.cnpg.io/failoverQuorum', 'true') },
  ],
  [
    'validateFailoverQuorumAlphaAnnotation',
    annotated('alpha.cnpg.io/failoverQuorum', 'true'),
    'spec.postgresql.synchronous',
    annotated('alpha.cnpg.io/failoverQuorum', 'false'),
  ],
  [
    'validateFailoverQuorum',
    quorum({ standbyNamesPre: ['a'] }),
    'spec.postgresql.synchronous',
    quorum({ number: 2, standbyNamesPre: ['a'] }),
  ],
  [
    'validateFailoverQuorum',
    { instances: 2, ...synchronous({}), ...annotated('alpha.cnpg.io/failoverQuorum', 'true') },
    'spec.instances',
    { ...synchronous({}), ...annotated('alpha.cnpg.io/failoverQuorum', 'true') },
    { version: '1.27.0' },
  ],
  [
    'validateLDAP',
    { postgresql: { ldap: { port: 1 } } },
    'spec.postgresql.ldap',
    { postgresql: { ldap: { server: 's' } } },
  ],
  [
    'validateLDAP',
    { postgresql: { ldap: { server: 's', bindAsAuth: {}, bindSearchAuth: {} } } },
    'spec.postgresql.ldap',
    { postgresql: { ldap: { server: 's', bindAsAuth: {} } } },
  ],
  [
    'validateReplicationSlots',
    { replicationSlots: { synchronizeReplicas: { enabled: true, excludePatterns: ['('] } } },
    'spec.replicationSlots.synchronizeReplicas.excludePatterns',
    { replicationSlots: { synchronizeReplicas: { enabled: true, excludePatterns: ['^a'] } } },
  ],
  [
    'validateSynchronizeLogicalDecoding',
    logical({ hot_standby_feedback: 'on' }),
    'spec.postgresql.parameters.sync_replication_slots',
    logical(BOTH_ON),
  ],
  [
    'validateSynchronizeLogicalDecoding',
    logical({ sync_replication_slots: 'on' }),
    'spec.postgresql.parameters.hot_standby_feedback',
    logical(BOTH_ON),
  ],
  [
    'validateSynchronizeLogicalDecoding',
    logical(BOTH_ON, '16.1'),
    'spec.replicationSlots.highAvailability.synchronizeLogicalDecoding',
    logical({ ...BOTH_ON, 'pg_failover_slots.x': '1' }, '16.1'),
  ],
  [
    'validateEnv',
    { env: [{ name: 'pgdata', value: 'x' }] },
    'spec.postgresql.env[0].name',
    { env: [{ name: 'AWS_REGION', value: 'x' }] },
  ],
  [
    'validateManagedServices',
    { managed: { services: { disabledDefaultServices: ['rw'] } } },
    'spec.managed.services.disabledDefaultServices',
    { managed: { services: { disabledDefaultServices: ['ro', 'r'] } } },
  ],
  ['validateManagedServices', services('pg-rw'), 'spec.managed.services.additional[0]', services('pg-lb')],
  ['validateManagedServices', services('a', 'a'), 'spec.managed.services.additional', services('a', 'b')],
  ['validateManagedServices', services(''), 'spec.managed.services.additional[0]', services('a')],
  [
    'validateManagedServices',
    {
      managed: {
        services: {
          additional: [{ serviceTemplate: { metadata: { name: 'a' }, spec: { selector: { a: 'b' } } } }],
        },
      },
    },
    'spec.managed.services.additional[0]',
    {
      managed: {
        services: {
          additional: [{ serviceTemplate: { metadata: { name: 'a' }, spec: { type: 'LoadBalancer' } } }],
        },
      },
    },
  ],
  [
    'validateManagedRoles',
    { managed: { roles: [{ name: 'a' }, { name: 'a' }] } },
    'spec.managed.roles',
    { managed: { roles: [{ name: 'a' }, { name: 'b' }] } },
  ],
  ['validateManagedRoles', role({ connectionLimit: -2 }), 'spec.managed.roles', role({})],
  ['validateManagedRoles', role({ name: 'pg_x' }), 'spec.managed.roles', role({ name: 'pgx' })],
  [
    'validateManagedRoles',
    role({ disablePassword: true, passwordSecret: { name: 's' } }),
    'spec.managed.roles',
    role({ passwordSecret: { name: 's' } }),
  ],
  [
    'validatePgFailoverSlots',
    parameters({ 'pg_failover_slots.x': '1' }),
    'spec.postgresql.parameters.hot_standby_feedback',
    parameters({ 'pg_failover_slots.x': '1', hot_standby_feedback: 'on' }),
  ],
  [
    'validatePgFailoverSlots',
    {
      replicationSlots: { highAvailability: { enabled: false } },
      ...parameters({ 'pg_failover_slots.x': '1', hot_standby_feedback: 'on' }),
    },
    'spec.replicationSlots.highAvailability',
    parameters({ 'pg_failover_slots.x': '1', hot_standby_feedback: 'on' }),
  ],
  [
    'validateResources',
    resources({ cpu: '2' }, { cpu: '1' }),
    'spec.resources.requests.cpu',
    resources({ cpu: '1' }, { cpu: '1000m' }),
  ],
  [
    'validateResources',
    resources({ memory: '2Gi' }, { memory: '1Gi' }),
    'spec.resources.requests.memory',
    resources({ memory: '1Gi' }, { memory: '1Gi' }),
  ],
  [
    'validateResources',
    resources({ 'ephemeral-storage': '2Gi' }, { 'ephemeral-storage': '1Gi' }),
    'spec.resources.requests.storage',
    resources({ 'ephemeral-storage': '1Gi' }),
  ],
  [
    'validateResources',
    resources({ cpu: '1', 'hugepages-2Mi': '2Mi' }, { 'hugepages-2Mi': '4Mi' }),
    'spec.resources.requests.hugepages-2Mi',
    resources({ cpu: '1', 'hugepages-2Mi': '4Mi' }, { 'hugepages-2Mi': '4Mi' }),
  ],
  [
    'validateResources',
    resources({ 'hugepages-2Mi': '2Mi' }),
    'spec.resources',
    resources({ memory: '1Gi', 'hugepages-2Mi': '2Mi' }),
  ],
  [
    'validateResources',
    { ...resources({ memory: '512Mi' }), ...parameters({ shared_buffers: '1GB' }) },
    'spec.resources.requests',
    { ...resources({ memory: '512Mi', 'hugepages-2Mi': '1Gi' }), ...parameters({ shared_buffers: '1GB' }) },
  ],
  [
    'validateResources',
    { ...resources({ memory: '512Mi' }), ...parameters({ shared_buffers: '1GB' }) },
    'spec.resources.requests.memory',
    { ...resources({ memory: '1Gi' }), ...parameters({ shared_buffers: '1GB' }) },
    { version: '1.26.0' },
  ],
  [
    'validateHibernationAnnotation',
    annotated('cnpg.io/hibernation', 'true'),
    'metadata.annotations.cnpg.io/hibernation',
    annotated('cnpg.io/hibernation', 'on'),
  ],
  [
    'validatePodPatchAnnotation',
    annotated('cnpg.io/podPatch', '{'),
    'metadata.annotations.cnpg.io/podPatch',
    patch(),
  ],
  [
    'validatePodPatchAnnotation',
    patch({ op: 'inc', path: '/spec' }),
    'metadata.annotations.cnpg.io/podPatch',
    patch({ op: 'add', path: '/metadata/labels/x', value: 'y' }),
  ],
  [
    'validatePodPatchAnnotation',
    patch({ op: 'replace', path: '/spec/containers/3/image', value: 'x' }),
    'metadata.annotations.cnpg.io/podPatch',
    patch({ op: 'replace', path: '/spec/containers/0/startupProbe/timeoutSeconds', value: 9 }),
  ],
  [
    'validatePodPatchAnnotation',
    patch({ op: 'add', path: '/metadata/labels/x', value: 1 }),
    'metadata.annotations.cnpg.io/podPatch',
    patch({ op: 'add', path: '/spec/containers/-', value: { name: 'x', image: 'y' } }),
  ],
  [
    'validatePromotionToken',
    replica({ primary: 'pg', self: 'pg', promotionToken: 'x' }),
    'spec.replicaCluster.token',
    {
      ...replica({ primary: 'pg', self: 'pg', promotionToken: token({}) }),
      externalClusters: [external, { ...external, name: 'pg' }],
    },
  ],
  [
    'validatePromotionToken',
    replica({ enabled: false, promotionToken: token({ redoWalFile: '' }) }),
    'spec.replicaCluster.token',
    replica({ enabled: false, promotionToken: token({}) }),
  ],
  [
    'validatePromotionToken',
    replica({ enabled: true, promotionToken: token({}) }),
    'spec.replicaCluster.token',
    replica({ enabled: false, promotionToken: token({}) }),
  ],
  [
    'validatePromotionToken',
    replica({ enabled: false, minApplyDelay: '1h', promotionToken: token({}) }),
    'spec.replicaCluster.minApplyDelay',
    replica({ enabled: true, minApplyDelay: '1h' }),
  ],
  [
    'validatePluginConfiguration',
    { ...store(s3), plugins: [{ name: 'p', isWALArchiver: true }] },
    'spec.plugins',
    { ...store(s3), plugins: [{ name: 'p', enabled: false, isWALArchiver: true }] },
  ],
  [
    'validatePluginConfiguration',
    {
      plugins: [
        { name: 'p', isWALArchiver: true },
        { name: 'q', isWALArchiver: true },
      ],
    },
    'spec.plugins',
    { plugins: [{ name: 'p', isWALArchiver: true }, { name: 'q' }] },
  ],
  [
    'validateLivenessPingerProbe',
    annotated('alpha.cnpg.io/livenessPinger', '{}'),
    'metadata.annotations.alpha.cnpg.io/livenessPinger',
    annotated('alpha.cnpg.io/livenessPinger', '{"Enabled":true}'),
  ],
  [
    'validatePodSelectorRefs',
    {
      podSelectorRefs: [
        { name: 'a', selector: {} },
        { name: 'a', selector: {} },
      ],
    },
    'spec.podSelectorRefs[1].name',
    selector({}),
  ],
  [
    'validatePodSelectorRefs',
    selector({ matchExpressions: [{ key: 'a', operator: 'In' }] }),
    'spec.podSelectorRefs[0].selector.matchExpressions[0].values',
    selector({ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }),
  ],
  [
    'validatePodSelectorRefs',
    selector({ matchLabels: { a: 'b c' } }),
    'spec.podSelectorRefs[0].selector.matchLabels',
    selector({ matchLabels: { a: 'b' } }),
  ],
  [
    'validatePodSelectorRefs',
    { postgresql: { pg_hba: ['host all all ${podselector:x} md5'] } },
    'spec.postgresql.pg_hba[0]',
    { ...selector({}), postgresql: { pg_hba: ['host all all ${podselector:a} md5'] } },
  ],
  [
    'validatePodSelectorRefs',
    { ...selector({}), postgresql: { pg_hba: ['${podselector:a} ${podselector:a}'] } },
    'spec.postgresql.pg_hba[0]',
    { postgresql: { pg_hba: ['host all all ${x} md5'] } },
  ],
  [
    'validateExtensions',
    extension({}, { name: 'x', image: { reference: 'i:1' } }),
    'spec.postgresql.extensions[1].name',
    extension({}, { name: 'y', image: { reference: 'i:1' } }),
  ],
  [
    'validateExtensions',
    extension({ name: 'a_b' }, { name: 'a-b', image: { reference: 'i:1' } }),
    'spec.postgresql.extensions[1].name',
    extension({}),
  ],
  [
    'validateExtensions',
    extension({ image: {} }),
    'spec.postgresql.extensions[0].image.reference',
    {
      imageName: '',
      imageCatalogRef: { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'c', major: 18 },
      ...extension({ image: {} }),
    },
  ],
  [
    'validateExtensions',
    extension({ bin_path: ['../x'] }),
    'spec.postgresql.extensions[0].bin_path[0]',
    extension({ bin_path: ['a/../x'] }),
  ],
  [
    'validateExtensions',
    extension({ ld_library_path: ['a', 'a'] }),
    'spec.postgresql.extensions[0].ld_library_path[1]',
    extension({ ld_library_path: ['a', 'b'] }),
  ],
  [
    'validateExtensions',
    extension({ env: [{ name: 'PATH', value: 'x' }] }),
    'spec.postgresql.extensions[0].env[0].name',
    extension({ env: [{ name: 'X', value: '${image_root}/x' }] }),
  ],
  [
    'validateExtensions',
    extension({ env: [{ name: 'X', value: '${root}' }] }),
    'spec.postgresql.extensions[0].env[0].value',
    extension({ env: [{ name: 'X', value: '$${root}' }] }),
  ],
  [
    'validateExtensions',
    extension({ extension_control_path: [''] }),
    'spec.postgresql.extensions[0].extension_control_path[0]',
    extension({ image: {} }),
    { version: '1.27.0' },
  ],
  [
    'validateServiceAccountConfig',
    { serviceAccountName: 'a', serviceAccountTemplate: { metadata: {} } },
    'spec.serviceAccountName',
    { serviceAccountName: 'a' },
  ],
  [
    'validatePrimaryLease',
    { primaryLease: { leaseDurationSeconds: 10 } },
    'spec.primaryLease.leaseDurationSeconds',
    { primaryLease: { leaseDurationSeconds: 11 } },
  ],
  [
    'validatePrimaryLease',
    { primaryLease: { retryPeriodSeconds: 9 } },
    'spec.primaryLease.renewDeadlineSeconds',
    { primaryLease: { retryPeriodSeconds: 8 } },
  ],
  // updates
  [
    'validateImageChange',
    { imageName: image('16.1') },
    'spec.imageName',
    { imageName: image('17.6') },
    { old: {}, status: running(17) },
  ],
  [
    'validateImageChange',
    { imageName: image('15.1') },
    'spec.imageName',
    { imageName: image('16.1') },
    { old: {}, status: running(14) },
  ],
  [
    'validateConfigurationChange',
    { imageName: image('17.6'), primaryUpdateMethod: 'switchover', ...parameters({ work_mem: '2MB' }) },
    'spec.imageName',
    { imageName: image('17.6'), ...parameters({ work_mem: '2MB' }) },
    { old: {} },
  ],
  [
    'validateConfigurationChange',
    { imageName: image('17.6'), ...parameters({ work_mem: '2MB' }) },
    'spec.imageName',
    { imageName: image('17.6') },
    { old: {}, version: '1.27.4' },
  ],
  [
    'validateStorageChange',
    { storage: { size: '10G' } },
    'spec.storage',
    { storage: { size: '10240Mi' } },
    { old: {} },
  ],
  [
    'validateWalStorageChange',
    {},
    'spec.walStorage',
    { walStorage: { size: '1Gi' } },
    { old: { walStorage: { size: '1Gi' } } },
  ],
  [
    'validateWalStorageChange',
    { walStorage: { size: '1' } },
    'spec.walStorage',
    { walStorage: { size: '2Gi' } },
    { old: { walStorage: { size: '1Gi' } } },
  ],
  [
    'validateTablespacesChange',
    {},
    'spec.tablespaces',
    { tablespaces: [tablespace('b'), tablespace('a')] },
    { old: { tablespaces: [tablespace('a')] } },
  ],
  [
    'validateTablespacesChange',
    { tablespaces: [tablespace('b')] },
    'spec.tablespaces[0]',
    { tablespaces: [tablespace('a')] },
    { old: { tablespaces: [tablespace('a')] } },
  ],
  [
    'validateTablespacesChange',
    { tablespaces: [tablespace('a', '1Mi')] },
    'spec.tablespaces[0]',
    { tablespaces: [tablespace('a', '2Gi')] },
    { old: { tablespaces: [tablespace('a')] } },
  ],
  [
    'validateUnixPermissionIdentifierChange',
    { postgresUID: 27 },
    'spec.postgresUID',
    { postgresUID: 26 },
    { old: { postgresUID: 26 } },
  ],
  [
    'validateUnixPermissionIdentifierChange',
    { postgresGID: 27 },
    'spec.postgresGID',
    { postgresGID: 26 },
    { old: { postgresGID: 26 } },
  ],
  [
    'validateReplicationSlotsChange',
    { replicationSlots: { highAvailability: { enabled: true, slotPrefix: '_x_' } } },
    'spec.replicationSlots.highAvailability.slotPrefix',
    {},
    { old: {} },
  ],
  [
    'validateWALLevelChange',
    {
      instances: 1,
      ...annotated('cnpg.io/skipWalArchiving', 'enabled'),
      ...parameters({ wal_level: 'minimal', max_wal_senders: '0' }),
    },
    'spec.postgresql.parameters.wal_level',
    parameters({ wal_level: 'replica' }),
    { old: {} },
  ],
  [
    'validateReplicaClusterChange',
    replica({ enabled: false }),
    'spec.replica.enabled',
    replica({ enabled: true }),
    { old: replica({ enabled: true }), status: { switchReplicaClusterStatus: { inProgress: true } } },
  ],
]

function clusterWith(change: Change): JsonObject {
  const metadata: JsonObject = { name: 'pg', namespace: 'db' }
  const spec: JsonObject = { instances: 3, imageName: image('17.5'), storage: { size: '10Gi' } }
  for (const [name, value] of Object.entries(change))
    if (name.startsWith('!')) metadata[name.slice(1)] = value
    else spec[name] = value
  return { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata, spec }
}

function judge(change: Change, more: Line[4] = {}) {
  const { version = '1.30.0', old, status } = more
  const live = old === undefined ? undefined : mutate({ object: clusterWith(old) }, version).object
  const request = live === undefined ? {} : { live: status === undefined ? live : { ...live, status } }
  const mutated = mutate({ object: clusterWith(change), ...request }, version)
  expect(mutated.errors).toEqual([])
  const { errors, notEvaluated } = validate({ object: mutated.object, ...request }, version)
  expect(notEvaluated).toEqual([])
  return errors.map(({ field }) => field)
}

describe('the rules of a Cluster', () => {
  it.each(lines)('%s: %j', (_rule, fails, field, passes, more) => {
    expect(judge(fails, more)).toContain(field)
    expect(judge(passes, more)).toEqual([])
  })

  // defaulting fills the database in before these can fail
  const UNREACHABLE = ['validateRecoveryApplicationDatabase', 'validatePgBaseBackupApplicationDatabase']

  it('has a line for every rule', () => {
    const rules = [...CLUSTER_RULES, ...CLUSTER_CHANGE_RULES].map(({ name }) => name)
    const shown = new Set(lines.map(([rule]) => rule))
    expect(rules.filter(rule => !shown.has(rule))).toEqual(UNREACHABLE)
  })

  it.each(UNREACHABLE)('%s looks at an object that was not defaulted', rule => {
    const method = rule === 'validateRecoveryApplicationDatabase' ? 'recovery' : 'pg_basebackup'
    const judged = (database: Change) => {
      const object = mutate(
        { object: clusterWith({ bootstrap: { [method]: { source: 'o' } }, externalClusters: [external] }) },
        '1.30.0',
      ).object
      const { spec } = object
      if (!isObject(spec)) throw new Error('no spec')
      const bootstrap = { [method]: { source: 'o', ...database } }
      return validate({ object: { ...object, spec: { ...spec, bootstrap } } }, '1.30.0').errors.map(
        ({ field }) => field,
      )
    }
    expect(judged({ database: 'a' })).toEqual([`spec.bootstrap.${method}.owner`])
    expect(judged({ owner: 'a' })).toEqual([`spec.bootstrap.${method}.database`])
    expect(judged({ database: 'a', owner: 'a' })).toEqual([])
  })
})

describe('what came and went', () => {
  it.each<[string, Change, string, string]>([
    ['fixed until 1.30.0', parameters({ ssl_ecdh_curve: 'x' }), '1.30.0', '1.30.1'],
    ['names of parameters', parameters({ 'a b': 'x' }), '1.28.4', '1.28.3'],
    ['names of recovery targets', target({ targetXID: 'x' }), '1.29.1', '1.29.0'],
    ['a storage account', store({ azureCredentials: { storageKey: key } }), '1.28.1', '1.28.0'],
    ['recovery from a connection', recovery({}), '1.28.1', '1.28.2'],
    ['hugepages', resources({ 'hugepages-2Mi': '2Mi' }), '1.26.1', '1.26.0'],
    ['paths that only look as if they left', extension({ bin_path: ['..x'] }), '1.30.0', '1.30.1'],
    ['the primary lease', { primaryLease: { leaseDurationSeconds: 1 } }, '1.30.0', '1.29.2'],
    ['selectors of pods', selector({ matchLabels: { a: 'b c' } }), '1.29.0', '1.28.4'],
    [
      'a service account given twice',
      { serviceAccountName: 'a', serviceAccountTemplate: { metadata: {} } },
      '1.29.0',
      '1.28.4',
    ],
    ['booleans of standbys', parameters({ hot_standby_feedback: 'maybe' }), '1.27.0', '1.26.1'],
    ['extensions', extension({ name: '' }), '1.27.0', '1.26.1'],
    [
      'extensions whose volumes are named alike',
      extension({ name: 'a_b' }, { name: 'a-b', image: { reference: 'i:1' } }),
      '1.27.3',
      '1.27.1',
    ],
    ['paths of extensions', extension({ ld_library_path: ['../x'] }), '1.29.0', '1.28.1'],
    [
      'an extension without image beside a catalog',
      {
        ...extension({ image: {} }),
        imageCatalogRef: { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'c', major: 17 },
      },
      '1.28.2',
      '1.29.0',
    ],
    [
      'paths in the names of certificates',
      { externalClusters: [{ ...external, sslCert: { name: 'a/b', key: 'k' } }] },
      '1.28.4',
      '1.28.3',
    ],
    ['slots that the operator keeps', parameters({ synchronized_standby_slots: 'a' }), '1.27.0', '1.26.1'],
    [
      'tablespaces whose volumes are named alike',
      { tablespaces: [tablespace('a_b'), tablespace('a$b')] },
      '1.27.4',
      '1.27.1',
    ],
    [
      'a quorum annotation without synchronous replication',
      annotated('alpha.cnpg.io/failoverQuorum', 'x'),
      '1.28.0',
      '1.26.1',
    ],
    [
      'a quorum that names its standbys',
      {
        ...synchronous({ number: 1, standbyNamesPre: ['a'] }),
        ...annotated('alpha.cnpg.io/failoverQuorum', 'true'),
      },
      '1.27.0',
      '1.26.1',
    ],
    ['decoding on standbys', logical({}, '16.5'), '1.27.0', '1.26.1'],
  ])('%s', (_what, change, refusing, accepting) => {
    expect(judge(change, { version: refusing })).not.toEqual([])
    expect(judge(change, { version: accepting })).toEqual([])
  })
})

describe('what is said of the same by another release', () => {
  const messagesOf = (change: Change, version: string) => {
    const mutated = mutate({ object: clusterWith(change) }, version)
    return validate({ object: mutated.object }, version).errors.map(({ message }) => message)
  }
  const twoMethods: Change = {
    bootstrap: { recovery: { source: 'o' }, initdb: { database: 'a', owner: 'a' } },
    externalClusters: [{ ...external, plugin: { name: 'p' } }],
  }
  const slots = (given: Change): Change => ({
    replicationSlots: { highAvailability: { enabled: true } },
    ...parameters({ 'pg_failover_slots.a': 'b', ...given }),
  })
  const alike = extension({ name: 'a_b' }, { name: 'a-b', image: { reference: 'i:1' } })
  it.each<[string, Change, version: string, said: RegExp[]]>([
    [
      'two bootstrap methods',
      twoMethods,
      '1.26.0',
      [/^Invalid value: "": Too many bootstrap types specified$/],
    ],
    ['two bootstrap methods', twoMethods, '1.26.1', [/^Forbidden: Only one bootstrap method/]],
    [
      'hints that are no boolean',
      parameters({ wal_log_hints: 'x' }),
      '1.26.1',
      [/postgres boolean/, /set to `on`/],
    ],
    ['hints that are no boolean', parameters({ wal_log_hints: 'x' }), '1.27.0', [/postgres boolean/]],
    ['volumes named alike', alike, '1.27.3', [/duplicate volume name "a-b"/]],
    ['volumes named alike', alike, '1.27.4', [/duplicate volume name "ext-a-b"/]],
    [
      'failover slots',
      slots({ hot_standby_feedback: 'off' }),
      '1.26.1',
      [/to use pg_failover_slots extension/],
    ],
    ['failover slots', slots({ hot_standby_feedback: 'off' }), '1.27.0', [/to use  extension/]],
    [
      'failover slots and no boolean',
      slots({ hot_standby_feedback: 'x' }),
      '1.26.1',
      [/postgres boolean/, /must be enabled/],
    ],
    [
      'failover slots and no boolean',
      slots({ hot_standby_feedback: 'x' }),
      '1.27.0',
      [/postgres boolean/, /must be enabled/],
    ],
  ])('%s (%s)', (_what, change, version, said) => {
    const messages = messagesOf(change, version)
    expect(messages).toHaveLength(said.length)
    for (const [index, message] of messages.entries()) expect(message).toMatch(said[index] ?? /^$/)
  })

  it.each([
    ['1.27.3', ['spec.replicationSlots.synchronizeReplicas']],
    ['1.27.1', []],
  ])('a section of slots that goes (%s)', (version, fields) => {
    const spec = (replicationSlots: Change) => {
      const { object } = mutate({ object: clusterWith({}) }, version)
      return { ...object, spec: { ...(isObject(object['spec']) ? object['spec'] : {}), replicationSlots } }
    }
    const highAvailability = { enabled: true, slotPrefix: '_cnpg_' }
    const request = {
      object: spec({ highAvailability }),
      live: spec({ highAvailability, synchronizeReplicas: { enabled: true } }),
    }
    expect(validate(request, version).errors.map(({ field }) => field)).toEqual(fields)
  })
})
