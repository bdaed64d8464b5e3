import { createHmac, timingSafeEqual } from 'node:crypto'
import type { StoredReview } from './store.ts'

const DAY_MS = 24 * 3600_000

/** Addresses of pages that whoever has the link may read until it expires; nobody can make one up. */
export class Links {
  readonly #publicUrl: string
  readonly #key: Buffer
  readonly #days: number

  /** @param secret any secret of the bot's; a key of its own is made of it */
  constructor(publicUrl: string, secret: string, days: number) {
    this.#publicUrl = publicUrl
    this.#key = createHmac('sha256', secret).update('cnpg-steward links to reviews').digest()
    this.#days = days
  }

  /** Expires at the end of a day: the same review has the same link all day, and its comment needs no edit. */
  of({ id, madeAt }: Pick<StoredReview, 'id' | 'madeAt'>): string {
    const expires = (Math.floor(madeAt.getTime() / DAY_MS) + this.#days + 1) * DAY_MS
    return `${this.#publicUrl}/reviews/${id}?expires=${expires}&signature=${this.#sign(id, expires)}`
  }

  /** @returns the id of the review; 'expired', or `undefined` where the link is none of ours */
  check(url: URL, now: Date): { id: string } | 'expired' | undefined {
    const [, id = ''] = /^\/reviews\/([0-9a-f]{32})$/.exec(url.pathname) ?? []
    const expires = Number(url.searchParams.get('expires'))
    const given = Buffer.from(url.searchParams.get('signature') ?? '')
    const wanted = Buffer.from(this.#sign(id, expires))
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined
    return expires > now.getTime() ? { id } : 'expired'
  }

  #sign(id: string, expires: number): string {
    return createHmac('sha256', this.#key).update(`${id} ${expires}`).digest('base64url')
  }
}
