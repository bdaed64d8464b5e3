import { expect, it } from 'vitest'
import { createClient } from '../../src/adapters/github-client.ts'
import { getPullRequest } from '../../src/adapters/github-pull-request.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'

it('reads a pull request from a fork', async () => {
  await using github = await FakeGitHub.start()
  const repository = github.repository('acme/fleet')
  const base = repository.commit('main', { 'old.yaml': 'one\n' })
  const fork = github.repository('dev/fleet', { parent: repository })
  const head = fork.commit('feature', { 'new.yaml': 'one\n' }, { from: 'main' })
  repository.pullRequest({ head: 'feature', from: fork, author: github.account('dev') })
  const own = repository.commit('own', { b: 'x' }, { from: 'main' })
  repository.pullRequest({ head: 'own', author: github.account('dev') })

  const client = createClient({
    token: github.userToken('dev'),
    baseUrl: `${github.url}/`,
    log: () => undefined,
  })
  expect(await getPullRequest(client, { owner: 'acme', repo: 'fleet', number: 1 })).toEqual({
    repository: 'acme/fleet',
    repositoryId: repository.id,
    private: false,
    author: 'dev',
    number: 1,
    state: 'open',
    base: { ref: 'main', sha: base },
    head: { ref: 'feature', sha: head, repository: 'dev/fleet' },
    isFork: true,
  })
  const second = await getPullRequest(client, { owner: 'acme', repo: 'fleet', number: 2 })
  expect(second).toMatchObject({ head: { sha: own }, isFork: false })
})
