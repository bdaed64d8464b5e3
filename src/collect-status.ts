import { isObject, type Json, type JsonObject } from './manifest/json.ts'
import { barmanPlugin } from './status/barman-plugin.ts'
import type { Collected, InstanceAnswer, Unread } from './status/collected.ts'
import { nameOf, objects, text } from './status/fields.ts'
import { isInstancePod } from './status/pod.ts'
import { unstructuredError } from './status/proxy-error.ts'
import type { Answer, KubernetesReader } from './status/reader.ts'
import {
  appliedByRequest,
  clusterRequest,
  instanceRequest,
  instanceTarget,
  listRequests,
  objectStoreRequest,
  sourceRequest,
  type ReadRequest,
} from './status/requests.ts'

/** Which database, and how long an answer may take. */
export interface StatusQuestion {
  namespace: string
  name: string
  /** of the API server itself; 10 seconds by default */
  deadlineMs?: number
  /** of one instance; 5 seconds by default: one that accepts the connection and never answers costs this, once */
  instanceDeadlineMs?: number
}

/**
 * Reads all that tells how one database is: everything that needs nothing else at once, what needs an answer as soon as it is
 * there. Three requests after one another at most (the Cluster, what applied it, its source).
 * @param now the time, asked once all is read
 */
export async function collectStatus(
  question: StatusQuestion,
  reader: KubernetesReader,
  now: () => Date,
): Promise<Collected> {
  const { namespace, name, deadlineMs = 10_000, instanceDeadlineMs = 5_000 } = question
  const unread: Unread[] = []
  const read = async (request: ReadRequest): Promise<JsonObject | undefined> => {
    const found = objectOf(await reader.get(request.path, deadlineMs), request)
    if (!('unread' in found)) return found.object
    unread.push(found.unread)
    return undefined
  }
  const requests = listRequests(namespace, name)
  const readList = async (request: ReadRequest): Promise<JsonObject[] | undefined> => {
    const answer = await reader.get(request.path, deadlineMs)
    // a kind that is not installed has no objects
    if ('status' in answer && answer.status === 404) return []
    const found = objectOf(answer, request)
    if (!('unread' in found)) return objects(found.object, 'items')
    unread.push(found.unread)
    return undefined
  }

  const cluster = read(clusterRequest(namespace, name))
  const pods = readList(requests.pods)
  const instances = pods.then(async found =>
    Promise.all(
      (found ?? [])
        .filter(pod => isInstancePod(pod, name))
        .map(async pod => {
          const request = instanceRequest(namespace, pod)
          const given = instanceAnswer(
            pod,
            await reader.get(request.path, instanceDeadlineMs),
            instanceDeadlineMs,
          )
          if ('problem' in given && given.problem === 'forbidden')
            unread.push({
              what: request.what,
              reason: 'forbidden',
              permission: request.permission,
              message: given.detail ?? given.message,
            })
          return given
        }),
    ),
  )
  const objectStore = cluster.then(async found => {
    const store = barmanPlugin(found)?.store ?? ''
    return store === '' ? undefined : await read(objectStoreRequest(namespace, store))
  })
  const appliedBy = cluster.then(async found => {
    const request = found === undefined ? undefined : appliedByRequest(found)
    return request === undefined ? undefined : await read(request)
  })
  const source = appliedBy.then(async found => {
    const request = found === undefined ? undefined : sourceRequest(found)
    return request === undefined ? undefined : await read(request)
  })
  const ofCluster = (object: JsonObject) => text(object, 'spec', 'cluster', 'name') === name
  const [
    backups,
    scheduledBackups,
    databases,
    poolers,
    publications,
    subscriptions,
    budgets,
    jobs,
    claims,
    events,
  ] = await Promise.all([
    readList(requests.backups),
    readList(requests.scheduledBackups),
    readList(requests.databases),
    readList(requests.poolers),
    readList(requests.publications),
    readList(requests.subscriptions),
    readList(requests.podDisruptionBudgets),
    readList(requests.jobs),
    readList(requests.volumeClaims),
    readList(requests.events),
  ])
  return present({
    namespace,
    name,
    cluster: await cluster,
    pods: await pods,
    instances: await instances,
    objectStore: await objectStore,
    appliedBy: await appliedBy,
    source: await source,
    podDisruptionBudgets: budgets,
    backups: backups?.filter(ofCluster),
    scheduledBackups: scheduledBackups?.filter(ofCluster),
    databases: databases?.filter(ofCluster),
    poolers: poolers?.filter(ofCluster),
    publications: publications?.filter(ofCluster),
    subscriptions: subscriptions?.filter(ofCluster),
    jobs,
    volumeClaims: claims,
    events: events?.filter(event => text(event, 'involvedObject', 'name').startsWith(name)),
    unread: unread.toSorted((a, b) => (a.what < b.what ? -1 : a.what > b.what ? 1 : 0)),
    at: now().toISOString(),
  })
}

/** The object in an answer, or what is to be said instead. */
function objectOf(answer: Answer, request: ReadRequest): { object: JsonObject } | { unread: Unread } {
  const { what, permission } = request
  if ('problem' in answer) return { unread: { what, reason: answer.problem, message: answer.message } }
  const body = parsed(answer.body)
  if (answer.status >= 200 && answer.status < 300)
    return isObject(body)
      ? { object: body }
      : { unread: { what, reason: 'error', message: 'the answer is no JSON object' } }
  // the API server answers with a Status; what stands before it may answer with anything
  const said = isObject(body) ? text(body, 'message') : ''
  const message = said === '' ? unstructuredError(answer, '').message : said
  if (answer.status === 403) return { unread: { what, reason: 'forbidden', permission, message } }
  if (answer.status === 401) return { unread: { what, reason: 'unauthorized', message } }
  if (answer.status !== 404) return { unread: { what, reason: 'error', message } }
  // the API server has no object to say so of where it does not know the kind: '404 page not found'
  return isObject(body)
    ? { unread: { what, reason: 'not-found', message } }
    : {
        unread: { what, reason: 'not-installed', message: `the API server does not know ${kindOf(request)}` },
      }
}

/** 'clusters.postgresql.cnpg.io' */
function kindOf({ permission }: ReadRequest): string {
  return permission.replace(/^\w+ /, '')
}

function instanceAnswer(pod: JsonObject, answer: Answer, deadlineMs: number): InstanceAnswer {
  const name = nameOf(pod)
  const target = `get pods ${instanceTarget(pod)}`
  if ('problem' in answer) {
    const message =
      answer.problem === 'timeout'
        ? `no answer within ${deadlineMs / 1000} s (${target})`
        : `${answer.message} (${target})`
    return { pod: name, problem: 'no-answer', reason: '', message }
  }
  const body = parsed(answer.body)
  if (answer.status >= 200 && answer.status < 300)
    return isObject(body)
      ? { pod: name, body }
      : { pod: name, problem: 'not-json', reason: '', message: 'the answer is no JSON object' }
  const error = unstructuredError(answer, target)
  const detail = isObject(body) ? text(body, 'message') : answer.body.trim()
  return {
    pod: name,
    problem: answer.status === 403 ? 'forbidden' : 'refused',
    ...error,
    ...(detail === '' ? {} : { detail }),
  }
}

function parsed(body: string): Json | undefined {
  try {
    const value: Json = JSON.parse(body)
    return value
  } catch {
    return undefined
  }
}

/** Leaves out what is undefined: what was not read has no key. */
function present<T extends object>(value: { [Key in keyof T]: T[Key] | undefined }): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key without a value is an absent one
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}
