import { textAt, type Json, type JsonObject } from '../../src/manifest/json.ts'
import { startBot, type Bot, type BotOptions } from '../../bot/bot.ts'
import type { BotEnvironment } from '../../bot/environment.ts'
import type { Job } from '../../bot/jobs.ts'
import { openLog } from '../../bot/log.ts'
import type { Outcome } from '../../bot/attempt.ts'
import { WEBHOOK_PATH } from '../../bot/server.ts'
import { FakeGitHub } from '../fakes/github/fake-github.ts'
import * as payload from '../fakes/github/payloads.ts'
import type { App, FakePullRequest, FakeRepository, Installation } from '../fakes/github/repository.ts'
import { temporaryDirectory } from '../temporary.ts'

export const BOT_APP: App = { id: 77, slug: 'cnpg-bot', name: 'CNPG bot' }
export const SECRET = 'a secret of sixteen'
/** A queue that reacts at once. */
export const QUICK = { retryDelaySeconds: 1, pollSeconds: 0.5, gatherMs: 20 }
const PERMISSIONS = {
  checks: 'write',
  contents: 'read',
  issues: 'write',
  metadata: 'read',
  pull_requests: 'write',
} as const

/** A fake GitHub with one repository, a pull request, and the bot's app installed on it. */
export class World implements AsyncDisposable {
  readonly github: FakeGitHub
  readonly repository: FakeRepository
  readonly pull: FakePullRequest
  readonly installation: Installation
  readonly privateKey: string
  readonly directory = temporaryDirectory()
  readonly bots: Bot[] = []
  readonly settled: [Job, Outcome][] = []
  /** every line of the log */
  lines = ''
  readonly #waiting: { satisfied: () => boolean; resolve: () => void }[] = []

  static async start(options: { private?: boolean } = {}): Promise<World> {
    return new World(await FakeGitHub.start(), options)
  }

  private constructor(github: FakeGitHub, options: { private?: boolean }) {
    this.github = github
    this.repository = github.repository('acme/fleet', options)
    this.repository.commit('main', { 'a.yaml': 'a: 1\n' })
    this.repository.commit('feature', { 'a.yaml': 'a: 2\n' }, { from: 'main' })
    this.pull = this.repository.pullRequest({ head: 'feature', author: github.account('dev') })
    this.privateKey = github.registerApp(BOT_APP)
    this.installation = github.install(BOT_APP, [this.repository], PERMISSIONS)
  }

  environment(more: Partial<BotEnvironment> = {}): BotEnvironment {
    return {
      appId: BOT_APP.id,
      privateKey: this.privateKey,
      webhookSecret: SECRET,
      dataDirectory: this.directory.path,
      host: '127.0.0.1',
      port: 0,
      apiUrl: this.github.url,
      serverUrl: this.github.url,
      workers: 2,
      reviewSeconds: 60,
      mirrorMiB: 64,
      sweepMinutes: 59,
      linkDays: 14,
      failOn: 'error',
      comment: 'auto',
      readPermission: 'triage',
      actPermission: 'write',
      updates: false,
      logLevel: 'debug',
      ...more,
    }
  }

  async bot(
    options: Partial<Omit<BotOptions, 'environment'>> & { environment?: Partial<BotEnvironment> },
  ): Promise<Bot> {
    const bot = await startBot({
      env: process.env,
      log: openLog('debug', { write: line => void (this.lines += line) }),
      now: () => new Date(),
      clock: () => performance.now(),
      queue: { ...QUICK, sweepAtStart: false },
      settled: (job, outcome) => this.#settle(job, outcome),
      ...options,
      environment: this.environment(options.environment),
    })
    this.bots.push(bot)
    return bot
  }

  #settle(job: Job, outcome: Outcome): void {
    this.settled.push([job, outcome])
    for (const one of this.#waiting) if (one.satisfied()) one.resolve()
  }

  /** Resolves once so many jobs of a kind have come to an end. */
  async until(kind: Job['kind'], count: number): Promise<void> {
    const satisfied = (): boolean => this.settled.filter(([job]) => job.kind === kind).length >= count
    if (satisfied()) return
    await new Promise<void>(resolve => this.#waiting.push({ satisfied, resolve }))
  }

  /** Resolves once a job of a kind has come to its end: not one that comes again later. */
  async done(kind: Job['kind'], count = 1): Promise<void> {
    const satisfied = (): boolean =>
      this.settled.filter(([job, outcome]) => job.kind === kind && outcome !== 'later').length >= count
    if (satisfied()) return
    await new Promise<void>(resolve => this.#waiting.push({ satisfied, resolve }))
  }

  /** Delivers an event to a bot. @returns the status of the answer */
  async deliver(
    name: string,
    event: JsonObject,
    options: { port?: number; id?: string } = {},
  ): Promise<number> {
    const port = options.port ?? this.bots[0]?.port
    const url = `http://127.0.0.1:${port}${WEBHOOK_PATH}`
    const common: JsonObject = {
      repository: payload.repository(this.repository),
      installation: { id: this.installation.id },
      sender: payload.user(this.github.account('dev')),
    }
    const full: Json = { ...common, ...event }
    return await this.github.deliver(url, SECRET, {
      name,
      payload: full,
      ...(options.id === undefined ? {} : { id: options.id }),
    })
  }

  async pullEvent(
    action: string,
    options: { port?: number; id?: string; pull?: FakePullRequest } = {},
  ): Promise<number> {
    const pull = options.pull ?? this.pull
    const event = { action, number: pull.number, pull_request: payload.pullRequest(pull) }
    return await this.deliver('pull_request', event, options)
  }

  /** A pull request more, of a branch of its own. */
  another(name: string, files: Record<string, string> = { [`${name}.yaml`]: 'b: 1\n' }): FakePullRequest {
    this.repository.commit(name, files, { from: 'main' })
    return this.repository.pullRequest({ head: name, author: this.github.account('dev') })
  }

  /** What people see of a pull request: comments of the bot, and the check runs of its head. */
  seen(pull: FakePullRequest = this.pull, head = pull.headSha) {
    const own = this.repository.comments.filter(
      ({ issue, user }) => issue === pull.number && user.login === 'cnpg-bot[bot]',
    )
    const runs = this.repository.checkRuns
      .filter(({ sent }) => sent.head_sha === head)
      .map(({ sent, annotations }) => ({
        status: sent.status,
        conclusion: sent.conclusion,
        title: textAt(sent, 'output', 'title'),
        annotations: annotations.length,
      }))
    return { comments: own.map(({ body }) => body), runs }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const bot of this.bots) await bot.close()
    this.directory[Symbol.dispose]()
    await this.github[Symbol.asyncDispose]()
  }
}
