import path from 'node:path'
import { folderSize } from '../src/adapters/folder-size.ts'
import { commandJob, explainWith, type CommandTools } from './command-job.ts'
import { concludeJob } from './conclude-job.ts'
import { openDatabase } from './database.ts'
import type { BotEnvironment } from './environment.ts'
import { failureOf } from './failure.ts'
import { followJob } from './follow-job.ts'
import { openFollowing } from './following.ts'
import type { Job } from './jobs.ts'
import type { Log } from './log.ts'
import { Links } from './links.ts'
import { mergeGroupJob } from './merge-group-job.ts'
import { mergeJob } from './merge-job.ts'
import { Metrics } from './metrics.ts'
import { openReviewTools } from './open-review-tools.ts'
import type { Attempt, Outcome } from './attempt.ts'
import { Queue, type QueueOptions } from './queue.ts'
import { readiness } from './readiness.ts'
import { reviewJob, type ReviewTools } from './review-job.ts'
import { pageOf } from './review-page.ts'
import type { ReviewProcess } from './review-process.ts'
import { updateProcess, type UpdateProcess } from './update-process.ts'
import { updatesJob, type UpdatesTools } from './updates-job.ts'
import { closeServer, createBotServer, listen } from './server.ts'
import { Store } from './store.ts'
import { sweepAllJob, sweepJob } from './sweep-job.ts'

/** What runs outside of this program, or differs in tests. */
export interface BotOptions {
  environment: BotEnvironment
  /** PATH for git and the tools */
  env: Readonly<Record<string, string | undefined>>
  log: Log
  now: () => Date
  /** milliseconds since an arbitrary moment */
  clock: () => number
  review?: ReviewProcess
  look?: UpdateProcess
  fetch?: typeof fetch
  settled?: (job: Job, outcome: Outcome) => void
  /** how soon the queue reacts */
  queue?: Partial<
    Pick<
      QueueOptions,
      | 'heartbeatSeconds'
      | 'retryDelaySeconds'
      | 'retryLimit'
      | 'pollSeconds'
      | 'gatherMs'
      | 'superviseSeconds'
      | 'sweepAtStart'
      | 'postpone'
    >
  >
}

export interface Bot {
  port: number
  queue: Queue
  /** Takes nothing new, hands back what runs, and ends. */
  close(): Promise<void>
}

/** Starts the bot: opens the database, listens, works. @throws FolderInUse; errors of the database and of listening */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { environment, log, now } = options
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openDatabase(environment))
  const at = (): number => now().getTime()
  const tools: { review?: ReviewTools; run?: (job: Job, attempt: Attempt) => Promise<void> } = {}
  const metrics = new Metrics(
    async () => await queue.depths(),
    () => folderSize(path.join(environment.dataDirectory, 'cache')),
  )
  const queue: Queue = opened.use(
    await Queue.open({
      database,
      log,
      workers: environment.workers,
      // fetching, publishing and waiting come on top of the review itself
      jobSeconds: environment.reviewSeconds + 600,
      sweepMinutes: environment.sweepMinutes,
      now: at,
      handler: async (job, attempt) => await tools.run?.(job, attempt),
      settled: (job, outcome, seconds) => {
        metrics.settled(job, outcome, seconds)
        options.settled?.(job, outcome)
      },
      ...options.queue,
    }),
  )
  const store = await Store.open(queue.sql)
  const outside = opened.use(
    await openReviewTools({
      environment,
      env: options.env,
      log,
      now,
      mirrors: {
        directory: path.join(environment.dataDirectory, 'mirrors'),
        limit: environment.mirrorMiB * 1024 * 1024,
      },
      deliver: async (id, jobs) => await queue.deliver(id, jobs),
      observe: call => metrics.called(call),
      ...(options.review === undefined ? {} : { review: options.review }),
      ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    }),
  )
  const { github } = outside.tools
  const { publicUrl, webhookSecret, linkDays, serverUrl } = environment
  const links = publicUrl === undefined ? undefined : new Links(publicUrl, webhookSecret, linkDays)
  const review: ReviewTools = {
    ...outside.tools,
    store,
    reviewing: (job, head) => queue.reviewing(job, head),
    page: stored => links?.of(stored),
    verdict: verdict => metrics.verdict(verdict),
  }
  const send = async (jobs: readonly Job[]): Promise<void> => await queue.send(jobs)
  const following = await openFollowing({ ...review, send, environment, env: options.env, sql: queue.sql })
  const commands: CommandTools = {
    ...review,
    permissions: { read: environment.readPermission, act: environment.actPermission },
    send,
    explain: explainWith(options.env),
    updates: environment.updates,
    ...(following === undefined ? {} : { status: { ...following, store } }),
  }
  const updates: UpdatesTools = {
    ...outside.tools,
    look:
      options.look ??
      updateProcess({
        env: options.env,
        cache: path.join(environment.dataDirectory, 'cache'),
        seconds: environment.reviewSeconds,
      }),
    looked: new Map(),
  }
  tools.run = async (job, attempt) => {
    try {
      switch (job.kind) {
        case 'review':
          return await reviewJob(job, attempt, review)
        case 'merge-group':
          return await mergeGroupJob(job, attempt, review)
        case 'sweep':
          return await sweepJob(job, attempt, { github, send })
        case 'sweep-all':
          await sweepAllJob(job, attempt, {
            github,
            send,
            updates: environment.updates,
            concludeDead: async () => await queue.deadLetters.concludeAll(),
          })
          return await following?.resume()
        case 'updates':
          return await updatesJob(job, attempt, updates)
        case 'conclude':
          return await concludeJob(job, attempt, {
            ...review,
            hasAnother: async (of, id) => await queue.deadLetters.hasAnother(of, id),
          })
        case 'merge':
          return following === undefined ? undefined : await mergeJob(job, attempt, following)
        case 'follow':
          return following === undefined ? undefined : await followJob(job, attempt, following)
        case 'command':
        default:
          return await commandJob(job, attempt, commands)
      }
    } catch (error) {
      // a token that was revoked, or is over by GitHub's clock, is not met again at the next try
      if ('installation' in job) github.forget(job.installation)
      throw failureOf(error, at())
    }
  }
  const server = createBotServer({
    probot: outside.probot,
    log,
    clock: options.clock,
    metrics: {
      contentType: metrics.contentType,
      text: async () => await metrics.text(),
      answered: (seconds, status) => metrics.answered(seconds, status),
    },
    page: async url =>
      links === undefined ? undefined : await pageOf(url, { links, store, serverUrl, now }),
    trouble: async () => await readiness(queue.sql, environment.dataDirectory),
  })
  opened.defer(async () => await closeServer(server))
  const port = await listen(server, environment.host, environment.port)
  await queue.work()
  log.info({ port, database: database.kind }, 'the bot serves')
  const running = opened.move()
  return { port, queue, close: async () => await running.disposeAsync() }
}
