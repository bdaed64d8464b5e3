import { expect, it, vi } from 'vitest'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres } from '../postgres.ts'
import { QUICK, World } from './harness.ts'

it.skipIf(noPostgres)(
  'PostgreSQL that goes and comes back costs no delivery that was taken, and no bot',
  async () => {
    await using postgres = await realPostgres()
    await using world = await World.start()
    const working = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const bot = await world.bot({
      environment: { databaseUrl: postgres.url },
      review: async () => {
        working.resolve()
        await gate.promise
        return cannedReview()
      },
      queue: { ...QUICK, heartbeatSeconds: 10, superviseSeconds: 1, sweepAtStart: false },
    })
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${bot.port}${path}`)
      return [response.status, await response.text()]
    }
    expect(await get('/readyz')).toEqual([200, 'ready\n'])
    await world.pullEvent('opened')
    await working.promise
    const other = world.another('other')
    const id = crypto.randomUUID()

    await postgres.crash()
    // not taken: GitHub shows it as failed, and can be asked to bring it again
    expect(await world.pullEvent('opened', { pull: other, id })).toBe(503)
    expect(await get('/readyz')).toEqual([503, 'the database does not answer\n'])
    expect(await get('/healthz')).toEqual([200, 'ok\n'])
    expect((await get('/metrics'))[0]).toBe(200)
    // what runs comes to its end meanwhile, and cannot keep it
    gate.resolve()
    await vi.waitUntil(() => world.settled.some(([job]) => job.kind === 'review'), { timeout: 20_000 })

    await postgres.start()
    await vi.waitUntil(async () => (await get('/readyz'))[0] === 200, { timeout: 20_000 })
    expect(await world.pullEvent('opened', { pull: other, id })).toBe(202)
    const done = { runs: [{ status: 'completed', annotations: 1 }], comments: [expect.any(String)] }
    await vi.waitUntil(
      () =>
        [world.pull, other].every(pull => {
          const { runs, comments } = world.seen(pull)
          return runs.at(-1)?.status === 'completed' && comments.length === 1
        }),
      { timeout: 60_000, interval: 200 },
    )
    expect([world.seen(), world.seen(other)]).toMatchObject([done, done])
    expect(await bot.queue.deadLetters.list(10)).toEqual([])
  },
  120_000,
)
