import { Octokit } from 'octokit'
import type { GitHubClient } from '../../src/adapters/github-client.ts'
import { openUpdateHost } from '../../src/adapters/github-updates.ts'
import { keepUpdates, type KeptUpdates } from '../../src/keep-updates.ts'
import { contentId } from '../../src/manifest/tree.ts'
import { branchOf, updateId } from '../../src/updates/identity.ts'
import { defaultUpdateSettings, type UpdateSettings } from '../../src/updates/settings.ts'
import type { HeldReason, UpdatePlan, WantedUpdate } from '../../src/updates/wanted-update.ts'
import type { FakeGitHub } from '../fakes/github/fake-github.ts'
import { filesOf } from '../fakes/github/git-trees.ts'
import type { App, FakePullRequest, FakeRepository } from '../fakes/github/repository.ts'

/** The run was killed: what it had not sent is not done, what it was not told it does not know. */
export class Crash extends Error {}

export interface RunOptions {
  /** killed at this call: before it is sent, or after GitHub has done it and before the answer comes */
  crash?: { call: number; when: 'before' | 'after' }
  /** told before each call is sent */
  onCall?: (call: number, method: string, path: string) => void | Promise<void>
}

const APP: App = { id: 4711, slug: 'cnpg-bot', name: 'CNPG bot' }
export const SELF = 'cnpg-bot[bot]'

/**
 * A repository with one file for each package, a registry that says what there is, and runs of the story over HTTP that can be killed
 * at any call.
 */
export class UpdateWorld {
  readonly github: FakeGitHub
  readonly repository: FakeRepository
  /** package → the version that the registry offers; absent: withdrawn; 'unknown': it does not answer */
  readonly offered = new Map<string, string>()
  readonly held = new Map<string, HeldReason[]>()
  readonly verdicts = new Map<string, WantedUpdate['verdict']['verdict']>()
  readonly classes = new Map<string, string[]>()
  readonly automerged = new Set<string>()
  settings: UpdateSettings = { ...defaultUpdateSettings, openLimit: 10, hourLimit: 100 }
  day = '2026-02-01'
  remarks: string[] = []
  calls = 0
  readonly #token: string

  /** A repository of its own on a GitHub that others share: starting one takes longer than most tests. */
  constructor(github: FakeGitHub, packages: Readonly<Record<string, string>> = { alpha: '1.0' }) {
    this.github = github
    this.repository = github.repository(`acme/fleet-${github.nextId()}`)
    this.repository.commit(
      'main',
      Object.fromEntries(Object.entries(packages).map(([name, version]) => [fileOf(name), content(version)])),
    )
    this.#token = github.appToken(
      this.repository,
      { contents: 'write', pull_requests: 'write', issues: 'write', checks: 'write' },
      APP,
    )
  }

  id(name: string): string {
    return updateId(keyOf(name))
  }

  branch(name: string): string {
    return branchOf(name, this.id(name))
  }

  head(name: string): string | undefined {
    return this.repository.git.resolve(`refs/heads/${this.branch(name)}`)
  }

  pulls(name: string): FakePullRequest[] {
    return [...this.repository.pulls.values()].filter(({ head }) => head === this.branch(name))
  }

  openPull(name: string): FakePullRequest | undefined {
    return this.pulls(name).find(({ state }) => state === 'open')
  }

  file(name: string, branch = 'main'): string {
    const { git } = this.repository
    const { tree } = git.commitOf(git.resolve(`refs/heads/${branch}`) ?? '')
    return git.read(filesOf(git, tree).get(fileOf(name))?.sha ?? '').content.toString('utf8')
  }

  /** What the tree at a commit could have, from the registry as it is. */
  plan(base: string): UpdatePlan {
    const wanted: WantedUpdate[] = []
    const unknown = new Map<string, string>()
    const current = new Map<string, string>()
    const { git } = this.repository
    for (const [path, { sha }] of filesOf(git, git.commitOf(base).tree)) {
      const name = /^apps\/(.*)\.yaml$/.exec(path)?.[1]
      if (name === undefined) continue
      const text = git.read(sha).content.toString('utf8')
      const from = /^version: (.*)$/m.exec(text)?.[1] ?? ''
      const to = this.offered.get(name)
      if (to === 'unknown') unknown.set(this.id(name), 'The registry does not answer.')
      else if (to === undefined || to === from) current.set(this.id(name), from)
      else wanted.push(this.#wanted(name, path, text, from, to))
    }
    return { base, wanted, unknown, current, complete: true }
  }

  #wanted(name: string, path: string, text: string, from: string, to: string): WantedUpdate {
    const verdict = this.verdicts.get(name) ?? 'ready'
    return {
      key: keyOf(name),
      slug: name,
      name,
      change: `${from} → ${to}`,
      to,
      classes: this.classes.get(name) ?? ['minor'],
      edits: [{ path, document: 0, pointer: ['version'], from, to }],
      files: [
        {
          path,
          before: contentId(Buffer.from(text)),
          text: text.replace(`version: ${from}`, `version: ${to}`),
        },
      ],
      title: `chore(deps): update ${name} to ${to}`,
      text: `| ${name} | ${from} → ${to} |`,
      labels: ['updates'],
      held: this.held.get(name) ?? [],
      verdict: { verdict, title: `Judged ${verdict}`, summary: 'Summary.' },
      automerge: this.automerged.has(name),
      priority: 0,
    }
  }

  /** One run of the story. @throws Crash where it was to be killed */
  async run(options: RunOptions = {}): Promise<KeptUpdates> {
    this.calls = 0
    const host = await openUpdateHost({
      client: this.client(options),
      owner: 'acme',
      repo: this.repository.name,
      self: SELF,
      now: () => Date.parse(this.github.now()),
    })
    return await keepUpdates(
      { settings: this.settings, day: this.day, remarks: this.remarks },
      {
        host,
        plan: async base => this.plan(base),
        print: text => text,
        progress: () => undefined,
      },
    )
  }

  /** Runs until it is at rest. */
  async settle(): Promise<KeptUpdates> {
    const kept = await this.run()
    if (!kept.settled) throw new Error('the updates do not come to rest')
    return kept
  }

  client({ crash, onCall }: RunOptions = {}): GitHubClient {
    let killed = false
    return new Octokit({
      auth: this.#token,
      baseUrl: this.github.url,
      throttle: { enabled: false },
      retry: { enabled: false },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      request: {
        fetch: async (url: string, init: RequestInit) => {
          const call = ++this.calls
          if (killed) throw new Crash('killed already')
          await onCall?.(call, init.method ?? '', new URL(url).pathname)
          if (crash?.call === call && crash.when === 'before') {
            killed = true
            throw new Crash(`killed before call ${call}`)
          }
          const response = await fetch(url, init)
          if (crash?.call === call) {
            await response.arrayBuffer()
            killed = true
            throw new Crash(`killed after call ${call}`)
          }
          return response
        },
      },
    })
  }

  /** Requests that may change something. */
  writes(): number {
    return this.github.requests.filter(
      ({ method, operation, body, path }) =>
        ((path === '/graphql' || path.startsWith(`/repos/${this.repository.fullName}/`)) &&
          operation === 'graphql' &&
          JSON.stringify(body).includes('mutation')) ||
        (operation !== 'graphql' && method !== 'GET'),
    ).length
  }
}

export function fileOf(name: string): string {
  return `apps/${name}.yaml`
}

export function content(version: string): string {
  return `# a package\nname: app\nversion: ${version}\nreplicas: 1\nnote: a\nother: b\nmore: c\nlast: d\n`
}

function keyOf(name: string): string {
  return `v1|test|${name}|chart`
}
