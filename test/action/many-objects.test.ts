import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { rolldown } from 'rolldown'
import type { Log } from 'sarif'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../rolldown.config.ts'
import { textAt } from '../../src/manifest/json.ts'
import type { Review } from '../../src/report/review.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import type { FakeRepository } from '../fakes/github/repository.ts'

const NAMESPACES = ['ads', 'billing', 'mail', 'orders', 'search', 'users']
/** of each namespace; together 1,200 objects in six namespaces */
const EACH = { Cluster: 30, ScheduledBackup: 30, ConfigMap: 60, Deployment: 80 }

const some = (count: number, text: (name: string, index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(`app-${index}`, index)).join('---\n')

/** The objects of a namespace on one side: each is another one on the other side. */
function objects(namespace: string, side: 'base' | 'head'): Record<string, string> {
  const isHead = side === 'head'
  const head = (apiVersion: string, kind: string, name: string) =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\n`
  return {
    // storage that shrinks is refused, each by another amount: no two findings are equal
    'clusters.yaml': some(
      EACH.Cluster,
      (name, index) =>
        `${head('postgresql.cnpg.io/v1', 'Cluster', name)}spec:\n  instances: 3\n  imageName: ghcr.io/cloudnative-pg/postgresql:17.6\n  backup:\n    volumeSnapshot: {}\n  storage:\n    size: ${isHead ? 1 + 30 * NAMESPACES.indexOf(namespace) + index : 200}Gi\n`,
    ),
    'backups.yaml': some(
      EACH.ScheduledBackup,
      name =>
        `${head('postgresql.cnpg.io/v1', 'ScheduledBackup', name)}spec:\n  schedule: "0 0 3 * * *"\n  method: volumeSnapshot\n  cluster:\n    name: ${name}\n${isHead ? '  imediate: true\n' : ''}`,
    ),
    'settings.yaml': some(
      EACH.ConfigMap,
      (name, index) =>
        `${head('v1', 'ConfigMap', name)}data:\n  level: ${isHead ? 'debug' : 'info'}\n  index: "${index}"\n`,
    ),
    'deployments.yaml': some(
      EACH.Deployment,
      (name, index) =>
        `${head('apps/v1', 'Deployment', name)}spec:\n  selector:\n    matchLabels:\n      app: ${name}\n  template:\n    metadata:\n      labels:\n        app: ${name}\n    spec:\n      containers:\n        - name: app\n          image: registry.example.org/${name}:1.${isHead ? index + 1 : index}.0\n`,
    ),
  }
}

function tree(side: 'base' | 'head'): Record<string, string> {
  const files: Record<string, string> = {
    '.github/cnpg-steward.yaml':
      'cnpgVersion: "1.28.0"\nclusters:\n  - name: main\n    path: clusters/main\n',
    'clusters/main/apps.yaml': NAMESPACES.map(
      name =>
        `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: ${name}\n  namespace: flux-system\nspec:\n  interval: 10m\n  prune: true\n  path: ./apps/${name}\n  sourceRef:\n    kind: GitRepository\n    name: flux-system\n`,
    ).join('---\n'),
  }
  for (const name of NAMESPACES)
    for (const [file, text] of Object.entries(objects(name, side))) files[`apps/${name}/${file}`] = text
  return files
}

async function build(entry: string, dir: string): Promise<void> {
  const { output, ...input } = bundle(entry, dir)
  await using bundler = await rolldown(input)
  if (output === undefined || Array.isArray(output)) throw new Error('one output is expected')
  await bundler.write(output)
}

async function program(command: string, args: string[], cwd: string, env: Record<string, string>) {
  const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH ?? '', ...env } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, output }
}

describe('a pull request that changes 1,200 objects', () => {
  let work: string
  let github: FakeGitHub
  let repository: FakeRepository
  let ended: { code: number | null; output: string }
  let review: Review
  let sarif: Log
  let summary: string
  const comment = () => repository.comments[0]?.body ?? ''

  beforeAll(async () => {
    work = mkdtempSync(path.join(tmpdir(), 'many-'))
    const workspace = path.join(work, 'workspace')
    mkdirSync(path.join(work, 'temp'), { recursive: true })
    mkdirSync(workspace)
    await build('src/action/main.ts', path.join(work, 'dist'))
    github = await FakeGitHub.start()
    repository = github.repository('acme/fleet')
    repository.commit('main', tree('base'))
    repository.commit('feature', tree('head'), { from: 'main' })
    const pull = repository.pullRequest({ head: 'feature', author: github.account('dev') })
    const git = async (...args: string[]) => await program('git', args, workspace, { HOME: work })
    await git('init', '--quiet')
    const refs = [
      `+refs/pull/${pull.number}/merge:refs/remotes/pull/merge`,
      '+refs/heads/main:refs/remotes/origin/main',
    ]
    await git('fetch', '--quiet', `${github.url}/acme/fleet.git`, ...refs)
    await git('checkout', '--quiet', '--detach', 'refs/remotes/pull/merge')
    const file = (name: string, text = '') => {
      writeFileSync(path.join(work, name), text)
      return path.join(work, name)
    }
    const payload = {
      repository: { default_branch: 'main' },
      pull_request: {
        number: pull.number,
        base: { ref: 'main', sha: pull.baseSha, repo: { full_name: 'acme/fleet' } },
        head: { ref: pull.head, sha: pull.headSha, repo: { full_name: 'acme/fleet' } },
      },
    }
    const token = github.appToken(repository, { checks: 'write', pull_requests: 'write' })
    ended = await program(process.execPath, [path.join(work, 'dist/main.mjs')], workspace, {
      HOME: work,
      XDG_CACHE_HOME: path.join(work, 'cache'),
      INPUT_TOKEN: token,
      'INPUT_SARIF-FILE': path.join(work, 'temp/steward.sarif'),
      'INPUT_REVIEW-FILE': path.join(work, 'temp/review.json'),
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_REPOSITORY: 'acme/fleet',
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_EVENT_PATH: file('event.json', JSON.stringify(payload)),
      GITHUB_WORKSPACE: workspace,
      GITHUB_STEP_SUMMARY: file('summary'),
      GITHUB_OUTPUT: file('output'),
      GITHUB_RUN_ID: '99',
      RUNNER_TEMP: path.join(work, 'temp'),
    })
    review = JSON.parse(readFileSync(path.join(work, 'temp/review.json'), 'utf8'))
    sarif = JSON.parse(readFileSync(path.join(work, 'temp/steward.sarif'), 'utf8'))
    summary = readFileSync(path.join(work, 'summary'), 'utf8')
  }, 240_000)
  afterAll(async () => {
    await github[Symbol.asyncDispose]()
    rmSync(work, { recursive: true, force: true })
  })

  it('is judged whole', () => {
    expect([ended.code, ended.output]).toEqual([1, expect.stringContaining('::error::Blocked: 360 errors')])
    expect(review.changes).toHaveLength(1200)
    const rules = Map.groupBy(review.findings, ({ ruleId }) => ruleId)
    expect([...rules].map(([rule, { length }]) => [rule, length])).toEqual([
      ['schema-unknown-field', 180],
      ['admission-operator', 180],
    ])
  })

  it('gets one comment within the limit, which names every finding with its line', () => {
    expect(repository.comments).toHaveLength(1)
    expect(comment().length).toBeLessThanOrEqual(65_536)
    const rows = comment().split('\n')
    const untold = review.findings.filter(
      ({ resource, file, line }) =>
        !rows.some(
          row =>
            row.includes(`\`${resource?.namespace}/${resource?.name}\``) &&
            row.includes(`${path.basename(file ?? '')}:${line}`),
        ),
    )
    expect(untold).toEqual([])
  })

  it('shows the verdict and the worst, folds the rest and says where all of it is', () => {
    const text = comment()
    expect(text).toContain('## 🛑 Blocked: 180 refused by the API server · 180 refused by the operator')
    const [open = ''] = text.split(/^<details>/m)
    const rows = open.split('\n').filter(line => /^\| (?:🛑|🔶|ℹ️)/u.test(line))
    expect(rows).toHaveLength(20)
    // one mistake made 180 times is one row, its names folded in the cell
    expect(rows[0]).toMatch(
      /^\| 🛑 \| <details><summary>180 × ScheduledBackup<\/summary>`ads\/app-0`, .*<\/details> \| spec\.imediate: /u,
    )
    expect(rows.slice(1).every(row => row.includes("can't shrink existing storage"))).toBe(true)
    expect(text).toContain('\n<details><summary>341 more: 161 🛑, 180 ℹ️</summary>\n')
    expect(text).toMatch(
      /^<details><summary>\d+ objects? changed in Kustomization flux-system\/ads<\/summary>$/m,
    )
    expect(text).toMatch(
      /^\d+ changes without diff here: the rest is in \[the job summary\]\(https:\/\/github\.example\/acme\/fleet\/actions\/runs\/99\)\.$/m,
    )
  })

  it.each(['comment', 'summary'])('leaves nothing open in the %s', which => {
    const text = which === 'comment' ? comment() : summary
    const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0
    expect(count(/<details>/g)).toBe(count(/<\/details>/g))
    expect(count(/^```/gm) % 2).toBe(0)
  })

  it('has every change in the summary, within its limit', () => {
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1024 * 1024)
    expect(summary).not.toContain('without diff')
    const groups = [...summary.matchAll(/^(?:(\d+) × )?\*\*\w+\*\* changed: /gm)]
    expect(groups.reduce((sum, [, count]) => sum + Number(count ?? 1), 0)).toBe(1200)
  })

  it('gets one finished check with an annotation for each finding, at most 50 a request', () => {
    expect(repository.checkRuns).toHaveLength(1)
    const [check] = repository.checkRuns
    expect(check?.sent).toMatchObject({ status: 'completed', conclusion: 'failure' })
    const places = new Set(check?.annotations.map(one => JSON.stringify([one.path, one.start_line])))
    expect(review.findings.filter(({ file, line }) => !places.has(JSON.stringify([file, line])))).toEqual([])
    const sent = [...github.requestsOf('checks/create'), ...github.requestsOf('checks/update')]
    expect(sent).toHaveLength(Math.ceil((check?.annotations.length ?? 0) / 50))
    expect(Buffer.byteLength(textAt(check?.sent, 'output', 'summary') ?? '')).toBeLessThanOrEqual(65_535)
  })

  it('writes SARIF with a result for each finding, each at its line', () => {
    const results = sarif.runs.flatMap(run => run.results ?? [])
    const places = results.map(({ locations }) => {
      const place = locations?.[0]?.physicalLocation
      return `${place?.artifactLocation?.uri}:${place?.region?.startLine}`
    })
    expect(places.toSorted()).toEqual(review.findings.map(({ file, line }) => `${file}:${line}`).toSorted())
    expect(Buffer.byteLength(JSON.stringify(sarif))).toBeLessThan(10 * 1024 * 1024)
  })
})
