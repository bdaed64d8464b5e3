import { invalid, required, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'

export interface Pooler {
  name: string
  namespace: string
  spec: {
    cluster?: { name?: string }
    pgbouncer?: PgBouncer
    monitoring?: {
      enablePodMonitor?: boolean
      podMonitorMetricRelabelings?: object[]
      podMonitorRelabelings?: object[]
      tls?: { enabled?: boolean }
    }
  }
}

interface PgBouncer {
  authQuery?: string
  authQuerySecret?: { name?: string }
  serverTLSSecret?: { name?: string }
  clientTLSSecret?: { name?: string }
  parameters?: Record<string, string>
}

/** AllowedPgbouncerGenericConfigurationParameters of all releases */
const PARAMETERS = new Set(
  `application_name_add_host autodb_idle_timeout cancel_wait_timeout client_idle_timeout client_login_timeout
  default_pool_size disable_pqexec dns_max_ttl dns_nxdomain_ttl idle_transaction_timeout ignore_startup_parameters
  listen_backlog log_connections log_disconnections log_pooler_errors log_stats max_client_conn max_db_connections
  max_packet_size max_prepared_statements max_user_connections min_pool_size pkt_buf query_timeout query_wait_timeout
  reserve_pool_size reserve_pool_timeout sbuf_loopcnt server_check_delay server_check_query server_connect_timeout
  server_fast_close server_idle_timeout server_lifetime server_login_retry server_reset_query server_reset_query_always
  server_round_robin server_tls_ciphers server_tls_protocols stats_period suspend_timeout tcp_defer_accept
  tcp_socket_buffer tcp_keepalive tcp_keepcnt tcp_keepidle tcp_keepintvl tcp_user_timeout track_extra_parameters
  verbose`.split(/\s+/),
)
/** … and those that came later */
const LATER: Readonly<Record<string, readonly string[]>> = {
  auth_type: ['1.26.2', '1.27.1', '1.28.0'],
  client_tls_sslmode: ['1.26.2', '1.27.1', '1.28.0'],
  server_tls_sslmode: ['1.26.2', '1.27.1', '1.28.0'],
  client_tls_ciphers: ['1.27.4', '1.28.2', '1.29.0'],
  client_tls13_ciphers: ['1.27.4', '1.28.2', '1.29.0'],
  server_tls13_ciphers: ['1.27.4', '1.28.2', '1.29.0'],
  auth_user: ['1.29.3', '1.30.1'],
}

/** pooler_webhook.go validate */
export function poolerErrors(pooler: Pooler, release: OperatorRelease): FieldError[] {
  return [
    ...validatePgBouncer(pooler, release),
    ...validateCluster(pooler),
    ...(since(release, '1.30.0') ? validateMonitoring(pooler) : []),
  ]
}

function validatePgBouncer({ spec }: Pooler, release: OperatorRelease): FieldError[] {
  const path = 'spec.pgbouncer'
  const { pgbouncer } = spec
  if (pgbouncer === undefined) return [invalid(path, '', 'required pgbouncer configuration')]
  const authenticates = isNamed(pgbouncer.authQuerySecret) || hasServerTls(pgbouncer, release)
  const query = pgbouncer.authQuery ?? ''
  const errors: FieldError[] = []
  if (authenticates && query === '')
    errors.push(
      invalid(`${path}.authQuery`, '', 'must specify an auth query when providing an auth query secret'),
    )
  if (!authenticates && query !== '')
    errors.push(
      invalid(
        `${path}.authQuerySecret.name`,
        '',
        'must specify an existing auth query secret when providing an auth query secret',
      ),
    )
  // the error names spec.cluster.parameters, the field is spec.pgbouncer.parameters
  for (const parameter of Object.keys(pgbouncer.parameters ?? {}))
    if (!isAllowed(parameter, release))
      errors.push(invalid('spec.cluster.parameters', parameter, 'Invalid or reserved parameter'))
  return errors
}

function isAllowed(parameter: string, release: OperatorRelease): boolean {
  const first = Object.hasOwn(LATER, parameter) ? LATER[parameter] : undefined
  return first === undefined ? PARAMETERS.has(parameter) : since(release, ...first)
}

function validateCluster({ name, spec }: Pooler): FieldError[] {
  const cluster = spec.cluster?.name ?? ''
  const errors: FieldError[] = []
  if (cluster === '') errors.push(invalid('spec.cluster.name', '', 'must specify a cluster name'))
  if (cluster === name)
    errors.push(invalid('metadata.name', name, 'the pooler resource cannot have the same name of a cluster'))
  return errors
}

function validateMonitoring({ spec: { monitoring, pgbouncer } }: Pooler): FieldError[] {
  if (monitoring?.tls?.enabled !== true || monitoring.enablePodMonitor !== true) return []
  return isNamed(pgbouncer?.clientTLSSecret)
    ? []
    : [
        required(
          'spec.pgbouncer.clientTLSSecret',
          "clientTLSSecret is required when spec.monitoring.tls.enabled is true and the operator-generated PodMonitor is enabled. Without it the metrics endpoint serves the cluster's server certificate, whose SANs cover the cluster's services rather than the pooler. Supply a clientTLSSecret whose certificate represents the pooler, or set spec.monitoring.enablePodMonitor=false and manage your own PodMonitor.",
        ),
      ]
}

/** Up to 1.27 an update warns only where the integration was automated before; a refused creation never warns. */
export function poolerWarnings(pooler: Pooler, old: Pooler | undefined, release: OperatorRelease): string[] {
  const { name, namespace, spec } = pooler
  const warnings: string[] = []
  const isNew = since(release, '1.28.0')
  if (!isAutomated(pooler, release) && (isNew || old === undefined || isAutomated(old, release)))
    warnings.push(
      `The operator won't handle the Pooler ${quoted(name)} integration with the Cluster ${quoted(spec.cluster?.name ?? '')} (${quoted(namespace)}). Manually configure it as described in the docs.`,
    )
  if (isNew && isNamed(spec.pgbouncer?.authQuerySecret))
    warnings.push('The .spec.pgbouncer.authQuerySecret field has been deprecated')
  const { enablePodMonitor, podMonitorMetricRelabelings, podMonitorRelabelings } = spec.monitoring ?? {}
  const isMonitored =
    enablePodMonitor === true ||
    (podMonitorMetricRelabelings ?? []).length > 0 ||
    (podMonitorRelabelings ?? []).length > 0
  if (since(release, '1.26.2', '1.27.1', '1.28.0') && isMonitored)
    warnings.push(
      'spec.monitoring is deprecated and will be removed in a future release. Set this field to false and create a PodMonitor resource for your pooler as described in the documentation',
    )
  return warnings
}

/** IsAutomatedIntegration */
function isAutomated({ spec: { pgbouncer } }: Pooler, release: OperatorRelease): boolean {
  if (pgbouncer === undefined) return true
  return (
    (pgbouncer.authQuery ?? '') === '' &&
    !isNamed(pgbouncer.authQuerySecret) &&
    !hasServerTls(pgbouncer, release)
  )
}

function hasServerTls({ serverTLSSecret }: PgBouncer, release: OperatorRelease): boolean {
  return since(release, '1.28.0') && isNamed(serverTLSSecret)
}

function isNamed(secret: { name?: string } | undefined): boolean {
  return (secret?.name ?? '') !== ''
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
