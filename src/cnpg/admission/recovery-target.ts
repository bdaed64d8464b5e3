import type { Cluster } from './cluster-types.ts'
import { invalid, required, type FieldError } from './field-error.ts'
import { atoi, byteLength, parseUint } from './go-values.ts'
import { since, type OperatorRelease } from './operator-release.ts'
import { isTargetTime } from './target-time.ts'

const PATH = 'spec.bootstrap.recovery.recoveryTarget'

export function validateRecoveryTarget({ spec }: Cluster, release: OperatorRelease): FieldError[] {
  const recovery = spec.bootstrap?.recovery
  const target = recovery?.recoveryTarget
  if (recovery === undefined || target === undefined) return []
  const { targetXID = '', targetName = '', targetLSN = '', targetTime = '', targetTLI = '' } = target
  const errors: FieldError[] = []
  // targetImmediate is a pointer: false counts as set
  const given = [targetXID, targetName, targetLSN, targetTime].filter(value => value !== '').length
  if (given + (target.targetImmediate === undefined ? 0 : 1) > 1)
    errors.push(invalid(PATH, target, 'Recovery target options are mutually exclusive'))
  if (targetTime !== '' && !isTargetTime(targetTime))
    errors.push(invalid(PATH, targetTime, 'The format of TargetTime is invalid'))
  if (targetLSN !== '' && !isLsn(targetLSN)) errors.push(invalid(PATH, targetLSN, 'Invalid TargetLSN'))
  if (since(release, '1.28.3', '1.29.1', '1.30.0')) {
    if (targetXID !== '' && parseUint(targetXID, 10, 32) === undefined)
      errors.push(
        invalid(`${PATH}.targetXID`, targetXID, 'recovery target xid must be a non-negative 32-bit integer'),
      )
    if (byteLength(targetName) >= 64)
      errors.push(
        invalid(`${PATH}.targetName`, targetName, 'recovery target name must be shorter than 64 bytes'),
      )
    if (hasControls(targetName))
      errors.push(
        invalid(
          `${PATH}.targetName`,
          targetName,
          'recovery target name must not contain ASCII control characters',
        ),
      )
  }
  const byLabel = targetName !== '' || targetXID !== '' || target.targetImmediate !== undefined
  if (byLabel && recovery.volumeSnapshots === undefined && (target.backupID ?? '') === '')
    errors.push(required(PATH, 'BackupID is missing'))
  if (targetTLI !== '' && targetTLI !== 'latest' && (atoi(targetTLI) ?? 0n) < 1n)
    errors.push(
      invalid(
        `${PATH}.targetTLI`,
        target,
        "recovery target timeline can be set to 'latest' or a positive integer",
      ),
    )
  return errors
}

/** machinery pkg/types LSN.Parse */
function isLsn(text: string): boolean {
  const parts = text.split('/')
  return parts.length === 2 && parts.every(part => parseUint(part, 16, 64) !== undefined)
}

function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return /[\u0000-\u001F\u007F]/.test(text)
}
