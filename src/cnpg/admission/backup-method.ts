import { invalid, type FieldError } from './field-error.ts'

/** What Backup and ScheduledBackup share. */
export interface BackupMethod {
  method?: string
  online?: boolean
  onlineConfiguration?: object
  pluginConfiguration?: { name?: string }
}

/** What the webhooks know of the Kubernetes cluster. */
export interface Surroundings {
  /** whether the CRD VolumeSnapshot was there when the operator started */
  volumeSnapshots: boolean
}

/** @param what 'the backup method' or 'the method': the two webhooks differ in it */
export function backupMethodErrors(
  { method, online, onlineConfiguration }: BackupMethod,
  what: string,
  { volumeSnapshots }: Surroundings,
): FieldError[] {
  const errors: FieldError[] = []
  if (method === 'volumeSnapshot' && !volumeSnapshots)
    errors.push(
      invalid(
        'spec.method',
        method,
        'Cannot use volumeSnapshot backup method due to missing VolumeSnapshot CRD. If you installed the CRD after having started the operator, please restart it to enable VolumeSnapshot support',
      ),
    )
  if (method === 'barmanObjectStore' && online !== undefined)
    errors.push(
      invalid('spec.online', online, `Online parameter can be specified only if ${what} is volumeSnapshot`),
    )
  if (method === 'barmanObjectStore' && onlineConfiguration !== undefined)
    errors.push(
      invalid(
        'spec.onlineConfiguration',
        onlineConfiguration,
        `OnlineConfiguration parameter can be specified only if ${what} is volumeSnapshot`,
      ),
    )
  return errors
}
