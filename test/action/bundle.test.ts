// oxlint-disable typescript/no-unsafe-type-assertion, unicorn/consistent-function-scoping -- bodies are read as they were sent; helpers stand beside their tests
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { rolldown } from 'rolldown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundle } from '../../rolldown.config.ts'
import type { Json } from '../../src/manifest/json.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import type { FakePullRequest, FakeRepository, Permission } from '../fakes/github/repository.ts'
import { cannedReview } from './canned.ts'

const WRITES = { checks: 'write', pull_requests: 'write' } as const

let dist: string
let work: string
let github: FakeGitHub
let repository: FakeRepository
let fork: FakeRepository
let pull: FakePullRequest

async function build(entry: string, dir: string): Promise<void> {
  const { output, ...input } = bundle(entry, dir)
  await using bundler = await rolldown(input)
  if (output === undefined || Array.isArray(output)) throw new Error('one output is expected')
  await bundler.write(output)
}

beforeAll(async () => {
  dist = mkdtempSync(path.join(tmpdir(), 'dist-'))
  await build('test/action/canned-main.ts', dist)
}, 120_000)
afterAll(() => rmSync(dist, { recursive: true, force: true }))
beforeEach(async () => {
  github = await FakeGitHub.start()
  work = mkdtempSync(path.join(tmpdir(), 'action-'))
  repository = github.repository('acme/fleet')
  repository.commit('main', { 'a.yaml': 'a: 1\n' })
  repository.commit('feature', { 'a.yaml': 'a: 2\n' }, { from: 'main' })
  fork = github.repository('dev/fleet', { parent: repository })
  pull = repository.pullRequest({ head: 'feature', author: github.account('dev') })
})
afterEach(async () => {
  rmSync(work, { recursive: true, force: true })
  await github[Symbol.asyncDispose]()
})

async function program(command: string, args: string[], cwd: string, env: Record<string, string>) {
  const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH ?? '', ...env } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, output }
}

/** Checks out the merge commit as actions/checkout does, and starts the bundle as the runner does. */
async function runAction(options: {
  permissions?: Partial<Record<Permission, 'read' | 'write'>>
  inputs?: Record<string, string>
  depth?: number
  event?: [name: string, payload: Json]
  link?: [name: string, target: string]
  /** the folder of the bundle; the one with a canned review by default */
  bundle?: string
  /** the commit that is checked out; the merge commit by default */
  checkout?: string
}) {
  const workspace = path.join(work, 'workspace')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(path.join(work, 'temp'), { recursive: true })
  mkdirSync(workspace, { recursive: true })
  const git = async (...args: string[]) => await program('git', args, workspace, { HOME: work })
  await git('init', '--quiet')
  const depth = options.depth === undefined ? [] : [`--depth=${options.depth}`]
  const refs = [
    `+refs/pull/${pull.number}/merge:refs/remotes/pull/merge`,
    '+refs/heads/main:refs/remotes/origin/main',
  ]
  await git('fetch', '--quiet', ...depth, `${github.url}/acme/fleet.git`, ...refs)
  await git('checkout', '--quiet', '--detach', options.checkout ?? 'refs/remotes/pull/merge')
  if (options.link !== undefined) symlinkSync(options.link[1], path.join(workspace, options.link[0]))
  const token = github.appToken(repository, options.permissions ?? WRITES)
  const payload: Json = {
    repository: { default_branch: 'main' },
    pull_request: {
      number: pull.number,
      base: { ref: 'main', sha: pull.baseSha, repo: { full_name: 'acme/fleet' } },
      head: { ref: pull.head, sha: pull.headSha, repo: { full_name: pull.headRepository.fullName } },
    },
  }
  const [name, content] = options.event ?? ['pull_request', payload]
  const file = (leaf: string, text = '') => {
    writeFileSync(path.join(work, leaf), text)
    return path.join(work, leaf)
  }
  const inputs = Object.entries({ token, ...options.inputs }).map(([key, value]) => [
    `INPUT_${key.toUpperCase()}`,
    value,
  ])
  const summary = file('summary')
  const outputs = file('output')
  const ended = await program(process.execPath, [path.join(options.bundle ?? dist, 'main.mjs')], workspace, {
    ...(Object.fromEntries(inputs) as Record<string, string>),
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: github.url,
    GITHUB_SERVER_URL: 'https://github.example',
    GITHUB_REPOSITORY: 'acme/fleet',
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: file('event.json', JSON.stringify(content)),
    GITHUB_WORKSPACE: workspace,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: outputs,
    GITHUB_RUN_ID: '99',
    RUNNER_TEMP: path.join(work, 'temp'),
  })
  const log = ended.output.split(`::add-mask::${token}`).join('')
  expect(log).not.toContain(token)
  return {
    ...ended,
    summary: readFileSync(summary, 'utf8'),
    outputs: readFileSync(outputs, 'utf8'),
    workspace,
  }
}

describe('the bundle', () => {
  it('is the same each time, and main.ts builds', async () => {
    const again = mkdtempSync(path.join(tmpdir(), 'dist-'))
    await build('test/action/canned-main.ts', again)
    const filesIn = (directory: string) =>
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => path.relative(directory, path.join(entry.parentPath, entry.name)))
        .toSorted()
    expect(filesIn(again)).toEqual(filesIn(dist))
    for (const name of filesIn(dist))
      expect(readFileSync(path.join(again, name)).equals(readFileSync(path.join(dist, name)))).toBe(true)
    await build('src/action/main.ts', again)
    expect(existsSync(path.join(again, 'main.mjs'))).toBe(true)
    rmSync(again, { recursive: true })
  })

  it('reports a pull request once, and a second push updates it', async () => {
    const first = await runAction({ inputs: { 'sarif-file': 'out/review.sarif' } })
    expect([first.code, first.output]).toEqual([1, expect.stringContaining('::error::Blocked: 1 error')])
    expect(first.summary).toContain('# blocked')
    expect(first.outputs).toMatch(/verdict<<.*\nblocked\n/)
    expect(readFileSync(path.join(first.workspace, 'out/review.sarif'), 'utf8')).toContain('2.1.0')
    expect(first.output).not.toContain('::error file=')
    expect(repository.checkRuns[0]?.sent).toMatchObject({ head_sha: pull.headSha, conclusion: 'failure' })
    expect(repository.checkRuns[0]?.annotations).toMatchObject([{ path: 'a.yaml', start_line: 1 }])
    repository.commit('feature', { 'a.yaml': 'a: 3\n' })
    await runAction({})
    expect(repository.comments).toHaveLength(1)
    expect(repository.checkRuns).toHaveLength(2)
    expect(repository.checkRuns[1]?.sent.head_sha).toBe(pull.headSha)
  })

  it('degrades for a fork: summary, annotations by commands, one line each', async () => {
    fork.commit('fix', { 'a.yaml': 'a: 9\n' }, { from: 'main' })
    pull = repository.pullRequest({ head: 'fix', from: fork, author: github.account('dev') })
    const ended = await runAction({ permissions: { contents: 'read' } })
    expect(ended.output).toContain('::error file=a.yaml,line=1::unknown field spec.x')
    expect(ended.output).toMatch(/No check: this pull request comes from a fork/)
    expect(ended.output).toMatch(/No comment: this pull request comes from a fork/)
    expect(ended.summary).toContain('# blocked')
    expect(repository.comments).toEqual([])
  })

  it('names the permission that lacks', async () => {
    const ended = await runAction({ permissions: { pull_requests: 'write' } })
    expect(ended.output).toContain('Add "checks: write" to the permissions of the job.')
    expect(repository.comments).toHaveLength(1)
  })

  it('judges nothing without history, and says how to mend it', async () => {
    repository.commit('main', { 'b.yaml': 'b: 1\n' })
    const ended = await runAction({ depth: 1, inputs: { 'fail-on': 'error' } })
    expect(ended.code).toBe(1)
    expect(ended.summary).toContain('fetch-depth: 0')
    expect(repository.comments[0]?.body).toContain('incomplete')
  })

  it.each([
    ['fail-on', 'errors', 'Input fail-on is "errors"; allowed: error, incomplete, warning, never.'],
    ['entries', 'x', 'Input entries has the line "x"; allowed: NAME=PATH, one a line.'],
  ])('refuses %s=%s', async (name, value, message) => {
    const ended = await runAction({ inputs: { [name]: value } })
    expect([ended.code, ended.output]).toEqual([1, expect.stringContaining(message)])
    expect(github.requests).toEqual([])
  })

  it('refuses pull_request_target', async () => {
    const ended = await runAction({ event: ['pull_request_target', {}] })
    expect([ended.code, ended.output]).toEqual([1, expect.stringContaining('refuses to review there')])
  })

  it('does not write through a link of the pull request', async () => {
    const ended = await runAction({ inputs: { 'sarif-file': 'out/x.sarif' }, link: ['out', tmpdir()] })
    expect([ended.code, ended.output]).toEqual([1, expect.stringContaining('lies outside the workspace')])
  })
})

describe('mode comment', () => {
  const event = (headSha: string, full_name = 'dev/fleet'): [string, Json] => [
    'workflow_run',
    { workflow_run: { event: 'pull_request', head_sha: headSha, head_repository: { full_name } } },
  ]
  const post = async (content: string, trigger: [string, Json]) => {
    const file = path.join(tmpdir(), `review-${process.pid}.json`)
    writeFileSync(file, content)
    const ended = await runAction({ event: trigger, inputs: { mode: 'comment', 'review-file': file } })
    rmSync(file)
    return ended
  }
  let review: string
  beforeEach(() => {
    fork.commit('fix', { 'a.yaml': 'a: 9\n' }, { from: 'main' })
    pull = repository.pullRequest({ head: 'fix', from: fork, author: github.account('dev') })
    // the verdict is made again: what is written there counts for nothing
    review = JSON.stringify(
      cannedReview({ head: { ref: `refs/pull/${pull.number}/merge` }, verdict: 'ready' }),
    )
  })

  it('posts the review of the fork, and no check', async () => {
    const ended = await post(review, event(pull.headSha))
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('The comment is created')])
    expect(repository.comments[0]).toMatchObject({
      issue: pull.number,
      body: expect.stringContaining('blocked') as string,
    })
    expect(repository.checkRuns).toEqual([])
  })

  it.each<[string, (text: string) => string, string, string]>([
    ['of another repository', text => text, 'mallory/fleet', 'not posted'],
    ['that is no JSON', () => 'x', 'dev/fleet', 'the review is no JSON'],
    [
      'with a wrong type',
      text => text.replace('"error"', '"fatal"'),
      'dev/fleet',
      'review.findings[0].level is no one of',
    ],
    [
      'of no pull request',
      text => text.replace('refs/pull/2/merge', 'main'),
      'dev/fleet',
      'of no pull request',
    ],
    ['that is too large', text => text + ' '.repeat(9_000_000), 'dev/fleet', 'at most 8388608 are read'],
  ])('refuses a review %s', async (_name, change, full, message) => {
    const ended = await post(change(review), event(pull.headSha, full))
    expect([ended.code, ended.output]).toEqual([1, expect.stringContaining(message)])
    expect(repository.comments).toEqual([])
  })

  it('posts nothing for a commit that is no longer the head', async () => {
    const old = pull.headSha
    fork.commit('fix', { 'a.yaml': 'a: 10\n' })
    const ended = await post(review, event(old))
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('has moved on')])
    expect(repository.comments).toEqual([])
  })
})

describe('the whole action on a pull request of the story tree', () => {
  let whole: string
  const root = path.join(import.meta.dirname, '../..')
  const filesOf = (directory: string, ...parts: string[]) =>
    Object.fromEntries(
      parts
        .flatMap(part =>
          readdirSync(path.join(directory, part), { recursive: true, withFileTypes: true })
            .filter(entry => entry.isFile())
            .map(entry => path.relative(directory, path.join(entry.parentPath, entry.name))),
        )
        .map(file => [file, readFileSync(path.join(directory, file), 'utf8')]),
    )

  beforeAll(async () => {
    whole = mkdtempSync(path.join(tmpdir(), 'dist-'))
    await build('src/action/main.ts', whole)
  }, 120_000)
  afterAll(() => rmSync(whole, { recursive: true, force: true }))
  beforeEach(() => {
    repository.commit('main', filesOf(root, 'kubernetes', 'infrastructure', 'clusters'))
    repository.commit('demo', filesOf(path.join(root, 'test/fixtures/demo/head'), '.'), { from: 'main' })
    pull = repository.pullRequest({ head: 'demo', author: github.account('dev') })
  })

  it('leaves one comment and one check with annotations in lines of the change, and a second push updates them', async () => {
    const sarif = path.join(work, 'temp', 'steward.sarif')
    const first = await runAction({ bundle: whole, inputs: { 'sarif-file': sarif } })
    expect(first.code).toBe(1)
    expect(first.outputs).toContain('blocked')
    expect(first.summary).toContain('🛑 Blocked')
    expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({ version: '2.1.0' })
    const comments = [...repository.comments]
    expect(comments).toHaveLength(1)
    expect(comments[0]?.body).toContain('imediate')
    const annotations = repository.checkRuns.flatMap(run => run.annotations)
    expect(annotations.map(annotation => [annotation.path, annotation.start_line])).toContainEqual([
      'kubernetes/apps/databases/cloudnative-pg/cluster/scheduledbackup.yaml',
      12,
    ])
    const scheduled = 'kubernetes/apps/databases/cloudnative-pg/cluster/scheduledbackup.yaml'
    const mended = readFileSync(path.join(root, scheduled), 'utf8')
    repository.commit('demo', { [scheduled]: mended })
    const second = await runAction({ bundle: whole })
    expect(second.code).toBe(1)
    const after = repository.comments
    expect(after.map(({ id }) => id)).toEqual(comments.map(({ id }) => id))
    expect(after[0]?.body).not.toContain('imediate')
  }, 60_000)

  it.each([
    ['the broken branch', 1, 'blocked'],
    // its dependencies outside the repository are declared in the configuration, which is not part of this main
    ['main', 0, 'attention'],
  ])(
    'judges the whole tree of %s in mode validate: exit code %i',
    async (branch, code, verdict) => {
      const checkout = branch === 'main' ? pull.baseSha : pull.headSha
      const ended = await runAction({ bundle: whole, inputs: { mode: 'validate' }, checkout })
      expect(ended.code).toBe(code)
      expect(ended.outputs).toContain(verdict)
    },
    60_000,
  )

  it('reads the configuration where the input says', async () => {
    repository.commit('main', {
      'tools/steward.yaml': 'rules:\n  schema-unknown-field: { level: warning, reason: not yet }\n',
    })
    const scheduled = 'kubernetes/apps/databases/cloudnative-pg/cluster/scheduledbackup.yaml'
    repository.commit(
      'misspelt',
      { [scheduled]: readFileSync(path.join(root, 'test/fixtures/demo/head', scheduled), 'utf8') },
      { from: 'main' },
    )
    pull = repository.pullRequest({ head: 'misspelt', author: github.account('dev') })
    const { outputs } = await runAction({ bundle: whole, inputs: { config: 'tools/steward.yaml' } })
    // no error any more; what a field that nobody knows does to the schedule is unknown
    expect(outputs).toContain('incomplete')
  }, 60_000)

  it('tells a fork by annotations and summary, and says why', async () => {
    const { code, output, summary } = await runAction({ bundle: whole, permissions: {} })
    expect(code).toBe(1)
    expect(output).toContain(
      '::error file=kubernetes/apps/databases/cloudnative-pg/cluster/scheduledbackup.yaml,line=12',
    )
    expect(summary).toContain('🛑 Blocked')
    expect(repository.comments).toEqual([])
  }, 60_000)
})
