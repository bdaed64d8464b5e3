import type { JsonObject } from '../manifest/json.ts'
import { nameOf, objects, text } from './fields.ts'

/** Where the Barman Cloud plugin keeps the backups of a Cluster. */
export interface BarmanStore {
  /** name of the ObjectStore; '' where the parameter is missing */
  store: string
  /** the server's name in it */
  server: string
}

/** status.go isBarmanCloudPluginEnabled; `undefined` where the Cluster does not use the plugin. */
export function barmanPlugin(cluster: JsonObject | undefined): BarmanStore | undefined {
  const plugin = objects(cluster, 'spec', 'plugins').find(
    each => text(each, 'name') === 'barman-cloud.cloudnative-pg.io',
  )
  if (plugin === undefined || plugin.enabled === false) return undefined
  return {
    store: text(plugin, 'parameters', 'barmanObjectName'),
    server: text(plugin, 'parameters', 'serverName') || nameOf(cluster),
  }
}
