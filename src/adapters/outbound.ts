import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { HostSlots } from './host-slots.ts'
import type { Fetched, PinnedFetch } from './pinned-client.ts'

export interface OutboundOptions {
  /** Node's own client by default, which connects to the addresses it is given and no others */
  fetch?: PinnedFetch
  /** hosts ('registry.lan') or hosts with port ('127.0.0.1:5000') that may be in private networks */
  allowHosts?: readonly string[]
  /** addresses of a name; the system's resolver by default */
  resolve?: (host: string) => Promise<string[]>
  timeoutMs?: number
  /** requests of one host at a time */
  perHost?: number
}

export interface OutboundRequest {
  method?: 'GET' | 'HEAD'
  headers?: Readonly<Record<string, string>>
  /** bytes of the body, unpacked; beyond it the request fails */
  maxBytes: number
  /** the body may come compressed: for texts, not for archives, whose bytes have a digest */
  compressed?: boolean
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
// Requests whose time ran out: so many of one host, then it is not asked again; so many of all, then nobody is.
const WAITS_OF_HOST = 2
const WAITS = 6
const PER_HOST = 4
const PRIVATE = privateNetworks()

/** Node's HTTP modules take longer to load than everything of ours, and many runs ask nobody. */
async function loadClient(): Promise<PinnedFetch> {
  const { PinnedClient } = await import('./pinned-client.ts')
  const client = new PinnedClient()
  return async (url, request) => await client.fetch(url, request)
}

/**
 * Requests to hosts that the content of a pull request names: only public addresses, checked again at each redirect and the
 * very ones that are connected to (a name that answers otherwise the second time gains nothing), without the Authorization
 * header at another origin, with limits on time and size. Hosts that let us wait in vain are not asked for ever.
 */
export class Outbound {
  private readonly options: OutboundOptions
  private readonly client: () => Promise<PinnedFetch>
  /** what ran out of time, by host */
  private readonly waits = new Map<string, OutboundError[]>()
  private readonly slots: HostSlots

  constructor(options: OutboundOptions = {}) {
    this.options = options
    this.slots = new HostSlots(options.perHost ?? PER_HOST)
    let loading: Promise<PinnedFetch> | undefined
    const given = options.fetch
    this.client = async () => given ?? (await (loading ??= loadClient()))
  }

  /** @throws OutboundError */
  async request(start: URL, request: OutboundRequest): Promise<Reply> {
    const send = await this.client()
    let url = start
    let headers: Record<string, string> = {
      ...request.headers,
      'accept-encoding': request.compressed === true ? 'gzip' : 'identity',
    }
    // waiting for a turn costs no time
    let signal: AbortSignal | undefined
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.slots.run(url.host, async () => {
        signal ??= AbortSignal.timeout(this.options.timeoutMs ?? 30_000)
        return await this.ask(send, url, headers, signal, request)
      })
      if ('status' in answer) return answer
      const next = answer.redirect
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

  /** One request of one host. @throws OutboundError */
  private async ask(
    send: PinnedFetch,
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    request: OutboundRequest,
  ): Promise<Reply | { redirect: URL }> {
    this.refuseWaiting(url)
    const addresses = await this.guard(url)
    const { method = 'GET' } = request
    let response: Fetched
    try {
      response = await send(url, { method, headers, signal, addresses })
    } catch (cause) {
      throw this.remember(url, cause, 'cannot be reached')
    }
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) {
      const body = await this.read(response, request, url)
      return { status: response.status, headers: response.headers, body, url }
    }
    response.discard()
    if (!URL.canParse(location, url.href))
      throw new OutboundError('unreachable', `${url.host} redirects to what is no address`)
    return { redirect: new URL(location, url) }
  }

  /**
   * Refuses what is not on the public internet, unless its host is allowed.
   * @returns the addresses that may be connected to; `undefined`: any, the host is allowed
   * @throws OutboundError
   */
  async guard(url: URL): Promise<string[] | undefined> {
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new OutboundError('refused', `${url.protocol}// addresses are not fetched`)
    // they would be sent along, and stand in messages and logs
    if (url.username !== '' || url.password !== '')
      throw new OutboundError('refused', `${url.host} is named with credentials in its address`)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (this.options.allowHosts?.some(allowed => allowed === host || allowed === url.host) === true)
      return undefined
    let addresses: string[]
    try {
      addresses = isIP(host) === 0 ? await (this.options.resolve ?? resolve)(host) : [host]
    } catch (cause) {
      throw new OutboundError('unreachable', `${url.host} cannot be reached (${causeOf(cause)})`, { cause })
    }
    if (addresses.length === 0 || addresses.some(isPrivate))
      throw new OutboundError('refused', `${url.host} is not on the public internet, so it is not asked`)
    return addresses
  }

  private async read(response: Fetched, { maxBytes }: OutboundRequest, url: URL): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    let size = 0
    try {
      for await (const chunk of response.body) {
        size += chunk.byteLength
        if (size > maxBytes)
          throw new OutboundError('too-large', `${url.host} sends more than ${maxBytes} bytes`)
        chunks.push(chunk)
      }
    } catch (cause) {
      if (cause instanceof OutboundError) throw cause
      throw this.remember(url, cause, 'breaks off')
    } finally {
      response.discard()
    }
    return Buffer.concat(chunks)
  }

  private remember(url: URL, cause: unknown, what: string): OutboundError {
    const reason = causeOf(cause)
    const error = new OutboundError('unreachable', `${url.host} ${what} (${reason})`, { cause })
    if (reason === 'timeout') this.waits.set(url.host, [...(this.waits.get(url.host) ?? []), error])
    return error
  }

  private refuseWaiting(url: URL): void {
    const before = this.waits.get(url.host) ?? []
    if (before.length >= WAITS_OF_HOST && before[0] !== undefined) throw before[0]
    if ([...this.waits.values()].flat().length >= WAITS)
      throw new OutboundError(
        'unreachable',
        `${url.host} is not asked: other hosts have let this run wait in vain ${WAITS} times`,
      )
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
    // 168.63.129.16 is public by its number and the host agent of Azure, where GitHub's runners are
    '0.0.0.0/8 168.63.129.16/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3'
  // with what holds addresses of IPv4: compatible, translated (NAT64), tunnelled (Teredo, 6to4)
  const v6 =
    '::/96 100::/64 2001::/32 fc00::/7 fe80::/10 fec0::/10 ff00::/8 64:ff9b::/96 64:ff9b:1::/48 2002::/16'
  for (const network of v4.split(' ')) add(network, 'ipv4')
  for (const network of v6.split(' ')) add(network, 'ipv6')
  function add(network: string, family: 'ipv4' | 'ipv6') {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** The innermost code: 'ECONNREFUSED', 'ENOTFOUND', 'TimeoutError'. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // AbortSignal.timeout: a DOMException, or Node's AbortError around it
  if (error.name === 'TimeoutError') return 'timeout'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause instanceof Error ? causeOf(error.cause) : error.message
}
