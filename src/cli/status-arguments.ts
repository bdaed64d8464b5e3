import type { FlagName } from './commands.ts'
import type { Printing } from './printing.ts'

export interface StatusCommand extends Printing {
  command: 'status'
  /** of the Cluster */
  name: string
  namespace?: string
  kubeconfig?: string
  context?: string
  allowExec: boolean
  /** how many -v, at most 2 */
  verbosity: number
  at?: Date
  /** wait for it to settle, so long at most */
  waitMs?: number
}

/** Reads what follows `status`; a problem is one sentence. */
export function statusArguments(
  printing: Printing,
  words: readonly string[],
  values: ReadonlyMap<FlagName, readonly string[]>,
): StatusCommand | { problem: string } {
  const text = (flag: FlagName) => values.get(flag)?.[0]
  const [at, timeout, namespace, kubeconfig, context] = (
    ['at', 'timeout', 'namespace', 'kubeconfig', 'context'] as const
  ).map(text)
  const time = at === undefined ? undefined : new Date(at)
  if (time !== undefined && Number.isNaN(time.getTime()))
    return { problem: `--at ${at ?? ''} is no time like 2026-11-22T21:31:45Z.` }
  const waitMs = durationOf(timeout ?? '30m')
  if (waitMs === undefined)
    return { problem: `--timeout ${timeout ?? ''} is no duration like 90s, 15m or 2h.` }
  const waits = values.has('wait')
  if (timeout !== undefined && !waits) return { problem: '--timeout goes with --wait.' }
  if (time !== undefined && waits) return { problem: '--at judges one moment; it does not --wait.' }
  return {
    command: 'status',
    ...printing,
    name: words[0] ?? '',
    ...(namespace === undefined ? {} : { namespace }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    allowExec: values.has('allow-exec'),
    verbosity: Math.min(2, values.get('verbose')?.length ?? 0),
    ...(time === undefined ? {} : { at: time }),
    ...(waits ? { waitMs } : {}),
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

/** @returns milliseconds; `undefined`: no duration */
function durationOf(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * (UNITS[unit] ?? 0)
}
