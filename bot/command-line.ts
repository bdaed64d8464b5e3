import path from 'node:path'
import { execute } from '../src/adapters/exec.ts'

/** The work came to no end: a limit, or a configuration that cannot be read. `message` is for the people of the pull request. */
export class NotReviewed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotReviewed'
  }
}

export interface CommandLineOptions {
  /** PATH is taken from it, nothing else */
  env: Readonly<Record<string, string | undefined>>
  /** where rendered output and charts are kept from run to run */
  cache: string
  seconds: number
  /** the command line's entry, for tests that have another */
  program?: string
}

const COMMAND_LINE = path.join(import.meta.dirname, '../src/cli/main.ts')
const HEAP_MIB = 1024
const OUTPUT_LIMIT = 64 * 1024 * 1024

/**
 * What the command line says of commits of a bare repository, as JSON: a process without a token in its environment, arguments or
 * files, with limits of time, memory and output. A repository that breaks one ends its own work and nothing else.
 * @param what the work, as a sentence begins: 'The review'
 * @throws NotReviewed where it comes to no end, or says no JSON
 */
export async function runCommandLine(
  what: string,
  args: readonly string[],
  directory: string,
  options: CommandLineOptions,
  signal: AbortSignal,
): Promise<string> {
  const program = options.program ?? COMMAND_LINE
  const command = [`--max-old-space-size=${HEAP_MIB}`, program, ...args]
  const {
    code,
    signal: killed,
    stdout,
    stderr,
    stopped,
  } = await execute(process.execPath, command, {
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
    throw new NotReviewed(`${what} was stopped: it took longer than ${options.seconds} s.`)
  if (stopped === 'output') throw new NotReviewed(`${what} was stopped: it is larger than 64 MiB.`)
  if (killed !== undefined || code === 134)
    throw new NotReviewed(`${what} was stopped: it needs more memory than it may have here.`)
  const text = stdout.toString('utf8')
  // 2 stands for a result with an unknown part as well as for none at all
  if (text.trimStart().startsWith('{')) return text
  throw new NotReviewed(lastWords(what, stderr))
}

/** What the command line said, without its progress and paths of this machine. */
function lastWords(what: string, stderr: string): string {
  const lines = stderr
    .split('\n')
    .filter(line => line.trim() !== '' && !/^\s+at /.test(line))
    .slice(-5)
  return lines.length === 0 ? `${what} ended without a word.` : lines.join(' ').slice(0, 1000)
}
