// oxlint-disable typescript/no-unsafe-type-assertion, unicorn/consistent-function-scoping -- bodies are read as they were sent; helpers stand beside their tests
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient, isRefused, ownLogin, type GitHubClient } from '../../src/adapters/github-client.ts'
import { upsertComment } from '../../src/adapters/github-comment.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import type { FakeRepository } from '../fakes/github/repository.ts'

const MARKER = '<!-- cnpg-steward:review -->'
const TARGET = { owner: 'acme', repo: 'fleet', number: 1 }
const NOW = Date.UTC(2026, 0, 1) + 300
const BOT = { id: 7, slug: 'cnpg-steward', name: 'CNPG steward' }

let github: FakeGitHub
let repository: FakeRepository
let waits: number[]
beforeEach(async () => {
  github = await FakeGitHub.start()
  repository = github.repository('acme/fleet')
  repository.commit('main', { a: '1' })
  repository.commit('feature', { a: '2' }, { from: 'main' })
  repository.pullRequest({ head: 'feature', author: github.account('dev') })
  waits = []
})
afterEach(async () => await github[Symbol.asyncDispose]())

function client(token: string): GitHubClient {
  const wait = async (milliseconds: number) => void waits.push(milliseconds)
  return createClient({ token, baseUrl: github.url, log: () => undefined, wait, now: () => NOW })
}

const writer = () => client(github.appToken(repository, { issues: 'write' }))

async function upsert(by: GitHubClient, text: string, create = true) {
  return await upsertComment(by, TARGET, {
    marker: MARKER,
    body: `${MARKER}\n${text}`,
    author: await ownLogin(by),
    create,
  })
}

const bodies = () => repository.comments.map(comment => [comment.user.login, comment.body])

describe('upsertComment', () => {
  it('creates, updates, and leaves alone what is the same', async () => {
    const by = writer()
    expect(await upsert(by, 'one')).toMatchObject({ outcome: 'created', removed: 0 })
    expect(await upsert(by, 'two')).toMatchObject({ outcome: 'updated' })
    const before = github.requests.length
    expect(await upsert(by, 'two\r\n')).toMatchObject({ outcome: 'unchanged' })
    expect(github.requests.slice(before).filter(request => request.method !== 'GET')).toMatchObject([
      { path: '/graphql' },
    ])
    expect(bodies()).toEqual([['github-actions[bot]', `${MARKER}\ntwo`]])
  })

  it('finds its comment behind a hundred others, by marker and author', async () => {
    const by = writer()
    const person = client(github.userToken('mallory'))
    await upsert(person, 'forged')
    const { issues } = person.rest
    for (let number = 0; number < 105; number++)
      await issues.createComment({ owner: 'acme', repo: 'fleet', issue_number: 1, body: `talk ${number}` })
    await upsert(by, 'one')
    await upsert(client(github.appToken(repository, { issues: 'write' }, BOT)), 'of the other app')
    await upsert(by, 'two')
    expect(bodies().filter(([, body]) => body?.startsWith(MARKER))).toEqual([
      ['mallory', `${MARKER}\nforged`],
      ['github-actions[bot]', `${MARKER}\ntwo`],
      ['cnpg-steward[bot]', `${MARKER}\nof the other app`],
    ])
  })

  it('takes no comment that only quotes the marker', async () => {
    const by = writer()
    await by.rest.issues.createComment({ owner: 'acme', repo: 'fleet', issue_number: 1, body: `> ${MARKER}` })
    expect(await upsert(by, 'one')).toMatchObject({ outcome: 'created' })
  })

  it('removes duplicates of its own', async () => {
    const by = writer()
    for (const body of ['a', 'b', 'c'])
      await by.rest.issues.createComment({
        owner: 'acme',
        repo: 'fleet',
        issue_number: 1,
        body: `${MARKER}\n${body}`,
      })
    expect(await upsert(by, 'one')).toMatchObject({ outcome: 'updated', removed: 2 })
    expect(bodies()).toEqual([['github-actions[bot]', `${MARKER}\none`]])
  })

  it('creates again what somebody deleted in between, and writes over what somebody edited', async () => {
    const by = writer()
    await upsert(by, 'one')
    const [comment] = repository.comments
    if (comment !== undefined) comment.body = `${MARKER}\nedited by a person`
    expect(await upsert(by, 'one')).toMatchObject({ outcome: 'updated' })
    github.fail({ operation: 'issues/update-comment', status: 404, message: 'Not Found' })
    expect(await upsert(by, 'two')).toMatchObject({ outcome: 'created' })
  })

  it('creates nothing where it shall only bring up to date', async () => {
    expect(await upsert(writer(), 'one', false)).toMatchObject({ outcome: 'none' })
    expect(bodies()).toEqual([])
  })

  it('throws what isRefused knows with a read-only token', async () => {
    const failure: unknown = await upsert(client(github.appToken(repository, {})), 'one').catch(
      (error: unknown) => error,
    )
    expect(isRefused(failure)).toBe(true)
  })

  it('refuses a body without the marker', async () => {
    const comment = { marker: MARKER, body: 'x', author: 'x', create: true }
    await expect(upsertComment(writer(), TARGET, comment)).rejects.toThrow('does not start with its marker')
  })
})

describe('the client', () => {
  it.each([
    // the reset is given in whole seconds, cut off
    ['primary', 30, 31_000],
    ['secondary', 7, 7000],
  ] as const)('waits for the %s rate limit', async (kind, seconds, expected) => {
    github.limitRate('issues/create-comment', kind, seconds, NOW)
    expect(await upsert(writer(), 'one')).toMatchObject({ outcome: 'created' })
    expect(waits).toEqual([expected])
  })

  it('does not wait for an hour, and does not call it refused', async () => {
    github.limitRate('issues/create-comment', 'primary', 3600, NOW)
    const failure: unknown = await upsert(writer(), 'one').catch((error: unknown) => error)
    expect(String(failure)).toContain('rate limit exceeded')
    expect(isRefused(failure)).toBe(false)
    expect(waits).toEqual([])
  })

  it('sends again what met a server error', async () => {
    github.fail({ operation: 'issues/create-comment', status: 502 })
    expect(await upsert(writer(), 'one')).toMatchObject({ outcome: 'created' })
    expect(github.requestsOf('issues/create-comment').map(request => request.status)).toEqual([502, 201])
  })

  it('knows whose token it has', async () => {
    expect(await ownLogin(writer())).toBe('github-actions[bot]')
    expect(await ownLogin(client(github.userToken('dev')))).toBe('dev')
  })
})
