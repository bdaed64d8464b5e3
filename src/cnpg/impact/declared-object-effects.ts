import { canonicalJson, textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import type { ChangedObject } from './changed-object.ts'
import { effect, type Effect } from './effect.ts'

/**
 * Objects that stand for something inside PostgreSQL: what is kept when they go, what is dropped.
 * Source: CloudNativePG 1.30.0, internal/management/controller/*_controller.go (reclaim policies run as a finalizer).
 */
interface DeclaredKind {
  /** 'database' */
  noun: string
  policy: string
  /** what is lost where it is dropped */
  loss: string
  /** lists of things of their own, each with `ensure` */
  lists: readonly string[]
  /** fields the CRD's rules keep as they are (self == oldSelf) */
  immutable: readonly string[]
  /** everything else that is known to be altered live */
  live: readonly string[]
}

export const DECLARED_KINDS: Readonly<Record<string, DeclaredKind>> = {
  Database: {
    noun: 'database',
    policy: 'databaseReclaimPolicy',
    loss: 'with all its data',
    lists: ['extensions', 'schemas', 'fdws', 'servers'],
    immutable:
      'cluster builtinLocale collationVersion encoding icuLocale icuRules locale localeCType localeCollate localeProvider name template'.split(
        ' ',
      ),
    live: 'allowConnections connectionLimit isTemplate owner tablespace'.split(' '),
  },
  Publication: {
    noun: 'publication',
    policy: 'publicationReclaimPolicy',
    loss: 'and what its subscribers would still have received',
    lists: [],
    immutable: ['cluster', 'dbname', 'name'],
    live: ['parameters', 'target'],
  },
  Subscription: {
    noun: 'subscription',
    policy: 'subscriptionReclaimPolicy',
    loss: 'with its place in the stream: it can only be copied again from the start',
    lists: [],
    immutable: ['cluster', 'dbname', 'name'],
    live: ['externalClusterName', 'parameters', 'publicationDBName', 'publicationName'],
  },
  DatabaseRole: {
    noun: 'role',
    policy: 'databaseRoleReclaimPolicy',
    loss: 'with its grants: its logins fail',
    lists: [],
    immutable: ['cluster', 'name'],
    live: 'bypassrls clientCertificate comment connectionLimit createdb createrole disablePassword inRoles inherit login passwordSecret replication superuser validUntil'.split(
      ' ',
    ),
  },
}

/** @param kind of DECLARED_KINDS */
export function declaredObjectEffects({ change, base, head }: ChangedObject, kind: DeclaredKind): Effect[] {
  const { noun, policy, loss } = kind
  if (head === undefined || change.change === 'renamed') {
    const gone = base?.manifest ?? {}
    const name = textAt(gone, 'spec', 'name') ?? ''
    const deletes = textAt(gone, 'spec', policy) === 'delete'
    const field = head === undefined ? '' : 'metadata.name'
    return change.orphaned !== true && deletes
      ? [effect('data-loss', field, `${noun} ${name} is dropped ${loss} (${policy}: delete)`)]
      : [effect('none', field, `${noun} ${name} stays in PostgreSQL (${policy}: retain)`)]
  }
  return specEffects(base?.manifest, head.manifest, kind)
}

function specEffects(base: Manifest | undefined, head: Manifest, kind: DeclaredKind): Effect[] {
  const { noun, policy, loss, lists, immutable, live } = kind
  const effects: Effect[] = []
  const name = textAt(head, 'spec', 'name') ?? ''
  const at = (field: string): [Json | undefined, Json | undefined] => [
    valueAt(base, 'spec', field),
    valueAt(head, 'spec', field),
  ]
  const spec = { ...objectOf(valueAt(base, 'spec')), ...objectOf(valueAt(head, 'spec')) }
  for (const field of Object.keys(spec)) {
    const [from, to] = at(field)
    if (canonicalJson(from ?? null) === canonicalJson(to ?? null)) continue
    const path = `spec.${field}`
    if (field === 'ensure') {
      if (to === 'absent')
        effects.push(effect('data-loss', path, `${noun} ${name} is dropped ${loss}`, { from, to }))
      else if (base !== undefined)
        effects.push(effect('none', path, `${noun} ${name} is created`, { from, to }))
    } else if (lists.includes(field)) effects.push(...listEffects(field, from, to))
    else if (base === undefined) continue
    else if (field === policy)
      effects.push(
        effect('none', path, `decides whether the ${noun} is dropped when this object is deleted`, {
          from,
          to,
        }),
      )
    else if (immutable.includes(field))
      effects.push(effect('ignored', path, `${field} cannot change: the update is refused`, { from, to }))
    else if (live.includes(field))
      effects.push(effect('none', path, `${field} is altered while the database runs`))
    else
      effects.push(
        effect('unknown', path, `${field} is not known to cnpg-steward: what it does is not judged`),
      )
  }
  return effects
}

/** An extension or schema that leaves the list stays in the database; only `ensure: absent` drops it. */
function listEffects(list: string, before: Json | undefined, after: Json | undefined): Effect[] {
  const dropped = absentNames(after).filter(name => !absentNames(before).includes(name))
  return dropped.length === 0
    ? [effect('none', `spec.${list}`, `${list} are created or altered while the database runs`)]
    : [effect('data-loss', `spec.${list}`, `${dropped.join(', ')} of ${list} dropped (ensure: absent)`)]
}

function objectOf(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function absentNames(items: Json | undefined): string[] {
  return (Array.isArray(items) ? items : [])
    .filter(item => textAt(item, 'ensure') === 'absent')
    .map(item => textAt(item, 'name') ?? '')
}
