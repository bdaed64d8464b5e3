import { hasVerdict, latestRun } from '../src/adapters/github-check.ts'
import { CHECK_NAME } from '../src/report/conclusion.ts'
import type { GitHub } from './github.ts'
import type { Job, SweepAllJob, SweepJob } from './jobs.ts'
import type { Attempt } from './attempt.ts'
import { present } from './refusals.ts'
import { clientOf } from './review-job.ts'

export interface SweepTools {
  github: GitHub
  send: (jobs: readonly Job[]) => Promise<void>
  /** sees to jobs that failed for good while nobody looked: their process was killed, or their time was over */
  concludeDead: () => Promise<void>
  /** updates are kept, too */
  updates?: boolean
}

/**
 * Finds open pull requests that want a review: those into a branch that has moved, which are judged against it; those with
 * a head whose check is asked for again; else those whose head has no finished check of ours, because a webhook was missed
 * or the bot was killed.
 */
export async function sweepJob(
  job: SweepJob,
  attempt: Attempt,
  tools: Pick<SweepTools, 'github' | 'send'>,
): Promise<void> {
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return
  const [owner = '', repo = ''] = job.repository.split('/')
  const pulls = await present(
    client.paginate(client.rest.pulls.list, {
      owner,
      repo,
      state: 'open',
      per_page: 100,
      ...(job.base === undefined ? {} : { base: job.base }),
    }),
  )
  if (pulls === undefined) return attempt.log.info('the repository is not there, or not ours to read')
  const slug = await tools.github.slug()
  const wanting: Job[] = []
  for (const { number, head, base } of pulls) {
    attempt.signal.throwIfAborted()
    if (job.head !== undefined && job.head !== head.sha) continue
    const run =
      job.base === undefined && job.head === undefined
        ? await latestRun(client, { owner, repo }, { name: CHECK_NAME, headSha: head.sha }, slug)
        : undefined
    if (run !== undefined && hasVerdict(run)) continue
    const { installation, delivery, again } = job
    const { full_name: repository, id: repositoryId } = base.repo
    const common = { kind: 'review' as const, installation, repository, repositoryId, delivery, number }
    // no head: one that is being reviewed goes on, and is looked at again afterwards
    wanting.push(again === undefined ? { ...common, background: true } : { ...common, again })
  }
  if (wanting.length > 0) await tools.send(wanting)
  attempt.log.info({ open: pulls.length, wanting: wanting.length }, 'swept')
}

/** Every repository of every installation. */
export async function sweepAllJob(job: SweepAllJob, attempt: Attempt, tools: SweepTools): Promise<void> {
  await tools.concludeDead()
  for (const installation of await tools.github.installations()) {
    const client = await present(tools.github.client(installation))
    if (client === undefined) continue
    const { data } = await client.rest.apps.listReposAccessibleToInstallation({ per_page: 100 })
    const found = [...data.repositories]
    for (let page = 2; found.length < data.total_count; page++) {
      const more = await client.rest.apps.listReposAccessibleToInstallation({ per_page: 100, page })
      if (more.data.repositories.length === 0) break
      found.push(...more.data.repositories)
    }
    attempt.signal.throwIfAborted()
    const { delivery } = job
    const kinds = tools.updates === true ? (['sweep', 'updates'] as const) : (['sweep'] as const)
    await tools.send(
      found.flatMap(({ full_name: repository, id: repositoryId }) =>
        kinds.map((kind): Job => {
          const common = { installation, repository, repositoryId, delivery }
          return kind === 'updates' ? { ...common, kind, background: true } : { ...common, kind }
        }),
      ),
    )
  }
}
