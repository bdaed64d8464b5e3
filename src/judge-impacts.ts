import { impactsOf, worstOfChange } from './cnpg/impact/impacts.ts'
import type { ParameterCatalogs } from './cnpg/parameters/parameter-catalog.ts'
import type { Config } from './config/config.ts'
import type { FieldLines } from './field-lines.ts'
import type { Change, Impact } from './manifest/change.ts'
import type { Tree } from './manifest/tree.ts'
import type { RenderedRepository } from './render-tree.ts'

/**
 * What a change does to databases that run, each effect at the line that brings it; and the changes, each with the worst of
 * what it does.
 */
export async function judgeImpacts(
  base: RenderedRepository,
  head: RenderedRepository,
  changes: readonly Change[],
  {
    tree,
    lines,
    config,
    catalogs,
  }: {
    tree: Tree
    lines: FieldLines
    config: Config
    catalogs: ParameterCatalogs
  },
): Promise<{ impacts: Impact[]; changes: Change[] }> {
  const files = await tree.files()
  const found = impactsOf({
    base,
    head,
    changes,
    catalogs,
    ...(config.cnpgVersion === undefined ? {} : { operator: config.cnpgVersion }),
  })
  const impacts = await Promise.all(
    found.map(async ({ writtenIn, removed, field, ...impact }): Promise<Impact> => {
      // what was deleted has no line any more
      if (writtenIn === undefined || !files.has(writtenIn.file)) return impact
      if (removed) return { ...impact, file: writtenIn.file }
      return { ...impact, ...(await lines.at(impact.cluster, writtenIn, field)) }
    }),
  )
  return {
    impacts,
    changes: changes.map(change => {
      const impact = worstOfChange(change, impacts)
      return impact === undefined ? change : { ...change, impact }
    }),
  }
}
