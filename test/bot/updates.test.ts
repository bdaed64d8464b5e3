import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { updateJobsOf } from '../../bot/update-deliveries.ts'
import type { UpdateProcess } from '../../bot/update-process.ts'
import type { JsonObject } from '../../src/manifest/json.ts'
import { contentId } from '../../src/manifest/tree.ts'
import { DASHBOARD_MARKER } from '../../src/updates/dashboard.ts'
import { branchOf, updateId } from '../../src/updates/identity.ts'
import { readMarker } from '../../src/updates/marker.ts'
import { squash } from '../fakes/github/pulls.ts'
import type { FakePullRequest } from '../fakes/github/repository.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { World } from './harness.ts'
import { defaultUpdateSettings } from '../updates/settings.ts'

const KEY = 'v1|test|a|chart'
const BRANCH = branchOf('a', updateId(KEY))
const BEFORE = 'a: 1\n'

/** What the registry of the test has: a.yaml may go to 9. */
const look: UpdateProcess = async ({ base }) =>
  await Promise.resolve({
    base,
    wanted: [
      {
        key: KEY,
        slug: 'a',
        name: 'a',
        change: '1 → 9',
        to: '9',
        classes: ['minor'],
        edits: [{ path: 'a.yaml', document: 0, pointer: ['a'], from: '1', to: '9' }],
        files: [{ path: 'a.yaml', before: contentId(Buffer.from(BEFORE)), text: 'a: 9\n' }],
        title: 'chore(deps): update a to 9',
        text: 'text',
        labels: [],
        held: [],
        verdict: { verdict: 'ready', title: 'Ready', summary: 'Nothing changes.' },
        automerge: false,
        priority: 0,
      },
    ],
    offered: [],
    unknown: new Map(),
    current: new Map(),
    settings: defaultUpdateSettings,
    remarks: [],
    complete: true,
  })

const PUSH = { ref: 'refs/heads/main', after: 'a'.repeat(40) }

let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

async function start(updates: boolean): Promise<World> {
  const world = await World.start()
  world.installation.permissions = { ...world.installation.permissions, contents: 'write' }
  world.repository.collaborators.set('maintainer', 'write')
  await world.bot({ look, environment: { updates, databaseUrl: await postgres.database() } })
  return world
}

const updatePull = (world: World): FakePullRequest | undefined =>
  [...world.repository.pulls.values()].findLast(({ head }) => head === BRANCH)

/** A maintainer comments. @returns the answer, once it is there */
async function say(world: World, issue: number, body: string, id: number): Promise<string> {
  const { repository, github } = world
  const now = github.now()
  const user = github.account('maintainer')
  repository.comments.push({ id, issue, body, user, created: now, updated: now, reactions: [] })
  const answered = world.settled.filter(([job]) => job.kind === 'command').length
  const comment: JsonObject = { id, body, user: { login: 'maintainer', type: 'User' } }
  const event = { action: 'created', issue: { number: issue, pull_request: {} }, comment }
  expect(await world.deliver('issue_comment', event)).toBe(202)
  await world.until('command', answered + 1)
  return repository.comments.find(one => one.body.includes(`answer:${id} `))?.body ?? ''
}

// one story of several jobs, each with a database and GitHub over HTTP
describe.skipIf(noPostgres)('the bot', { timeout: 180_000 }, () => {
  it('a push to the default branch opens what is wanted, and commands act on it', async () => {
    await using world = await start(true)
    await world.deliver('push', PUSH)
    await world.until('updates', 1)
    const pull = updatePull(world)
    expect(pull?.title).toBe('chore(deps): update a to 9')
    const number = pull?.number ?? 0
    expect(await say(world, 1, '/cnpg rebase', 501)).toContain('no pull request of an update')
    const theirs = world.repository.commit(BRANCH, { 'b.yaml': 'b: 1\n' })
    await world.deliver('push', PUSH)
    await world.until('updates', 2)
    expect(await say(world, number, '/cnpg rebase', 502)).toContain(`/cnpg rebase ${theirs.slice(0, 7)}`)
    expect(await say(world, number, `/cnpg rebase ${theirs.slice(0, 7)}`, 503)).toContain(
      'Making the branch anew',
    )
    await world.until('updates', 3)
    expect(updatePull(world)?.headSha).not.toBe(theirs)
    expect(await say(world, number, '/cnpg ignore nonsense', 504)).toContain('takes one of')
    expect(await say(world, number, '/cnpg ignore minor', 505)).toContain('Noted')
    await world.until('updates', 4)
    expect([updatePull(world)?.state, readMarker(updatePull(world)?.body ?? '')?.ig]).toEqual([
      'closed',
      ['class:minor'],
    ])
    expect(world.repository.git.resolve(`refs/heads/${BRANCH}`)).toBeUndefined()
  })

  it('a merged update is taken back by command', async () => {
    await using world = await start(true)
    await world.deliver('push', PUSH)
    await world.until('updates', 1)
    const pull = updatePull(world)
    if (pull === undefined) throw new Error('there is no pull request')
    expect(await say(world, pull.number, '/cnpg revert', 501)).toContain('It was not merged')
    squash(pull, world.github.now())
    expect(await say(world, pull.number, '/cnpg revert', 502)).toMatch(/#\d+ takes it back\. Reverting it/)
    const [back] = [...world.repository.pulls.values()].filter(({ head }) => head.startsWith('revert-'))
    expect(back).toMatchObject({ title: `revert: ${pull.title}`, state: 'open' })
    pull.body = pull.body.replace('"cl":["minor"]', '"cl":["pg-major"]')
    expect(await say(world, pull.number, '/cnpg revert', 503)).toContain('not taken back by command. A major')
    expect(await say(world, 1, '/cnpg revert', 504)).toContain('no pull request of an update')
  })

  it('without updates nothing is opened, and no command for them is offered', async () => {
    await using world = await start(false)
    await world.deliver('push', PUSH)
    await world.until('sweep', 1)
    expect(await say(world, 1, '/cnpg help', 501)).not.toContain('/cnpg ignore')
    expect(await say(world, 1, '/cnpg updates', 502)).toContain('There is no such command')
    expect(updatePull(world)).toBeUndefined()
  })
})

it.each<[string, string, JsonObject, boolean]>([
  ['a push to the default branch', 'push', PUSH, true],
  ['a push to another', 'push', { ...PUSH, ref: 'refs/heads/x' }, false],
  ['a merged update', 'pull_request', { action: 'closed', pull_request: { head: { ref: BRANCH } } }, true],
  ['a label on one', 'pull_request', { action: 'labeled', pull_request: { head: { ref: BRANCH } } }, true],
  [
    'our own edit of one',
    'pull_request',
    { action: 'edited', pull_request: { head: { ref: BRANCH } }, sender: { type: 'Bot' } },
    false,
  ],
  ['another pull request', 'pull_request', { action: 'closed', pull_request: { head: { ref: 'x' } } }, false],
  ['a tick', 'issues', { action: 'edited', issue: { body: `${DASHBOARD_MARKER}\n` } }, true],
  ['another issue', 'issues', { action: 'edited', issue: { body: 'x' } }, false],
  ['what GitHub may send tomorrow', 'stars', { action: 'edited' }, false],
])('%s asks for a look: %s', (_name, event, payload, asks) => {
  const common = {
    installation: { id: 3 },
    repository: { id: 5, full_name: 'acme/fleet', default_branch: 'main' },
    sender: { type: 'User' },
  }
  expect(updateJobsOf('d', event, { ...common, ...payload })).toEqual(
    asks
      ? [{ kind: 'updates', installation: 3, repository: 'acme/fleet', repositoryId: 5, delivery: 'd' }]
      : [],
  )
})
