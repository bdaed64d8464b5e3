import { equalJson, isObject, type Json } from '../../manifest/json.ts'
import { databaseKey, type DatabaseExpectation } from './expectation.ts'
import type { DatabaseObservation, Observation } from './observation.ts'
import { STILL_MS, STILL_SAMPLES } from '../standstill.ts'
import type { Step, StepState } from './step.ts'

/** What is remembered of a database between observations. */
export interface DatabaseMemory {
  /** what the instances had loaded before the edit: seen by the last observation of it, and by those before */
  before?: { last: string[]; known: string[] }
  /** the edit stands in the live Cluster since */
  arrivedAt?: number
  /** nothing but healthy was seen since, and how often */
  stillSince?: number
  samples: number
}

/** As STILL_MS, where no instance can show that it has seen the edit. Operators with a long queue take seconds. */
export const STILL_BLINDLY_MS = 60_000

export interface DatabaseContext {
  memory: DatabaseMemory
  /** its unit has applied the commit */
  applied: boolean
  /** the step of its unit */
  applies: Step | undefined
  /** the commit that was applied is a later one, which wants something else */
  overtaken: boolean
}

/** Whether a database is what the commit asks for, and has held still; with what is to be remembered of it. */
export function databaseStep(
  wanted: DatabaseExpectation,
  observation: Observation,
  { memory, applied, applies, overtaken }: DatabaseContext,
): { step: Step; memory: DatabaseMemory } {
  const name = databaseKey(wanted)
  const seen = observation.databases[name]
  const say = (state: StepState, message: string, kept: DatabaseMemory, repair?: string) => ({
    step: { name, state, message, ...(repair === undefined ? {} : { repair }) },
    memory: kept,
  })
  if (seen === undefined) return say('waits', 'could not be read', unsettled(memory))
  const unread = seen.exists ? seen.reasons.find(({ id }) => id === 'cluster-not-read') : undefined
  if (unread !== undefined) return say('in-the-way', unread.message, unsettled(memory), unread.repair)
  if (wanted.absent === true) {
    if (!seen.exists && applied) return say('done', 'is gone', memory)
    return say('waits', 'is still there', {
      ...memory,
      ...(applied ? { arrivedAt: memory.arrivedAt ?? observation.at } : {}),
    })
  }
  const missing = seen.exists ? difference(wanted, seen) : 'there is no such Cluster yet'
  if (missing !== undefined) {
    const before = { ...unsettled(memory), ...(seen.exists ? remembered(memory, seen) : {}) }
    if (applied && overtaken)
      return say('overtaken', `a later commit wants something else: ${missing}`, before)
    if (!applied) return say('waits', `waits for ${applies?.name ?? 'the source'}`, before)
    return say(
      'in-the-way',
      `is not what the commit asks for, though it was applied: ${missing}`,
      { ...before, arrivedAt: memory.arrivedAt ?? observation.at },
      'Somebody edits it by hand, or something changes it on its way.',
    )
  }
  // nothing in its spec tells whether the edit is there: what is seen before it is applied is of the spec before
  if (!applied && !isCompared(wanted))
    return say('waits', `waits for ${applies?.name ?? 'the source'}`, {
      samples: 0,
      ...remembered(memory, seen),
    })
  const arrived: DatabaseMemory = { ...memory, arrivedAt: memory.arrivedAt ?? observation.at }
  if (seen.state !== 'healthy') {
    const [worst] = seen.reasons
    // what is not known mostly stays so until somebody gives the permission. A rollout has replicas that are not there for
    // seconds: the judge calls that progress already
    const state = seen.state === 'progressing' ? 'waits' : 'in-the-way'
    return say(state, worst?.message ?? seen.state, unsettled(arrived), worst?.repair)
  }
  const loaded = hasLoaded(wanted, arrived, seen)
  if (loaded === false)
    return say('waits', 'not every instance has loaded the parameters yet', unsettled(arrived))
  const settled: DatabaseMemory = {
    ...arrived,
    stillSince: memory.stillSince ?? observation.at,
    samples: memory.samples + 1,
  }
  const still = observation.at - (settled.stillSince ?? observation.at)
  const needed = isShown(wanted, loaded) ? STILL_MS : STILL_BLINDLY_MS
  if (applied && still >= needed && settled.samples >= STILL_SAMPLES)
    return say('done', `is healthy, and has been for ${Math.round(still / 1000)} s`, settled)
  return say(
    'waits',
    applied
      ? // without a count: who tells of each step would tell of nothing but that
        `is healthy; that has to hold still for ${needed / 1000} s`
      : `is healthy; waits for ${applies?.name ?? 'the source'}`,
    settled,
  )
}

/**
 * Whether the instances have loaded other parameters than before the edit.
 * @returns `undefined` where nothing is known of before, or no parameter changes
 */
function hasLoaded(
  { parameters }: DatabaseExpectation,
  { before }: DatabaseMemory,
  { hashes }: DatabaseObservation,
): boolean | undefined {
  if (parameters === undefined || before === undefined) return undefined
  // the last one may have read the Cluster before the edit and the instances after it
  const old = new Set(before.known.length > 0 ? before.known : before.last)
  return Object.values(hashes).every(hash => !old.has(hash))
}

function remembered(
  { before }: DatabaseMemory,
  { hashes }: DatabaseObservation,
): Required<Pick<DatabaseMemory, 'before'>> {
  return {
    before: {
      last: Object.values(hashes),
      known: before === undefined ? [] : [...new Set([...before.known, ...before.last])],
    },
  }
}

/** Whether what the commit asks for shows in the Pods or instances, so that healthy cannot be of the spec before. */
function isShown(
  { image, instances, parameters }: DatabaseExpectation,
  loaded: boolean | undefined,
): boolean {
  return parameters === undefined ? image !== undefined || instances !== undefined : loaded === true
}

/** Whether the live spec tells that the edit stands in it. */
function isCompared({ image, instances, parameters, spec }: DatabaseExpectation): boolean {
  return [image, instances, parameters, spec].some(part => part !== undefined)
}

function difference(wanted: DatabaseExpectation, seen: DatabaseObservation): string | undefined {
  if (wanted.image !== undefined && wanted.image !== seen.image)
    return `image ${seen.image || 'none'} instead of ${wanted.image}`
  if (wanted.instances !== undefined && wanted.instances !== seen.instances)
    return `${seen.instances} instances instead of ${wanted.instances}`
  for (const [parameter, value] of Object.entries(wanted.parameters ?? {}))
    if (seen.parameters[parameter] !== value)
      return `${parameter} is ${seen.parameters[parameter] ?? 'not set'} instead of ${value}`
  return lacking(wanted.spec ?? {}, seen.spec ?? {}, 'spec')
}

/** The first place where a live value lacks what is asked for; what it has besides may be a default. */
function lacking(wanted: Json, live: Json | undefined, path: string): string | undefined {
  if (isObject(wanted)) {
    const inside = isObject(live) ? live : {}
    for (const [name, value] of Object.entries(wanted)) {
      const found = lacking(value, inside[name], `${path}.${name}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (Array.isArray(wanted) && Array.isArray(live) && wanted.length === live.length)
    return wanted
      .map((item, index) => lacking(item, live[index], `${path}[${index}]`))
      .find(found => found !== undefined)
  if (isZero(wanted) ? isZero(live) : live !== undefined && equalJson(wanted, live)) return undefined
  return `${path} is ${live === undefined ? 'not set' : JSON.stringify(live)} instead of ${JSON.stringify(wanted)}`
}

/** What the operator leaves out where it writes the spec back (`omitempty`): it is as good as not set. */
function isZero(value: Json | undefined): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === 0 ||
    value === '' ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  )
}

/** What is left of it when the database was not healthy, or could not be read. */
export function unsettled({ before, arrivedAt }: DatabaseMemory): DatabaseMemory {
  return {
    samples: 0,
    ...(before === undefined ? {} : { before }),
    ...(arrivedAt === undefined ? {} : { arrivedAt }),
  }
}
