import type { JsonObject } from '../manifest/json.ts'
import type { Collected } from './collected.ts'
import { annotation, conditionOf, flag, text, timeOf } from './fields.ts'
import { instancesOf, isHibernated, isReplicaCluster, type Instance } from './instances.ts'
import { phaseClass, type PhaseClass } from './phases.ts'
import { isReady, isTerminating, runningSince } from './pod.ts'
import type { Reason } from './state.ts'

/** A setting of the Cluster that the API server and the operator have taken and PostgreSQL refuses. */
export interface RefusedSetting {
  /** 'spec.postgresql.parameters.max_connections' */
  field: string
  message: string
  repair: string
}

/** What the rules look at. The Cluster was read. */
export interface Situation {
  collected: Collected
  cluster: JsonObject
  /** milliseconds since 1970 */
  now: number
  instances: Instance[]
  phase: string
  phaseClass: PhaseClass
  /** the operator says that it is doing something, or is about to wake the database or to put it to sleep */
  atWork: boolean
  isReplica: boolean
  hibernated: boolean
  currentPrimary: string
  refusedSettings: readonly RefusedSetting[]
}

export type Rule = (situation: Situation) => Reason[]

export function situationOf(
  collected: Collected,
  cluster: JsonObject,
  refusedSettings: readonly RefusedSetting[],
): Situation {
  const phase = text(cluster, 'status', 'phase')
  const hibernated = isHibernated(cluster)
  const phaseIs = phaseClass(phase)
  const hibernation = annotation(cluster, 'cnpg.io/hibernation')
  return {
    collected,
    cluster,
    now: timeOf(collected.at) ?? 0,
    instances: instancesOf(collected),
    phase,
    phaseClass: phaseIs,
    atWork:
      phaseIs === 'progressing' ||
      (hibernation === 'on' && !hibernated) ||
      (hibernation === 'off' && hibernated),
    isReplica: isReplicaCluster(cluster),
    hibernated,
    currentPrimary: text(cluster, 'status', 'currentPrimary'),
    refusedSettings,
  }
}

/** A container that has begun to run less than this ago may still be starting. */
const STARTING_MS = 120_000

/** Replicas that lost a primary find it again within seconds of its start. */
const CONNECTING_MS = 60_000

/** Whether an instance runs for so short a time that its connections may still be made. */
export function isConnecting({ pod }: Instance, now: number): boolean {
  const since = runningSince(pod)
  return since === undefined || now - since < CONNECTING_MS
}

/** PostgreSQL looks for a lost primary every five seconds (wal_retrieve_retry_interval); a busy machine takes its time. */
const ROLLED_MS = 30_000

/**
 * Whether the operator has just ended a rollout: a primary that was restarted in place shows it nowhere else, its container has
 * run on. Seen on CloudNativePG 1.28.0: healthy and ready for seconds while replicas look for it.
 */
export function hasJustRolled(cluster: JsonObject, now: number): boolean {
  const ready = conditionOf(cluster, 'Ready')
  const since = timeOf(ready?.lastTransitionTime ?? '')
  return ready?.status === 'True' && since !== undefined && now - since < ROLLED_MS
}

/** Whether an instance was just made or has just been started again; not one that has stopped answering. */
export function isStarting({ pod }: Instance, now: number): boolean {
  const since = runningSince(pod) ?? timeOf(text(pod, 'metadata', 'creationTimestamp'))
  return since !== undefined && now - since < STARTING_MS
}

/** The instance that applications write to: it says that it is the primary, is not fenced, and its Pod is ready. */
export function writer({ instances }: Situation): Instance | undefined {
  return instances.find(
    ({ pod, status }) =>
      flag(status, 'isPrimary') && !flag(status, 'mightBeUnavailable') && isReady(pod) && !isTerminating(pod),
  )
}

export function field(path: string, value: unknown): string {
  return `${path}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
}
