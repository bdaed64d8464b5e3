/** GitHub answers within ten seconds or with a server error ("Timeouts" of its REST API); the rest is the way. */
const ANSWER_MS = 30_000
const WITHOUT_BODY = new Set([101, 204, 205, 304])

/**
 * A `fetch` whose answers are there as a whole and in time, or fail. Octokit takes what it has of a body that was cut off for the
 * answer (@octokit/request 10, getResponseData), and an empty list of comments for a pull request without any.
 * @param milliseconds for the answer and its body together
 */
export function wholeAnswer(send: typeof fetch = fetch, milliseconds = ANSWER_MS): typeof fetch {
  return async (input, init) => {
    const limit = AbortSignal.timeout(milliseconds)
    const given = init?.signal ?? undefined
    const signal = given === undefined ? limit : AbortSignal.any([given, limit])
    try {
      const answer = await send(input, { ...init, signal })
      const body = await answer.arrayBuffer()
      const { status, statusText, headers, url } = answer
      const whole = new Response(WITHOUT_BODY.has(status) ? null : body, { status, statusText, headers })
      return Object.defineProperty(whole, 'url', { value: url })
    } catch (cause) {
      if (!limit.aborted) throw cause
      throw new Error(`no answer within ${Math.round(milliseconds / 1000)} s`, { cause })
    }
  }
}
