import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NotReviewed } from '../../bot/command-line.ts'
import type { ReviewProcess } from '../../bot/review-process.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { QUICK, World } from './harness.ts'

const review: ReviewProcess = async () => cannedReview()
const DONE = { status: 'completed', conclusion: 'failure', annotations: 1 }
let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

async function start(world: World, options: { review?: ReviewProcess; sweep?: true } = {}) {
  return await world.bot({
    environment: { databaseUrl: await postgres.database() },
    review: options.review ?? review,
    queue: { ...QUICK, sweepAtStart: options.sweep === true },
  })
}

describe.skipIf(noPostgres)('a pull request', () => {
  it('is reviewed: the check at once, then its verdict and one comment; again without a change it stays so', async () => {
    await using world = await World.start({ private: true })
    const gate = Promise.withResolvers<void>()
    const looking = Promise.withResolvers<void>()
    await start(world, {
      review: async () => {
        looking.resolve()
        await gate.promise
        return cannedReview()
      },
    })
    // somebody copies the marker: no comment of ours
    const copied = { body: '<!-- cnpg-steward:review -->\nall is well', user: world.github.account('dev') }
    const now = world.github.now()
    world.repository.comments.push({ id: 1, issue: 1, ...copied, created: now, updated: now, reactions: [] })
    expect(await world.pullEvent('opened')).toBe(202)
    await looking.promise
    expect(world.seen().runs).toMatchObject([{ status: 'in_progress' }])
    gate.resolve()
    await world.until('review', 1)
    expect(world.seen()).toMatchObject({ runs: [DONE], comments: [expect.stringContaining('Blocked')] })

    const [comment] = world.repository.comments.filter(({ user }) => user.login === 'cnpg-bot[bot]')
    if (comment !== undefined) comment.body = 'somebody edited this'
    await world.pullEvent('reopened')
    await world.until('review', 2)
    // without its marker it is found by nothing: a new one takes its place
    expect(world.seen().comments.filter(body => body.startsWith('<!--'))).toHaveLength(1)
    world.repository.comments.splice(0)
    await world.pullEvent('ready_for_review')
    await world.until('review', 3)
    expect(world.seen()).toMatchObject({ runs: [DONE], comments: [expect.stringContaining('Blocked')] })
  })

  it('that is pushed to while it is reviewed is given up for the newer head', async () => {
    await using world = await World.start()
    const looking = Promise.withResolvers<void>()
    const heads: string[] = []
    await start(world, {
      review: async ({ head }, signal) => {
        heads.push(head)
        if (heads.length > 1) return cannedReview()
        looking.resolve()
        return await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        )
      },
    })
    const old = world.pull.headSha
    await world.pullEvent('opened')
    await looking.promise
    world.repository.commit('feature', { 'a.yaml': 'a: 3\n' })
    await world.pullEvent('synchronize')
    await world.until('review', 2)
    expect(world.settled.filter(([job]) => job.kind === 'review').map(([, outcome]) => outcome)).toEqual([
      'superseded',
      'done',
    ])
    expect(world.seen(world.pull, old).runs).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }])
    expect(world.seen()).toMatchObject({ runs: [DONE], comments: [expect.any(String)] })
  })

  it('is judged again when its base moves, and when a check is asked for again', async () => {
    await using world = await World.start()
    const other = world.another('other')
    let bases: string[] = []
    await start(world, {
      review: async ({ base }) => {
        bases.push(base)
        return cannedReview()
      },
    })
    await world.pullEvent('opened')
    await world.pullEvent('opened', { pull: other })
    await world.until('review', 2)
    bases = []
    const base = world.repository.commit('main', { 'c.yaml': 'c: 1\n' })
    await world.deliver('push', { ref: 'refs/heads/main', after: base })
    await world.until('review', 4)
    expect(bases).toEqual([base, base])
    expect(world.seen(other).runs).toHaveLength(1)
    await world.deliver('check_run', {
      action: 'rerequested',
      check_run: {
        head_sha: world.pull.headSha,
        completed_at: world.github.now(),
        pull_requests: [{ number: 1 }],
      },
    })
    await world.until('review', 5)
    expect(world.seen().runs).toMatchObject([DONE, DONE])
  })

  it('that conflicts with its base is judged from where it left it', async () => {
    await using world = await World.start()
    const from = world.pull.mergeBase
    world.repository.commit('main', { 'a.yaml': 'a: 7\n' })
    const asked: { base: string; head: string }[] = []
    await start(world, {
      review: async ({ base, head }) => {
        asked.push({ base, head })
        return cannedReview()
      },
    })
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect(asked).toEqual([{ base: from, head: world.pull.headSha }])
  })

  it('of a merge queue has a check and no comment', async () => {
    await using world = await World.start()
    await start(world)
    const group = world.repository.commit(
      'gh-readonly-queue/main/pr-1',
      { 'q.yaml': 'q: 1\n' },
      { from: 'main' },
    )
    await world.deliver('merge_group', {
      action: 'checks_requested',
      merge_group: { head_sha: group, base_sha: world.pull.baseSha, base_ref: 'refs/heads/main' },
    })
    await world.until('merge-group', 1)
    expect(world.seen(world.pull, group)).toMatchObject({ runs: [DONE], comments: [] })
  })

  it('that nobody told of is found by the sweep at the start; one that was reviewed is left alone', async () => {
    await using world = await World.start()
    const first = await start(world, { sweep: true })
    await world.until('review', 1)
    expect(world.seen()).toMatchObject({ runs: [DONE], comments: [expect.any(String)] })
    const writes = world.github.requests.filter(({ method }) => method !== 'GET').length
    await first.queue.send([{ kind: 'sweep-all', delivery: 'again' }])
    await world.until('sweep', 2)
    expect(world.settled.filter(([job]) => job.kind === 'review')).toHaveLength(1)
    expect(world.github.requests.filter(({ method }) => method !== 'GET')).toHaveLength(writes)
  })

  it.each<[string, () => Promise<never>, string]>([
    [
      'a review that comes to no end',
      async () => await Promise.reject(new NotReviewed('The review was stopped: <b>too long</b>.')),
      'The review was stopped: &#60;b&#62;too long&#60;/b&#62;.',
    ],
  ])('%s fails the check with the reason', async (_name, failing, words) => {
    await using world = await World.start()
    await start(world, { review: failing })
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect(world.seen().runs).toMatchObject([{ status: 'completed', title: 'Could not judge this change' }])
    const [run] = world.repository.checkRuns
    expect(JSON.stringify(run?.sent)).toContain(words)
  })

  it.each([
    ['is gone', 'pulls/get', 404, 'done'],
    ['is not ours', 'pulls/get', 403, 'done'],
    ['was blocked', 'pulls/get', 451, 'done'],
    ['cannot have a check', 'checks/create', 403, 'done'],
    ['cannot have a comment', 'issues/create-comment', 403, 'done'],
    ['meets a conflict', 'checks/create', 409, 'failed'],
    ['meets trouble of GitHub', 'pulls/get', 502, 'done'],
  ])('that %s (%s: %i) does not stop the bot', async (_name, operation, status, outcome) => {
    await using world = await World.start()
    world.github.fail({ operation, status })
    await start(world)
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect(world.settled.find(([job]) => job.kind === 'review')?.[1]).toBe(outcome)
    // what may be otherwise at the next try is tried again
    if (outcome === 'failed') await world.until('review', 2)
    expect(world.settled.at(-1)?.[1]).toBe('done')
  })

  it('waits for the rate limit, and is done then', async () => {
    await using world = await World.start()
    world.github.limitRate('pulls/get', 'secondary', 6)
    await start(world)
    await world.pullEvent('opened')
    await world.until('review', 2)
    expect(world.settled.filter(([job]) => job.kind === 'review').map(([, outcome]) => outcome)).toEqual([
      'later',
      'done',
    ])
    expect(world.seen()).toMatchObject({ runs: [DONE] })
  })

  it('of an app that was removed asks for nothing', async () => {
    await using world = await World.start()
    await start(world)
    world.installation.removed = true
    const other = world.another('other')
    const { id } = world.github.install({ id: 78, slug: 'other', name: 'other' }, [world.repository], {})
    await world.deliver('pull_request', {
      action: 'opened',
      number: other.number,
      pull_request: { head: { sha: other.headSha } },
      installation: { id },
    })
    await world.until('review', 1)
    expect(world.settled.at(-1)?.[1]).toBe('done')
    expect(world.seen(other)).toEqual({ comments: [], runs: [] })
  })

  it('leaves no token in what is logged', async () => {
    await using world = await World.start()
    await start(world)
    await world.pullEvent('opened')
    await world.until('review', 1)
    expect(world.lines).not.toMatch(/ghs_|BEGIN|eyJ/)
    expect(world.lines).toContain('"verdict":"blocked"')
  })
})
