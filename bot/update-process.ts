import { readPlan } from '../src/updates/plan-json.ts'
import type { UpdatePlan } from '../src/updates/wanted-update.ts'
import { runCommandLine, type CommandLineOptions } from './command-line.ts'

/** Looks for updates in a commit of a bare repository, in a process of its own. */
export type UpdateProcess = (
  call: { directory: string; base: string; requested: readonly string[] },
  signal: AbortSignal,
) => Promise<UpdatePlan>

/** The command line looks, and what it says is read field by field. */
export function updateProcess(options: CommandLineOptions): UpdateProcess {
  return async ({ directory, base, requested }, signal) => {
    const asked = requested.flatMap(id => ['--allow', id])
    const args = ['updates', '--repo', directory, '--ref', base, ...asked, '--output', 'plan']
    return readPlan(await runCommandLine('The search for updates', args, directory, options, signal))
  }
}
