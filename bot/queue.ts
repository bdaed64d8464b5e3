import { PgBoss, type Db, type JobWithMetadata } from 'pg-boss'
import { Arrivals } from './arrivals.ts'
import { FailedForGood, GivenUp, Later, type Handler, type Outcome } from './attempt.ts'
import type { Database } from './database.ts'
import { DEAD, DeadLetters } from './dead-letters.ts'
import { keyOf, nameOf, queueOf, type Job, type QueueName } from './jobs.ts'
import type { Log } from './log.ts'
import { WaitingJobs, type Placing } from './waiting-jobs.ts'

export interface QueueOptions {
  database: Database
  log: Log
  handler: Handler
  /** jobs of one queue that run at the same time here */
  workers: number
  /** a job that runs longer is ended and tried again */
  jobSeconds: number
  sweepMinutes: number
  /** milliseconds since 1970 */
  now: () => number
  settled?: (job: Job, outcome: Outcome, seconds: number) => void
  /** how soon the job of a dead replica is noticed; 10 at least */
  heartbeatSeconds?: number
  retryDelaySeconds?: number
  retryLimit?: number
  /** how soon a job is seen whose time has come; others are seen at once */
  pollSeconds?: number
  /** how long deliveries are gathered before they are made into jobs */
  gatherMs?: number
  /** how often jobs of dead replicas are looked for */
  superviseSeconds?: number
  /** how many seconds a job that comes later really waits; for clocks that are not real */
  postpone?: (seconds: number) => number
  /** false: what webhooks missed while the bot was down waits for the next sweep */
  sweepAtStart?: boolean
}

export interface Depth {
  queue: string
  waiting: number
  running: number
  failed: number
}

const QUEUES: readonly QueueName[] = ['review', 'command', 'follow', 'sweep', 'updates']
const DELIVERIES = 'delivery'
/** GitHub offers a delivery again for three days. */
const DELIVERY_SECONDS = 3 * 24 * 3600
/** Deliveries of so long are made into jobs together: each round costs the database the same, whatever their number. */
const GATHER_MS = 200
/** With 10 s before the first and twice as long before each next one, about half an hour. */
const RETRIES = 8

/**
 * The durable queue of the bot on pg-boss. A delivery is one row, written before the webhook is answered; a worker makes
 * jobs of it. One job of a key waits and one runs ('stately'), on whatever replica.
 */
export class Queue implements AsyncDisposable {
  readonly #options: QueueOptions
  readonly #boss: PgBoss
  readonly #waiting: WaitingJobs
  readonly deadLetters: DeadLetters
  readonly #running = new Map<string, { head?: string; controller: AbortController }>()
  readonly #workers = new Map<string, string>()
  #closed = false
  readonly #arrivals = new Arrivals(async deliveries => {
    await this.#boss.insert(
      DELIVERIES,
      deliveries.map(({ id, jobs }) => ({ id, data: { jobs } })),
    )
    this.#gathering ??= setTimeout(() => this.#wake(DELIVERIES), this.#options.gatherMs ?? GATHER_MS)
  })
  #gathering: NodeJS.Timeout | undefined

  /** Opens the queue; nothing runs before `work`. @throws the driver's error where PostgreSQL cannot be reached */
  static async open(options: QueueOptions): Promise<Queue> {
    const queue = new Queue(options)
    await queue.#start()
    return queue
  }

  private constructor(options: QueueOptions) {
    this.#options = options
    this.#boss = new PgBoss({
      ...options.database.boss,
      useListenNotify: true,
      superviseIntervalSeconds: options.superviseSeconds ?? 10,
      monitorIntervalSeconds: options.superviseSeconds ?? 10,
      maintenanceIntervalSeconds: 600,
      registerInstance: options.database.kind === 'postgresql',
      // no column of ours is large enough to bloat an index within the life of a bot's folder
      reindex: options.database.kind === 'postgresql',
      openTelemetry: { enabled: false },
    })
    this.#waiting = new WaitingJobs(this.#boss, async (text, values) => await this.sql(text, values))
    this.deadLetters = new DeadLetters(this.#boss)
    this.#boss.on('error', error => options.log.error({ err: error }, 'the queue has trouble'))
    this.#boss.on('warning', ({ message }) => options.log.warn(message))
  }

  async #start(): Promise<void> {
    await this.#boss.start()
    const retries = {
      retryLimit: this.#options.retryLimit ?? RETRIES,
      retryDelay: this.#options.retryDelaySeconds ?? 10,
      retryBackoff: true,
      retryDelayMax: 900,
      deadLetter: DEAD,
      notify: true,
    }
    await this.#queue(DEAD, { retentionSeconds: 90 * 24 * 3600, deleteAfterSeconds: 24 * 3600 })
    await this.#queue(DELIVERIES, {
      ...retries,
      // who kept a delivery wakes its own worker; the others look where that one dies before
      notify: false,
      expireInSeconds: 60,
      deleteAfterSeconds: DELIVERY_SECONDS,
    })
    for (const name of QUEUES)
      await this.#queue(name, {
        ...retries,
        policy: 'stately',
        expireInSeconds: this.#options.jobSeconds,
        heartbeatSeconds: this.#options.heartbeatSeconds ?? 30,
        deleteAfterSeconds: 24 * 3600,
      })
    if (this.#options.database.kind === 'embedded') await this.#takeOver()
  }

  async #queue(name: string, options: Parameters<PgBoss['createQueue']>[1] & object): Promise<void> {
    await this.#boss.createQueue(name, options)
    const { policy: _policy, ...changeable } = options
    await this.#boss.updateQueue(name, changeable)
  }

  /** The database, for the tables of the bot's own. */
  get sql(): Db['executeSql'] {
    const db = this.#boss.getDb()
    return async (text, values) => await db.executeSql(text, values)
  }

  async #rows<Row>(text: string, values: unknown[]): Promise<Row[]> {
    const { rows } = await this.#boss.getDb().executeSql(text, values)
    return rows
  }

  /**
   * Keeps a delivery, once, whatever number of times it comes.
   * @param id X-GitHub-Delivery
   * @returns once it is durable
   */
  async deliver(id: string, jobs: readonly Job[]): Promise<void> {
    await this.#arrivals.keep(id, jobs)
  }

  /** Queues jobs; one whose key already waits joins it. */
  async send(jobs: readonly Job[], options: Placing = {}): Promise<void> {
    await this.#waiting.place(jobs, options)
    for (const job of jobs) this.#supersede(job)
    for (const name of new Set(jobs.map(queueOf))) this.#wake(name)
  }

  /** A worker rests until the next poll, unless pg-boss or somebody here tells it that a job waits. */
  #wake(name: string): void {
    if (name === DELIVERIES) this.#gathering = undefined
    const worker = this.#workers.get(name)
    if (worker !== undefined) this.#boss.notifyWorker(worker)
  }

  /** Starts to work on what waits. */
  async work(): Promise<void> {
    const { workers, sweepMinutes, heartbeatSeconds = 30, pollSeconds = 5 } = this.#options
    const polling = { pollingIntervalSeconds: pollSeconds, notifyPollingIntervalSeconds: pollSeconds }
    const gatherer = await this.#boss.work<{ jobs: Job[] }>(
      DELIVERIES,
      { ...polling, batchSize: 200, burstWhenBatchFull: true },
      async deliveries => await this.send(deliveries.flatMap(({ data }) => data.jobs)),
    )
    this.#workers.set(DELIVERIES, gatherer)
    // a diff may need a review of its own: only its own repository waits for that
    const concurrency = { review: workers, command: 2, follow: 2, sweep: 1, updates: 1 }
    for (const name of QUEUES) {
      const slots = concurrency[name]
      const worker = await this.#boss.work(
        name,
        {
          ...polling,
          includeMetadata: true,
          // answers to people shall not wait for reviews, nor either for a sweep
          localConcurrency: slots,
          // one repository never takes the last worker. Counted here: two that fetch at the same moment both pass a count
          // in PostgreSQL (groupConcurrency)
          ...(slots > 1 ? { localGroupConcurrency: slots - 1 } : {}),
          heartbeatRefreshSeconds: Math.max(1, Math.floor(heartbeatSeconds / 3)),
        },
        async (jobs: JobWithMetadata<Job>[]) => {
          for (const job of jobs) await this.#run(job)
        },
      )
      this.#workers.set(name, worker)
    }
    await this.#boss.schedule('sweep', `*/${sweepMinutes} * * * *`, {
      kind: 'sweep-all',
      delivery: 'scheduled sweep',
    })
    if (this.#options.sweepAtStart ?? true) await this.send([{ kind: 'sweep-all', delivery: 'start' }])
  }

  async #run(claimed: JobWithMetadata<Job>): Promise<void> {
    const { data: job, retryCount, retryLimit } = claimed
    const { handler, log, now, settled } = this.#options
    const key = runningKey(job)
    const controller = new AbortController()
    const head = job.kind === 'review' ? job.head : undefined
    const running = { controller, ...(head === undefined ? {} : { head }) }
    this.#running.set(key, running)
    const started = now()
    const lines = log.child({
      delivery: job.delivery,
      job: `${queueOf(job)} ${nameOf(job)}`,
      try: retryCount + 1,
    })
    const last = retryCount >= retryLimit
    let outcome: Outcome = 'done'
    const watch = setInterval(() => void this.#look(job).catch(() => undefined), 5000)
    try {
      if (this.#closed) controller.abort(new GivenUp('stopping'))
      const signal = AbortSignal.any([claimed.signal, controller.signal])
      await handler(job, { signal, log: lines })
    } catch (error) {
      const given: unknown = controller.signal.reason
      if (given instanceof GivenUp) {
        outcome = given.reason
        // what a stop interrupts is done by whoever works next; nothing is lost where this fails, only a try
        if (outcome === 'stopping') await this.send([job], { resumed: true })
        else await this.#waiting.join(job)
      } else if (error instanceof Later) {
        outcome = 'later'
        lines.info({ seconds: error.seconds }, error.message)
        const { postpone = seconds => seconds } = this.#options
        await this.send([job], { afterSeconds: postpone(error.seconds), resumed: true })
      } else {
        const waits = await this.#waiting.join(job).catch(() => false)
        const forGood = !waits && (last || error instanceof FailedForGood)
        outcome = forGood ? 'dead' : 'failed'
        lines.error({ err: error }, forGood ? 'the job failed for good' : 'the job failed and is tried again')
        // one of its key waits anyhow: that is the next try
        if (waits) return
        if (forGood) await this.#bury(claimed)
        throw error
      }
    } finally {
      clearInterval(watch)
      if (this.#running.get(key) === running) this.#running.delete(key)
      settled?.(job, outcome, (now() - started) / 1000)
      this.#wake(claimed.name)
    }
  }

  async #bury(claimed: JobWithMetadata<Job>): Promise<void> {
    try {
      await this.deadLetters.bury(claimed)
    } catch (error) {
      // the next sweep finds who has not been told
      this.#options.log.error({ err: error }, 'the failure of a job could not be kept')
    }
  }

  /** Another replica may have been told of a newer head. */
  async #look(job: Job): Promise<void> {
    if (job.kind !== 'review') return
    const rows = await this.#rows<{ data: Job }>(
      `SELECT data FROM pgboss.job WHERE name = 'review' AND singleton_key = $1 AND state = 'created'`,
      [keyOf(job)],
    )
    for (const { data } of rows) this.#supersede(data)
  }

  #supersede(job: Job): void {
    if (job.kind !== 'review' || job.head === undefined) return
    const running = this.#running.get(runningKey(job))
    if (running?.head !== undefined && running.head !== job.head)
      running.controller.abort(new GivenUp('superseded'))
  }

  /** The handler has found out which head it reviews. */
  reviewing(job: Job, head: string): void {
    const running = this.#running.get(runningKey(job))
    if (running !== undefined) running.head = head
  }

  /**
   * In a folder nobody else works: what was running when this bot was killed waits again, at once, and a try of it is used up:
   * it may be what ended the bot. Nothing is ended before it waits again, so that a kill here cannot lose it either.
   */
  async #takeOver(): Promise<void> {
    const rows = await this.#rows<{ name: string; id: string; data: Job | { jobs: Job[] } }>(
      `SELECT name, id, data FROM pgboss.job WHERE state = 'active' AND name = ANY($1::text[])`,
      [[...QUEUES, DELIVERIES]],
    )
    for (const { name, id, data } of rows) {
      if ('jobs' in data) await this.send(data.jobs, { resumed: true })
      if ('jobs' in data || (await this.#waiting.join(data))) {
        await this.#boss.cancel(name, id)
        continue
      }
      await this.#boss.fail(name, id, { message: 'the bot was killed while it worked on this' })
      await this.#rows(
        `UPDATE pgboss.job SET start_after = now() WHERE name = $1 AND id = $2 AND state = 'retry'`,
        [name, id],
      )
    }
  }

  /** @throws where the database does not answer */
  async depths(): Promise<Depth[]> {
    const rows = await this.#rows<Depth>(
      `SELECT name AS queue, count(*) FILTER (WHERE state < 'active')::int AS waiting,
         count(*) FILTER (WHERE state = 'active')::int AS running,
         count(*) FILTER (WHERE state = 'failed')::int AS failed
       FROM pgboss.job WHERE name = ANY($1::text[]) GROUP BY name`,
      [[DELIVERIES, DEAD, ...QUEUES]],
    )
    const known = new Map(rows.map(depth => [depth.queue, depth]))
    return [DELIVERIES, ...QUEUES, DEAD].map(
      queue => known.get(queue) ?? { queue, waiting: 0, running: 0, failed: 0 },
    )
  }

  /** Gives up what runs, hands it back, and closes; waits for handlers at most `seconds`. */
  async close(seconds = 20): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#gathering)
    for (const { controller } of this.#running.values()) controller.abort(new GivenUp('stopping'))
    await this.#boss.stop({ graceful: true, timeout: seconds * 1000 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function runningKey(job: Job): string {
  return `${queueOf(job)} ${keyOf(job)}`
}
