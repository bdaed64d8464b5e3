import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReviewProcess } from '../../bot/review-process.ts'
import * as payload from '../fakes/github/payloads.ts'
import type { FakePullRequest } from '../fakes/github/repository.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'

let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

/** A bot whose reviews are told which commits they compare. */
async function start(world: World, review?: ReviewProcess): Promise<string[]> {
  const bases: string[] = []
  await world.bot({
    environment: { databaseUrl: await postgres.database() },
    review: async (call, signal) => {
      bases.push(call.base)
      return review === undefined ? cannedReview() : await review(call, signal)
    },
  })
  return bases
}

const FAILED = { status: 'completed', conclusion: 'failure' }
const SEEN = { runs: [FAILED], comments: [expect.stringContaining('Blocked')] }

describe.skipIf(noPostgres)('the bot is told', () => {
  it('of a pull request from a fork: check and comment; a check of it that is asked for again gets a new run', async () => {
    await using world = await World.start({ private: true })
    const { github, repository } = world
    const fork = github.repository('dev/fleet', { parent: repository })
    fork.commit('patch', { 'a.yaml': 'a: 9\n' }, { from: 'main' })
    const pull = repository.pullRequest({ head: 'patch', from: fork, author: github.account('dev') })
    await start(world)
    await world.pullEvent('opened', { pull })
    await world.pullEvent('opened')
    await world.until('review', 2)
    expect(world.seen(pull)).toMatchObject(SEEN)
    // "pull_requests" is empty for a fork
    const suite = { head_sha: pull.headSha, updated_at: github.now(), pull_requests: [] }
    const id = crypto.randomUUID()
    await world.deliver('check_suite', { action: 'rerequested', check_suite: suite }, { id })
    await world.until('review', 3)
    await world.deliver('check_suite', { action: 'rerequested', check_suite: suite }, { id })
    await world.deliver('check_suite', { action: 'rerequested', check_suite: suite })
    await world.until('review', 4)
    expect(world.seen(pull)).toMatchObject({ ...SEEN, runs: [FAILED, FAILED] })
    // that of another head is no concern of it
    expect(world.seen()).toMatchObject(SEEN)
  })

  it('of another base: judged against that; of other words or a label: nothing', async () => {
    await using world = await World.start()
    const { pull, repository } = world
    const release = repository.commit('release', { 'r.yaml': 'r: 1\n' }, { from: 'main' })
    const bases = await start(world)
    const edited = (changes: Record<string, { from: string } | { ref: { from: string } }>) => ({
      action: 'edited',
      number: pull.number,
      pull_request: payload.pullRequest(pull),
      changes,
    })
    await world.deliver('pull_request', edited({ title: { from: 'x' } }))
    await world.pullEvent('labeled')
    pull.base = 'release'
    await world.deliver('pull_request', edited({ base: { ref: { from: 'main' } } }))
    await world.until('review', 1)
    expect(bases).toEqual([release])
    expect(world.settled.map(([{ kind }]) => kind)).toEqual(['review'])
    expect(world.seen()).toMatchObject(SEEN)
  })

  it('of a push to a base: those into it get the verdict of now, the others keep theirs', async () => {
    await using world = await World.start()
    const { repository } = world
    repository.commit('release', { 'r.yaml': 'r: 1\n' }, { from: 'main' })
    const other: FakePullRequest = world.another('other')
    other.base = 'release'
    let pushed = ''
    const bases = await start(world, async ({ base }) =>
      cannedReview(base === pushed ? { verdict: 'ready', findings: [] } : {}),
    )
    await world.pullEvent('opened')
    await world.pullEvent('opened', { pull: other })
    await world.until('review', 2)
    expect([world.seen(), world.seen(other)]).toMatchObject([SEEN, SEEN])
    bases.splice(0)
    pushed = repository.commit('main', { 'm.yaml': 'm: 1\n' })
    await world.deliver('push', { ref: 'refs/heads/main', after: pushed })
    await world.until('review', 3)
    expect(bases).toEqual([pushed])
    expect(world.seen().runs.at(-1)).toMatchObject({ status: 'completed', conclusion: 'success' })
    expect(world.seen().comments).toEqual([expect.not.stringContaining('Blocked')])
    expect(world.seen(other)).toMatchObject(SEEN)
    // a branch that nobody merges into, and one that is gone
    await world.deliver('push', { ref: 'refs/heads/feature', after: pushed })
    await world.deliver('push', { ref: 'refs/heads/gone', after: '0'.repeat(40) })
    await world.until('sweep', 2)
    expect(bases).toHaveLength(1)
  })

  it('of an installation, a repository more, and the end of it', async () => {
    await using world = await World.start()
    const { github, repository, installation } = world
    const bases = await start(world)
    await world.deliver('installation', {
      action: 'created',
      repositories: [payload.repository(repository)],
      installation: { id: installation.id },
    })
    await world.until('review', 1)
    expect(world.seen()).toMatchObject(SEEN)

    const added = github.repository('acme/more')
    added.commit('main', { 'a.yaml': 'a: 1\n' })
    added.commit('feature', { 'a.yaml': 'a: 2\n' }, { from: 'main' })
    const pull = added.pullRequest({ head: 'feature', author: github.account('dev') })
    installation.repositories.push(added.fullName)
    await world.deliver('installation_repositories', {
      action: 'added',
      repositories_added: [payload.repository(added)],
    })
    await world.until('review', 2)
    expect(added.checkRuns.map(({ sent }) => sent)).toMatchObject([{ head_sha: pull.headSha, ...FAILED }])
    expect(added.comments.map(({ body }) => body)).toEqual([expect.stringContaining('Blocked')])

    installation.removed = true
    const writes = github.requests.length
    await world.deliver('installation', { action: 'deleted', repositories: [payload.repository(repository)] })
    repository.commit('feature', { 'a.yaml': 'a: 3\n' })
    await world.pullEvent('synchronize')
    await world.until('review', 3)
    expect(bases).toHaveLength(2)
    expect(
      github.requests.slice(writes).filter(({ status, method }) => method !== 'GET' && status < 300),
    ).toEqual([])
    // its token ends with the installation, which the bot finds out
    expect(world.settled.filter(([, outcome]) => outcome !== 'done' && outcome !== 'failed')).toEqual([])
  })

  it('that one was closed: nothing, and what was under way ends; opened again it is judged', async () => {
    await using world = await World.start()
    const { pull } = world
    const looking = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    await start(world, async () => {
      looking.resolve()
      await gate.promise
      return cannedReview()
    })
    await world.pullEvent('opened')
    await looking.promise
    pull.state = 'closed'
    await world.pullEvent('closed')
    // the head of a closed pull request stays where it is
    world.repository.commit('feature', { 'a.yaml': 'a: 4\n' })
    const last = pull.headSha
    gate.resolve()
    await world.until('review', 1)
    expect(world.seen()).toMatchObject(SEEN)
    pull.state = 'open'
    pull.refresh()
    expect(pull.headSha).not.toBe(last)
    await world.pullEvent('reopened')
    await world.until('review', 2)
    expect(world.seen()).toMatchObject(SEEN)
  })
})
