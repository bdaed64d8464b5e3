import { changedFields } from './changed-fields.ts'
import type { ChangedObject } from './changed-object.ts'
import type { FieldRule } from './cluster-fields.ts'
import { effect, type Effect } from './effect.ts'

const roll: FieldRule = { effect: 'roll' }
const reload: FieldRule = { effect: 'reload' }

/** Every field of Pooler.spec. Source: CloudNativePG 1.30.0, pkg/specs/pgbouncer/deployments.go, docs/src/connection_pooling.md. */
export const POOLER_FIELDS: Readonly<Record<string, FieldRule>> = {
  cluster: {
    effect: 'ignored',
    note: 'cannot change since 1.28.4: the update is refused; older ones connect to the other cluster',
  },
  deploymentStrategy: { effect: 'live' },
  instances: { effect: 'special' },
  monitoring: { effect: 'live' },
  'pgbouncer.authQuery': reload,
  'pgbouncer.authQuerySecret': roll,
  'pgbouncer.clientCASecret': roll,
  'pgbouncer.clientTLSSecret': roll,
  'pgbouncer.image': roll,
  'pgbouncer.imageCatalogRef': roll,
  'pgbouncer.parameters': reload,
  'pgbouncer.paused': { effect: 'special' },
  'pgbouncer.pg_hba': reload,
  'pgbouncer.poolMode': reload,
  'pgbouncer.serverCASecret': roll,
  'pgbouncer.serverTLSSecret': roll,
  serviceAccountName: { effect: 'ignored', note: 'cannot change: the update is refused' },
  serviceTemplate: { effect: 'live' },
  template: roll,
  type: { effect: 'live', note: 'sends the pooled connections to other instances: open ones break' },
}

/** What an edit of a Pooler does to the connections through it. */
export function poolerEffects({ change, base, head }: ChangedObject): Effect[] {
  if (head === undefined || change.change === 'renamed')
    return change.orphaned === true
      ? [effect('none', '', 'it leaves Git and keeps running (prune is off for it)')]
      : [
          effect(
            'hibernation',
            change.change === 'renamed' ? 'metadata.name' : '',
            `the pooler's Pods and Service${change.renamedFrom === undefined ? '' : ` ${change.renamedFrom.name}`} go away: clients that connect through it lose the database`,
          ),
        ]
  if (base === undefined) return []
  return changedFields(base.manifest['spec'], head.manifest['spec'], POOLER_FIELDS).map(
    ({ path, rule, from, to }) => {
      const field = `spec.${path}`
      const note = rule?.note === undefined ? '' : ` ${rule.note}`
      if (path === 'instances') {
        const [old, now] = [from ?? 1, to ?? 1]
        return effect(
          'scale',
          field,
          now === 0
            ? 'no pooler Pod is left: its clients lose the database'
            : 'pooler Pods are added or removed; clients of a removed one reconnect',
          { from: old, to: now },
        )
      }
      if (path === 'pgbouncer.paused')
        return effect(
          'hibernation',
          field,
          to === true ? 'PgBouncer pauses: clients wait until it is resumed' : 'PgBouncer resumes',
          { from: from ?? false, to: to ?? false },
        )
      switch (rule?.effect) {
        case 'roll':
          return effect(
            'rolling-restart',
            field,
            `${path} is part of the pooler's Pods: they are replaced one by one, their clients reconnect; PostgreSQL stays`,
          )
        case 'reload':
          return effect('reload', field, `${path}: PgBouncer reloads its configuration`)
        case 'live':
          return effect('none', field, `${path}${note === '' ? ' is taken up while it runs' : note}`)
        case 'ignored':
          return effect('ignored', field, `${path}${note}`)
        case 'later':
        case 'special':
        case undefined:
          break
      }
      return effect('unknown', field, `${path} is not known to cnpg-steward: what it does is not judged`)
    },
  )
}
