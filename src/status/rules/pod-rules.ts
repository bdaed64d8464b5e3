import type { JsonObject } from '../../manifest/json.ts'
import { conditionOf, label, nameOf, number, text, timeOf } from '../fields.ts'
import type { Instance } from '../instances.ts'
import {
  isInstancePod,
  isReady,
  isTerminating,
  jobRole,
  postgresImage,
  stoppedContainers,
  unschedulable,
  type Stopped,
} from '../pod.ts'
import { field, isStarting, writer, type Rule, type Situation } from '../situation.ts'
import type { Reason } from '../state.ts'

// kubelet, pkg/kubelet/images/types.go
const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
  'ImageInspectError',
  'SignatureValidationFailed',
])
const CRASH_REASONS = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'ContainerCannotRun',
  'StartError',
])
/** While the operator is at work an instance may be not ready this long before a person should look. */
const PATIENCE_MS = 600_000

/** As many Pods as instances, each with the image that is asked for, none on its way out. */
export const podsRule: Rule = situation => {
  const { cluster, collected, instances, hibernated, atWork, phaseClass } = situation
  if (collected.pods === undefined || hibernated || phaseClass === 'none') return []
  const wanted = number(cluster, 'spec', 'instances')
  const leaving = instances.filter(({ pod }) => isTerminating(pod))
  const staying = instances.filter(({ pod }) => !isTerminating(pod))
  const image = text(cluster, 'spec', 'imageName') || text(cluster, 'status', 'image')
  const other = staying.filter(({ pod }) => image !== '' && postgresImage(pod) !== image)
  const joining = collected.pods.some(pod => jobRole(pod, collected.name) !== undefined && !hasEnded(pod))
  const counted = [
    field('spec.instances', wanted),
    `Pods: ${instances.map(({ name }) => name).join(', ') || 'none'}`,
    field('status.readyInstances', number(cluster, 'status', 'readyInstances')),
  ]
  const found: Reason[] = []
  if (staying.length < wanted) {
    const busy = atWork || joining || phaseClass === 'failed'
    found.push({
      state: busy ? 'progressing' : 'attention',
      id: 'instance-missing',
      message: `${staying.length} of ${wanted} instances have a Pod.`,
      evidence: counted,
      ...(busy ? {} : { repair: 'If it stays so for a minute, see whether the operator runs.' }),
    })
  }
  if (staying.length > wanted)
    found.push({
      state: 'progressing',
      id: 'instance-too-many',
      message: `${staying.length} instances have a Pod, ${wanted} are asked for.`,
      evidence: counted,
    })
  if (leaving.length > 0)
    found.push({
      state: 'progressing',
      id: 'instance-leaves',
      message: `${namesOf(leaving)} is being deleted.`,
      evidence: leaving.map(
        ({ name, pod }) => `Pod ${name} deletionTimestamp: ${text(pod, 'metadata', 'deletionTimestamp')}`,
      ),
    })
  if (other.length > 0)
    found.push({
      state: 'progressing',
      id: 'image-not-rolled-out',
      message: `Not every instance has the image that is asked for: ${namesOf(other)}.`,
      evidence: [
        field('image asked for', image),
        ...other.map(({ name, pod }) => `Pod ${name}: ${postgresImage(pod)}`),
      ],
    })
  return found
}

/** Containers that cannot start, and Pods that no node takes: nothing of it stands in the Cluster. */
export const stuckPodsRule: Rule = situation => {
  const { collected } = situation
  return (collected.pods ?? []).flatMap((pod): Reason[] => {
    const job = jobRole(pod, collected.name)
    if (job === undefined && !isInstancePod(pod, collected.name)) return []
    const unplaced = unschedulable(pod)
    return [
      ...(unplaced === undefined
        ? []
        : [
            {
              state: severity(situation, pod, job),
              id: 'pod-unschedulable',
              message: `No node takes Pod ${nameOf(pod)}: ${unplaced}`,
              evidence: ['condition PodScheduled: False Unschedulable'],
              repair: 'Make room, or loosen affinity, node selector or resources of the Cluster.',
            },
          ]),
      ...stoppedContainers(pod).flatMap(stopped => stuck(situation, pod, job, stopped)),
    ]
  })
}

function stuck(situation: Situation, pod: JsonObject, job: string | undefined, stopped: Stopped): Reason[] {
  const { cluster, collected } = situation
  const { container, reason, message, restarts } = stopped
  const evidence = [
    `Pod ${nameOf(pod)}, container ${container}: ${reason}`,
    ...(message === '' ? [] : [message]),
    ...(restarts > 0 ? [`restarts: ${restarts}`] : []),
    ...eventsOf(situation, nameOf(pod)),
  ]
  if (IMAGE_REASONS.has(reason)) {
    const asked = text(cluster, 'spec', 'imageName') || text(cluster, 'status', 'image')
    const image = postgresImage(pod) || stopped.image
    const deletes = `kubectl delete pod ${nameOf(pod)} -n ${collected.namespace}`
    return [
      {
        state: 'failed',
        id: 'image-cannot-be-pulled',
        message: `The image of Pod ${nameOf(pod)} cannot be pulled: ${image}`,
        evidence,
        // seen on 1.28.0: after the image was put right in the spec the blocked Pod keeps the bad one
        repair:
          image !== asked
            ? `The spec asks for another image by now, and the blocked Pod keeps the old one: ${deletes}`
            : job === undefined
              ? `Put spec.imageName right; the blocked Pod keeps the bad image, so then: ${deletes}`
              : 'Put spec.imageName right, or give the Cluster the credentials of the registry (imagePullSecrets).',
      },
    ]
  }
  const says = `See its log: kubectl logs ${nameOf(pod)} -n ${collected.namespace} --previous`
  if (CRASH_REASONS.has(reason))
    return [
      {
        state: severity(situation, pod, job),
        id: 'container-cannot-start',
        message: `Pod ${nameOf(pod)} cannot start: ${reason}`,
        evidence,
        repair: says,
      },
    ]
  if (job !== undefined && text(pod, 'status', 'phase') === 'Failed' && !isOvertaken(situation, pod))
    return [
      {
        state: job === 'join' ? 'attention' : 'failed',
        id: 'job-fails',
        message: `The Job ${job} fails: Pod ${nameOf(pod)} has ended with ${reason}.`,
        evidence,
        repair: says.replace(' --previous', ''),
      },
    ]
  return []
}

/** Worse where nobody takes writes, or where the first instance cannot be made. */
function severity(situation: Situation, pod: JsonObject, job: string | undefined): 'attention' | 'failed' {
  if (job !== undefined) return job === 'join' ? 'attention' : 'failed'
  const { currentPrimary } = situation
  return nameOf(pod) === currentPrimary || writer(situation) === undefined ? 'failed' : 'attention'
}

/** Whether a later Pod of the same Job tells more, or one of them has ended well. */
function isOvertaken({ collected }: Situation, pod: JsonObject): boolean {
  return (collected.pods ?? []).some(
    other =>
      jobOf(other) === jobOf(pod) &&
      (text(other, 'status', 'phase') === 'Succeeded' ||
        (text(other, 'status', 'phase') === 'Failed' && createdOf(other) > createdOf(pod))),
  )
}

/** Instances whose Pod is not ready: just started, or standing still. */
export const readinessRule: Rule = situation => {
  const { instances, atWork, now, cluster, collected } = situation
  if (collected.pods === undefined) return []
  return instances
    .filter(({ pod }) => !isReady(pod) && !isTerminating(pod))
    .flatMap((instance): Reason[] => {
      const { name, pod } = instance
      // another rule says why
      if (stoppedContainers(pod).some(({ reason }) => IMAGE_REASONS.has(reason) || CRASH_REASONS.has(reason)))
        return []
      if (unschedulable(pod) !== undefined) return []
      const ready = conditionOf(pod, 'ContainersReady')
      const since = timeOf(ready?.lastTransitionTime ?? '')
      const waits = stoppedContainers(pod).map(({ container, reason }) => `container ${container}: ${reason}`)
      const evidence = [
        `Pod ${name} is not ready${ready === undefined ? '' : ` since ${ready.lastTransitionTime}`}`,
        ...waits,
        ...eventsOf(situation, name),
      ]
      const patient = since === undefined || now - since < PATIENCE_MS
      if (isStarting(instance, now) || (atWork && patient))
        return [
          { state: 'progressing', id: 'instance-starting', message: `${name} is not ready yet.`, evidence },
        ]
      // fenced instances are told by their own rule
      if (
        text(cluster, 'metadata', 'annotations', 'cnpg.io/fencedInstances') !== '' &&
        isToldFenced(instance)
      )
        return []
      return [
        {
          state: 'attention',
          id: 'instance-not-ready',
          message: `${name} is not ready.`,
          evidence,
          repair: `See its log: kubectl logs ${name} -n ${collected.namespace}`,
        },
      ]
    })
}

function isToldFenced({ status }: Instance): boolean {
  return status !== undefined && status.mightBeUnavailable === true
}

function eventsOf({ collected }: Situation, pod: string): string[] {
  const texts = (collected.events ?? [])
    .filter(event => text(event, 'involvedObject', 'name') === pod)
    .map(event => `event ${text(event, 'reason')}: ${text(event, 'message')}`)
  return [...new Set(texts)].slice(-2)
}

function hasEnded(pod: JsonObject): boolean {
  return ['Succeeded', 'Failed'].includes(text(pod, 'status', 'phase'))
}

function namesOf(instances: readonly Instance[]): string {
  return instances.map(({ name }) => name).join(', ')
}

function jobOf(pod: JsonObject): string | undefined {
  return label(pod, 'batch.kubernetes.io/job-name') ?? label(pod, 'job-name')
}

function createdOf(pod: JsonObject): string {
  return text(pod, 'metadata', 'creationTimestamp')
}
