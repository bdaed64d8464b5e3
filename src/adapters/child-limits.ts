import { MEMORY_LIMIT } from './confinement.ts'
import type { Execution, ExecutionResult } from './exec.ts'

/** After that many children that had to be stopped for their time, no more are started: a run has an end, too. */
const STOPS = 3

/** What Go's runtime says where the kernel refuses it memory (runtime/malloc.go, mem_linux.go, os_linux.go newosproc). */
const NO_MEMORY =
  /^(?:fatal error: runtime: |fatal error: |runtime: )(?:out of memory|cannot (?:allocate|map)|failed to create new OS thread)/m

/**
 * Which limit ended a child, in words behind its name: 'was stopped after 60 seconds'.
 * @returns `undefined` where it ended by itself
 */
export function brokenLimit(
  { code, signal, stopped, stderr }: ExecutionResult,
  { timeoutMs, maxOutput }: Pick<Execution, 'timeoutMs' | 'maxOutput'>,
): string | undefined {
  if (stopped === 'timeout') return `was stopped after ${timeoutMs / 1000} s`
  if (stopped === 'output') return `printed more than ${inMiB(maxOutput)} and was stopped`
  if (signal === 'SIGXCPU' || signal === 'SIGXFSZ')
    return 'went beyond a limit of this program and was stopped'
  if (signal !== undefined)
    return `was killed (${signal})${signal === 'SIGKILL' ? ', most likely for want of memory' : ''}`
  // 2: a Go program that died, and also what helm and kustomize end with by themselves
  if (code === 2 && NO_MEMORY.test(stderr))
    return `needs more than ${MEMORY_LIMIT} MiB of memory and was stopped`
  return undefined
}

/** Counts the children of one program that were stopped for their time. */
export class Patience {
  #stops = 0

  /** @returns why no more are started; `undefined` as long as they are */
  get exhausted(): string | undefined {
    return this.#stops < STOPS
      ? undefined
      : `was not started: ${STOPS} runs before it had to be stopped for the time they took`
  }

  count({ stopped }: ExecutionResult): void {
    if (stopped === 'timeout') this.#stops++
  }
}

function inMiB(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes} bytes` : `${bytes / 1024 / 1024} MiB`
}
