import { isReplica, majorVersion, sizeOf } from './cluster-facts.ts'
import type { Cluster } from './cluster-types.ts'
import { invalid, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'
import {
  isFixed,
  operatorParameters,
  parsePostgresBoolean,
  parsePostgresSize,
  type Parameters,
} from './parameters.ts'
import { compareQuantities, quantityOrZero, type Quantity } from '../quantity.ts'

const PATH = 'spec.postgresql.parameters'
const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$/

/** validateConfiguration; what is wrong with the image ends it early. */
export function validateConfiguration(cluster: Cluster, release: OperatorRelease): FieldError[] {
  const { spec } = cluster
  const postgresql = spec.postgresql ?? {}
  const parameters = postgresql.parameters ?? {}
  const errors: FieldError[] = []
  if (
    postgresql.synchronous !== undefined &&
    ((spec.minSyncReplicas ?? 0) > 0 || (spec.maxSyncReplicas ?? 0) > 0)
  )
    errors.push(
      invalid(
        'spec.postgresql.synchronous',
        postgresql.synchronous,
        "Can't have both legacy synchronous replica configuration and new one",
      ),
    )
  const major = majorVersion(cluster, release)
  if (major === undefined) return errors
  if (major < 13)
    errors.push(
      invalid(
        'spec.imageName',
        spec.imageName ?? '',
        'Unsupported PostgreSQL version. Versions 13 or newer are supported',
      ),
    )
  const applied = operatorParameters(
    parameters,
    {
      keepFixed: false,
      isReplica: isReplica(cluster),
      walArchivingDisabled: cluster.annotations['cnpg.io/skipWalArchiving'] === 'enabled',
    },
    release,
  )
  errors.push(
    ...parameterErrors(parameters, applied, release),
    ...walLevelErrors(cluster, applied),
    ...valueErrors(cluster, release),
    ...walSizeErrors(parameters, sizeOf(spec.walStorage)),
  )
  const election = postgresql.syncReplicaElectionConstraint
  if (election?.enabled === true && (election.nodeLabelsAntiAffinity ?? []).length === 0)
    errors.push(
      invalid(
        'spec.postgresql.syncReplicaElectionConstraint.nodeLabelsAntiAffinity',
        undefined,
        "Can't enable syncReplicaConstraints without passing labels for comparison inside nodeLabelsAntiAffinity",
      ),
    )
  return errors
}

function parameterErrors(
  parameters: Parameters,
  applied: Parameters,
  release: OperatorRelease,
): FieldError[] {
  const namesAreChecked = since(release, '1.28.4', '1.29.2', '1.30.0')
  return Object.entries(parameters).flatMap(([name, value]) => {
    // field.Path prints a child without name as []
    const field = name === '' ? `${PATH}[]` : `${PATH}.${name}`
    if (namesAreChecked && !PARAMETER_NAME.test(name))
      return [
        invalid(
          field,
          name,
          'must be a valid PostgreSQL configuration parameter name (a GUC name, optionally namespaced with a single dot)',
        ),
      ]
    // exactly the operator's own value is taken
    return isFixed(name, release) && (!Object.hasOwn(applied, name) || applied[name] !== value)
      ? [invalid(field, value, "Can't set fixed configuration parameter")]
      : []
  })
}

function walLevelErrors(cluster: Cluster, applied: Parameters): FieldError[] {
  const level = applied['wal_level'] ?? ''
  const field = `${PATH}.wal_level`
  const errors: FieldError[] = []
  if (!['logical', 'replica', 'minimal'].includes(level))
    errors.push(
      invalid(
        field,
        level,
        'unrecognized `wal_level` value - allowed values: `logical`, `replica`, `minimal`',
      ),
    )
  else if (
    level === 'minimal' &&
    ((cluster.spec.instances ?? 0) > 1 || applied['archive_mode'] !== 'off' || isReplica(cluster))
  )
    errors.push(
      invalid(
        field,
        level,
        "`wal_level` should be set at `logical` or `replica` when `archive_mode` is `on`, '.instances' field is greater than 1, or this is a replica cluster",
      ),
    )
  if (level === 'minimal' && applied['max_wal_senders'] !== '0')
    errors.push(
      invalid(
        `${PATH}.max_wal_senders`,
        level,
        '`max_wal_senders` should be set at `0` when `wal_level` is `minimal`',
      ),
    )
  return errors
}

function valueErrors({ spec }: Cluster, release: OperatorRelease): FieldError[] {
  const parameters = spec.postgresql?.parameters ?? {}
  const errors: FieldError[] = []
  const sharedBuffers = parameters['shared_buffers'] ?? ''
  if (sharedBuffers !== '' && typeof parsePostgresSize(sharedBuffers) === 'string')
    errors.push(
      invalid(
        `${PATH}.shared_buffers`,
        'shared_buffers',
        'Invalid value for configuration parameter shared_buffers. More info on accepted values format: https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES',
      ),
    )
  const booleans = since(release, '1.27.0') ? ['hot_standby_feedback', 'sync_replication_slots'] : []
  for (const name of [...booleans, 'wal_log_hints']) {
    const value = parameters[name]
    if (value !== undefined && parsePostgresBoolean(value) === undefined)
      errors.push(invalid(`${PATH}.${name}`, value, `invalid \`${name}\` value. Must be a postgres boolean`))
  }
  const hints = parameters['wal_log_hints']
  if (hints !== undefined && (spec.instances ?? 0) > 1) {
    // up to 1.26 what is no boolean also counts as off
    const on = parsePostgresBoolean(hints) ?? since(release, '1.27.0')
    if (!on)
      errors.push(
        invalid(`${PATH}.wal_log_hints`, hints, '`wal_log_hints` must be set to `on` when `instances` > 1'),
      )
  }
  return errors
}

/** validateWalSizeConfiguration: min_wal_size < max_wal_size < size of the WAL volume */
function walSizeErrors(parameters: Parameters, volume: Quantity | undefined): FieldError[] {
  const errors: FieldError[] = []
  const read = (name: string, byDefault: string) => {
    const given = parameters[name] ?? ''
    const text = given === '' ? byDefault : given
    const size = parsePostgresSize(text)
    if (typeof size === 'string')
      errors.push(invalid(`${PATH}.${name}`, text, `Invalid value for configuration parameter ${name}`))
    return {
      name,
      text,
      byDefault,
      isGiven: given !== '',
      size: typeof size === 'string' ? quantityOrZero(undefined) : size,
    }
  }
  const min = read('min_wal_size', '80MB')
  const max = read('max_wal_size', '1GB')
  if (min.size.nano !== 0n && max.size.nano !== 0n && compareQuantities(min.size, max.size) >= 0)
    errors.push(
      invalid(
        `${PATH}.min_wal_size`,
        min.text,
        'Invalid vale. Parameter min_wal_size (default 80MB) should be smaller than parameter max_wal_size (default 1GB)',
      ),
    )
  if (volume === undefined) return errors
  for (const { name, text, byDefault, isGiven, size } of [min, max])
    if (isGiven && size.nano !== 0n && compareQuantities(size, volume) >= 0)
      errors.push(
        invalid(
          `${PATH}.${name}`,
          text,
          `Invalid value. Parameter ${name} (default ${byDefault}) should be smaller than WAL volume size`,
        ),
      )
  return errors
}

export function validateWALLevelChange({ spec }: Cluster, old: Cluster): FieldError[] {
  const before = old.spec.postgresql?.parameters?.['wal_level'] ?? ''
  if (spec.postgresql?.parameters?.['wal_level'] !== 'minimal') return []
  return before === '' || before === 'minimal'
    ? []
    : [
        invalid(
          `${PATH}.wal_level`,
          'minimal',
          `Change of \`wal_level\` to \`minimal\` not allowed on an existing cluster (from ${before})`,
        ),
      ]
}
