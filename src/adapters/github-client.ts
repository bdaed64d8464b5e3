import { Octokit } from 'octokit'

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
  /** longest wait for a rate limit that is taken here; beyond it the error is thrown (`secondsToWait`) */
  longestWaitSeconds?: number
  /** told of every answer: 'POST /repos/{owner}/{repo}/check-runs', and what is left of the rate limit */
  observe?: (call: { route: string; status: number; remaining?: number }) => void
}

/** Longest wait for a rate limit: a job of a workflow is paid by the minute, and the report can be made again. */
const LONGEST_WAIT_SECONDS = 120
const MOST_WAITS = 3

/**
 * A client of GitHub's REST and GraphQL API: repeats what failed with a server error (plugin-retry), and waits for rate
 * limits as GitHub's documentation asks ("Best practices for using the REST API": `retry-after`, else
 * `x-ratelimit-reset`). plugin-throttling would do the latter, but it also lays a second or more between any two writes
 * of a process, for clients that write in bulk; a review makes two or three.
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
    // the list of plugin-retry, and 429, which is waited for below
    retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
    log: { debug: () => undefined, info: () => undefined, warn: options.log, error: () => undefined },
    ...(options.fetch === undefined ? {} : { request: { fetch: options.fetch } }),
  })
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
    for (let waits = 0; ; waits++) {
      try {
        const response = await request(parameters)
        observe(parameters, response.status, response.headers)
        return response
      } catch (error) {
        observe(parameters, statusOf(error) ?? 0, headersOf(error))
        const seconds = secondsToWait(error, now())
        if (seconds === undefined || seconds > longest || waits === MOST_WAITS) throw error
        options.log(`GitHub's rate limit is reached; waiting ${seconds} s`)
        await wait(seconds * 1000)
      }
    }
  })
  return client
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

/** Seconds that GitHub asks to wait; `undefined` where the error is no rate limit. @param now milliseconds since 1970 */
export function secondsToWait(error: unknown, now: number): number | undefined {
  const status = statusOf(error)
  if (status !== 403 && status !== 429) return undefined
  const headers = headersOf(error)
  const retryAfter = Number(headers['retry-after'])
  if (headers['retry-after'] !== undefined && Number.isFinite(retryAfter)) return retryAfter
  if (headers['x-ratelimit-remaining'] === '0') {
    const reset = Number(headers['x-ratelimit-reset'])
    return Math.max(1, Math.ceil(reset - now / 1000) + 1)
  }
  // a secondary limit without retry-after: "wait for at least one minute"
  return error instanceof Error && /secondary rate limit/i.test(error.message) ? 60 : undefined
}

function headersOf(error: unknown): Record<string, string | undefined> {
  const response = error instanceof Error && 'response' in error ? error.response : undefined
  return response !== null && typeof response === 'object' && 'headers' in response
    ? // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Octokit's RequestError declares them so
      (response.headers as Record<string, string | undefined>)
    : {}
}
