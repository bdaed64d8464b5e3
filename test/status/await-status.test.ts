import { describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../../src/adapters/parameter-catalogs.ts'
import { awaitStatus } from '../../src/await-status.ts'
import type { Answer, KubernetesReader } from '../../src/status/reader.ts'
import { recordedAnswer } from './api-server.ts'
import { recording } from './recordings.ts'

const catalogs = openParameterCatalogs()

/** What the API answers from a second on: a state that was recorded, or nothing at all. */
type Act = [from: number, state: string | Answer]

/** Waits on a clock of its own, while the acts are played. */
async function play(acts: readonly Act[], seconds: number) {
  const start = Date.parse('2026-11-22T21:31:45Z')
  let now = start
  const seen: string[] = []
  const reader: KubernetesReader = {
    get: async path => {
      const [, state] = acts.findLast(([from]) => (now - start) / 1000 >= from) ?? [0, '01-healthy']
      if (typeof state !== 'string') return await Promise.resolve(state)
      const reply = recordedAnswer(path, recording(state))
      return await Promise.resolve(
        reply === undefined
          ? { problem: 'timeout' as const, message: 'no answer within 5 s' }
          : { status: reply.status, contentType: reply.type, body: reply.body },
      )
    },
  }
  const { status, settled } = await awaitStatus(
    { namespace: 'databases', name: 'postgres' },
    seconds * 1000,
    {
      reader,
      catalogs,
      now: () => new Date(now),
      pause: async milliseconds => {
        now += milliseconds
        await Promise.resolve()
      },
      seen: ({ state }) => seen.push(state),
    },
  )
  return { state: status.state, settled, after: (now - start) / 1000, seen }
}

const GONE: Answer = { problem: 'unreachable', message: 'it cannot be reached (ECONNREFUSED)' }
const FORBIDDEN: Answer = {
  status: 403,
  contentType: 'application/json',
  body: JSON.stringify({ kind: 'Status', message: 'it is forbidden' }),
}

describe('awaitStatus', () => {
  it.each<[string, Act[], number, { state: string; settled: boolean; after: number }]>([
    [
      'healthy is believed after ten seconds',
      [[0, '01-healthy']],
      60,
      { state: 'healthy', settled: true, after: 10 },
    ],
    [
      'the lie after an edit is not',
      [
        [0, '01-healthy'],
        [3, '02-rolling-restart/c'],
        [30, '01-healthy'],
      ],
      60,
      { state: 'healthy', settled: true, after: 40 },
    ],
    [
      'what waits for somebody ends it',
      [
        [0, '02-rolling-restart/c'],
        [20, '23-waiting-for-user/a'],
      ],
      600,
      { state: 'attention', settled: true, after: 30 },
    ],
    [
      'nothing is said for good while it goes on',
      [[0, '02-rolling-restart/c']],
      31,
      { state: 'progressing', settled: false, after: 31 },
    ],
    [
      'an API server that is away may come back',
      [
        [0, GONE],
        [300, '01-healthy'],
      ],
      600,
      { state: 'healthy', settled: true, after: 310 },
    ],
    ['or does not', [[0, GONE]], 60, { state: 'unknown', settled: false, after: 60 }],
    [
      'a permission that is missing stays so',
      [[0, FORBIDDEN]],
      600,
      { state: 'unknown', settled: true, after: 10 },
    ],
  ])('%s', async (_what, acts, seconds, expected) => {
    expect(await play(acts, seconds)).toMatchObject(expected)
  })
})
