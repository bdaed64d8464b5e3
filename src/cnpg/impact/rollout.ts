import type { ImpactKind } from '../../manifest/change.ts'
import { textAt, valueAt } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'

/** How a Cluster rolls its Pods: what decides who notices. */
export interface RolloutPlan {
  instances: number
  supervised: boolean
  method: 'restart' | 'switchover'
}

/** Defaults of the CRD: one instance, unsupervised, restart. */
export function rolloutPlan(cluster: Manifest): RolloutPlan {
  const instances = valueAt(cluster, 'spec', 'instances')
  return {
    instances: typeof instances === 'number' ? instances : 1,
    supervised: textAt(cluster, 'spec', 'primaryUpdateStrategy') === 'supervised',
    method: textAt(cluster, 'spec', 'primaryUpdateMethod') === 'switchover' ? 'switchover' : 'restart',
  }
}

/**
 * What a rolling update does to those who use the database.
 * Source: CloudNativePG 1.30.0, internal/controller/cluster_upgrade.go, rolloutRequiredInstances and updatePrimaryPod;
 * seen on a 1.28.0 cluster.
 * @param inPlace only PostgreSQL has to restart (pending_restart), the primary's Pod may stay
 */
export function rollout(plan: RolloutPlan, inPlace: boolean): { impact: ImpactKind; seen: string } {
  const { instances, supervised, method } = plan
  if (instances <= 1) {
    const what = inPlace && method === 'restart' ? 'PostgreSQL restarts in its Pod' : 'its Pod is replaced'
    return {
      impact: 'primary-restart',
      seen: `the only instance restarts (${what}): the database is down until it is back`,
    }
  }
  const replicas = instances === 2 ? 'the replica restarts' : `${instances - 1} replicas restart one by one`
  if (supervised)
    return {
      impact: 'rolling-restart',
      seen: `${replicas}, then the operator waits for a person ("Waiting for user action"): kubectl cnpg promote, or a restart of the primary (primaryUpdateStrategy: supervised)`,
    }
  if (method === 'switchover')
    return { impact: 'switchover', seen: `${replicas}, then a switchover; writes stop for seconds` }
  return {
    impact: 'rolling-restart',
    seen: `${replicas}, then the primary ${inPlace ? 'restarts in place' : 'is replaced without a switchover'}; writes stop until it is back (primaryUpdateMethod: restart)`,
  }
}
