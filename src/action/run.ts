import path from 'node:path'
import type { CheckAnnotation } from '../adapters/github-check.ts'
import type { GitHubClient } from '../adapters/github-client.ts'
import type { Json } from '../manifest/json.ts'
import type { ReportContext } from '../report/links.ts'
import type { Review, Revision } from '../report/review.ts'
import type { UpdatePlan } from '../updates/wanted-update.ts'
import type { Checkout } from './checkout.ts'
import { readEvent } from './event.ts'
import { InputError, loadInputs, type Inputs } from './inputs.ts'
import { keepPullRequests, type PlanCall } from './keep-pull-requests.ts'
import { postForeignReview } from './post-foreign-review.ts'
import { report } from './report.ts'
import { findRevisions, type ReviewableEvent } from './revisions.ts'
import type { Runner } from './runner.ts'
import { reportDatabases, type StatusCall, type ToldStatus } from './report-databases.ts'

/** What is reviewed; without `base` the head alone is judged (mode validate). */
export interface ReviewCall {
  /** the checkout */
  directory: string
  base?: Required<Revision>
  head: Required<Revision>
  inputs: Inputs
}

/** The printers of src/report. */
export interface Printers {
  /** the hidden first line of the comment */
  marker: string
  /** starts with the marker; at most 65,536 characters */
  comment(review: Review, context: ReportContext): string
  /** at most 1 MiB */
  summary(review: Review, context: ReportContext): string
  check(
    review: Review,
    context: ReportContext,
  ): { title: string; summary: string; annotations: CheckAnnotation[] }
  /** the JSON of a SARIF log */
  sarif(review: Review, context: ReportContext): string
  /** about ten of each level, most harmful first, escaped */
  workflowCommands(review: Review): string[]
}

/** Everything outside: src/action/main.ts has the real ones, the tests theirs. */
export interface ActionTools {
  review(call: ReviewCall): Promise<Review>
  /** one for each database, in their order */
  status(call: StatusCall): Promise<ToldStatus[]>
  /** what the tree at a commit could have; undefined: the checkout has no such commit */
  plan(call: PlanCall): Promise<UpdatePlan | undefined>
  printers: Printers
  checkout(directory: string): Checkout
  runner: Runner
  client(token: string): GitHubClient
  /** the payload of the event */
  payload(): Promise<Json>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The action: reads inputs and event, reviews, reports as far as the token may, and fails as `fail-on` says. */
export async function run(env: Environment, tools: ActionTools): Promise<void> {
  const { runner } = tools
  try {
    // before anything can be printed, an error about inputs included
    const token = env.INPUT_TOKEN?.trim() ?? ''
    if (token !== '') runner.mask(token)
    const inputs = loadInputs(env)
    const event = readEvent(env, await tools.payload())
    if (event.kind === 'refused') return runner.fail(event.message)
    if (inputs.mode === 'status') return await reportDatabases(inputs, env, tools)
    if (inputs.mode === 'updates') return await keepPullRequests(event, inputs, env, tools)
    if (inputs.mode === 'comment') return await postForeignReview(event, inputs, env, tools)
    if (event.kind === 'workflow-run')
      return runner.fail(
        'On workflow_run only mode "comment" works: a review there would run with rights on what a pull request brings.',
      )
    const review = await reviewCheckout(event, inputs, env, tools)
    await report(review, event, inputs, env, tools)
  } catch (error) {
    if (error instanceof InputError) return runner.fail(error.message)
    const cause = error instanceof Error ? error.message : String(error)
    const repair = error instanceof Error && 'repair' in error ? ` ${String(error.repair)}` : ''
    runner.fail(`cnpg-steward could not judge this change: ${cause}${repair}`)
  }
}

async function reviewCheckout(
  event: ReviewableEvent,
  inputs: Inputs,
  env: Environment,
  tools: ActionTools,
): Promise<Review> {
  const directory = path.resolve(env.GITHUB_WORKSPACE ?? '.', inputs.workingDirectory)
  const checkout = tools.checkout(directory)
  if (inputs.mode === 'validate') {
    const head = { ref: env.GITHUB_REF ?? 'HEAD', commit: await checkout.head() }
    return await tools.review({ directory, head, inputs })
  }
  const revisions = await findRevisions(event, checkout)
  if (revisions.ok)
    return await tools.review({ directory, base: revisions.base, head: revisions.head, inputs })
  return {
    version: 1,
    base: { ref: event.kind === 'pull-request' ? event.baseRef : 'base' },
    head: revisions.head,
    verdict: 'incomplete',
    findings: [],
    impacts: [],
    changes: [],
    incomplete: [revisions.unjudged],
    stats: {
      existing: 0,
      objects: 0,
      kustomizations: 0,
      helmReleases: 0,
      rendered: 0,
      seconds: 0,
      versions: [],
      clusters: [],
      noise: [],
    },
  }
}
