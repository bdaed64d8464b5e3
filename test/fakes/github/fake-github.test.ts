// oxlint-disable typescript/no-unsafe-type-assertion, unicorn/consistent-function-scoping -- JSON that GitHub's own description has been checked against
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Json } from '../../../src/manifest/json.ts'
import { FakeGitHub } from './fake-github.ts'

let github: FakeGitHub
beforeEach(async () => {
  github = await FakeGitHub.start()
})
afterEach(async () => await github[Symbol.asyncDispose]())

async function call(
  method: string,
  target: string,
  token?: string,
  body?: Json,
): Promise<{ status: number; body: any; link: string | null }> {
  const response = await fetch(`${github.url}${target}`, {
    method,
    headers: token === undefined ? {} : { authorization: `token ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
    link: response.headers.get('link'),
  }
}

function fleet() {
  const repository = github.repository('acme/fleet')
  const base = repository.commit('main', { 'apps/a.yaml': 'a: 1\n', 'apps/b.yaml': 'b: 1\n' })
  const head = repository.commit('feature', { 'apps/a.yaml': 'a: 2\n', 'c.yaml': 'c\n' }, { from: 'main' })
  const pull = repository.pullRequest({ head: 'feature', author: github.account('dev') })
  return { repository, base, head, pull }
}

describe('replies', () => {
  it('keep the contract for everything that is read', async () => {
    const { repository, base, head } = fleet()
    const token = github.appToken(repository, {})
    for (const target of [
      '/repos/acme/fleet',
      '/repos/acme/fleet/pulls',
      '/repos/acme/fleet/pulls/1',
      '/repos/acme/fleet/pulls/1/files',
      '/repos/acme/fleet/issues/1/comments',
      `/repos/acme/fleet/commits/${head}`,
      `/repos/acme/fleet/commits/${head}/pulls`,
      `/repos/acme/fleet/commits/${head}/check-runs`,
      `/repos/acme/fleet/compare/${base}...${head}`,
      '/repos/acme/fleet/git/ref/heads/main',
      '/repos/acme/fleet/contents/apps/a.yaml?ref=feature',
      '/repos/acme/fleet/contents/apps',
      '/repos/acme/fleet/collaborators/dev/permission',
    ])
      expect([target, (await call('GET', target, token)).status]).toEqual([target, 200])
    const me = await call('GET', '/user', github.userToken('dev'))
    expect(me.body.login).toBe('dev')
  })

  it('give pull requests, files and content as git has them', async () => {
    const { base, head } = fleet()
    const pull = await call('GET', '/repos/acme/fleet/pulls/1')
    expect([pull.body.base.sha, pull.body.head.sha]).toEqual([base, head])
    const files = await call('GET', '/repos/acme/fleet/pulls/1/files')
    expect(files.body.map((file: any) => [file.filename, file.status])).toEqual([
      ['apps/a.yaml', 'modified'],
      ['c.yaml', 'added'],
    ])
    const content = await call('GET', '/repos/acme/fleet/contents/apps/a.yaml?ref=feature')
    expect(Buffer.from(content.body.content, 'base64').toString()).toBe('a: 2\n')
  })

  it('come in pages with Link headers', async () => {
    const { repository } = fleet()
    const token = github.appToken(repository, { issues: 'write' })
    for (let number = 0; number < 5; number++)
      await call('POST', '/repos/acme/fleet/issues/1/comments', token, { body: `comment ${number}` })
    const first = await call('GET', '/repos/acme/fleet/issues/1/comments?per_page=2')
    expect(first.body).toHaveLength(2)
    expect(first.link).toContain('page=2>; rel="next"')
    expect(first.link).toContain('page=3>; rel="last"')
    const last = await call('GET', '/repos/acme/fleet/issues/1/comments?per_page=2&page=3')
    expect(last.body.map((comment: any) => comment.body)).toEqual(['comment 4'])
    expect(last.link).not.toContain('rel="next"')
  })
})

describe('refuses', () => {
  it.each<[string, string, string, Json | undefined, RegExp]>([
    ['a path that is none', 'GET', '/repos/acme/fleet/pull/1', undefined, /no operation/],
    ['an unknown query parameter', 'GET', '/repos/acme/fleet/pulls/1/files?perpage=1', undefined, /perpage/],
    [
      'an unknown field',
      'POST',
      '/repos/acme/fleet/issues/1/comments',
      { body: 'x', text: 'y' },
      /additional/,
    ],
    ['a missing field', 'POST', '/repos/acme/fleet/check-runs', { name: 'x' }, /head_sha/],
    [
      'a nested value outside its enum',
      'POST',
      '/repos/acme/fleet/check-runs',
      {
        name: 'x',
        head_sha: 'x',
        output: {
          title: '',
          summary: '',
          annotations: [{ path: 'a', start_line: 1, end_line: 1, annotation_level: 'error', message: 'm' }],
        },
      },
      /allowed values/,
    ],
    ['no body', 'POST', '/repos/acme/fleet/issues/1/comments', undefined, /no body/],
  ])('%s', async (_name, method, target, body, violation) => {
    const { repository } = fleet()
    const reply = await call(
      method,
      target,
      github.appToken(repository, { issues: 'write', checks: 'write' }),
      body,
    )
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(github.takeViolations().join('\n')).toMatch(violation)
  })

  it('51 annotations in one request', async () => {
    const { repository, head } = fleet()
    const annotation = { path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'm' }
    const output = { title: 't', summary: 's', annotations: Array.from({ length: 51 }, () => annotation) }
    const token = github.appToken(repository, { checks: 'write' })
    const reply = await call('POST', '/repos/acme/fleet/check-runs', token, {
      name: 'x',
      head_sha: head,
      output,
    })
    expect(reply.status).toBe(422)
    expect(github.takeViolations()).toHaveLength(1)
  })

  it('a comment over 65,536 characters', async () => {
    const { repository } = fleet()
    const token = github.appToken(repository, { issues: 'write' })
    const send = async (length: number) =>
      await call('POST', '/repos/acme/fleet/issues/1/comments', token, { body: 'x'.repeat(length) })
    expect((await send(65_536)).status).toBe(201)
    const refused = await send(65_537)
    expect([refused.status, refused.body.errors[0].message]).toEqual([
      422,
      'Body is too long (maximum is 65536 characters)',
    ])
  })

  it.each([
    ['comments', '/repos/acme/fleet/issues/1/comments', { body: 'x' }],
    ['checks', '/repos/acme/fleet/check-runs', { name: 'x', head_sha: 'x' }],
    [
      'code scanning',
      '/repos/acme/fleet/code-scanning/sarifs',
      { commit_sha: 'x'.repeat(40), ref: 'refs/heads/x', sarif: '' },
    ],
  ])('%s by a read-only token', async (_name, target, body) => {
    const { repository } = fleet()
    const reply = await call('POST', target, github.appToken(repository, { contents: 'read' }), body)
    expect([reply.status, reply.body.message]).toEqual([403, 'Resource not accessible by integration'])
  })

  it('bad credentials, and hides a private repository', async () => {
    github.repository('acme/secret', { private: true }).commit('main', { a: 'a' })
    expect((await call('GET', '/repos/acme/secret', 'wrong')).status).toBe(401)
    expect((await call('GET', '/repos/acme/secret')).status).toBe(404)
    const { repository } = fleet()
    expect((await call('GET', '/repos/acme/secret', github.appToken(repository, {}))).status).toBe(404)
  })

  it('a check run of another app', async () => {
    const { repository, head } = fleet()
    const bot = { id: 7, slug: 'cnpg-bot', name: 'CNPG' }
    const made = await call(
      'POST',
      '/repos/acme/fleet/check-runs',
      github.appToken(repository, { checks: 'write' }, bot),
      {
        name: 'x',
        head_sha: head,
      },
    )
    const target = `/repos/acme/fleet/check-runs/${made.body.id}`
    const reply = await call('PATCH', target, github.appToken(repository, { checks: 'write' }), { name: 'y' })
    expect([reply.status, reply.body.message]).toEqual([403, expect.stringContaining('Invalid app_id')])
  })

  it('to close quietly after a violation', async () => {
    const other = await FakeGitHub.start()
    await fetch(`${other.url}/nothing`)
    await expect(other[Symbol.asyncDispose]()).rejects.toThrow('GET /nothing is no operation')
  })
})

describe('git', () => {
  // the fake serves from this process: a synchronous clone would wait for itself
  const cloned = async (name: string, token?: string): Promise<string> => {
    const directory = mkdtempSync(path.join(tmpdir(), 'clone-'))
    const header = `http.extraheader=AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
    const args = [
      ...(token === undefined ? [] : ['-c', header]),
      'clone',
      '--quiet',
      `${github.url}/${name}.git`,
      directory,
    ]
    const child = spawn('git', args, { env: { PATH: process.env.PATH ?? '', GIT_TERMINAL_PROMPT: '0' } })
    const code = await new Promise(resolve => child.on('close', resolve))
    if (code === 0) return directory
    rmSync(directory, { recursive: true })
    throw new Error(`git clone ended with ${String(code)}`)
  }

  it('clones a public repository without and a private one with a token', async () => {
    fleet()
    const open = await cloned('acme/fleet')
    expect(readFileSync(path.join(open, 'apps/a.yaml'), 'utf8')).toBe('a: 1\n')
    const repository = github.repository('acme/secret', { private: true })
    repository.commit('main', { 'a.yaml': 'secret' })
    await expect(cloned('acme/secret')).rejects.toThrow('git clone ended')
    const own = await cloned('acme/secret', github.appToken(repository, { contents: 'read' }))
    expect(readFileSync(path.join(own, 'a.yaml'), 'utf8')).toBe('secret')
    for (const directory of [open, own]) rmSync(directory, { recursive: true })
  })

  it('keeps the head and merge refs of a pull request from a fork up to date', () => {
    const repository = github.repository('acme/fleet')
    const base = repository.commit('main', { a: '1' })
    const fork = github.repository('dev/fleet', { parent: repository })
    fork.commit('feature', { a: '2' }, { from: 'main' })
    const pull = repository.pullRequest({ head: 'feature', from: fork, author: github.account('dev') })
    const second = fork.commit('feature', { a: '3' })
    expect(pull.headSha).toBe(second)
    expect(pull.isFork).toBe(true)
    expect(repository.git.git('show', '-s', '--format=%P', 'refs/pull/1/merge')).toBe(`${base} ${second}`)
  })
})
