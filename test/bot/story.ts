import { textAt, type JsonObject } from '../../src/manifest/json.ts'
import * as payload from '../fakes/github/payloads.ts'
import type { FakePullRequest, FakeRepository } from '../fakes/github/repository.ts'
import type { World } from './harness.ts'

/** An event as GitHub would send it: its payload shows what was the case when it happened. */
export interface StoryEvent {
  name: string
  payload: JsonObject
}

/** Something that happens on GitHub. */
export interface Step {
  /** @returns what GitHub tells of it */
  happens: () => StoryEvent
  /** only who sees a verdict asks for another */
  judged?: true
}

/** The commands of a story, by their comments: who asked in the end, and what the answer has in it. */
export const ANSWERED: Readonly<Record<number, string>> = {
  501: '/cnpg diff [PATH]',
  502: 'of `second`',
  505: 'again; the check shows',
}
/** Comments that were deleted, or that ask for nothing any more. */
export const UNANSWERED = [503, 504] as const

export interface Story {
  repository: FakeRepository
  pull: FakePullRequest
  steps: readonly Step[]
  /** tells of the pull request as it is */
  retold: () => StoryEvent
  /** heads that the pull request had, oldest first; the last one is the head of the merge group */
  heads: string[]
  group: () => string
  /** when a new check run was asked for, the last time */
  asked: () => string
}

/**
 * All that may happen to one pull request, in a repository of its own; the same commits each time, so that what stands on
 * GitHub in the end can be compared as it is.
 */
export function tell(world: World, name: string): Story {
  const { github } = world
  const repository = github.repository(`acme/${name}`)
  world.installation.repositories.push(repository.fullName)
  repository.collaborators.set('keeper', 'write')
  repository.commit('main', { 'a.yaml': 'a: 1\n' })
  repository.commit('release', { 'r.yaml': 'r: 1\n' }, { from: 'main' })
  repository.commit('feature', { 'a.yaml': 'a: 2\n' }, { from: 'main' })
  const pull = repository.pullRequest({ head: 'feature', author: github.account('dev') })
  const heads = [pull.headSha]
  let group = ''
  let asked = ''

  const event = (of: string, action: string, more: JsonObject = {}): StoryEvent => ({
    name: of,
    payload: { action, repository: payload.repository(repository), ...more },
  })
  const onPull = (action: string, more: JsonObject = {}): StoryEvent =>
    event('pull_request', action, {
      number: pull.number,
      pull_request: payload.pullRequest(pull),
      ...more,
    })
  const push = (branch: string, files: Record<string, string>): StoryEvent => {
    const after = repository.commit(branch, files)
    if (branch === 'feature') heads.push(after)
    return { name: 'push', payload: { ...event('push', '').payload, ref: `refs/heads/${branch}`, after } }
  }
  const pushed = (files: Record<string, string>): StoryEvent => {
    push('feature', files)
    return onPull('synchronize')
  }
  const comment = (id: number, action: string, body: string, before?: string): StoryEvent => {
    const now = github.now()
    const user = github.account('keeper')
    const known = repository.comments.find(one => one.id === id)
    if (action === 'deleted')
      repository.comments.splice(
        repository.comments.findIndex(one => one.id === id),
        1,
      )
    else if (known !== undefined) Object.assign(known, { body, updated: now })
    else
      repository.comments.push({
        id,
        issue: pull.number,
        body,
        user,
        created: now,
        updated: now,
        reactions: [],
      })
    if (body.includes('review')) asked = now
    return event('issue_comment', action, {
      issue: { number: pull.number, pull_request: {} },
      comment: { id, body, user: { login: user.login, type: user.type } },
      ...(before === undefined ? {} : { changes: { body: { from: before } } }),
    })
  }
  const steps: (() => StoryEvent)[] = [
    () => onPull('opened'),
    () => comment(501, 'created', '/cnpg help'),
    () => pushed({ 'a.yaml': 'a: 3\n' }),
    () => comment(502, 'created', '/cnpg help'),
    () => push('main', { 'm.yaml': 'm: 2\n' }),
    () => comment(502, 'edited', '/cnpg diff second', '/cnpg help'),
    () => onPull('ready_for_review'),
    () => {
      pull.base = 'release'
      return onPull('edited', { changes: { base: { ref: { from: 'main' } } } })
    },
    () => onPull('labeled'),
    () => {
      pull.state = 'closed'
      return onPull('closed')
    },
    () => {
      pull.state = 'open'
      return onPull('reopened')
    },
    () => comment(503, 'created', '/cnpg diff first'),
    () => comment(503, 'deleted', '/cnpg diff first'),
    () => comment(504, 'created', '/cnpg help'),
    () => push('main', { 'm.yaml': 'm: 3\n' }),
    () => comment(504, 'edited', 'never mind', '/cnpg help'),
    () => pushed({ 'a.yaml': 'a: 4\n' }),
    () => push('release', { 'r.yaml': 'r: 2\n' }),
    () => {
      group = repository.commit('gh-readonly-queue/release/pr-1', { 'q.yaml': 'q: 1\n' }, { from: 'release' })
      return event('merge_group', 'checks_requested', {
        merge_group: { head_sha: group, base_sha: pull.baseSha, base_ref: 'refs/heads/release' },
      })
    },
  ]
  const judged: (() => StoryEvent)[] = [
    () => {
      asked = github.now()
      return event('check_run', 'rerequested', {
        check_run: {
          head_sha: pull.headSha,
          started_at: asked,
          completed_at: asked,
          pull_requests: [{ number: pull.number }],
        },
      })
    },
    () => comment(505, 'created', '/cnpg review'),
    () => {
      const added = { action: 'added', repositories_added: [payload.repository(repository)] }
      return { name: 'installation_repositories', payload: added }
    },
  ]
  return {
    repository,
    pull,
    steps: [
      ...steps.map(happens => ({ happens })),
      ...judged.map(happens => ({ happens, judged: true as const })),
    ],
    retold: () => onPull('reopened'),
    heads,
    group: () => group,
    asked: () => asked,
  }
}

/** What people see in the end. Names of repositories are left out, and which head an answer was given for: both differ. */
export function endOf({ repository, pull, heads, group, asked }: Story): JsonObject {
  const own = repository.comments.filter(({ user }) => user.login === 'cnpg-bot[bot]')
  const runs = (head: string) => repository.checkRuns.filter(({ sent }) => sent.head_sha === head)
  const shown = (head: string): JsonObject => {
    const { status = null, conclusion = null, output = null } = runs(head).at(-1)?.sent ?? {}
    return { status, conclusion, output, annotations: runs(head).at(-1)?.annotations ?? [] }
  }
  const plain: JsonObject = {
    check: shown(pull.headSha),
    group: shown(group()),
    comments: own.map(({ body }) => body.replaceAll(/`[0-9a-f]{7}`/g, '`head`')).toSorted(),
    reactions: Object.keys(ANSWERED).map(id =>
      (repository.comments.find(one => one.id === Number(id))?.reactions ?? []).map(({ content }) => content),
    ),
    underWay: heads.flatMap(head => runs(head).filter(({ sent }) => sent.status !== 'completed')).length,
    askedAgain: (textAt(runs(pull.headSha).at(-1)?.sent, 'started_at') ?? '') > asked(),
  }
  const text: JsonObject = JSON.parse(JSON.stringify(plain).replaceAll(repository.fullName, 'acme/any'))
  return text
}
