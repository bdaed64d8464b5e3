// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import path from 'node:path'
import type { JsonObject } from '../../../src/manifest/json.ts'
import { GitRepository, type Files } from './git-repository.ts'

export interface Account {
  id: number
  login: string
  type: 'User' | 'Bot' | 'Organization'
}

/** A GitHub App; `github-actions` is the one whose tokens workflows get. */
export interface App {
  id: number
  slug: string
  name: string
}

export type Permission =
  | 'actions'
  | 'checks'
  | 'contents'
  | 'issues'
  | 'metadata'
  | 'pull_requests'
  | 'security_events'

/** An app on the repositories of an account. */
export interface Installation {
  id: number
  app: App
  account: Account
  /** full names */
  repositories: string[]
  permissions: Partial<Record<Permission, 'read' | 'write'>>
  removed: boolean
  suspended?: boolean
}

/** Who a token speaks for and what it may do. */
export interface Credential {
  account: Account
  app?: App
  /** full names of the repositories it is for; absent: every repository (a user's token) */
  repositories?: readonly string[]
  /** the token of an installation */
  installation?: Installation
  /** the app itself, by a JWT */
  jwt?: true
  permissions: Partial<Record<Permission, 'read' | 'write'>>
}

/** Whether a credential is for a repository at all. */
export function reaches(credential: Credential, fullName: string | undefined): boolean {
  if (fullName === undefined || credential.jwt === true) return false
  return credential.repositories === undefined || credential.repositories.includes(fullName)
}

export interface Comment {
  id: number
  issue: number
  body: string
  user: Account
  app?: App
  created: string
  updated: string
  reactions: { id: number; content: string; user: Account }[]
}

export interface CheckRun {
  id: number
  app: App
  /** name, head_sha, status, conclusion, output and times as they were sent */
  sent: JsonObject
  annotations: JsonObject[]
}

export interface Sarif {
  id: string
  commit: string
  ref: string
  /** gzip, base64: as it was sent */
  sarif: string
}

/** An issue that is no pull request. */
export interface FakeIssue {
  number: number
  title: string
  body: string
  state: 'open' | 'closed'
  user: Account
  labels: Set<string>
  created: string
}

const GITHUB = 'GitHub <noreply@github.com> 1767225600 +0000'

/** A repository: state of the API, and git behind it. */
export class FakeRepository {
  readonly id: number
  owner: Account
  name: string
  readonly private: boolean
  readonly parent: FakeRepository | undefined
  readonly git: GitRepository
  readonly pulls = new Map<number, FakePullRequest>()
  readonly comments: Comment[] = []
  readonly checkRuns: CheckRun[] = []
  readonly sarifs: Sarif[] = []
  readonly issues = new Map<number, FakeIssue>()
  /** commits that were made over the API without an author: GitHub signs them */
  readonly signed = new Set<string>()
  /** branch protection: branches must be up to date before they are merged */
  strict = false
  /** login → permission */
  readonly collaborators = new Map<string, 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'>()
  #lastNumber = 0

  constructor(options: {
    id: number
    owner: Account
    name: string
    root: string
    private?: boolean
    parent?: FakeRepository
  }) {
    this.id = options.id
    this.owner = options.owner
    this.name = options.name
    this.private = options.private ?? false
    this.parent = options.parent
    this.git = new GitRepository(path.join(options.root, options.owner.login, `${options.name}.git`))
    if (options.parent !== undefined)
      this.git.git('fetch', '--quiet', options.parent.git.directory, '+refs/heads/*:refs/heads/*')
  }

  get fullName(): string {
    return `${this.owner.login}/${this.name}`
  }

  /** It is called otherwise from now on; `FakeGitHub.rename` leads the old name here. */
  move(owner: Account, name: string, root: string): void {
    this.owner = owner
    this.name = name
    this.git.move(path.join(root, owner.login, `${name}.git`))
  }

  /** Commits to a branch as a push would, and brings pull requests of that branch up to date. @returns the commit */
  commit(branch: string, files: Files, options: { message?: string; from?: string } = {}): string {
    const commit = this.git.commit(branch, files, options)
    for (const repository of [this, ...(this.parent === undefined ? [] : [this.parent])])
      for (const pull of repository.pulls.values())
        if (pull.headRepository === this && pull.head === branch) pull.refresh()
    return commit
  }

  /** Moves, makes or deletes a branch, with what GitHub does then to the pull requests on it. */
  moveBranch(branch: string, to: string | undefined): void {
    const ref = `refs/heads/${branch}`
    this.git.setRef(ref, to)
    for (const pull of this.pulls.values())
      if (pull.headRepository === this && pull.head === branch && pull.state === 'open') {
        if (to === undefined) pull.state = 'closed'
        else pull.refresh()
      }
  }

  nextNumber(): number {
    return ++this.#lastNumber
  }

  /** Opens a pull request of a branch of this repository or of a fork. */
  pullRequest(options: {
    head: string
    base?: string
    from?: FakeRepository
    title?: string
    author: Account
    body?: string
    draft?: boolean
    created?: string
  }): FakePullRequest {
    const pull = new FakePullRequest(++this.#lastNumber, this, options)
    this.pulls.set(pull.number, pull)
    return pull
  }
}

export class FakePullRequest {
  readonly number: number
  readonly repository: FakeRepository
  readonly headRepository: FakeRepository
  readonly head: string
  base: string
  title: string
  body: string
  draft: boolean
  readonly author: Account
  readonly created: string
  readonly labels = new Set<string>()
  state: 'open' | 'closed' = 'open'
  /** when it was merged */
  merged: string | undefined
  /** the commit that merging it has made */
  mergeCommit: string | undefined
  readonly #mergeable = new Map<string, boolean>()

  constructor(
    number: number,
    repository: FakeRepository,
    options: {
      head: string
      base?: string
      from?: FakeRepository
      title?: string
      author: Account
      body?: string
      draft?: boolean
      created?: string
    },
  ) {
    this.number = number
    this.repository = repository
    this.headRepository = options.from ?? repository
    this.head = options.head
    this.base = options.base ?? 'main'
    this.title = options.title ?? 'A change'
    this.author = options.author
    this.body = options.body ?? ''
    this.draft = options.draft ?? false
    this.created = options.created ?? '2026-01-01T00:00:00Z'
    this.refresh()
  }

  get headSha(): string {
    return this.repository.git.resolve(`refs/pull/${this.number}/head`) ?? ''
  }

  get baseSha(): string {
    return this.repository.git.resolve(`refs/heads/${this.base}`) ?? ''
  }

  get mergeBase(): string {
    return this.repository.git.mergeBase(this.baseSha, this.headSha) ?? ''
  }

  get mergeSha(): string | undefined {
    return this.repository.git.resolve(`refs/pull/${this.number}/merge`)
  }

  get isFork(): boolean {
    return this.headRepository !== this.repository
  }

  /** Whether it merges into the base as that stands. */
  get mergeable(): boolean {
    const key = `${this.baseSha} ${this.headSha}`
    let known = this.#mergeable.get(key)
    if (known === undefined) {
      try {
        this.repository.git.git('merge-tree', '--write-tree', this.baseSha, this.headSha)
        known = true
      } catch {
        known = false
      }
      this.#mergeable.set(key, known)
    }
    return known
  }

  /** The base has commits that the head has not. */
  get behind(): boolean {
    return this.mergeBase !== this.baseSha
  }

  /** Makes refs/pull/N/head and, where it merges cleanly, refs/pull/N/merge, as GitHub does after each push. */
  refresh(): void {
    const { git } = this.repository
    const target = `refs/pull/${this.number}`
    // the head of a closed one stays what it was
    if (this.state === 'closed') return
    if (this.headRepository === this.repository)
      git.setRef(`${target}/head`, git.resolve(`refs/heads/${this.head}`))
    else
      git.git(
        'fetch',
        '--quiet',
        this.headRepository.git.directory,
        `+refs/heads/${this.head}:${target}/head`,
      )
    let tree: string
    try {
      tree = git.git('merge-tree', '--write-tree', this.baseSha, this.headSha)
    } catch {
      // it does not merge cleanly: the ref stays where it was
      return
    }
    const merge = git.write(
      'commit',
      Buffer.from(
        `tree ${tree}\nparent ${this.baseSha}\nparent ${this.headSha}\nauthor ${GITHUB}\ncommitter ${GITHUB}\n\nMerge ${this.headSha}`,
      ),
    )
    git.setRef(`${target}/merge`, merge)
  }
}
