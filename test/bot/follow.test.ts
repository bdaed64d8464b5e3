import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MERGE_CHECK_NAME } from '../../src/report/merge-report.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { accessTo, databaseFile, fleetFiles, ReplayedCluster, TestClock } from './fleet.ts'
import { merged } from './follow-story.ts'
import { QUICK, World } from './harness.ts'

let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

describe.skipIf(noPostgres)('a merge', () => {
  it('is followed from the push until the database has settled, in one comment and one check', async () => {
    await using cluster = await ReplayedCluster.start()
    await using world = await World.start()
    const clock = new TestClock()
    world.repository.commit('main', fleetFiles())
    const pull = world.another('bigger', databaseFile('8MB'))
    await world.bot({
      environment: { databaseUrl: await postgres.database(), access: accessTo({ infra: cluster }) },
      now: clock.now,
      // what waits comes at once, when its time has passed
      queue: {
        ...QUICK,
        sweepAtStart: false,
        postpone: seconds => {
          clock.advance(seconds)
          return 0
        },
      },
    })
    const told: (string | undefined)[] = []
    const { before, after } = merged(pull, clock)
    clock.after(20, () => {
      told.push(world.seen(pull).comments[0])
      cluster.has(after)
    })
    clock.after(40, () => {
      told.push(world.seen(pull).comments[0])
      cluster.edits({ work_mem: '8MB' })
      cluster.applies(after)
    })
    await world.deliver('push', { ref: 'refs/heads/main', before, after })
    await world.done('follow')
    expect(world.lines).not.toContain('"level":50')

    expect(told[0]).toContain('⏳ on its way to `infra`')
    expect(told[1]).toMatch(/✅ \| `GitRepository flux-system\/fleet` \| has main/)
    const { comments, runs } = world.seen(pull, after)
    expect(comments).toEqual([expect.stringContaining('## ✅ arrived on `infra`')])
    expect(comments[0]).toMatch(/✅ \| `databases\/postgres` \| is healthy, and has been for \d+ s/)
    expect(runs).toMatchObject([{ status: 'completed', conclusion: 'success', title: '✅ arrived on infra' }])
    expect(world.repository.checkRuns.map(({ sent }) => sent.name)).toContain(MERGE_CHECK_NAME)

    // the same event again changes nothing
    await world.deliver('push', { ref: 'refs/heads/main', before, after })
    await world.until('merge', 2)
    expect(world.seen(pull, after)).toEqual({ comments, runs })
  }, 240_000)
})
