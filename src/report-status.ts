import type { ParameterCatalogs } from './cnpg/parameters/parameter-catalog.ts'
import { collectStatus, type StatusQuestion } from './collect-status.ts'
import type { DatabaseStatus } from './status/database-status.ts'
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
  const reading = collectStatus(question, reader, at === undefined ? now : () => at)
  // loaded while the API server is being waited for: a command that runs for a tenth of a second feels it
  const [collected, { judge }, { refusedSettings }] = await Promise.all([
    reading,
    import('./status/judge.ts'),
    import('./refused-settings.ts'),
  ])
  const { cluster } = collected
  return { collected, ...judge(collected, cluster === undefined ? [] : refusedSettings(cluster, catalogs)) }
}
