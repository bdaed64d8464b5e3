import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createClient,
  type ClientOptions,
  isPassing,
  isRefused,
  secondsToWait,
  statusOf,
} from '../../src/adapters/github-client.ts'

const NOW = Date.UTC(2026, 0, 1)
const COMMENTS = { owner: 'acme', repo: 'fleet', issue_number: 1 }
const LIST = JSON.stringify([{ id: 1, body: 'one' }])

/** What GitHub does with one request after the other; the last is done with all that follow. */
let answers: ((response: ServerResponse) => void)[]
let requests = 0
let waits: number[]
let seen: number[]
const server = createServer((_request, response) => {
  requests += 1
  ;(answers.length > 1 ? answers.shift() : answers[0])?.(response)
})
beforeEach(async () => {
  ;[answers, requests, waits, seen] = [[], 0, [], []]
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

function answer(status: number, body = LIST, headers: Record<string, string> = {}) {
  return (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}
const fine = answer(200)
const message = (text: string): string => JSON.stringify({ message: text })

function client(options: Partial<ClientOptions> = {}) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on TCP has an address with a port
  const { port } = server.address() as AddressInfo
  return createClient({
    token: 'x',
    baseUrl: `http://127.0.0.1:${port}`,
    log: () => undefined,
    now: () => NOW,
    wait: async milliseconds => void waits.push(milliseconds),
    observe: ({ status }) => void seen.push(status),
    longestWaitSeconds: 120,
    ...options,
  })
}

async function list(options: Partial<ClientOptions> = {}) {
  const made = client(options)
  return await made.paginate(made.rest.issues.listComments, COMMENTS)
}

/** Writes to a GitHub that fails once. @returns how many requests that takes */
async function write(repeatsWriting: boolean): Promise<number> {
  answers = [answer(502, message('Bad Gateway')), answer(201, '{}')]
  requests = 0
  await client({ repeatsWriting })
    .rest.issues.createComment({ ...COMMENTS, body: 'x' })
    .catch(() => undefined)
  return requests
}

describe('a request to GitHub', () => {
  const at = (seconds: number): string => String(NOW / 1000 + seconds)
  const date = new Date(NOW + 3600_000).toUTCString()
  it.each<[string, number, string, Record<string, string>, number[]]>([
    ['a server error', 502, '', {}, [1]],
    ['a server error that asks for time', 503, '', { 'retry-after': '7' }, [7]],
    [
      'a server error at the end of the limit',
      500,
      '',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': at(50) },
      [1],
    ],
    ['a conflict', 409, message('Conflict'), {}, [1]],
    [
      'a secondary limit',
      403,
      message('You have exceeded a secondary rate limit'),
      { 'retry-after': '5' },
      [5],
    ],
    ['a secondary limit without a time', 403, message('You have exceeded a secondary rate limit'), {}, [60]],
    ['too many requests', 429, message('Too many'), {}, [60]],
    [
      'too many requests, until a date',
      429,
      '',
      { 'retry-after': new Date(NOW + 3630_000).toUTCString(), date },
      [30],
    ],
    [
      'the primary limit',
      403,
      '',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': at(3630), date },
      [31],
    ],
    [
      'a limit that is over',
      403,
      '',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': at(-99), date },
      [1],
    ],
  ])('that meets %s (%i) is sent again', async (_name, status, body, headers, expected) => {
    answers = [answer(status, body, { date: new Date(NOW).toUTCString(), ...headers }), fine]
    expect(await list()).toHaveLength(1)
    expect(waits).toEqual(expected.map(seconds => seconds * 1000))
    expect(seen).toEqual([status, 200])
  })

  it.each<[string, (response: ServerResponse) => void]>([
    ['is lost', response => response.destroy()],
    [
      'is cut off',
      response => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': LIST.length })
        response.write(LIST.slice(0, 5), () => response.destroy())
      },
    ],
    ['does not come', () => undefined],
    [
      'stops in the middle',
      response =>
        void response.writeHead(200, { 'content-type': 'application/json' }).write(LIST.slice(0, 5)),
    ],
  ])('whose answer %s is sent again, and never taken for an empty one', async (_name, fault) => {
    answers = [fault, fine]
    expect(await list({ answerMs: 300 })).toHaveLength(1)
    expect([waits, seen]).toEqual([[1000], [0, 200]])
    answers = [fault]
    const failure: unknown = await list({ answerMs: 100 }).catch((error: unknown) => error)
    expect(isPassing(failure)).toBe(true)
    expect(isRefused(failure)).toBe(false)
  })

  it.each([400, 401, 403, 404, 410, 422, 451])('that is answered %i is not sent again', async status => {
    answers = [answer(status, message('No'))]
    const failure: unknown = await list().catch((error: unknown) => error)
    expect([statusOf(failure), requests, waits]).toEqual([status, 1, []])
    expect(isPassing(failure)).toBe(false)
  })

  it('that writes something is sent again by the client only where it is told to', async () => {
    expect([await write(true), await write(false)]).toEqual([2, 1])
  })

  it('of a list that meets nothing but conflicts is no empty list', async () => {
    answers = [answer(409, message('Conflict'))]
    await expect(list()).rejects.toThrow('conflict (409)')
  })

  it('is not sent for ever, and a long limit is left to who asked', async () => {
    answers = [answer(500, message('Server Error'))]
    await expect(list()).rejects.toThrow('Server Error')
    expect(waits).toEqual([1000, 4000, 9000])
    answers = [answer(429, '', { 'retry-after': '600' })]
    const failure: unknown = await list().catch((error: unknown) => error)
    expect([secondsToWait(failure, NOW), waits.length]).toEqual([600, 3])
    answers = [answer(429, '', { 'retry-after': '999999999' })]
    expect(secondsToWait(await list().catch((error: unknown) => error), NOW)).toBe(3600)
  })
})
