import { isObject, textAt, valueAt, type Json } from '../src/manifest/json.ts'
import type { Job, RepositoryJob } from './jobs.ts'

/** The events a bot's app subscribes to; docs/bot.md and the manifest of `setup` name the same. */
export const EVENTS = [
  'check_run',
  'check_suite',
  'issue_comment',
  'merge_group',
  'pull_request',
  'push',
] as const

/** Actions of a pull request after which its verdict may be another. */
const PULL_REQUEST_ACTIONS = new Set(['opened', 'synchronize', 'reopened', 'ready_for_review'])
const NO_COMMIT = /^0+$/
const COMMIT = /^[0-9a-f]{40}$/
/** Cheap and wide: the comment itself is parsed when the job runs. */
const MAY_HOLD_COMMAND = /\/cnpg\b/

/**
 * What an event asks for. Pure, and total: what GitHub may send tomorrow, and what is no event at all, asks for nothing.
 * @param delivery X-GitHub-Delivery
 * @param name X-GitHub-Event
 * @param isFollowed whether what is pushed to a repository is followed into clusters
 */
export function jobsOf(
  delivery: string,
  name: string,
  payload: Json,
  isFollowed: (repository: string) => boolean = () => false,
): Job[] {
  const action = textAt(payload, 'action')
  if (name === 'installation' || name === 'installation_repositories')
    return installed(delivery, action, payload)
  const installation = valueAt(payload, 'installation', 'id')
  const repository = textAt(payload, 'repository', 'full_name')
  if (typeof installation !== 'number' || repository === undefined) return []
  const repositoryId = idOf(valueAt(payload, 'repository', 'id'))
  const common: RepositoryJob = { installation, repository, ...repositoryId, delivery }
  switch (name) {
    case 'pull_request':
      return pullRequest(common, action, payload)
    case 'issue_comment':
      return comment(common, action, payload)
    case 'check_run':
    case 'check_suite': {
      if (action !== 'rerequested') return []
      const head = textAt(payload, name, 'head_sha')
      const again = askedAt(valueAt(payload, name))
      const asked = { ...common, ...(again === undefined ? {} : { again }) }
      const pulls = valueAt(payload, name, 'pull_requests')
      const numbers = (Array.isArray(pulls) ? pulls : []).flatMap(pull => {
        const number = valueAt(pull, 'number')
        return typeof number === 'number' ? [number] : []
      })
      // GitHub leaves the list empty for pull requests from forks
      if (numbers.length === 0) return head === undefined ? [] : [{ ...asked, kind: 'sweep', head }]
      // no head: what is reviewed now is not given up for it
      return numbers.map(number => ({ ...asked, kind: 'review', number }))
    }
    case 'merge_group': {
      const group = valueAt(payload, 'merge_group')
      const head = textAt(group, 'head_sha')
      const sha = textAt(group, 'base_sha')
      const ref = textAt(group, 'base_ref')
      return action === 'checks_requested' && head !== undefined && sha !== undefined && ref !== undefined
        ? [{ ...common, kind: 'merge-group', base: { ref: ref.replace(/^refs\/heads\//, ''), sha }, head }]
        : []
    }
    case 'push': {
      const ref = textAt(payload, 'ref') ?? ''
      const gone = NO_COMMIT.test(textAt(payload, 'after') ?? '')
      if (!ref.startsWith('refs/heads/') || gone) return []
      const branch = ref.slice('refs/heads/'.length)
      // pull requests into this branch are judged against it; most branches have none, which one request tells
      const sweep: Job = { ...common, kind: 'sweep', base: branch }
      return isFollowed(repository) ? [sweep, ...merge(common, branch, payload)] : [sweep]
    }
    default:
      return []
  }
}

/**
 * No event tells when a check was asked for again. GitHub leaves the run of before as it was, so that a new one began after
 * that one's end; a suite is reset, which is its last change.
 */
function askedAt(check: Json | undefined): string | undefined {
  return textAt(check, 'completed_at') ?? textAt(check, 'started_at') ?? textAt(check, 'updated_at')
}

/** What a push brings to clusters is the difference to what stood there before: of a new branch nobody knows that. */
function merge(common: RepositoryJob, branch: string, payload: Json): Job[] {
  const [before, after] = [textAt(payload, 'before') ?? '', textAt(payload, 'after') ?? '']
  if (![before, after].every(commit => COMMIT.test(commit)) || NO_COMMIT.test(before)) return []
  const isDefault = textAt(payload, 'repository', 'default_branch') === branch
  return [{ ...common, kind: 'merge', branch, before, after, isDefault }]
}

function pullRequest(common: RepositoryJob, action: string | undefined, payload: Json): Job[] {
  const number = valueAt(payload, 'number')
  const head = textAt(payload, 'pull_request', 'head', 'sha')
  const moved = action === 'edited' && isObject(valueAt(payload, 'changes', 'base'))
  if (typeof number !== 'number' || !(PULL_REQUEST_ACTIONS.has(action ?? '') || moved)) return []
  return [{ ...common, kind: 'review', number, ...(head === undefined ? {} : { head }) }]
}

function comment(common: RepositoryJob, action: string | undefined, payload: Json): Job[] {
  const number = valueAt(payload, 'issue', 'number')
  const id = valueAt(payload, 'comment', 'id')
  if (typeof number !== 'number' || typeof id !== 'number') return []
  if (!isObject(valueAt(payload, 'issue', 'pull_request'))) return []
  // a bot's comment is no command, ours least of all
  if (textAt(payload, 'comment', 'user', 'type') === 'Bot') return []
  const now = MAY_HOLD_COMMAND.test(textAt(payload, 'comment', 'body') ?? '')
  const before = MAY_HOLD_COMMAND.test(textAt(payload, 'changes', 'body', 'from') ?? '')
  // an edit may add a command or take one away, and with a deleted comment goes our answer
  const asks = action === 'created' || action === 'deleted' ? now : action === 'edited' && (now || before)
  return asks ? [{ ...common, kind: 'command', number, comment: id }] : []
}

function installed(delivery: string, action: string | undefined, payload: Json): Job[] {
  const installation = valueAt(payload, 'installation', 'id')
  if (typeof installation !== 'number' || !['created', 'added', 'unsuspend'].includes(action ?? '')) return []
  const listed = valueAt(payload, action === 'added' ? 'repositories_added' : 'repositories')
  const jobs = (Array.isArray(listed) ? listed : []).flatMap((entry): Job[] => {
    const repository = textAt(entry, 'full_name')
    const id = idOf(valueAt(entry, 'id'))
    return repository === undefined ? [] : [{ installation, repository, ...id, delivery, kind: 'sweep' }]
  })
  return jobs.length === 0 ? [{ kind: 'sweep-all', delivery }] : jobs
}

function idOf(value: Json | undefined): Pick<RepositoryJob, 'repositoryId'> {
  return typeof value === 'number' ? { repositoryId: value } : {}
}
