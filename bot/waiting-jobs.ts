import { randomUUID } from 'node:crypto'
import type { Db, JobInsert, PgBoss } from 'pg-boss'
import { joined, keyOf, queueOf, shareOf, type Job, type QueueName } from './jobs.ts'

export interface Placing {
  /** not before so many seconds have passed; a job that waits already keeps its time */
  afterSeconds?: number
  /** they ran already: where one of their key waits, it was asked for after them */
  resumed?: boolean
}

/** Repositories take turns: beyond that many waiting jobs of one, order of arrival. */
const TURNS = 50
const BACKGROUND = 100
/** Each time round, another process was faster with every one that is left. */
const ROUNDS = 50

interface Row {
  id: string
  key: string
  data: Job
}

/**
 * The jobs that wait: at most one of a key, which asks for all that was asked for. Dropping the later of two would lose
 * what only it asks for (a new check run, the newer head, not to wait behind a sweep); and where one of a key waits to be
 * tried again, a second one that fails has no place and pg-boss lists it as dead (12.38.0, plans.js, failJobsBody).
 */
export class WaitingJobs {
  readonly #boss: PgBoss
  readonly #sql: Db['executeSql']

  constructor(boss: PgBoss, sql: Db['executeSql']) {
    this.#boss = boss
    this.#sql = sql
  }

  /** Places jobs of any queue. @throws the database's error */
  async place(jobs: readonly Job[], options: Placing = {}): Promise<void> {
    const unique = new Map<string, Job>()
    for (const job of jobs) {
      const id = `${queueOf(job)} ${keyOf(job)}`
      const known = unique.get(id)
      unique.set(id, known === undefined ? job : joined(known, job))
    }
    for (const [name, group] of Map.groupBy(unique.values(), queueOf)) {
      let left = group
      for (let round = 0; left.length > 0; round++) {
        if (round === ROUNDS) throw new Error('the queue changes faster than jobs can be placed in it')
        left = await this.#placeInto(name, left, options)
      }
    }
  }

  /** @returns whether a job of this key waits, which then asks for what this one asked for */
  async join(job: Job): Promise<boolean> {
    const name = queueOf(job)
    for (let round = 0; round < ROUNDS; round++) {
      const waiting = await this.#waiting(name, [job])
      if (waiting.size === 0) return false
      const placed = await this.#join(name, [job], waiting, new Map(), { resumed: true })
      if (placed.size > 0) return true
    }
    return false
  }

  /** @returns what found no place, as another process took a job or placed one meanwhile */
  async #placeInto(name: QueueName, jobs: readonly Job[], options: Placing): Promise<Job[]> {
    const turns = await this.#turns(name, jobs)
    const waiting = await this.#waiting(name, jobs)
    const placed = await this.#join(name, jobs, waiting, turns, options)
    const inserts = jobs
      .filter(job => !waiting.has(keyOf(job)))
      .map((job): JobInsert<Job> & { id: string; singletonKey: string } => {
        const turn = turns.get(shareOf(job)) ?? 0
        turns.set(shareOf(job), turn + 1)
        return {
          id: randomUUID(),
          data: job,
          singletonKey: keyOf(job),
          priority: priorityOf(job, turn),
          group: { id: shareOf(job) || 'all' },
          ...(options.afterSeconds === undefined ? {} : { startAfter: options.afterSeconds }),
        }
      })
    if (inserts.length > 0) {
      const made = new Set(await this.#boss.insert(name, inserts, { returnId: true }))
      for (const { id, singletonKey } of inserts) if (made.has(id)) placed.add(singletonKey)
    }
    return jobs.filter(job => !placed.has(keyOf(job)))
  }

  /** Only what still stands as it was read is changed. @returns the keys of jobs that were joined */
  async #join(
    name: QueueName,
    jobs: readonly Job[],
    waiting: ReadonlyMap<string, Row>,
    turns: ReadonlyMap<string, number>,
    options: Placing,
  ): Promise<Set<string>> {
    const changes = jobs.flatMap(job => {
      const found = waiting.get(keyOf(job))
      if (found === undefined) return []
      const data = options.resumed === true ? joined(job, found.data) : joined(found.data, job)
      const priority =
        options.resumed === true ? -BACKGROUND * 2 : priorityOf(job, turns.get(shareOf(job)) ?? 0)
      return [{ id: found.id, was: found.data, data, priority }]
    })
    if (changes.length === 0) return new Set()
    // one that waits for its next try is tried now, as if it were new: what has happened since may have mended it
    const now = options.resumed === true ? 'false' : `job.state = 'retry'`
    const { rows }: { rows: { key: string }[] } = await this.#sql(
      `UPDATE pgboss.job SET data = change.data, priority = greatest(job.priority, change.priority),
         start_after = CASE WHEN ${now} THEN now() ELSE job.start_after END,
         retry_count = CASE WHEN ${now} THEN 0 ELSE job.retry_count END,
         started_on = CASE WHEN ${now} THEN NULL ELSE job.started_on END
       FROM json_to_recordset($2::text::json) AS change (id uuid, was jsonb, data jsonb, priority int)
       WHERE job.name = $1 AND job.id = change.id AND job.state < 'active' AND job.data = change.was
       RETURNING job.singleton_key AS key`,
      [name, JSON.stringify(changes)],
    )
    return new Set(rows.map(({ key }) => key))
  }

  async #waiting(name: QueueName, jobs: readonly Job[]): Promise<Map<string, Row>> {
    const { rows }: { rows: Row[] } = await this.#sql(
      `SELECT id, singleton_key AS key, data FROM pgboss.job
       WHERE name = $1 AND state < 'active' AND singleton_key = ANY($2::text[]) ORDER BY state DESC`,
      [name, jobs.map(keyOf)],
    )
    return new Map(rows.map(row => [row.key, row]))
  }

  /** How many jobs of each repository wait: its next one goes behind as many of the others. */
  async #turns(name: QueueName, jobs: readonly Job[]): Promise<Map<string, number>> {
    const { rows }: { rows: { group_id: string; waiting: number }[] } = await this.#sql(
      `SELECT group_id, count(*)::int AS waiting FROM pgboss.job
       WHERE name = $1 AND state < 'active' AND group_id = ANY($2::text[]) GROUP BY group_id`,
      [name, [...new Set(jobs.map(shareOf))]],
    )
    return new Map(rows.map(row => [row.group_id, row.waiting]))
  }
}

function priorityOf(job: Job, turn: number): number {
  return -Math.min(turn, TURNS) - ('background' in job && job.background ? BACKGROUND : 0)
}
