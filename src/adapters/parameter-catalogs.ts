import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import type { ParameterCatalog, ParameterCatalogs } from '../cnpg/parameters/parameter-catalog.ts'

/** Where the catalogs lie in a checkout. */
export const PARAMETERS_DIRECTORY = path.join(import.meta.dirname, '../cnpg/parameters/catalog')

/**
 * The parameter catalogs that ship with cnpg-steward, one a PostgreSQL major, each read once when it is asked for.
 * @param directory where they lie; beside a bundle it is another one than in a checkout
 */
export function openParameterCatalogs(directory: string = PARAMETERS_DIRECTORY): ParameterCatalogs {
  const read = new Map<number, ParameterCatalog | undefined>()
  return major => {
    if (!read.has(major)) {
      const file = path.join(directory, `pg${major}.json.br`)
      // generated, and held to its type by the catalog's tests
      const catalog: ParameterCatalog | undefined = existsSync(file)
        ? JSON.parse(brotliDecompressSync(readFileSync(file)).toString('utf8'))
        : undefined
      read.set(major, catalog)
    }
    return read.get(major)
  }
}
