import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Probot } from 'probot'
import type { Log } from './log.ts'

export interface ServerOptions {
  probot: Probot
  log: Log
  /** milliseconds since an arbitrary moment, for durations */
  clock: () => number
  /** why no work can be done; `undefined` where it can */
  trouble: () => Promise<string | undefined>
  metrics?: {
    contentType: string
    text: () => Promise<string>
    answered: (seconds: number, status: number) => void
  }
  /** pages below /reviews/; `undefined` where there is no such page */
  page?: (url: URL) => Promise<Page | undefined>
}

export interface Page {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

export const WEBHOOK_PATH = '/api/github/webhooks'
/** "Payloads are capped at 25 MB"; what claims to be more is not GitHub's. */
const PAYLOAD_LIMIT = 25 * 1024 * 1024
/** GitHub gives a delivery ten seconds. */
const READ_MS = 10_000

/** The bot's HTTP side: webhooks, health, metrics, pages. */
export function createBotServer(options: ServerOptions): Server {
  const server = createServer((request, response) => void serve(request, response, options))
  server.requestTimeout = READ_MS
  server.headersTimeout = READ_MS
  return server
}

/** Never rejects. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
): Promise<void> {
  const started = options.clock()
  let page: Page
  try {
    page = await answer(request, options)
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

async function answer(request: IncomingMessage, options: ServerOptions): Promise<Page> {
  const path = pathOf(request)
  if (path === WEBHOOK_PATH)
    return request.method === 'POST' ? await webhook(request, options) : text(405, 'POST only.')
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

/** Verifies, and hands over to Probot, whose handlers keep the delivery before this answers. */
async function webhook(request: IncomingMessage, { probot, log }: ServerOptions): Promise<Page> {
  const id = header(request, 'x-github-delivery')
  const name = header(request, 'x-github-event')
  const signature = header(request, 'x-hub-signature-256')
  if (id === undefined || name === undefined || signature === undefined)
    return text(400, 'x-github-delivery, x-github-event and x-hub-signature-256 are needed.')
  const lines = log.child({ delivery: id.slice(0, 100) })
  const body = await read(request, PAYLOAD_LIMIT)
  if (body === undefined) {
    lines.warn('refused a payload of more than 25 MiB')
    return { ...text(413, 'The payload is too large.'), headers: { connection: 'close' } }
  }
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
    await probot.webhooks.receive({ id, name, payload } as Parameters<typeof probot.webhooks.receive>[0])
  } catch {
    // Probot has logged why; GitHub keeps what was not taken, and a person or the next sweep brings it again
    return text(503, 'The delivery could not be kept.')
  }
  return text(202, 'kept')
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @returns `undefined` where the body is larger than `limit` bytes */
async function read(request: IncomingMessage, limit: number): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
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
