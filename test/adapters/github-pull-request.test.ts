import { expect, it } from 'vitest'
import { createClient } from '../../src/adapters/github-client.ts'
import { getPullRequest, listChangedFiles } from '../../src/adapters/github-pull-request.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'

it('reads a pull request from a fork and all pages of its files', async () => {
  await using github = await FakeGitHub.start()
  const repository = github.repository('acme/fleet')
  const base = repository.commit('main', { 'old.yaml': 'one\ntwo\nthree\n', gone: 'x' })
  const fork = github.repository('dev/fleet', { parent: repository })
  const many = Object.fromEntries(
    Array.from({ length: 130 }, (_, index) => [`f/${index}.yaml`, `${index}\n`]),
  )
  const changed = { ...many, 'old.yaml': null, 'new.yaml': 'one\ntwo\nthree\n', gone: null }
  const head = fork.commit('feature', changed, { from: 'main' })
  repository.pullRequest({ head: 'feature', from: fork, author: github.account('dev') })
  const own = repository.commit('own', { b: 'x' }, { from: 'main' })
  repository.pullRequest({ head: 'own', author: github.account('dev') })

  const client = createClient({
    token: github.userToken('dev'),
    baseUrl: `${github.url}/`,
    log: () => undefined,
  })
  expect(await getPullRequest(client, { owner: 'acme', repo: 'fleet', number: 1 })).toEqual({
    number: 1,
    state: 'open',
    base: { ref: 'main', sha: base },
    head: { ref: 'feature', sha: head, repository: 'dev/fleet' },
    isFork: true,
  })
  const second = await getPullRequest(client, { owner: 'acme', repo: 'fleet', number: 2 })
  expect(second).toMatchObject({ head: { sha: own }, isFork: false })
  const { files, cut } = await listChangedFiles(client, { owner: 'acme', repo: 'fleet', number: 1 })
  expect(files).toHaveLength(132)
  expect(cut).toBe(false)
  expect(files).toContainEqual({ path: 'new.yaml', status: 'renamed', previousPath: 'old.yaml' })
  expect(files).toContainEqual({ path: 'gone', status: 'removed' })
})
