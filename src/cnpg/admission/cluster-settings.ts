import type { Cluster } from './cluster-types.ts'
import { isReservedVariable } from './environment.ts'
import { invalid, type FieldError } from './field-error.ts'
import { isDns1035Label } from './kubernetes-names.ts'
import { since, type OperatorRelease } from './operator-release.ts'

// Small rules of cluster_webhook.go, each about one setting.

export function validateName({ name }: Cluster): FieldError[] {
  const errors: FieldError[] = []
  if (!isDns1035Label(name))
    errors.push(invalid('metadata.name', name, 'cluster name must be a valid DNS label'))
  if (name.length > 50)
    errors.push(invalid('metadata.name', name, 'the maximum length of a cluster name is 50 characters'))
  return errors
}

/** The error names superusersecret, the field is superuserSecret. */
export function validateSuperuserSecret({ spec: { superuserSecret } }: Cluster): FieldError[] {
  return superuserSecret !== undefined && (superuserSecret.name ?? '') === ''
    ? [invalid('spec.superusersecret.name', '', "Super user secret name can't be empty")]
    : []
}

/** The errors name the fields in lower case. */
export function validateCerts({ spec: { certificates = {} } }: Cluster): FieldError[] {
  const path = 'spec.certificates'
  const errors: FieldError[] = []
  const names = certificates.serverAltDNSNames ?? []
  if ((certificates.serverTLSSecret ?? '') !== '') {
    if (names.length > 0)
      errors.push(
        invalid(
          `${path}.serveraltdnsnames`,
          `[${names.join(' ')}]`,
          "Server alternative DNS names can't be defined when server TLS secret is provided",
        ),
      )
    if ((certificates.serverCASecret ?? '') === '')
      errors.push(
        invalid(
          `${path}.servercasecret`,
          '',
          "Server CA secret can't be empty when server TLS secret is provided",
        ),
      )
  }
  if ((certificates.replicationTLSSecret ?? '') !== '' && (certificates.clientCASecret ?? '') === '')
    errors.push(
      invalid(
        `${path}.clientcasecret`,
        '',
        "Client CA secret can't be empty when client replication secret is provided",
      ),
    )
  return errors
}

export function validateLDAP({ spec }: Cluster): FieldError[] {
  const ldap = spec.postgresql?.ldap
  if (ldap === undefined) return []
  const errors: FieldError[] = []
  if ((ldap.server ?? '') === '')
    errors.push(
      invalid(
        'spec.postgresql.ldap',
        '',
        'ldap server cannot be empty if any other ldap parameters are specified',
      ),
    )
  if (ldap.bindSearchAuth !== undefined && ldap.bindAsAuth !== undefined)
    errors.push(
      invalid(
        'spec.postgresql.ldap',
        'bindAsAuth or bindSearchAuth',
        'only bind+search or bind method can be specified',
      ),
    )
  return errors
}

/** The error names spec.postgresql.env, the field is spec.env. */
export function validateEnv({ spec: { env = [] } }: Cluster): FieldError[] {
  return env.flatMap(({ name = '' }, index) =>
    isReservedVariable(name)
      ? [
          invalid(
            `spec.postgresql.env[${index}].name`,
            name,
            'the usage of this environment variable is reserved for the operator',
          ),
        ]
      : [],
  )
}

export function validatePrimaryUpdateStrategy({ spec }: Cluster): FieldError[] {
  const strategy = spec.primaryUpdateStrategy ?? ''
  const wrong = (detail: string) => [invalid('spec.primaryUpdateStrategy', strategy, detail)]
  if (!['', 'supervised', 'unsupervised'].includes(strategy))
    return wrong("primaryUpdateStrategy should be empty, 'supervised' or 'unsupervised'")
  return strategy === 'supervised' && spec.instances === 1
    ? wrong('supervised update strategy is not allowed for clusters with a single instance')
    : []
}

export function validatePluginConfiguration({ spec: { plugins = [], backup } }: Cluster): FieldError[] {
  const archivers = plugins
    .filter(({ enabled = true, isWALArchiver }) => enabled && isWALArchiver === true)
    .map(({ name = '' }) => name)
  const errors: FieldError[] = []
  if (backup?.barmanObjectStore !== undefined && archivers.length > 0)
    errors.push(
      invalid(
        'spec.plugins',
        archivers,
        'Cannot enable a WAL archiver plugin when barmanObjectStore is configured',
      ),
    )
  if (archivers.length > 1)
    errors.push(invalid('spec.plugins', archivers, 'Cannot enable more than one WAL archiver plugin'))
  return errors
}

export function validateServiceAccountConfig({ spec }: Cluster, release: OperatorRelease): FieldError[] {
  const name = spec.serviceAccountName ?? ''
  return since(release, '1.29.0') && name !== '' && spec.serviceAccountTemplate !== undefined
    ? [
        invalid(
          'spec.serviceAccountName',
          name,
          'serviceAccountName and serviceAccountTemplate are mutually exclusive',
        ),
      ]
    : []
}

/** What client-go's leader election asks for, else the instances would crash. */
export function validatePrimaryLease(
  { spec: { primaryLease } }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  if (primaryLease === undefined || !since(release, '1.30.0')) return []
  const {
    leaseDurationSeconds: duration = 15,
    renewDeadlineSeconds: deadline = 10,
    retryPeriodSeconds: retry = 2,
  } = primaryLease
  const errors: FieldError[] = []
  if (duration <= deadline)
    errors.push(
      invalid(
        'spec.primaryLease.leaseDurationSeconds',
        duration,
        'leaseDurationSeconds must be greater than renewDeadlineSeconds',
      ),
    )
  if (5 * deadline <= 6 * retry)
    errors.push(
      invalid(
        'spec.primaryLease.renewDeadlineSeconds',
        deadline,
        'renewDeadlineSeconds must be greater than retryPeriodSeconds multiplied by 1.2',
      ),
    )
  return errors
}

export function validateUnixPermissionIdentifierChange({ spec }: Cluster, old: Cluster): FieldError[] {
  const errors: FieldError[] = []
  const [gid, uid] = [spec.postgresGID ?? 0, spec.postgresUID ?? 0]
  if (gid !== (old.spec.postgresGID ?? 0))
    errors.push(invalid('spec.postgresGID', gid, 'GID is an immutable field in the spec'))
  if (uid !== (old.spec.postgresUID ?? 0))
    errors.push(invalid('spec.postgresUID', uid, 'UID is an immutable field in the spec'))
  return errors
}
