// oxlint-disable typescript/no-unsafe-type-assertion, unicorn/consistent-function-scoping -- bodies are read as they were sent; helpers stand beside their tests
import { afterEach, beforeEach, expect, it } from 'vitest'
import { reportCheck, type CheckAnnotation, type CheckReport } from '../../src/adapters/github-check.ts'
import { createClient, isRefused, type GitHubClient } from '../../src/adapters/github-client.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import type { FakeRepository } from '../fakes/github/repository.ts'

let github: FakeGitHub
let repository: FakeRepository
let headSha: string
beforeEach(async () => {
  github = await FakeGitHub.start()
  repository = github.repository('acme/fleet')
  repository.commit('main', { a: '1' })
  headSha = repository.commit('feature', { a: '2' }, { from: 'main' })
})
afterEach(async () => await github[Symbol.asyncDispose]())

const client = (permissions: { checks?: 'write' } = { checks: 'write' }): GitHubClient =>
  createClient({ token: github.appToken(repository, permissions), baseUrl: github.url, log: () => undefined })

const annotations = (count: number, message = 'm'): CheckAnnotation[] =>
  Array.from({ length: count }, (_, index) => ({
    path: 'apps/a.yaml',
    start_line: index + 1,
    end_line: index + 1,
    annotation_level: 'failure',
    message,
    title: 'schema-unknown-field',
  }))

async function report(by: GitHubClient, changes: Partial<CheckReport> = {}) {
  const given = {
    name: 'cnpg-steward',
    headSha,
    conclusion: 'failure',
    title: 'Blocked',
    summary: 's',
  } as const
  return await reportCheck(
    by,
    { owner: 'acme', repo: 'fleet' },
    { ...given, annotations: [], ...changes },
    'github-actions',
  )
}

const writes = () =>
  github.requests.filter(request => request.method !== 'GET').map(request => request.operation)
/** what GitHub shows: the latest run of the name */
const shown = () => repository.checkRuns.at(-1)

it.each([
  [0, ['checks/create']],
  [50, ['checks/create']],
  [51, ['checks/create', 'checks/update']],
  [120, ['checks/create', 'checks/update', 'checks/update']],
])('reports %i annotations once each', async (count, requests) => {
  const by = client()
  expect(await report(by, { annotations: annotations(count) })).toMatchObject({ outcome: 'created' })
  expect(writes()).toEqual(requests)
  expect(shown()?.annotations).toHaveLength(count)
  expect(shown()?.sent).toMatchObject({ status: 'completed', conclusion: 'failure' })
  const statuses = github.requestsOf('checks/create').map(({ body }) => (body as { status: string }).status)
  expect(statuses).toEqual([count > 50 ? 'in_progress' : 'completed'])
})

it('sends nothing where all is as it was', async () => {
  const by = client()
  await report(by, { annotations: annotations(120) })
  const before = writes().length
  expect(await report(by, { annotations: annotations(120) })).toMatchObject({ outcome: 'unchanged' })
  expect(writes()).toHaveLength(before)
})

it('adds what is new to the run that is there', async () => {
  const by = client()
  await report(by, { annotations: annotations(2) })
  expect(await report(by, { annotations: annotations(60), title: 'More' })).toMatchObject({
    outcome: 'updated',
  })
  expect(repository.checkRuns).toHaveLength(1)
  expect(shown()?.annotations).toHaveLength(60)
  expect(shown()?.sent).toMatchObject({ output: { title: 'More' } })
})

it('takes the place of a run that shows what is no longer so', async () => {
  const by = client()
  await report(by, { annotations: annotations(3) })
  const outcome = await report(by, { annotations: annotations(1, 'another'), conclusion: 'success' })
  expect(outcome).toMatchObject({ outcome: 'created' })
  expect(repository.checkRuns).toHaveLength(2)
  expect(shown()?.annotations.map(({ message }) => message)).toEqual(['another'])
})

it('finishes a run that an interrupted job left behind', async () => {
  const by = client()
  github.fail({ operation: 'checks/update', status: 422, message: 'interrupted' })
  await expect(report(by, { annotations: annotations(60) })).rejects.toThrow('interrupted')
  expect(shown()?.sent.status).toBe('in_progress')
  expect(await report(by, { annotations: annotations(60) })).toMatchObject({ outcome: 'updated' })
  expect(shown()?.annotations).toHaveLength(60)
  expect(shown()?.sent.status).toBe('completed')
})

it('leaves the run of another app alone', async () => {
  const bot = { id: 7, slug: 'cnpg-bot', name: 'CNPG' }
  const token = github.appToken(repository, { checks: 'write' }, bot)
  const other = createClient({ token, baseUrl: github.url, log: () => undefined })
  await reportCheck(
    other,
    { owner: 'acme', repo: 'fleet' },
    { name: 'cnpg-steward', headSha, conclusion: 'success', title: 't', summary: 's', annotations: [] },
    'cnpg-bot',
  )
  expect(await report(client())).toMatchObject({ outcome: 'created' })
  expect(repository.checkRuns.map(run => run.app.slug)).toEqual(['cnpg-bot', 'github-actions'])
})

it('makes a new run for a new commit', async () => {
  const by = client()
  await report(by)
  headSha = repository.commit('feature', { a: '3' })
  expect(await report(by)).toMatchObject({ outcome: 'created' })
})

it('throws what isRefused knows with a read-only token', async () => {
  const failure: unknown = await report(client({})).catch((error: unknown) => error)
  expect(isRefused(failure)).toBe(true)
})
