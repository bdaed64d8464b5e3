import type { Collected } from './collected.ts'
import type { Judgement } from './state.ts'

/** How one database is, and everything that was read to say so. */
export interface DatabaseStatus extends Judgement {
  collected: Collected
}
