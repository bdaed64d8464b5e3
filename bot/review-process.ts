import path from 'node:path'
import { execute } from '../src/adapters/exec.ts'
import { readReview } from '../src/report/read-review.ts'
import type { Review } from '../src/report/review.ts'

/** Reviews two commits of a bare repository in a process of its own. */
export type ReviewProcess = (
  call: { directory: string; base: string; head: string },
  signal: AbortSignal,
) => Promise<Review>

/** The review came to no end: a limit, or a configuration that cannot be read. `message` is for the people of the pull request. */
export class NotReviewed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotReviewed'
  }
}

export interface ReviewProcessOptions {
  /** PATH is taken from it, nothing else */
  env: Readonly<Record<string, string | undefined>>
  /** where rendered output and charts are kept from run to run */
  cache: string
  seconds: number
  /** the command line's entry, for tests that have another */
  program?: string
}

export const COMMAND_LINE = path.join(import.meta.dirname, '../src/cli/main.ts')
export const HEAP_MIB = 1024
export const OUTPUT_LIMIT = 64 * 1024 * 1024

/**
 * The command line reviews: a process without a token in its environment, arguments or files, with limits of time, memory
 * and output. A repository that breaks one ends its own review and nothing else.
 */
export function reviewProcess(options: ReviewProcessOptions): ReviewProcess {
  return async ({ directory, base, head }, signal) => {
    const program = options.program ?? COMMAND_LINE
    const args = [
      `--max-old-space-size=${HEAP_MIB}`,
      program,
      'review',
      '--repo',
      directory,
      '--base',
      base,
      '--head',
      head,
      '--output',
      'json',
    ]
    const {
      code,
      signal: killed,
      stdout,
      stderr,
      stopped,
    } = await execute(process.execPath, args, {
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
      throw new NotReviewed(`The review was stopped: it took longer than ${options.seconds} s.`)
    if (stopped === 'output') throw new NotReviewed('The review was stopped: it is larger than 64 MiB.')
    if (killed !== undefined || code === 134)
      throw new NotReviewed('The review was stopped: it needs more memory than a review may have here.')
    const text = stdout.toString('utf8')
    // 2 stands for a review with an unknown part as well as for none at all
    if (text.trimStart().startsWith('{')) return read(text)
    throw new NotReviewed(lastWords(stderr))
  }
}

/** The same review is as large the next time: that ends it, with the limit that it breaks. @throws NotReviewed */
function read(text: string): Review {
  try {
    return readReview(text)
  } catch (error) {
    const limit = error instanceof Error ? error.message : String(error)
    throw new NotReviewed(`The review was made, but is larger than a report can be: ${limit}.`)
  }
}

/** What the command line said, without its progress and paths of this machine. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .filter(line => line.trim() !== '' && !/^\s+at /.test(line))
    .slice(-5)
  return lines.length === 0 ? 'The review ended without a word.' : lines.join(' ').slice(0, 1000)
}
