import { ownLogin } from '../adapters/github-client.ts'
import { upsertComment } from '../adapters/github-comment.ts'
import { getPullRequest } from '../adapters/github-pull-request.ts'
import type { ActionEvent } from './event.ts'
import type { Inputs } from './inputs.ts'
import { readReview, REVIEW_LIMIT } from '../report/read-review.ts'
import { documentationOf } from './report.ts'
import type { ActionTools, Environment } from './run.ts'

const COMMENT_LIMIT = 65_536
const ORIGIN =
  '\n\n<sub>Made by a workflow run of the pull request itself, without rights: whoever wrote the pull request could change it.</sub>'

/**
 * The second of two workflows, for pull requests from forks: posts the review that the first one, without rights, left as
 * an artifact. It runs with a token that writes, so nothing of the pull request is checked out or run, the artifact is
 * checked field by field, and which pull request it is for is settled by GitHub: its head must be the commit and
 * repository that the first workflow ran for. No check is posted: a forged one could let a merge through.
 */
export async function postForeignReview(
  event: ActionEvent,
  inputs: Inputs,
  env: Environment,
  tools: ActionTools,
): Promise<void> {
  const { runner, printers } = tools
  if (event.kind !== 'workflow-run' || event.of !== 'pull_request')
    return runner.fail('Mode "comment" works on workflow_run of a workflow that ran on pull_request.')
  const review = readReview(await runner.read(inputs.reviewFile ?? '', REVIEW_LIMIT))
  const number = Number(/^refs\/pull\/([1-9][0-9]{0,9})\/merge$/.exec(review.head.ref)?.[1])
  if (!Number.isInteger(number))
    return runner.fail(`The review is of no pull request but of ${review.head.ref}.`)
  const [owner = '', repo = ''] = (env.GITHUB_REPOSITORY ?? '').split('/')
  const client = tools.client(inputs.token)
  const pull = await getPullRequest(client, { owner, repo, number })
  if (pull.head.repository !== event.headRepository)
    return runner.fail(
      `The review says pull request ${number}, but the workflow ran for ${event.headRepository}: not posted.`,
    )
  if (pull.head.sha !== event.headSha) {
    // the next run, of the newer commit, posts
    return runner.log(`Pull request ${number} has moved on from ${event.headSha.slice(0, 7)}: not posted.`)
  }
  if (pull.state !== 'open') return runner.log(`Pull request ${number} is closed: not posted.`)
  const repositoryUrl = `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${owner}/${repo}`
  const runUrl = `${repositoryUrl}/actions/runs/${env.GITHUB_RUN_ID ?? ''}`
  const body = printers.comment(review, {
    repositoryUrl,
    headSha: event.headSha,
    number,
    runUrl,
    ...documentationOf(env),
  })
  const comment = {
    marker: printers.marker,
    body: body.length + ORIGIN.length <= COMMENT_LIMIT ? body + ORIGIN : body,
    author: await ownLogin(client),
    create: inputs.comment === 'always' || review.verdict !== 'ready' || review.changes.length > 0,
  }
  const { outcome, url } = await upsertComment(client, { owner, repo, number }, comment)
  runner.output('verdict', review.verdict)
  runner.log(`The comment is ${outcome}${url === undefined ? '' : `: ${url}`}`)
}
