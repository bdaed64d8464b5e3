import { reportCheck } from '../src/adapters/github-check.ts'
import type { GitHubClient } from '../src/adapters/github-client.ts'
import { upsertComment } from '../src/adapters/github-comment.ts'
import { CHECK_NAME } from '../src/report/conclusion.ts'
import { html } from '../src/report/escape.ts'
import { REVIEW_MARKER } from '../src/report/markdown.ts'
import { NOT_REVIEWED, notReviewedComment } from '../src/report/not-reviewed.ts'
import type { Attempt } from './attempt.ts'
import { written } from './refusals.ts'
import type { ReviewTools } from './review-job.ts'

export interface NotReviewedReport {
  /** the pull request; without a number: of a merge queue, where there is no comment */
  target: { owner: string; repo: string; number?: number }
  head: string
  /** why, as plain text */
  message: string
  /** of the app */
  slug: string
}

/** Says of a commit that it was not judged: ends its check, and brings the comment up to date where there is one. */
export async function reportNotReviewed(
  client: GitHubClient,
  { target, head, message, slug }: NotReviewedReport,
  attempt: Attempt,
  settings: ReviewTools['settings'],
): Promise<void> {
  const { number } = target
  await written(
    attempt,
    'check',
    reportCheck(
      client,
      target,
      {
        name: CHECK_NAME,
        headSha: head,
        // unknown is never ready; who lets nothing fail gets no failure of it either
        conclusion: settings.failOn === 'never' ? 'neutral' : 'failure',
        title: NOT_REVIEWED,
        summary: html(message),
        annotations: [],
      },
      slug,
    ),
  )
  if (number === undefined || settings.comment === 'never') return
  await written(
    attempt,
    'comment',
    upsertComment(
      client,
      { ...target, number },
      {
        marker: REVIEW_MARKER,
        body: notReviewedComment(head, message),
        author: `${slug}[bot]`,
        create: settings.comment === 'always',
      },
    ),
  )
}
