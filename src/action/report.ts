import path from 'node:path'
import { reportCheck, type CheckReport } from '../adapters/github-check.ts'
import { isRefused, ownLogin } from '../adapters/github-client.ts'
import { upsertComment } from '../adapters/github-comment.ts'
import { CHECK_NAME, conclusionOf, failureOf, worthSaying } from '../report/conclusion.ts'
import type { ReportContext } from '../report/links.ts'
import type { Review } from '../report/review.ts'
import type { Inputs } from './inputs.ts'
import type { ReviewableEvent } from './revisions.ts'
import type { ActionTools, Environment } from './run.ts'

/** "Step summaries are limited to 1 MiB": GitHub drops a larger one whole. */
const SUMMARY_LIMIT = 1024 * 1024

/**
 * Tells everybody: files and outputs, the summary, then check and comment where the token may write them. Where it may
 * not, annotations come as workflow commands, and the log says why and what to do.
 */
export async function report(
  review: Review,
  event: ReviewableEvent,
  inputs: Inputs,
  env: Environment,
  tools: ActionTools,
): Promise<void> {
  const { runner, printers } = tools
  const context = contextOf(env, event, review)
  const directory = path.resolve(env.GITHUB_WORKSPACE ?? '.', inputs.workingDirectory)
  const reviewFile =
    inputs.reviewFile ?? path.join(env.RUNNER_TEMP ?? directory, 'cnpg-steward', 'review.json')
  runner.output('review-file', await runner.write(reviewFile, `${JSON.stringify(review)}\n`))
  if (inputs.sarifFile !== undefined)
    runner.output('sarif-file', await runner.write(inputs.sarifFile, printers.sarif(review, context)))
  runner.output('verdict', review.verdict)
  runner.output('findings', String(review.findings.length))
  runner.output('changes', String(review.changes.length))

  const summary = printers.summary(review, context)
  const fits = Buffer.byteLength(summary) <= SUMMARY_LIMIT
  await runner.summarize(fits ? summary : printers.comment(review, context))

  const annotated =
    event.kind === 'pull-request' && (await postToPullRequest(review, event, context, inputs, tools))
  if (!annotated) for (const command of printers.workflowCommands(review)) runner.command(command)

  runner.log(
    `Verdict: ${review.verdict}. ${review.findings.length} findings, ${review.changes.length} changes.`,
  )
  const failure = failureOf(review, inputs.failOn)
  if (failure !== undefined) runner.fail(failure)
}

/** @returns whether the findings are annotations of a check run */
async function postToPullRequest(
  review: Review,
  event: Extract<ReviewableEvent, { kind: 'pull-request' }>,
  context: ReportContext,
  inputs: Inputs,
  tools: ActionTools,
): Promise<boolean> {
  const { runner, printers } = tools
  if (inputs.token === '') {
    runner.log(
      'No token: the report is in the summary and in annotations of this job; there is no comment and no check.',
    )
    return false
  }
  const [owner = '', repo = ''] = new URL(context.repositoryUrl).pathname.slice(1).split('/')
  const client = tools.client(inputs.token)
  let login: string
  try {
    login = await ownLogin(client)
  } catch (error) {
    runner.log(
      `GitHub does not say whose token this is (${messageOf(error)}); there is no comment and no check.`,
    )
    return false
  }
  const checked = await attempt('check', 'checks: write', async () => {
    const check: CheckReport = {
      ...printers.check(review, context),
      name: CHECK_NAME,
      headSha: event.headSha,
      conclusion: conclusionOf(review, inputs.failOn),
      ...(context.runUrl === undefined ? {} : { detailsUrl: context.runUrl }),
    }
    return await reportCheck(client, { owner, repo }, check, login.replace(/\[bot\]$/, ''))
  })
  if (inputs.comment !== 'never')
    await attempt('comment', 'pull-requests: write', async () => {
      return await upsertComment(
        client,
        { owner, repo, number: event.number },
        {
          marker: printers.marker,
          body: printers.comment(review, context),
          author: login,
          create: inputs.comment === 'always' || worthSaying(review),
        },
      )
    })
  return checked

  async function attempt(
    what: 'check' | 'comment',
    permission: string,
    post: () => Promise<{ outcome: string; url?: string }>,
  ): Promise<boolean> {
    try {
      const { outcome, url } = await post()
      runner.log(
        `The ${what} is ${outcome === 'none' ? 'not needed' : outcome}${url === undefined ? '' : `: ${url}`}`,
      )
      return true
    } catch (error) {
      runner.log(
        isRefused(error)
          ? `No ${what}: ${refusalOf(event.restricted, permission)}`
          : `No ${what}: ${messageOf(error)}. The report is in the summary of this job.`,
      )
      return false
    }
  }
}

/** One line: why the token may not, and what to do. */
function refusalOf(restricted: 'fork' | 'dependabot' | undefined, permission: string): string {
  if (restricted === 'fork')
    return 'this pull request comes from a fork, where the token may only read. The report is in the summary and in annotations of this job; for a comment add the workflow_run workflow of the README, or the bot.'
  if (restricted === 'dependabot')
    return 'Dependabot started this run, where the token may only read. The report is in the summary and in annotations of this job; for a comment add the workflow_run workflow of the README, or the bot.'
  return `the token may not write it. Add "${permission}" to the permissions of the job.`
}

function contextOf(env: Environment, event: ReviewableEvent, review: Review): ReportContext {
  const repositoryUrl = `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${env.GITHUB_REPOSITORY ?? ''}`
  return {
    repositoryUrl,
    headSha: event.kind === 'pull-request' ? event.headSha : (review.head.commit ?? ''),
    ...(event.kind === 'pull-request' ? { number: event.number } : {}),
    runUrl: `${repositoryUrl}/actions/runs/${env.GITHUB_RUN_ID ?? ''}`,
    ...documentationOf(env),
  }
}

/**
 * The pages of the very version that runs. The runner says where an action came from, and nothing for one of the checkout
 * (docs.github.com, "Variables reference": GITHUB_ACTION_REPOSITORY, GITHUB_ACTION_REF).
 */
export function documentationOf(env: Environment): { documentation?: string } {
  const { GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref } = env
  if (!repository || !ref) return {}
  return { documentation: `https://github.com/${repository}/blob/${ref}/docs/rules` }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
