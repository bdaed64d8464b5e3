import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FolderInUse, lockFolder, openDatabase, type Database } from '../../bot/database.ts'
import type { ConcludeJob, Job, ReviewJob } from '../../bot/jobs.ts'
import { openLog } from '../../bot/log.ts'
import { FailedForGood, GivenUp, Later, type Handler, type Outcome } from '../../bot/attempt.ts'
import { Queue } from '../../bot/queue.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { temporaryDirectory } from '../temporary.ts'

const silent = openLog('silent')

function review(number: number, more: Partial<ReviewJob> = {}): ReviewJob {
  return { kind: 'review', installation: 1, repository: 'acme/fleet', number, delivery: 'test', ...more }
}

/** A queue whose handler is the test's, and what came of its jobs. */
async function open(database: Database, handler: Handler, workers = 2, fresh = true) {
  const settled: [Job, Outcome][] = []
  const concluded: ConcludeJob[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  const queue = await Queue.open({
    database,
    log: silent,
    handler: async (job, attempt) => {
      if (job.kind === 'conclude') concluded.push(job)
      else if (job.kind !== 'sweep-all') await handler(job, attempt)
    },
    workers,
    jobSeconds: 60,
    sweepMinutes: 59,
    now: Date.now,
    heartbeatSeconds: 10,
    retryDelaySeconds: 1,
    retryLimit: 1,
    pollSeconds: 0.5,
    settled: (job, outcome) => {
      if (job.kind === 'sweep-all' || job.kind === 'conclude') return
      settled.push([job, outcome])
      for (const one of waiting) if (settled.length >= one.count) one.resolve()
    },
  })
  if (fresh) await queue.sql('DELETE FROM pgboss.job')
  return {
    queue,
    settled,
    /** jobs that tell of failed ones */
    concluded,
    /** Resolves once so many jobs have come to an end. */
    until: async (count: number) => {
      if (settled.length >= count) return
      await new Promise<void>(resolve => waiting.push({ count, resolve }))
    },
    [Symbol.asyncDispose]: async () => await queue.close(),
  }
}

const outcomes = (settled: [Job, Outcome][]) => settled.map(([, outcome]) => outcome)
const numbers = (settled: [Job, Outcome][]) =>
  settled.map(([job]) => (job.kind === 'review' ? job.number : 0))

describe.each(['embedded', 'postgresql'])('the queue, %s', kind => {
  using directory = temporaryDirectory()
  let postgres: RealPostgres | undefined
  let database: Database
  const left = kind === 'postgresql' ? noPostgres : undefined

  beforeAll(async () => {
    if (kind === 'postgresql' && left === undefined) postgres = await realPostgres()
    database = await openDatabase({
      dataDirectory: directory.path,
      ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
    })
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await postgres?.[Symbol.asyncDispose]()
  })

  it.skipIf(left)('keeps a delivery once, and makes its jobs', async () => {
    await using opened = await open(database, async () => undefined)
    const { queue, settled, until } = opened
    const id = randomUUID()
    await Promise.all([
      queue.deliver(id, [review(1)]),
      queue.deliver(id, [review(1)]),
      queue.deliver(randomUUID(), [review(2)]),
    ])
    await queue.deliver(id, [review(1)])
    await queue.work()
    await until(2)
    await queue.deliver(id, [review(3)])
    expect(numbers(settled).toSorted((a, b) => a - b)).toEqual([1, 2])
  })

  it.skipIf(left)('runs one job of a key at a time, and joins those that wait', async () => {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    let running = 0
    let most = 0
    await using opened = await open(database, async () => {
      running += 1
      most = Math.max(most, running)
      started.resolve()
      await gate.promise
      running -= 1
    })
    const { queue, settled, until } = opened
    await queue.work()
    await queue.send([review(1)])
    await started.promise
    for (let n = 0; n < 5; n++) await queue.send([review(1)])
    gate.resolve()
    await until(2)
    expect([outcomes(settled), most]).toEqual([['done', 'done'], 1])
  })

  it.skipIf(left)('makes one job of all that is asked for, in whatever order', async () => {
    await using opened = await open(database, async () => undefined)
    const { queue, settled, until } = opened
    const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z']
    // a sweep, an event, and who asks for a new check: nobody of them is left out, nor waits behind the sweep of another
    await queue.send([review(1, { background: true }), review(2, { background: true })])
    await queue.send([review(3, { background: true })])
    await queue.send([review(1, { head: 'new', again: late }), review(1, { again: early, background: true })])
    await queue.send([review(1)])
    await queue.send([review(2, { again: early }), review(2, { head: 'old' }), review(2, { head: 'new' })])
    await queue.work()
    await until(3)
    expect(settled.map(([job]) => job)).toEqual(
      expect.arrayContaining([
        review(1, { head: 'new', again: late }),
        review(2, { head: 'new', again: early }),
        review(3, { background: true }),
      ]),
    )
  })

  it.skipIf(left)('tries again with what was asked for since, and lists no such job as dead', async () => {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const done: Job[] = []
    await using opened = await open(database, async job => {
      if (job.kind === 'review' && job.again !== undefined) return void done.push(job)
      started.resolve()
      await gate.promise
      throw new Error('it does not work yet')
    })
    const { queue, settled, until } = opened
    await queue.work()
    await queue.send([review(5)])
    await started.promise
    // one waits while the other fails: that is its next try
    await queue.send([review(5, { again: 'now' })])
    gate.resolve()
    await until(2)
    // one fails, then comes the next: it is tried with that, at once and as if it were new
    await queue.send([review(6)])
    await until(3)
    await queue.send([review(6, { again: 'now' })])
    await until(4)
    expect(outcomes(settled)).toEqual(['failed', 'done', 'failed', 'done'])
    expect(done).toEqual([review(5, { again: 'now' }), review(6, { again: 'now' })])
    expect(await queue.deadLetters.list(100)).toEqual([])
  })

  it.skipIf(left)('gives up a head for a newer one', async () => {
    const started = Promise.withResolvers<void>()
    await using opened = await open(database, async (job, { signal }) => {
      if (job.kind !== 'review' || job.head !== 'old') return
      started.resolve()
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const { queue, settled, until } = opened
    await queue.work()
    await queue.send([review(1, { head: 'old' })])
    await started.promise
    await queue.send([review(1, { head: 'new' })])
    await until(2)
    expect(outcomes(settled)).toEqual(['superseded', 'done'])
  })

  it.skipIf(left)('lets repositories take turns', async () => {
    const order: string[] = []
    await using opened = await open(
      database,
      async job => {
        if (job.kind === 'review') order.push(`${job.repository}#${job.number}`)
      },
      1,
    )
    const { queue, until } = opened
    await queue.send([1, 2, 3, 4].map(number => review(number, { repository: 'busy/one' })))
    await queue.send([review(1, { repository: 'calm/one', background: true })])
    await queue.send([review(2, { repository: 'calm/one' }), review(1, { repository: 'calm/two' })])
    await queue.work()
    await until(7)
    expect(order.indexOf('calm/two#1')).toBeLessThan(order.indexOf('busy/one#2'))
    expect(order.indexOf('calm/one#2')).toBeLessThan(order.indexOf('busy/one#3'))
    expect(order.at(-1)).toBe('calm/one#1')
  })

  it.skipIf(left)('keeps no repository waiting for a hundred jobs of another', async () => {
    const gate = Promise.withResolvers<void>()
    const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await using opened = await open(database, async job => {
      if (job.kind === 'sweep-all' || job.repository !== 'busy/one') return
      started[job.kind === 'review' ? 0 : 1]?.resolve()
      await gate.promise
    })
    const { queue, settled, until } = opened
    const numbered = Array.from({ length: 100 }, (_, number) => number)
    const command = (repository: string, number: number): Job => ({
      ...review(number, { repository }),
      kind: 'command',
      comment: number,
    })
    await queue.send(numbered.map(number => review(number, { repository: 'busy/one' })))
    await queue.send(numbered.map(number => command('busy/one', number)))
    await queue.work()
    await Promise.all(started.map(async ({ promise }) => await promise))
    await queue.send([review(1, { repository: 'calm/one' }), command('calm/one', 1)])
    // while those of the busy one go on and on
    await until(2)
    expect(settled.map(([job]) => job)).toEqual(
      expect.arrayContaining([review(1, { repository: 'calm/one' }), command('calm/one', 1)]),
    )
    gate.resolve()
  })

  it.skipIf(left)('lets one worker take what another repository asks for next', async () => {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const order: string[] = []
    await using opened = await open(
      database,
      async job => {
        if (job.kind === 'review') order.push(job.repository)
        started.resolve()
        await gate.promise
      },
      1,
    )
    const { queue, until } = opened
    await queue.send(Array.from({ length: 100 }, (_, number) => review(number, { repository: 'busy/one' })))
    await queue.work()
    await started.promise
    await queue.send([review(1, { repository: 'calm/one' })])
    gate.resolve()
    await until(3)
    expect(order.slice(0, 3)).toEqual(['busy/one', 'calm/one', 'busy/one'])
  })

  it.skipIf(left)('tries again, later where it is told to, and lists what failed for good', async () => {
    let [tries, asked] = [0, 0]
    await using opened = await open(database, async job => {
      if (job.kind === 'review' && job.number === 2) {
        asked += 1
        if (asked === 1) throw new Later(1, 'the rate limit is reached')
        return
      }
      tries += 1
      throw new Error('it does not work')
    })
    const { queue, settled, until, concluded } = opened
    await queue.work()
    await queue.send([review(1), review(2)])
    await until(4)
    const dead = await vi.waitUntil(async () => {
      const found = await queue.deadLetters.list(100)
      return found.length > 0 ? found : undefined
    })
    expect(tries).toBe(2)
    expect(outcomes(settled).toSorted()).toEqual(['dead', 'done', 'failed', 'later'])
    expect(dead).toMatchObject([{ job: { number: 1 }, tries: 2, error: 'it does not work' }])
    const depth = (await queue.depths()).find(({ queue: name }) => name === 'dead')
    expect(depth?.waiting).toBe(1)
    await vi.waitUntil(() => concluded.length > 0)
    // whoever looks again finds that it was told
    await queue.deadLetters.concludeAll()
    expect(await queue.deadLetters.revive()).toBe(1)
    await until(6)
    expect(concluded[0]?.of).toEqual(review(1))
  })

  it.skipIf(left)('ends at once what no other try helps, and tells of it once', async () => {
    let tries = 0
    await using opened = await open(database, async () => {
      tries += 1
      throw new FailedForGood('it never will')
    })
    const { queue, settled, concluded } = opened
    await queue.work()
    await queue.send([review(5)])
    await vi.waitUntil(() => concluded.length > 0)
    const [dead] = await vi.waitUntil(async () => {
      const found = await queue.deadLetters.list(1)
      return found.length > 0 ? found : undefined
    })
    await queue.deadLetters.concludeAll()
    expect([tries, outcomes(settled), dead]).toMatchObject([
      1,
      ['dead'],
      { tries: 1, error: 'it never will' },
    ])
    expect(concluded).toMatchObject([{ of: review(5), delivery: 'test', repository: 'acme/fleet' }])
  })

  it.skipIf(left)('leaves to a waiting job of the key what a failed one has not done', async () => {
    const started = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    let tries = 0
    await using opened = await open(database, async () => {
      tries += 1
      if (tries > 1) return
      started.resolve()
      await gate.promise
      throw new Error('it does not work now')
    })
    const { queue, settled, until } = opened
    await queue.work()
    await queue.send([review(6)])
    await started.promise
    await queue.send([review(6)])
    gate.resolve()
    await until(2)
    expect(outcomes(settled)).toEqual(['failed', 'done'])
    expect(await queue.deadLetters.list(10)).toEqual([])
  })

  it.skipIf(left)('hands back what runs when it stops', async () => {
    const started = Promise.withResolvers<void>()
    await using first = await open(database, async (_job, { signal }) => {
      started.resolve()
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await first.queue.work()
    await first.queue.send([review(77)])
    await started.promise
    await first.queue.close()
    await using second = await open(database, async () => undefined, 2, false)
    await second.queue.work()
    await second.until(1)
    expect([outcomes(first.settled), second.settled]).toEqual([['stopping'], [[review(77), 'done']]])
  })
})

it('takes up at once what a kill interrupts, but not for ever', async () => {
  using directory = temporaryDirectory()
  await using database = await openDatabase({ dataDirectory: directory.path })
  const killed = await open(database, async () => undefined)
  // as pg-boss takes a job, and as a worker leaves it whose process ends
  const take = `UPDATE pgboss.job SET state = 'active', started_on = now(), heartbeat_on = now(),
    retry_count = retry_count + CASE WHEN started_on IS NULL THEN 0 ELSE 1 END WHERE name = 'review'`
  await killed.queue.send([review(88)])
  await killed.queue.sql(take)
  await killed.queue.close()
  const states = []
  for (let life = 0; life < 2; life++) {
    await using next = await open(database, async () => undefined, 2, false)
    const { rows } = await next.queue.sql(
      `SELECT state, start_after <= now() AS now, output->>'message' AS why FROM pgboss.job WHERE name = 'review'`,
    )
    const dead = await next.queue.deadLetters.list(10)
    states.push({ ...rows[0], dead: dead.map(({ job }) => job) })
    await next.queue.sql(take)
  }
  const why = 'the bot was killed while it worked on this'
  expect(states).toEqual([
    { state: 'retry', now: true, why, dead: [] },
    { state: 'failed', now: true, why, dead: [review(88)] },
  ])
})

it('gives a folder to one bot at a time', () => {
  using directory = temporaryDirectory()
  const first = lockFolder(directory.path)
  expect(() => lockFolder(directory.path)).toThrow(FolderInUse)
  first.close()
  lockFolder(directory.path).close()
})

it('names why a job is given up', () => {
  expect(new GivenUp('superseded').message).toContain('newer head')
})
