import { externalCluster } from './cluster-facts.ts'
import type { ApplicationDatabase, Cluster, Import, KeySelector, TypedReference } from './cluster-types.ts'
import { forbidden, invalid, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'

const PATH = 'spec.bootstrap'

/** validateApplicationDatabase: a database needs its owner and the other way round. */
function validateApplicationDatabase(given: ApplicationDatabase, method: string): FieldError[] {
  const database = given.database ?? ''
  const owner = given.owner ?? ''
  if (database !== '' && owner === '')
    return [invalid(`${PATH}.${method}.owner`, '', 'You need to specify the database owner user')]
  if (database === '' && owner !== '')
    return [invalid(`${PATH}.${method}.database`, '', 'You need to specify the database name')]
  return []
}

export function validateInitDB({ spec: { bootstrap } }: Cluster): FieldError[] {
  const initdb = bootstrap?.initdb
  if (initdb === undefined) return []
  const errors = validateApplicationDatabase(initdb, 'initdb')
  const size = initdb.walSegmentSize ?? 0
  if (size !== 0 && (BigInt(size) & (BigInt(size) - 1n)) !== 0n)
    errors.push(invalid(`${PATH}.initdb.walSegmentSize`, size, 'WAL segment size must be a power of 2'))
  // only the references of the application database are looked at
  const references = initdb.postInitApplicationSQLRefs
  errors.push(
    ...keysGiven('secretRefs', references?.secretRefs),
    ...keysGiven('configMapRefs', references?.configMapRefs),
  )
  return errors
}

function keysGiven(list: string, selectors: readonly KeySelector[] = []): FieldError[] {
  return selectors
    .filter(({ name = '', key = '' }) => name === '' || key === '')
    .map(item =>
      invalid(`${PATH}.initdb.postInitApplicationSQLRefs.${list}`, item, 'key and name must be specified'),
    )
}

export function validateRecoveryApplicationDatabase({ spec: { bootstrap } }: Cluster): FieldError[] {
  return bootstrap?.recovery === undefined ? [] : validateApplicationDatabase(bootstrap.recovery, 'recovery')
}

export function validatePgBaseBackupApplicationDatabase({ spec: { bootstrap } }: Cluster): FieldError[] {
  return bootstrap?.pg_basebackup === undefined
    ? []
    : validateApplicationDatabase(bootstrap.pg_basebackup, 'pg_basebackup')
}

export function validateImport({ spec: { bootstrap } }: Cluster): FieldError[] {
  const given = bootstrap?.initdb?.import
  if (given === undefined) return []
  if (given.type === 'microservice') return validateMicroservice(given)
  if (given.type === 'monolith') return validateMonolith(given)
  return [invalid(`${PATH}.initdb.import.type`, given.type ?? '', 'Unrecognized import type')]
}

function validateMicroservice({ databases = [], roles = [] }: Import): FieldError[] {
  const path = `${PATH}.initdb.import`
  const errors: FieldError[] = []
  if (databases.length !== 1)
    errors.push(
      invalid(
        `${path}.databases`,
        databases,
        'You need to specify a single database for the `microservice` import type',
      ),
    )
  if (roles.length > 0)
    errors.push(
      invalid(
        `${path}.roles`,
        databases,
        'You cannot specify roles to import for the `microservice` import type',
      ),
    )
  if (databases.length === 1 && databases[0]?.includes('*') === true)
    errors.push(
      invalid(
        `${path}.databases.0`,
        databases,
        'You cannot specify any wildcard for the `microservice` import type',
      ),
    )
  return errors
}

function validateMonolith({
  databases = [],
  roles = [],
  postImportApplicationSQL = [],
}: Import): FieldError[] {
  const path = `${PATH}.initdb.import`
  const errors: FieldError[] = []
  if (databases.length === 0)
    errors.push(
      invalid(
        `${path}.databases`,
        databases,
        'You need to specify at least a database for the `monolith` import type',
      ),
    )
  if (databases.length > 1 && databases.includes('*'))
    errors.push(
      invalid(`${path}.databases`, databases, 'Wildcard import cannot be used along other database names'),
    )
  if (roles.length > 1 && roles.includes('*'))
    errors.push(invalid(`${path}.roles`, databases, 'Wildcard import cannot be used along other role names'))
  if (postImportApplicationSQL.length > 0)
    errors.push(
      invalid(
        `${path}.postImportApplicationSQL`,
        postImportApplicationSQL,
        'postImportApplicationSQL is not allowed for the `monolith` import type',
      ),
    )
  return errors
}

export function validateBootstrapMethod(
  { spec: { bootstrap } }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  const methods = [bootstrap?.initdb, bootstrap?.recovery, bootstrap?.pg_basebackup]
  if (methods.filter(method => method !== undefined).length < 2) return []
  return since(release, '1.26.1')
    ? [forbidden(PATH, 'Only one bootstrap method can be specified at a time')]
    : [invalid(PATH, '', 'Too many bootstrap types specified')]
}

export function validateBootstrapPgBaseBackupSource(cluster: Cluster): FieldError[] {
  const source = cluster.spec.bootstrap?.pg_basebackup
  if (source === undefined || externalCluster(cluster, source.source) !== undefined) return []
  const name = source.source ?? ''
  return [invalid(`${PATH}.pg_basebackup.source`, name, `External cluster ${name} not found`)]
}

export function validateBootstrapRecoverySource(cluster: Cluster, release: OperatorRelease): FieldError[] {
  const name = cluster.spec.bootstrap?.recovery?.source ?? ''
  if (name === '') return []
  const path = `${PATH}.recovery.source`
  const external = externalCluster(cluster, name)
  const errors: FieldError[] = []
  if (external === undefined) errors.push(invalid(path, name, `External cluster ${name} not found`))
  const connectionIsEnough = since(release, '1.27.4', '1.28.2', '1.29.0')
  if (
    external?.barmanObjectStore === undefined &&
    external?.plugin === undefined &&
    !(connectionIsEnough && external?.connectionParameters !== undefined)
  )
    errors.push(
      invalid(
        path,
        name,
        `External cluster ${name} cannot be used for recovery: ${
          connectionIsEnough
            ? 'missing connection parameters, Barman, or CNPG-i configuration'
            : 'both Barman and CNPG-i plugin configurations are missing'
        }`,
      ),
    )
  return errors
}

export function validateBootstrapRecoveryDataSource({ spec }: Cluster): FieldError[] {
  const recovery = spec.bootstrap?.recovery
  const snapshots = recovery?.volumeSnapshots
  if (recovery === undefined || snapshots === undefined) return []
  const path = `${PATH}.recovery`
  if (recovery.backup !== undefined)
    return [
      invalid(
        `${path}.backup`,
        recovery.backup,
        'Recovery from dataSource is not compatible with other types of recovery',
      ),
    ]
  const backupId = recovery.recoveryTarget?.backupID ?? ''
  if (backupId !== '')
    return [
      invalid(
        `${path}.recoveryTarget.backupID`,
        backupId,
        'Cannot specify a backupID when recovering using a DataSource',
      ),
    ]
  const errors = validateVolumeSnapshotSource(snapshots.storage ?? {}, `${path}.storage`)
  if (snapshots.walStorage === undefined) return errors
  const walPath = `${path}.dataSource.walStorage`
  const wrong = validateVolumeSnapshotSource(snapshots.walStorage, walPath)
  if (spec.walStorage !== undefined) return [...errors, ...wrong]
  const missing = invalid(
    walPath,
    snapshots.walStorage,
    'A WAL storage configuration is required when recovering using a DataSource for WALs',
  )
  // the operator looks at the source twice here
  return [...errors, missing, ...wrong, ...wrong]
}

function validateVolumeSnapshotSource(source: TypedReference, path: string): FieldError[] {
  const group = source.apiGroup ?? ''
  if (group === 'snapshot.storage.k8s.io' && source.kind === 'VolumeSnapshot') return []
  if (group === '' && source.kind === 'PersistentVolumeClaim') return []
  return [invalid(path, source, 'Only VolumeSnapshots and PersistentVolumeClaims are supported')]
}
