import type { ExternalObject } from '../../config/config.ts'
import { textAt, valueAt } from '../../manifest/json.ts'
import { nearName } from '../../manifest/near-name.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf, resourceKey, resourceLabel } from '../../manifest/resource.ts'
import { backupStoreOf, storePath } from '../backup-store.ts'
import { floodOf, readSchedule } from '../schedule.ts'
import { isOpen, type ObjectProblem } from './problem.ts'

/** Kinds with a spec.cluster.name of their own namespace. */
const REFER = new Set([
  'ScheduledBackup',
  'Backup',
  'Pooler',
  'Database',
  'DatabaseRole',
  'Publication',
  'Subscription',
])

/**
 * What the API server takes of each object alone, and what does not fit together.
 * @param isWhole whether everything that is applied to a namespace was rendered: else a Cluster may be there unseen
 */
export function treeProblems(
  objects: readonly RenderedObject[],
  external: readonly ExternalObject[],
  isWhole: (namespace: string) => boolean,
): ObjectProblem[] {
  const ours = objects.filter(({ resource }) => groupOf(resource.apiVersion) === 'postgresql.cnpg.io')
  const clusters = ours.filter(({ resource }) => resource.kind === 'Cluster')
  return [
    ...ours.flatMap(object => [
      ...(isWhole(object.resource.namespace) ? referenceProblems(object, clusters, external) : []),
      ...scheduleProblems(object),
    ]),
    ...sharedStores(clusters, objects),
  ]
}

function referenceProblems(
  object: RenderedObject,
  clusters: readonly RenderedObject[],
  external: readonly ExternalObject[],
): ObjectProblem[] {
  const { resource, manifest } = object
  const name = textAt(manifest, 'spec', 'cluster', 'name')
  if (!REFER.has(resource.kind) || name === undefined || isOpen(name)) return []
  const here = clusters.filter(cluster => cluster.resource.namespace === resource.namespace)
  if (here.some(cluster => cluster.resource.name === name)) return []
  if (
    external.some(
      known => known.kind === 'Cluster' && known.namespace === resource.namespace && known.name === name,
    )
  )
    return []
  const near = nearName(
    name,
    here.map(cluster => cluster.resource.name),
  )
  const elsewhere = clusters.find(cluster => cluster.resource.name === name)
  const hint =
    near === undefined
      ? elsewhere === undefined
        ? ''
        : `There is ${resourceLabel(elsewhere.resource)}, in another namespace. `
      : `Did you mean ${near}? `
  const backups = resource.kind === 'ScheduledBackup' ? ', its Backups never begin' : ''
  return [
    {
      object,
      ruleId: 'cnpg-cluster-unknown',
      level: 'warning',
      message: `There is no Cluster ${name} in namespace ${resource.namespace || 'default'}: the ${resource.kind} is accepted and does nothing${backups}.`,
      repair: `${hint}Correct the name, or declare Cluster ${resource.namespace}/${name} under \`external:\` in .github/cnpg-steward.yaml.`,
      field: 'spec.cluster.name',
    },
  ]
}

function scheduleProblems(object: RenderedObject): ObjectProblem[] {
  const text = textAt(object.manifest, 'spec', 'schedule')
  if (object.resource.kind !== 'ScheduledBackup' || text === undefined || isOpen(text)) return []
  if (valueAt(object.manifest, 'spec', 'suspend') === true) return []
  const schedule = readSchedule(text)
  const said = schedule === undefined ? undefined : floodOf(schedule)
  return said === undefined
    ? []
    : [
        {
          object,
          ruleId: 'cnpg-schedule-flood',
          level: 'warning',
          message: `Schedule "${text}": ${said}.`,
          repair:
            schedule?.fields === 5
              ? // its Sunday is 0 only
                `Put the second in front: "0 ${text.trim().replace(/ 7$/, ' 0')}".`
              : 'Take a base backup once a day or less; WAL archiving covers the time between.',
          field: 'spec.schedule',
        },
      ]
}

/** Two clusters that archive into one folder: the later one refuses to start its archive, or they overwrite each other's WAL. */
function sharedStores(
  clusters: readonly RenderedObject[],
  objects: readonly RenderedObject[],
): ObjectProblem[] {
  const first = new Map<string, RenderedObject>()
  return clusters.flatMap((object): ObjectProblem[] => {
    const store = backupStoreOf(object.manifest, objects)
    if (store?.destinationPath === undefined || isOpen(storePath(store))) return []
    const key = JSON.stringify([store.endpointURL, store.destinationPath, store.serverName])
    const other = first.get(key)
    if (other === undefined) {
      first.set(key, object)
      return []
    }
    // two Kustomizations may apply one object
    if (resourceKey(other.resource) === resourceKey(object.resource)) return []
    return [
      {
        object,
        ruleId: 'cnpg-backup-store-shared',
        level: 'error',
        message: `It archives to ${storePath(store)}, as ${resourceLabel(other.resource)} does: the two mix their WAL, and neither can be restored.`,
        repair: 'Give each cluster a serverName or a path of its own.',
        field: store.field,
      },
    ]
  })
}
