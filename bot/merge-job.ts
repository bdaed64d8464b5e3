import { RefGone } from '../src/adapters/git-mirror.ts'
import { accessOfRepository, isAllowed, type AccessConfig, type MappedCluster } from '../src/config/access.ts'
import { unjudgedNow, type Review } from '../src/report/review.ts'
import { expectationsOf } from '../src/status/follow/expected.ts'
import { startFollow } from '../src/status/follow/follow.ts'
import type { Expectation } from '../src/status/follow/expectation.ts'
import type { FollowJob, Job, MergeJob } from './jobs.ts'
import { isOver, type Merge, type MergeInCluster, type Merges } from './merges.ts'
import type { Attempt } from './attempt.ts'
import { present } from './refusals.ts'
import { clientOf, type ReviewTools } from './review-job.ts'
import { NotReviewed } from './command-line.ts'

export interface MergeTools extends Pick<ReviewTools, 'github' | 'mirrors' | 'proxy' | 'review' | 'now'> {
  access: AccessConfig
  merges: Merges
  send: (jobs: readonly Job[]) => Promise<void>
}

const FIRST_PAUSE_SECONDS = 5

/**
 * A branch has moved: what waits for it is looked at, and what the push brings to clusters that the repository may see is followed
 * from now on. Done twice, it changes nothing the second time.
 */
export async function mergeJob(job: MergeJob, attempt: Attempt, tools: MergeTools): Promise<void> {
  await takeUp(job, attempt, tools)
  const { repository, branch, after } = job
  if ((await tools.merges.tip(repository, branch)) !== after)
    await tools.merges.moveTip(repository, branch, after)
}

async function takeUp(job: MergeJob, attempt: Attempt, tools: MergeTools): Promise<void> {
  const mapped = accessOfRepository(tools.access, job.repository)?.clusters ?? []
  if (mapped.length === 0) return
  const { merges, now } = tools
  const waiting = (await merges.underWay(job.repository)).filter(({ clusters }) =>
    clusters.some(cluster => cluster.branch === job.branch && !isOver(cluster)),
  )
  await tools.send(waiting.map(merge => ({ ...followJobOf(merge), branch: job.branch })))
  if (!job.isDefault && !mapped.some(({ branch }) => branch === job.branch)) return
  const known = await merges.find(job.repository, job.after)
  if (known !== undefined) return await tools.send([followJobOf(known)])
  const brought = await broughtBy(job, attempt, tools)
  if (brought === undefined) return
  const { repositoryId, review } = brought
  const at = now().getTime()
  const clusters: MergeInCluster[] = []
  let hidden = 0
  const expectations = expectationsOf(job.after, { ...review, units: review.units ?? [] })
  for (const cluster of mapped) {
    const expectation = expectations.find(each => each.cluster === cluster.name)
    const branch = branchOf(cluster, review, job)
    if (expectation === undefined || branch === undefined) continue
    const shown = shownOf(expectation, cluster, tools.access)
    hidden += expectation.databases.length - shown.databases.length
    clusters.push({
      expectation: shown,
      branch,
      ...(branch === job.branch ? { follow: startFollow(shown, at) } : {}),
      pause: FIRST_PAUSE_SECONDS,
      nextAt: at,
    })
  }
  if (clusters.length === 0) {
    const touched = expectations.map(({ cluster }) => cluster)
    const seen = { touched, mapped: mapped.map(({ name }) => name) }
    // what the configuration calls a cluster must be what the reviews call it: a slip shows nowhere else
    if (touched.length > 0 && !touched.some(name => seen.mapped.includes(name)))
      attempt.log.warn(seen, 'ACCESS_FILE knows none of the clusters that this push touches')
    return attempt.log.info(seen, 'nothing is to be followed')
  }
  const { installation, repository, branch, after: commit } = job
  const merge = await merges.begin({
    version: 1,
    installation,
    repository,
    repositoryId,
    branch,
    commit,
    pulls: [],
    unjudged: unjudgedNow(review).length,
    hidden,
    startedAt: at,
    clusters,
  })
  await tools.send([{ ...followJobOf(merge), delivery: job.delivery }])
  attempt.log.info({ commit, clusters: clusters.map(({ expectation }) => expectation.cluster) }, 'following')
}

export function followJobOf({ installation, repository, repositoryId, commit }: Merge): FollowJob {
  return {
    kind: 'follow',
    installation,
    repository,
    repositoryId,
    commit,
    delivery: `follow ${commit.slice(0, 7)}`,
  }
}

/** The review of a push: what stood before against what stands after it. `undefined`: nobody can say. */
async function broughtBy(
  job: MergeJob,
  attempt: Attempt,
  tools: MergeTools,
): Promise<{ repositoryId: number; review: Review } | undefined> {
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return undefined
  const [owner = '', repo = ''] = job.repository.split('/')
  const found = await present(client.rest.repos.get({ owner, repo }))
  if (found === undefined) return undefined
  const { id, full_name } = found.data
  try {
    using mirror = await tools.mirrors.open(id)
    const token = await tools.github.readToken(job.installation, id)
    using opened = tools.proxy.open(full_name, token)
    const refs = {
      [job.before]: `refs/steward/before/${job.after}`,
      [job.after]: `refs/steward/after/${job.after}`,
    }
    await mirror.fetch(opened.url, refs, attempt.signal)
    const call = { directory: mirror.directory, base: job.before, head: job.after }
    return { repositoryId: id, review: await tools.review(call, attempt.signal) }
  } catch (error) {
    if (error instanceof RefGone) attempt.log.info('what stood before the push is gone')
    else if (error instanceof NotReviewed)
      attempt.log.warn({ err: error }, 'nobody can say what the push brings; it is not followed')
    else throw error
    return undefined
  }
}

/**
 * The branch that a cluster follows, where this push leads to it: as configured, else as its source in the tree says, else the default
 * one. What is pushed to the default branch comes to the other ones later; nothing comes back from them.
 */
function branchOf(cluster: MappedCluster, review: Review, job: MergeJob): string | undefined {
  const written = review.units?.find(
    unit => unit.cluster === cluster.name && unit.branch !== undefined,
  )?.branch
  const branch = cluster.branch ?? written ?? (job.isDefault ? job.branch : undefined)
  return branch === job.branch || job.isDefault ? branch : undefined
}

/** What may be looked at, and how long. */
function shownOf(expectation: Expectation, cluster: MappedCluster, { deadlines }: AccessConfig): Expectation {
  return {
    ...expectation,
    source: cluster.source ?? expectation.source,
    databases: expectation.databases.filter(({ namespace }) => isAllowed(cluster, namespace)),
    ...(Object.keys(deadlines).length === 0 ? {} : { deadlines }),
  }
}

/** The databases of a commit that is followed, by cluster; for who asks about its pull request. */
export function databasesOf({ clusters }: Merge): { cluster: string; namespace: string; name: string }[] {
  return clusters.flatMap(({ expectation: { cluster, databases } }) =>
    databases.map(({ namespace, name }) => ({ cluster, namespace, name })),
  )
}
