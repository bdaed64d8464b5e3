import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { databaseFile } from './fleet.ts'
import { merged, Story, type Kill } from './follow-story.ts'

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

/** Told of, looked at, arrived, looked at to the end; killed once on the way, and taken up again. */
async function told(story: Story, kill?: Kill) {
  await story.again()
  story.clock.after(12, () => story.arrives())
  const writes = await story.work(kill === undefined ? {} : { kill })
  if (kill !== undefined) await story.work()
  const { comment, check } = story.seen()
  const words = comment.replaceAll(/for \d+ s/g, 'for # s')
  return { writes, state: [words, check] }
}

describe.skipIf(noPostgres)('a commit on its way', () => {
  it('is told of at once, and again as soon as it has arrived', async () => {
    await using story = await Story.start(client)
    await story.work({ seconds: 30 })
    expect(story.seen()).toMatchObject({
      comment: expect.stringContaining('## ⏳ on its way to `infra`'),
      check: { status: 'in_progress' },
    })
    story.arrives()
    await story.work()
    expect(story.seen()).toMatchObject({
      comment: expect.stringContaining('## ✅ arrived on `infra`'),
      check: { status: 'completed', conclusion: 'success' },
    })
    // the same event, later
    story.tellOf(story.push)
    expect(await story.work()).toBe(0)
    story.seen()
  }, 180_000)

  it('may be a later commit that contains it, and may be overtaken by one that wants something else', async () => {
    await using story = await Story.start(client)
    await story.work({ seconds: 10 })
    const other = story.world.another('other', databaseFile('16MB'))
    const later = merged(other, story.clock)
    story.cluster.has(later.after)
    story.cluster.edits({ work_mem: '16MB' })
    story.cluster.applies(later.after)
    await story.work()
    expect(story.seen()).toMatchObject({
      comment: expect.stringMatching(
        /⏭️ overtaken on `infra`[^]*a later commit wants something else: work&#95;mem is 16MB/,
      ),
      check: { status: 'completed', conclusion: 'neutral' },
    })
  }, 180_000)

  it('that Flux is suspended for says so, and ends at the deadline as it is', async () => {
    await using story = await Story.start(client)
    story.access.deadlines = { flux: 600_000 }
    story.cluster.has(story.push.after)
    story.cluster.applies(story.push.before, { suspend: true })
    await story.work({ seconds: 60 })
    expect(story.seen()).toMatchObject({
      comment: expect.stringMatching(
        /🔶 held up on `infra`[^]*is suspended[^]*\*\*What to do:\*\* Resume it/,
      ),
      check: { status: 'in_progress' },
    })
    await story.work()
    expect(story.seen()).toMatchObject({
      comment: expect.stringMatching(/🛑 not arrived on `infra`[^]*is suspended/),
      check: { status: 'completed', conclusion: 'failure' },
    })
  }, 180_000)

  it.each([
    [['pg-minor'], '↩️ `/cnpg revert` takes it back: reverting it brings back the version before'],
    [['pg-major'], '⛔ A revert does not safely take it back: a major upgrade of PostgreSQL rewrites'],
  ])(
    'of an update of %s that does not arrive says whether it can be taken back',
    async (classes, said) => {
      await using story = await Story.start(client, ['infra'], {}, classes)
      story.access.deadlines = { flux: 600_000 }
      await story.work({ seconds: 60 })
      expect(story.seen().comment).not.toContain('take')
      // Flux has it, and the operator does nothing
      story.cluster.has(story.push.after)
      story.cluster.applies(story.push.after)
      await story.work()
      const { comment, check } = story.seen()
      expect(comment).toMatch(/🛑 not arrived on `infra`/)
      expect(comment).toContain(said)
      expect(check).toMatchObject({ conclusion: 'failure' })
    },
    180_000,
  )

  it('is followed on after the API server was gone for ten minutes', async () => {
    await using story = await Story.start(client)
    await story.work({ seconds: 10 })
    story.cluster.serving.down = true
    await story.work({ seconds: 600 })
    expect(story.seen()).toMatchObject({
      comment: expect.stringMatching(/❔ `infra` cannot be read[^]*Nothing can be read since 21:\d\d UTC/),
      check: { status: 'in_progress' },
    })
    story.cluster.serving.down = false
    story.arrives()
    await story.work()
    expect(story.seen()).toMatchObject({
      comment: expect.stringContaining('✅ arrived on `infra`'),
      check: { conclusion: 'success' },
    })
  }, 180_000)

  it('says which permission is missing, and is done once it is there', async () => {
    await using story = await Story.start(client)
    story.arrives()
    story.cluster.serving.forbidden = url => url.includes('/kustomizations/')
    await story.work({ seconds: 60 })
    expect(story.seen().comment).toMatch(
      /🔶 held up[^]*Allow it[^\n]*`get kustomizations\.kustomize\.toolkit\.fluxcd\.io`/,
    )
    story.cluster.serving.forbidden = url => url.includes('/proxy/pg/status')
    await story.work({ seconds: 30 })
    expect(story.seen().comment).toMatch(/🔶 held up[^]*pods\/proxy/)
    story.cluster.serving.forbidden = () => false
    await story.work()
    expect(story.seen().comment).toContain('✅ arrived on `infra`')
  }, 180_000)

  it('is followed in each cluster in its turn, a day later where its branch follows then', async () => {
    await using story = await Story.start(client, ['infra', 'apps'])
    const { infra, apps } = story.clusters
    if (infra === undefined || apps === undefined) throw new Error('a cluster is missing')
    story.arrives(story.push.after, infra)
    await story.work({ seconds: 3600 })
    // the check is over: whoever moves the other branch may wait for it
    expect(story.seen()).toMatchObject({
      comment: expect.stringMatching(/✅ arrived on `infra` · `apps` follows with `release`/),
      check: { status: 'completed', conclusion: 'success' },
    })
    story.clock.advance(24 * 3600)
    story.world.repository.git.git('update-ref', 'refs/heads/release', story.push.after)
    story.tellOf({ before: story.push.before, after: story.push.after }, 'release')
    await story.work({ seconds: 60 })
    expect(story.seen().comment).toMatch(/✅ arrived on `infra` · ⏳ on its way to `apps`/)
    story.arrives(story.push.after, apps, 'release')
    await story.work()
    expect(story.seen()).toMatchObject({
      comment: expect.stringMatching(/✅ arrived on `infra` · ✅ arrived on `apps`/),
      check: { status: 'completed', conclusion: 'success' },
    })
  }, 180_000)

  it('is found by a sweep where its push was missed', async () => {
    await using story = await Story.start(client)
    story.arrives()
    await story.work()
    const other = story.world.another('missed', databaseFile('16MB'))
    const { after } = merged(other, story.clock)
    await story.work({ seconds: 30, sweeps: true })
    expect(story.seen(other, after)).toMatchObject({
      comment: expect.stringContaining('## ⏳ on its way to `infra`'),
      check: { status: 'in_progress' },
    })
    // what was looked at is not looked at again
    expect(story.seen().check).toMatchObject({ conclusion: 'success' })
  }, 180_000)

  it('shows no database of a namespace that is not allowed', async () => {
    await using story = await Story.start(client, ['infra'], { namespaces: ['other'] })
    story.arrives()
    await story.work()
    expect(story.cluster.server.requests.filter(request => request.includes('/databases/'))).toEqual([])
    expect(story.seen().comment).toContain('1 database is not shown')
  }, 180_000)

  it('ends in the same state, at whichever write the bot is killed, with one comment and one check', async () => {
    await using story = await Story.start(client)
    const whole = await told(story)
    expect(whole.state[1]).toMatchObject({ status: 'completed', conclusion: 'success' })
    expect(whole.writes).toBeGreaterThan(8)
    // nothing is kept between two writes: after one is before the next
    expect((await told(story, { write: 1, when: 'before' })).state).toEqual(whole.state)
    for (let write = 1; write <= whole.writes; write++)
      expect([write, (await told(story, { write, when: 'after' })).state]).toEqual([write, whole.state])
  }, 480_000)
})
