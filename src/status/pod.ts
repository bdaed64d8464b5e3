import type { JsonObject } from '../manifest/json.ts'
import { conditionOf, label, objects, text, texts, timeOf, number } from './fields.ts'

/** Whether the Cluster owns the Pod: an instance, not a Pod of its Jobs (internal/plugin/resources/instance.go). */
export function isInstancePod(pod: JsonObject, cluster: string): boolean {
  return objects(pod, 'metadata', 'ownerReferences').some(
    owner => text(owner, 'kind') === 'Cluster' && text(owner, 'name') === cluster,
  )
}

/** A Pod of one of the Cluster's Jobs: initdb, join, major-upgrade, snapshot-recovery. */
export function jobRole(pod: JsonObject, cluster: string): string | undefined {
  return label(pod, 'cnpg.io/cluster') === cluster ? label(pod, 'cnpg.io/jobRole') : undefined
}

/** Whether the operator has labelled the Pod as the primary (pkg/specs/pg_pods.go IsPodPrimary, with the older label). */
export function isPrimaryPod(pod: JsonObject): boolean {
  return (label(pod, 'cnpg.io/instanceRole') ?? label(pod, 'role')) === 'primary'
}

/** pkg/utils/pod_conditions.go IsPodReady looks at ContainersReady. */
export function isReady(pod: JsonObject): boolean {
  return conditionOf(pod, 'ContainersReady')?.status === 'True'
}

export function isTerminating(pod: JsonObject): boolean {
  return text(pod, 'metadata', 'deletionTimestamp') !== ''
}

/** 'https' where the instance manager serves its status with TLS, the default since 1.24 (remote.GetStatusSchemeFromPod). */
export function statusScheme(pod: JsonObject): 'http' | 'https' {
  const postgres = objects(pod, 'spec', 'containers').find(container => nameIn(container) === 'postgres')
  return texts(postgres, 'command').includes('--status-port-tls') ? 'https' : 'http'
}

/** The image that the Pod asks for in its container `postgres`. */
export function postgresImage(pod: JsonObject): string {
  return text(
    objects(pod, 'spec', 'containers').find(container => nameIn(container) === 'postgres'),
    'image',
  )
}

/** A container that does not run, and why. */
export interface Stopped {
  container: string
  image: string
  /** 'ImagePullBackOff', 'CrashLoopBackOff', 'PodInitializing', 'Error' */
  reason: string
  message: string
  restarts: number
}

/** Containers that wait, or have ended; init containers that ended well are none. */
export function stoppedContainers(pod: JsonObject): Stopped[] {
  const init = objects(pod, 'status', 'initContainerStatuses').filter(
    status =>
      number(status, 'state', 'terminated', 'exitCode') !== 0 ||
      text(status, 'state', 'waiting', 'reason') !== '',
  )
  return [...init, ...objects(pod, 'status', 'containerStatuses')].flatMap((status): Stopped[] => {
    const kind = ['waiting', 'terminated'].find(state => text(status, 'state', state, 'reason') !== '')
    if (kind === undefined) return []
    return [
      {
        container: nameIn(status),
        image: text(status, 'image'),
        reason: text(status, 'state', kind, 'reason'),
        message: text(status, 'state', kind, 'message'),
        restarts: number(status, 'restartCount'),
      },
    ]
  })
}

/** When the container `postgres` began to run; `undefined` while it does not. */
export function runningSince(pod: JsonObject): number | undefined {
  const status = objects(pod, 'status', 'containerStatuses').find(each => nameIn(each) === 'postgres')
  return timeOf(text(status, 'state', 'running', 'startedAt'))
}

/** Why no node takes the Pod: the scheduler's words, or `undefined`. */
export function unschedulable(pod: JsonObject): string | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled')
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable' ? scheduled.message : undefined
}

function nameIn(container: JsonObject | undefined): string {
  return text(container, 'name')
}
