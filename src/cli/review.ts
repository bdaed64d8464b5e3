import manifest from '../../package.json' with { type: 'json' }
import type { Repository } from '../adapters/git.ts'
import { decisionsOf, proposedDecisions } from '../decisions.ts'
import { noCommands } from '../report/escape.ts'
import { prettyJson, reviewJson } from '../report/json.ts'
import { reviewComment } from '../report/markdown.ts'
import type { Review, Revision } from '../report/review.ts'
import { ruleUrl } from '../report/rule-page.ts'
import { reviewSarif } from '../report/sarif.ts'
import { reviewText } from '../report/text.ts'
import { reviewPullRequest } from '../review-pull-request.ts'
import { sarifRules } from '../sarif-rules.ts'
import type { ReviewCommand } from './arguments.ts'
import { prepare, repositoryOf, todayOf } from './open.ts'
import { CannotJudge, type Context, type ExitCode, type Outcome } from './run.ts'

/** `review`: what a change does, judged before it is merged or even committed. */
export async function review(command: ReviewCommand, context: Context): Promise<Outcome> {
  await using repository = await repositoryOf(command, context)
  const baseRevision = await baseOf(repository, command)
  const headRevision = await headOf(repository, command)
  const base = await repository.tree(baseRevision.commit)
  const head =
    headRevision.commit === undefined
      ? await repository.workTree()
      : await repository.tree(headRevision.commit)
  const { config, tools } = await prepare(command, base, context)
  const made = await reviewPullRequest(
    {
      base,
      head,
      baseRevision,
      headRevision,
      config,
      configFindings: await proposedDecisions(head, undefined, await decisionsOf(base)),
      all: command.all,
      entries: command.entries,
    },
    { ...tools, clock: () => context.io.now().getTime(), today: todayOf(context) },
  )
  return { output: print(made, command, context), exitCode: exitCodeOf(made) }
}

/** Where the head left the default branch, unless a base is named. */
async function baseOf(repository: Repository, { base, head }: ReviewCommand): Promise<Required<Revision>> {
  if (base !== undefined) return { ref: base, commit: await repository.resolve(base) }
  const branch = await repository.defaultBranch()
  if (branch === undefined)
    throw new CannotJudge(
      'Nothing says which branch is the default one.',
      'Name what to compare with: --base REF.',
    )
  const commit = await repository.mergeBase(head ?? 'HEAD', branch)
  if (commit !== undefined) return { ref: branch, commit }
  throw new CannotJudge(
    `There is no common commit of ${head ?? 'HEAD'} and ${branch} in this clone.`,
    repository.isShallow
      ? 'The clone is shallow: fetch its history with `git fetch --unshallow`, in a workflow with `fetch-depth: 0`.'
      : 'Name what to compare with: --base REF.',
  )
}

async function headOf(repository: Repository, { head }: ReviewCommand): Promise<Revision> {
  const ref = head ?? (repository.isBare ? 'HEAD' : undefined)
  return ref === undefined ? { ref: 'work tree' } : { ref, commit: await repository.resolve(ref) }
}

function print(made: Review, { output }: ReviewCommand, { color }: Context): string {
  switch (output) {
    case 'json':
      return reviewJson(made)
    case 'markdown':
      // it may be printed into the log of a workflow
      return noCommands(reviewComment(made, { ruleUrl }))
    case 'sarif':
      return prettyJson(reviewSarif(made, { toolVersion: manifest.version, rules: sarifRules() }))
    case 'text':
    case 'yaml':
    case 'plan':
    case 'renovate':
    default:
      return reviewText(made, { colour: color })
  }
}

/** 1: something blocks; 2: a part that changed could not be judged. */
function exitCodeOf({ verdict }: Review): ExitCode {
  return verdict === 'blocked' ? 1 : verdict === 'incomplete' ? 2 : 0
}
