import { readReview } from '../src/report/read-review.ts'
import type { Review } from '../src/report/review.ts'
import { NotReviewed, runCommandLine, type CommandLineOptions } from './command-line.ts'

/** Reviews two commits of a bare repository in a process of its own. */
export type ReviewProcess = (
  call: { directory: string; base: string; head: string },
  signal: AbortSignal,
) => Promise<Review>

/** The command line reviews, and what it says is read field by field. */
export function reviewProcess(options: CommandLineOptions): ReviewProcess {
  return async ({ directory, base, head }, signal) => {
    const args = ['review', '--repo', directory, '--base', base, '--head', head, '--output', 'json']
    return read(await runCommandLine('The review', args, directory, options, signal))
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
