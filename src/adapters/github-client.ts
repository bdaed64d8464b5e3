import { Octokit } from 'octokit'
import { wholeAnswer } from './whole-answer.ts'

/** The part of Octokit that the adapters use; Probot's `context.octokit` and the action's client both have it. */
export type GitHubClient = Pick<Octokit, 'rest' | 'paginate' | 'graphql'>

export interface ClientOptions {
  token: string
  /** 'https://api.github.com', or GITHUB_API_URL on GitHub Enterprise */
  baseUrl: string
  /** one line for the log: a wait, a retry */
  log: (message: string) => void
  /** @param milliseconds how long to wait before the request is sent again */
  wait?: (milliseconds: number) => Promise<void>
  /** milliseconds since 1970 */
  now?: () => number
  fetch?: typeof fetch
  /** how long an answer may take */
  answerMs?: number
  /** how often a request that met a server error, or no answer, is sent again */
  retries?: number
  /** false: not where it writes, which GitHub may have done, and would do twice; who asks looks first, and asks again */
  repeatsWriting?: boolean
  /** longest wait for a rate limit that is taken here; beyond it the error is thrown (`secondsToWait`) */
  longestWaitSeconds?: number
  /** told of every answer: 'POST /repos/{owner}/{repo}/check-runs', and what is left of the rate limit */
  observe?: (call: { route: string; status: number; remaining?: number }) => void
}

/** Longest wait for a rate limit: a job of a workflow is paid by the minute, and the report can be made again. */
const LONGEST_WAIT_SECONDS = 120
const MOST_WAITS = 3
const RETRIES = 3
const HOUR_SECONDS = 3600

/**
 * A client of GitHub's REST and GraphQL API: repeats what failed with a server error, and waits for rate
 * limits as GitHub's documentation asks ("Best practices for using the REST API": `retry-after`, else
 * `x-ratelimit-reset`). plugin-throttling would do the latter, but it also lays a second or more between any two writes
 * of a process, for clients that write in bulk; a review makes two or three. plugin-retry would do the former, but it does
 * not heed the `retry-after` of a server error (8.1.1, src/error-request.ts).
 */
export function createClient(options: ClientOptions): GitHubClient {
  const wait =
    options.wait ?? (async milliseconds => await new Promise(done => setTimeout(done, milliseconds)))
  const now = options.now ?? Date.now
  const client = new Octokit({
    auth: options.token,
    baseUrl: options.baseUrl.replace(/\/$/, ''),
    userAgent: 'cnpg-steward',
    throttle: { enabled: false },
    retry: { enabled: false },
    log: { debug: () => undefined, info: () => undefined, warn: options.log, error: () => undefined },
    request: { fetch: wholeAnswer(options.fetch, options.answerMs) },
  })
  const most = options.retries ?? RETRIES
  const longest = options.longestWaitSeconds ?? LONGEST_WAIT_SECONDS
  const observe = (
    { method, url }: { method: string; url: string },
    status: number,
    headers: { [name: string]: unknown },
  ): void => {
    const remaining = headers['x-ratelimit-remaining']
    options.observe?.({
      route: `${method} ${url.replace(options.baseUrl, '')}`,
      status,
      ...(remaining === undefined ? {} : { remaining: Number(remaining) }),
    })
  }
  client.hook.wrap('request', async (request, parameters) => {
    for (let waits = 0, retries = 0; ;) {
      try {
        const response = await request(parameters)
        observe(parameters, response.status, response.headers)
        return response
      } catch (error) {
        observe(parameters, answered(error) ? (statusOf(error) ?? 0) : 0, headersOf(error))
        const limit = secondsToWait(error, now())
        const repeatable = parameters.method === 'GET' || (options.repeatsWriting ?? true)
        const again =
          limit === undefined ? repeatable && isPassing(error) && retries < most : waits < MOST_WAITS
        const seconds = limit ?? (retries + 1) ** 2
        if (!again || seconds > longest) throw unlessEmpty(error, parameters.method)
        if (limit === undefined) retries += 1
        else waits += 1
        options.log(
          `${limit === undefined ? 'GitHub fails' : "GitHub's rate limit is reached"}; waiting ${seconds} s`,
        )
        await wait(seconds * 1000)
      }
    }
  })
  return client
}

/** plugin-paginate-rest takes a 409 for the end of a list (14.0.0, src/iterator.ts): an error without a status it lets through. */
function unlessEmpty(error: unknown, method: string): unknown {
  if (method !== 'GET' || statusOf(error) !== 409 || !(error instanceof Error)) return error
  return new Error(`GitHub meets a conflict (409): ${error.message}`, { cause: error })
}

/** The HTTP status of an error that GitHub answered with; `undefined` for any other error. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined
}

/**
 * True where the token may not do what was asked: 401, or 403 that is no rate limit, or 404, which GitHub gives instead
 * where a token may not even know.
 */
export function isRefused(error: unknown): boolean {
  const status = statusOf(error)
  return status === 401 || status === 404 || (status === 403 && secondsToWait(error, 0) === undefined)
}

/**
 * The login that comments made with this token carry: 'github-actions[bot]', 'some-app[bot]', or a person's.
 * GraphQL's viewer answers for tokens of apps too, where REST's GET /user is refused (it is what `gh auth status` asks).
 */
export async function ownLogin(client: GitHubClient): Promise<string> {
  const { viewer } = await client.graphql<{ viewer: { login: string } }>('query { viewer { login } }')
  return viewer.login
}

/**
 * True for what may be otherwise a moment later: a server error, no answer or half of one, a conflict. Octokit gives what
 * had no answer the status 500.
 */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error)
  return status !== undefined && (status >= 500 || status === 408 || status === 409)
}

/**
 * Seconds that GitHub asks to wait, an hour at most; `undefined` where it does not.
 * @param now milliseconds since 1970, where the answer has no date; GitHub's own clock goes before ours
 */
export function secondsToWait(error: unknown, now: number): number | undefined {
  const status = statusOf(error)
  if (status === undefined || !(status === 403 || status === 429 || status >= 500)) return undefined
  const headers = headersOf(error)
  const date = Date.parse(headers.date ?? '')
  const limits = status >= 500 ? { 'retry-after': headers['retry-after'] } : headers
  const asked = waitOf(limits, Number.isNaN(date) ? now : date)
  if (asked !== undefined) return Math.min(Math.max(1, Math.ceil(asked)), HOUR_SECONDS)
  // a secondary limit without headers: "wait for at least one minute"
  const limited = status === 429 || (error instanceof Error && /secondary rate limit/i.test(error.message))
  return limited ? 60 : undefined
}

function waitOf(headers: Record<string, string | undefined>, now: number): number | undefined {
  const after = headers['retry-after']?.trim() ?? ''
  // in seconds, or as a date (RFC 9110, 10.2.3)
  if (/^\d+$/.test(after)) return Number(after)
  const until = Date.parse(after)
  if (!Number.isNaN(until)) return (until - now) / 1000
  const reset = headers['x-ratelimit-reset'] ?? ''
  // the reset is cut off to whole seconds
  return headers['x-ratelimit-remaining'] === '0' && /^\d+$/.test(reset)
    ? Number(reset) - now / 1000 + 1
    : undefined
}

function answered(error: unknown): boolean {
  return error instanceof Error && 'response' in error && error.response !== undefined
}

function headersOf(error: unknown): Record<string, string | undefined> {
  const response = error instanceof Error && 'response' in error ? error.response : undefined
  return response !== null && typeof response === 'object' && 'headers' in response
    ? // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Octokit's RequestError declares them so
      (response.headers as Record<string, string | undefined>)
    : {}
}
