import { atoi } from './go-values.ts'
import { parseQuantity, WRONG_FORMAT, type Quantity } from '../quantity.ts'
import { since, type OperatorRelease } from './operator-release.ts'

// pkg/postgres/configuration.go, booleans.go; internal/webhook/v1/cluster_webhook.go parsePostgresQuantityValue.

export type Parameters = Readonly<Record<string, string>>

/** CnpgConfigurationSettings.GlobalDefaultSettings (1.26 to main) */
const DEFAULTS: Parameters = {
  archive_timeout: '5min',
  dynamic_shared_memory_type: 'posix',
  full_page_writes: 'on',
  logging_collector: 'on',
  log_destination: 'csvlog',
  log_directory: '/controller/log',
  log_filename: 'postgres',
  log_rotation_age: '0',
  log_rotation_size: '0',
  log_truncate_on_rotation: 'false',
  max_parallel_workers: '32',
  max_worker_processes: '32',
  max_replication_slots: '32',
  shared_memory_type: 'mmap',
  ssl_max_protocol_version: 'TLSv1.3',
  ssl_min_protocol_version: 'TLSv1.3',
  wal_keep_size: '512MB',
  wal_level: 'logical',
  wal_log_hints: 'on',
  wal_sender_timeout: '5s',
  wal_receiver_timeout: '5s',
  shared_preload_libraries: '',
}

/** FixedConfigurationParameters: the operator's own, only its own value is taken. */
const FIXED = new Set(
  `allow_system_table_mods archive_mode bonjour bonjour_name cluster_name config_file data_directory data_sync_retry
  event_source external_pid_file hba_file hot_standby ident_file jit_provider listen_addresses logging_collector port
  primary_conninfo primary_slot_name recovery_target recovery_target_action recovery_target_inclusive
  recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline recovery_target_xid
  restore_command shared_preload_libraries temp_tablespaces unix_socket_directories unix_socket_group
  unix_socket_permissions archive_cleanup_command archive_command log_destination log_directory log_file_mode
  log_filename log_rotation_age log_rotation_size log_truncate_on_rotation pg_failover_slots.primary_dsn
  promote_trigger_file recovery_end_command recovery_min_apply_delay restart_after_crash ssl ssl_ca_file ssl_cert_file
  ssl_crl_file ssl_dh_params_file ssl_key_file ssl_passphrase_command ssl_passphrase_command_supports_reload
  ssl_prefer_server_ciphers stats_temp_directory synchronous_standby_names syslog_facility syslog_ident
  syslog_sequence_numbers syslog_split_messages`.split(/\s+/),
)

/** Whether the operator keeps a parameter to itself. */
export function isFixed(name: string, release: OperatorRelease): boolean {
  if (name === 'ssl_ecdh_curve') return !since(release, '1.29.3', '1.30.1')
  if (name === 'pg_failover_slots.standby_slot_names' || name === 'synchronized_standby_slots')
    return since(release, '1.27.0')
  return FIXED.has(name)
}

/**
 * CreatePostgresqlConfiguration as the webhooks call it: the operator's defaults, the user's parameters, archive_mode.
 * @param how `keepFixed`: the user's values of fixed parameters stay (PreserveFixedSettingsFromUser)
 */
export function operatorParameters(
  user: Parameters,
  how: { keepFixed: boolean; isReplica: boolean; walArchivingDisabled: boolean },
  release: OperatorRelease,
): Record<string, string> {
  const parameters = new Map(Object.entries(DEFAULTS))
  for (const [name, value] of Object.entries(user))
    if (how.keepFixed || !isFixed(name, release)) parameters.set(name, value)
  parameters.set('archive_mode', how.walArchivingDisabled ? 'off' : how.isReplica ? 'always' : 'on')
  return Object.fromEntries(parameters)
}

/** ParsePostgresConfigBoolean: what PostgreSQL takes for a boolean. */
export function parsePostgresBoolean(text: string): boolean | undefined {
  const value = text.toLowerCase()
  if (['1', 'on', 'y', 'ye', 'yes', 't', 'tr', 'tru', 'true'].includes(value)) return true
  if (['0', 'of', 'off', 'n', 'no', 'f', 'fa', 'fal', 'fals', 'false'].includes(value)) return false
  return undefined
}

/**
 * A size in the words of PostgreSQL: a whole number is megabytes, else it must end in B; kB, MB, GB, TB are powers of 1024.
 * @returns the message of Go's error where it is none
 */
export function parsePostgresSize(text: string): Quantity | string {
  let value = atoi(text) === undefined ? text : `${text}MB`
  if (!value.endsWith('B')) return WRONG_FORMAT
  value = value.slice(0, -1).replaceAll(' ', '')
  if (atoi(value) === undefined) value = `${value}i`.replaceAll('ki', 'Ki')
  return parseQuantity(value)
}

/** IsManagedExtensionUsed: by a parameter of its namespace. */
export function usesExtension(name: string, parameters: Parameters | undefined): boolean {
  return Object.keys(parameters ?? {}).some(parameter => parameter.startsWith(`${name}.`))
}
