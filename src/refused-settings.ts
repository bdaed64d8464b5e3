import { clusterProblems } from './cnpg/breaks/cluster-problems.ts'
import { operandOf } from './cnpg/operand.ts'
import type { ParameterCatalogs } from './cnpg/parameters/parameter-catalog.ts'
import { valueAt, type JsonObject } from './manifest/json.ts'
import type { RefusedSetting } from './status/situation.ts'

const RULES = new Set(['cnpg-parameter-unknown', 'cnpg-parameter-value', 'cnpg-hba-line'])

/**
 * Settings of a live Cluster that PostgreSQL does not take. Nothing of it shows in the cluster but in PostgreSQL's log: the
 * status says healthy, every instance has the new configuration hash, and the next restart ends in a crash loop.
 */
export function refusedSettings(cluster: JsonObject, catalogs: ParameterCatalogs): RefusedSetting[] {
  const operand = operandOf(cluster, [], undefined)
  // what runs is known better than what the image's name says
  const running = valueAt(cluster, 'status', 'pgDataImageInfo', 'majorVersion')
  const major = typeof running === 'number' ? running : operand.major
  return clusterProblems(cluster, { ...operand, ...(major === undefined ? {} : { major }) }, catalogs)
    .filter(({ ruleId }) => RULES.has(ruleId))
    .map(({ field, message, repair }) => ({ field, message, repair }))
}
