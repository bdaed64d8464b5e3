import type { ParameterCatalogs } from './cnpg/parameters/parameter-catalog.ts'
import { collectStatus, type StatusQuestion } from './collect-status.ts'
import { refusedSettings } from './refused-settings.ts'
import type { DatabaseStatus } from './status/database-status.ts'
import { judge } from './status/judge.ts'
import type { KubernetesReader } from './status/reader.ts'

export interface StatusTools {
  reader: KubernetesReader
  catalogs: ParameterCatalogs
  now: () => Date
}

/** How a database is: reads it, and judges what was read as of `at`, or of now. */
export async function reportStatus(
  question: StatusQuestion & { at?: Date },
  { reader, catalogs, now }: StatusTools,
): Promise<DatabaseStatus> {
  const { at } = question
  const collected = await collectStatus(question, reader, at === undefined ? now : () => at)
  const { cluster } = collected
  return { collected, ...judge(collected, cluster === undefined ? [] : refusedSettings(cluster, catalogs)) }
}
