import { backupMethodErrors, type BackupMethod, type Surroundings } from './backup-method.ts'
import { invalid, type FieldError } from './field-error.ts'
import { atoi } from './go-values.ts'

const DEADLINE = 'cnpg.io/volumeSnapshotDeadline'

/** backup_webhook.go validate: the same on create and update, in all releases. */
export function backupErrors(
  spec: BackupMethod,
  annotations: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): FieldError[] {
  const errors = backupMethodErrors(spec, 'the backup method', surroundings)
  if (spec.method === 'plugin' && (spec.pluginConfiguration?.name ?? '') === '')
    errors.push(
      invalid(
        'spec.pluginConfiguration',
        spec.onlineConfiguration,
        'cannot be empty when the backup method is plugin',
      ),
    )
  const deadline = annotations[DEADLINE] ?? ''
  if (deadline !== '' && atoi(deadline) === undefined)
    errors.push(invalid(`metadata.annotations.${DEADLINE}`, deadline, 'must be an integer'))
  return errors
}
