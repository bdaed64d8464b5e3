import { reportStatus, type StatusTools } from './report-status.ts'
import type { StatusQuestion } from './collect-status.ts'
import type { DatabaseStatus } from './status/database-status.ts'
import { isSettled, standstill, type Standstill } from './status/standstill.ts'

export interface AwaitTools extends StatusTools {
  pause: (milliseconds: number) => Promise<void>
  /** told what was seen, each time */
  seen: (status: DatabaseStatus) => void
}

export interface Awaited {
  status: DatabaseStatus
  /** false: the time is over */
  settled: boolean
}

const BETWEEN_MS = 2000

/**
 * Reads a database again and again until it is healthy and has held still, or stands in a state that it will not leave by
 * itself, or the time is over.
 * @param waitMs how long at most; a reading that has begun is read to its end
 */
export async function awaitStatus(
  question: StatusQuestion,
  waitMs: number,
  tools: AwaitTools,
): Promise<Awaited> {
  const { now, pause, seen } = tools
  const end = now().getTime() + waitMs
  let still: Standstill | undefined
  for (;;) {
    const status = await reportStatus(question, tools)
    const at = now().getTime()
    seen(status)
    still = standstill(still, status, at)
    if (isSettled(still, status, at)) return { status, settled: true }
    if (at >= end) return { status, settled: false }
    await pause(Math.min(BETWEEN_MS, end - at))
  }
}
