import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, type ActionTools } from '../../src/action/run.ts'
import { createClient } from '../../src/adapters/github-client.ts'
import type { Json } from '../../src/manifest/json.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import { UpdateWorld } from '../updates/world.ts'
import { plainPrinters } from './canned.ts'

let github: FakeGitHub
beforeAll(async () => {
  github = await FakeGitHub.start()
})
afterAll(async () => {
  await github[Symbol.asyncDispose]()
})

function never(): never {
  throw new Error('must not be asked for')
}

/** Runs mode updates as a workflow does, and remembers what the runner is told. */
async function told(
  world: UpdateWorld,
  {
    event = 'schedule',
    payload = null,
    token = world.token,
    plan,
  }: {
    event?: string
    payload?: Json
    token?: string
    plan?: ActionTools['plan']
  } = {},
) {
  const said = { failed: [] as string[], log: [] as string[], summary: '' }
  await run(
    {
      INPUT_MODE: 'updates',
      INPUT_TOKEN: token,
      GITHUB_EVENT_NAME: event,
      GITHUB_REPOSITORY: world.repository.fullName,
      GITHUB_WORKSPACE: '/nowhere',
    },
    {
      review: never,
      status: never,
      plan: plan ?? (async ({ base }) => await Promise.resolve(world.plan(base))),
      printers: plainPrinters,
      checkout: never,
      client: given => createClient({ token: given, baseUrl: github.url, log: () => undefined }),
      payload: async () => await Promise.resolve(payload),
      runner: {
        mask: () => undefined,
        log: line => said.log.push(line),
        command: never,
        output: never,
        summarize: async markdown => {
          said.summary += markdown
          await Promise.resolve()
        },
        write: never,
        read: never,
        fail: message => said.failed.push(message),
      },
    },
  )
  return said
}

describe('mode updates', () => {
  it('opens what is wanted, and tells of it in the summary', async () => {
    const world = new UpdateWorld(github)
    world.offered.set('alpha', '1.1')
    const said = await told(world)
    expect(said.failed).toEqual([])
    expect(world.openPull('alpha')?.title).toBe('chore(deps): update alpha to 1.1')
    expect(said.summary).toContain(`| alpha 1.0 → 1.1 | open | #${world.openPull('alpha')?.number} |  |`)
  })

  it('never runs for a pull request', async () => {
    const world = new UpdateWorld(github)
    const payload = { pull_request: { number: 1, head: {}, base: {} } }
    const said = await told(world, { event: 'pull_request', payload })
    expect(said.failed.join()).toContain('run it on schedule')
    expect(world.writes()).toBe(0)
  })

  it('leaves a base branch that has moved since the checkout to the next run', async () => {
    const world = new UpdateWorld(github)
    const said = await told(world, { plan: async () => await Promise.resolve(undefined) })
    expect(said.failed).toEqual([])
    expect(said.log.join()).toContain('The next run goes on.')
    expect(world.writes()).toBe(0)
  })

  it('refuses the token of a person, whose commits GitHub does not sign', async () => {
    const world = new UpdateWorld(github)
    world.offered.set('alpha', '1.1')
    const said = await told(world, { token: github.userToken('dev') })
    expect(said.failed.join()).toContain('not that of dev')
    expect(world.writes()).toBe(0)
  })

  it('says which permissions its token needs', async () => {
    const world = new UpdateWorld(github)
    world.offered.set('alpha', '1.1')
    const token = github.appToken(world.repository, { pull_requests: 'write' })
    const said = await told(world, { token })
    expect(said.failed.join()).toContain('"contents: write"')
    expect((await told(world, { token: '' })).failed.join()).toContain('"contents: write"')
  })
})
