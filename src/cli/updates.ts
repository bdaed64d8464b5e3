import path from 'node:path'
import { ToolMissing } from '../adapters/toolbox.ts'
import { openUpdateSources, type UpdateSources } from '../adapters/update-sources.ts'
import { readOrNothing, writeWhole } from '../adapters/whole-file.ts'
import { BaseWork } from '../base-work.ts'
import type { Config } from '../config/config.ts'
import { decisionsOf } from '../decisions.ts'
import { editUpdates } from '../edit-updates.ts'
import type { Tree } from '../manifest/tree.ts'
import { packagesOf, planUpdates } from '../plan-updates.ts'
import { lookForUpdates } from '../look-for-updates.ts'
import { noCommands } from '../report/escape.ts'
import { prettyJson } from '../report/json.ts'
import type { ReviewedUpdates } from '../report/reviewed-proposal.ts'
import { updatesJson } from '../report/updates-json.ts'
import { updatesMarkdown } from '../report/updates-markdown.ts'
import { updatesText, type AppliedFile } from '../report/updates.ts'
import type { ReviewTools } from '../review-pull-request.ts'
import { writePlan } from '../updates/plan-json.ts'
import { renovateRule } from '../updates/renovate.ts'
import { findReferences } from '../versions/find-references.ts'
import { isWaiting } from '../versions/proposal.ts'
import type { UpdatesCommand } from './arguments.ts'
import { openTree, prepare, repositoryOf, todayOf } from './open.ts'
import type { Context, ExitCode, Outcome } from './run.ts'

/**
 * `updates`: what could be updated, each with its verdict; `--apply` writes it to the work tree. Exit code 2 where nothing at all
 * could be asked, or a file was not written; 1 where a proposal was not written because its review blocks.
 * @param sources where versions and signatures are asked for; the registries and repositories themselves by default
 */
export async function updates(
  command: UpdatesCommand,
  context: Context,
  sources?: UpdateSources,
): Promise<Outcome> {
  await using opened = await openTree(command, context)
  const work = new BaseWork(opened.tree)
  const { tree } = work
  const { io, progress } = context
  if (command.output === 'renovate') return { output: await ruleFor(tree), exitCode: 0 }
  const { config, tools } = await prepareOrSay(command, tree, context)
  const { entries, allow } = command
  const now = io.now().toISOString()
  const revision = { ref: command.ref ?? 'work tree' }
  const { chartHosts } = config
  const asked = sources ?? (await openUpdateSources({ env: io.env, chartHosts, progress }))
  const reviewed = await lookForUpdates({ work, revision, config, entries, allow, now }, asked, {
    ...tools,
    progress,
  })
  for (const warning of asked.warnings?.() ?? []) progress(warning)
  if (command.output === 'plan') {
    const base = command.ref ?? ''
    const plan = await planUpdates(reviewed, { tree, base, config: config.updates, now })
    return { output: writePlan(plan), exitCode: exitCodeOf(reviewed) }
  }
  const written = command.apply
    ? await apply(reviewed, opened.tree, await rootOf(command, context))
    : undefined
  return { output: print(reviewed, written, command, context), exitCode: exitCodeOf(reviewed, written) }
}

/** What Renovate has to be told so that it leaves to us what we update. */
async function ruleFor(tree: Tree): Promise<string> {
  const { references } = await findReferences(tree)
  return prettyJson(renovateRule(packagesOf(references)))
}

/** Where nothing can be rendered, updates are listed all the same, and it is said that nobody reviewed them. */
async function prepareOrSay(
  command: UpdatesCommand,
  tree: Tree,
  context: Context,
): Promise<{ config: Config; tools: ReviewTools | { refusal: string } }> {
  try {
    const { config, tools } = await prepare(command, tree, context)
    return {
      config,
      tools: { ...tools, clock: () => context.io.now().getTime(), today: todayOf(context) },
    }
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error
    return { config: await decisionsOf(tree), tools: { refusal: `${error.message} ${error.repair}` } }
  }
}

function print(
  reviewed: ReviewedUpdates,
  written: AppliedFile[] | undefined,
  { output }: UpdatesCommand,
  { color }: Context,
): string {
  if (output === 'json') return updatesJson(reviewed, written)
  // it may be printed into the log of a workflow
  if (output === 'markdown') return noCommands(updatesMarkdown(reviewed))
  return updatesText(reviewed, written, { colour: color })
}

function exitCodeOf(
  { updates: all, proposals }: ReviewedUpdates,
  written?: readonly AppliedFile[],
): ExitCode {
  const asked = all.filter(
    ({ reference, held }) => reference.current.version !== undefined && held.length === 0,
  )
  const isBlind = asked.length > 0 && asked.every(({ unknown }) => unknown !== undefined)
  if (isBlind || written?.some(({ refused }) => refused !== undefined) === true) return 2
  return written !== undefined && proposals.some(({ review }) => review?.verdict === 'blocked') ? 1 : 0
}

async function rootOf(command: UpdatesCommand, context: Context): Promise<string> {
  const directory = path.resolve(context.io.cwd, command.repo ?? '.')
  try {
    await using repository = await repositoryOf(command, context)
    return repository.root
  } catch {
    // no repository: openTree has taken the directory itself
    return directory
  }
}

/**
 * Writes each file that still is what was read; all edits of a file or none. What only waits is written: a person asks for it now.
 * What is blocked, or held for another reason than time, is not.
 */
async function apply({ proposals }: ReviewedUpdates, tree: Tree, root: string): Promise<AppliedFile[]> {
  const applied: AppliedFile[] = []
  const wanted = proposals.filter(
    ({ review, holds }) => review?.verdict !== 'blocked' && holds.every(isWaiting),
  )
  const members = wanted.flatMap(proposal => proposal.members)
  for (const edited of await editUpdates(members, tree)) {
    const { file } = edited
    const target = path.join(root, file)
    if (!edited.ok) {
      applied.push({ file, corrected: [], stale: [], along: [], refused: edited.reason })
      continue
    }
    const { bytes, corrected, stale, along, before } = edited
    const now = await readOrNothing(target)
    const isSame = now !== undefined && Buffer.from(before).equals(now)
    if (isSame) await writeWhole(target, bytes)
    applied.push({
      file,
      corrected: corrected.map(({ line }) => line),
      stale,
      along,
      ...(isSame ? {} : { refused: 'it was edited meanwhile; run again' }),
    })
  }
  return applied
}
