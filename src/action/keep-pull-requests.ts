import path from 'node:path'
import { ownLogin } from '../adapters/github-client.ts'
import { openUpdateHost } from '../adapters/github-updates.ts'
import { keepUpdates, type KeptUpdates } from '../keep-updates.ts'
import { html, inline, oneLine } from '../report/escape.ts'
import type { UpdatePlan } from '../updates/wanted-update.ts'
import type { ActionEvent } from './event.ts'
import type { Inputs } from './inputs.ts'
import type { ActionTools, Environment } from './run.ts'

/** Which commit is looked at for updates. */
export interface PlanCall {
  /** the checkout */
  directory: string
  base: string
  /** ids of updates that people ask for, or that have a branch */
  requested: ReadonlySet<string>
  inputs: Inputs
}

/**
 * Mode updates: keeps the pull requests of updates, and the issue that lists them. Never for a pull request: what it brings would
 * decide what is written with a token that writes.
 */
export async function keepPullRequests(
  event: ActionEvent,
  inputs: Inputs,
  env: Environment,
  tools: ActionTools,
): Promise<void> {
  const { runner } = tools
  if (event.kind === 'pull-request' || event.kind === 'workflow-run' || event.kind === 'merge-group')
    return runner.fail(
      'Mode "updates" writes branches and pull requests: run it on schedule, workflow_dispatch, issues, or push to the default branch.',
    )
  const [owner = '', repo = ''] = (env.GITHUB_REPOSITORY ?? '').split('/')
  if (inputs.token === '' || repo === '')
    return runner.fail(
      'Mode "updates" needs a token with "contents: write", "pull-requests: write", "issues: write" and "checks: write".',
    )
  const client = tools.client(inputs.token)
  const now = new Date()
  const self = await ownLogin(client)
  if (!self.endsWith('[bot]'))
    return runner.fail(
      `Mode "updates" needs GITHUB_TOKEN or the token of an app, not that of ${oneLine(self)}: GitHub signs commits made over its API for apps alone, and what is not signed counts as a person's.`,
    )
  const host = await openUpdateHost({ client, owner, repo, self, now: () => now.getTime() })
  const directory = path.resolve(env.GITHUB_WORKSPACE ?? '.', inputs.workingDirectory)
  const plans = new Map<string, UpdatePlan | undefined>()
  const kept = await keepUpdates(
    { day: now.toISOString().slice(0, 10) },
    {
      host,
      plan: async (base, requested) => {
        const key = [base, ...[...requested].toSorted()].join(' ')
        if (!plans.has(key)) plans.set(key, await tools.plan({ directory, base, requested, inputs }))
        return plans.get(key)
      },
      print: inline,
      progress: message => runner.log(message),
    },
  )
  await runner.summarize(summaryOf(kept))
  for (const message of kept.refused) runner.log(oneLine(message))
  if (!kept.settled)
    runner.log(
      'Not everything is done: the base branch moves, or somebody else is at work. The next run goes on.',
    )
  if (kept.refused.length > 0)
    runner.fail(
      `GitHub refused a part: ${kept.refused.map(oneLine).join(' ')} The token needs "contents: write", "pull-requests: write", "issues: write" and "checks: write", and the repository must allow Actions to create pull requests.`,
    )
}

function summaryOf({ entries, steps, refused }: KeptUpdates): string {
  const rows = entries.map(({ seen, decision, wanted }) => {
    const name = wanted === undefined ? seen.id : `${wanted.name} ${wanted.change}`
    const number = seen.pull === undefined ? '' : `#${seen.pull.number}`
    return `| ${inline(name)} | ${decision.state} | ${number} | ${inline(decision.notes.join(' '))} |`
  })
  return [
    `### Updates: ${entries.length}, ${steps} written`,
    ...(rows.length === 0
      ? []
      : [['| update | state | pull request | |', '|---|---|---|---|', ...rows].join('\n')]),
    ...refused.map(message => `- ${html(message)}`),
    '',
  ].join('\n\n')
}
