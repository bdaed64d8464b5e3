import { Worker } from 'node:worker_threads'
import type { Db } from 'pg-boss'
import type { PgliteReply, PgliteRequest } from './pglite-thread.ts'

type Ask = PgliteRequest extends infer Request
  ? Request extends unknown
    ? Omit<Request, 'id'>
    : never
  : never

/** PGlite in a thread, as pg-boss uses a database. @param directory its data, made where there is none */
export async function openEmbeddedPostgres(directory: string): Promise<Db & { close(): Promise<void> }> {
  const worker = new Worker(new URL('pglite-thread.ts', import.meta.url), { workerData: { directory } })
  const waiting = new Map<number, { resolve: (rows: unknown[]) => void; reject: (error: Error) => void }>()
  const listeners = new Map<string, (payload: string) => void>()
  let last = 0
  let ended: Error | undefined
  const wait = async (id: number): Promise<unknown[]> =>
    await new Promise((resolve, reject) => {
      if (ended === undefined) waiting.set(id, { resolve, reject })
      else reject(ended)
    })
  const ask = async (request: Ask): Promise<unknown[]> => {
    last += 1
    const answer = wait(last)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage({ ...request, id: last })
    return await answer
  }
  const end = (error: Error): void => {
    ended = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('message', (reply: PgliteReply) => {
    if ('channel' in reply) return listeners.get(reply.channel)?.(reply.payload)
    const asked = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('rows' in reply) return asked?.resolve(reply.rows)
    const { message, ...rest } = reply.error
    return asked?.reject(Object.assign(new Error(message), rest))
  })
  worker.on('error', error => end(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', () => end(new Error('the embedded database has ended')))
  await wait(0)
  return {
    executeSql: async (text, values) => ({ rows: await ask({ ask: 'sql', text, values }) }),
    listen: async (channel, onNotification, onReconnect) => {
      listeners.set(channel, onNotification)
      await ask({ ask: 'listen', channel })
      onReconnect()
      return {
        close: async () => {
          listeners.delete(channel)
          await ask({ ask: 'unlisten', channel })
        },
      }
    },
    close: async () => {
      await ask({ ask: 'close' })
      await worker.terminate()
    },
  }
}
