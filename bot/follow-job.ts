import { AccessProblem } from '../src/adapters/cluster-access.ts'
import type { GitHubClient } from '../src/adapters/github-client.ts'
import { mergedPulls } from '../src/adapters/github-merged-pulls.ts'
import type { ParameterCatalogs } from '../src/cnpg/parameters/parameter-catalog.ts'
import { accessOfRepository } from '../src/config/access.ts'
import { observeMerge } from '../src/observe-merge.ts'
import { advance, startFollow, type Follow } from '../src/status/follow/follow.ts'
import type { Observation } from '../src/status/follow/observation.ts'
import { mergedUpdate } from '../src/updates/revert-advice.ts'
import type { KubernetesReader } from '../src/status/reader.ts'
import { History } from './history.ts'
import type { FollowJob } from './jobs.ts'
import type { MergeTools } from './merge-job.ts'
import { isOver, type Merge, type MergeInCluster } from './merges.ts'
import { isPublished, publishMerge } from './publish-merge.ts'
import { Later, type Attempt } from './attempt.ts'
import { present } from './refusals.ts'
import { clientOf } from './review-job.ts'

/** An API server that is asked, to be closed after use. */
export interface OpenCluster extends KubernetesReader {
  close(): void
}

export interface FollowTools extends MergeTools {
  /** @param access its name in the configuration. @throws AccessProblem */
  openCluster: (access: string) => OpenCluster
  catalogs: ParameterCatalogs
  settings: { comment: 'auto' | 'always' | 'never' }
}

/** From one look to the next: while something moves, while nothing does, and while a branch or an API server is waited for. */
const QUICK_SECONDS = 5
const SLOW_SECONDS = 60
const AWAY_SECONDS = 300
/** A branch that does not follow for so long does not follow this commit. */
const WAITING_DAYS = 30
/** GitHub tells which pull request a commit comes from a moment after the push. */
const PULLS_MS = 5 * 60_000
const PULLS_PAUSE_MS = 30_000
const MOST_COMMITS = 20

/**
 * One step of following a commit: loads where it stands, looks, goes on, saves, and writes what has changed. Each is done again
 * without harm, so that a bot that ends between any two of them leaves nothing that the next one does not make good.
 * @throws Later as long as there is something to wait for
 */
export async function followJob(job: FollowJob, attempt: Attempt, tools: FollowTools): Promise<void> {
  const known = await tools.merges.find(job.repository, job.commit)
  if (known === undefined) return
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return await giveUp(known, 'the app is not installed there any more', tools)
  const at = tools.now().getTime()
  if (known.clusters.every(isOver) && !lacksPulls(known, at) && isPublished(known)) return
  const seen = await looked(known, job, at, attempt, tools)
  const merge = await withPulls(seen, client, at, attempt, tools)
  attempt.signal.throwIfAborted()
  await tools.merges.save(merge, false)
  const written = await publishMerge(merge, client, attempt, tools)
  const over = merge.clusters.every(isOver) && !lacksPulls(merge, at)
  if (written !== merge || over) await tools.merges.save(written, over)
  if (over) return attempt.log.info({ commit: job.commit }, 'followed to the end')
  const next = Math.min(
    ...merge.clusters.flatMap(cluster => (isUnderWay(cluster) ? [cluster.nextAt] : [])),
    ...(lacksPulls(merge, at) ? [at + PULLS_PAUSE_MS] : []),
  )
  // a branch that is waited for brings the job with its push, and each sweep does
  if (next === Number.POSITIVE_INFINITY) return
  throw new Later(Math.max(1, Math.ceil((next - tools.now().getTime()) / 1000)), 'a commit is on its way')
}

async function giveUp(merge: Merge, why: string, tools: FollowTools): Promise<void> {
  const clusters = merge.clusters.map(cluster => (isOver(cluster) ? cluster : { ...cluster, givenUp: why }))
  await tools.merges.save({ ...merge, clusters }, true)
}

/** Something may be seen of it that brings it on. */
function isUnderWay(cluster: MergeInCluster): boolean {
  return cluster.follow !== undefined && !isOver(cluster)
}

/** Looks at every cluster whose time has come, at the same time. */
async function looked(
  merge: Merge,
  { branch }: FollowJob,
  at: number,
  attempt: Attempt,
  tools: FollowTools,
): Promise<Merge> {
  const isDue = (cluster: MergeInCluster): boolean =>
    !isOver(cluster) && (cluster.nextAt <= at || (cluster.follow === undefined && cluster.branch === branch))
  if (!merge.clusters.some(isDue)) return merge
  using mirror = await tools.mirrors.open(merge.repositoryId)
  const history = new History(mirror, merge, attempt, tools)
  const clusters = await Promise.all(
    merge.clusters.map(async cluster => {
      if (!isDue(cluster)) return cluster
      const mapped = accessOfRepository(tools.access, merge.repository)?.clusters.find(
        ({ name }) => name === cluster.expectation.cluster,
      )
      if (mapped === undefined)
        return {
          ...cluster,
          givenUp: "the bot's configuration does not let this repository see it any more.",
        }
      if (cluster.follow === undefined) return await waited(cluster, merge, at, history)
      return await followed(cluster, cluster.follow, mapped.access, history, tools)
    }),
  )
  return { ...merge, clusters }
}

/** A cluster whose branch does not have the commit yet. */
async function waited(
  cluster: MergeInCluster,
  merge: Merge,
  at: number,
  history: History,
): Promise<MergeInCluster> {
  if (await history.branchHas(cluster.branch, merge.commit))
    return { ...cluster, follow: startFollow(cluster.expectation, at), pause: QUICK_SECONDS, nextAt: at }
  if (at - merge.startedAt > WAITING_DAYS * 86_400_000)
    return { ...cluster, givenUp: `${cluster.branch} does not have it after ${WAITING_DAYS} days.` }
  return { ...cluster, pause: AWAY_SECONDS, nextAt: at + AWAY_SECONDS * 1000 }
}

/** A cluster that the commit is on its way to. */
async function followed(
  cluster: MergeInCluster,
  before: Follow,
  access: string,
  history: History,
  tools: FollowTools,
): Promise<MergeInCluster> {
  const { expectation } = before
  const follow = advance(before, await observation(before, access, history, tools))
  const moves =
    JSON.stringify(follow.steps) !== JSON.stringify(before.steps) ||
    Object.values(follow.databases).some(({ samples }) => samples > 0)
  const longest = follow.blind === undefined ? SLOW_SECONDS : AWAY_SECONDS
  const pause = moves && follow.blind === undefined ? QUICK_SECONDS : Math.min(cluster.pause * 2, longest)
  return { ...cluster, expectation, follow, pause, nextAt: tools.now().getTime() + pause * 1000 }
}

async function observation(
  { expectation }: Follow,
  access: string,
  history: History,
  tools: FollowTools,
): Promise<Observation> {
  try {
    const reader = tools.openCluster(access)
    try {
      return await observeMerge(expectation, {
        reader,
        catalogs: tools.catalogs,
        now: tools.now,
        contains: async (revision, commit) => await history.revisionHas(revision, commit),
      })
    } finally {
      reader.close()
    }
  } catch (error) {
    // what the access says about itself is for who runs the bot to mend; until then nothing can be seen
    if (!(error instanceof AccessProblem)) throw error
    return { at: tools.now().getTime(), blind: error.message, units: {}, databases: {}, containing: [] }
  }
}

function lacksPulls({ pulls, startedAt }: Merge, at: number): boolean {
  return pulls.length === 0 && at - startedAt < PULLS_MS
}

async function withPulls(
  merge: Merge,
  client: GitHubClient,
  at: number,
  attempt: Attempt,
  tools: FollowTools,
): Promise<Merge> {
  if (!lacksPulls(merge, at)) return merge
  using mirror = await tools.mirrors.open(merge.repositoryId)
  const before = await mirror.commit(`refs/steward/before/${merge.commit}`)
  const commits =
    before === undefined ? [merge.commit] : await mirror.firstParents(before, merge.commit, MOST_COMMITS)
  const [owner = '', repo = ''] = merge.repository.split('/')
  const merged = (await present(mergedPulls(client, { owner, repo }, merge.branch, commits))) ?? []
  const pulls = merged.map(({ number }) => number)
  attempt.log.debug({ pulls }, 'pull requests of the commit')
  if (pulls.length === 0) return merge
  const self = `${await tools.github.slug()}[bot]`
  const updates = merged.flatMap(pull => {
    const classes = mergedUpdate(pull, self)
    return classes === undefined ? [] : [{ number: pull.number, classes }]
  })
  return { ...merge, pulls, updates }
}
