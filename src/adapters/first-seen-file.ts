import path from 'node:path'
import type { FirstSeen } from '../versions/release-age.ts'
import { digestOf } from './chart-cache.ts'
import { readOrNothing, writeWhole } from './whole-file.ts'

/**
 * FirstSeen in small files, one a version, so that runs side by side may share a directory. Where nothing can be written every
 * version is new each time: never older than it is.
 * @param directory is made where it is missing
 */
export function firstSeenFile(directory: string): FirstSeen {
  return {
    firstSeen: async (name, version, now) => {
      const file = path.join(directory, digestOf(JSON.stringify([name, version])).replace(':', '-'))
      const kept = (await readOrNothing(file))?.toString('utf8').trim() ?? ''
      const seen = Date.parse(kept)
      // a clock that was wrong once, or somebody's hand
      if (!Number.isNaN(seen) && seen <= Date.parse(now)) return new Date(seen).toISOString()
      await writeWhole(file, now).catch(() => undefined)
      return now
    },
  }
}
