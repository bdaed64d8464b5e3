import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { RenderedObject } from '../manifest/rendered.ts'
import { groupOf, type Manifest } from '../manifest/resource.ts'

export const BARMAN_PLUGIN = 'barman-cloud.cloudnative-pg.io'

/** Where a Cluster archives its WAL and puts its base backups. */
export interface BackupStore {
  by: 'barmanObjectStore' | 'plugin'
  /** the field that says so */
  field: string
  /** name of the plugin */
  plugin?: string
  /** name of the ObjectStore, for the Barman Cloud plugin */
  objectStore?: string
  /** undefined: the ObjectStore is not in this tree */
  destinationPath?: string
  endpointURL?: string
  /** the folder below: the cluster's own name where none is given */
  serverName: string
}

/** @returns undefined where the cluster archives nowhere */
export function backupStoreOf(
  cluster: Manifest,
  objects: readonly RenderedObject[],
): BackupStore | undefined {
  const own = textAt(cluster, 'metadata', 'name') ?? ''
  const inTree = valueAt(cluster, 'spec', 'backup', 'barmanObjectStore')
  if (isObject(inTree))
    return {
      by: 'barmanObjectStore',
      field: 'spec.backup.barmanObjectStore',
      ...location(inTree),
      serverName: textAt(inTree, 'serverName') ?? own,
    }
  const plugins = valueAt(cluster, 'spec', 'plugins')
  const list = Array.isArray(plugins) ? plugins : []
  const index = list.findIndex(
    item => valueAt(item, 'isWALArchiver') === true && valueAt(item, 'enabled') !== false,
  )
  const plugin = list[index]
  if (plugin === undefined) return undefined
  const name = textAt(plugin, 'name') ?? ''
  const objectStore = textAt(plugin, 'parameters', 'barmanObjectName')
  const store =
    objectStore === undefined || name !== BARMAN_PLUGIN
      ? undefined
      : objectStoreOf(textAt(cluster, 'metadata', 'namespace') ?? '', objectStore, objects)
  return {
    by: 'plugin',
    field: `spec.plugins[${index}]`,
    plugin: name,
    ...(objectStore === undefined ? {} : { objectStore }),
    ...location(valueAt(store?.manifest, 'spec', 'configuration')),
    serverName: textAt(plugin, 'parameters', 'serverName') ?? own,
  }
}

export function objectStoreOf(
  namespace: string,
  name: string,
  objects: readonly RenderedObject[],
): RenderedObject | undefined {
  return objects.find(
    ({ resource }) =>
      groupOf(resource.apiVersion) === 'barmancloud.cnpg.io' &&
      resource.kind === 'ObjectStore' &&
      resource.namespace === namespace &&
      resource.name === name,
  )
}

/** Where a Barman object store writes to, without slashes at the end. */
export function location(
  configuration: Json | undefined,
): Pick<BackupStore, 'destinationPath' | 'endpointURL'> {
  const path = textAt(configuration, 'destinationPath')
  const endpoint = textAt(configuration, 'endpointURL')
  return {
    ...(path === undefined ? {} : { destinationPath: path.replace(/\/+$/, '') }),
    ...(endpoint === undefined ? {} : { endpointURL: endpoint.replace(/\/+$/, '') }),
  }
}

/** 's3://backups/postgres/cluster', for people; undefined where the tree does not say. */
export function storePath({ destinationPath, serverName, objectStore }: BackupStore): string {
  if (destinationPath !== undefined) return `${destinationPath}/${serverName}`
  return objectStore === undefined ? serverName : `ObjectStore ${objectStore}, ${serverName}`
}

/** The plugins that put a sidecar or a hook beside the instances, in their order. */
export function enabledPlugins(cluster: Manifest): JsonObject[] {
  const plugins = valueAt(cluster, 'spec', 'plugins')
  return (Array.isArray(plugins) ? plugins : []).filter(
    (item): item is JsonObject => isObject(item) && item.enabled !== false,
  )
}
