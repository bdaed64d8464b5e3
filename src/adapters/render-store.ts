import { createHash } from 'node:crypto'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import type { RenderStore } from '../render/tools.ts'
import { readOrNothing, writeWhole } from './whole-file.ts'

export interface RenderStoreOptions {
  /** is made where it is missing; runs side by side may share it, and actions/cache may keep it */
  directory: string
  /** bytes that may stay in it; the entries that were used longest ago go first */
  limit?: number
  /** one line, once, where nothing can be kept: a full disk, no permission */
  complain: (message: string) => void
}

const LIMIT = 256 * 1024 * 1024
// What a run adds is looked through once it is this much: a listing of thousands of files is no work for each small run.
const PRUNE_AFTER = 1024 * 1024
// An entry's time is its last use, told anew when it is older than this: a read is then no write.
const FRESH = 6 * 60 * 60 * 1000
const DIGEST = /^[0-9a-f]{64}$/

/**
 * What was rendered, a file an entry. The first line of each is the digest of its key and content: an entry that was cut
 * off, damaged or filed under another name is as good as none. Keys are digests of all inputs, so an entry never gets old.
 */
export function renderStore({ directory, limit = LIMIT, complain }: RenderStoreOptions): RenderStore {
  const fileOf = (key: string) => path.join(directory, key.slice(0, 2), key.slice(2))
  let added = 0
  let broken = false
  return {
    get: async key => {
      if (!DIGEST.test(key)) return undefined
      const bytes = await readOrNothing(fileOf(key))
      const text = bytes?.toString('utf8') ?? ''
      const end = text.indexOf('\n')
      const content = text.slice(end + 1)
      if (end === -1 || text.slice(0, end) !== sealOf(key, content)) return undefined
      await markUsed(fileOf(key))
      return content
    },
    put: async (key, content) => {
      if (broken || !DIGEST.test(key) || content.length > limit) return
      try {
        await writeWhole(fileOf(key), `${sealOf(key, content)}\n${content}`)
        added += content.length
        if (added < PRUNE_AFTER) return
        added = 0
        await prune(directory, limit)
      } catch (error) {
        broken = true
        complain(
          `nothing is kept for the next run: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    },
  }
}

function sealOf(key: string, content: string): string {
  return createHash('sha256').update(key).update('\0').update(content).digest('hex')
}

async function markUsed(file: string): Promise<void> {
  try {
    const now = Date.now()
    if (now - (await stat(file)).mtimeMs > FRESH) await utimes(file, now / 1000, now / 1000)
  } catch {
    // gone in between, or not ours to touch: it was read all the same
  }
}

/** Takes the entries that were used longest ago away until the rest is within the limit. */
async function prune(directory: string, limit: number): Promise<void> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = await Promise.all(
    names
      .filter(entry => entry.isFile())
      .map(async entry => {
        const file = path.join(entry.parentPath, entry.name)
        const found = await stat(file).catch(() => undefined)
        return { file, size: found?.size ?? 0, used: found?.mtimeMs ?? 0 }
      }),
  )
  let left = files.reduce((sum, { size }) => sum + size, 0)
  for (const { file, size } of files.toSorted((a, b) => a.used - b.used)) {
    if (left <= limit) return
    await rm(file, { force: true })
    left -= size
  }
}
