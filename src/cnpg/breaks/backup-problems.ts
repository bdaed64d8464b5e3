import { isObject, textAt, valueAt } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf } from '../../manifest/resource.ts'
import {
  backupStoreOf,
  enabledPlugins,
  location,
  objectStoreOf,
  storePath,
  type BackupStore,
} from '../backup-store.ts'
import { isOpen, type ObjectProblem } from './problem.ts'

/** Backups that the Cluster is not set up for, and archives that a new Cluster refuses to write to. */
export function backupProblems(objects: readonly RenderedObject[]): ObjectProblem[] {
  const ours = objects.filter(({ resource }) => groupOf(resource.apiVersion) === 'postgresql.cnpg.io')
  const clusters = ours.filter(({ resource }) => resource.kind === 'Cluster')
  return [
    ...ours
      .filter(({ resource }) => resource.kind === 'ScheduledBackup' || resource.kind === 'Backup')
      .flatMap(object => methodProblems(object, clusters)),
    ...clusters.flatMap(object => archiveProblems(object, objects)),
  ]
}

/**
 * The operator looks only when the Backup is due, and fails it then: "no barmanObjectStore section defined on the target
 * cluster" (cloudnative-pg 1.28 internal/controller/backup_controller.go, checkPrerequisites).
 */
function methodProblems(object: RenderedObject, clusters: readonly RenderedObject[]): ObjectProblem[] {
  const { resource, manifest } = object
  const cluster = clusters.find(
    one =>
      one.resource.namespace === resource.namespace &&
      one.resource.name === textAt(manifest, 'spec', 'cluster', 'name'),
  )?.manifest
  if (cluster === undefined || valueAt(manifest, 'spec', 'suspend') === true) return []
  const named = textAt(manifest, 'spec', 'method')
  const method = named ?? 'barmanObjectStore'
  const plugins = enabledPlugins(cluster).map(plugin => textAt(plugin, 'name') ?? '')
  const missing = (): string | undefined => {
    if (method === 'plugin') {
      const wanted = textAt(manifest, 'spec', 'pluginConfiguration', 'name') ?? ''
      if (plugins.length === 0) return 'the Cluster has no plugin'
      if (wanted === '') return 'it does not say which plugin (pluginConfiguration.name)'
      return plugins.includes(wanted) || isOpen(wanted + plugins.join(''))
        ? undefined
        : `the Cluster has no plugin ${wanted}, only ${plugins.join(', ')}`
    }
    if (method !== 'barmanObjectStore' && method !== 'volumeSnapshot') return undefined
    return isObject(valueAt(cluster, 'spec', 'backup', method))
      ? undefined
      : `the Cluster has no spec.backup.${method}`
  }
  const because = missing()
  if (because === undefined) return []
  const archives = plugins.find(name => name.startsWith('barman-cloud'))
  return [
    {
      object,
      ruleId: 'cnpg-backup-method',
      level: 'error',
      message: `Every backup by method ${method}${named === undefined ? ' (the default)' : ''} fails: ${because}. The object is accepted all the same.`,
      repair:
        archives !== undefined && method !== 'plugin'
          ? `Write method: plugin and pluginConfiguration: { name: ${archives} }.`
          : 'Name a method that the Cluster is set up for, or set it up for this one.',
      field: named === undefined ? 'spec' : 'spec.method',
    },
  ]
}

/**
 * A Cluster that is restored must write to an empty archive, which the one it is restored from is not: "Expected empty archive"
 * (cloudnative-pg 1.28 pkg/management/postgres/restore.go). All of 45 public Clusters that do so say that it is meant.
 */
function archiveProblems(object: RenderedObject, objects: readonly RenderedObject[]): ObjectProblem[] {
  const { manifest } = object
  if (
    textAt(manifest, 'metadata', 'annotations', 'cnpg.io/skipEmptyWalArchiveCheck') === 'enabled' ||
    valueAt(manifest, 'spec', 'replica', 'enabled') === true
  )
    return []
  const source = textAt(manifest, 'spec', 'bootstrap', 'recovery', 'source')
  const target = backupStoreOf(manifest, objects)
  const from = source === undefined ? undefined : sourceStore(object, source, objects)
  if (target === undefined || from === undefined || source === undefined) return []
  const [one, other] = [target, from].map(store =>
    JSON.stringify([
      store.endpointURL ?? '',
      store.destinationPath ?? `ObjectStore ${store.objectStore ?? ''}`,
      store.serverName,
    ]),
  )
  if (one !== other || isOpen(one ?? '')) return []
  return [
    {
      object,
      ruleId: 'cnpg-archive-not-empty',
      level: 'warning',
      message: `It is restored from ${storePath(from)} and archives to the same place: a new Cluster stops with "Expected empty archive".`,
      repair:
        'Give it a serverName of its own, or annotate it with cnpg.io/skipEmptyWalArchiveCheck: enabled where the two histories may share a folder.',
      field: target.field,
    },
  ]
}

function sourceStore(
  { manifest, resource }: RenderedObject,
  source: string,
  objects: readonly RenderedObject[],
): BackupStore | undefined {
  const list = valueAt(manifest, 'spec', 'externalClusters')
  const external = (Array.isArray(list) ? list : []).find(item => textAt(item, 'name') === source)
  const inTree = valueAt(external, 'barmanObjectStore')
  if (isObject(inTree))
    return {
      by: 'barmanObjectStore',
      field: '',
      ...location(inTree),
      serverName: textAt(inTree, 'serverName') ?? source,
    }
  const name = textAt(external, 'plugin', 'parameters', 'barmanObjectName')
  if (name === undefined) return undefined
  const store = objectStoreOf(resource.namespace, name, objects)
  return {
    by: 'plugin',
    field: '',
    objectStore: name,
    ...location(valueAt(store?.manifest, 'spec', 'configuration')),
    serverName: textAt(external, 'plugin', 'parameters', 'serverName') ?? source,
  }
}
