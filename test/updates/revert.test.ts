import { Octokit } from 'octokit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openRevert } from '../../src/adapters/github-revert.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import { squash } from '../fakes/github/pulls.ts'
import type { FakePullRequest } from '../fakes/github/repository.ts'
import { content, fileOf, SELF, UpdateWorld } from './world.ts'

let github: FakeGitHub
let world: UpdateWorld
let merged: FakePullRequest
beforeAll(async () => {
  github = await FakeGitHub.start()
})
afterAll(async () => {
  await github[Symbol.asyncDispose]()
})
// an update that was merged
beforeEach(async () => {
  world = new UpdateWorld(github, { alpha: '1.0', beta: '1.0' })
  world.offered.set('alpha', '1.1')
  await world.settle()
  const pull = world.openPull('alpha')
  if (pull === undefined) throw new Error('there is no pull request')
  merged = pull
  squash(merged, github.now())
})

/** @param kill after so many calls GitHub has done it, and the answer is lost */
async function revert(kill = Number.POSITIVE_INFINITY, number = merged.number) {
  let calls = 0
  const client = new Octokit({
    auth: world.token,
    baseUrl: github.url,
    throttle: { enabled: false },
    retry: { enabled: false },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    request: {
      fetch: async (url: string, init: RequestInit) => {
        const response = await fetch(url, init)
        if (++calls < kill) return response
        await response.arrayBuffer()
        throw new Error('killed')
      },
    },
  })
  const outcome = await openRevert({ client, owner: 'acme', repo: world.repository.name, self: SELF }, number)
  return { outcome, calls }
}

const reverts = () => [...world.repository.pulls.values()].filter(({ head }) => head.startsWith('revert-'))

it('opens one pull request that gives the files back what they held', async () => {
  expect(world.file('alpha')).toBe(content('1.1'))
  const { outcome } = await revert()
  const [pull] = reverts()
  expect(outcome).toEqual({ outcome: 'open', number: pull?.number })
  expect([pull?.title, pull?.author.login, pull?.base]).toEqual([`revert: ${merged.title}`, SELF, 'main'])
  expect(pull?.body).toContain(`#${merged.number}`)
  expect(world.repository.signed.has(pull?.headSha ?? '')).toBe(true)
  expect(world.file('alpha', pull?.head)).toBe(content('1.0'))
  expect((await revert()).outcome).toEqual(outcome)
  expect(reverts().length).toBe(1)
  // it is nothing that updates are kept by, and what it takes back asks first
  await world.settle()
  expect(reverts()[0]?.state).toBe('open')
  if (pull !== undefined) squash(pull, github.now())
  await world.settle()
  expect(world.openPull('alpha')?.title).toBeUndefined()
  expect((await revert()).outcome).toEqual({
    outcome: 'refused',
    message: `It was taken back in #${pull?.number}.`,
  })
})

it('takes back nothing of others', async () => {
  // beside it
  world.repository.commit('main', { [fileOf('beta')]: content('2.0') })
  await revert()
  const [pull] = reverts()
  expect(world.file('beta', pull?.head)).toBe(content('2.0'))
})

it.each<[string, () => void, string]>([
  [
    'whose file was edited since',
    () =>
      world.repository.commit('main', { [fileOf('alpha')]: content('1.1').replace('note: a', 'note: z') }),
    `${fileOf('alpha')} has changed since: take back by hand what is still to be taken back.`,
  ],
  [
    'that was never merged',
    () => {
      merged.merged = undefined
    },
    'It was not merged: there is nothing to take back.',
  ],
])('refuses one %s', async (_name, happens, message) => {
  happens()
  expect((await revert()).outcome).toEqual({ outcome: 'refused', message })
  expect(reverts().length).toBe(0)
})

it('does not open again what a person closed', async () => {
  await revert()
  const [pull] = reverts()
  if (pull !== undefined) pull.state = 'closed'
  expect((await revert()).outcome).toEqual({
    outcome: 'refused',
    message: `#${pull?.number} takes it back and was closed: open that again.`,
  })
})

it('ends in one pull request, at whichever call it is killed', async () => {
  const { calls } = await revert()
  const whole = world.file('alpha', reverts()[0]?.head)
  for (let call = 1; call <= calls; call++) {
    const [last] = reverts()
    if (last !== undefined) {
      world.repository.moveBranch(last.head, undefined)
      world.repository.pulls.delete(last.number)
    }
    await expect(revert(call)).rejects.toThrow('killed')
    expect((await revert()).outcome).toMatchObject({ outcome: 'open' })
    expect(reverts().map(({ head }) => world.file('alpha', head))).toEqual([whole])
  }
})
