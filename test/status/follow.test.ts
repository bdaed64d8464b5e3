import { describe, expect, it } from 'vitest'
import { commitOf, type Expectation } from '../../src/status/follow/expectation.ts'
import { advance, startFollow, type Follow } from '../../src/status/follow/follow.ts'
import {
  observeUnit,
  type DatabaseObservation,
  type Observation,
  type UnitObservation,
} from '../../src/status/follow/observation.ts'

const [OLD, NEW, LATER] = ['0', 'a', 'b'].map(digit => `main@sha1:${digit.repeat(40)}`)
const MINUTE = 60_000

const expectation: Expectation = {
  commit: 'a'.repeat(40),
  cluster: 'infra',
  source: 'GitRepository flux-system/flux-system',
  units: [
    {
      kind: 'Kustomization',
      namespace: 'databases',
      name: 'pg-cluster',
      dependsOn: ['Kustomization databases/pg'],
    },
    { kind: 'Kustomization', namespace: 'databases', name: 'pg', dependsOn: [] },
    { kind: 'HelmRelease', namespace: 'databases', name: 'operator', dependsOn: [], chartVersion: '0.29.0' },
  ],
  databases: [
    {
      namespace: 'databases',
      name: 'postgres',
      unit: 'Kustomization databases/pg-cluster',
      image: 'postgresql:17.11',
      impact: 'switchover',
    },
  ],
}

function unit(applied = NEW, more: Partial<UnitObservation> = {}): UnitObservation {
  return {
    suspended: false,
    ready: 'True',
    reason: 'ReconciliationSucceeded',
    message: '',
    applied: applied ?? '',
    attempted: applied ?? '',
    ...more,
  }
}

function database(more: Partial<DatabaseObservation> = {}): DatabaseObservation {
  return {
    exists: true,
    state: 'healthy',
    reasons: [],
    generation: 2,
    image: 'postgresql:17.11',
    instances: 3,
    parameters: {},
    hashes: {},
    ...more,
  }
}

function seen(at: number, more: Partial<Observation> = {}): Observation {
  return {
    at,
    source: unit(),
    units: {
      'Kustomization databases/pg': unit(),
      'Kustomization databases/pg-cluster': unit(),
      'HelmRelease databases/operator': unit('0.29.0+sha', { chartVersion: '0.29.0' }),
    },
    databases: { 'databases/postgres': database() },
    containing: [],
    ...more,
  }
}

function follow(...observations: Observation[]): Follow {
  return observations.reduce(advance, startFollow(expectation, 0))
}

/** How it ends with other deadlines. */
function until(deadlines: Record<string, number>, ...observations: Observation[]): Follow['outcome'] {
  return observations.reduce(advance, startFollow({ ...expectation, deadlines }, 0)).outcome
}

const step = (followed: Follow, name: string) => followed.steps.find(each => each.name.endsWith(name))

function parametersSeen(at: number, value: string, hash: string): Observation {
  const live = database({ parameters: { work_mem: value }, hashes: { 'postgres-1': hash } })
  return seen(at, { databases: { 'databases/postgres': live } })
}

describe('advance', () => {
  it('is done where all is applied and the database has held still', () => {
    expect(follow(seen(0), seen(5000)).outcome).toBe('progress')
    expect(follow(seen(0), seen(5000), seen(10_000)).outcome).toBe('done')
    expect(follow(seen(0), seen(60_000)).outcome).toBe('progress')
  })

  it('begins anew where the database was not healthy in between', () => {
    const busy = seen(8000, { databases: { 'databases/postgres': database({ state: 'progressing' }) } })
    expect(follow(seen(0), seen(5000), busy, seen(10_000), seen(15_000)).outcome).toBe('progress')
  })

  it('waits for the source, and takes a later commit that contains this one', () => {
    const before = follow(seen(0, { source: unit(OLD) }))
    expect(step(before, 'flux-system/flux-system')).toMatchObject({
      state: 'waits',
      message: `still has ${OLD}`,
    })
    expect(step(before, 'databases/operator')).toMatchObject({
      state: 'waits',
      message: 'waits for the source',
    })
    const contained = follow(seen(0, { source: unit(LATER), containing: [LATER ?? ''] }))
    expect(step(contained, 'flux-system/flux-system')?.state).toBe('done')
  })

  it('says which dependency is waited for', () => {
    const units = {
      ...seen(0).units,
      'Kustomization databases/pg': unit(OLD, { ready: 'Unknown', message: 'building' }),
      'Kustomization databases/pg-cluster': unit(OLD, { ready: 'False', reason: 'DependencyNotReady' }),
    }
    const waiting = follow(seen(0, { units }))
    expect(step(waiting, 'databases/pg')).toMatchObject({ state: 'waits', message: 'building' })
    expect(step(waiting, 'databases/pg-cluster')?.message).toBe('waits for Kustomization databases/pg')
    // the database is healthy, and nothing of the commit has arrived
    expect(step(waiting, 'databases/postgres')?.message).toBe(
      'is healthy; waits for Kustomization databases/pg-cluster',
    )
  })

  it.each<[string, Partial<UnitObservation>, string, string]>([
    ['suspended', { suspended: true, applied: OLD ?? '' }, 'in-the-way', 'is suspended'],
    [
      'a dry run that the API server refuses',
      {
        ready: 'False',
        reason: 'ReconciliationFailed',
        message: 'dry-run failed: spec.instances: Invalid value',
        applied: OLD ?? '',
      },
      'in-the-way',
      'ReconciliationFailed: dry-run failed: spec.instances: Invalid value',
    ],
    [
      'a failure of the commit before',
      {
        ready: 'False',
        reason: 'BuildFailed',
        message: 'no such file',
        applied: OLD ?? '',
        attempted: OLD ?? '',
      },
      'waits',
      'no such file',
    ],
    [
      'at work',
      { ready: 'Unknown', reason: 'Progressing', message: 'running health checks' },
      'waits',
      'running health checks',
    ],
  ])('a Kustomization that is %s', (_what, more, state, message) => {
    const units = { ...seen(0).units, 'Kustomization databases/pg': unit(NEW, more) }
    expect(step(follow(seen(0, { units })), 'databases/pg')).toMatchObject({ state, message })
  })

  it('waits for the chart that is asked for', () => {
    const units = {
      ...seen(0).units,
      'HelmRelease databases/operator': unit('x', { chartVersion: '0.28.0' }),
    }
    expect(step(follow(seen(0, { units })), 'databases/operator')).toMatchObject({
      state: 'waits',
      message: 'has chart 0.28.0, 0.29.0 is asked for',
    })
  })

  it('says what is in the way of a database, with the repair', () => {
    const stuck = database({
      state: 'failed',
      reasons: [{ state: 'failed', id: 'image-cannot-be-pulled', message: 'no image', repair: 'mend it' }],
    })
    expect(
      step(follow(seen(0, { databases: { 'databases/postgres': stuck } })), 'databases/postgres'),
    ).toEqual({
      name: 'databases/postgres',
      state: 'in-the-way',
      message: 'no image',
      repair: 'mend it',
    })
  })

  it('sees that the live object is another one than was applied', () => {
    const other = seen(0, { databases: { 'databases/postgres': database({ image: 'postgresql:17.2' }) } })
    expect(step(follow(other), 'databases/postgres')).toMatchObject({
      state: 'in-the-way',
      message:
        'is not what the commit asks for, though it was applied: image postgresql:17.2 instead of postgresql:17.11',
    })
  })

  it('ends where a later commit wants something else', () => {
    const units = Object.fromEntries(
      Object.entries(seen(0).units).map(([key, each]) => [key, { ...each, applied: LATER ?? '' }]),
    )
    const overtaken = seen(0, {
      source: unit(LATER),
      units,
      containing: [LATER ?? ''],
      databases: { 'databases/postgres': database({ image: 'postgresql:18.1' }) },
    })
    expect(follow(overtaken).outcome).toBe('overtaken')
  })

  it('is over at the deadline of the impact, and never says done then', () => {
    const busy = (at: number) =>
      seen(at, { databases: { 'databases/postgres': database({ state: 'progressing' }) } })
    expect(follow(busy(0), busy(29 * MINUTE)).outcome).toBe('progress')
    const over = follow(busy(0), busy(31 * MINUTE))
    expect(over.outcome).toBe('failed')
    expect(step(over, 'databases/postgres')?.state).toBe('late')
    expect(advance(over, seen(32 * MINUTE))).toBe(over)
  })

  it('waits beyond the deadline for a healthy database to hold still, no longer', () => {
    const busy = (at: number) =>
      seen(at, { databases: { 'databases/postgres': database({ state: 'progressing' }) } })
    const late = [30 * MINUTE - 4000, 30 * MINUTE + 1000].map(at => seen(at))
    expect(follow(busy(0), ...late).outcome).toBe('progress')
    expect(follow(busy(0), ...late, seen(30 * MINUTE + 7000)).outcome).toBe('done')
    expect(follow(busy(0), ...late, busy(30 * MINUTE + 7000)).outcome).toBe('failed')
  })

  it('counts no time in which nothing could be read, and believes nothing from before it', () => {
    const busy = (at: number) =>
      seen(at, { databases: { 'databases/postgres': database({ state: 'progressing' }) } })
    const gone = seen(25 * MINUTE, { blind: 'the API server does not answer' })
    const back = follow(busy(0), busy(15 * MINUTE), gone, busy(39 * MINUTE))
    expect(back.outcome).toBe('progress')
    const still = follow(seen(0), seen(5000), seen(9000, { blind: 'gone' }), seen(10_000), seen(12_000))
    expect(still.outcome).toBe('progress')
  })

  it('says since when nothing can be read, until something can, and gives up in the end', () => {
    const gone = (at: number) => seen(at, { blind: 'it cannot be reached' })
    const away = follow(seen(0), gone(10 * MINUTE), gone(20 * MINUTE))
    expect(away).toMatchObject({
      outcome: 'progress',
      blind: { since: 10 * MINUTE, message: 'it cannot be reached' },
    })
    expect(advance(away, seen(21 * MINUTE))).not.toHaveProperty('blind')
    expect(advance(away, gone(371 * MINUTE)).outcome).toBe('failed')
  })

  it('names what may not be read, and who has to do what; it is never done so', () => {
    const why = { message: 'could not be read: forbidden', repair: 'Allow it: `get clusters`.' }
    const unread = (key: string) => ({ unread: { [key]: why } })
    const noUnit = seen(0, { units: {}, ...unread('Kustomization databases/pg') })
    expect(step(follow(noUnit), 'databases/pg')).toMatchObject({ state: 'in-the-way', ...why })
    const { source: _source, ...sourceless } = seen(0, unread('GitRepository flux-system/flux-system'))
    expect(step(follow(sourceless), 'flux-system/flux-system')).toMatchObject({ state: 'in-the-way', ...why })
    const reasons = [
      { state: 'unknown' as const, id: 'x', message: 'get pods/proxy is missing', repair: 'Allow it.' },
    ]
    const noAnswers = seen(0, {
      databases: { 'databases/postgres': database({ state: 'unknown', reasons }) },
    })
    expect(step(follow(noAnswers), 'databases/postgres')).toMatchObject({
      state: 'in-the-way',
      message: 'get pods/proxy is missing',
    })
  })

  it('takes a chart whose version has the digest behind it', () => {
    const units = {
      ...seen(0).units,
      'HelmRelease databases/operator': unit('x', { chartVersion: '0.29.0+0123456789ab' }),
    }
    expect(step(follow(seen(0, { units })), 'databases/operator')?.state).toBe('done')
  })

  it('begins to look at a database when its edit is applied, where nothing in its spec tells the edit', () => {
    const { image: _image, ...other } = expectation.databases[0] ?? {
      namespace: '',
      name: '',
      unit: '',
      impact: '',
    }
    const resize = { ...expectation, databases: [{ ...other, impact: 'reload' }] }
    const of = (...observations: Observation[]) => observations.reduce(advance, startFollow(resize, 0))
    const waiting = [0, 10, 20, 30].map(minute =>
      seen(minute * MINUTE, { units: { ...seen(0).units, 'Kustomization databases/pg-cluster': unit(OLD) } }),
    )
    // neither late, for all it waits, nor held still by what was seen before
    expect(of(...waiting).outcome).toBe('progress')
    expect(of(...waiting, seen(31 * MINUTE)).outcome).toBe('progress')
    const still = [0, 20, 40, 60].map(second => seen(31 * MINUTE + second * 1000))
    expect(of(...waiting, ...still).outcome).toBe('done')
  })

  it('has the deadlines that the configuration gives it', () => {
    const busy = (at: number) =>
      seen(at, { databases: { 'databases/postgres': database({ state: 'progressing' }) } })
    expect(until({ switchover: 40 * MINUTE }, busy(0), busy(31 * MINUTE))).toBe('progress')
    expect(until({ switchover: 5 * MINUTE }, busy(0), busy(6 * MINUTE))).toBe('failed')
    const before = { 'databases/postgres': database({ image: 'postgresql:17.5' }) }
    const old = (at: number) => seen(at, { source: unit(OLD), units: {}, databases: before })
    expect(until({ flux: 10 * MINUTE }, old(0), old(11 * MINUTE))).toBe('failed')
    expect(until({}, old(0), old(74 * MINUTE))).toBe('progress')
  })

  it('keeps how the databases were at first, and how they are', () => {
    const old = seen(0, { databases: { 'databases/postgres': database({ image: 'postgresql:17.5' }) } })
    expect(follow(old, seen(5000), seen(6000, { blind: 'gone' })).seen).toMatchObject({
      'databases/postgres': { first: { image: 'postgresql:17.5' }, last: { image: 'postgresql:17.11' } },
    })
  })

  it('goes on from its JSON', () => {
    const whole = follow(seen(0), seen(5000), seen(10_000))
    const half: Follow = JSON.parse(JSON.stringify(follow(seen(0), seen(5000))))
    expect(advance(half, seen(10_000))).toEqual(whole)
  })

  it('is not fooled by instances that have not loaded the parameters', () => {
    const asks: Expectation = {
      ...expectation,
      units: [],
      databases: [
        {
          namespace: 'databases',
          name: 'postgres',
          unit: '',
          parameters: { work_mem: '8MB' },
          impact: 'reload',
        },
      ],
    }
    const run = (...observations: Observation[]) => observations.reduce(advance, startFollow(asks, 0))
    const before = [parametersSeen(0, '4MB', 'old'), parametersSeen(1000, '4MB', 'old')]
    const stale = run(
      ...before,
      parametersSeen(2000, '8MB', 'old'),
      parametersSeen(20_000, '8MB', 'old'),
      parametersSeen(40_000, '8MB', 'old'),
    )
    expect(stale.outcome).toBe('progress')
    expect(stale.steps.at(-1)?.message).toBe('not every instance has loaded the parameters yet')
    const loaded = run(
      ...before,
      parametersSeen(2000, '8MB', 'new'),
      parametersSeen(7000, '8MB', 'new'),
      parametersSeen(12_000, '8MB', 'new'),
    )
    expect(loaded.outcome).toBe('done')
    // the Cluster was read before the edit, the instance after it
    const raced = run(
      ...before,
      parametersSeen(2000, '4MB', 'new'),
      parametersSeen(3000, '8MB', 'new'),
      parametersSeen(8000, '8MB', 'new'),
      parametersSeen(13_000, '8MB', 'new'),
    )
    expect(raced.outcome).toBe('done')
  })
})

describe('observeUnit', () => {
  it('believes no condition of the generation before', () => {
    const object = {
      metadata: { generation: 3 },
      spec: {},
      status: {
        observedGeneration: 2,
        lastAppliedRevision: NEW ?? '',
        conditions: [
          { type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded', message: 'Applied' },
        ],
      },
    }
    expect(observeUnit(object)).toMatchObject({ ready: 'Unknown', applied: NEW })
  })
})

it.each([
  [NEW, 'a'.repeat(40)],
  [`sha1:${'a'.repeat(40)}`, 'a'.repeat(40)],
  [`main/${'a'.repeat(40)}`, 'a'.repeat(40)],
  ['a'.repeat(40), 'a'.repeat(40)],
  [`latest@sha256:${'a'.repeat(64)}`, undefined],
  ['', undefined],
])('the commit of revision %s', (revision = '', commit) => {
  expect(commitOf(revision)).toBe(commit)
})
