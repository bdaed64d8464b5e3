import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { filesBelow } from './directory-tree.ts'
import { isErrno } from './files-on-disk.ts'
import type { Outbound } from './outbound.ts'

/** A file that may hold CRDs; `name` as the person gave it. */
export interface CrdSource {
  name: string
  bytes: Uint8Array
}

/** A word of the command line that leads nowhere. */
export interface NoSource {
  name: string
  message: string
  repair: string
}

/**
 * Reads what a word names: a file, the YAML and JSON files below a directory (links not followed), or an https address on
 * the public internet, up to 10 MiB.
 * @param cwd where relative paths begin
 * @param outbound by default one that is made where there is an address to fetch: most words are files
 */
export async function readCrdSource(
  word: string,
  { cwd, outbound }: { cwd: string; outbound?: Outbound },
): Promise<CrdSource[] | NoSource> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word))
    return await (await import('./crd-download.ts')).downloadCrds(word, outbound)
  const refuse = (message: string, repair: string): NoSource => ({ name: word, message, repair })
  const target = path.resolve(cwd, word)
  const stats = statSync(target, { throwIfNoEntry: false })
  if (stats === undefined) return refuse('There is no such file or directory.', 'Correct the path.')
  if (stats.isDirectory()) {
    const files = filesBelow(target, file => /\.(?:ya?ml|json)$/i.test(file))
    if (files.length === 0)
      return refuse('There is no YAML and no JSON file below this directory.', 'Correct the path.')
    return files.map(({ file, bytes }) => ({ name: path.join(word, file), bytes }))
  }
  if (!stats.isFile()) return refuse('This is no file.', 'Correct the path.')
  try {
    return [{ name: word, bytes: await readFile(target) }]
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM'))
      return refuse('This file may not be read.', 'Correct its permissions.')
    throw error
  }
}
