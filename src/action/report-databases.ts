import path from 'node:path'
import type { State } from '../status/state.ts'
import type { FailOn } from '../report/conclusion.ts'
import type { Inputs } from './inputs.ts'
import type { ActionTools, Environment } from './run.ts'

/** Which databases are asked about, and through which API server. */
export interface StatusCall {
  databases: readonly { namespace: string; name: string }[]
  /** relative paths count from it */
  directory: string
  kubeconfig?: string
  context?: string
}

/** The status of one database, told. */
export interface ToldStatus {
  namespace: string
  name: string
  state: State
  /** the reason that decides, as text; '' for healthy */
  lead: string
  markdown: string
}

const FAILS: Readonly<Record<FailOn, readonly State[]>> = {
  error: ['failed'],
  incomplete: ['failed', 'unknown'],
  warning: ['failed', 'unknown', 'attention', 'progressing'],
  never: [],
}
/** As a whole the databases are as the worst of them, and what is not known is worse than what wants a person. */
const WORST: readonly State[] = ['failed', 'unknown', 'attention', 'progressing', 'healthy']

/** Mode status: each database into the job's summary; the step fails as `fail-on` says. */
export async function reportDatabases(inputs: Inputs, env: Environment, tools: ActionTools): Promise<void> {
  const { runner } = tools
  const { databases, kubeconfig, context } = inputs
  const told = await tools.status({
    databases,
    directory: path.resolve(env.GITHUB_WORKSPACE ?? '.', inputs.workingDirectory),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  })
  await runner.summarize(`${told.map(({ markdown }) => markdown).join('\n\n')}\n`)
  runner.output('verdict', WORST.find(state => told.some(each => each.state === state)) ?? 'unknown')
  for (const each of told)
    runner.log(`${each.namespace}/${each.name}: ${each.state}${each.lead === '' ? '' : `. ${each.lead}`}`)
  const bad = told.filter(({ state }) => FAILS[inputs.failOn].includes(state))
  if (bad.length > 0)
    runner.fail(bad.map(({ namespace, name, state }) => `${namespace}/${name} is ${state}.`).join(' '))
}
