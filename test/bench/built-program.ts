import { cpSync } from 'node:fs'
import path from 'node:path'
import { rolldown } from 'rolldown'
import { bundle } from '../../rolldown.config.ts'

/**
 * Bundles the command line as the action is bundled, with its catalogs where it looks for them.
 * @returns the file that node runs
 */
export async function buildProgram(directory: string): Promise<string> {
  const target = path.join(directory, 'cli')
  const { output, ...input } = bundle('src/cli/main.ts', target)
  if (output === undefined || Array.isArray(output)) throw new Error('one output is expected')
  await using bundler = await rolldown(input)
  await bundler.write(output)
  for (const catalog of ['schema/catalog', 'cnpg/parameters/catalog'])
    cpSync(path.join('src', catalog), path.join(directory, catalog), { recursive: true })
  return path.join(target, 'main.mjs')
}
