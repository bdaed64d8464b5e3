import { textAt, type JsonObject } from '../../../src/manifest/json.ts'
import { ok, page, type Call, type Reply } from './call.ts'
import * as payload from './payloads.ts'
import type { FakePullRequest, FakeRepository } from './repository.ts'

export function list(repository: FakeRepository, call: Call): Reply {
  const state = call.query.get('state') ?? 'open'
  const [head, base] = [call.query.get('head'), call.query.get('base')]
  const found = [...repository.pulls.values()].filter(
    pull =>
      (state === 'all' || pull.state === state) &&
      (head === null || head === `${pull.headRepository.owner.login}:${pull.head}`) &&
      (base === null || base === pull.base),
  )
  // newest first, unless asked otherwise
  if (call.query.get('direction') !== 'asc') found.reverse()
  return page(call, found.map(payload.pullRequest))
}

export function create(repository: FakeRepository, call: Call): Reply {
  const [head = '', base = '', title = '', body = ''] = ['head', 'base', 'title', 'body'].map(name =>
    textAt(call.body, name),
  )
  const sha = repository.git.resolve(`refs/heads/${head}`)
  const into = repository.git.resolve(`refs/heads/${base}`)
  if (sha === undefined || into === undefined) return refuse('not all refs are readable')
  const known = [...repository.pulls.values()].some(
    pull => pull.state === 'open' && pull.head === head && pull.base === base,
  )
  if (known) return refuse(`A pull request already exists for ${repository.owner.login}:${head}.`)
  if (repository.git.history(into).includes(sha)) return refuse(`No commits between ${base} and ${head}`)
  const pull = repository.pullRequest({
    head,
    base,
    title,
    body,
    draft: call.body.draft === true,
    author: call.credential?.account ?? call.fake.account('ghost'),
    created: call.fake.now(),
  })
  return { status: 201, body: payload.wholePullRequest(pull) }
}

function refuse(message: string): Reply {
  return {
    status: 422,
    body: {
      message: 'Validation Failed',
      errors: [{ resource: 'PullRequest', code: 'custom', message }] as JsonObject[],
      documentation_url: 'https://docs.github.com/rest/pulls/pulls#create-a-pull-request',
    },
  }
}

export function update(pull: FakePullRequest, call: Call): Reply {
  pull.title = textAt(call.body, 'title') ?? pull.title
  pull.body = textAt(call.body, 'body') ?? pull.body
  const state = textAt(call.body, 'state')
  if (state === 'closed') pull.state = 'closed'
  return ok(payload.wholePullRequest(pull))
}

/** Squashed, whatever was asked for. "409: Head branch was modified. Review and try the merge again." */
export function merge(pull: FakePullRequest, call: Call): Reply {
  const sha = textAt(call.body, 'sha')
  if (pull.state === 'closed' || pull.draft || !pull.mergeable)
    return { status: 405, body: { message: 'Pull Request is not mergeable', documentation_url: '' } }
  if (sha !== undefined && sha !== pull.headSha)
    return {
      status: 409,
      body: {
        message: 'Head branch was modified. Review and try the merge again.',
        documentation_url: '',
      },
    }
  const commit = squash(pull, call.fake.now())
  return ok({ sha: commit, merged: true, message: 'Pull Request successfully merged' })
}

/** What GitHub's button does. @returns the commit on the base */
export function squash(pull: FakePullRequest, now: string): string {
  const { repository, baseSha, headSha, base } = pull
  const tree = repository.git.git('merge-tree', '--write-tree', baseSha, headSha)
  const github = 'GitHub <noreply@github.com> 1767225600 +0000'
  const message = `${pull.title} (#${pull.number})`
  const commit = repository.git.write(
    'commit',
    Buffer.from(`tree ${tree}\nparent ${baseSha}\nauthor ${github}\ncommitter ${github}\n\n${message}`),
  )
  pull.merged = now
  pull.mergeCommit = commit
  pull.state = 'closed'
  repository.moveBranch(base, commit)
  return commit
}
