import path from 'node:path'
import type { Client } from 'pg'
import { openFollowing } from '../../bot/following.ts'
import { followJob } from '../../bot/follow-job.ts'
import type { Job, MergeJob } from '../../bot/jobs.ts'
import { openLog } from '../../bot/log.ts'
import { mergeJob } from '../../bot/merge-job.ts'
import { openReviewTools } from '../../bot/open-review-tools.ts'
import { Later } from '../../bot/attempt.ts'
import type { AccessConfig } from '../../src/config/access.ts'
import type { Review } from '../../src/report/review.ts'
import { branchOf, updateId } from '../../src/updates/identity.ts'
import { writeMarker } from '../../src/updates/marker.ts'
import { cannedReview } from '../action/canned.ts'
import { squash } from '../fakes/github/pulls.ts'
import type { FakePullRequest } from '../fakes/github/repository.ts'
import { accessTo, databaseFile, fleetFiles, ReplayedCluster, TestClock } from './fleet.ts'
import { World } from './harness.ts'

const log = openLog('silent')

/** The process ends around its write number `write`, which GitHub or the database did or did not get. */
export interface Kill {
  write: number
  when: 'before' | 'after'
}

/** Everything that a bot writes; after the kill nothing goes out any more. Tokens and fetches leave nothing behind. */
function mortal(client: Client, kill: Kill | undefined) {
  const killed = Promise.withResolvers<'killed'>()
  const never = new Promise<never>(() => undefined)
  let writes = 0
  let dead = false
  const around = async <T>(isWrite: boolean, work: () => Promise<T>): Promise<T> => {
    if (dead) return await never
    if (!isWrite) return await work()
    writes += 1
    if (writes !== kill?.write) return await work()
    if (kill.when === 'after') await work()
    dead = true
    killed.resolve('killed')
    return await never
  }
  const send: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const reads = (init?.method ?? 'GET') === 'GET' || /access_tokens$|git-upload-pack$/.test(url)
    return await around(!reads, async () => await fetch(input, init))
  }
  const sql = async (text: string, values?: unknown[]) => {
    // the same tables are made at each start
    const isWrite = /^\s*(?:INSERT|UPDATE|DELETE)/.test(text)
    const result = await around(isWrite, async () => await client.query(text, values ?? []))
    return Array.isArray(result) ? { rows: [] } : result
  }
  return { fetch: send, sql, killed: killed.promise, writes: () => writes }
}

/** What the review of the push says: the one database gets another parameter, in these clusters. */
function reviewOf(clusters: readonly string[]): Review {
  const resource = {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    namespace: 'databases',
    name: 'postgres',
  }
  return cannedReview({
    findings: [],
    changes: clusters.map(cluster => ({
      change: 'changed',
      cluster,
      kustomization: 'flux-system/databases',
      resource,
      diff: '',
      fields: [{ path: 'spec.postgresql.parameters.work_mem', from: '4MB', to: '8MB' }],
      impact: 'reload',
    })),
    units: clusters.map(cluster => ({
      cluster,
      kind: 'Kustomization',
      namespace: 'flux-system',
      name: 'databases',
      source: 'GitRepository flux-system/fleet',
      dependsOn: [],
    })),
  })
}

/** A world with clusters in which a pull request has been merged, and a bot that lives from job to job. */
export class Story implements AsyncDisposable {
  clock = new TestClock()
  readonly #client: Client
  readonly #root: string
  readonly world: World
  readonly pull: FakePullRequest
  readonly clusters: Record<string, ReplayedCluster>
  readonly access: AccessConfig
  readonly push: { before: string; after: string }
  /** what waits in the queue, and when it comes */
  #jobs: { job: Job; at: number }[] = []

  /**
   * @param client of a database for it alone
   * @param update classes of the update that the pull request is; absent: it is a person's
   */
  static async start(
    client: Client,
    names: readonly string[] = ['infra'],
    more: Parameters<typeof accessTo>[1] = {},
    update?: readonly string[],
  ) {
    await client.query('DROP SCHEMA IF EXISTS cnpg_steward CASCADE')
    const clusters = await Promise.all(
      names.map(async name => [name, await ReplayedCluster.start()] as const),
    )
    return new Story(client, await World.start(), Object.fromEntries(clusters), more, update)
  }

  private constructor(
    client: Client,
    world: World,
    clusters: Record<string, ReplayedCluster>,
    more: Parameters<typeof accessTo>[1],
    update: readonly string[] | undefined,
  ) {
    this.#client = client
    this.world = world
    this.clusters = clusters
    this.access = accessTo(clusters, more)
    const { repository } = world
    const root = repository.commit('main', fleetFiles(Object.keys(clusters)))
    this.#root = root
    this.#begin()
    repository.git.git('update-ref', 'refs/heads/release', root)
    this.pull = update === undefined ? world.another('bigger', databaseFile('8MB')) : updateOf(world, update)
    this.push = merged(this.pull, this.clock)
    this.tellOf(this.push)
  }

  #begin(): void {
    for (const cluster of Object.values(this.clusters)) {
      cluster.reset()
      cluster.has(this.#root)
      cluster.applies(this.#root)
    }
  }

  /** The same push again, as if nothing had ever been told of it. */
  async again(): Promise<void> {
    await this.#client.query('DROP SCHEMA IF EXISTS cnpg_steward CASCADE')
    this.world.repository.comments.splice(0)
    this.world.repository.checkRuns.splice(0)
    this.clock = new TestClock()
    this.#jobs = []
    this.#begin()
    this.tellOf(this.push)
  }

  get cluster(): ReplayedCluster {
    const [first] = Object.values(this.clusters)
    if (first === undefined) throw new Error('a story without a cluster')
    return first
  }

  /** A push event comes. */
  tellOf(push: { before: string; after: string }, branch = 'main'): void {
    const job: MergeJob = {
      kind: 'merge',
      installation: this.world.installation.id,
      repository: 'acme/fleet',
      delivery: 'test',
      branch,
      isDefault: branch === 'main',
      ...push,
    }
    this.#jobs.push({ job, at: 0 })
  }

  /** What is wanted of the database, and Flux says so. */
  arrives(commit = this.push.after, cluster = this.cluster, branch = 'main'): void {
    cluster.has(commit, branch)
    cluster.edits({ work_mem: '8MB' })
    cluster.applies(commit, { branch })
  }

  /** One process that works until nothing waits, or so many seconds have passed, or it is killed. @returns its writes */
  async work(options: { seconds?: number; kill?: Kill; sweeps?: true } = {}): Promise<number> {
    const { seconds = 24 * 3600, kill } = options
    const until = this.clock.now().getTime() + seconds * 1000
    const life = mortal(this.#client, kill)
    const environment = this.world.environment({ access: this.access })
    await using outside = await openReviewTools({
      environment,
      env: process.env,
      log,
      now: this.clock.now,
      mirrors: { directory: path.join(this.world.directory.path, 'mirrors'), limit: 64 * 1024 * 1024 },
      review: async () => reviewOf(Object.keys(this.clusters)),
      fetch: life.fetch,
    })
    const send = async (jobs: readonly Job[]): Promise<void> => {
      for (const job of jobs) this.#put(job, 0)
    }
    const opening = openFollowing({ ...outside.tools, environment, env: {}, sql: life.sql, send })
    const following = await opening
    if (following === undefined) throw new Error('nothing is followed')
    if (options.sweeps === true) await following.resume()
    for (;;) {
      const [next] = this.#jobs.toSorted((a, b) => a.at - b.at)
      if (next === undefined || next.at > until) break
      this.clock.advance(Math.max(0, (next.at - this.clock.now().getTime()) / 1000))
      const { job } = next
      const attempt = { signal: new AbortController().signal, log }
      const done = async (): Promise<'done'> => {
        try {
          if (job.kind === 'merge') await mergeJob(job, attempt, following)
          else if (job.kind === 'follow') await followJob(job, attempt, following)
          this.#take(next)
        } catch (error) {
          if (!(error instanceof Later)) throw error
          this.#take(next)
          this.#put(job, error.seconds)
        }
        return 'done'
      }
      // a killed job was not taken from the queue: the next process finds it there
      if ((await Promise.race([done(), life.killed])) === 'killed') return life.writes()
    }
    if (this.clock.now().getTime() < until && seconds < 24 * 3600)
      this.clock.advance((until - this.clock.now().getTime()) / 1000)
    return life.writes()
  }

  #take(taken: { job: Job }): void {
    this.#jobs = this.#jobs.filter(each => each !== taken)
  }

  /** As the queue does: of two jobs about the same one waits. */
  #put(job: Job, seconds: number): void {
    const at = this.clock.now().getTime() + seconds * 1000
    const same = (other: Job): boolean =>
      other.kind === job.kind &&
      (job.kind !== 'follow' || (other.kind === 'follow' && other.commit === job.commit))
    if (!this.#jobs.some(each => same(each.job))) this.#jobs.push({ job, at })
  }

  /** The comment on the pull request, and the check of the merge commit; more than one of either is a mistake. */
  seen(pull = this.pull, commit = this.push.after) {
    const { comments, runs } = this.world.seen(pull, commit)
    if (comments.length !== 1 || runs.length !== 1)
      throw new Error(`there are ${comments.length} comments and ${runs.length} checks`)
    return { comment: comments[0] ?? '', check: runs[0] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cluster of Object.values(this.clusters)) await cluster[Symbol.asyncDispose]()
    await this.world[Symbol.asyncDispose]()
  }
}

/** A pull request of the bot itself. */
function updateOf({ github, repository }: World, classes: readonly string[]): FakePullRequest {
  const k = updateId('v1|test|postgresql')
  const head = branchOf('postgresql', k)
  repository.commit(head, databaseFile('8MB'), { from: 'main' })
  const texts = { p: '', head: '', st: 'open', bh: '', th: '', change: '1 → 2', to: '2' }
  const lists = { lb: [], cl: classes, was: [], ig: [] }
  const body = writeMarker({ k, ...texts, ...lists, dr: false, un: 0 })
  return repository.pullRequest({ head, author: github.account('cnpg-bot[bot]', 'Bot'), body })
}

/** A pull request is merged. @returns the push that comes with it */
export function merged(pull: FakePullRequest, clock: TestClock): { before: string; after: string } {
  const before = pull.baseSha
  return { before, after: squash(pull, clock.now().toISOString()) }
}
