import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Bot } from '../../bot/bot.ts'
import type { ReviewProcess } from '../../bot/review-process.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'
import { ANSWERED, endOf, tell, UNANSWERED, type Story, type StoryEvent } from './story.ts'

const SEEDS = [1, 2, 3, 4, 5]

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Reviews of a mirror that say which two trees they have judged, and that wait while they are held. */
class Reviews {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>()

  hold(repository: number): void {
    if (!this.#gates.has(String(repository))) this.#gates.set(String(repository), Promise.withResolvers())
  }

  release(repository: number): void {
    this.#gates.get(String(repository))?.resolve()
    this.#gates.delete(String(repository))
  }

  readonly review: ReviewProcess = async ({ directory, base, head }, signal) => {
    const tree = (commit: string) =>
      execFileSync('git', ['-C', directory, 'rev-parse', `${commit}^{tree}`], { encoding: 'utf8' }).trim()
    const message = `judged ${tree(base)} to ${tree(head)}`
    const gate = this.#gates.get(/(\d+)\.git$/.exec(directory)?.[1] ?? '')
    if (gate !== undefined) {
      const given = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => given.reject(signal.reason))
      await Promise.race([gate.promise, given.promise])
    }
    const finding = {
      ruleId: 'schema-unknown-field',
      level: 'error' as const,
      message,
      file: 'a.yaml',
      line: 1,
    }
    return cannedReview({ findings: [finding], changes: ['first', 'second'].map(change) })
  }
}

function change(name: string) {
  return {
    change: 'changed' as const,
    cluster: 'main',
    kustomization: `databases/${name}`,
    resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'databases', name },
    diff: `-${name}: 1\n+${name}: 2\n`,
    fields: [],
  }
}

let postgres: RealPostgres
let world: World
let bot: Bot
const reviews = new Reviews()
beforeAll(async () => {
  if (noPostgres !== undefined) return
  postgres = await realPostgres()
  const databaseUrl = await postgres.database()
  world = await World.start()
  bot = await world.bot({ environment: { databaseUrl }, review: reviews.review })
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
})

/** Resolves once nothing waits or runs for a repository. */
async function idle({ repository }: Story): Promise<void> {
  const left = `SELECT count(*)::int AS left FROM pgboss.job
    WHERE state <= 'active' AND (name = 'delivery' OR group_id = ANY($1::text[]))`
  // how long it takes is nothing that this test tells
  const done = async () =>
    (await bot.queue.sql(left, [[repository.fullName, String(repository.id)]])).rows[0].left === 0
  await vi.waitUntil(done, { timeout: 200_000, interval: 50 })
}

async function send({ name, payload }: StoryEvent, id: string): Promise<void> {
  expect(await world.deliver(name, payload, { id })).toBe(202)
}

/** As it happens: each event is told before the next thing happens, and done with. */
async function inOrder(story: Story): Promise<void> {
  for (const step of story.steps) {
    await send(step.happens(), crypto.randomUUID())
    await idle(story)
  }
}

/**
 * What happens happens in order; what is told of it comes in any, some of it twice, as the same delivery or as another.
 * Meanwhile jobs run, or are held, or have come to their end.
 */
async function inAnyOrder(story: Story, seed: number): Promise<void> {
  const random = chance(seed)
  const steps = [...story.steps]
  const untold: { event: StoryEvent; id: string }[] = []
  const first = random()
  while (steps.length > 0 || untold.length > 0) {
    // some seeds are told nothing before all has happened
    const step = first < 0.25 || untold.length === 0 || random() < 0.4 ? steps.shift() : undefined
    if (step?.judged === true) {
      reviews.release(story.repository.id)
      await send(story.retold(), crypto.randomUUID())
      await idle(story)
      // from now on somebody waits and somebody is asked, in most orders
      reviews.hold(story.repository.id)
      await send(story.retold(), crypto.randomUUID())
    }
    if (step !== undefined) {
      const told = { event: step.happens(), id: crypto.randomUUID() }
      untold.push(told)
      if (random() < 0.4) untold.push(told)
      if (random() < 0.3) untold.push({ event: told.event, id: crypto.randomUUID() })
      continue
    }
    const [told] = untold.splice(Math.floor(random() * untold.length), 1)
    if (told !== undefined) await send(told.event, told.id)
    const next = random()
    if (next < 0.3) reviews.hold(story.repository.id)
    else if (next < 0.6) reviews.release(story.repository.id)
    if (next >= 0.45 && next < 0.55) await idle(story)
  }
  reviews.release(story.repository.id)
  await idle(story)
}

describe.skipIf(noPostgres)('what happens to a pull request', () => {
  it('ends in one state, in whatever order and how often the bot is told of it', async () => {
    const natural = tell(world, 'natural')
    await inOrder(natural)
    const wanted = endOf(natural)
    const said = natural.repository.comments.filter(({ user }) => user.login === 'cnpg-bot[bot]')
    const answer = (id: number) =>
      said.filter(({ body }) => body.startsWith(`<!-- cnpg-steward:answer:${id} -->`)).map(({ body }) => body)
    for (const [id, words] of Object.entries(ANSWERED))
      expect(answer(Number(id))).toEqual([expect.stringContaining(words)])
    expect(UNANSWERED.flatMap(answer)).toEqual([])
    expect(said).toHaveLength(Object.keys(ANSWERED).length + 1)
    expect(wanted).toMatchObject({
      check: { status: 'completed', conclusion: 'failure' },
      group: { status: 'completed', conclusion: 'failure' },
      underWay: 0,
      askedAgain: true,
      reactions: [['eyes'], ['eyes'], ['eyes']],
    })

    const stories = SEEDS.map(seed => ({ seed, story: tell(world, `seed-${seed}`) }))
    await Promise.all(stories.map(async ({ seed, story }) => await inAnyOrder(story, seed)))
    for (const { seed, story } of stories) expect({ seed, ...endOf(story) }).toEqual({ seed, ...wanted })
    expect(new Set(world.settled.map(([, outcome]) => outcome))).not.toContain('failed')
    expect(await bot.queue.deadLetters.list(100)).toEqual([])
  }, 240_000)
})
