/** At most so many pieces of work for one host at a time; the others wait their turn, first come, first served. */
export class HostSlots {
  readonly #most: number
  /** by host: how many are at work, and who waits */
  readonly #hosts = new Map<string, { busy: number; waiting: (() => void)[] }>()

  constructor(most: number) {
    this.#most = most
  }

  async run<T>(host: string, work: () => Promise<T>): Promise<T> {
    const slots = this.#hosts.get(host) ?? { busy: 0, waiting: [] }
    this.#hosts.set(host, slots)
    // whoever ends hands the slot over, so that nobody comes in between
    if (slots.busy < this.#most) slots.busy++
    else await new Promise<void>(resolve => slots.waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = slots.waiting.shift()
      if (next !== undefined) next()
      else if (slots.busy > 1) slots.busy--
      else this.#hosts.delete(host)
    }
  }
}
