import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccessConfig } from '../../src/config/access.ts'
import { parseCommands } from '../../bot/commands.ts'
import { cannedReview } from '../action/canned.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { accessTo, ReplayedCluster, TestClock } from './fleet.ts'
import { World } from './harness.ts'

let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

const LIST = '/apis/postgresql.cnpg.io/v1/namespaces/databases/clusters'

it.each([
  ['/cnpg status', { command: 'status' }],
  ['/cnpg status postgres', { command: 'status', name: 'postgres' }],
  ['/cnpg status a/b/c', { command: 'status', name: 'a/b/c' }],
  ['/cnpg status a b', { command: 'unknown', problem: '`status` takes the name of one database.' }],
])('%s is a command where it is offered', (body, expected) => {
  expect(parseCommands(body, { status: true, updates: false })).toEqual([expect.objectContaining(expected)])
})

/** Asks as somebody, and gives the answer and the reaction. */
async function ask(world: World, login: string, body: string): Promise<{ answer: string; reaction: string }> {
  const { repository, github } = world
  const id = 500 + repository.comments.length
  const now = github.now()
  const user = github.account(login)
  repository.comments.push({ id, issue: 1, body, user, created: now, updated: now, reactions: [] })
  const count = world.settled.filter(([job]) => job.kind === 'command').length
  await world.deliver('issue_comment', {
    action: 'created',
    issue: { number: 1, pull_request: {} },
    comment: { id, body, user: { login, type: user.type } },
  })
  await world.until('command', count + 1)
  const marker = `<!-- cnpg-steward:answer:${id} -->`
  return {
    answer: repository.comments.find(made => made.body.startsWith(marker))?.body ?? '',
    reaction: repository.comments.find(made => made.id === id)?.reactions[0]?.content ?? '',
  }
}

async function start(world: World, access?: AccessConfig): Promise<void> {
  world.repository.collaborators.set('keeper', 'write')
  world.repository.collaborators.set('helper', 'triage')
  const review = cannedReview({
    changes: [
      {
        change: 'changed',
        cluster: 'infra',
        kustomization: 'flux-system/databases',
        resource: {
          apiVersion: 'postgresql.cnpg.io/v1',
          kind: 'Cluster',
          namespace: 'databases',
          name: 'gone',
        },
        diff: '',
        fields: [],
      },
    ],
  })
  await world.bot({
    environment: { databaseUrl: await postgres.database(), ...(access === undefined ? {} : { access }) },
    now: new TestClock().now,
    review: async () => review,
  })
}

describe.skipIf(noPostgres)('/cnpg status', () => {
  it('is neither offered nor answered where the bot may look at no cluster of the repository', async () => {
    await using cluster = await ReplayedCluster.start()
    await using world = await World.start()
    const access = accessTo({ infra: cluster })
    const other = access.repositories.map(entry => ({ ...entry, repository: 'acme/other' }))
    await start(world, { ...access, repositories: other })
    const told = await ask(world, 'keeper', '/cnpg status databases/postgres\n/cnpg help')
    expect(told.answer).toContain('There is no such command.')
    expect(told.answer.match(/status/g)).toHaveLength(1)
    expect(cluster.server.requests).toEqual([])
  }, 60_000)

  it('answers of what is asked for, in one comment that is edited, from the clusters of the repository alone', async () => {
    await using cluster = await ReplayedCluster.start()
    await using world = await World.start()
    cluster.serving.objects = {
      ...cluster.serving.objects,
      [LIST]: { items: [cluster.serving.recording.cluster] },
    }
    let first: string | undefined
    cluster.serving.forbidden = () => {
      first ??= world.seen().comments.at(-1)
      return false
    }
    await start(world, accessTo({ infra: cluster }, { namespaces: ['databases'] }))

    // all of the clusters: the pull request has not been reviewed, nobody knows what it touches
    const all = await ask(world, 'helper', '/cnpg status')
    expect(all.reaction).toBe('eyes')
    expect(first).toContain('⏳ Reading the status.')
    expect(all.answer).toMatch(/^<!-- cnpg-steward:answer:\d+ -->\n\n## .+: `databases\/postgres`/)
    expect(all.answer).toContain('<details><summary>kubectl cnpg status</summary>')
    expect(all.answer).not.toContain('Reading')

    for (const name of ['postgres', 'databases/postgres', 'infra/databases/postgres'])
      expect((await ask(world, 'helper', `/cnpg status ${name}`)).answer).toContain('`databases/postgres`')
    expect((await ask(world, 'helper', '/cnpg status mysql')).answer).toContain(
      'There is no database `mysql` here.',
    )
    expect((await ask(world, 'helper', '/cnpg status databases/none')).answer).toMatch(
      /❔ Not known: `databases\/none`\n\nThere is no Cluster databases\/none\./,
    )
    expect((await ask(world, 'helper', '/cnpg status @all/~b~')).answer).toMatch(
      /`@all\/~b~` names no database/,
    )

    // what the bot's configuration does not give the repository is not asked
    const before = cluster.server.requests.length
    expect((await ask(world, 'helper', '/cnpg status prod/databases/postgres')).answer).toMatch(
      /There is no cluster `prod` for this repository\. There are: `infra`\./,
    )
    expect((await ask(world, 'helper', '/cnpg status kube-system/postgres')).answer).toContain(
      'does not let databases of `kube-system` be shown',
    )
    expect(cluster.server.requests.length).toBe(before)

    // missing permissions are named
    cluster.serving.forbidden = url => url.startsWith(LIST)
    const unlisted = await ask(world, 'keeper', '/cnpg status')
    expect(unlisted.answer).toContain('the permission `list clusters.postgresql.cnpg.io` is missing')
    const unread = await ask(world, 'keeper', '/cnpg status databases/postgres')
    expect(unread.answer).toContain('Give the permission: get clusters.postgresql.cnpg.io')
    cluster.serving.forbidden = () => false
    cluster.serving.down = true
    expect((await ask(world, 'keeper', '/cnpg status databases/postgres')).answer).toMatch(
      /❔ Not known[^]*cannot be reached/,
    )
    cluster.serving.down = false

    // once it is reviewed, of what it touches
    await world.pullEvent('opened')
    await world.done('review')
    expect((await ask(world, 'keeper', '/cnpg status')).answer).toContain(
      'There is no Cluster databases/gone.',
    )
  }, 120_000)

  it('is answered to those alone whom the configuration lets ask', async () => {
    await using cluster = await ReplayedCluster.start()
    await using world = await World.start()
    const access = accessTo({ infra: cluster })
    const [entry] = access.repositories
    if (entry === undefined) throw new Error('no repository')
    entry.ask = { permission: 'maintain', users: ['Helper'], teams: [] }
    await start(world, access)
    const asked = '/cnpg status databases/postgres'
    expect((await ask(world, 'helper', asked)).answer).toContain('`databases/postgres`')
    const refused = "`/cnpg status` is for those whom the bot's configuration lets ask."
    const before = cluster.server.requests.length
    expect((await ask(world, 'keeper', asked)).answer).toContain(refused)
    // the author of the pull request may read what it changes, not what runs
    expect((await ask(world, 'dev', asked)).answer).toContain(refused)
    expect(await ask(world, 'stranger', asked)).toEqual({ answer: '', reaction: 'confused' })
    expect(cluster.server.requests.length).toBe(before)
  }, 60_000)
})
