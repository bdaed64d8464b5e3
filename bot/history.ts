import { RefGone, type Mirror } from '../src/adapters/git-mirror.ts'
import { commitOf } from '../src/status/follow/expectation.ts'
import type { MergeTools } from './merge-job.ts'
import type { Merge } from './merges.ts'
import type { Attempt } from './attempt.ts'

type HistoryTools = Pick<MergeTools, 'github' | 'proxy'>

/** What comes after what, as the repository has it; fetched at most once a step. */
export class History {
  readonly #mirror: Mirror
  readonly #merge: Merge
  readonly #attempt: Attempt
  readonly #tools: HistoryTools
  readonly #fetched = new Map<string, Promise<string | undefined>>()

  constructor(mirror: Mirror, merge: Merge, attempt: Attempt, tools: HistoryTools) {
    this.#mirror = mirror
    this.#merge = merge
    this.#attempt = attempt
    this.#tools = tools
  }

  async branchHas(branch: string, commit: string): Promise<boolean> {
    const tip = await this.#fetch(`refs/heads/${branch}`)
    return tip !== undefined && (await this.#mirror.contains(tip, commit))
  }

  /** @param revision of Flux: 'main@sha1:…' */
  async revisionHas(revision: string, commit: string): Promise<boolean> {
    const applied = commitOf(revision)
    if (applied === undefined) return false
    if (applied === commit) return true
    if ((await this.#mirror.commit(applied)) === undefined) await this.#fetch(applied)
    return await this.#mirror.contains(applied, commit)
  }

  /** @returns the commit; `undefined` where the repository has no such one */
  async #fetch(name: string): Promise<string | undefined> {
    const known = this.#fetched.get(name)
    if (known !== undefined) return await known
    const fetching = this.#fetchNow(name)
    this.#fetched.set(name, fetching)
    return await fetching
  }

  async #fetchNow(name: string): Promise<string | undefined> {
    const { repository, repositoryId, installation, commit } = this.#merge
    const target = `refs/steward/follow/${name.replace(/^refs\//, '')}`
    const token = await this.#tools.github.readToken(installation, repositoryId)
    using opened = this.#tools.proxy.open(repository, token)
    try {
      // the commit too: the mirror may be a new one
      const refs = { [name]: target, [commit]: `refs/steward/after/${commit}` }
      await this.#mirror.fetch(opened.url, refs, this.#attempt.signal)
    } catch (error) {
      if (!(error instanceof RefGone)) throw error
      return undefined
    }
    return await this.#mirror.commit(target)
  }
}
