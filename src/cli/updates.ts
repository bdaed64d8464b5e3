import path from 'node:path'
import { chartCache } from '../adapters/chart-cache.ts'
import { readOrNothing, writeWhole } from '../adapters/whole-file.ts'
import { HelmRepositories } from '../adapters/helm-repository.ts'
import { OciRegistry } from '../adapters/oci-registry.ts'
import { Outbound } from '../adapters/outbound.ts'
import { registryVersions } from '../adapters/registry-versions.ts'
import { cacheDirectory } from '../adapters/tools.ts'
import { decisionsOf } from '../decisions.ts'
import { editUpdates } from '../edit-updates.ts'
import type { Tree } from '../manifest/tree.ts'
import { proposeUpdates } from '../propose-updates.ts'
import { updatesJson, updatesText, type AppliedFile } from '../report/updates.ts'
import type { ProposedUpdates } from '../versions/reference-update.ts'
import type { VersionSource } from '../versions/version-source.ts'
import type { UpdatesCommand } from './arguments.ts'
import { openTree, repositoryOf } from './open.ts'
import type { Context, Outcome } from './run.ts'

/**
 * `updates`: what could be updated; `--apply` writes it to the work tree. Exit code 2 where nothing at all could be asked, or a
 * file was not written.
 * @param source where versions are asked for; the registries and repositories themselves by default
 */
export async function updates(
  command: UpdatesCommand,
  context: Context,
  source?: VersionSource,
): Promise<Outcome> {
  await using opened = await openTree(command, context)
  const { tree } = opened
  const { io, progress } = context
  const config = await decisionsOf(tree, {})
  const request = { tree, config: config.updates, allow: command.allow, now: io.now().toISOString() }
  const proposed = await proposeUpdates(request, {
    source: source ?? (await sourceOf(tree, io.env)),
    progress,
  })
  const applied = command.apply ? await apply(proposed, tree, await rootOf(command, context)) : undefined
  const asked = proposed.updates.filter(
    ({ reference, held }) => reference.current.version !== undefined && held.length === 0,
  )
  const isBlind = asked.length > 0 && asked.every(({ unknown }) => unknown !== undefined)
  const isUnwritten = applied?.some(({ refused }) => refused !== undefined) === true
  return {
    output: command.output === 'json' ? updatesJson(proposed, applied) : updatesText(proposed, applied),
    exitCode: isBlind || isUnwritten ? 2 : 0,
  }
}

async function sourceOf(tree: Tree, env: Context['io']['env']): Promise<VersionSource> {
  const config = await decisionsOf(tree, {})
  const outbound = new Outbound({ allowHosts: config.chartHosts })
  const cache = chartCache(path.join(cacheDirectory(env), 'charts'))
  return registryVersions(new OciRegistry(outbound), new HelmRepositories(outbound, cache))
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

/** Writes each file that still is what was read; all edits of a file or none. */
async function apply(proposed: ProposedUpdates, tree: Tree, root: string): Promise<AppliedFile[]> {
  const applied: AppliedFile[] = []
  for (const edited of await editUpdates(proposed.updates, tree)) {
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
