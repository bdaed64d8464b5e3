import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ConstructorOptions } from 'pg-boss'
import { openEmbeddedPostgres } from './embedded-postgres.ts'

/** Where the queue lives. */
export interface Database extends AsyncDisposable {
  kind: 'embedded' | 'postgresql'
  /** what pg-boss needs to use it */
  boss: Pick<ConstructorOptions, 'db' | 'backend' | 'connectionString' | 'application_name' | 'max'>
}

/** Another bot uses the folder. */
export class FolderInUse extends Error {
  constructor(directory: string) {
    super(
      `Another bot is running on ${directory}. One folder serves one bot: stop the other, give this one a DATA_DIR of its own, or set DATABASE_URL, where any number share the work.`,
    )
    this.name = 'FolderInUse'
  }
}

/**
 * PostgreSQL where a URL is given (pg-boss connects, and connects again), else PGlite in a folder, under a lock.
 * @throws FolderInUse
 */
export async function openDatabase(options: {
  databaseUrl?: string
  dataDirectory: string
}): Promise<Database> {
  return options.databaseUrl === undefined
    ? await openFolder(options.dataDirectory)
    : {
        kind: 'postgresql',
        boss: { connectionString: options.databaseUrl, application_name: 'cnpg-steward', max: 10 },
        [Symbol.asyncDispose]: async () => undefined,
      }
}

async function openFolder(directory: string): Promise<Database> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = lockFolder(directory)
  try {
    const db = await openEmbeddedPostgres(path.join(directory, 'database'))
    return {
      kind: 'embedded',
      boss: { db, backend: 'pglite' },
      [Symbol.asyncDispose]: async () => {
        await db.close()
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw error
  }
}

/**
 * PGlite does not notice a second process on its folder, and both lose data (electric-sql/pglite issue 1106). SQLite's lock
 * is one of the kernel on an open file: it ends with the process however that ends, and no number of a process can be
 * mistaken for another's, which in containers are all alike.
 * @throws FolderInUse
 */
export function lockFolder(directory: string): Pick<DatabaseSync, 'close'> {
  const lock = new DatabaseSync(path.join(directory, 'lock'), { timeout: 0 })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock.close()
    if (cause instanceof Error && /locked/.test(cause.message)) throw new FolderInUse(directory)
    throw cause
  }
}
