import { statfs } from 'node:fs/promises'
import type { Db } from 'pg-boss'
import { inTime } from './in-time.ts'

/** PGlite writes its log in segments of 16 MiB, and a fetch takes at least some. */
const LEAST_FREE_MIB = 32
const ANSWER_MS = 5000

/** Why no work can be done, in a line; `undefined` where it can. @param directory DATA_DIR */
export async function readiness(sql: Db['executeSql'], directory: string): Promise<string | undefined> {
  try {
    await inTime(sql('SELECT 1'), ANSWER_MS)
  } catch {
    return 'the database does not answer'
  }
  const { bavail, bsize } = await statfs(directory)
  const free = Math.floor((bavail * bsize) / (1024 * 1024))
  return free < LEAST_FREE_MIB
    ? `the disk of DATA_DIR is full: ${free} MiB are free, ${LEAST_FREE_MIB} are needed`
    : undefined
}
