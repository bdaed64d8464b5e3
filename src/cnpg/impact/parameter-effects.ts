import { isObject, valueAt, type Json } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { findParameter, type ParameterCatalog } from '../parameters/parameter-catalog.ts'
import { isBoolean, numberIn } from '../parameters/parameter-value.ts'
import { effect, type Effect } from './effect.ts'
import { rollout, rolloutPlan } from './rollout.ts'

/**
 * Lowered, they make the primary restart first: a standby refuses to run with less than its primary (PostgreSQL
 * documentation, hot standby; CloudNativePG 1.30.0 pkg/management/postgres/probes.go, updateResultForDecrease).
 */
const STANDBY_SENSITIVE = new Set([
  'max_connections',
  'max_prepared_transactions',
  'max_wal_senders',
  'max_worker_processes',
  'max_locks_per_transaction',
])

/** Libraries that the operator preloads as soon as one of their parameters is set (pkg/postgres/configuration.go, ManagedExtensions). */
const MANAGED_EXTENSIONS = ['pgaudit', 'pg_stat_statements', 'auto_explain', 'pg_failover_slots']

/** What the operator sets where a Cluster says nothing (pkg/postgres/configuration.go, CnpgConfigurationSettings). */
const OPERATOR_DEFAULTS: Readonly<Record<string, string>> = {
  archive_timeout: '5min',
  dynamic_shared_memory_type: 'posix',
  full_page_writes: 'on',
  max_parallel_workers: '32',
  max_worker_processes: '32',
  max_replication_slots: '32',
  shared_memory_type: 'mmap',
  wal_keep_size: '512MB',
  wal_level: 'logical',
  wal_log_hints: 'on',
  wal_sender_timeout: '5s',
  wal_receiver_timeout: '5s',
  ssl_max_protocol_version: 'TLSv1.3',
  ssl_min_protocol_version: 'TLSv1.3',
}

/** What PostgreSQL takes for STANDBY_SENSITIVE where nobody sets them (boot_val of pg_settings, 14 to 18). */
const POSTGRES_DEFAULTS: Readonly<Record<string, string>> = {
  max_connections: '100',
  max_prepared_transactions: '0',
  max_wal_senders: '10',
  max_locks_per_transaction: '64',
}

const PARAMETERS = ['spec', 'postgresql', 'parameters'] as const

/**
 * What changed parameters do: reload or restart, by the catalog of the major that runs.
 * @param catalog undefined: the major has none, and whether a restart is needed is not known
 */
export function parameterEffects(
  base: Manifest,
  head: Manifest,
  catalog: ParameterCatalog | undefined,
): Effect[] {
  const before = valueAt(base, ...PARAMETERS)
  const after = valueAt(head, ...PARAMETERS)
  const left = isObject(before) ? before : {}
  const right = isObject(after) ? after : {}
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted()
  return [
    ...names.flatMap(name => one(name, left[name], right[name], head, catalog)),
    ...libraryEffects(base, head, left, right),
  ]
}

function one(
  name: string,
  from: Json | undefined,
  to: Json | undefined,
  head: Manifest,
  catalog: ParameterCatalog | undefined,
): Effect[] {
  if (from === to) return []
  const field = `spec.postgresql.parameters.${name}`
  const values = { from: shown(name, from), to: shown(name, to) }
  // archive_mode and its like are the operator's own: the webhook refuses them
  const definition = catalog === undefined ? undefined : findParameter(catalog, name)
  if (definition !== undefined && sameValue(from, to, definition))
    return [effect('none', field, `${name}: another spelling of the same value`, values)]
  if (name.includes('.'))
    return [effect('reload', field, `${name} is of an extension: PostgreSQL reloads, no restart`, values)]
  if (catalog === undefined)
    return [
      effect(
        'unknown',
        field,
        `${name}: whether it needs a restart is not known, there is no catalog of this PostgreSQL major`,
        values,
      ),
    ]
  if (definition === undefined)
    return [effect('unknown', field, `${name} is no parameter of PostgreSQL ${catalog.postgres}`, values)]
  if (definition.context !== 'postmaster') {
    const sessions =
      definition.context === 'backend' || definition.context === 'superuser-backend'
        ? ' and holds for new sessions'
        : ''
    return [
      effect(
        'reload',
        field,
        `${name} is reloaded${sessions} (context ${definition.context}), no restart`,
        values,
      ),
    ]
  }
  const plan = rolloutPlan(head)
  const number = (value: Json | undefined): number | undefined =>
    typeof value === 'string' ? numberIn(value, definition) : undefined
  const unset = OPERATOR_DEFAULTS[name] ?? POSTGRES_DEFAULTS[name]
  const [old, next] = [number(from ?? unset), number(to ?? unset)]
  if (STANDBY_SENSITIVE.has(name) && old !== undefined && next !== undefined && next < old) {
    const seen = plan.supervised
      ? 'the operator waits for a person to restart the primary ("Waiting for user action")'
      : 'the primary restarts first, in place, and writes stop until it is back; then the replicas restart'
    return [
      effect(
        'primary-restart',
        field,
        `${name} is lowered and needs a restart: ${plan.instances > 1 ? seen : 'the only instance restarts, the database is down until it is back'}`,
        values,
      ),
    ]
  }
  const { impact, seen } = rollout(plan, true)
  return [effect(impact, field, `${name} needs a restart (context postmaster): ${seen}`, values)]
}

/** The values of a password or token are nobody's business; parameters of PostgreSQL itself hold none. */
function shown(name: string, value: Json | undefined): Json | undefined {
  return value !== undefined && /pass|secret|token|key/i.test(name) ? '***' : value
}

function sameValue(
  from: Json | undefined,
  to: Json | undefined,
  definition: NonNullable<ReturnType<typeof findParameter>>,
): boolean {
  if (typeof from !== 'string' || typeof to !== 'string') return false
  if (definition.type === 'bool') return isBoolean(from) && isBoolean(to) && isOn(from) === isOn(to)
  if (definition.type === 'enum') return from.toLowerCase() === to.toLowerCase()
  const [a, b] = [numberIn(from, definition), numberIn(to, definition)]
  return a !== undefined && a === b
}

function isOn(text: string): boolean {
  return text === '1' || /^(?:t|y|on)/i.test(text)
}

/** A library that is preloaded from now on, or no more, wants a restart. */
function libraryEffects(
  base: Manifest,
  head: Manifest,
  left: Record<string, Json>,
  right: Record<string, Json>,
): Effect[] {
  const plan = rolloutPlan(head)
  const [before, after] = [
    [...managedExtensions(left), ...listedLibraries(base)],
    [...managedExtensions(right), ...listedLibraries(head)],
  ]
  if (before.join() === after.join()) return []
  const field =
    listedLibraries(base).join() === listedLibraries(head).join()
      ? 'spec.postgresql.parameters'
      : 'spec.postgresql.shared_preload_libraries'
  const { impact, seen } = rollout(plan, true)
  return [
    effect(impact, field, `the preloaded libraries change, which needs a restart: ${seen}`, {
      from: before,
      to: after,
    }),
  ]
}

function managedExtensions(parameters: Record<string, Json>): string[] {
  return MANAGED_EXTENSIONS.filter(name =>
    Object.keys(parameters).some(parameter => parameter.startsWith(`${name}.`)),
  )
}

function listedLibraries(manifest: Manifest): string[] {
  const list = valueAt(manifest, 'spec', 'postgresql', 'shared_preload_libraries')
  return Array.isArray(list) ? list.filter(item => typeof item === 'string') : []
}
