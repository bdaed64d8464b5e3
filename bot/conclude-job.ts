import { hasVerdict, latestRun } from '../src/adapters/github-check.ts'
import type { GitHubClient } from '../src/adapters/github-client.ts'
import { getPullRequest } from '../src/adapters/github-pull-request.ts'
import { CHECK_NAME } from '../src/report/conclusion.ts'
import type { CommandJob, ConcludeJob, Job, MergeGroupJob, ReviewJob } from './jobs.ts'
import type { Attempt } from './attempt.ts'
import { present } from './refusals.ts'
import { reportNotReviewed } from './report-not-reviewed.ts'
import { clientOf, targetOf, type ReviewTools } from './review-job.ts'

export interface ConcludeTools extends Pick<ReviewTools, 'github' | 'store' | 'settings' | 'verdict'> {
  /** another job that does what the failed one has not done */
  hasAnother: (job: Job, id: string) => Promise<boolean>
}

/**
 * Tells those who wait that a job has failed for good: a check that would be in progress for ever ends, and a comment does
 * not stand for a commit that nobody has judged. What was judged meanwhile is left alone.
 */
export async function concludeJob(job: ConcludeJob, attempt: Attempt, tools: ConcludeTools): Promise<void> {
  if (await tools.hasAnother(job.of, job.failed)) return
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return
  const told = { client, job, attempt, tools }
  switch (job.of.kind) {
    case 'review':
      return await concludeReview(job.of, told)
    case 'merge-group':
      return await concludeGroup(job.of, told)
    case 'command':
    default:
      return await concludeCommand(job.of, told)
  }
}

interface Told {
  client: GitHubClient
  job: ConcludeJob
  attempt: Attempt
  tools: ConcludeTools
}

async function concludeReview(of: ReviewJob, { client, job, attempt, tools }: Told): Promise<void> {
  const [owner = '', repo = ''] = of.repository.split('/')
  const pull = await present(getPullRequest(client, { owner, repo, number: of.number }))
  if (pull === undefined || pull.state !== 'open') return
  const target = targetOf(pull)
  const head = pull.head.sha
  const slug = await tools.github.slug()
  const run = await present(latestRun(client, target, { name: CHECK_NAME, headSha: head }, slug))
  if (run !== undefined && hasVerdict(run)) return
  const again = `${messageOf(job)} \`/cnpg review\` tries it again.`
  await reportNotReviewed(client, { target, head, message: again, slug }, attempt, tools.settings)
  await tools.store.endedCheck(pull.repositoryId, pull.number, head)
  tools.verdict?.('none')
}

async function concludeGroup(of: MergeGroupJob, { client, job, attempt, tools }: Told): Promise<void> {
  const [owner = '', repo = ''] = of.repository.split('/')
  const slug = await tools.github.slug()
  const run = await present(latestRun(client, { owner, repo }, { name: CHECK_NAME, headSha: of.head }, slug))
  if (run === undefined || run.status === 'completed') return
  // a request that writes is redirected where a repository has moved, too (307)
  const message = messageOf(job)
  await reportNotReviewed(
    client,
    { target: { owner, repo }, head: of.head, message, slug },
    attempt,
    tools.settings,
  )
  tools.verdict?.('none')
}

/** No words: whether who asked may have an answer was not found out. */
async function concludeCommand(of: CommandJob, { client }: Told): Promise<void> {
  const [owner = '', repo = ''] = of.repository.split('/')
  const reaction = { owner, repo, comment_id: of.comment, content: 'confused' as const }
  await present(client.rest.reactions.createForIssueComment(reaction))
}

/** The reason itself may tell of the machine: it is in the list of whoever runs the bot. */
function messageOf({ failed, delivery }: ConcludeJob): string {
  return `The bot failed, and tried again in vain (job ${failed}, delivery ${delivery}): \`npm run bot -- dead\` tells who runs it why.`
}
