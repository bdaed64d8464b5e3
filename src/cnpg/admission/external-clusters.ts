import type { Cluster, ExternalCluster } from './cluster-types.ts'
import { invalid, required, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'

const PATH = 'spec.externalClusters'

export function validateExternalClusters(
  { spec: { externalClusters = [] } }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  const errors = externalClusters.flatMap((external, index) =>
    validateExternalCluster(external, `${PATH}[${index}]`, release),
  )
  if (new Set(externalClusters.map(({ name = '' }) => name)).size !== externalClusters.length)
    errors.push(invalid(PATH, externalClusters, 'the list of external clusters contains duplicate values'))
  return errors
}

function validateExternalCluster(
  external: ExternalCluster,
  path: string,
  release: OperatorRelease,
): FieldError[] {
  const errors: FieldError[] = []
  // {} is a map and enough
  if (
    external.connectionParameters === undefined &&
    external.barmanObjectStore === undefined &&
    external.plugin === undefined
  )
    errors.push(required(path, 'one of connectionParameters, plugin and barmanObjectStore is required'))
  if (!since(release, '1.28.4', '1.29.2', '1.30.0')) return errors
  const parts = [
    ['name', external.name],
    ['sslCert.name', external.sslCert?.name],
    ['sslCert.key', external.sslCert?.key],
    ['sslKey.name', external.sslKey?.name],
    ['sslKey.key', external.sslKey?.key],
    ['sslRootCert.name', external.sslRootCert?.name],
    ['sslRootCert.key', external.sslRootCert?.key],
  ] as const
  for (const [field, value = ''] of parts)
    if (value === '.' || value === '..' || /[/\\]/.test(value))
      errors.push(invalid(`${path}.${field}`, value, "cannot contain a path separator or a '..' component"))
  return errors
}
