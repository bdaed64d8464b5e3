import { Client } from 'pg'
import { describe, expect, it, vi } from 'vitest'
import type { FakePullRequest } from '../fakes/github/repository.ts'
import { noPostgres, realPostgres } from '../postgres.ts'
import { temporaryDirectory } from '../temporary.ts'
import { World } from './harness.ts'
import { end, replica } from './replica-process.ts'

const PULLS = 20
const EVENTS = 200

describe.skipIf(noPostgres)('two replicas on one PostgreSQL', () => {
  it(`lose nothing of ${EVENTS} events over ${PULLS} pull requests, and do nothing twice, when one is killed`, async () => {
    await using postgres = await realPostgres()
    await using world = await World.start()
    using second = temporaryDirectory()
    const pulls: FakePullRequest[] = [world.pull]
    for (let n = pulls.length; n < PULLS; n++) pulls.push(world.another(`change-${n}`))
    const shared = world.environment({ databaseUrl: postgres.url, logLevel: 'warn' })
    const replicas = await Promise.all([replica(shared), replica({ ...shared, dataDirectory: second.path })])
    const sql = new Client({ connectionString: postgres.url })
    await sql.connect()
    try {
      const [doomed, survivor] = replicas
      const ids: string[] = []
      const deliver = async (n: number, to: { port: number }): Promise<boolean> => {
        // some are told of before the kill alone: a later event mends no loss of theirs
        const pull = pulls[(n < EVENTS / 2 ? 0 : PULLS / 2 - 2) + (n % (PULLS / 2 + 2))] ?? world.pull
        ids[n] ??= crypto.randomUUID()
        try {
          const action = n % 3 === 0 ? 'synchronize' : 'reopened'
          return (await world.pullEvent(action, { pull, id: ids[n] ?? '', port: to.port })) === 202
        } catch {
          return false
        }
      }
      for (let n = 0; n < EVENTS / 2; n++) await deliver(n, n % 2 === 0 ? doomed : survivor)
      // killed as soon as it works, whatever it has in hand
      await vi.waitUntil(() => world.github.requestsOf('checks/create').length > 2, { timeout: 60_000 })
      await end(doomed, 'SIGKILL')
      // GitHub brings again what was not taken
      const lost: number[] = []
      for (let n = EVENTS / 2; n < EVENTS; n++)
        if (!(await deliver(n, n % 2 === 0 ? doomed : survivor)) && !(await deliver(n, survivor)))
          lost.push(n)
      expect(lost).toEqual([])
      await vi.waitUntil(
        async () => {
          const { rows } = await sql.query(
            `SELECT count(*)::int AS left FROM pgboss.job
             WHERE state <= 'active' AND name IN ('delivery', 'review')`,
          )
          return rows[0].left === 0
        },
        { timeout: 120_000, interval: 500 },
      )
      const wrong = pulls.flatMap(pull => {
        const { comments, runs } = world.seen(pull)
        const fine = comments.length === 1 && runs.length === 1 && runs[0]?.status === 'completed'
        return fine ? [] : [[pull.number, comments.length, runs]]
      })
      expect(wrong).toEqual([])
      const { rows } = await sql.query(`SELECT count(*)::int AS kept FROM pgboss.job WHERE name = 'delivery'`)
      expect(rows[0].kept).toBe(EVENTS)
      const { rows: dead } = await sql.query(`SELECT data FROM pgboss.job WHERE name = 'dead'`)
      expect(dead).toEqual([])
    } finally {
      await sql.end()
      for (const one of replicas) await end(one, 'SIGKILL')
    }
  }, 240_000)
})
