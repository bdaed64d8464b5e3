import { execute } from '../src/adapters/exec.ts'
import { readPlan } from '../src/updates/plan-json.ts'
import type { UpdatePlan } from '../src/updates/wanted-update.ts'
import { COMMAND_LINE, HEAP_MIB, lastWords, NotReviewed, OUTPUT_LIMIT } from './review-process.ts'

/** Looks for updates in a commit of a bare repository, in a process of its own. */
export type UpdateProcess = (
  call: { directory: string; base: string; requested: readonly string[] },
  signal: AbortSignal,
) => Promise<UpdatePlan>

/**
 * The command line looks: a process without a token in its environment, arguments or files, with limits of time, memory and output.
 * What it says is read field by field.
 */
export function updateProcess(options: {
  env: Readonly<Record<string, string | undefined>>
  cache: string
  seconds: number
}): UpdateProcess {
  return async ({ directory, base, requested }, signal) => {
    const args = [
      `--max-old-space-size=${HEAP_MIB}`,
      COMMAND_LINE,
      'updates',
      '--repo',
      directory,
      '--ref',
      base,
      ...requested.flatMap(id => ['--allow', id]),
      '--output',
      'plan',
    ]
    const { stdout, stderr, stopped } = await execute(process.execPath, args, {
      cwd: directory,
      env: {
        PATH: options.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
        HOME: options.cache,
        XDG_CACHE_HOME: options.cache,
        NO_COLOR: '1',
      },
      timeoutMs: options.seconds * 1000,
      maxOutput: OUTPUT_LIMIT,
      limit: true,
      graceMs: 3000,
      signal,
    })
    signal.throwIfAborted()
    if (stopped === 'timeout')
      throw new NotReviewed(`Looking for updates was stopped: it took longer than ${options.seconds} s.`)
    const text = stdout.toString('utf8')
    if (text.trimStart().startsWith('{')) return readPlan(text)
    throw new NotReviewed(lastWords(stderr))
  }
}
