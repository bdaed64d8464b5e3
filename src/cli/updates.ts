import path from 'node:path'
import { chartCache } from '../adapters/chart-cache.ts'
import { cosignSignatures } from '../adapters/cosign-signatures.ts'
import { firstSeenFile } from '../adapters/first-seen-file.ts'
import { HelmRepositories } from '../adapters/helm-repository.ts'
import { OciRegistry } from '../adapters/oci-registry.ts'
import { Outbound } from '../adapters/outbound.ts'
import { registryVersions } from '../adapters/registry-versions.ts'
import { ToolMissing } from '../adapters/toolbox.ts'
import { registryCredentials } from '../adapters/registry-credentials.ts'
import { SigstoreRoot } from '../adapters/sigstore-root.ts'
import { SigstoreVerifier } from '../adapters/sigstore-verifier.ts'
import { cacheDirectory } from '../adapters/tools.ts'
import { readOrNothing, writeWhole } from '../adapters/whole-file.ts'
import { appliedFiles } from '../applied-files.ts'
import { BaseWork } from '../base-work.ts'
import type { Config } from '../config/config.ts'
import { decisionsOf } from '../decisions.ts'
import { editUpdates } from '../edit-updates.ts'
import type { Tree } from '../manifest/tree.ts'
import { proposeUpdates, type UpdateTools } from '../propose-updates.ts'
import { noCommands } from '../report/escape.ts'
import type { ReviewedUpdates } from '../report/reviewed-proposal.ts'
import { updatesJson } from '../report/updates-json.ts'
import { updatesMarkdown } from '../report/updates-markdown.ts'
import { updatesText, type AppliedFile } from '../report/updates.ts'
import type { ReviewTools } from '../review-pull-request.ts'
import { reviewProposals } from '../review-proposals.ts'
import { isWaiting } from '../versions/proposal.ts'
import type { UpdatesCommand } from './arguments.ts'
import { openTree, prepare, repositoryOf, todayOf } from './open.ts'
import type { Context, ExitCode, Outcome } from './run.ts'

/** Where versions and signatures are asked for. */
export interface UpdateSources extends Pick<UpdateTools, 'source' | 'assurance'> {
  /** what registries wanted to be shown; never acted on */
  warnings?: () => string[]
}

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
  const { config, tools } = await prepareOrSay(command, tree, context)
  const { entries } = command
  const applied = 'refusal' in tools ? undefined : await appliedFiles({ tree, config, entries }, tools)
  const asked = sources ?? (await sourcesOf(config, context))
  const proposed = await proposeUpdates(
    {
      tree,
      config: config.updates,
      allow: command.allow,
      now: io.now().toISOString(),
      ...(applied === undefined ? {} : { applied }),
    },
    { ...asked, progress },
  )
  for (const warning of asked.warnings?.() ?? []) progress(warning)
  const revision = { ref: command.ref ?? 'work tree' }
  const proposals = await reviewProposals(
    proposed.proposals,
    { tree, revision, config, entries, work, allow: command.allow },
    tools,
  )
  const reviewed = { ...proposed, proposals }
  const written = command.apply
    ? await apply(reviewed, opened.tree, await rootOf(command, context))
    : undefined
  return { output: print(reviewed, written, command, context), exitCode: exitCodeOf(reviewed, written) }
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

async function sourcesOf({ chartHosts }: Config, { io, progress }: Context): Promise<UpdateSources> {
  const { credentials, problems } = await registryCredentials(io.env)
  for (const problem of problems) progress(problem)
  const outbound = new Outbound({ allowHosts: chartHosts })
  const cache = cacheDirectory(io.env)
  const registry = new OciRegistry(outbound, credentials)
  const repositories = new HelmRepositories(outbound, chartCache(path.join(cache, 'charts')), credentials)
  const root = new SigstoreRoot({ cachePath: path.join(cache, 'sigstore') })
  return {
    source: registryVersions(registry, repositories),
    assurance: {
      signatures: cosignSignatures(registry, new SigstoreVerifier(root)),
      firstSeen: firstSeenFile(path.join(cache, 'first-seen')),
    },
    warnings: () =>
      [...registry.warnings].flatMap(([host, texts]) => [...texts].map(text => `${host} says: ${text}`)),
  }
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
