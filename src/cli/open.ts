import path from 'node:path'
import { directoryTree } from '../adapters/directory-tree.ts'
import { GitProblem, openRepository, type Repository } from '../adapters/git.ts'
import { openToolbox, type Toolbox } from '../adapters/toolbox.ts'
import type { Config } from '../config/config.ts'
import { decisionsOf, type Overrides } from '../decisions.ts'
import type { Tree } from '../manifest/tree.ts'
import type { Rendering } from './arguments.ts'
import type { Context } from './run.ts'

/** The repository that a command names, or the one around the working directory. @throws GitProblem */
export async function repositoryOf(command: Pick<Rendering, 'repo'>, { io }: Context): Promise<Repository> {
  return command.repo === undefined
    ? await openRepository(io.cwd, { env: io.env })
    : await openRepository(resolvePath(io.cwd, command.repo), { env: io.env, exact: true })
}

/**
 * The one tree that render and validate look at: a commit, the work tree, or a directory that is no repository.
 * @throws GitProblem where a commit is asked for and there is no repository
 */
export async function openTree(
  command: Pick<Rendering, 'repo'> & { ref?: string },
  context: Context,
): Promise<{ tree: Tree } & AsyncDisposable> {
  try {
    const repository = await repositoryOf(command, context)
    const bare = repository.isBare ? 'HEAD' : undefined
    const ref = command.ref ?? bare
    const tree = ref === undefined ? await repository.workTree() : await repository.tree(ref)
    return { tree, [Symbol.asyncDispose]: async () => await repository[Symbol.asyncDispose]() }
  } catch (error) {
    const notGit = error instanceof GitProblem && ['no-git', 'not-a-repository'].includes(error.reason)
    if (!notGit || command.ref !== undefined) throw error
    const directory = resolvePath(context.io.cwd, command.repo ?? '.')
    return { tree: directoryTree(directory), [Symbol.asyncDispose]: async () => undefined }
  }
}

/** Configuration of a trusted tree, and the tools it allows. @throws ConfigurationError, ToolMissing */
export async function prepare(
  command: Rendering & { cnpgVersion?: string },
  trusted: Tree,
  { io, progress }: Context,
): Promise<{ config: Config } & Toolbox> {
  const overrides: Overrides = {
    ...(command.fluxVersion === undefined ? {} : { fluxVersion: command.fluxVersion }),
    ...(command.kubernetesVersion === undefined ? {} : { kubernetesVersion: command.kubernetesVersion }),
    ...(command.cnpgVersion === undefined ? {} : { cnpgVersion: command.cnpgVersion }),
  }
  const config = await decisionsOf(trusted, overrides)
  const toolbox = await openToolbox({
    env: io.env,
    cwd: io.cwd,
    platform: io.platform,
    offline: command.offline,
    chartHosts: config.chartHosts,
    progress,
    ...(command.kustomize === undefined ? {} : { kustomize: command.kustomize }),
    ...(command.helm === undefined ? {} : { helm: command.helm }),
  })
  return { config, ...toolbox }
}

/** '2026-11-26', in UTC */
export function todayOf({ io }: Context): string {
  return io.now().toISOString().slice(0, 10)
}

function resolvePath(cwd: string, directory: string): string {
  return path.resolve(cwd, directory)
}
