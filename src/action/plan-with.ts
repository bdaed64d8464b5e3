import { GitProblem, openRepository } from '../adapters/git.ts'
import { openUpdateSources } from '../adapters/update-sources.ts'
import { BaseWork } from '../base-work.ts'
import { decisionsOf } from '../decisions.ts'
import { lookForUpdates } from '../look-for-updates.ts'
import { planUpdates } from '../plan-updates.ts'
import type { ActionTools, Environment } from './run.ts'
import { openTools } from './wiring.ts'

/** Looks for updates in a commit of the checkout, over the real registries and tools. */
export function planWith(env: Environment, log: (message: string) => void): ActionTools['plan'] {
  return async ({ directory, base, requested, inputs }) => {
    await using repository = await openRepository(directory, { env })
    const tree = await present(repository.tree(base))
    if (tree === undefined) return undefined
    const config = await decisionsOf(tree, {}, inputs.config)
    const tools = await openTools({ directory, config, inputs, env, log })
    const now = new Date().toISOString()
    const work = new BaseWork(tree)
    const reviewed = await lookForUpdates(
      {
        work,
        revision: { ref: base.slice(0, 7), commit: base },
        config,
        entries: inputs.entries,
        allow: [...requested],
        now,
      },
      await openUpdateSources({ env, chartHosts: config.chartHosts, progress: log }),
      { ...tools, clock: () => performance.now(), today: now.slice(0, 10), progress: log },
    )
    return await planUpdates(reviewed, { tree: work.tree, base, config: config.updates, now })
  }
}

/** @returns undefined where the checkout does not have the commit: the branch has moved since */
async function present<T>(tree: Promise<T>): Promise<T | undefined> {
  try {
    return await tree
  } catch (error) {
    if (error instanceof GitProblem && error.reason === 'unknown-ref') return undefined
    throw error
  }
}
