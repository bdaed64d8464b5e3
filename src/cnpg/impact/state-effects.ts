import { canonicalJson, isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { effect, type Effect } from './effect.ts'
import { rollout, rolloutPlan } from './rollout.ts'

/** More or fewer instances. Source: CloudNativePG 1.30.0, internal/controller/cluster_scale.go, replicas.go. */
export function instanceEffects(base: Manifest, head: Manifest): Effect[] {
  const [from, to] = [rolloutPlan(base).instances, rolloutPlan(head).instances]
  if (from === to) return []
  const values = { from, to }
  const field = 'spec.instances'
  if (to < 1)
    return [effect('ignored', field, 'a cluster has at least one instance: the update is refused', values)]
  if (to > from)
    return [
      effect(
        'scale',
        field,
        `${count(to - from, 'new replica')} cloned from the primary, each on volumes of its own; nothing restarts`,
        values,
      ),
    ]
  const most = valueAt(head, 'spec', 'maxSyncReplicas')
  if (typeof most === 'number' && most > 0 && to < most + 1)
    return [
      effect(
        'ignored',
        field,
        `with maxSyncReplicas ${most} the operator puts instances back, and Flux lowers them again: both go on for ever`,
        values,
      ),
    ]
  return [
    effect(
      'scale',
      field,
      `${count(from - to, 'replica')} with the highest numbers ${from - to === 1 ? 'is' : 'are'} deleted, volumes included${to === 1 ? '; no standby is left: the next restart is an outage' : ''}`,
      values,
    ),
  ]
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Whether the operator runs a Cluster as a replica of another one (api/v1/cluster_funcs.go, IsReplica). */
export function isReplicaCluster(cluster: Manifest): boolean {
  const replica = valueAt(cluster, 'spec', 'replica')
  if (!isObject(replica)) return false
  if (typeof replica.enabled === 'boolean') return replica.enabled
  return (textAt(replica, 'self') ?? textAt(cluster, 'metadata', 'name')) !== textAt(replica, 'primary')
}

export function replicaEffects(base: Manifest, head: Manifest): Effect[] {
  if (canonicalJson(replicaStanza(base)) === canonicalJson(replicaStanza(head))) return []
  const [before, after] = [isReplicaCluster(base), isReplicaCluster(head)]
  if (!before && after)
    return [
      effect(
        'switchover',
        'spec.replica',
        'the cluster is demoted to a replica of another one: it takes no writes any more, until it is promoted',
      ),
    ]
  if (before && !after)
    return [
      effect(
        'switchover',
        'spec.replica',
        'the replica cluster is promoted and takes writes; without a promotionToken the two clusters diverge from here',
      ),
    ]
  return [effect('reload', 'spec.replica', 'the replica cluster reconnects; nothing restarts')]
}

/** Roles that Git manages are altered on the running primary. */
export function roleEffects(base: Manifest, head: Manifest): Effect[] {
  const [before, after] = [rolesOf(base), rolesOf(head)]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    const [left, right] = [before.get(name), after.get(name)]
    if (right === undefined)
      return [
        effect(
          'none',
          'spec.managed.roles',
          `role ${name} is managed no more; it stays in the database as it is`,
        ),
      ]
    const field = `spec.managed.roles[${right.index}]`
    if (canonicalJson(left?.role ?? null) === canonicalJson(right.role)) return []
    if (textAt(right.role, 'ensure') === 'absent')
      return [effect('reload', field, `role ${name} is dropped: its logins fail`)]
    return [
      effect(
        'none',
        field,
        `role ${name} is ${left === undefined ? 'created' : 'altered'} while the database runs`,
      ),
    ]
  })
}

/** Annotations that stop something. Source: docs/src/declarative_hibernation.md, fencing.md; cluster.md of a 1.28.0 cluster. */
export function annotationEffects(base: Manifest, head: Manifest): Effect[] {
  const changed = (name: string): { from: string | undefined; to: string | undefined } | undefined => {
    const from = textAt(base, 'metadata', 'annotations', name)
    const to = textAt(head, 'metadata', 'annotations', name)
    return from === to ? undefined : { from, to }
  }
  const effects: Effect[] = []

  const hibernation = changed('cnpg.io/hibernation')
  if (hibernation !== undefined && (hibernation.to === 'on' || hibernation.from === 'on'))
    effects.push(
      effect(
        'hibernation',
        annotationField('cnpg.io/hibernation'),
        hibernation.to === 'on'
          ? 'all instances stop, the primary first; volumes stay; the database is down until this is "off"'
          : 'the instances start again from their volumes',
        hibernation,
      ),
    )

  const fencing = changed('cnpg.io/fencedInstances')
  if (fencing !== undefined)
    effects.push(
      effect(
        'hibernation',
        annotationField('cnpg.io/fencedInstances'),
        fencing.to === undefined || fencing.to === '[]'
          ? 'PostgreSQL starts again on the instances that were fenced'
          : 'PostgreSQL stops on the fenced instances, their Pods stay; a fenced primary means no writes and no failover, while the Cluster says it is healthy',
        fencing,
      ),
    )

  const archiving = changed('cnpg.io/skipWalArchiving')
  if (archiving !== undefined) {
    const { impact, seen } = rollout(rolloutPlan(head), true)
    effects.push(
      effect(
        impact,
        annotationField('cnpg.io/skipWalArchiving'),
        `archive_mode changes and needs a restart: ${seen}`,
        archiving,
      ),
    )
    if (archiving.to === 'enabled')
      effects.push(
        effect(
          'backup-gap',
          annotationField('cnpg.io/skipWalArchiving'),
          'WAL is archived no more: nothing newer than the last backup can be restored',
          archiving,
        ),
      )
  }

  const loop = changed('cnpg.io/reconciliationLoop')
  if (loop !== undefined && (loop.to === 'disabled' || loop.from === 'disabled'))
    effects.push(
      effect(
        loop.to === 'disabled' ? 'ignored' : 'unknown',
        annotationField('cnpg.io/reconciliationLoop'),
        loop.to === 'disabled'
          ? 'the operator leaves this cluster alone: no edit takes effect, and nobody fails over'
          : 'the operator looks at this cluster again, and applies at once what was edited meanwhile',
        loop,
      ),
    )
  return effects
}

function replicaStanza(manifest: Manifest): Json {
  return valueAt(manifest, 'spec', 'replica') ?? null
}

function rolesOf(manifest: Manifest): Map<string, { role: Json; index: number }> {
  const list = valueAt(manifest, 'spec', 'managed', 'roles')
  return new Map(
    (Array.isArray(list) ? list : []).map((role, index) => [textAt(role, 'name') ?? '', { role, index }]),
  )
}

function annotationField(name: string): string {
  return `metadata.annotations[${name}]`
}
