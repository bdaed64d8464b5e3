import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'

export interface Replica {
  child: ChildProcess
  port: number
}

/** A replica of the bot as a process of its own; resolves once it serves. */
export async function replica(environment: object): Promise<Replica> {
  const child = spawn(process.execPath, [path.resolve('test/bot/replica.ts')], {
    env: { PATH: process.env.PATH ?? '', BOT: JSON.stringify(environment) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    // what the bot logs stands in lines of their own
    const said: { port?: number; level?: string } = JSON.parse(line)
    if (said.port !== undefined && said.level === undefined) return { child, port: said.port }
  }
  throw new Error('the replica ended')
}

/** Resolves once the process has ended. */
export async function end({ child }: Replica, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('close', resolve))
  child.kill(signal)
  await ended
}
