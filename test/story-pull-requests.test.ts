import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Octokit } from 'octokit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryCache } from '../src/adapters/chart-cache.ts'
import { cosignSignatures } from '../src/adapters/cosign-signatures.ts'
import { firstSeenFile } from '../src/adapters/first-seen-file.ts'
import { openUpdateHost } from '../src/adapters/github-updates.ts'
import { HelmRepositories } from '../src/adapters/helm-repository.ts'
import { OciRegistry } from '../src/adapters/oci-registry.ts'
import { Outbound } from '../src/adapters/outbound.ts'
import { registryVersions } from '../src/adapters/registry-versions.ts'
import { SigstoreVerifier } from '../src/adapters/sigstore-verifier.ts'
import { openToolbox, type Toolbox } from '../src/adapters/toolbox.ts'
import { BaseWork } from '../src/base-work.ts'
import { decisionsOf } from '../src/decisions.ts'
import { keepUpdates } from '../src/keep-updates.ts'
import { lookForUpdates } from '../src/look-for-updates.ts'
import { textAt } from '../src/manifest/json.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { planUpdates } from '../src/plan-updates.ts'
import type { UpdateTools } from '../src/propose-updates.ts'
import { inline } from '../src/report/escape.ts'
import type { UpdatePlan } from '../src/updates/wanted-update.ts'
import { cloudnativePg, findTool, nextCloudnativePg } from './charts.ts'
import { FakeGitHub } from './fakes/github/fake-github.ts'
import { filesOf } from './fakes/github/git-trees.ts'
import { squash } from './fakes/github/pulls.ts'
import type { FakePullRequest, FakeRepository } from './fakes/github/repository.ts'
import { startRegistry, type Registry } from './registry.ts'
import { attachSignatures, pushImage } from './signed-images.ts'
import { rootOf, TestSigstore } from './sigstore.ts'
import { temporaryDirectory } from './temporary.ts'

const ROOT = path.join(import.meta.dirname, '..')
const CHART = 'infrastructure/base/repositories/oci/cloudnative-pg.yaml'
const CLUSTER = 'kubernetes/apps/databases/cloudnative-pg/cluster/cluster.yaml'
const CONFIG = '.github/cnpg-steward.yaml'
const POSTGRES = 'cloudnative-pg/postgresql'
const CHARTS = 'charts/cloudnative-pg'
const NOW = '2026-09-02T12:00:00.000Z'
const OURS = new TestSigstore()
const SELF = 'cnpg-bot[bot]'

const command = findTool('docker-registry') ?? ''
describe.skipIf(command === '')(
  'pull requests of the tree of the story, from a real registry (left out: no docker-registry)',
  () => {
    let registry: Registry
    let github: FakeGitHub
    let repository: FakeRepository
    let token: string
    let sources: Pick<UpdateTools, 'source' | 'assurance'>
    let tools: Toolbox['tools']
    let story: Record<string, string>
    const directory = temporaryDirectory()
    const plans = new Map<string, UpdatePlan>()

    beforeAll(async () => {
      registry = await startRegistry(command)
      github = await FakeGitHub.start()
      for (const chart of [cloudnativePg('0.27.0'), cloudnativePg('0.28.0'), nextCloudnativePg()])
        await signed(CHARTS, await registry.push(CHARTS, chart.version, chart))
      for (const version of ['17.6', '17.10', '17.11', '18.6'])
        await signed(POSTGRES, (await pushImage(registry, POSTGRES, `${version}-system-trixie`)).digest)
      const { host } = registry
      const outbound = new Outbound({ allowHosts: [host] })
      const oci = new OciRegistry(outbound)
      sources = {
        source: registryVersions(oci, new HelmRepositories(outbound, memoryCache()), [host]),
        assurance: {
          signatures: cosignSignatures(oci, new SigstoreVerifier(rootOf(OURS)), [host]),
          firstSeen: firstSeenFile(path.join(directory.path, 'first-seen')),
        },
      }
      ;({ tools } = await openToolbox({
        env: { PATH: process.env.PATH, HOME: directory.path },
        cwd: directory.path,
        platform: 'linux',
        offline: false,
        chartHosts: [host],
        progress: () => undefined,
      }))
      story = storyFrom(host)
      repository = github.repository('acme/story')
      repository.commit('main', story)
      token = github.appToken(
        repository,
        { contents: 'write', pull_requests: 'write', issues: 'write', checks: 'write' },
        { id: 4711, slug: 'cnpg-bot', name: 'CNPG bot' },
      )
    })
    afterAll(async () => {
      registry.stop()
      await github[Symbol.asyncDispose]()
      directory[Symbol.dispose]()
    })

    async function signed(name: string, digest: string): Promise<void> {
      await attachSignatures(registry, name, digest, [OURS.legacy(digest)])
    }

    /** path → text of what this test's repository has of the story's */
    function files(commit: string): Record<string, string> {
      const { git } = repository
      return Object.fromEntries(
        [...filesOf(git, git.commitOf(commit).tree)].map(([file, { sha }]) => [
          file,
          git.read(sha).content.toString('utf8'),
        ]),
      )
    }

    /** What bot and action do: find, choose, verify and review, once for each commit and what is asked for. */
    async function plan(base: string, requested: ReadonlySet<string>): Promise<UpdatePlan> {
      const key = [base, ...[...requested].toSorted()].join(' ')
      const known = plans.get(key)
      if (known !== undefined) return known
      const tree = memoryTree(files(base))
      const config = await decisionsOf(tree)
      const reviewed = await lookForUpdates(
        {
          work: new BaseWork(tree),
          revision: { ref: 'main', commit: base },
          config,
          entries: [],
          allow: [...requested],
          now: NOW,
        },
        sources,
        { ...tools, clock: () => 0, today: NOW.slice(0, 10), progress: () => undefined },
      )
      const made = await planUpdates(reviewed, { tree, base, config: config.updates, now: NOW })
      plans.set(key, made)
      return made
    }

    /** One run of bot or action. @returns how many writes it made */
    async function run(): Promise<number> {
      const host = await openUpdateHost({
        client: new Octokit({ auth: token, baseUrl: github.url, throttle: { enabled: false } }),
        owner: 'acme',
        repo: 'story',
        self: SELF,
        now: () => Date.parse(github.now()),
      })
      const kept = await keepUpdates(
        { day: NOW.slice(0, 10) },
        { host, plan, print: inline, progress: () => undefined },
      )
      expect({ settled: kept.settled, refused: kept.refused }).toEqual({ settled: true, refused: [] })
      return kept.steps
    }

    const dashboard = () => [...repository.issues.values()].find(({ state }) => state === 'open')

    /** Ticks a box of the issue that lists updates, as a person does. */
    function tick(what: RegExp): void {
      const issue = dashboard()
      const line = issue?.body.split('\n').find(each => each.startsWith('- [ ]') && what.test(each))
      if (issue === undefined || line === undefined) throw new Error(`no box for ${what} in ${issue?.body}`)
      issue.body = issue.body.replace(line, line.replace('[ ]', '[x]'))
    }

    const open = () => [...repository.pulls.values()].filter(({ state }) => state === 'open')

    function only(): FakePullRequest {
      const [pull, ...others] = open()
      if (pull === undefined || others.length > 0)
        throw new Error(
          `not one open pull request but ${open()
            .map(({ title }) => title)
            .join(', ')}`,
        )
      return pull
    }

    /** What people see of a pull request. */
    function seen({ title, head, headSha, draft, labels }: FakePullRequest) {
      const [check] = repository.checkRuns.filter(({ sent }) => sent.head_sha === headSha)
      const now = files(headSha)
      const base = files(repository.git.resolve('refs/heads/main') ?? '')
      return {
        title,
        branch: head.replace(/-[0-9a-f]{10}$/, ''),
        draft,
        labels: [...labels],
        isSigned: repository.signed.has(headSha),
        check: [check?.sent.name, check?.sent.conclusion, textAt(check?.sent, 'output', 'title')],
        changed: Object.keys({ ...base, ...now }).filter(file => now[file] !== base[file]),
      }
    }

    it('asks for PostgreSQL, then for the operator in two steps, and leaves nothing behind', async () => {
      // PostgreSQL, which nobody has to ask for
      await run()
      const postgres = only()
      expect(seen(postgres)).toEqual({
        ...OPENED,
        title: 'chore(deps): update postgresql to 17.11-system-trixie',
        branch: 'bump/postgresql',
        labels: ['update', 'update/pg-minor'],
        check: ['cnpg-steward/update', 'neutral', '🔶 Attention: 2 switchovers · nothing else changes'],
        changed: [CLUSTER],
      })
      for (const part of [
        '`17.6-system-trixie` → `17.11-system-trixie` `sha256:',
        `\`${registry.host}/${POSTGRES} 17.11-system-trixie\` 🔏 signed by https:`,
        'at 2026-08-17 08:33 UTC; nothing says who has to sign it',
        '### 🔶 Attention: 2 switchovers · nothing else changes',
        '(switchover on **apps**)',
        '(switchover on **infra**)',
        'Reaches **apps**, **infra**.',
      ])
        expect(postgres.body).toContain(part)
      squash(postgres, github.now())
      await run()
      expect(open()).toEqual([])

      // the operator on request, a minor at a time: the next one follows what was merged
      tick(/cloudnative-pg 0\.27\.0 → 0\.28\.0/)
      for (const [from, to, operator] of STEPS) {
        await run()
        const chart = only()
        const verdict = '🔶 Attention: 1 warning · 2 operator rollouts · 4 other objects changed'
        expect(seen(chart)).toEqual({
          ...OPENED,
          title: `chore(deps): update cloudnative-pg to ${to}`,
          branch: 'bump/cloudnative-pg',
          labels: ['update', 'update/operator-minor'],
          check: ['cnpg-steward/update', 'neutral', verdict],
          changed: [CHART],
        })
        for (const part of [
          `\`${from}\` → \`${to}\``,
          `**Operator ${operator}**`,
          `/${CHARTS} ${to}\` ✅ signed by https:`,
          'at 2026-08-17 08:33 UTC, as spec.verify wants',
          `### ${verdict}`,
        ])
          expect(chart.body).toContain(part)
        squash(chart, github.now())
      }
      await run()

      expect(open().map(({ title }) => title)).toEqual([])
      expect([...repository.pulls.values()].map(({ merged }) => merged !== undefined)).toEqual([
        true,
        true,
        true,
      ])
      const { git } = repository
      expect(git.refs('refs/heads')).toEqual(['refs/heads/main'])
      const end = files(git.resolve('refs/heads/main') ?? '')
      const pinned =
        /17\.11-system-trixie@sha256:[0-9a-f]{64}(?=\n)/.exec(end[CLUSTER] ?? '')?.[0] ?? 'no digest'
      expect(end).toEqual({
        ...story,
        [CHART]: story[CHART]
          ?.replace('tag: 0.27.0', 'tag: 0.29.0')
          .replace('chart 0.27.0 deploys operator 1.28.0', 'chart 0.29.0 deploys operator 1.30.0'),
        [CLUSTER]: story[CLUSTER]?.replace('17.6-system-trixie', pinned),
      })
      expect(await run()).toBe(0)
    }, 120_000)
  },
)

const OPENED = { draft: false, isSigned: true }
/** chart → chart, and the operators that they deploy */
const STEPS = [
  ['0.27.0', '0.28.0', '1.28.0 → 1.29.0'],
  ['0.28.0', '0.29.0', '1.29.0 → 1.30.0'],
] as const

/** The story's tree with everything from the registry of the test, and the signature of its chart to be checked. */
function storyFrom(host: string): Record<string, string> {
  const found = ['kubernetes', 'infrastructure', 'clusters'].flatMap(part =>
    readdirSync(path.join(ROOT, part), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.relative(ROOT, path.join(entry.parentPath, entry.name))),
  )
  const story = Object.fromEntries(
    found.map(file => [
      file,
      readFileSync(path.join(ROOT, file), 'utf8').replaceAll(
        'ghcr.io/cloudnative-pg/postgresql:17.2',
        `${host}/${POSTGRES}:17.6-system-trixie`,
      ),
    ]),
  )
  const chart = story[CHART] ?? ''
  return {
    ...story,
    [CONFIG]: `chartHosts: ["${host}"]\n`,
    [CHART]: chart.replace(
      'url: oci://ghcr.io/cloudnative-pg/',
      () => `insecure: true
  verify:
    provider: cosign
    matchOIDCIdentity:
      - { issuer: '^https://token\\.actions\\.githubusercontent\\.com$', subject: '^https://github\\.com/owner/app/' }
  url: oci://${host}/`,
    ),
  }
}
