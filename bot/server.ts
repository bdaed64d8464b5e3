import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Probot } from 'probot'
import { inTime } from './in-time.ts'
import type { Log } from './log.ts'

export interface ServerOptions {
  probot: Probot
  log: Log
  /** milliseconds since an arbitrary moment, for durations */
  clock: () => number
  /** why no work can be done; `undefined` where it can */
  trouble: () => Promise<string | undefined>
  /** how long keeping a delivery may take */
  keepMs?: number
  /** bytes of all payloads that are read or worked on at a time */
  pendingBytes?: number
  metrics?: {
    contentType: string
    text: () => Promise<string>
    answered: (seconds: number, status: number) => void
  }
  /** pages below /reviews/; `undefined` where there is no such page */
  page?: (url: URL) => Promise<Page | undefined>
}

/** Bytes of payloads that are in memory. */
interface Pending {
  bytes: number
}

export interface Page {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

export const WEBHOOK_PATH = '/api/github/webhooks'
/** "Payloads are capped at 25 MB"; what claims to be more is not GitHub's. */
const PAYLOAD_LIMIT = 25 * 1024 * 1024
/** All payloads that are read or worked on at a time: whoever has no secret can send them, too. */
const PENDING_LIMIT = 4 * PAYLOAD_LIMIT
/** GitHub gives a delivery ten seconds. */
const READ_MS = 10_000
const KEEP_MS = 8000

/** The bot's HTTP side: webhooks, health, metrics, pages. */
export function createBotServer(options: ServerOptions): Server {
  const pending: Pending = { bytes: 0 }
  const server = createServer((request, response) => void serve(request, response, options, pending))
  server.requestTimeout = READ_MS
  server.headersTimeout = READ_MS
  return server
}

/** Never rejects. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
  pending: Pending,
): Promise<void> {
  const started = options.clock()
  let page: Page
  try {
    page = await answer(request, options, pending)
  } catch (error) {
    // who hangs up while sending is no trouble of ours
    if (request.destroyed && !request.complete) return
    options.log.error({ err: error }, 'a request failed')
    page = text(500, 'Internal error.')
  }
  response.writeHead(page.status, { 'x-content-type-options': 'nosniff', ...page.headers })
  response.end(request.method === 'HEAD' ? undefined : page.body)
  if (pathOf(request) === WEBHOOK_PATH)
    options.metrics?.answered((options.clock() - started) / 1000, page.status)
}

/** Listens. @returns the port, which the machine chooses for 0 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on TCP has an address with a port
  return (server.address() as AddressInfo).port
}

function pathOf(request: IncomingMessage): string {
  return URL.parse(request.url ?? '/', 'http://bot')?.pathname ?? '/'
}

async function answer(request: IncomingMessage, options: ServerOptions, pending: Pending): Promise<Page> {
  const path = pathOf(request)
  if (path === WEBHOOK_PATH)
    return request.method === 'POST' ? await webhook(request, options, pending) : text(405, 'POST only.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'GET only.')
  switch (path) {
    case '/healthz':
      return text(200, 'ok')
    case '/readyz': {
      const trouble = await options.trouble()
      return trouble === undefined ? text(200, 'ready') : text(503, trouble)
    }
    case '/metrics':
      return options.metrics === undefined
        ? text(404, 'Not found.')
        : {
            status: 200,
            headers: { 'content-type': options.metrics.contentType },
            body: await options.metrics.text(),
          }
    default:
      return (await options.page?.(new URL(request.url ?? '/', 'http://bot'))) ?? text(404, 'Not found.')
  }
}

/** Reads, verifies, and hands over. */
async function webhook(
  request: IncomingMessage,
  { probot, log, keepMs = KEEP_MS, pendingBytes = PENDING_LIMIT }: ServerOptions,
  pending: Pending,
): Promise<Page> {
  const id = header(request, 'x-github-delivery')
  const name = header(request, 'x-github-event')
  const signature = header(request, 'x-hub-signature-256')
  if (id === undefined || name === undefined || signature === undefined)
    return text(400, 'x-github-delivery, x-github-event and x-hub-signature-256 are needed.')
  const lines = log.child({ delivery: id.slice(0, 100) })
  const held: Pending = { bytes: 0 }
  try {
    const body = await read(request, pending, held, pendingBytes)
    if (body === 'too large') {
      lines.warn('refused a payload of more than 25 MiB')
      return { ...text(413, 'The payload is too large.'), headers: { connection: 'close' } }
    }
    if (body === 'too much') {
      lines.warn('refused a payload: too much is sent at a time')
      return {
        ...text(503, 'Too much is sent at a time.'),
        headers: { connection: 'close', 'retry-after': '30' },
      }
    }
    return await take(body.toString('utf8'), { id, name, signature, lines, probot, keepMs })
  } finally {
    pending.bytes -= held.bytes
  }
}

interface Delivery {
  id: string
  name: string
  signature: string
  lines: Log
  probot: Probot
  keepMs: number
}

/** Hands over to Probot, whose handlers keep the delivery before this answers. */
async function take(body: string, { id, name, signature, lines, probot, keepMs }: Delivery): Promise<Page> {
  if (!(await probot.webhooks.verify(body, signature).catch(() => false))) {
    lines.warn('refused a delivery: its signature is not of this secret')
    return text(401, 'The signature does not match.')
  }
  let payload: unknown
  try {
    payload = JSON.parse(body)
  } catch {
    return text(400, 'The payload is no JSON; choose application/json in the settings of the app.')
  }
  if (typeof payload !== 'object' || payload === null) return text(400, 'The payload is no object.')
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any name and payload: handlers of unknown ones are none
    const event = { id, name, payload } as Parameters<typeof probot.webhooks.receive>[0]
    await inTime(probot.webhooks.receive(event), keepMs)
  } catch (error) {
    lines.warn({ err: error }, 'a delivery could not be kept')
    // GitHub shows what was not taken, and a person or the next sweep brings it again
    return text(503, 'The delivery could not be kept.')
  }
  return text(202, 'kept')
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads a body as long as there is room for it; what it takes is added to `pending` and `held`. */
async function read(
  request: IncomingMessage,
  pending: Pending,
  held: Pending,
  pendingBytes: number,
): Promise<Buffer | 'too large' | 'too much'> {
  if (Number(request.headers['content-length'] ?? 0) > PAYLOAD_LIMIT) return 'too large'
  const chunks: Buffer[] = []
  return await new Promise((resolve, reject) => {
    const stop = (why: 'too large' | 'too much'): void => {
      // not destroyed: who sends shall read the answer
      request.removeAllListeners('data').pause()
      resolve(why)
    }
    request.on('data', (chunk: Buffer) => {
      held.bytes += chunk.byteLength
      pending.bytes += chunk.byteLength
      if (held.bytes > PAYLOAD_LIMIT) return stop('too large')
      if (pending.bytes > pendingBytes) return stop('too much')
      return void chunks.push(chunk)
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', reject)
    request.once('close', () => reject(new Error('the request was cut off')))
  })
}

function text(status: number, words: string): Page {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${words}\n` }
}

/** Ends connections that nobody uses, and waits for requests under way. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>(resolve => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
