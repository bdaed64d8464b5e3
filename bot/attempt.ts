import type { Job } from './jobs.ts'
import type { Log } from './log.ts'

/** Why a job that runs is given up. */
export class GivenUp extends Error {
  readonly reason: 'superseded' | 'stopping'
  constructor(reason: 'superseded' | 'stopping') {
    super(reason === 'superseded' ? 'a newer head is to be reviewed' : 'the bot is stopping')
    this.name = 'GivenUp'
    this.reason = reason
  }
}

/** Thrown by a handler that has to wait for something outside: the job comes again then, and no try of it is used up. */
export class Later extends Error {
  readonly seconds: number
  constructor(seconds: number, why: string) {
    super(why)
    this.name = 'Later'
    this.seconds = seconds
  }
}

/** Thrown by a handler where another try is of no use: the job fails for good at once. */
export class FailedForGood extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FailedForGood'
  }
}

/** One try of a job. */
export interface Attempt {
  /** aborted with GivenUp where the job is given up, or by the queue where its time is over */
  signal: AbortSignal
  log: Log
}

export type Handler = (job: Job, attempt: Attempt) => Promise<void>
export type Outcome = 'done' | 'failed' | 'dead' | 'later' | 'superseded' | 'stopping'
