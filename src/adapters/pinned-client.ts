import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

export interface PinnedRequest {
  method: 'GET' | 'HEAD'
  headers: Readonly<Record<string, string>>
  signal: AbortSignal
  /** the only addresses to connect to; `undefined`: whatever the system's resolver says */
  addresses: readonly string[] | undefined
}

/** An answer, its body still to be read or discarded; unpacked where it came as gzip. */
export interface Fetched {
  status: number
  headers: Headers
  body: AsyncIterable<Uint8Array>
  discard(): void
}

export type PinnedFetch = (url: URL, request: PinnedRequest) => Promise<Fetched>

/**
 * HTTP that connects to addresses checked before: `fetch` would ask the resolver once more, and a name server of somebody
 * else may answer with an address inside the network that time (DNS rebinding). Redirects are not followed.
 */
export class PinnedClient {
  // connections are kept and shared by host: only ever to addresses that were checked
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  }

  /** @throws the error of the connection, or the signal's */
  async fetch(url: URL, { method, headers, signal, addresses }: PinnedRequest): Promise<Fetched> {
    const secure = url.protocol === 'https:'
    const options = {
      method,
      headers: { accept: '*/*', 'user-agent': 'cnpg-steward', ...headers },
      signal,
      agent: this.#agents[secure ? 'https:' : 'http:'],
      ...(addresses === undefined ? {} : { lookup: lookupIn(addresses) }),
    }
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = secure ? httpsRequest(url, options) : httpRequest(url, options)
      request.on('response', resolve)
      request.on('error', error => reject(signal.aborted ? reasonOf(signal, error) : error))
      request.end()
    })
    return {
      status: message.statusCode ?? 0,
      headers: headersOf(message),
      body: bodyOf(message, signal),
      discard: () => message.destroy(),
    }
  }
}

async function* bodyOf(message: IncomingMessage, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const packed = message.headers['content-encoding'] === 'gzip'
  // the reader counts unpacked bytes and stops asking: a bomb is unpacked no further
  // oxlint-disable-next-line promise/prefer-await-to-callbacks -- the error comes out of the last stream, which is read
  const unpacked: AsyncIterable<Uint8Array> = packed
    ? pipeline(message, createGunzip(), () => undefined)
    : message
  try {
    yield* unpacked
  } catch (error) {
    throw signal.aborted ? reasonOf(signal, error) : error
  }
}

function reasonOf(signal: AbortSignal, otherwise: unknown): Error {
  if (signal.reason instanceof Error) return signal.reason
  return otherwise instanceof Error ? otherwise : new Error(String(otherwise))
}

/** Answers with the given addresses, as dns.lookup does. */
function lookupIn(addresses: readonly string[]): LookupFunction {
  const known = addresses.map(address => ({ address, family: isIP(address) }))
  return (_host, { all }, callback) => {
    const [first] = known
    if (all === true) callback(null, [...known])
    else callback(null, first?.address ?? '', first?.family)
  }
}

function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers()
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2)
    headers.append(message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '')
  return headers
}
