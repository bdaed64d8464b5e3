import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Outcome } from './attempt.ts'
import type { Depth } from './queue.ts'
import type { Job } from './jobs.ts'

/** What Prometheus is told. Names of repositories are no labels: they may be private, and there may be thousands. */
export class Metrics {
  readonly registry = new Registry()
  readonly #jobs = this.#made(
    new Histogram({
      name: 'cnpg_steward_job_seconds',
      help: 'How long jobs ran, by kind and outcome.',
      labelNames: ['kind', 'outcome'],
      buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600],
      registers: [],
    }),
  )
  readonly #verdicts = this.#made(
    new Counter({
      name: 'cnpg_steward_verdicts_total',
      help: 'Verdicts of reviews; none: not judged.',
      labelNames: ['verdict'],
      registers: [],
    }),
  )
  readonly #calls = this.#made(
    new Counter({
      name: 'cnpg_steward_github_requests_total',
      help: 'Requests to GitHub, by route and status; status 0: no answer.',
      labelNames: ['route', 'status'],
      registers: [],
    }),
  )
  readonly #remaining = this.#made(
    new Gauge({
      name: 'cnpg_steward_github_rate_limit_remaining',
      help: 'What the last answer said is left of the rate limit.',
      registers: [],
    }),
  )
  readonly #webhooks = this.#made(
    new Histogram({
      name: 'cnpg_steward_webhook_seconds',
      help: 'How long webhooks waited for their answer, by its status.',
      labelNames: ['status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10],
      registers: [],
    }),
  )
  readonly #depth = this.#made(
    new Gauge({
      name: 'cnpg_steward_queue_jobs',
      help: 'Jobs of the queue, by queue and state.',
      labelNames: ['queue', 'state'],
      registers: [],
    }),
  )

  readonly #cache = this.#made(
    new Gauge({
      name: 'cnpg_steward_render_cache_bytes',
      help: 'Size of what is kept from review to review: rendered output and charts.',
      registers: [],
    }),
  )

  /** @param depths, cacheBytes asked whenever the metrics are read */
  constructor(depths: () => Promise<Depth[]>, cacheBytes: () => number) {
    this.#depths = depths
    this.#cacheBytes = cacheBytes
    collectDefaultMetrics({ register: this.registry })
  }
  readonly #depths: () => Promise<Depth[]>
  readonly #cacheBytes: () => number

  #made<T extends Histogram | Counter | Gauge>(metric: T): T {
    this.registry.registerMetric(metric)
    return metric
  }

  settled(job: Job, outcome: Outcome, seconds: number): void {
    this.#jobs.observe({ kind: job.kind, outcome }, seconds)
  }

  verdict(verdict: string): void {
    this.#verdicts.inc({ verdict })
  }

  called({ route, status, remaining }: { route: string; status: number; remaining?: number }): void {
    this.#calls.inc({ route, status: String(status) })
    if (remaining !== undefined) this.#remaining.set(remaining)
  }

  answered(seconds: number, status: number): void {
    this.#webhooks.observe({ status: String(status) }, seconds)
  }

  get contentType(): string {
    return this.registry.contentType
  }

  async text(): Promise<string> {
    // the database may be away: what else there is to say is said all the same
    const depths = await this.#depths().catch(() => [])
    for (const { queue, waiting, running, failed } of depths) {
      this.#depth.set({ queue, state: 'waiting' }, waiting)
      this.#depth.set({ queue, state: 'running' }, running)
      this.#depth.set({ queue, state: 'failed' }, failed)
    }
    this.#cache.set(this.#cacheBytes())
    return await this.registry.metrics()
  }
}
