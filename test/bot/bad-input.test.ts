import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyOf } from '../../bot/jobs.ts'
import type { ReviewProcess } from '../../bot/review-process.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'

const DONE = { status: 'completed', conclusion: 'failure', annotations: 1 }
const plain: ReviewProcess = async () => cannedReview()
let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

async function start(world: World, review = plain) {
  return await world.bot({ environment: { databaseUrl: await postgres.database() }, review })
}

const outcomes = (world: World) =>
  world.settled.filter(([job]) => job.kind === 'review').map(([, outcome]) => outcome)
const writes = (world: World) =>
  world.github.requests.filter(({ method, path }) => method !== 'GET' && !path.endsWith('access_tokens'))

describe.skipIf(noPostgres)('a pull request', () => {
  it.each([-7200, 7200])('is reviewed by a clock that is %i s wrong', async seconds => {
    await using world = await World.start()
    world.github.skewSeconds = seconds
    await start(world)
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect(outcomes(world)).toEqual(['done'])
    expect(world.seen()).toMatchObject({ runs: [DONE] })
  })

  it('of a suspended installation is left alone, and found again when it is not any more', async () => {
    await using world = await World.start()
    await start(world)
    world.installation.suspended = true
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect([outcomes(world), writes(world)]).toEqual([['done'], []])
    world.installation.suspended = false
    await world.deliver('installation', { action: 'unsuspend' })
    await world.until('review', 2)
    expect(world.seen()).toMatchObject({ runs: [DONE] })
  })

  it('of a repository that was renamed and moved is the same, by its old name and by its new one', async () => {
    await using world = await World.start({ private: true })
    const bot = await start(world)
    await world.pullEvent('opened')
    await world.until('review', 1)
    const old = { installation: world.installation.id, repository: 'acme/fleet', number: 1, delivery: 'test' }
    world.github.rename(world.repository, 'other/ship')
    world.repository.commit('feature', { 'a.yaml': 'a: 3\n' })
    await bot.queue.send([{ ...old, kind: 'review' }])
    await world.until('review', 2)
    const command = { body: '/cnpg help', user: world.github.account('dev'), reactions: [] }
    const now = world.github.now()
    world.repository.comments.push({ id: 500, issue: 1, created: now, updated: now, ...command })
    await bot.queue.send([{ ...old, kind: 'command', comment: 500 }])
    await world.until('command', 1)
    await world.pullEvent('reopened')
    await world.until('review', 3)
    await bot.queue.send([{ ...old, kind: 'sweep', base: 'main' }])
    await world.until('review', 4)
    expect(outcomes(world)).toEqual(['done', 'done', 'done', 'done'])
    const { runs, comments } = world.seen()
    expect(runs).toMatchObject([DONE])
    expect(comments).toEqual([expect.stringContaining('Blocked'), expect.stringContaining('/cnpg diff')])
    expect(comments[0]).toContain('other/ship')
    const id = { repositoryId: world.repository.id }
    const key = keyOf({ ...old, ...id, kind: 'review' })
    expect(keyOf({ ...old, ...id, kind: 'review', repository: 'other/ship' })).toBe(key)
  })

  it('whose head is put elsewhere while it is reviewed, without a word, is reviewed there', async () => {
    await using world = await World.start()
    const old = world.pull.headSha
    let reviews = 0
    await start(world, async () => {
      reviews += 1
      if (reviews === 1) {
        world.repository.git.git('update-ref', 'refs/heads/feature', world.pull.baseSha)
        world.repository.commit('feature', { 'b.yaml': 'b: 1\n' })
      }
      return cannedReview()
    })
    await world.pullEvent('opened')
    await world.until('review', 2)
    expect(outcomes(world)).toEqual(['later', 'done'])
    expect(world.seen(world.pull, old).runs).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }])
    expect(world.seen()).toMatchObject({ runs: [DONE], comments: [expect.any(String)] })
  })

  it('whose branch was deleted is reviewed all the same; without its base it cannot be', async () => {
    await using world = await World.start()
    await start(world)
    world.repository.git.git('update-ref', '-d', 'refs/heads/feature')
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect(world.seen()).toMatchObject({ runs: [DONE] })
    world.repository.commit('release', { 'a.yaml': 'a: 1\n' }, { from: 'main' })
    const other = world.another('other')
    other.base = 'release'
    world.repository.git.git('update-ref', '-d', 'refs/heads/release')
    await world.pullEvent('opened', { pull: other })
    await world.until('review', 2)
    expect(world.seen(other).runs).toMatchObject([{ status: 'completed', conclusion: 'failure' }])
    expect(JSON.stringify(world.repository.checkRuns.at(-1)?.sent)).toContain(
      'The branch release or the head',
    )
  })

  it('whose delivery is replayed, under its id or another, changes nothing', async () => {
    await using world = await World.start()
    await start(world)
    const id = crypto.randomUUID()
    await world.pullEvent('opened', { id })
    await world.until('review', 1)
    const before = writes(world).length
    expect(await world.pullEvent('opened', { id })).toBe(202)
    expect(await world.pullEvent('opened', { id: 'another' })).toBe(202)
    await world.until('review', 2)
    expect([writes(world).length, outcomes(world)]).toEqual([before, ['done', 'done']])
  })

  it('of more files than GitHub lists is reviewed whole; its report keeps the limits', async () => {
    await using world = await World.start()
    const names = Array.from({ length: 3100 }, (_, n) => `apps/file-${n}.yaml`)
    const large = world.another('large', Object.fromEntries(names.map(name => [name, 'a: 1\n'])))
    let seen = 0
    await start(world, async ({ directory, base, head }) => {
      const changed = execFileSync('git', ['diff', '--name-only', base, head], { cwd: directory })
      seen = changed.toString().trim().split('\n').length
      const findings = names.slice(0, 300).map(file => ({
        ruleId: 'schema-unknown-field',
        level: 'error' as const,
        message: `unknown field ${'ä😀'.repeat(300)} of ${file}`,
        file,
        line: 1,
      }))
      return cannedReview({ findings })
    })
    await world.pullEvent('opened', { pull: large })
    await world.until('review', 1)
    expect([seen, world.github.requestsOf('pulls/list-files')]).toEqual([3100, []])
    const { runs, comments } = world.seen(large)
    expect(runs).toMatchObject([{ status: 'completed', annotations: 300 }])
    expect(comments).toHaveLength(1)
    expect(comments[0]?.length).toBeLessThanOrEqual(65_536)
  })

  it('with a comment as long as one may be is answered', async () => {
    await using world = await World.start()
    await start(world)
    const command = '\n/cnpg help'
    const body = 'x'.repeat(65_536 - command.length) + command
    const made = { id: 500, issue: 1, body, user: world.github.account('dev'), reactions: [] }
    world.repository.comments.push({ ...made, created: world.github.now(), updated: world.github.now() })
    await world.deliver('issue_comment', {
      action: 'created',
      issue: { number: 1, pull_request: {} },
      comment: { id: 500, body, user: { login: 'dev', type: 'User' } },
    })
    await world.until('command', 1)
    expect(world.seen().comments).toEqual([expect.stringContaining('/cnpg diff')])
  })
})
