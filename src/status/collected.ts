import type { JsonObject } from '../manifest/json.ts'

/** What was read of one database, as the API server gave it. Pure data: a recording is one, too. */
export interface Collected {
  namespace: string
  name: string
  /** when it was read, or the time it is to be judged as of; RFC 3339 */
  at: string
  /** absent: it could not be read, and `unread` says why */
  cluster?: JsonObject
  /** Pods of the Cluster, those of its Jobs included; absent like every list below: could not be read */
  pods?: JsonObject[]
  /** one for each Pod that the Cluster owns, in the order of `pods` */
  instances: InstanceAnswer[]
  podDisruptionBudgets?: JsonObject[]
  backups?: JsonObject[]
  scheduledBackups?: JsonObject[]
  /** of the Barman Cloud plugin, where the Cluster names one */
  objectStore?: JsonObject
  databases?: JsonObject[]
  poolers?: JsonObject[]
  publications?: JsonObject[]
  subscriptions?: JsonObject[]
  jobs?: JsonObject[]
  volumeClaims?: JsonObject[]
  /** warnings about objects of the Cluster */
  events?: JsonObject[]
  /** the Kustomization or HelmRelease that applied the Cluster, and the source of it */
  appliedBy?: JsonObject
  source?: JsonObject
  unread: Unread[]
}

/** The answer of the instance manager in a Pod to GET /pg/status through the API server. */
export type InstanceAnswer =
  | { pod: string; body: JsonObject }
  | {
      pod: string
      problem: 'refused' | 'no-answer' | 'forbidden' | 'not-json'
      /** metav1.StatusReason: 'ServiceUnavailable'; '' where the API server said nothing */
      reason: string
      /** what client-go would say of it, without the plugin's own words before it */
      message: string
      /** the body's own words, where there are any */
      detail?: string
    }

/** Something that could not be read. */
export interface Unread {
  /** 'pods', 'cluster', 'instance postgres-1': what */
  what: string
  /** not-installed: the API server does not know the kind */
  reason: 'forbidden' | 'not-found' | 'not-installed' | 'unauthorized' | 'timeout' | 'unreachable' | 'error'
  /** the permission that lacks: 'get pods/proxy' */
  permission?: string
  /** of the API server, or of the connection */
  message: string
}
