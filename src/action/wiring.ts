import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import manifest from '../../package.json' with { type: 'json' }
import { openRepository } from '../adapters/git.ts'
import { findAccess } from '../adapters/kubeconfig.ts'
import { KubernetesApi } from '../adapters/kubernetes-api.ts'
import { openParameterCatalogs } from '../adapters/parameter-catalogs.ts'
import { openToolbox, type Toolbox, type ToolboxOptions } from '../adapters/toolbox.ts'
import { decisionsOf, proposedDecisions } from '../decisions.ts'
import { annotationsOf } from '../report/annotations.ts'
import { checkText } from '../report/check.ts'
import { linksOf } from '../report/links.ts'
import { REVIEW_MARKER, reviewComment, reviewSummary } from '../report/markdown.ts'
import { reviewSarif } from '../report/sarif.ts'
import { statusMarkdown } from '../report/status-markdown.ts'
import { workflowCommands } from '../report/workflow-commands.ts'
import { judgeTree } from '../judge-tree.ts'
import { reportStatus } from '../report-status.ts'
import { reviewPullRequest } from '../review-pull-request.ts'
import { sarifRules } from '../sarif-rules.ts'
import type { Config } from '../config/config.ts'
import type { Inputs } from './inputs.ts'
import type { ActionTools, Environment, Printers } from './run.ts'

/** Beside the bundle lies the catalog (rolldown.config.ts copies it); a checkout has it in src. */
const BUNDLED_CATALOG = fileURLToPath(new URL('catalog', import.meta.url))

/** The stories over real adapters: a review, or without a base the judgement of the whole head. */
export function reviewWith(env: Environment, log: (message: string) => void): ActionTools['review'] {
  return async ({ directory, base, head, inputs }) => {
    await using repository = await openRepository(directory, { env })
    const headTree = await repository.tree(head.commit)
    const baseTree = base === undefined ? headTree : await repository.tree(base.commit)
    const config = await decisionsOf(baseTree, {}, inputs.config)
    const tools = await openTools({ directory, config, inputs, env, log })
    const judging = {
      ...tools,
      clock: () => performance.now(),
      today: new Date().toISOString().slice(0, 10),
    }
    if (base === undefined)
      return await judgeTree({ tree: headTree, revision: head, config, entries: inputs.entries }, judging)
    return await reviewPullRequest(
      {
        base: baseTree,
        head: headTree,
        baseRevision: base,
        headRevision: head,
        config,
        configFindings: await proposedDecisions(headTree, inputs.config, config),
        all: inputs.all,
        entries: inputs.entries,
      },
      judging,
    )
  }
}

/** The story of `status` over the API server that the runner reaches. */
export function statusWith(env: Environment): ActionTools['status'] {
  return async ({ databases, directory, kubeconfig, context }) => {
    const access = findAccess({
      env,
      cwd: directory,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
    })
    const reader = new KubernetesApi(access)
    const bundled = path.join(BUNDLED_CATALOG, 'postgres')
    const catalogs = openParameterCatalogs(existsSync(bundled) ? bundled : undefined)
    try {
      return await Promise.all(
        databases.map(async database => {
          const status = await reportStatus(database, { reader, catalogs, now: () => new Date() })
          return {
            ...database,
            state: status.state,
            lead: status.reasons.find(({ state }) => state !== 'note')?.message ?? '',
            markdown: statusMarkdown(status, 0),
          }
        }),
      )
    } finally {
      reader.close()
    }
  }
}

/** The tools that render and judge, as the inputs and the configuration want them. */
export async function openTools(wanted: {
  directory: string
  config: Pick<Config, 'chartHosts'>
  inputs: Inputs
  env: Environment
  log: (message: string) => void
}): Promise<Toolbox['tools']> {
  const { directory, config, inputs, env, log } = wanted
  const options: ToolboxOptions = {
    env,
    cwd: directory,
    platform: process.platform,
    offline: false,
    chartHosts: config.chartHosts,
    progress: () => undefined,
    ...(inputs.kustomize === undefined ? {} : { kustomize: inputs.kustomize }),
    ...(inputs.helm === undefined ? {} : { helm: inputs.helm }),
    ...(existsSync(BUNDLED_CATALOG) ? { catalogDirectory: BUNDLED_CATALOG } : {}),
  }
  const { tools } = await openToolbox({ ...options, ...(await downloaded(options, log)) })
  return tools
}

/** Tools that neither the inputs nor PATH give, downloaded at pinned versions; loaded only where one is missing. */
async function downloaded(
  options: ToolboxOptions,
  log: (message: string) => void,
): Promise<{ kustomize?: string; helm?: string }> {
  const { findTools } = await import('../adapters/tools.ts')
  const { missing } = await findTools(options)
  const found: { kustomize?: string; helm?: string } = {}
  for (const { tool, given } of missing) {
    if (given) continue
    const { downloadTool } = await import('../adapters/tool-download.ts')
    const outcome = await downloadTool(tool, { platform: process.platform, arch: process.arch })
    if (outcome.ok) found[tool] = outcome.tool.path
    else log(`${outcome.problem} ${outcome.repair}`)
  }
  return found
}

/** The printers of src/report. */
export const printers: Printers = {
  marker: REVIEW_MARKER,
  comment: (review, context) => reviewComment(review, linksOf(context)),
  summary: (review, context) => reviewSummary(review, linksOf(context)),
  check: (review, context) => {
    const links = linksOf(context)
    const { title, summary } = checkText(review, links)
    return { title, summary, annotations: annotationsOf(review, links) }
  },
  sarif: (review, { documentation }) =>
    JSON.stringify(reviewSarif(review, { toolVersion: manifest.version, rules: sarifRules(documentation) })),
  workflowCommands: review => workflowCommands(review).lines,
}
