import { DASHBOARD_MARKER } from '../src/updates/dashboard.ts'
import { idOfBranch } from '../src/updates/identity.ts'
import { textAt, valueAt, type Json } from '../src/manifest/json.ts'
import type { RepositoryJob, UpdatesJob } from './jobs.ts'

/** What people do with pull requests of updates that another step may follow from. */
const PULL_REQUEST_ACTIONS = new Set([
  'closed',
  'edited',
  'labeled',
  'unlabeled',
  'reopened',
  'synchronize',
  'ready_for_review',
])
const ISSUE_ACTIONS = new Set(['edited', 'closed', 'deleted', 'reopened'])
const NO_COMMIT = /^0+$/

/** Further events of an app that keeps updates: boxes are ticked on an issue. */
export const UPDATE_EVENTS = ['issues'] as const

/**
 * What an event asks of updates: a look at the repository as it is then, whatever happened. What we did ourselves asks for nothing,
 * but for a closing, which the deletion of its branch follows.
 */
export function updateJobsOf(delivery: string, name: string, payload: Json): UpdatesJob[] {
  const installation = valueAt(payload, 'installation', 'id')
  const repository = textAt(payload, 'repository', 'full_name')
  if (typeof installation !== 'number' || repository === undefined) return []
  const repositoryId = valueAt(payload, 'repository', 'id')
  const common: RepositoryJob = {
    installation,
    repository,
    ...(typeof repositoryId === 'number' ? { repositoryId } : {}),
    delivery,
  }
  const action = textAt(payload, 'action') ?? ''
  const byBot = textAt(payload, 'sender', 'type') === 'Bot'
  return concerns(name, action, payload, byBot) ? [{ ...common, kind: 'updates' }] : []
}

function concerns(name: string, action: string, payload: Json, byBot: boolean): boolean {
  switch (name) {
    case 'push': {
      const gone = NO_COMMIT.test(textAt(payload, 'after') ?? '')
      const branch = textAt(payload, 'repository', 'default_branch')
      return !gone && branch !== undefined && textAt(payload, 'ref') === `refs/heads/${branch}`
    }
    case 'pull_request': {
      const head = textAt(payload, 'pull_request', 'head', 'ref') ?? ''
      const isOurs = idOfBranch(head) !== undefined
      return isOurs && PULL_REQUEST_ACTIONS.has(action) && (!byBot || action === 'closed')
    }
    case 'issues': {
      const body = textAt(payload, 'issue', 'body') ?? ''
      return !byBot && ISSUE_ACTIONS.has(action) && body.startsWith(DASHBOARD_MARKER)
    }
    default:
      return false
  }
}
