import { createHash } from 'node:crypto'
import path from 'node:path'
import { readOrNothing, writeWhole } from './whole-file.ts'

/**
 * What was fetched, by its own digest, so that a broken entry is noticed and ignored; and what a reference led to
 * last, which only offline runs believe. Runs side by side may share a directory: entries appear whole.
 */
export interface ChartCache {
  read(digest: string): Promise<Buffer | undefined>
  /** @returns its digest */
  write(content: Uint8Array): Promise<string>
  /** @param key any text that names a reference */
  readText(key: string): Promise<string | undefined>
  writeText(key: string, text: string): Promise<void>
}

/** @param directory is made where it is missing */
export function chartCache(directory: string): ChartCache {
  const place = (folder: string, name: string) => path.join(directory, folder, name)
  return {
    read: async digest => {
      const content = await readOrNothing(place('sha256', hexOf(digest)))
      return content !== undefined && digestOf(content) === digest ? content : undefined
    },
    write: async content => {
      const digest = digestOf(content)
      await keep(place('sha256', hexOf(digest)), content)
      return digest
    },
    readText: async key => (await readOrNothing(place('last', hexOf(digestOf(key)))))?.toString('utf8'),
    writeText: async (key, text) => await keep(place('last', hexOf(digestOf(key))), text),
  }
}

/** A disk that is full or may not be written costs the next run its time, not this one its result. */
async function keep(file: string, content: Uint8Array | string): Promise<void> {
  await writeWhole(file, content).catch(() => undefined)
}

/** A cache for one run, in memory. */
export function memoryCache(): ChartCache {
  const contents = new Map<string, Buffer>()
  const texts = new Map<string, string>()
  return {
    read: async digest => contents.get(digest),
    write: async content => {
      const digest = digestOf(content)
      contents.set(digest, Buffer.from(content))
      return digest
    },
    readText: async key => texts.get(key),
    writeText: async (key, text) => void texts.set(key, text),
  }
}

/** 'sha256:…' */
export function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

function hexOf(digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return 'none'
  return digest.slice('sha256:'.length)
}
