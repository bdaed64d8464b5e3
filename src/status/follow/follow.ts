import { databaseStep, STILL_BLINDLY_MS, unsettled, type DatabaseMemory } from './database-step.ts'
import {
  commitOf,
  databaseDeadline,
  databaseKey,
  fluxDeadline,
  type DatabaseExpectation,
  type Expectation,
} from './expectation.ts'
import { sourceStep, unitSteps } from './flux-steps.ts'
import type { DatabaseObservation, Observation } from './observation.ts'
import type { Step, StepState } from './step.ts'

/** Where following a commit in one cluster stands. Plain JSON: a bot that starts anew goes on from it. */
export interface Follow {
  version: 1
  expectation: Expectation
  startedAt: number
  lastAt: number
  /** time in which nothing could be read; it counts for no deadline */
  blindMs: number
  /** why nothing can be read now, and since when; the steps are of before */
  blind?: { since: number; message: string }
  /** the databases as they were seen first and last, by key */
  seen?: Record<string, { first: DatabaseSeen; last: DatabaseSeen }>
  databases: Record<string, DatabaseMemory>
  steps: Step[]
  /** progress: not yet; done; failed: a deadline is over; overtaken */
  outcome: 'progress' | 'done' | 'failed' | 'overtaken'
}

/** As little of a database as shows what the commit brought. */
export type DatabaseSeen = Pick<DatabaseObservation, 'exists' | 'state' | 'image' | 'instances'>

/** So long an API server may be away before nobody waits for it any more. */
const BLIND_DEADLINE_MS = 6 * 3_600_000

export function startFollow(expectation: Expectation, at: number): Follow {
  return {
    version: 1,
    expectation,
    startedAt: at,
    lastAt: at,
    blindMs: 0,
    databases: {},
    steps: [],
    outcome: 'progress',
  }
}

/**
 * The next state after an observation. An outcome other than `progress` is final.
 *
 * The Cluster has no observedGeneration, and for a second or for as long as the operator's queue is, its status describes the
 * spec before the edit. So a database is done only where its live spec is what the commit asks for, everything that was read
 * of it is healthy, every instance has loaded another configuration than before where parameters change, and that has held still.
 */
export function advance(follow: Follow, observation: Observation): Follow {
  if (follow.outcome !== 'progress' || observation.at < follow.lastAt) return follow
  const passed = observation.at - follow.lastAt
  if (observation.blind !== undefined) {
    const since = follow.blind?.since ?? observation.at
    return {
      ...follow,
      lastAt: observation.at,
      blindMs: follow.blindMs + passed,
      blind: { since, message: observation.blind },
      // how it is nobody knows
      outcome: observation.at - since > BLIND_DEADLINE_MS ? 'failed' : 'progress',
      databases: Object.fromEntries(
        Object.entries(follow.databases).map(([key, memory]) => [key, unsettled(memory)]),
      ),
    }
  }
  const { blind: _blind, ...sighted } = follow
  const { expectation } = follow
  const source = sourceStep(expectation, observation)
  const units = unitSteps(expectation, observation, source.state === 'done')
  const memories: Record<string, DatabaseMemory> = {}
  const databases = expectation.databases.map(database => {
    const key = databaseKey(database)
    const unit = units.get(database.unit)
    const { step, memory } = databaseStep(database, observation, {
      memory: follow.databases[key] ?? { samples: 0 },
      applied: unit === undefined ? source.state === 'done' : unit.state === 'done',
      applies: unit,
      overtaken: isOvertaken(database, expectation, observation),
    })
    memories[key] = memory
    return late(database, step, memory, observation.at - follow.blindMs, expectation)
  })
  const spent = observation.at - follow.startedAt - follow.blindMs
  const flux = [source, ...units.values()].map(step =>
    step.state === 'done' || spent <= fluxDeadline(expectation) ? step : { ...step, state: 'late' as const },
  )
  const steps = [...flux, ...databases]
  return {
    ...sighted,
    lastAt: observation.at,
    databases: memories,
    seen: seenWith(follow.seen, observation),
    steps,
    outcome: outcomeOf(steps),
  }
}

function outcomeOf(steps: readonly Step[]): Follow['outcome'] {
  const is = (state: StepState) => steps.some(step => step.state === state)
  if (steps.every(({ state }) => state === 'done' || state === 'overtaken'))
    return is('overtaken') ? 'overtaken' : 'done'
  return is('late') ? 'failed' : 'progress'
}

function isOvertaken(
  { unit }: DatabaseExpectation,
  { commit }: Expectation,
  { units, source, containing }: Observation,
): boolean {
  // a HelmRelease has applied a chart, no commit
  const ofUnit = units[unit]?.applied ?? ''
  const revision = commitOf(ofUnit) === undefined ? (source?.applied ?? '') : ofUnit
  const applied = commitOf(revision)
  return applied !== undefined && applied !== commit && containing.includes(revision)
}

function seenWith(known: Follow['seen'], { databases }: Observation): Required<Follow>['seen'] {
  const seen = Object.entries(databases).map(([key, { exists, state, image, instances }]) => {
    const last = { exists, state, image, instances }
    return [key, { first: known?.[key]?.first ?? last, last }] as const
  })
  return { ...known, ...Object.fromEntries(seen) }
}

/** A database has its time from when its edit arrived; one that is healthy by then is waited for until it has held still. */
function late(
  wanted: DatabaseExpectation,
  step: Step,
  memory: DatabaseMemory,
  seenAt: number,
  expectation: Expectation,
): Step {
  if (step.state === 'done' || step.state === 'overtaken' || memory.arrivedAt === undefined) return step
  const grace = memory.stillSince === undefined ? 0 : STILL_BLINDLY_MS
  return seenAt - memory.arrivedAt - grace > databaseDeadline(wanted.impact, expectation)
    ? { ...step, state: 'late' }
    : step
}
