import { spawn } from 'node:child_process'
import { confined, limited } from './confinement.ts'
import { killGroup, killWithUs } from './process-group.ts'

export interface Execution {
  cwd: string
  /** the whole environment of the child; nothing is inherited */
  env: Readonly<Record<string, string>>
  /** written to standard input, which is closed either way */
  input?: Uint8Array | string
  timeoutMs: number
  /** bytes of standard output; beyond it the child is killed */
  maxOutput: number
  /** no network and limits of memory, where the machine can deny them: for what works on the content of a pull request */
  confine?: boolean
  /** limits of memory, file sizes and CPU time alone: for what works on such content and needs the network itself */
  limit?: boolean
  /** ends the child when aborted */
  signal?: AbortSignal
  /** asks the child to end (SIGTERM) that long before it is killed: one that has children of its own takes them along */
  graceMs?: number
}

export interface ExecutionResult {
  /** exit code; undefined where a signal ended the child */
  code?: number
  /** the signal that ended it: ours, or the machine's (SIGKILL where memory is short) */
  signal?: NodeJS.Signals
  stdout: Buffer
  /** where it is longer than 128 KiB, its beginning and its end */
  stderr: string
  /** why we killed it */
  stopped?: 'timeout' | 'output' | 'aborted'
}

const STDERR_PART = 64 * 1024

/**
 * Runs a program without a shell and without our environment: no token of ours can reach a child that sees the content
 * of a pull request.
 * @throws ToolError where the program cannot be started at all
 */
export async function execute(
  command: string,
  args: readonly string[],
  options: Execution,
): Promise<ExecutionResult> {
  const started =
    options.confine === true
      ? await confined(command, args)
      : options.limit === true
        ? await limited(command, args)
        : { command, args }
  return await new Promise((resolve, reject) => {
    const child = spawn(started.command, started.args, {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      // a group of its own, so that a kill reaches grandchildren (kustomize starts helm)
      detached: true,
    })
    const output: Buffer[] = []
    let size = 0
    // a program that dies says why first, one that fails says it last
    let stderrHead = ''
    let stderrTail = ''
    let stopped: ExecutionResult['stopped']
    const kill = (): void => {
      killGroup(child)
      // whoever left the group and still holds the pipes does not hold us
      child.stdout.destroy()
      child.stderr.destroy()
    }
    let grace: NodeJS.Timeout | undefined
    const stop = (reason: 'timeout' | 'output' | 'aborted'): void => {
      stopped ??= reason
      if (options.graceMs === undefined) return kill()
      child.kill('SIGTERM')
      grace ??= setTimeout(kill, options.graceMs)
    }
    const abort = (): void => stop('aborted')
    options.signal?.addEventListener('abort', abort)
    if (options.signal?.aborted === true) abort()
    const end = (): void => {
      clearTimeout(timer)
      clearTimeout(grace)
      options.signal?.removeEventListener('abort', abort)
      released()
    }
    const released = killWithUs(child)
    const timer = setTimeout(() => stop('timeout'), options.timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.byteLength
      if (size > options.maxOutput) stop('output')
      else output.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8')
      const room = STDERR_PART - stderrHead.length
      stderrHead += text.slice(0, room)
      stderrTail = (stderrTail + text.slice(room)).slice(-STDERR_PART)
    })
    child.on('error', cause => {
      end()
      reject(new ToolError(command, args, undefined, cause.message, { cause }))
    })
    child.on('close', (code, signal) => {
      end()
      resolve({
        ...(code === null ? {} : { code }),
        ...(signal === null ? {} : { signal }),
        stdout: Buffer.concat(output),
        stderr: stderrHead + stderrTail,
        ...(stopped === undefined ? {} : { stopped }),
      })
    })
    // a child that ends before it has read its input makes EPIPE, which its exit code tells better
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
}

/** A program of ours that failed where it must not: missing, broken, killed. */
export class ToolError extends Error {
  readonly command: string
  readonly exitCode: number | undefined
  constructor(
    command: string,
    args: readonly string[],
    exitCode: number | undefined,
    stderr: string,
    options?: ErrorOptions,
  ) {
    const outcome = exitCode === undefined ? 'could not be run' : `ended with exit code ${exitCode}`
    super(`${[command, ...args].join(' ')} ${outcome}: ${stderr.trim().slice(-2000)}`, options)
    this.name = 'ToolError'
    this.command = command
    this.exitCode = exitCode
  }
}
