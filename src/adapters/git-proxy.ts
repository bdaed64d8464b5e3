import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface GitProxy extends AsyncDisposable {
  /**
   * Opens one repository for fetching, until it is disposed of.
   * @param repository 'owner/name'
   */
  open(repository: string, token: string): { url: string } & Disposable
}

export interface GitProxyOptions {
  /** 'https://github.com' */
  upstream: string
  fetch?: typeof fetch
}

/** What a client sends to say what it wants and has; packs come, they are never sent. */
const REQUEST_LIMIT = 32 * 1024 * 1024
const FETCHES = new Map([
  ['GET', 'info/refs'],
  ['POST', 'git-upload-pack'],
])

/**
 * A server on loopback that fetches from GitHub with a token. git gets an address of it that nobody can guess and that
 * stands for one repository; it never sees the token, so neither its arguments nor its environment, files or messages
 * can give it away. Nothing but fetching is passed on.
 */
export async function openGitProxy(options: GitProxyOptions): Promise<GitProxy> {
  const grants = new Map<string, { repository: string; token: string }>()
  const server = createServer((request, response) => {
    pass(request, response, grants, options).catch(() => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    open: (repository, token) => {
      const key = randomBytes(24).toString('hex')
      grants.set(key, { repository, token })
      return {
        url: `http://127.0.0.1:${port}/${key}`,
        [Symbol.dispose]: () => void grants.delete(key),
      }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  grants: ReadonlyMap<string, { repository: string; token: string }>,
  { upstream, fetch: send = fetch }: GitProxyOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://proxy')
  const [, key = '', ...rest] = url.pathname.split('/')
  const grant = grants.get(key)
  const allowed = FETCHES.get(request.method ?? '') === rest.join('/')
  const service = url.searchParams.get('service')
  if (grant === undefined || !allowed || (service !== null && service !== 'git-upload-pack')) {
    response.writeHead(404).end()
    return
  }
  const body = request.method === 'POST' ? await read(request) : undefined
  const basic = Buffer.from(`x-access-token:${grant.token}`).toString('base64')
  const answer = await send(`${upstream}/${grant.repository}.git/${rest.join('/')}${url.search}`, {
    method: request.method ?? 'GET',
    headers: {
      authorization: `Basic ${basic}`,
      'user-agent': 'git/cnpg-steward',
      ...passed(request, ['content-type', 'content-encoding', 'git-protocol', 'accept']),
    },
    ...(body === undefined ? {} : { body }),
  })
  // fetch has unpacked what was packed for the way
  const type = answer.headers.get('content-type')
  response.writeHead(answer.status, type === null ? {} : { 'content-type': type })
  if (answer.body === null) response.end()
  else await pipeline(Readable.fromWeb(answer.body), response)
}

function passed(request: IncomingMessage, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = request.headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}

async function read(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    if (size > REQUEST_LIMIT) throw new Error('git asks for too much')
    chunks.push(chunk)
  }
  return Uint8Array.from(Buffer.concat(chunks))
}
