import { describe, expect, it } from 'vitest'
import { isObject } from '../../src/manifest/json.ts'
import { openParameterCatalogs } from '../../src/adapters/parameter-catalogs.ts'
import { refusedSettings } from '../../src/refused-settings.ts'
import type { DatabaseStatus } from '../../src/status/database-status.ts'
import type { DatabaseExpectation, Expectation } from '../../src/status/follow/expectation.ts'
import { advance, startFollow, type Follow } from '../../src/status/follow/follow.ts'
import { observeDatabase } from '../../src/status/follow/observation.ts'
import { judge } from '../../src/status/judge.ts'
import { collectedFrom, recordedEdits, type RecordedEdit } from './edits.ts'

const COMMIT = 'a'.repeat(40)
const catalogs = openParameterCatalogs()

// Every edit that was watched; the second after it from which nothing changes any more, or where it is never done what is said of
// it, one after another; and what it must hold still for, in seconds: longer where no Pod and no instance shows that the
// operator has seen the edit.
const EDITS: readonly [name: string, impact: string, settles: number | readonly string[], still: number][] = [
  ['reload-parameter', 'reload', 0, 10],
  // the instances were not asked: nothing proves that they are well
  ['reload-parameter-0', 'reload', ['the permission get pods/proxy is missing'], 10],
  ['restart-parameter', 'switchover', 32, 10],
  ['restart-parameter-busy', 'switchover', 35, 10],
  ['scale-up-3-4', 'scale', 18, 10],
  ['scale-down-4-3', 'scale', 4, 10],
  ['image-change', 'switchover', 40, 10],
  ['bad-image', 'switchover', ['Upgrading cluster', 'Waiting for the instances to become active'], 10],
  ['bad-image-reverted', 'switchover', ['postgres-3 is not ready'], 10],
  // what PostgreSQL refuses was taken back half a minute later: what stands there then is not the commit's
  [
    'bad-parameter-name',
    'reload',
    ['has no parameter no_such_parameter', 'no_such_parameter is not set instead of 1'],
    10,
  ],
  ['bad-parameter-value', 'reload', ['does not come up', 'max_connections is 66 instead of many'], 10],
  ['bad-pg-hba', 'reload', ['does not parse', 'pg_hba is not set instead of ["nonsense line"]'], 60],
  ['supervised-restart-parameter', 'switchover', ['User must issue a supervised switchover'], 10],
  // the primary, which waited for somebody, restarts
  ['supervised-to-unsupervised', 'primary-restart', 6, 60],
  ['major-upgrade-15-17', 'major-upgrade', ['Upgrading cluster to major version 17'], 10],
]
/** Pods that had another image than the spec when the watch began. */
const IMAGES: Record<string, Record<string, string>> = {
  'bad-image-reverted': {
    'postgres-1': 'localhost/postgresql:17.11-2',
    'postgres-2': 'localhost/postgresql:17.11-2',
  },
}

interface Moment {
  /** milliseconds since the edit */
  at: number
  status: DatabaseStatus
}

function momentsOf(name: string, recorded: RecordedEdit): Moment[] {
  return collectedFrom(recorded, IMAGES[name]).map((collected, index) => ({
    at: recorded.rows[index]?.at ?? 0,
    status: { collected, ...judge(collected, refusedSettings(collected.cluster ?? {}, catalogs)) },
  }))
}

function expectationOf({ edit, rows }: RecordedEdit, impact: string): Expectation {
  const { imageName, instances, postgresql, ...rest } = edit.spec
  const { parameters, ...others } = isObject(postgresql) ? postgresql : {}
  const pod = Object.keys(rows[0]?.pods ?? {}).find(each => /-\d+$/.test(each)) ?? 'postgres-1'
  const database: DatabaseExpectation = {
    namespace: 'databases',
    name: pod.replace(/-\d+$/, ''),
    unit: 'Kustomization flux-system/databases',
    impact,
    ...(typeof imageName === 'string' ? { image: imageName } : {}),
    ...(typeof instances === 'number' ? { instances } : {}),
    ...(isObject(parameters)
      ? {
          parameters: Object.fromEntries(
            Object.entries(parameters).map(([name, value]) => [name, typeof value === 'string' ? value : '']),
          ),
        }
      : {}),
    spec: { ...rest, ...(Object.keys(others).length === 0 ? {} : { postgresql: others }) },
  }
  return {
    commit: COMMIT,
    cluster: 'lab',
    source: 'GitRepository flux-system/flux-system',
    units: [{ kind: 'Kustomization', namespace: 'flux-system', name: 'databases', dependsOn: [] }],
    databases: [database],
  }
}

/** Follows the moments at the times given; the last one lasts for ever. */
function followed(expectation: Expectation, moments: readonly Moment[], times: readonly number[]) {
  let follow: Follow = startFollow(expectation, times[0] ?? 0)
  const said: string[] = []
  for (const at of times) {
    const moment = moments.findLast(each => each.at <= at) ?? moments[0]
    if (moment === undefined) throw new Error('an edit without rows')
    const revision = at < 0 ? `main@sha1:${'0'.repeat(40)}` : `main@sha1:${COMMIT}`
    const unit = {
      suspended: false,
      ready: 'True' as const,
      reason: 'ReconciliationSucceeded',
      message: '',
      applied: revision,
      attempted: revision,
    }
    const [database] = expectation.databases
    // a bot may be killed between any two observations
    const resumed: Follow = JSON.parse(JSON.stringify(follow))
    follow = advance(resumed, {
      at,
      source: unit,
      units: { 'Kustomization flux-system/databases': unit },
      databases: { [`databases/${database?.name}`]: observeDatabase(moment.status) },
      containing: [],
    })
    said.push(follow.steps.at(-1)?.message ?? '')
    if (follow.outcome !== 'progress') return { follow, at, said }
  }
  return { follow, at: Number.POSITIVE_INFINITY, said }
}

function every(stepMs: number, fromMs: number, toMs: number): number[] {
  return Array.from(
    { length: Math.floor((toMs - fromMs) / stepMs) + 1 },
    (_, index) => fromMs + index * stepMs,
  )
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe('an edit that was watched, followed in its real order', () => {
  const edits = recordedEdits()

  it.each(EDITS)('%s (%s): settles at %s', (name, impact, settles, still) => {
    const recorded = editNamed(name)
    const { follow, at, said } = followed(
      expectationOf(recorded, impact),
      momentsOf(name, recorded),
      every(500, -2500, 290_000),
    )
    const earliest = typeof settles === 'number' ? (settles + still) * 1000 : undefined
    expect(mistake(follow, at, earliest, 10_000)).toBe('')
    let rest = said
    for (const part of typeof settles === 'number' ? [] : settles) {
      const heard = rest.findIndex(message => message.includes(part))
      expect(rest[heard] ?? rest).toContain(part)
      rest = rest.slice(heard)
    }
  })

  it.each(EDITS)(
    '%s (%s): never done too early nor missed, whatever the timing',
    (name, impact, settles, still) => {
      const recorded = editNamed(name)
      const moments = momentsOf(name, recorded)
      const settled = typeof settles === 'number' ? settles : undefined
      const mistakes = Array.from({ length: 60 }, (_, seed) => {
        const random = chance(seed)
        // each moment lasts up to forty times as long, or a tenth: a busy operator, or a quick one
        let passed = 0
        const stretched = moments.map((moment, index) => {
          const before = moments[index - 1]
          const factor = random() < 0.2 ? 40 * random() : 0.1 + random()
          passed += before === undefined || before.at < 0 ? 0 : (moment.at - before.at) * factor
          return { ...moment, at: moment.at < 0 ? moment.at : passed, was: moment.at }
        })
        const end = settled === 0 ? 0 : stretched.find(({ was }) => was >= (settled ?? Infinity) * 1000)?.at
        const times = [-2500]
        while ((times.at(-1) ?? 0) < passed + 150_000) times.push((times.at(-1) ?? 0) + 200 + random() * 8000)
        const { follow, at } = followed(expectationOf(recorded, impact), stretched, times)
        const found = mistake(follow, at, end, (still + 50) * 1000)
        return found === '' ? '' : `seed ${seed}: ${found}`
      })
      expect(mistakes.filter(found => found !== '')).toEqual([])
    },
  )

  function editNamed(name: string): RecordedEdit {
    const found = edits[name]
    if (found === undefined) throw new Error(`no edit ${name}`)
    return found
  }
})

/** What is wrong with an outcome; '' for nothing. Without `earliest` it may never be done. */
function mistake(follow: Follow, at: number, earliest: number | undefined, patience: number): string {
  const says = `${follow.outcome} at ${at}: ${follow.steps.at(-1)?.message ?? ''}`
  if (earliest === undefined) return follow.outcome === 'done' ? says : ''
  return follow.outcome === 'done' && at >= earliest && at < earliest + patience
    ? ''
    : `${says}, settled at ${earliest}`
}
