import type { JsonObject } from '../manifest/json.ts'
import { label, nameOf, text } from './fields.ts'
import { statusScheme } from './pod.ts'

/** One thing to read. */
export interface ReadRequest {
  /** as `Unread.what` names it */
  what: string
  path: string
  /** what RBAC must allow: 'list pods' */
  permission: string
}

const CNPG = '/apis/postgresql.cnpg.io/v1'

export function clusterRequest(namespace: string, name: string): ReadRequest {
  return {
    what: 'cluster',
    path: `${CNPG}/namespaces/${segment(namespace)}/clusters/${segment(name)}`,
    permission: 'get clusters.postgresql.cnpg.io',
  }
}

/** The lists that hold what belongs to a Cluster. */
export type ListName =
  | 'pods'
  | 'podDisruptionBudgets'
  | 'backups'
  | 'scheduledBackups'
  | 'databases'
  | 'poolers'
  | 'publications'
  | 'subscriptions'
  | 'jobs'
  | 'volumeClaims'
  | 'events'

/** Requests for every list, all of which can be sent at once. */
export function listRequests(namespace: string, name: string): Record<ListName, ReadRequest> {
  const ofCluster = `labelSelector=${encodeURIComponent(`cnpg.io/cluster=${name}`)}`
  const list = (root: string, resource: string, group = '', query = ''): ReadRequest => ({
    what: resource,
    path: `${root}/namespaces/${segment(namespace)}/${resource}${query === '' ? '' : `?${query}`}`,
    permission: `list ${resource}${group === '' ? '' : `.${group}`}`,
  })
  const cnpg = (resource: string) => list(CNPG, resource, 'postgresql.cnpg.io')
  return {
    pods: list('/api/v1', 'pods', '', ofCluster),
    podDisruptionBudgets: list('/apis/policy/v1', 'poddisruptionbudgets', 'policy', ofCluster),
    backups: cnpg('backups'),
    scheduledBackups: cnpg('scheduledbackups'),
    databases: cnpg('databases'),
    poolers: cnpg('poolers'),
    publications: cnpg('publications'),
    subscriptions: cnpg('subscriptions'),
    jobs: list('/apis/batch/v1', 'jobs', 'batch', ofCluster),
    volumeClaims: list('/api/v1', 'persistentvolumeclaims', '', ofCluster),
    events: list('/api/v1', 'events', '', `fieldSelector=${encodeURIComponent('type=Warning')}`),
  }
}

/** The Clusters of one namespace, or of all. */
export function databasesRequest(namespace: string | undefined): ReadRequest {
  const within = namespace === undefined ? '' : `namespaces/${segment(namespace)}/`
  return {
    what: 'clusters',
    path: `/apis/postgresql.cnpg.io/v1/${within}clusters`,
    permission: 'list clusters.postgresql.cnpg.io',
  }
}

/** Who RBAC lets read an instance, and the form of the path that works: the port by its number (facts seen on 1.35.4). */
export function instanceRequest(namespace: string, pod: JsonObject): ReadRequest {
  const name = nameOf(pod)
  return {
    what: `instance ${name}`,
    path: `/api/v1/namespaces/${segment(namespace)}/pods/${instanceTarget(pod)}/proxy/pg/status`,
    permission: 'get pods/proxy',
  }
}

/** 'https:postgres-1:8000' */
export function instanceTarget(pod: JsonObject): string {
  return `${statusScheme(pod)}:${segment(nameOf(pod))}:8000`
}

export function objectStoreRequest(namespace: string, name: string): ReadRequest {
  return {
    what: `ObjectStore ${name}`,
    path: `/apis/barmancloud.cnpg.io/v1/namespaces/${segment(namespace)}/objectstores/${segment(name)}`,
    permission: 'get objectstores.barmancloud.cnpg.io',
  }
}

/** The Kustomization or HelmRelease whose labels the Cluster carries; `undefined` where Flux has not applied it. */
export function appliedByRequest(cluster: JsonObject): ReadRequest | undefined {
  for (const [group, resource, kind, version] of [
    ['kustomize.toolkit.fluxcd.io', 'kustomizations', 'Kustomization', 'v1'],
    ['helm.toolkit.fluxcd.io', 'helmreleases', 'HelmRelease', 'v2'],
  ] as const) {
    const name = label(cluster, `${group}/name`)
    const namespace = label(cluster, `${group}/namespace`)
    if (name === undefined || namespace === undefined) continue
    return {
      what: `${kind} ${namespace}/${name}`,
      path: `/apis/${group}/${version}/namespaces/${segment(namespace)}/${resource}/${segment(name)}`,
      permission: `get ${resource}.${group}`,
    }
  }
  return undefined
}

const SOURCES = new Map([
  ['GitRepository', 'gitrepositories'],
  ['OCIRepository', 'ocirepositories'],
  ['Bucket', 'buckets'],
])

/** The source that a Kustomization applies. */
export function sourceRequest(kustomization: JsonObject): ReadRequest | undefined {
  const kind = text(kustomization, 'spec', 'sourceRef', 'kind')
  const name = text(kustomization, 'spec', 'sourceRef', 'name')
  const namespace =
    text(kustomization, 'spec', 'sourceRef', 'namespace') || text(kustomization, 'metadata', 'namespace')
  const resource = SOURCES.get(kind)
  if (resource === undefined || name === '') return undefined
  return {
    what: `${kind} ${namespace}/${name}`,
    path: `/apis/source.toolkit.fluxcd.io/v1/namespaces/${segment(namespace)}/${resource}/${segment(name)}`,
    permission: `get ${resource}.source.toolkit.fluxcd.io`,
  }
}

/** Names come from a person or from a cluster: they stay one segment of the path. */
function segment(name: string): string {
  return encodeURIComponent(name)
}
