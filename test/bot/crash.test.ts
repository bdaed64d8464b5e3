import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Mirrors } from '../../src/adapters/git-mirror.ts'
import { openGitProxy, type GitProxy } from '../../src/adapters/git-proxy.ts'
import { createApp } from '../../bot/app.ts'
import { openGitHub } from '../../bot/github.ts'
import { openLog } from '../../bot/log.ts'
import { reviewJob, type ReviewTools } from '../../bot/review-job.ts'
import { Store } from '../../bot/store.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'
import { Client } from 'pg'

const log = openLog('silent')
let postgres: RealPostgres
let client: Client
beforeAll(async () => {
  if (noPostgres !== undefined) return
  postgres = await realPostgres()
  client = new Client({ connectionString: postgres.url })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await postgres?.[Symbol.asyncDispose]()
})

/** When the bot is killed: around its write number `write`, which GitHub did or did not get. */
interface Kill {
  write: number
  when: 'before' | 'after'
}

/**
 * A bot's outgoing HTTP that dies with its process: after the kill no request goes out and no answer comes in. Tokens are
 * no writes: they leave nothing on GitHub.
 */
function mortal(kill: Kill | undefined) {
  const killed = Promise.withResolvers<void>()
  let writes = 0
  let dead = false
  const never = new Promise<never>(() => undefined)
  const send: typeof fetch = async (input, init) => {
    if (dead) return await never
    const url = input instanceof Request ? input.url : String(input)
    if ((init?.method ?? 'GET') === 'GET' || /access_tokens$|git-upload-pack$/.test(url))
      return await fetch(input, init)
    writes += 1
    if (writes !== kill?.write) return await fetch(input, init)
    if (kill.when === 'after') await fetch(input, init)
    dead = true
    killed.resolve()
    return await never
  }
  return { fetch: send, killed: killed.promise, writes: () => writes }
}

/** Runs the job of the pull request once, as a process that may be killed. @returns the writes it made */
async function run(world: World, proxy: GitProxy, kill?: Kill): Promise<number> {
  const http = mortal(kill)
  const environment = world.environment()
  const probot = await createApp({ environment, log, deliver: async () => undefined, fetch: http.fetch })
  const store = await Store.open(async (text, values) => {
    const result = await client.query(text, values)
    return Array.isArray(result) ? { rows: [] } : result
  })
  const tools: ReviewTools = {
    github: openGitHub({ environment, probot, log, now: Date.now, fetch: http.fetch }),
    mirrors: new Mirrors({
      directory: path.join(world.directory.path, 'mirrors'),
      limit: 64 * 1024 * 1024,
      path: process.env.PATH ?? '',
      now: () => new Date(),
    }),
    proxy,
    // enough findings for a second request of annotations
    review: async ({ head }) =>
      cannedReview({
        findings: Array.from({ length: 60 }, (_, line) => ({
          ruleId: 'schema-unknown-field',
          level: 'error' as const,
          message: `unknown field of ${head.slice(0, 7)}`,
          file: 'a.yaml',
          line: line + 1,
        })),
      }),
    store,
    settings: environment,
    now: () => new Date(),
    reviewing: () => undefined,
    page: () => undefined,
  }
  const job = {
    kind: 'review' as const,
    installation: world.installation.id,
    repository: 'acme/fleet',
    number: world.pull.number,
    delivery: 'test',
  }
  const attempt = { signal: new AbortController().signal, last: false, log }
  await Promise.race([reviewJob(job, attempt, tools), http.killed])
  return http.writes()
}

describe.skipIf(noPostgres)('a bot that is killed at a write', () => {
  it('ends in the same state, whichever write it was, with one comment', async () => {
    await using world = await World.start()
    await using proxy = await openGitProxy({ upstream: world.github.url })
    const state = (heads: readonly string[]) =>
      JSON.stringify([
        world.seen().comments.map(body => body.replaceAll(/\b[0-9a-f]{7,40}\b/g, '')),
        heads.map(head => world.seen(world.pull, head).runs.at(-1)),
      ])
    const clear = async () => {
      world.repository.comments.splice(0)
      world.repository.checkRuns.splice(0)
      await client.query('DROP SCHEMA IF EXISTS cnpg_steward CASCADE')
    }
    /** Opened, then pushed to; the first or the second review is killed. Both are done again, as the queue does. */
    const story = async (first?: Kill, second?: Kill): Promise<[number, number]> => {
      const counts: [number, number] = [0, 0]
      const old = world.repository.commit('feature', { 'a.yaml': 'a: 2\n' })
      counts[0] = await run(world, proxy, first)
      const pushed = world.repository.commit('feature', { 'a.yaml': 'a: 3\n' })
      counts[1] = await run(world, proxy, second)
      await run(world, proxy)
      heads = [old, pushed]
      return counts
    }
    let heads: string[] = []
    await clear()
    const [firstWrites, secondWrites] = await story()
    const [, settled] = heads
    expect(world.seen(world.pull, settled).runs).toMatchObject([{ status: 'completed', annotations: 60 }])
    const wanted = state([settled ?? ''])
    expect([firstWrites, secondWrites]).toEqual([4, 4])
    for (const when of ['before', 'after'] as const)
      for (let write = 1; write <= 4; write++)
        for (const kills of [[{ write, when }], [undefined, { write, when }]]) {
          await clear()
          await story(...kills)
          const [old, head] = heads
          expect([kills, state([head ?? ''])]).toEqual([kills, wanted])
          // nothing is left under way on what nobody looks at any more
          expect(world.seen(world.pull, old).runs.filter(({ status }) => status !== 'completed')).toEqual([])
        }
  }, 240_000)
})
