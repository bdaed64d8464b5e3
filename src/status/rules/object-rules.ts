import { valueAt } from '../../manifest/json.ts'
import { conditionOf, entries, nameOf, number, objects, text, texts, timeOf } from '../fields.ts'
import { field, type Rule } from '../situation.ts'
import type { Reason } from '../state.ts'

const DAY = 86_400_000

/** The operator renews its own a week before they end: one that is nearer is somebody's, or the operator does not run. */
export const certificatesRule: Rule = ({ cluster, now }) =>
  entries(cluster, 'status', 'certificates', 'expirations').flatMap(([name, value]): Reason[] => {
    const ends = timeOf(typeof value === 'string' ? value : '')
    if (ends === undefined || ends - now >= 7 * DAY) return []
    const over = ends < now
    return [
      {
        state: 'attention',
        id: over ? 'certificate-expired' : 'certificate-expires',
        message: over ? `Certificate ${name} has expired.` : `Certificate ${name} expires within a week.`,
        evidence: [field(`status.certificates.expirations.${name}`, typeof value === 'string' ? value : '')],
        repair: 'Renew the Secret if it is yours; else see whether the operator runs.',
      },
    ]
  })

/** Roles and tablespaces that the spec manages. */
export const managedRule: Rule = ({ cluster }) => {
  const refused = entries(cluster, 'status', 'managedRolesStatus', 'cannotReconcile')
  const pending = entries(cluster, 'status', 'managedRolesStatus', 'byStatus').filter(
    ([status, roles]) => status === 'pending-reconciliation' && Array.isArray(roles) && roles.length > 0,
  )
  const tablespaces = objects(cluster, 'status', 'tablespacesStatus')
  const broken = tablespaces.filter(each => text(each, 'error') !== '')
  const waiting = tablespaces.filter(each => text(each, 'error') === '' && text(each, 'state') === 'pending')
  return [
    ...refused.map(([role, errors]): Reason => ({
      state: 'attention',
      id: 'role-irreconcilable',
      message: `Role ${role} cannot be made as spec.managed.roles wants it.`,
      evidence: texts(errors),
      repair: 'Mend the role in spec.managed.roles.',
    })),
    ...(refused.length > 0 || pending.length === 0
      ? []
      : [
          {
            state: 'progressing' as const,
            id: 'roles-pending',
            message: `Roles wait to be made: ${pending.flatMap(([, roles]) => texts(roles)).join(', ')}.`,
            evidence: ['status.managedRolesStatus.byStatus.pending-reconciliation'],
          },
        ]),
    ...broken.map((each): Reason => ({
      state: 'attention',
      id: 'tablespace-error',
      message: `Tablespace ${text(each, 'name')} cannot be made.`,
      evidence: [text(each, 'error')],
      repair: 'Mend it in spec.tablespaces.',
    })),
    ...waiting.map((each): Reason => ({
      state: 'progressing',
      id: 'tablespace-pending',
      message: `Tablespace ${text(each, 'name')} waits to be made.`,
      evidence: [field(`status.tablespacesStatus ${text(each, 'name')}`, text(each, 'state'))],
    })),
  ]
}

/** Volumes, as the Cluster counts them. */
export const volumesRule: Rule = ({ cluster, atWork, hibernated }) => {
  const named = (key: string) => texts(cluster, 'status', key)
  const of = (key: string, state: 'attention' | 'progressing', message: string, repair?: string): Reason[] =>
    named(key).length === 0
      ? []
      : [
          {
            state,
            id: `volume-${key.replace('PVC', '')}`,
            message: `${named(key).join(', ')}: ${message}`,
            evidence: [field(`status.${key}`, named(key))],
            ...(repair === undefined ? {} : { repair }),
          },
        ]
  return [
    ...of(
      'unusablePVC',
      'attention',
      'the operator cannot use this volume.',
      'Delete it once its data is not needed.',
    ),
    // without Pods every volume dangles: that is what hibernation is
    ...(hibernated
      ? []
      : of('danglingPVC', atWork ? 'progressing' : 'attention', 'no instance uses this volume.')),
    ...of('resizingPVC', 'progressing', 'the volume is being resized.'),
    ...(atWork ? of('initializingPVC', 'progressing', 'the volume is being filled.') : []),
  ]
}

/** Databases, Publications, Subscriptions and Poolers of the Cluster. */
export const declaredObjectsRule: Rule = ({ collected }) => [
  ...[
    ...(collected.databases ?? []),
    ...(collected.publications ?? []),
    ...(collected.subscriptions ?? []),
  ].flatMap((object): Reason[] => {
    const kind = text(object, 'kind') || 'object'
    const said = text(object, 'status', 'message')
    const seen = number(object, 'status', 'observedGeneration')
    const generation = number(object, 'metadata', 'generation')
    const applied = valueAt(object, 'status', 'applied')
    if (applied === false)
      return [
        {
          state: 'attention',
          id: 'declared-object-refused',
          message: `${kind} ${nameOf(object)} is not applied${said === '' ? '' : `: ${said}`}`,
          evidence: ['status.applied: false'],
          repair: `Mend the ${kind}.`,
        },
      ]
    return applied === true && seen === generation
      ? []
      : [
          {
            state: 'progressing',
            id: 'declared-object-pending',
            message: `${kind} ${nameOf(object)} is not applied yet.`,
            evidence: [field('metadata.generation', generation), field('status.observedGeneration', seen)],
          },
        ]
  }),
  ...(collected.poolers ?? []).flatMap((pooler): Reason[] => {
    const wanted = number(pooler, 'spec', 'instances')
    const has = number(pooler, 'status', 'instances')
    return has >= wanted
      ? []
      : [
          {
            state: 'attention',
            id: 'pooler-short',
            message: `Pooler ${nameOf(pooler)} has ${has} of ${wanted} instances.`,
            evidence: [field('spec.instances', wanted), field('status.instances', has)],
            repair: `See its Deployment ${nameOf(pooler)}.`,
          },
        ]
  }),
]

/** Data directories that are not of one database. */
export const systemIdRule: Rule = ({ cluster }) => {
  const condition = conditionOf(cluster, 'ConsistentSystemID')
  return condition?.status === 'False' && condition.reason === 'Mismatch'
    ? [
        {
          state: 'attention',
          id: 'system-id-differs',
          message: 'The instances are not copies of one database.',
          evidence: [`condition ConsistentSystemID: False ${condition.message}`],
          repair: 'Find the instance that does not belong, and delete it with its volume.',
        },
      ]
    : []
}

/** Settings that everybody has taken but PostgreSQL: it says so in its log only. */
export const refusedSettingsRule: Rule = ({ refusedSettings }) =>
  refusedSettings.map(({ field: place, message, repair }) => ({
    state: 'attention',
    id: 'setting-refused',
    message: `PostgreSQL does not take a setting of the spec. ${message}`,
    evidence: [place],
    repair,
  }))

/** What applied the Cluster: without it an edit in Git does not arrive. */
export const appliedByRule: Rule = ({ collected }) => {
  const { appliedBy } = collected
  if (appliedBy === undefined) return []
  const name = `${text(appliedBy, 'kind')} ${text(appliedBy, 'metadata', 'namespace')}/${nameOf(appliedBy)}`
  if (valueAt(appliedBy, 'spec', 'suspend') === true)
    return [note('flux-suspended', `${name}, which applies it, is suspended.`, ['spec.suspend: true'])]
  const ready = conditionOf(appliedBy, 'Ready')
  return ready?.status === 'False'
    ? [
        note('flux-not-ready', `${name}, which applies it, is not ready: ${ready.message}`, [
          `condition Ready: False ${ready.reason}`,
        ]),
      ]
    : []
}

function note(id: string, message: string, evidence: string[]): Reason {
  return { state: 'note', id, message, evidence }
}
