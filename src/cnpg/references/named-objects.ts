import { isObject, textAt } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf } from '../../manifest/resource.ts'
import { valuesAt } from './walk.ts'

/** Another object that one of CloudNativePG names. */
export interface Reference {
  kind: 'Secret' | 'ConfigMap' | 'StorageClass' | 'PriorityClass' | 'VolumeSnapshotClass' | 'ServiceAccount'
  name: string
  /** keys that are read of it */
  keys: readonly string[]
  /** the field with the name */
  field: string
}

interface Pattern {
  path: string
  kind: Reference['kind']
  /** 'key': as the field of that name says */
  keys?: readonly string[] | 'key'
}

const LOGIN = ['username', 'password']
const TLS = ['tls.crt', 'tls.key']

/** {name, key} selectors of a Barman object store (barman-cloud pkg/api, BarmanObjectStoreConfiguration). */
function store(path: string): Pattern[] {
  return [
    ...['accessKeyId', 'secretAccessKey', 'region', 'sessionToken'].map(key => `s3Credentials.${key}`),
    ...['connectionString', 'storageAccount', 'storageKey', 'storageSasToken'].map(
      key => `azureCredentials.${key}`,
    ),
    'googleCredentials.applicationCredentials',
    'endpointCA',
  ].map(selector => ({ path: `${path}.${selector}`, kind: 'Secret', keys: 'key' }))
}

function environment(path: string): Pattern[] {
  return [
    { path: `${path}.env[].valueFrom.secretKeyRef`, kind: 'Secret', keys: 'key' },
    { path: `${path}.env[].valueFrom.configMapKeyRef`, kind: 'ConfigMap', keys: 'key' },
    { path: `${path}.envFrom[].secretRef`, kind: 'Secret' },
    { path: `${path}.envFrom[].configMapRef`, kind: 'ConfigMap' },
  ]
}

// cloudnative-pg 1.30 api/v1/cluster_types.go, pooler_types.go
const CLUSTER: readonly Pattern[] = [
  ...['initdb', 'recovery', 'pg_basebackup'].map((method): Pattern => ({
    path: `spec.bootstrap.${method}.secret`,
    kind: 'Secret',
    keys: LOGIN,
  })),
  ...['postInitSQLRefs', 'postInitApplicationSQLRefs', 'postInitTemplateSQLRefs'].flatMap(
    (refs): Pattern[] => [
      { path: `spec.bootstrap.initdb.${refs}.secretRefs[]`, kind: 'Secret', keys: 'key' },
      { path: `spec.bootstrap.initdb.${refs}.configMapRefs[]`, kind: 'ConfigMap', keys: 'key' },
    ],
  ),
  { path: 'spec.superuserSecret', kind: 'Secret', keys: LOGIN },
  { path: 'spec.managed.roles[].passwordSecret', kind: 'Secret', keys: LOGIN },
  ...store('spec.backup.barmanObjectStore'),
  ...store('spec.externalClusters[].barmanObjectStore'),
  ...['password', 'sslKey', 'sslCert', 'sslRootCert'].map((selector): Pattern => ({
    path: `spec.externalClusters[].${selector}`,
    kind: 'Secret',
    keys: 'key',
  })),
  { path: 'spec.monitoring.customQueriesConfigMap[]', kind: 'ConfigMap', keys: 'key' },
  { path: 'spec.monitoring.customQueriesSecret[]', kind: 'Secret', keys: 'key' },
  { path: 'spec.imagePullSecrets[]', kind: 'Secret' },
  { path: 'spec.ldap.bindSearchAuth.bindPassword', kind: 'Secret', keys: 'key' },
  { path: 'spec.postgresql.ldap.bindSearchAuth.bindPassword', kind: 'Secret', keys: 'key' },
  ...environment('spec'),
  { path: 'spec.projectedVolumeTemplate.sources[].secret', kind: 'Secret' },
  { path: 'spec.projectedVolumeTemplate.sources[].configMap', kind: 'ConfigMap' },
]

/** Fields that are a name themselves. */
const CLUSTER_NAMES: readonly Pattern[] = [
  { path: 'spec.certificates.serverCASecret', kind: 'Secret', keys: ['ca.crt'] },
  { path: 'spec.certificates.serverTLSSecret', kind: 'Secret', keys: TLS },
  { path: 'spec.certificates.clientCASecret', kind: 'Secret', keys: ['ca.crt'] },
  { path: 'spec.certificates.replicationTLSSecret', kind: 'Secret', keys: TLS },
  { path: 'spec.storage.storageClass', kind: 'StorageClass' },
  { path: 'spec.walStorage.storageClass', kind: 'StorageClass' },
  { path: 'spec.tablespaces[].storage.storageClass', kind: 'StorageClass' },
  { path: 'spec.storage.pvcTemplate.storageClassName', kind: 'StorageClass' },
  { path: 'spec.walStorage.pvcTemplate.storageClassName', kind: 'StorageClass' },
  { path: 'spec.priorityClassName', kind: 'PriorityClass' },
  { path: 'spec.backup.volumeSnapshot.className', kind: 'VolumeSnapshotClass' },
  { path: 'spec.backup.volumeSnapshot.walClassName', kind: 'VolumeSnapshotClass' },
  { path: 'spec.serviceAccountName', kind: 'ServiceAccount' },
]

const PATTERNS: Readonly<Record<string, readonly Pattern[]>> = {
  'postgresql.cnpg.io/Cluster': CLUSTER,
  'barmancloud.cnpg.io/ObjectStore': [
    ...store('spec.configuration'),
    ...environment('spec.instanceSidecarConfiguration'),
  ],
  'postgresql.cnpg.io/Pooler': [
    { path: 'spec.pgbouncer.authQuerySecret', kind: 'Secret' },
    { path: 'spec.pgbouncer.serverTLSSecret', kind: 'Secret', keys: TLS },
    { path: 'spec.pgbouncer.serverCASecret', kind: 'Secret', keys: ['ca.crt'] },
    { path: 'spec.pgbouncer.clientTLSSecret', kind: 'Secret', keys: TLS },
    { path: 'spec.pgbouncer.clientCASecret', kind: 'Secret', keys: ['ca.crt'] },
  ],
}

/** Everything an object of CloudNativePG or its Barman Cloud plugin names beside its own kinds. */
export function referencesOf({ resource, manifest }: RenderedObject): Reference[] {
  const kind = `${groupOf(resource.apiVersion)}/${resource.kind}`
  const selected = (PATTERNS[kind] ?? []).flatMap(pattern =>
    valuesAt(manifest, pattern.path).flatMap(({ value, field }): Reference[] => {
      const name = textAt(value, 'name') ?? ''
      if (name === '' || (isObject(value) && value['optional'] === true)) return []
      const key = textAt(value, 'key') ?? ''
      const keys = pattern.keys === 'key' ? (key === '' ? [] : [key]) : (pattern.keys ?? [])
      return [{ kind: pattern.kind, name, keys, field: `${field}.name` }]
    }),
  )
  const names = (kind === 'postgresql.cnpg.io/Cluster' ? CLUSTER_NAMES : []).flatMap(pattern =>
    valuesAt(manifest, pattern.path).flatMap(({ value, field }): Reference[] =>
      typeof value === 'string' && value !== ''
        ? [
            {
              kind: pattern.kind,
              name: value,
              keys: typeof pattern.keys === 'object' ? pattern.keys : [],
              field,
            },
          ]
        : [],
    ),
  )
  return [...selected, ...names]
}
