import { secondsToWait, statusOf } from '../src/adapters/github-client.ts'
import { FailedForGood, GivenUp, Later } from './attempt.ts'

/** Of the client's refusals these may be otherwise at the next try; 401: the token is made anew. */
const PASSING = new Set([401, 408, 409])

/**
 * What a failure of a job means for its queue, in words that whoever runs the bot can act on; the error itself is the cause.
 * @param now milliseconds since 1970
 * @returns Later where GitHub asks to wait; FailedForGood where another try is of no use
 */
export function failureOf(error: unknown, now: number): unknown {
  if (error instanceof GivenUp || error instanceof Later || error instanceof FailedForGood) return error
  const seconds = secondsToWait(error, now)
  if (seconds !== undefined) {
    const server = (statusOf(error) ?? 0) >= 500
    return new Later(seconds, server ? 'GitHub asks to wait' : "GitHub's rate limit is reached")
  }
  if (!(error instanceof Error)) return error
  const status = statusOf(error)
  const cause = { cause: error }
  if (status === undefined) {
    const words = localTrouble(error)
    return words === undefined ? error : new Error(`${words}: ${error.message}`, cause)
  }
  const what = `${requestOf(error)}: ${error.message}`
  if (status >= 500)
    return new Error(
      'response' in error && error.response !== undefined
        ? `GitHub fails (${status}), see https://www.githubstatus.com; ${what}`
        : `GitHub does not answer, or not to the end: is it reached from here? ${what}`,
      cause,
    )
  const words = refusal(status)
  return PASSING.has(status)
    ? new Error(`${words} ${what}`, cause)
    : new FailedForGood(`${words} ${what}`, cause)
}

function refusal(status: number): string {
  switch (status) {
    case 401:
      return "GitHub does not accept the app's credentials (401): are APP_ID and PRIVATE_KEY of one app, and is the clock of this machine right?"
    case 403:
    case 404:
      return `GitHub refuses (${status}): the app lacks a permission (docs/bot.md lists them), or it is not installed there any more;`
    case 409:
      return 'GitHub meets a conflict (409);'
    default:
      return `GitHub does not take a request of the bot's (${status}), which is a bug of it: report`
  }
}

/** Trouble of this machine, or of what it fetches. */
function localTrouble({ message }: Error): string | undefined {
  if (isDiskFull(message)) return 'The disk is full: make room for DATA_DIR, or lower MIRROR_MIB'
  if (/git fetch/.test(message) && /error: 40[13]|Authentication failed|not found/i.test(message))
    return 'GitHub gives no content: the app needs the permission "contents: read", and the repository has to be there'
  if (/git fetch/.test(message)) return 'Fetching from GitHub failed'
  return undefined
}

/** ENOSPC of Node, of git, and of PostgreSQL. */
export function isDiskFull(message: string): boolean {
  return /ENOSPC|No space left on device|EDQUOT|Disk quota exceeded/i.test(message)
}

/** 'POST /repos/acme/fleet/check-runs', of Octokit's error. */
function requestOf(error: Error): string {
  const request = 'request' in error ? error.request : undefined
  if (typeof request !== 'object' || request === null) return 'a request'
  const method = 'method' in request ? String(request.method) : ''
  const url = 'url' in request ? URL.parse(String(request.url)) : null
  return `${method} ${url?.pathname ?? ''}`.trim()
}
