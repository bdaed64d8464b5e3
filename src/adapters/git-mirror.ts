import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { folderSize } from './folder-size.ts'
import { execute, ToolError, type ExecutionResult } from './exec.ts'

export interface MirrorOptions {
  /** holds one bare repository a number */
  directory: string
  /** bytes of all mirrors together; those that rest longest are removed beyond it */
  limit: number
  /** the PATH that git is found on */
  path: string
  now: () => Date
}

/** A mirror in use: it is not removed meanwhile. */
export interface Mirror extends Disposable {
  directory: string
  /** Fetches refs, over what was fetched before. @param refs source → ref in the mirror */
  fetch(url: string, refs: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>
  /** the full id of a commit; `undefined` where the mirror has none of that name */
  commit(name: string): Promise<string | undefined>
  mergeBase(one: string, other: string): Promise<string | undefined>
  /** whether a commit is another one or comes after it; false too where the mirror lacks one of them */
  contains(commit: string, earlier: string): Promise<boolean>
  /** the commits of a branch itself (first parents) that come after another one, newest first, at most so many */
  firstParents(after: string, upTo: string, most: number): Promise<string[]>
  /**
   * What merging a head into a base gives, as a commit of the mirror's own; the same for the same two.
   * @returns `undefined` where they conflict
   */
  merge(base: string, head: string): Promise<string | undefined>
}

/** The remote has no such ref or commit: a branch that was deleted meanwhile, a commit that no branch has any more. */
export class RefGone extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RefGone'
  }
}

const FETCH_MS = 5 * 60_000
const LOCAL_MS = 60_000

/** Bare repositories on disk, by a number that stays when a repository is renamed. */
export class Mirrors {
  readonly #options: MirrorOptions
  readonly #users = new Map<string, number>()
  /** the end of what is done to a mirror now */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: MirrorOptions) {
    this.#options = options
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  }

  async open(id: number): Promise<Mirror> {
    const name = `${id}.git`
    const directory = path.join(this.#options.directory, name)
    this.#users.set(name, (this.#users.get(name) ?? 0) + 1)
    try {
      await this.#inTurn(name, async () => await this.#prepare(directory))
    } catch (error) {
      this.#release(name)
      throw error
    }
    return {
      directory,
      fetch: async (url, refs, signal) =>
        await this.#inTurn(name, async () => {
          await this.#fetch(directory, url, refs, signal)
          this.#prune()
        }),
      commit: async ref =>
        await this.#line(
          directory,
          'rev-parse',
          '--verify',
          '--quiet',
          '--end-of-options',
          `${ref}^{commit}`,
        ),
      mergeBase: async (one, other) => await this.#line(directory, 'merge-base', one, other),
      contains: async (commit, earlier) => {
        const { code } = await this.#git(directory, ['merge-base', '--is-ancestor', earlier, commit])
        return code === 0
      },
      firstParents: async (after, upTo, most) => {
        const range = ['rev-list', '--first-parent', `--max-count=${most}`, '--end-of-options']
        const listed = await this.#must(directory, [...range, upTo, `^${after}`])
        return listed.split('\n').filter(line => line !== '')
      },
      merge: async (base, head) => await this.#merge(directory, base, head),
      [Symbol.dispose]: () => this.#release(name),
    }
  }

  #release(name: string): void {
    const left = (this.#users.get(name) ?? 1) - 1
    if (left === 0) this.#users.delete(name)
    else this.#users.set(name, left)
  }

  async #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#turns.set(name, mine)
    try {
      return await mine
    } finally {
      if (this.#turns.get(name) === mine) this.#turns.delete(name)
    }
  }

  async #prepare(directory: string): Promise<void> {
    if (existsSync(path.join(directory, 'HEAD'))) {
      const { code } = await this.#git(directory, ['rev-parse', '--is-bare-repository'])
      if (code === 0) return this.#touch(directory)
      // a kill or a full disk left half of it
      rmSync(directory, { recursive: true, force: true })
    }
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    await this.#must(directory, ['init', '--quiet', '--bare', '--initial-branch=main', '.'])
  }

  async #fetch(
    directory: string,
    url: string,
    refs: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const specs = Object.entries(refs).map(([from, to]) => `+${from}:${to}`)
    const args = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      url,
      ...specs,
    ]
    const result = await this.#git(directory, args, FETCH_MS, signal)
    signal?.throwIfAborted()
    if (result.code === 0) {
      await this.#git(directory, ['gc', '--auto', '--quiet'], FETCH_MS)
      return
    }
    const told = result.stderr.replaceAll(url, 'GitHub')
    // a branch, and a commit by its id that was force-pushed away
    if (/couldn't find remote ref|upload-pack: not our ref/.test(told)) throw new RefGone(told.trim())
    if (/No space left on device/.test(told)) this.#prune(0)
    throw new ToolError('git', ['fetch'], result.code, result.stopped ?? told)
  }

  async #merge(directory: string, base: string, head: string): Promise<string | undefined> {
    const merged = await this.#git(directory, ['merge-tree', '--write-tree', '--no-messages', base, head])
    if (merged.code === 1) return undefined
    if (merged.code !== 0) throw new ToolError('git', ['merge-tree'], merged.code, merged.stderr)
    const [tree = ''] = merged.stdout.toString('utf8').split('\n')
    return await this.#must(directory, [
      'commit-tree',
      tree,
      '-p',
      base,
      '-p',
      head,
      '-m',
      'merged for review',
    ])
  }

  async #line(directory: string, ...args: string[]): Promise<string | undefined> {
    const { code, stdout } = await this.#git(directory, args)
    const line = stdout.toString('utf8').trim()
    return code === 0 && line !== '' ? line : undefined
  }

  async #must(directory: string, args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#git(directory, args)
    if (code !== 0) throw new ToolError('git', args, code, stderr)
    return stdout.toString('utf8').trim()
  }

  async #git(
    directory: string,
    args: string[],
    timeoutMs = LOCAL_MS,
    signal?: AbortSignal,
  ): Promise<ExecutionResult> {
    const settings = [
      'safe.directory=*',
      'core.hooksPath=/dev/null',
      'core.fsmonitor=false',
      'credential.helper=',
      'protocol.allow=never',
      'protocol.http.allow=always',
      'http.followRedirects=false',
      'gc.autoDetach=false',
      'gc.pruneExpire=2.days.ago',
    ].flatMap(setting => ['-c', setting])
    const who = { NAME: 'cnpg-steward', EMAIL: 'cnpg-steward@localhost', DATE: '2000-01-01T00:00:00Z' }
    const people = Object.entries(who).flatMap(([key, value]): [string, string][] => [
      [`GIT_AUTHOR_${key}`, value],
      [`GIT_COMMITTER_${key}`, value],
    ])
    return await execute('git', [...settings, ...args], {
      cwd: directory,
      env: {
        PATH: this.#options.path,
        LC_ALL: 'C',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
        GIT_NO_REPLACE_OBJECTS: '1',
        ...Object.fromEntries(people),
      },
      timeoutMs,
      maxOutput: 16 * 1024 * 1024,
      graceMs: 2000,
      ...(signal === undefined ? {} : { signal }),
    })
  }

  #touch(directory: string): void {
    const now = this.#options.now()
    utimesSync(directory, now, now)
  }

  /** Removes mirrors that nobody uses, those first that rest longest, until all are within the limit. */
  #prune(limit = this.#options.limit): void {
    const mirrors = readdirSync(this.#options.directory).map(name => {
      const directory = path.join(this.#options.directory, name)
      return { name, directory, used: statSync(directory).mtimeMs, size: folderSize(directory) }
    })
    let total = mirrors.reduce((sum, { size }) => sum + size, 0)
    for (const { name, directory, size } of mirrors.toSorted((a, b) => a.used - b.used)) {
      if (total <= limit) return
      if (this.#users.has(name)) continue
      rmSync(directory, { recursive: true, force: true })
      total -= size
    }
  }
}
