import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { readEnvironment, updatesOf } from '../../bot/environment.ts'
import { openLog } from '../../bot/log.ts'
import { NoTarget, reviewOnce } from '../../bot/once.ts'
import { setup } from '../../bot/setup.ts'
import { cannedReview } from '../action/canned.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import { temporaryDirectory } from '../temporary.ts'
import { World } from './harness.ts'

it.each([
  { updates: false, contents: 'read', hearsOfIssues: false },
  { updates: true, contents: 'write', hearsOfIssues: true },
])('makes the app in a browser, and keeps settings that the bot starts with: %o', async wanted => {
  const { updates, contents, hearsOfIssues } = wanted
  await using github = await FakeGitHub.start()
  using directory = temporaryDirectory()
  const opened = Promise.withResolvers<string>()
  const made = setup({
    dataDirectory: directory.path,
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'https://bot.example.org',
    apiUrl: github.url,
    serverUrl: 'https://github.example',
    organization: 'acme',
    updates,
    say: line => {
      const [address] = /http:\/\/localhost:\d+/.exec(line) ?? []
      if (address !== undefined) opened.resolve(address.replace('localhost', '127.0.0.1'))
    },
  })
  const address = await opened.promise
  const page = await (await fetch(address)).text()
  const [, state] = /settings\/apps\/new\?state=([0-9a-f]+)/.exec(page) ?? []
  const [, manifest = ''] = /name="manifest" value="([^"]*)"/.exec(page) ?? []
  expect(page).toContain('https://github.example/organizations/acme/settings/apps/new')
  const asked: { default_events: string[] } = JSON.parse(manifest.replaceAll('&quot;', '"'))
  expect(asked).toMatchObject({
    hook_attributes: { url: 'https://bot.example.org/api/github/webhooks' },
    default_permissions: { checks: 'write', contents, issues: 'write', pull_requests: 'write' },
  })
  expect(asked.default_events).toContain('pull_request')
  expect(asked.default_events.includes('issues')).toBe(hearsOfIssues)
  const code = github.acceptManifest({ id: 42, slug: 'steward', name: 'Steward' }, 'a secret of GitHub')
  expect((await fetch(`${address}/made?code=${code}&state=wrong`)).status).toBe(400)
  expect((await fetch(`${address}/made?code=${code}&state=${state}`)).status).toBe(200)
  expect(await made).toBe('https://github.example/apps/steward/installations/new')
  expect(readEnvironment({ DATA_DIR: directory.path })).toMatchObject({
    appId: 42,
    webhookSecret: 'a secret of GitHub',
    updates,
  })
  expect(readEnvironment({ DATA_DIR: directory.path, UPDATES: 'off' }).updates).toBe(false)
  expect(statSync(path.join(directory.path, 'app.env')).mode & 0o777).toBe(0o600)
})

it('says what is wrong before it makes an app', () => {
  expect([updatesOf({}), updatesOf({ UPDATES: ' on ' }), updatesOf({ UPDATES: 'off' })]).toEqual([
    false,
    true,
    false,
  ])
  expect(() => updatesOf({ UPDATES: 'yes' })).toThrow('UPDATES is none of off, on')
})

it('reviews one pull request and prints what would be posted', async () => {
  await using world = await World.start({ private: true })
  const call = (target: string) =>
    reviewOnce({
      target,
      environment: world.environment(),
      env: process.env,
      log: openLog('silent'),
      now: () => new Date(),
      review: async () => cannedReview(),
    })
  const printed = await call('acme/fleet#1')
  expect(printed).toContain(`Check ${world.pull.headSha}: failure`)
  expect(printed).toContain('failure a.yaml:1 unknown field spec.x')
  expect(printed).toContain('## 🛑 Blocked')
  expect(world.github.requests.filter(({ method }) => method !== 'GET').map(one => one.operation)).toEqual([
    'apps/create-installation-access-token',
    'apps/create-installation-access-token',
  ])
  expect(world.seen()).toEqual({ comments: [], runs: [] })
  expect(existsSync(path.join(world.directory.path, 'database'))).toBe(false)
  await expect(call('acme/fleet')).rejects.toThrow(NoTarget)
  await expect(call('acme/fleet#99')).rejects.toThrow('Not Found')
})
