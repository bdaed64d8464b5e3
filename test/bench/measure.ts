import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** What one run of a program cost, with all the programs it started. */
export interface Cost {
  /** seconds */
  wall: number
  /** seconds of user and system time, of the program and every child it waited for */
  cpu: number
  /** MiB that were resident at once, of the program and its children together; memory they share counts for each */
  peak: number
}

export interface Run extends Cost {
  exitCode: number
  stdout: string
  stderr: string
}

/** How often the process tree is looked at; the largest process's own peak is known from the kernel in any case. */
const SAMPLE_EVERY_MS = 20
const PAGE = 4096

/** Runs a program to its end under GNU time (Linux). @param env all of its environment */
export async function measure(
  [program, ...args]: readonly [string, ...string[]],
  options: { cwd: string; env: Record<string, string> },
): Promise<Run> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'measure-'))
  const report = path.join(scratch, 'time')
  try {
    const child = spawn(
      '/usr/bin/time',
      ['--quiet', '--output', report, '--format', '%e %U %S %M', program, ...args],
      {
        ...options,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    let peak = 0
    const sampling = setInterval(() => {
      if (child.pid !== undefined) peak = Math.max(peak, residentBelow(child.pid))
    }, SAMPLE_EVERY_MS)
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', code => resolve(code ?? -1))
    })
    clearInterval(sampling)
    const [wall = 0, user = 0, system = 0, largest = 0] = readFileSync(report, 'utf8')
      .trim()
      .split(' ')
      .map(Number)
    return {
      wall,
      cpu: user + system,
      peak: Math.max(peak / 1024 ** 2, largest / 1024),
      exitCode,
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Bytes resident of all processes below one. What ends while it is looked at counts nothing. */
function residentBelow(pid: number): number {
  let bytes = 0
  try {
    for (const task of readdirSync(`/proc/${pid}/task`))
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
        if (child !== '') bytes += residentBelow(Number(child)) + residentOf(child)
  } catch {
    return bytes
  }
  return bytes
}

function residentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE
  } catch {
    return 0
  }
}
