import { hasTablespace, requestedStorage, sizeOf } from './cluster-facts.ts'
import type { Cluster, Storage } from './cluster-types.ts'
import { duplicate, invalid, type FieldError } from './field-error.ts'
import { byteLength } from './go-values.ts'
import { since, type OperatorRelease } from './operator-release.ts'
import { compareQuantities, parseQuantity, printQuantity } from '../quantity.ts'

export function validateStorageSize({ spec }: Cluster): FieldError[] {
  return validateStorageConfigurationSize('spec.storage', spec.storage ?? {})
}

export function validateWalStorageSize({ spec: { walStorage } }: Cluster): FieldError[] {
  return walStorage === undefined ? [] : validateStorageConfigurationSize('spec.walStorage', walStorage)
}

export function validateTablespaceStorageSize({ spec: { tablespaces = [] } }: Cluster): FieldError[] {
  return tablespaces.flatMap(({ storage = {} }, index) =>
    validateStorageConfigurationSize(`spec.tablespaces[${index}]`, storage),
  )
}

/** The field that a missing or wrong size is reported at is `size` right below the section, for tablespaces too. */
function validateStorageConfigurationSize(path: string, storage: Storage): FieldError[] {
  const size = storage.size ?? ''
  if (size !== '')
    return typeof parseQuantity(size) === 'string'
      ? [invalid(`${path}.size`, size, "Size value isn't valid")]
      : []
  return requestedStorage(storage).nano === 0n
    ? [
        invalid(
          `${path}.size`,
          size,
          'Size not configured. Please add it, or a storage request in the pvcTemplate.',
        ),
      ]
    : []
}

export function validateEphemeralVolumeSource({ spec }: Cluster): FieldError[] {
  return spec.ephemeralVolumeSource !== undefined &&
    spec.ephemeralVolumesSizeLimit?.temporaryData !== undefined
    ? [
        duplicate(
          'spec.ephemeralVolumeSource',
          'Conflicting settings: provide either ephemeralVolumeSource or ephemeralVolumesSizeLimit.TemporaryData, not both.',
        ),
      ]
    : []
}

export function validateTablespaceNames(
  { spec: { tablespaces = [] } }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  const volumes = new Set<string>()
  for (const [index, { name = '' }] of tablespaces.entries()) {
    const path = `spec.tablespaces[${index}]`
    // identifiers of PostgreSQL do not tell upper from lower case
    if (names.has(name.toLowerCase())) {
      errors.push(invalid(path, name, 'duplicate tablespace name'))
      continue
    }
    names.add(name.toLowerCase())
    const wrong = tablespaceNameError(name)
    if (wrong !== undefined) errors.push(invalid(path, name, wrong))
    if (!since(release, '1.27.4', '1.28.2', '1.29.0')) continue
    const volume = tablespaceVolume(name)
    if (volumes.has(volume))
      errors.push(
        invalid(
          path,
          name,
          `tablespace name results in duplicate volume name ${JSON.stringify(volume)} after sanitization (special characters are converted to hyphens)`,
        ),
      )
    volumes.add(volume)
  }
  return errors
}

/** pkg/postgres/identifier.go IsTablespaceNameValid */
function tablespaceNameError(name: string): string | undefined {
  if (name.startsWith('pg_')) return "tablespace names beginning 'pg_' are reserved for Postgres"
  if (!/^[a-zA-Z_][a-zA-Z0-9_$]*$/.test(name))
    return "tablespace names must be valid Postgres identifiers: alphanumeric characters, '_', '$', and must start with a letter or an underscore"
  if (byteLength(name) > 63) return 'the maximum length of an identifier is 63 characters'
  return undefined
}

/** pkg/specs/volumes.go VolumeMountNameForTablespace */
function tablespaceVolume(name: string): string {
  return `tbs-${name.replace(/^_/, '1').replaceAll(/[$_]/g, '-').toLowerCase()}`
}

export function validateTablespaceBackupSnapshot(cluster: Cluster): FieldError[] {
  const classes = cluster.spec.backup?.volumeSnapshot?.tablespaceClassName ?? {}
  return Object.keys(classes)
    .filter(name => !hasTablespace(cluster, name))
    .map(name =>
      invalid(
        'spec.backup.volumeSnapshot.tablespaceClassName',
        name,
        `specified the VolumeSnapshot backup configuration for the tablespace: ${name}, but it can't be found in the '.spec.tablespaces' stanza`,
      ),
    )
}

export function validateStorageChange({ spec }: Cluster, old: Cluster): FieldError[] {
  return validateStorageConfigurationChange('spec.storage', old.spec.storage, spec.storage)
}

export function validateWalStorageChange({ spec }: Cluster, old: Cluster): FieldError[] {
  if (old.spec.walStorage === undefined) return []
  if (spec.walStorage === undefined)
    return [invalid('spec.walStorage', undefined, 'walStorage cannot be disabled once configured')]
  return validateStorageConfigurationChange('spec.walStorage', old.spec.walStorage, spec.walStorage)
}

/** Indexes are those of the old list. */
export function validateTablespacesChange({ spec: { tablespaces } }: Cluster, old: Cluster): FieldError[] {
  if (old.spec.tablespaces === undefined) return []
  if (tablespaces === undefined)
    return [invalid('spec.tablespaces', undefined, 'tablespaces section cannot be deleted once created')]
  return old.spec.tablespaces.flatMap(({ name = '', storage }, index) => {
    const kept = tablespaces.find(tablespace => (tablespace.name ?? '') === name)
    const path = `spec.tablespaces[${index}]`
    return kept === undefined
      ? [invalid(path, tablespaces, 'no tablespace can be deleted once created')]
      : validateStorageConfigurationChange(path, storage, kept.storage)
  })
}

function validateStorageConfigurationChange(
  path: string,
  before: Storage | undefined,
  after: Storage | undefined,
): FieldError[] {
  const oldSize = sizeOf(before ?? {})
  const newSize = sizeOf(after ?? {})
  if (oldSize === undefined || newSize === undefined) return []
  if (compareQuantities(oldSize, newSize) <= 0) return []
  const [from, to] = [printQuantity(oldSize), printQuantity(newSize)]
  return [invalid(path, to, `can't shrink existing storage from ${from} to ${to}`)]
}
