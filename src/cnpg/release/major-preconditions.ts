import { isObject, textAt, valueAt } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf, resourceKey, resourceLabel, type Manifest } from '../../manifest/resource.ts'
import { compareVersions, readOperandImage, type OperandImage } from '../operand-image.ts'
import { operandOf } from '../operand.ts'
import { lineOf } from './release-facts.ts'
import { supportedPostgres } from './supported-postgres.ts'

/** Something that must be so before a new major of PostgreSQL, or be done with it. */
export interface MajorCondition {
  /** `unmet` keeps it back; `todo` nobody can see in Git, or comes after: it is for a person */
  state: 'unmet' | 'todo'
  /** one sentence each */
  message: string
  repair: string
}

export interface MajorUpgrade {
  /** the Cluster as it is */
  cluster: RenderedObject
  /** the image that it is to run */
  image: string
  /** everything that its Kubernetes cluster is given */
  objects: readonly RenderedObject[]
  /** version of the operator; undefined: the tree does not say */
  operator: string | undefined
}

const CNPG = 'postgresql.cnpg.io'
/** The first operator that upgrades majors in place. */
const FIRST_OPERATOR = '1.26.0'
const OLDEST_TARGET = 16

/**
 * What speaks against a new major of PostgreSQL, and what it asks of a person, as far as a tree shows it.
 * Sources: CloudNativePG 1.30.0, docs/src/postgres_upgrades.md, pkg/reconciler/majorupgrade, internal/webhook/v1/cluster_webhook.go.
 */
export function majorPreconditions(upgrade: MajorUpgrade): MajorCondition[] {
  const { cluster, objects, operator } = upgrade
  const before = operandOf(cluster.manifest, objects, operator)
  const after = readOperandImage(upgrade.image)
  return [
    ...operatorConditions(operator, after),
    ...imageConditions(before.image, after, cluster.manifest),
    ...replicaConditions(cluster, objects),
    ...backupConditions(cluster, objects),
    ...logicalConditions(cluster, objects, before.major),
    {
      state: 'todo',
      message: 'pg_upgrade brings no statistics along, and extensions stay at the version they have.',
      repair: 'Run ANALYZE, and ALTER EXTENSION … UPDATE, once it is up.',
    },
  ]
}

function operatorConditions(operator: string | undefined, { major }: OperandImage): MajorCondition[] {
  if (major !== undefined && major < OLDEST_TARGET)
    return [
      {
        state: 'unmet',
        message: `The operator upgrades to PostgreSQL ${OLDEST_TARGET} or newer only, and this goes to ${major}.`,
        repair: `Go to ${OLDEST_TARGET} or newer.`,
      },
    ]
  if (operator === undefined)
    return [
      {
        state: 'todo',
        message: 'Which operator runs is not in this tree.',
        repair: `Make sure that it is ${FIRST_OPERATOR} or newer and supports PostgreSQL ${major ?? 'of that major'}.`,
      },
    ]
  if (compareVersions(operator, FIRST_OPERATOR) < 0)
    return [
      {
        state: 'unmet',
        message: `Operator ${operator} cannot upgrade to another major in place.`,
        repair: `Update the operator to ${FIRST_OPERATOR} or newer first, minor by minor.`,
      },
    ]
  const supported = supportedPostgres(operator)
  if (major === undefined || supported === undefined || supported.includes(major)) return []
  return [
    {
      state: 'unmet',
      message: `Operator ${lineOf(operator)} supports PostgreSQL ${supported[0]} to ${supported.at(-1)}, not ${major}.`,
      repair: 'Update the operator first, minor by minor.',
    },
  ]
}

function imageConditions(
  before: OperandImage | undefined,
  after: OperandImage,
  cluster: Manifest,
): MajorCondition[] {
  const conditions: MajorCondition[] = []
  const [old, now] = [before?.distribution, after.distribution]
  if (old === undefined || now === undefined)
    conditions.push({
      state: 'todo',
      message: 'Of one of the images the operating system is not known.',
      repair:
        'Make sure that both are of one release of it: pg_upgrade runs the old binaries in the new image.',
    })
  else if (old !== now)
    conditions.push({
      state: 'unmet',
      message: `The images are of two releases of Debian (${old}, ${now}): pg_upgrade runs the old binaries in the new image, and text would sort differently.`,
      repair: `Take an image of ${old}, and change the operating system in a step of its own.`,
    })
  // values of parameters are texts (api/v1 PostgresConfiguration)
  const size = textAt(cluster, 'spec', 'postgresql', 'parameters', 'max_slot_wal_keep_size')
  const [, minor] = /^17(?:\.(\d+))?(?=\D|$)/.exec(before?.tag ?? '') ?? []
  const is17 = before?.major === 17
  if (is17 && size !== undefined && size !== '-1' && (minor === undefined || Number(minor) < 6))
    conditions.push({
      state: minor === undefined ? 'todo' : 'unmet',
      message: `pg_upgrade of PostgreSQL 17.0 to 17.5 refuses max_slot_wal_keep_size ${size}, and this is ${before?.tag ?? '17'}.`,
      repair: 'Go to 17.6 or newer first.',
    })
  return conditions
}

function replicaConditions(cluster: RenderedObject, objects: readonly RenderedObject[]): MajorCondition[] {
  const { resource, manifest } = cluster
  if (isReplica(manifest, resource.name))
    return [
      {
        state: 'unmet',
        message:
          'It is a replica cluster: it follows its source byte by byte and cannot be of another major.',
        repair: 'Upgrade the source, and create this one again from it.',
      },
    ]
  const services = ['rw', 'ro', 'r'].map(service => `${resource.name}-${service}`)
  const followers = objects.filter(({ resource: other, manifest: spec }) => {
    if (!isOf(other, 'Cluster') || resourceKey(other) === resourceKey(resource)) return false
    const source = textAt(spec, 'spec', 'replica', 'source')
    const external = valueAt(spec, 'spec', 'externalClusters')
    const entry = (Array.isArray(external) ? external : []).find(item => textAt(item, 'name') === source)
    const [host = ''] = (textAt(entry, 'connectionParameters', 'host') ?? '').split('.')
    return isReplica(spec, other.name) && services.includes(host)
  })
  return followers.map(({ resource: other }) => ({
    state: 'unmet',
    message: `${resourceLabel(other)} is a replica cluster of it, and cannot follow it to another major.`,
    repair: 'Take it out first, and create it again after the upgrade.',
  }))
}

/** `replica.primary` names another cluster, or the older `replica.enabled`. */
function isReplica(manifest: Manifest, name: string): boolean {
  const replica = valueAt(manifest, 'spec', 'replica')
  if (!isObject(replica)) return false
  const self = textAt(replica, 'self') ?? name
  const primary = textAt(replica, 'primary')
  return replica.enabled === true || (primary !== undefined && primary !== self)
}

function backupConditions(cluster: RenderedObject, objects: readonly RenderedObject[]): MajorCondition[] {
  const { resource, manifest } = cluster
  const scheduled = objects.some(
    ({ resource: other, manifest: spec }) =>
      isOf(other, 'ScheduledBackup') &&
      other.namespace === resource.namespace &&
      textAt(spec, 'spec', 'cluster', 'name') === resource.name &&
      valueAt(spec, 'spec', 'suspend') !== true,
  )
  const plugins = valueAt(manifest, 'spec', 'plugins')
  const archives =
    isObject(valueAt(manifest, 'spec', 'backup', 'barmanObjectStore')) ||
    (Array.isArray(plugins) && plugins.some(plugin => valueAt(plugin, 'isWALArchiver') === true))
  return [
    scheduled
      ? {
          state: 'todo',
          message: 'Git does not say whether the last backup is a good one.',
          repair: 'Look at it, and take a full one right before: there is no way back without it.',
        }
      : {
          state: 'unmet',
          message: 'No ScheduledBackup of this tree backs it up, and there is no way back without a backup.',
          repair: 'Declare one and let it run, or let a person who has one ask for the upgrade.',
        },
    ...(archives
      ? [
          {
            state: 'todo' as const,
            message:
              'The new major begins a history of its own: nothing is recovered across it, and the old archive refuses it.',
            repair:
              'Give the archive another serverName in the same change, and take a full backup right after.',
          },
        ]
      : []),
  ]
}

function logicalConditions(
  { resource }: RenderedObject,
  objects: readonly RenderedObject[],
  major: number | undefined,
): MajorCondition[] {
  const using = objects.filter(
    ({ resource: other, manifest }) =>
      (isOf(other, 'Publication') || isOf(other, 'Subscription')) &&
      other.namespace === resource.namespace &&
      textAt(manifest, 'spec', 'cluster', 'name') === resource.name,
  )
  // pg_upgrade keeps logical slots from 17 on
  if (using.length === 0 || (major !== undefined && major >= 17)) return []
  return [
    {
      state: 'todo',
      message: `${using.map(one => resourceLabel(one.resource)).join(', ')}: pg_upgrade keeps logical replication slots from PostgreSQL 17 on only.`,
      repair: 'Stop writes, let subscribers catch up, and make the slots again.',
    },
  ]
}

function isOf({ apiVersion, kind }: RenderedObject['resource'], wanted: string): boolean {
  return kind === wanted && groupOf(apiVersion) === CNPG
}
