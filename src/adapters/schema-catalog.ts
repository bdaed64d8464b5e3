import { readFileSync } from 'node:fs'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import type { CatalogIndex, SchemaCatalog } from '../schema/catalog.ts'
import type { StructuralSchema } from '../schema/structural.ts'

/** Where the catalog lies in a checkout. */
export const CATALOG_DIRECTORY = path.join(import.meta.dirname, '../schema/catalog')

/**
 * The catalog that ships with cnpg-steward. The index is read at once (60 kB), a kind's schema when it is asked for.
 * @param directory where it lies; beside a bundle it is another one than in a checkout
 * @throws where a file is missing or broken: an installation that is not whole
 */
export function openCatalog(directory: string = CATALOG_DIRECTORY): SchemaCatalog {
  // both are generated and held to their types by the catalog's tests
  const index: CatalogIndex = JSON.parse(readFileSync(path.join(directory, 'index.json'), 'utf8'))
  return {
    index,
    read(file) {
      const schema: StructuralSchema = JSON.parse(
        brotliDecompressSync(readFileSync(path.join(directory, file))).toString('utf8'),
      )
      return schema
    },
  }
}
