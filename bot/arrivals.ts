import { jobId } from './job-id.ts'
import type { Job } from './jobs.ts'

/** A delivery as it is kept. */
export interface Delivery {
  /** a UUID */
  id: string
  jobs: readonly Job[]
}

interface Arrival extends Delivery {
  promise: Promise<void>
  resolve: () => void
  reject: (reason: unknown) => void
}

/** Deliveries that come together are written together: one statement costs PGlite the same for a hundred rows as for one. */
export class Arrivals {
  readonly #write: (deliveries: readonly Delivery[]) => Promise<void>
  #arrived: Arrival[] = []
  #writing = false

  /** @param write keeps deliveries, each id once */
  constructor(write: (deliveries: readonly Delivery[]) => Promise<void>) {
    this.#write = write
  }

  /**
   * @param id X-GitHub-Delivery
   * @returns once it is durable
   */
  async keep(id: string, jobs: readonly Job[]): Promise<void> {
    const arrival: Arrival = { id: jobId(id), jobs, ...Promise.withResolvers<void>() }
    this.#arrived.push(arrival)
    if (!this.#writing) void this.#writeAll()
    await arrival.promise
  }

  /** Never rejects: each delivery hears of its own fate. */
  async #writeAll(): Promise<void> {
    this.#writing = true
    while (this.#arrived.length > 0) {
      const arrived = this.#arrived
      this.#arrived = []
      try {
        await this.#write(arrived)
        for (const { resolve } of arrived) resolve()
      } catch (error) {
        for (const { reject } of arrived) reject(error)
      }
    }
    this.#writing = false
  }
}
