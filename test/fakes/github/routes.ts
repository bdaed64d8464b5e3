// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { textAt } from '../../../src/manifest/json.ts'
import { notFound, ok, page, type Call, type Reply } from './call.ts'
import * as apps from './apps.ts'
import * as checks from './checks.ts'
import * as issues from './issues.ts'
import * as objects from './objects.ts'
import * as payload from './payloads.ts'
import * as pullRequests from './pulls.ts'
import type { FakePullRequest, FakeRepository } from './repository.ts'

/** Longest body of a comment, in characters (UTF-16 units, as MySQL's mediumtext limit is enforced by GitHub). */
const COMMENT_LIMIT = 65_536

type Handler = (repository: FakeRepository, call: Call) => Reply

const HANDLERS: Record<string, Handler> = {
  'repos/get': repository => ok(payload.repository(repository)),
  'pulls/create': pullRequests.create,
  'pulls/get': (repository, call) => onPull(repository, call, pull => ok(payload.wholePullRequest(pull))),
  'pulls/list': pullRequests.list,
  'pulls/merge': (repository, call) => onPull(repository, call, pull => pullRequests.merge(pull, call)),
  'pulls/update': (repository, call) => onPull(repository, call, pull => pullRequests.update(pull, call)),
  'pulls/list-files': (repository, call) =>
    onPull(repository, call, pull => page(call, payload.files(repository, pull.mergeBase, pull.headSha))),
  'repos/list-pull-requests-associated-with-commit': (repository, call) => {
    const sha = call.parameters.commit_sha
    const found = [...repository.pulls.values()].filter(
      pull => pull.headSha === sha || pull.mergeCommit === sha,
    )
    return page(call, found.map(payload.pullRequest))
  },
  'issues/list-comments': (repository, call) =>
    onPull(repository, call, pull =>
      page(call, repository.comments.filter(comment => comment.issue === pull.number).map(payload.comment)),
    ),
  'issues/get-comment': (repository, call) =>
    onComment(repository, call, found => ok(payload.comment(found))),
  'issues/create-comment': (repository, call) =>
    onPull(repository, call, pull => {
      const body = textAt(call.body, 'body') ?? ''
      if (body.length > COMMENT_LIMIT) return tooLong
      const now = call.fake.now()
      const { account, app } = call.credential ?? {}
      const comment = {
        id: call.fake.nextId(),
        issue: pull.number,
        body,
        user: account ?? call.fake.account('ghost'),
        ...(app === undefined ? {} : { app }),
        created: now,
        updated: now,
        reactions: [],
      }
      repository.comments.push(comment)
      return { status: 201, body: payload.comment(comment) }
    }),
  'issues/update-comment': (repository, call) =>
    onComment(repository, call, comment => {
      const body = textAt(call.body, 'body') ?? ''
      if (body.length > COMMENT_LIMIT) return tooLong
      comment.body = body
      comment.updated = call.fake.now()
      return ok(payload.comment(comment))
    }),
  'issues/delete-comment': (repository, call) =>
    onComment(repository, call, comment => {
      repository.comments.splice(repository.comments.indexOf(comment), 1)
      return { status: 204 }
    }),
  'reactions/create-for-issue-comment': (repository, call) =>
    onComment(repository, call, comment => {
      const content = textAt(call.body, 'content') ?? ''
      const user = call.credential?.account ?? call.fake.account('ghost')
      const known = comment.reactions.find(made => made.content === content && made.user === user)
      const made = known ?? { id: call.fake.nextId(), content, user }
      if (known === undefined) comment.reactions.push(made)
      const body = { id: made.id, content, created_at: call.fake.now(), user: payload.user(user) }
      return { status: known === undefined ? 201 : 200, body }
    }),
  'repos/get-collaborator-permission-level': (repository, call) => {
    const login = call.parameters.username ?? ''
    const role = repository.collaborators.get(login) ?? (repository.private ? 'none' : 'read')
    // "The permission attribute provides the legacy base roles of admin, write, read, and none"
    const permission = role === 'maintain' ? 'write' : role === 'triage' ? 'read' : role
    return ok({ permission, role_name: role, user: payload.user(call.fake.account(login)) })
  },
  'issues/add-labels': issues.addLabels,
  'issues/create': issues.create,
  'issues/list-for-repo': issues.list,
  'issues/remove-label': issues.removeLabel,
  'issues/update': issues.update,
  'git/create-commit': objects.createCommit,
  'git/create-tree': objects.createTree,
  'git/get-tree': objects.getTree,
  'git/list-matching-refs': objects.listMatchingRefs,
  'git/get-ref': (repository, call) => {
    const ref = `refs/${call.parameters.ref}`
    const sha = repository.git.resolve(ref)
    return sha === undefined ? notFound : ok({ ref, object: { type: 'commit', sha } })
  },
  'repos/get-content': (repository, call) => payload.content(repository, call),
  'repos/get-commit': (repository, call) => {
    const sha = repository.git.resolve(call.parameters.ref ?? '')
    return sha === undefined
      ? { status: 422, body: { message: `No commit found for SHA: ${call.parameters.ref}` } }
      : ok(payload.commit(repository, sha))
  },
  'repos/compare-commits-with-basehead': (repository, call) => payload.comparison(repository, call),
  'code-scanning/upload-sarif': (repository, call) => {
    const [commit = '', ref = '', sarif = ''] = ['commit_sha', 'ref', 'sarif'].map(name =>
      textAt(call.body, name),
    )
    const id = `sarif-${call.fake.nextId()}`
    repository.sarifs.push({ id, commit: commit, ref: ref, sarif: sarif })
    return { status: 202, body: { id } }
  },
  'users/get-authenticated': (_repository, call) => ok(payload.user(call.credential?.account)),
  'apps/create-from-manifest': apps.createFromManifest,
  'apps/create-installation-access-token': apps.createToken,
  'apps/get-authenticated': apps.getAuthenticated,
  'apps/get-repo-installation': apps.ofRepository,
  'apps/list-installations': apps.list,
  'apps/list-repos-accessible-to-installation': apps.listRepositories,
  'checks/create': checks.create,
  'checks/get': checks.get,
  'checks/update': checks.update,
  'checks/list-for-ref': checks.listForRef,
  'checks/list-annotations': checks.listAnnotations,
}

/** What the fake answers to a request that keeps the contract. */
export function answer(operation: string, repository: FakeRepository | undefined, call: Call): Reply {
  const handler = HANDLERS[operation]
  if (handler === undefined) throw new Error(`the fake does not answer ${operation}`)
  return handler(repository as FakeRepository, call)
}

const tooLong: Reply = {
  status: 422,
  body: {
    message: 'Validation Failed',
    documentation_url: 'https://docs.github.com/rest/issues/comments',
    errors: [
      {
        resource: 'IssueComment',
        code: 'unprocessable',
        field: 'data',
        message: 'Body is too long (maximum is 65536 characters)',
      },
    ],
  },
}

function onPull(repository: FakeRepository, call: Call, then: (pull: FakePullRequest) => Reply): Reply {
  const number = Number(call.parameters.pull_number ?? call.parameters.issue_number)
  const pull = repository.pulls.get(number)
  return pull === undefined ? notFound : then(pull)
}

function onComment(
  repository: FakeRepository,
  call: Call,
  then: (comment: FakeRepository['comments'][number]) => Reply,
): Reply {
  const comment = repository.comments.find(({ id }) => id === Number(call.parameters.comment_id))
  return comment === undefined ? notFound : then(comment)
}
