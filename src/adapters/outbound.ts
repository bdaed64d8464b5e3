import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

export interface OutboundOptions {
  /** the runtime's fetch by default */
  fetch?: typeof globalThis.fetch
  /** hosts ('registry.lan') or hosts with port ('127.0.0.1:5000') that may be in private networks */
  allowHosts?: readonly string[]
  /** addresses of a name; the system's resolver by default */
  resolve?: (host: string) => Promise<string[]>
  timeoutMs?: number
}

export interface OutboundRequest {
  method?: 'GET' | 'HEAD'
  headers?: Readonly<Record<string, string>>
  /** bytes of the body; beyond it the request fails */
  maxBytes: number
}

export interface Reply {
  status: number
  headers: Headers
  body: Buffer
  /** where redirects led */
  url: URL
}

/** A request without a reply. The message names the host alone, so that equal causes have equal texts. */
export class OutboundError extends Error {
  readonly reason: 'refused' | 'unreachable' | 'too-large'
  constructor(reason: OutboundError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OutboundError'
    this.reason = reason
  }
}

const MAX_REDIRECTS = 5
const PRIVATE = privateNetworks()

/**
 * Requests to hosts that the content of a pull request names: only public addresses, checked again at each redirect,
 * without the Authorization header at another origin, with limits on time and size.
 */
export class Outbound {
  private readonly options: OutboundOptions
  constructor(options: OutboundOptions = {}) {
    this.options = options
  }

  /** @throws OutboundError */
  async request(start: URL, request: OutboundRequest): Promise<Reply> {
    const fetch = this.options.fetch ?? globalThis.fetch
    const signal = AbortSignal.timeout(this.options.timeoutMs ?? 30_000)
    let url = start
    let headers = { ...request.headers }
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      await this.guard(url)
      let response: Response
      try {
        response = await fetch(url, { method: request.method ?? 'GET', headers, redirect: 'manual', signal })
      } catch (cause) {
        throw new OutboundError('unreachable', `${url.host} cannot be reached (${causeOf(cause)})`, { cause })
      }
      const location = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || location === null)
        return {
          status: response.status,
          headers: response.headers,
          body: await read(response, request, url),
          url,
        }
      await response.body?.cancel()
      const next = new URL(location, url)
      if (next.origin !== url.origin)
        headers = Object.fromEntries(
          Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
        )
      if (url.protocol === 'https:' && next.protocol !== 'https:')
        throw new OutboundError('refused', `${url.host} redirects to an unencrypted address`)
      url = next
    }
    throw new OutboundError('unreachable', `${start.host} redirects more than ${MAX_REDIRECTS} times`)
  }

  /** Refuses what is not on the public internet, unless its host is allowed. @throws OutboundError */
  async guard(url: URL): Promise<void> {
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new OutboundError('refused', `${url.protocol}// addresses are not fetched`)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (this.options.allowHosts?.some(allowed => allowed === host || allowed === url.host) === true) return
    let addresses: string[]
    try {
      addresses = isIP(host) === 0 ? await (this.options.resolve ?? resolve)(host) : [host]
    } catch (cause) {
      throw new OutboundError('unreachable', `${url.host} cannot be reached (${causeOf(cause)})`, { cause })
    }
    if (addresses.some(isPrivate))
      throw new OutboundError('refused', `${url.host} is not on the public internet, so it is not asked`)
  }
}

async function resolve(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

/** Loopback, private, link-local (metadata services too), shared and reserved networks. */
function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function privateNetworks(): BlockList {
  const list = new BlockList()
  const v4 =
    '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3'
  const v6 = '::/127 fc00::/7 fe80::/10 fec0::/10 ff00::/8 64:ff9b::/96 64:ff9b:1::/48 2002::/16'
  for (const network of v4.split(' ')) add(network, 'ipv4')
  for (const network of v6.split(' ')) add(network, 'ipv6')
  function add(network: string, family: 'ipv4' | 'ipv6') {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

async function read(response: Response, { maxBytes }: OutboundRequest, url: URL): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > maxBytes)
        throw new OutboundError('too-large', `${url.host} sends more than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof OutboundError) throw cause
    throw new OutboundError('unreachable', `${url.host} breaks off (${causeOf(cause)})`, { cause })
  }
  return Buffer.concat(chunks)
}

/** The innermost code: 'ECONNREFUSED', 'ENOTFOUND', 'TimeoutError'. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause instanceof Error
    ? causeOf(error.cause)
    : error.name === 'TimeoutError'
      ? 'timeout'
      : error.message
}
