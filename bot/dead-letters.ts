import type { JobInsert, PgBoss } from 'pg-boss'
import { jobId } from './job-id.ts'
import { keyOf, queueOf, type Job } from './jobs.ts'

/** A job that failed for good, as a person reads it. */
export interface DeadJob {
  id: string
  job: Job
  at: Date
  tries: number
  error: string
}

export const DEAD = 'dead'

/** What failed for good: a list for whoever runs the bot, and a word to those who wait for it. */
export class DeadLetters {
  readonly #boss: PgBoss

  constructor(boss: PgBoss) {
    this.#boss = boss
  }

  async #rows<Row>(text: string, values: unknown[]): Promise<Row[]> {
    const { rows } = await this.#boss.getDb().executeSql(text, values)
    return rows
  }

  /** Sees to it that the failure that follows is a job's last, and that those who wait for it hear of it. */
  async bury({ name, id, data: job }: { name: string; id: string; data: Job }): Promise<void> {
    await this.#rows('UPDATE pgboss.job SET retry_limit = retry_count WHERE name = $1 AND id = $2', [
      name,
      id,
    ])
    await this.#conclude(id, job)
  }

  /** Once for each job, whoever finds it. */
  async #conclude(failed: string, of: Job): Promise<void> {
    if (of.kind !== 'review' && of.kind !== 'merge-group' && of.kind !== 'command') return
    const { installation, repository, repositoryId, delivery } = of
    const id = repositoryId === undefined ? {} : { repositoryId }
    const data: Job = { kind: 'conclude', installation, repository, ...id, delivery, failed, of }
    const insert: JobInsert<Job> = { id: jobId(`conclude ${failed}`), data, singletonKey: keyOf(data) }
    await this.#boss.insert(queueOf(data), [insert])
  }

  /** Jobs that failed for good without their handler: its process was killed, or their time was over. */
  async concludeAll(): Promise<void> {
    const rows = await this.#rows<{ source_id: string; data: Job | { jobs: Job[] } }>(
      `SELECT source_id, data FROM pgboss.job WHERE name = $1 AND state = 'created'
         AND created_on > now() - interval '12 hours' ORDER BY created_on LIMIT 1000`,
      [DEAD],
    )
    for (const { source_id: id, data } of rows) if ('kind' in data) await this.#conclude(id, data)
  }

  /** Whether another job of the same key waits or runs, which does what this one has not done. */
  async hasAnother(job: Job, id: string): Promise<boolean> {
    const rows = await this.#rows<{ id: string }>(
      `SELECT id FROM pgboss.job WHERE name = $1 AND singleton_key = $2 AND state <= 'active' AND id <> $3 LIMIT 1`,
      [queueOf(job), keyOf(job), id],
    )
    return rows.length > 0
  }

  /** Newest first. */
  async list(limit: number): Promise<DeadJob[]> {
    const rows = await this.#rows<DeadRow>(
      `SELECT id, data, created_on, source_retry_count, source_output FROM pgboss.job
       WHERE name = $1 AND state = 'created' ORDER BY created_on DESC LIMIT $2`,
      [DEAD, limit],
    )
    return rows.map(row => ({
      id: row.id,
      job: row.data,
      at: row.created_on,
      tries: (row.source_retry_count ?? 0) + 1,
      error: row.source_output?.message ?? row.source_output?.value?.message ?? 'no reason was kept',
    }))
  }

  /** Puts dead jobs back to where they came from. @returns how many */
  async revive(ids?: readonly string[]): Promise<number> {
    return await this.#boss.redrive(DEAD, ids === undefined ? {} : { ids: [...ids] })
  }
}

interface DeadRow {
  id: string
  data: Job
  created_on: Date
  source_retry_count: number | null
  source_output: { message?: string; value?: { message?: string } } | null
}
