import { spawn } from 'node:child_process'

export interface Execution {
  cwd: string
  /** the whole environment of the child; nothing is inherited */
  env: Readonly<Record<string, string>>
  /** written to standard input, which is closed either way */
  input?: Uint8Array | string
  timeoutMs: number
  /** bytes of standard output; beyond it the child is killed */
  maxOutput: number
}

export interface ExecutionResult {
  /** exit code; undefined where a signal ended the child */
  code?: number
  stdout: Buffer
  /** the last 64 KiB */
  stderr: string
  /** why we killed it */
  stopped?: 'timeout' | 'output'
}

const STDERR_TAIL = 64 * 1024

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
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
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
    let stderr = ''
    let stopped: ExecutionResult['stopped']
    const stop = (reason: 'timeout' | 'output') => {
      stopped ??= reason
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        child.kill('SIGKILL')
      }
    }
    const timer = setTimeout(() => stop('timeout'), options.timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.byteLength
      if (size > options.maxOutput) stop('output')
      else output.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_TAIL)
    })
    child.on('error', cause => {
      clearTimeout(timer)
      reject(new ToolError(command, args, undefined, cause.message, { cause }))
    })
    child.on('close', code => {
      clearTimeout(timer)
      resolve({
        ...(code === null ? {} : { code }),
        stdout: Buffer.concat(output),
        stderr,
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
