import { isRefused, statusOf } from '../src/adapters/github-client.ts'
import type { Attempt } from './attempt.ts'

/**
 * What GitHub gives; `undefined` where it says that there is no such thing, or none that we may see. A token that it does not
 * know (401) says nothing of what was asked for.
 */
export async function present<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    const status = statusOf(error) ?? 0
    if (status !== 401 && (isRefused(error) || [410, 422, 451].includes(status))) return undefined
    throw error
  }
}

/** What the app has no permission for is left out, and said: the rest of a report is still worth posting. */
export async function written(
  attempt: Attempt,
  what: 'check' | 'comment',
  request: Promise<unknown>,
): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!isRefused(error) || statusOf(error) === 401) throw error
    const permission = what === 'check' ? 'checks: write' : 'pull requests: write'
    attempt.log.warn(
      { status: statusOf(error), err: error },
      `no ${what}: GitHub refuses it; where the app has no permission, grant it "${permission}" in its settings`,
    )
  }
}
