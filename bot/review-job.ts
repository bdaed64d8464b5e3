import { createHash } from 'node:crypto'
import { endCheck, reportCheck, startCheck } from '../src/adapters/github-check.ts'
import { isRefused, statusOf, type GitHubClient } from '../src/adapters/github-client.ts'
import { upsertComment } from '../src/adapters/github-comment.ts'
import { getPullRequest, type PullRequest } from '../src/adapters/github-pull-request.ts'
import { RefGone, type Mirrors } from '../src/adapters/git-mirror.ts'
import type { GitProxy } from '../src/adapters/git-proxy.ts'
import { annotationsOf } from '../src/report/annotations.ts'
import { checkText } from '../src/report/check.ts'
import { CHECK_NAME, conclusionOf, worthSaying, type FailOn } from '../src/report/conclusion.ts'
import { linksOf } from '../src/report/links.ts'
import { REVIEW_MARKER, reviewComment } from '../src/report/markdown.ts'
import type { Review } from '../src/report/review.ts'
import type { GitHub } from './github.ts'
import type { RepositoryJob, ReviewJob } from './jobs.ts'
import { present, written } from './refusals.ts'
import { reportNotReviewed } from './report-not-reviewed.ts'
import { Later, type Attempt } from './attempt.ts'
import { NotReviewed } from './command-line.ts'
import type { ReviewProcess } from './review-process.ts'
import type { Store, StoredReview } from './store.ts'

/** What the jobs of reviews need. */
export interface ReviewTools {
  github: GitHub
  mirrors: Pick<Mirrors, 'open'>
  proxy: GitProxy
  review: ReviewProcess
  store: Store
  settings: {
    serverUrl: string
    failOn: FailOn
    comment: 'auto' | 'always' | 'never'
    linkDays: number
  }
  now: () => Date
  /** the head that is reviewed now, for who may have to give it up */
  reviewing: (job: ReviewJob, head: string) => void
  /** the page of a review; `undefined` where the bot has no public address */
  page: (review: StoredReview) => string | undefined
  /** told of every verdict */
  verdict?: (verdict: Review['verdict'] | 'none') => void
}

export const LOOKING = {
  title: 'Looking at it',
  summary: 'Base and head are being rendered, validated and compared.',
}
/** Somebody pushes: the event that comes with it may be on its way, or was here before GitHub's API knew of it. */
const MOVED = 'the pull request has another head by now'
const MOVED_SECONDS = 2
const LEFT = { title: 'Superseded', summary: 'A newer commit is judged instead.' }
const CLOSED = { title: 'Closed', summary: 'The pull request was closed before there was a verdict.' }

/** Reviews one pull request as it stands now, and says so there. Done twice, it changes nothing the second time. */
export async function reviewJob(job: ReviewJob, attempt: Attempt, tools: ReviewTools): Promise<void> {
  const client = await clientOf(job, attempt, tools)
  if (client === undefined) return
  const slug = await tools.github.slug()
  const [owner = '', repo = ''] = job.repository.split('/')
  const pull = await present(getPullRequest(client, { owner, repo, number: job.number }))
  if (pull === undefined) return attempt.log.info('the pull request is not there, or not ours to read')
  const target = targetOf(pull)
  await endLeftChecks(client, pull, slug, tools)
  if (pull.state !== 'open') return attempt.log.info('the pull request is closed')
  tools.reviewing(job, pull.head.sha)
  const at = { name: CHECK_NAME, headSha: pull.head.sha }
  await tools.store.startsCheck(pull.repositoryId, pull.number, pull.head.sha)
  await written(attempt, 'check', startCheck(client, target, { ...at, ...LOOKING, ...askedAgain(job) }, slug))
  try {
    const stored = await reviewPull(job, pull, attempt.signal, tools)
    await publish(client, pull, stored, attempt, slug, tools)
  } catch (error) {
    // what a review cannot judge it cannot judge the next time either; all else is tried again
    if (!(error instanceof NotReviewed) || attempt.signal.aborted) throw error
    const { message } = error
    await reportNotReviewed(client, { target, head: at.headSha, message, slug }, attempt, tools.settings)
    tools.verdict?.('none')
    attempt.log.warn({ err: error }, 'not reviewed')
  }
  await tools.store.endedCheck(pull.repositoryId, pull.number, pull.head.sha)
}

/**
 * Fetches, merges and reviews; keeps the result.
 * @throws Later where the pull request moves on meanwhile
 */
export async function reviewPull(
  job: RepositoryJob,
  pull: PullRequest,
  signal: AbortSignal,
  tools: Pick<ReviewTools, 'github' | 'mirrors' | 'proxy' | 'review' | 'settings' | 'now'> & {
    store: Pick<Store, 'keep'>
  },
): Promise<StoredReview> {
  using mirror = await tools.mirrors.open(pull.repositoryId)
  const refs = { base: `refs/steward/base/${pull.number}`, head: `refs/steward/head/${pull.number}` }
  {
    const token = await readTokenOf(job, pull.repositoryId, tools)
    using opened = tools.proxy.open(pull.repository, token)
    try {
      await mirror.fetch(
        opened.url,
        { [`refs/heads/${pull.base.ref}`]: refs.base, [`refs/pull/${pull.number}/head`]: refs.head },
        signal,
      )
    } catch (error) {
      if (error instanceof RefGone)
        throw new NotReviewed(`The branch ${pull.base.ref} or the head of the pull request is gone.`)
      throw error
    }
  }
  const [base, head] = [await mirror.commit(refs.base), await mirror.commit(refs.head)]
  if (base === undefined || head === undefined) throw new Error('what was fetched is not there')
  if (head !== pull.head.sha) throw new Later(MOVED_SECONDS, MOVED)
  const merged = await mirror.merge(base, head)
  const from = merged === undefined ? await mirror.mergeBase(base, head) : base
  if (from === undefined)
    throw new NotReviewed(`The pull request and ${pull.base.ref} have no history in common.`)
  const made = await tools.review({ directory: mirror.directory, base: from, head: merged ?? head }, signal)
  const review: Review = {
    ...made,
    base: { ref: pull.base.ref, commit: from },
    // named by its commit alone: that it was merged for the review is nobody's concern
    head: { ref: '', commit: head },
  }
  const id = createHash('sha256').update(`${pull.repositoryId} ${pull.number} ${from} ${head}`).digest('hex')
  const madeAt = tools.now()
  const stored = {
    id: id.slice(0, 32),
    repository: pull.repository,
    number: pull.number,
    head,
    base: from,
    madeAt,
    review,
  }
  const oldest = new Date(madeAt.getTime() - tools.settings.linkDays * 24 * 3600_000)
  await tools.store.keep(stored, oldest)
  return stored
}

/** The comment of a review, and the text and annotations of its check. */
export function reportOf(stored: StoredReview, tools: Pick<ReviewTools, 'settings' | 'page'>) {
  const { review, repository, head, number } = stored
  const page = tools.page(stored)
  const links = {
    ...linksOf({
      repositoryUrl: `${tools.settings.serverUrl}/${repository}`,
      headSha: head,
      number,
      ...(page === undefined ? {} : { runUrl: page }),
    }),
    wholeName: page === undefined ? 'the answer to `/cnpg diff PATH`' : 'the whole review',
  }
  return {
    page,
    comment: reviewComment(review, links),
    check: {
      ...checkText(review, links),
      annotations: annotationsOf(review, links),
      conclusion: conclusionOf(review, tools.settings.failOn),
      ...(page === undefined ? {} : { detailsUrl: page }),
    },
  }
}

async function publish(
  client: GitHubClient,
  pull: PullRequest,
  stored: StoredReview,
  attempt: Attempt,
  slug: string,
  tools: ReviewTools,
): Promise<void> {
  const target = targetOf(pull)
  attempt.signal.throwIfAborted()
  const now = await getPullRequest(client, target)
  if (now.head.sha !== pull.head.sha) throw new Later(MOVED_SECONDS, MOVED)
  const { comment, check } = reportOf(stored, tools)
  await written(
    attempt,
    'check',
    reportCheck(client, target, { ...check, name: CHECK_NAME, headSha: pull.head.sha }, slug),
  )
  const { comment: when } = tools.settings
  if (when !== 'never')
    await written(
      attempt,
      'comment',
      upsertComment(client, target, {
        marker: REVIEW_MARKER,
        body: comment,
        author: `${slug}[bot]`,
        create: when === 'always' || worthSaying(stored.review),
      }),
    )
  tools.verdict?.(stored.review.verdict)
  attempt.log.info({ verdict: stored.review.verdict, head: pull.head.sha }, 'reviewed')
}

/** A token that fetches one repository. @throws NotReviewed where the app may not read it */
export async function readTokenOf(
  job: RepositoryJob,
  repositoryId: number,
  { github }: Pick<ReviewTools, 'github'>,
): Promise<string> {
  try {
    return await github.readToken(job.installation, repositoryId)
  } catch (error) {
    // "The permissions requested are not granted to this installation.", and the same of the repository
    if (statusOf(error) !== 422) throw error
    throw new NotReviewed(
      'The app may not read this repository: grant it the permission "contents: read" in its settings.',
    )
  }
}

/** The moment after which a check run has to have begun, where somebody asked for a new one. */
export function askedAgain({ again }: RepositoryJob): { again?: string } {
  return again === undefined ? {} : { again }
}

/** @returns `undefined` where the installation is gone: its events come late, and ask for nothing any more */
export async function clientOf(
  job: RepositoryJob,
  attempt: Attempt,
  tools: Pick<ReviewTools, 'github'>,
): Promise<GitHubClient | undefined> {
  try {
    return await tools.github.client(job.installation)
  } catch (error) {
    // 403: suspended. 401 would be a key of ours that is wrong
    if (statusOf(error) !== 404 && !(statusOf(error) === 403 && isRefused(error))) throw error
    attempt.log.info('the app is not installed there any more')
    return undefined
  }
}

/** Check runs that were started on earlier heads, by whichever run that did not come to its end. */
async function endLeftChecks(
  client: GitHubClient,
  pull: PullRequest,
  slug: string,
  { store }: ReviewTools,
): Promise<void> {
  for (const head of await store.startedChecks(pull.repositoryId, pull.number)) {
    if (head === pull.head.sha && pull.state === 'open') continue
    const why = head === pull.head.sha ? CLOSED : LEFT
    await present(endCheck(client, targetOf(pull), { name: CHECK_NAME, headSha: head, ...why }, slug))
    await store.endedCheck(pull.repositoryId, pull.number, head)
  }
}

export function targetOf({ repository, number }: PullRequest): {
  owner: string
  repo: string
  number: number
} {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo, number }
}
