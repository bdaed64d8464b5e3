import type { ChildProcess } from 'node:child_process'

const running = new Set<ChildProcess>()
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Kills a child that was started `detached`, and everything it started. */
export function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

/**
 * Lets a child end with this process: one in a group of its own does not hear the Ctrl-C of a terminal, nor the end of a
 * cancelled workflow.
 * @returns to be called when the child has ended
 */
export function killWithUs(child: ChildProcess): () => void {
  if (running.size === 0) {
    process.on('exit', killAll)
    for (const signal of SIGNALS) process.on(signal, end)
  }
  running.add(child)
  return () => {
    running.delete(child)
    if (running.size > 0) return
    process.off('exit', killAll)
    for (const signal of SIGNALS) process.off(signal, end)
  }
}

function killAll(): void {
  for (const child of running) killGroup(child)
}

function end(signal: NodeJS.Signals): void {
  killAll()
  for (const each of SIGNALS) process.off(each, end)
  // as if nobody had listened
  process.kill(process.pid, signal)
}
