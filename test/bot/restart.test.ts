import { expect, it, vi } from 'vitest'
import { openDatabase } from '../../bot/database.ts'
import { openLog } from '../../bot/log.ts'
import { Queue } from '../../bot/queue.ts'
import type { FakePullRequest } from '../fakes/github/repository.ts'
import { World } from './harness.ts'
import { end, replica, type Replica } from './replica-process.ts'

const PULLS = 20
const EVENTS = 200

/** Some pull requests are told of before the first kill alone, some before the second: a later event mends no loss of theirs. */
function pullOf(n: number): number {
  return (n < 60 ? 0 : n < 150 ? 5 : 10) + (n % 10)
}

/** Jobs that wait or run, as the bot's metrics have it. */
async function left({ port }: Replica): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const depths = [...text.matchAll(/^cnpg_steward_queue_jobs\{([^}]*)\} (\d+)$/gm)]
  expect(depths.length).toBeGreaterThan(0)
  return depths
    .filter(([, labels = '']) => !labels.includes('"dead"') && !labels.includes('"failed"'))
    .reduce((sum, [, , count]) => sum + Number(count), 0)
}

it(`a bot in a folder loses nothing of ${EVENTS} events over ${PULLS} pull requests, and does nothing twice, however it is killed`, async () => {
  await using world = await World.start()
  const pulls: FakePullRequest[] = [world.pull]
  for (let n = pulls.length; n < PULLS; n++) pulls.push(world.another(`change-${n}`))
  const environment = world.environment({ logLevel: 'warn' })
  const events = Array.from({ length: EVENTS }, (_, n) => ({ id: crypto.randomUUID(), n }))
  /** Tells of some events at once. @returns those that were not taken */
  const tell = async (told: typeof events): Promise<typeof events> => {
    const taken = await Promise.all(
      told.map(async ({ id, n }) => {
        const action = n % 3 === 0 ? 'synchronize' : 'reopened'
        const pull = pulls[pullOf(n)] ?? world.pull
        return await world.pullEvent(action, { pull, id, port: running.port }).catch(() => 0)
      }),
    )
    return told.filter((_, index) => taken[index] !== 202)
  }
  let running = await replica(environment)
  try {
    expect(await tell(events.slice(0, 60))).toEqual([])
    // while it works, whatever it has in hand
    await vi.waitUntil(() => world.github.requestsOf('checks/create').length > 2, { timeout: 300_000 })
    await end(running, 'SIGKILL')
    running = await replica(environment)
    expect(await tell(events.slice(60, 90))).toEqual([])
    // while it keeps what it is told
    const telling = tell(events.slice(90, 150))
    await vi.waitUntil(() => world.github.requestsOf('checks/update').length > 4, { timeout: 300_000 })
    await end(running, 'SIGKILL')
    const untold = await telling
    // at once after its start, when it takes over what ran
    running = await replica(environment)
    await end(running, 'SIGKILL')
    running = await replica(environment)
    // GitHub brings again what was not taken, and some that was
    expect(await tell([...untold, ...events.slice(120)])).toEqual([])
    await vi.waitUntil(async () => (await left(running)) === 0, { timeout: 300_000, interval: 500 })
  } finally {
    await end(running, 'SIGKILL')
  }
  const wrong = pulls.flatMap(pull => {
    const { comments, runs } = world.seen(pull)
    const fine = comments.length === 1 && runs.length === 1 && runs[0]?.status === 'completed'
    return fine ? [] : [[pull.number, comments.length, runs]]
  })
  expect(wrong).toEqual([])
  await using database = await openDatabase(environment)
  await using queue = await Queue.open({
    database,
    log: openLog('silent'),
    handler: async () => undefined,
    workers: 1,
    jobSeconds: 60,
    sweepMinutes: 59,
    now: Date.now,
  })
  const { rows } = await queue.sql(`SELECT count(*)::int AS kept FROM pgboss.job WHERE name = 'delivery'`)
  expect(rows).toEqual([{ kept: EVENTS }])
  expect(await queue.deadLetters.list(100)).toEqual([])
}, 600_000)
