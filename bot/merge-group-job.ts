import { endCheck, reportCheck, startCheck } from '../src/adapters/github-check.ts'
import { RefGone } from '../src/adapters/git-mirror.ts'
import { annotationsOf } from '../src/report/annotations.ts'
import { checkText } from '../src/report/check.ts'
import { CHECK_NAME, conclusionOf } from '../src/report/conclusion.ts'
import { linksOf } from '../src/report/links.ts'
import type { Review } from '../src/report/review.ts'
import type { MergeGroupJob } from './jobs.ts'
import type { Attempt } from './attempt.ts'
import { present, written } from './refusals.ts'
import { reportNotReviewed } from './report-not-reviewed.ts'
import { askedAgain, clientOf, LOOKING, readTokenOf, type ReviewTools } from './review-job.ts'
import { NotReviewed } from './command-line.ts'

const GONE = { title: 'Gone', summary: 'The merge group was gone before there was a verdict.' }

/** Reviews what a merge queue is about to merge; its check decides, there is no comment. */
export async function mergeGroupJob(job: MergeGroupJob, attempt: Attempt, tools: ReviewTools): Promise<void> {
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return
  const slug = await tools.github.slug()
  const [owner = '', repo = ''] = job.repository.split('/')
  const found = await present(client.rest.repos.get({ owner, repo }))
  if (found === undefined) return attempt.log.info('the repository is not there, or not ours to read')
  const { id, full_name: repository } = found.data
  const target = { owner: repository.split('/')[0] ?? owner, repo: repository.split('/')[1] ?? repo }
  const at = { name: CHECK_NAME, headSha: job.head }
  await written(attempt, 'check', startCheck(client, target, { ...at, ...LOOKING, ...askedAgain(job) }, slug))
  try {
    using mirror = await tools.mirrors.open(id)
    const token = await readTokenOf(job, id, tools)
    using opened = tools.proxy.open(repository, token)
    const refs = { [job.base.sha]: 'refs/steward/group/base', [job.head]: 'refs/steward/group/head' }
    await mirror.fetch(opened.url, refs, attempt.signal)
    const made = await tools.review(
      { directory: mirror.directory, base: job.base.sha, head: job.head },
      attempt.signal,
    )
    const review: Review = {
      ...made,
      base: { ref: job.base.ref, commit: job.base.sha },
      head: { ref: 'merge group', commit: job.head },
    }
    const links = linksOf({
      repositoryUrl: `${tools.settings.serverUrl}/${repository}`,
      headSha: job.head,
    })
    const report = {
      ...checkText(review, links),
      annotations: annotationsOf(review, links),
      conclusion: conclusionOf(review, tools.settings.failOn),
    }
    await written(attempt, 'check', reportCheck(client, target, { ...report, ...at }, slug))
    tools.verdict?.(review.verdict)
  } catch (error) {
    if (error instanceof RefGone) {
      attempt.log.info('the merge group is gone')
      await present(endCheck(client, target, { ...at, ...GONE }, slug))
      return
    }
    if (!(error instanceof NotReviewed)) throw error
    await reportNotReviewed(
      client,
      { target, head: job.head, message: error.message, slug },
      attempt,
      tools.settings,
    )
    tools.verdict?.('none')
  }
}
