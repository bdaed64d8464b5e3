import type { Collected, Unread } from './collected.ts'
import { archivingRule, lastBackupRule, notAskedForRule, schedulesRule } from './rules/backup-rules.ts'
import { answersRule, instanceSettingsRule, primaryRule } from './rules/instance-rules.ts'
import {
  appliedByRule,
  certificatesRule,
  declaredObjectsRule,
  managedRule,
  refusedSettingsRule,
  systemIdRule,
  volumesRule,
} from './rules/object-rules.ts'
import { declaredRule, fencingRule, phaseRule, takenUpRule, writesRule } from './rules/phase-rules.ts'
import { podsRule, readinessRule, stuckPodsRule } from './rules/pod-rules.ts'
import { replicasRule, slotsRule, synchronousRule } from './rules/replication-rules.ts'
import { situationOf, type RefusedSetting, type Rule } from './situation.ts'
import { byState, worst, type Judgement, type Reason } from './state.ts'

const RULES: readonly Rule[] = [
  fencingRule,
  phaseRule,
  stuckPodsRule,
  writesRule,
  declaredRule,
  answersRule,
  primaryRule,
  podsRule,
  readinessRule,
  takenUpRule,
  replicasRule,
  synchronousRule,
  instanceSettingsRule,
  archivingRule,
  lastBackupRule,
  schedulesRule,
  refusedSettingsRule,
  slotsRule,
  systemIdRule,
  volumesRule,
  managedRule,
  declaredObjectsRule,
  certificatesRule,
  appliedByRule,
  notAskedForRule,
]

/**
 * How a database is, from everything that was read of it. The status of the Cluster alone is never believed: it says healthy
 * for a fenced primary, a hibernated database, a frozen replica and an edit that nobody has looked at yet.
 * @param refusedSettings what PostgreSQL does not take of the spec; another domain knows
 */
export function judge(collected: Collected, refusedSettings: readonly RefusedSetting[] = []): Judgement {
  const { cluster } = collected
  const reasons =
    cluster === undefined ? [] : RULES.flatMap(rule => rule(situationOf(collected, cluster, refusedSettings)))
  const all = byState([...reasons, ...unreadReasons(collected)])
  return { state: worst(all), reasons: all }
}

/** Without the Cluster or its Pods nobody can say that a database is healthy. */
function unreadReasons({ unread, namespace, name }: Collected): Reason[] {
  const cluster = unread.find(({ what }) => what === 'cluster')
  // the same is not said twice where nothing is reached
  const pods = unread.find(({ what, message }) => what === 'pods' && message !== cluster?.message)
  return [cluster, pods].flatMap((each): Reason[] =>
    each === undefined
      ? []
      : [
          {
            state: 'unknown',
            id: `${each.what}-not-read`,
            message: messageOf(each, `${namespace}/${name}`),
            evidence: [],
            repair: repairOf(each),
          },
        ],
  )
}

function messageOf({ what, reason, message }: Unread, name: string): string {
  if (what !== 'cluster') return `The Pods could not be read: ${message}`
  switch (reason) {
    case 'not-found':
      return `There is no Cluster ${name}.`
    case 'not-installed':
      return `CloudNativePG is not installed there: ${message}.`
    case 'forbidden':
    case 'unauthorized':
    case 'timeout':
    case 'unreachable':
    case 'error':
    default:
      return `The Cluster ${name} could not be read: ${message}`
  }
}

function repairOf({ reason, permission }: Unread): string {
  switch (reason) {
    case 'forbidden':
      return `Give the permission: ${permission ?? ''}`
    case 'unauthorized':
      return 'Renew the credentials: the API server does not know who asks.'
    case 'not-found':
      return 'Check name, namespace and context.'
    case 'not-installed':
      return 'Check the context; it may be another Kubernetes cluster.'
    case 'timeout':
    case 'unreachable':
    case 'error':
    default:
      return 'See whether the API server runs, and is reached from here: address of the context, network, VPN.'
  }
}
