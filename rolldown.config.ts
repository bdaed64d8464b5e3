import { cpSync, existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { RolldownOptions } from 'rolldown'

/** How the action is bundled. @param input the entry @param dir where the bundle goes, emptied first */
export function bundle(input: string, dir: string): RolldownOptions {
  return {
    input: { main: input },
    platform: 'node',
    treeshake: true,
    plugins: [
      {
        name: 'fresh-directory-with-catalog',
        buildStart: () => rmSync(dir, { recursive: true, force: true }),
        writeBundle: () => {
          // read at run time, beside the program
          for (const [source, target] of [
            ['src/schema/catalog', 'catalog'],
            ['src/cnpg/parameters/catalog', 'catalog/postgres'],
          ] as const)
            if (existsSync(source)) cpSync(source, path.join(dir, target), { recursive: true })
        },
      },
    ],
    output: {
      dir,
      format: 'esm',
      minify: false,
      comments: { legal: true, annotation: false, jsdoc: false },
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name]-[hash].mjs',
    },
  }
}

export default bundle('src/action/main.ts', 'dist')
