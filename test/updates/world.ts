import { Octokit } from 'octokit'
import type { GitHubClient } from '../../src/adapters/github-client.ts'
import { openUpdateHost } from '../../src/adapters/github-updates.ts'
import { keepUpdates, type KeptUpdates } from '../../src/keep-updates.ts'
import { contentId } from '../../src/manifest/tree.ts'
import { branchOf, updateId } from '../../src/updates/identity.ts'
import type { UpdateSettings } from '../../src/updates/settings.ts'
import type { HeldReason, OfferedUpdate, UpdatePlan, WantedUpdate } from '../../src/updates/wanted-update.ts'
import type { FakeGitHub } from '../fakes/github/fake-github.ts'
import { filesOf } from '../fakes/github/git-trees.ts'
import type { App, FakePullRequest, FakeRepository } from '../fakes/github/repository.ts'
import { defaultUpdateSettings } from './settings.ts'

export interface RunOptions {
  /** killed after so many calls, or writes: GitHub has done it, the answer is lost */
  crash?: { after: 'call' | 'write'; count: number }
  /** told before each call is sent */
  onCall?: (call: number) => void
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
  onRequest: OfferedUpdate[] = []
  /** ids that the last plan was asked for */
  requested: ReadonlySet<string> = new Set()
  /** of the app, for this repository */
  readonly token: string

  /** A repository of its own on a GitHub that others share: starting one takes longer than most tests. */
  constructor(github: FakeGitHub, packages: Readonly<Record<string, string>> = { alpha: '1.0' }) {
    this.github = github
    this.repository = github.repository(`acme/fleet-${github.nextId()}`)
    this.repository.commit(
      'main',
      Object.fromEntries(Object.entries(packages).map(([name, version]) => [fileOf(name), content(version)])),
    )
    this.token = github.appToken(
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
    return {
      base,
      wanted,
      offered: this.onRequest,
      unknown,
      current,
      settings: this.settings,
      remarks: [],
      complete: true,
    }
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

  /** One run of the story. */
  async run(options: RunOptions = {}): Promise<KeptUpdates> {
    const host = await openUpdateHost({
      client: this.#client(options),
      owner: 'acme',
      repo: this.repository.name,
      self: SELF,
      now: () => Date.parse(this.github.now()),
    })
    return await keepUpdates(
      { day: this.day },
      {
        host,
        plan: async (base, requested) => {
          this.requested = requested
          return this.plan(base)
        },
        print: text => text,
        progress: () => undefined,
      },
    )
  }

  /** A run that may be killed. @returns undefined where it was */
  async runUnlessKilled(options: RunOptions): Promise<KeptUpdates | undefined> {
    try {
      return await this.run(options)
    } catch (error) {
      // Octokit wraps what its fetch throws
      if (error instanceof Error && /killed/.test(error.message)) return undefined
      throw error
    }
  }

  /** Runs until it is at rest. */
  async settle(): Promise<KeptUpdates> {
    const kept = await this.run()
    if (!kept.settled) throw new Error('the updates do not come to rest')
    return kept
  }

  #client({ crash, onCall }: RunOptions): GitHubClient {
    const count = { call: 0, write: 0 }
    const isKilled = () => crash !== undefined && count[crash.after] >= crash.count
    return new Octokit({
      auth: this.token,
      baseUrl: this.github.url,
      throttle: { enabled: false },
      retry: { enabled: false },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      request: {
        fetch: async (url: string, init: RequestInit) => {
          if (isKilled()) throw new Error('killed')
          onCall?.(++count.call)
          const response = await fetch(url, init)
          if (init.method !== 'GET') count.write++
          if (!isKilled()) return response
          await response.arrayBuffer()
          throw new Error('killed')
        },
      },
    })
  }

  /** Ticks the box of an update on the dashboard, as a person does. @returns whether there is one */
  tickDashboard(name: string): boolean {
    const issue = [...this.repository.issues.values()].find(({ user }) => user.login === SELF)
    const box = `] <!-- bump:open ${this.id(name)}:`
    if (issue === undefined || !issue.body.includes(`- [ ${box}`)) return false
    issue.body = issue.body.replace(`- [ ${box}`, `- [x${box}`)
    return true
  }

  /** All that people see, commits without their ids: those have times in them. */
  state(): object {
    const { git, pulls, issues, comments } = this.repository
    return {
      branches: git.refs('refs/heads').map(ref => {
        const { tree } = git.commitOf(git.resolve(ref) ?? '')
        return [ref, tree]
      }),
      pulls: [...pulls.values()].map(({ number, head, state, merged, title, body, labels, draft }) => ({
        head,
        state,
        merged: merged !== undefined,
        title,
        body: named(body),
        labels: [...labels],
        draft,
        comments: comments.filter(({ issue }) => issue === number).map(comment => named(comment.body)),
      })),
      issues: [...issues.values()].map(({ state, body }) => [state, body]),
    }
  }

  /** Requests that may change something. */
  writes(): number {
    const { fullName, id } = this.repository
    const isOurs = new RegExp(`"(?:R_${id}"|PR_${id}_)`)
    return this.github.requests.filter(({ method, operation, body, path }) =>
      operation === 'graphql'
        ? isOurs.test(JSON.stringify(body))
        : method !== 'GET' && path.startsWith(`/repos/${fullName}/`),
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

/** Text without ids of commits. */
function named(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{40}\b/g, 'COMMIT').replaceAll(/head [0-9a-f]{7}/g, 'head')
}
