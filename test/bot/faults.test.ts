import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../bot/failure.ts'
import { openLog } from '../../bot/log.ts'
import { openReviewTools } from '../../bot/open-review-tools.ts'
import { FailedForGood, Later } from '../../bot/attempt.ts'
import { reviewJob } from '../../bot/review-job.ts'
import { Store } from '../../bot/store.ts'
import type { Mirror } from '../../src/adapters/git-mirror.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'

const DONE = { status: 'completed', conclusion: 'failure', annotations: 1 }
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

function mirrorOf({ pull, directory }: World): Mirror {
  return {
    directory: directory.path,
    fetch: async () => undefined,
    commit: async ref => (ref.includes('base') ? pull.baseSha : pull.headSha),
    mergeBase: async () => pull.baseSha,
    merge: async () => pull.headSha,
    contains: async () => false,
    firstParents: async () => [],
    [Symbol.dispose]: () => undefined,
  }
}

/** The job of the pull request as the queue runs it, without the queue's waiting. */
async function jobs(world: World) {
  const log = openLog('silent')
  const opened = await openReviewTools({
    environment: world.environment(),
    env: process.env,
    log,
    now: () => new Date(),
    mirrors: { directory: path.join(world.directory.path, 'mirrors'), limit: 64 * 1024 * 1024 },
    review: async () => cannedReview(),
    wait: async () => undefined,
  })
  const store = await Store.open(async (text, values) => {
    const result = await client.query(text, values)
    return Array.isArray(result) ? { rows: [] } : result
  })
  const { github } = opened.tools
  const tools = {
    ...opened.tools,
    // what git does is tried elsewhere
    mirrors: { open: async () => mirrorOf(world) },
    store,
    reviewing: () => undefined,
    page: () => undefined,
  }
  const { installation } = world
  const job = {
    kind: 'review' as const,
    installation: installation.id,
    repository: 'acme/fleet',
    number: world.pull.number,
    delivery: 'test',
  }
  return {
    /** Runs until it is done, or fails for good, or ten times. @returns what failed */
    run: async (): Promise<unknown[]> => {
      const failures: unknown[] = []
      while (failures.length < 10)
        try {
          const attempt = { signal: new AbortController().signal, log }
          await reviewJob(job, attempt, tools)
          return failures
        } catch (error) {
          github.forget(job.installation)
          const failure = failureOf(error, Date.now())
          failures.push(failure)
          if (failure instanceof FailedForGood) return failures
        }
      return failures
    },
    [Symbol.asyncDispose]: async () => await opened[Symbol.asyncDispose](),
  }
}

/** Every call a review makes. */
const CALLS = [
  'apps/create-installation-access-token',
  'apps/get-authenticated',
  'checks/create',
  'checks/list-for-ref',
  'checks/update',
  'issues/create-comment',
  'issues/list-comments',
  'pulls/get',
]

type Trouble = (world: World, operation: string) => void
const status =
  (code: number, headers: Record<string, string> = {}): Trouble =>
  (world, operation) =>
    world.github.fail({ operation, status: code, message: `answer ${code}`, headers })

describe.skipIf(noPostgres)('GitHub that answers every call of a review in turn with', () => {
  it('nothing else gets these calls', async () => {
    await using world = await World.start()
    await using job = await jobs(world)
    expect(await job.run()).toEqual([])
    const made = new Set(world.github.requests.map(({ operation }) => operation))
    expect([...made].toSorted()).toEqual(CALLS)
  })

  // each is met in turn, then the next: by the same call
  const troubles: [string, Trouble][] = [
    ['GitHub fails (500), see https://www.githubstatus.com', status(500)],
    ['GitHub asks to wait 600', status(503, { 'retry-after': '600' })],
    ['APP_ID and PRIVATE_KEY', status(401)],
    ['conflict (409)', status(409)],
    ["GitHub's rate limit is reached 60", status(429)],
    ["GitHub's rate limit is reached 90", (world, call) => world.github.limitRate(call, 'secondary', 90)],
    ["GitHub's rate limit is reached 90", (world, call) => world.github.limitRate(call, 'primary', 900)],
    ['GitHub does not answer', (world, operation) => world.github.lose({ operation, way: 'lost' })],
    ['GitHub does not answer', (world, operation) => world.github.lose({ operation, way: 'cut' })],
  ]
  it.each(CALLS)('%s, trouble of every kind that passes: all is there once in the end', async call => {
    await using world = await World.start()
    for (const [words, order] of troubles) {
      // from the beginning, with nothing known of GitHub, and everything to write
      await using job = await jobs(world)
      world.repository.comments.splice(0)
      world.repository.checkRuns.splice(0)
      order(world, call)
      // what a client repeats by itself fails only the second time
      if (!/limit|wait|APP_ID/.test(words)) order(world, call)
      const failures = await job.run()
      const [told] = failures.map(failure =>
        failure instanceof Later ? `${failure.message} ${failure.seconds}` : String(failure),
      )
      expect([words, told]).toEqual([words, expect.stringContaining(words)])
      const { runs, comments } = world.seen()
      expect([words, runs, comments.length]).toMatchObject([words, [DONE], 1])
    }
  })
})

describe.skipIf(noPostgres)('what GitHub refuses', () => {
  const refused: [string, number, RegExp][] = [
    ['pulls/get', 403, /^$/],
    ['pulls/get', 404, /^$/],
    ['pulls/get', 451, /^$/],
    ['apps/create-installation-access-token', 403, /^$/],
    ['apps/create-installation-access-token', 404, /^$/],
    ['apps/create-installation-access-token', 422, /GitHub does not take.*access_tokens.*says why/],
    ['checks/create', 403, /^$/],
    ['checks/create', 422, /GitHub does not take.*check-runs.*says why/],
    ['checks/list-for-ref', 403, /^$/],
    ['issues/create-comment', 403, /^$/],
    ['issues/create-comment', 422, /GitHub does not take.*comments.*says why/],
    ['issues/list-comments', 404, /^$/],
  ]
  it('for good is left out, or ends the job at once with words that help', async () => {
    await using world = await World.start()
    for (const [operation, code, outcome] of refused) {
      await using job = await jobs(world)
      world.github.fail({ operation, status: code, message: 'says why', times: 99 })
      const failures = await job.run()
      const said = failures.map(failure =>
        failure instanceof FailedForGood ? failure.message : `tried again: ${String(failure)}`,
      )
      expect([operation, code, said.join('\n')]).toEqual([operation, code, expect.stringMatching(outcome)])
      world.github.heal()
      world.repository.comments.splice(0)
      world.repository.checkRuns.splice(0)
    }
  })
})
