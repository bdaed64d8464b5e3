// PGlite in a thread of its own: a statement takes it a few milliseconds, in which nothing else would be answered.
import { PGlite } from '@electric-sql/pglite'
import { parentPort, workerData } from 'node:worker_threads'
import { fromPglite } from 'pg-boss'

/** What is asked of the thread. */
export type PgliteRequest = { id: number } & (
  | { ask: 'sql'; text: string; values: unknown[] | undefined }
  | { ask: 'listen'; channel: string }
  | { ask: 'unlisten'; channel: string }
  | { ask: 'close' }
)

/** What it says; a notification belongs to no request. */
export type PgliteReply =
  | { id: number; rows: unknown[] }
  | { id: number; error: { message: string; code?: string } }
  | { channel: string; payload: string }

const port = parentPort
if (port === null) throw new Error('this is the program of a thread')
const { directory }: { directory: string } = workerData
const pglite = await PGlite.create(directory)
const db = fromPglite(pglite)
const channels = new Map<string, () => Promise<void>>()

async function answer(request: PgliteRequest): Promise<unknown[]> {
  switch (request.ask) {
    case 'sql':
      return (await db.executeSql(request.text, request.values)).rows
    case 'listen': {
      const { channel } = request
      const stop = await pglite.listen(channel, payload => say({ channel, payload }))
      channels.set(channel, stop)
      return []
    }
    case 'unlisten':
      await channels.get(request.channel)?.()
      return []
    case 'close':
    default:
      await pglite.close()
      return []
  }
}

function say(reply: PgliteReply): void {
  port?.postMessage(reply)
}

port.on('message', (request: PgliteRequest) => {
  answer(request).then(
    rows => say({ id: request.id, rows }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
      say({ id: request.id, error: { message, ...(code === undefined ? {} : { code }) } })
    },
  )
})
say({ id: 0, rows: [] })
