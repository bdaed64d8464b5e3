import type { BarmanObjectStore, Cluster } from './cluster-types.ts'
import { invalid, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'

// cloudnative-pg/barman-cloud pkg/api/webhooks/config.go, pkg/api/config.go. Only spec.backup is checked, not the stores
// of external clusters.

const PATH = 'spec.backup.barmanObjectStore'

export function validateBackupConfiguration(
  { spec: { backup } }: Cluster,
  release: OperatorRelease,
): FieldError[] {
  const store = backup?.barmanObjectStore
  if (store === undefined) return []
  const { azureCredentials, s3Credentials, googleCredentials } = store
  const given = [azureCredentials, s3Credentials, googleCredentials].filter(
    credentials => credentials !== undefined,
  ).length
  // each provider's errors take the place of those before (an assignment, not an append)
  let errors: FieldError[] = []
  if (azureCredentials !== undefined) errors = validateAzureCredentials(azureCredentials, release)
  if (s3Credentials !== undefined) errors = validateAwsCredentials(s3Credentials)
  if (googleCredentials !== undefined) errors = validateGCSCredentials(googleCredentials)
  if (given !== 1)
    errors.push(
      invalid(
        PATH,
        store,
        `${given === 0 ? 'missing' : 'too many'} credentials. One and only one of azureCredentials, s3Credentials and googleCredentials are required`,
      ),
    )
  return errors
}

function validateAzureCredentials(
  azure: NonNullable<BarmanObjectStore['azureCredentials']>,
  release: OperatorRelease,
): FieldError[] {
  const path = `${PATH}.azureCredentials`
  const errors: FieldError[] = []
  // barman-cloud 0.4.1 and later
  const isNew = since(release, '1.27.3', '1.28.1', '1.29.0')
  const methods = [
    azure.inheritFromAzureAD === true,
    isNew && azure.useDefaultAzureCredentials === true,
    azure.storageKey !== undefined,
    azure.storageSasToken !== undefined,
  ].filter(Boolean).length
  if (methods !== 1 && azure.connectionString === undefined)
    errors.push(
      invalid(
        path,
        azure,
        `when connection string is not specified, one and only one of storage key${
          isNew
            ? ', storage SAS token, Azure AD authentication, or default Azure credentials is required'
            : ' and storage SAS token is allowed'
        }`,
      ),
    )
  if (
    (methods !== 0 || (isNew && azure.storageAccount !== undefined)) &&
    azure.connectionString !== undefined
  )
    errors.push(
      invalid(path, azure, 'when connection string is specified, the other parameters must be empty'),
    )
  if (
    isNew &&
    (azure.storageKey !== undefined || azure.storageSasToken !== undefined) &&
    azure.storageAccount === undefined
  )
    errors.push(invalid(path, azure, 'storage account must be specified when using storage key or SAS token'))
  return errors
}

/** The errors name awsCredentials, the field is s3Credentials. */
function validateAwsCredentials(s3: NonNullable<BarmanObjectStore['s3Credentials']>): FieldError[] {
  const path = `${PATH}.awsCredentials`
  const errors: FieldError[] = []
  const keys = [s3.accessKeyId, s3.secretAccessKey].filter(key => key !== undefined).length
  const methods = (s3.inheritFromIAMRole === true ? 1 : 0) + (keys > 0 ? 1 : 0)
  if (keys === 1)
    errors.push(
      invalid(path, s3, 'when using AWS credentials both accessKeyId and secretAccessKey must be provided'),
    )
  if (methods === 0)
    errors.push(invalid(path, s3, 'at least one AWS authentication method should be supplied'))
  if (methods > 1) errors.push(invalid(path, s3, 'only one AWS authentication method should be supplied'))
  return errors
}

function validateGCSCredentials(google: NonNullable<BarmanObjectStore['googleCredentials']>): FieldError[] {
  const path = 'spec.backupConfiguration.googleCredentials'
  const inGke = google.gkeEnvironment === true
  if (!inGke && google.applicationCredentials === undefined)
    return [invalid(path, google, 'if gkeEnvironment is false, secret with credentials must be provided')]
  if (inGke && google.applicationCredentials !== undefined)
    return [invalid(path, google, 'if gkeEnvironment is true, secret with credentials must not be provided')]
  return []
}

/** barman-cloud pkg/utils/barman.go ParsePolicy; the CRD's pattern is stricter and comes first. */
export function validateRetentionPolicy({ spec: { backup } }: Cluster): FieldError[] {
  const policy = backup?.retentionPolicy ?? ''
  return policy === '' || /[1-9][0-9]*[dwm]$/.test(policy)
    ? []
    : [invalid('spec.backup.retentionPolicy', policy, 'not a valid retention policy')]
}
