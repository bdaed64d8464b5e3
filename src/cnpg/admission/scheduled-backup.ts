import { backupMethodErrors, type BackupMethod, type Surroundings } from './backup-method.ts'
import { fieldsOf, scheduleError } from './cron.ts'
import { invalid, type FieldError } from './field-error.ts'

export interface ScheduledBackupSpec extends BackupMethod {
  schedule?: string
}

/** scheduledbackup_webhook.go validate: the same on create and update, in all releases. */
export function scheduledBackupErrors(spec: ScheduledBackupSpec, surroundings: Surroundings): FieldError[] {
  const schedule = spec.schedule ?? ''
  const wrong = scheduleError(schedule)
  return [
    ...(wrong === undefined ? [] : [invalid('spec.schedule', schedule, wrong)]),
    ...backupMethodErrors(spec, 'the method', surroundings),
  ]
}

export function scheduledBackupWarnings({ schedule = '' }: ScheduledBackupSpec): string[] {
  return scheduleError(schedule) === undefined && fieldsOf(schedule).length !== 6
    ? ['Schedule parameter may not have the right number of arguments (usually six arguments are needed)']
    : []
}
