import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NotReviewed } from '../../bot/command-line.ts'
import type { ReviewProcess } from '../../bot/review-process.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { QUICK, World } from './harness.ts'

const NOT_REVIEWED = { status: 'completed', conclusion: 'failure', title: 'Could not judge this change' }
let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

async function start(world: World, review: ReviewProcess, retryLimit = 0) {
  return await world.bot({
    environment: { databaseUrl: await postgres.database() },
    review,
    queue: { ...QUICK, retryLimit, sweepAtStart: false },
  })
}

const broken: ReviewProcess = async () =>
  await Promise.reject(new Error('/var/lib/secret is broken: ghs_000000000000000000000000000000000000'))

describe.skipIf(noPostgres)('a job that fails for good', () => {
  it('ends its check, says so in the comment of before, and can be tried again', async () => {
    await using world = await World.start()
    let works = true
    const bot = await start(world, async (call, signal) =>
      works ? cannedReview() : await broken(call, signal),
    )
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect(world.seen().comments).toEqual([expect.stringContaining('Blocked')])
    works = false
    world.repository.commit('feature', { 'a.yaml': 'a: 9\n' })
    await world.pullEvent('synchronize', { id: '00000000-0000-4000-8000-00000000d00d' })
    await world.until('conclude', 1)
    const { runs, comments } = world.seen()
    expect(runs).toMatchObject([NOT_REVIEWED])
    expect(comments).toEqual([expect.stringContaining('## ❔ Could not judge this change')])
    const said = JSON.stringify([comments, world.repository.checkRuns])
    expect(said).toContain('00000000-0000-4000-8000-00000000d00d')
    expect(said).not.toMatch(/secret|ghs_/)
    const [dead] = await bot.queue.deadLetters.list(10)
    expect(dead).toMatchObject({ job: { kind: 'review', number: 1 }, tries: 1 })
    // the sweep does not try for ever what was concluded, and nobody is told twice
    await bot.queue.send([{ kind: 'sweep-all', delivery: 'test' }])
    await world.until('sweep', 1)
    expect(world.settled.filter(([job]) => job.kind === 'review')).toHaveLength(2)
    expect(world.settled.filter(([job]) => job.kind === 'conclude')).toHaveLength(1)
    works = true
    expect(await bot.queue.deadLetters.revive()).toBe(1)
    await world.until('review', 3)
    expect(world.seen()).toMatchObject({
      runs: [{ status: 'completed', annotations: 1 }],
      comments: [expect.stringContaining('Blocked')],
    })
  })

  it('of a merge queue ends its check; a command gets no words, and what was judged meanwhile stands', async () => {
    await using world = await World.start()
    const bot = await start(world, broken)
    const group = world.repository.commit(
      'gh-readonly-queue/main/x',
      { 'q.yaml': 'q: 1\n' },
      { from: 'main' },
    )
    await world.deliver('merge_group', {
      action: 'checks_requested',
      merge_group: { head_sha: group, base_sha: world.pull.baseSha, base_ref: 'refs/heads/main' },
    })
    await world.until('conclude', 1)
    expect(world.seen(world.pull, group)).toMatchObject({ runs: [NOT_REVIEWED], comments: [] })

    const common = { installation: world.installation.id, repository: 'acme/fleet', delivery: 'test' }
    const now = world.github.now()
    const made = { id: 500, issue: 1, body: '/cnpg help', user: world.github.account('dev') }
    world.repository.comments.push({ ...made, created: now, updated: now, reactions: [] })
    const command = { ...common, kind: 'command' as const, number: 1, comment: 500 }
    const review = { ...common, kind: 'review' as const, number: 1 }
    world.repository.checkRuns.splice(0)
    const conclude = { ...common, kind: 'conclude' as const, failed: crypto.randomUUID() }
    await bot.queue.send([{ ...conclude, of: command }])
    await world.until('conclude', 2)
    expect(world.repository.comments).toHaveLength(1)
    expect(world.repository.comments[0]?.reactions.map(({ content }) => content)).toEqual(['confused'])
    // nobody has begun: that is said as well; told again, it stays one
    await bot.queue.send([{ ...conclude, of: review }])
    await world.until('conclude', 3)
    expect(world.seen().runs).toMatchObject([NOT_REVIEWED])
    const sent = world.repository.checkRuns[0]?.sent
    if (sent !== undefined) sent.conclusion = 'success'
    await bot.queue.send([{ ...conclude, of: review }])
    await world.until('conclude', 4)
    expect(world.seen().runs).toMatchObject([{ conclusion: 'success' }])
  })

  it('for what its pull request holds says so at once, in the comment of before, too', async () => {
    await using world = await World.start()
    let tries = 0
    await start(world, async () => {
      tries += 1
      if (tries === 1) return cannedReview()
      throw new NotReviewed('The review was stopped: <b>too long</b>.')
    })
    await world.pullEvent('opened')
    await world.until('review', 1)
    world.repository.commit('feature', { 'a.yaml': 'a: 9\n' })
    await world.pullEvent('synchronize')
    await world.until('review', 2)
    expect(world.seen().runs).toMatchObject([NOT_REVIEWED])
    expect(world.seen().comments).toEqual([
      expect.stringMatching(/Could not judge this change[^]*The review was stopped: &#60;b&#62;too long/),
    ])
    expect(world.settled.map(([, outcome]) => outcome)).toEqual(['done', 'done'])
  })
})
