import { openCatalog } from '../adapters/schema-catalog.ts'
import type { SchemaCommand } from './arguments.ts'
import { CannotJudge, type Context, type Outcome } from './run.ts'

/** `schema`: which projects, versions and kinds the catalog knows. */
export async function schema({ imports, output }: SchemaCommand, _context: Context): Promise<Outcome> {
  if (imports.length > 0)
    throw new CannotJudge(
      'Schemas cannot be imported yet.',
      'Let the tree install the CRDs: they are taken from there before the catalog is asked.',
    )
  const { index } = openCatalog()
  if (output === 'json')
    return { output: JSON.stringify({ version: 1, catalog: index }, null, 2), exitCode: 0 }
  const lines = Object.entries(index).map(([project, versions]) => {
    const kinds = new Set(Object.values(versions).flatMap(known => Object.keys(known)))
    return `${project.padEnd(20)} ${String(kinds.size).padStart(3)} kinds  ${Object.keys(versions).join(' ')}`
  })
  return { output: lines.join('\n'), exitCode: 0 }
}
