import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from 'pg'
import { openGitProxy, type GitProxy } from '../../src/adapters/git-proxy.ts'
import type { Job, ReviewJob } from '../../bot/jobs.ts'
import type { ReviewProcess } from '../../bot/review-process.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'
import { live, type Kill, type Life } from './mortal.ts'

let postgres: RealPostgres
let database: Client
beforeAll(async () => {
  if (noPostgres !== undefined) return
  postgres = await realPostgres()
  database = new Client({ connectionString: postgres.url })
  await database.connect()
})
afterAll(async () => {
  await database?.end()
  await postgres?.[Symbol.asyncDispose]()
})

/** enough findings for a second request of annotations */
const long: ReviewProcess = async ({ head }) =>
  cannedReview({
    findings: Array.from({ length: 60 }, (_, line) => ({
      ruleId: 'schema-unknown-field',
      level: 'error' as const,
      message: `unknown field of ${head.slice(0, 7)}`,
      file: 'a.yaml',
      line: line + 1,
    })),
  })
const short: ReviewProcess = async () =>
  cannedReview({
    changes: ['first', 'second'].map(name => ({
      change: 'changed' as const,
      cluster: 'main',
      kustomization: `databases/${name}`,
      resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'databases', name },
      diff: `-${name}: 1\n+${name}: 2\n`,
      fields: [],
    })),
  })

/** As if nothing had ever happened. */
async function clear(world: World): Promise<void> {
  world.repository.comments.splice(0)
  world.repository.checkRuns.splice(0)
  await database.query('DROP SCHEMA IF EXISTS cnpg_steward CASCADE')
}

function common(world: World) {
  return { installation: world.installation.id, repository: 'acme/fleet', delivery: 'test' }
}

function reviewOf(world: World, more: Partial<ReviewJob> = {}): ReviewJob {
  return { ...common(world), kind: 'review', number: world.pull.number, ...more }
}

function comment(world: World, login: string, body: string): void {
  const { repository, github } = world
  const now = github.now()
  const known = repository.comments.find(({ id }) => id === 500)
  if (known !== undefined) Object.assign(known, { body, updated: now })
  else
    repository.comments.push({
      id: 500,
      issue: 1,
      body,
      user: github.account(login),
      created: now,
      updated: now,
      reactions: [],
    })
}

/** What was there before, and which job is killed. */
interface Case {
  name: string
  writes: number
  before?: (world: World, work: (job: Job) => Promise<void>) => Promise<void>
  job: (world: World) => Job
  /** what is to be seen in the end */
  state: { comments: RegExp[]; reactions?: string[]; runs?: number }
}

const command = (world: World): Job => ({ ...common(world), kind: 'command', number: 1, comment: 500 })
const answered = async (world: World, work: (job: Job) => Promise<void>): Promise<void> => {
  comment(world, 'keeper', '/cnpg help')
  await work(command(world))
}
const reviewed = async (world: World, work: (job: Job) => Promise<void>): Promise<void> =>
  await work(reviewOf(world))

const CASES: Case[] = [
  {
    name: 'answers',
    writes: 2,
    before: async world => comment(world, 'keeper', '/cnpg help\n/cnpg explain some-rule'),
    job: command,
    state: { comments: [/cnpg diff[^]*some-rule: what it says/], reactions: ['eyes'] },
  },
  {
    name: 'brings its answer up to date',
    writes: 2,
    before: async (world, work) => {
      await answered(world, work)
      comment(world, 'keeper', '/cnpg diff second')
    },
    job: command,
    state: { comments: [/of `second`/], reactions: ['eyes'] },
  },
  {
    name: 'takes its answer away',
    writes: 1,
    before: async (world, work) => {
      await answered(world, work)
      world.repository.comments.shift()
    },
    job: command,
    state: { comments: [] },
  },
  {
    name: 'refuses to answer',
    writes: 1,
    before: async world => comment(world, 'stranger', '/cnpg help'),
    job: command,
    state: { comments: [], reactions: ['confused'] },
  },
  {
    name: 'judges again for a command',
    writes: 4,
    before: async (world, work) => {
      await reviewed(world, work)
      comment(world, 'keeper', '/cnpg review')
    },
    job: command,
    state: { comments: [/Blocked/, /Judging/], reactions: ['eyes'], runs: 2 },
  },
  {
    name: 'judges again for a re-run',
    writes: 2,
    before: reviewed,
    job: world => reviewOf(world, { again: world.github.now() }),
    state: { comments: [/Blocked/], runs: 2 },
  },
  {
    name: 'judges a merge group',
    writes: 2,
    job: world => ({
      ...common(world),
      kind: 'merge-group',
      base: { ref: 'main', sha: world.pull.baseSha },
      head: world.pull.headSha,
    }),
    state: { comments: [], runs: 1 },
  },
  {
    name: 'sweeps and judges',
    writes: 3,
    job: () => ({ kind: 'sweep-all', delivery: 'test' }),
    state: { comments: [/Blocked/], runs: 1 },
  },
]

describe.skipIf(noPostgres)('a bot that is killed at a write', () => {
  let world: World
  let proxy: GitProxy
  beforeAll(async () => {
    world = await World.start()
    world.repository.collaborators.set('keeper', 'write')
    world.repository.collaborators.set('stranger', 'read')
    proxy = await openGitProxy({ upstream: world.github.url })
  })
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })
  const lifeOf = (pending: Job[], review: ReviewProcess): Life => ({
    world,
    database,
    proxy,
    review,
    pending,
  })

  const end = () => ({
    comments: world.seen().comments,
    reactions: world.repository.comments.find(({ id }) => id === 500)?.reactions.map(one => one.content),
    runs: world.seen().runs,
  })

  it('ends in the same state, whichever write it was, with one comment', async () => {
    const state = (heads: readonly string[]) =>
      JSON.stringify([
        world.seen().comments.map(body => body.replaceAll(/\b[0-9a-f]{7,40}\b/g, '')),
        heads.map(head => world.seen(world.pull, head).runs.at(-1)),
      ])
    /** Opened, then pushed to; the first or the second review is killed. Both are done again, as the queue does. */
    const story = async (first?: Kill, second?: Kill): Promise<[number, number]> => {
      const pending: Job[] = []
      const old = world.repository.commit('feature', { 'a.yaml': 'a: 2\n' })
      pending.push(reviewOf(world))
      const early = await live(lifeOf(pending, long), first)
      const pushed = world.repository.commit('feature', { 'a.yaml': 'a: 3\n' })
      if (pending.length === 0) pending.push(reviewOf(world))
      const late = await live(lifeOf(pending, long), second)
      await live(lifeOf(pending, long))
      heads = [old, pushed]
      return [early, late]
    }
    let heads: string[] = []
    await clear(world)
    const counts = await story()
    const [, settled] = heads
    expect(world.seen(world.pull, settled).runs).toMatchObject([{ status: 'completed', annotations: 60 }])
    const wanted = state([settled ?? ''])
    expect(counts).toEqual([4, 4])
    for (const when of ['before', 'after'] as const)
      for (let request = 1; request <= 4; request++)
        for (const kills of [[{ request, when }], [undefined, { request, when }]]) {
          await clear(world)
          await story(...kills)
          const [old, head] = heads
          expect([kills, state([head ?? ''])]).toEqual([kills, wanted])
          // nothing is left under way on what nobody looks at any more
          expect(world.seen(world.pull, old).runs.filter(({ status }) => status !== 'completed')).toEqual([])
        }
  }, 240_000)

  it.each(CASES)(
    '$name, once',
    async ({ writes, before, job, state }) => {
      /** @returns the writes until the kill, and the jobs that it left */
      const story = async (kill?: Kill): Promise<number> => {
        await clear(world)
        await before?.(world, async first => void (await live(lifeOf([first], short))))
        const pending = [job(world)]
        const made = await live(lifeOf(pending, short), kill)
        expect(pending.length > 0).toBe(kill !== undefined)
        await live(lifeOf(pending, short))
        return made
      }
      expect(await story()).toBe(writes)
      const wanted = end()
      expect(wanted.comments).toEqual(state.comments.map(words => expect.stringMatching(words)))
      expect(wanted.reactions).toEqual(state.reactions)
      expect(wanted.runs.map(({ status }) => status)).toEqual(Array(state.runs ?? 0).fill('completed'))
      for (const when of ['before', 'after'] as const)
        for (let request = 1; request <= writes; request++) {
          await story({ request, when })
          expect({ request, when, ...end() }).toEqual({ request, when, ...wanted })
        }
    },
    240_000,
  )
})
