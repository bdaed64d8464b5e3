import { createHash } from 'node:crypto'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import { nextLink } from './link-header.ts'
import { readToken, tokenRequest, type Credentials } from './oci-sign-in.ts'
import { OutboundError, type Outbound, type OutboundRequest, type Reply } from './outbound.ts'

/** There, not there, or not known: a registry that is down or denies never means "absent". */
export type Outcome<T> =
  | { outcome: 'present'; value: T }
  | { outcome: 'absent'; message: string }
  | { outcome: 'indeterminate'; reason: string; message: string; repair: string }

export interface OciManifest {
  digest: string
  mediaType: string
  content: JsonObject
}

export interface OciDescriptor {
  mediaType: string
  digest: string
  size: number
}

export interface OciRepository {
  host: string
  /** 'owner/charts/name' */
  name: string
  insecure: boolean
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]
/** All that a tag may stand for. */
export const ACCEPT_MANIFESTS: Readonly<Record<string, string>> = { accept: MANIFEST_TYPES.join(', ') }
// the distribution specification lets a registry refuse larger ones
export const MAX_MANIFEST: number = 4 * 1024 * 1024
const MAX_TAG_PAGES = 200
// of all pages of a list: a million tags fit
const MAX_LIST = 64 * 1024 * 1024
const MAX_TOKEN = 64 * 1024
// a registry that wants more patience than this is not waited for
const MAX_TRIES = 3
const LONGEST_WAIT = 30_000

/** How a busy registry is waited for. */
export interface Patience {
  wait(milliseconds: number): Promise<void>
  /** for Retry-After as a date, and for how long tokens are good */
  now(): number
}

const PATIENCE: Patience = {
  wait: async milliseconds => await new Promise(resolve => setTimeout(resolve, milliseconds)),
  now: () => Date.now(),
}

export interface OciRequest {
  method?: 'GET' | 'HEAD'
  maxBytes: number
  headers?: Readonly<Record<string, string>>
}

/** The digest of a file, as registries write it. */
export function sha256(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/**
 * Reads 'oci://ghcr.io/owner/name'. Docker Hub has its own names.
 * @throws Error where it is none
 */
export function ociRepository(url: string, insecure = false): OciRepository {
  const match = /^oci:\/\/([^/]+)\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)$/.exec(url)
  const [, host = '', name = ''] = match ?? []
  if (match === null) throw new Error(`${url} is no address of a repository in an OCI registry`)
  if (host !== 'docker.io' && host !== 'index.docker.io') return { host, name, insecure }
  return { host: 'registry-1.docker.io', name: name.includes('/') ? name : `library/${name}`, insecure }
}

interface Token {
  authorization: string
  /** milliseconds, as `Patience.now` */
  until: number
}

/** Read-only client of the OCI distribution specification 1.1, as far as pulling artifacts needs it. */
export class OciRegistry {
  private readonly outbound: Outbound
  private readonly credentials: Credentials
  /** by host and scope */
  private readonly tokens = new Map<string, Token>()

  private readonly patience: Patience
  /** what registries wanted to be shown: `Warning: 299` headers, by host; never acted on */
  readonly warnings = new Map<string, Set<string>>()

  constructor(outbound: Outbound, credentials: Credentials = {}, patience: Patience = PATIENCE) {
    this.outbound = outbound
    this.credentials = credentials
    this.patience = patience
  }

  /** All tags. A list that cannot be read to its end is indeterminate, never short. */
  async tags(repository: OciRepository): Promise<Outcome<string[]>> {
    const tags = new Set<string>()
    const pages = await this.pages(repository, 'tags/list?n=1000', 'tags')
    if (pages.outcome !== 'present') return pages
    for (const { body } of pages.value) {
      const listed = valueAt(readJson(body), 'tags')
      if (!Array.isArray(listed) && listed !== null)
        return unclear(repository.host, 'answers with no list of tags')
      for (const tag of listed ?? []) if (typeof tag === 'string') tags.add(tag)
    }
    return { outcome: 'present', value: [...tags] }
  }

  /**
   * All pages of a list, as linked. A list that cannot be read to its end is indeterminate.
   * @param rest after the name of the repository: 'tags/list?n=1000'
   * @param what it lists, for messages
   */
  async pages(repository: OciRepository, rest: string, what: string): Promise<Outcome<Reply[]>> {
    const first = this.url(repository, rest)
    const seen = new Set<string>()
    const pages: Reply[] = []
    let size = 0
    for (let url: URL | undefined = first; url !== undefined;) {
      if (seen.has(url.href) || seen.size >= MAX_TAG_PAGES)
        return unclear(repository.host, `lists ${what} without end`)
      seen.add(url.href)
      const reply = await this.request(repository, url, { maxBytes: MAX_MANIFEST })
      // a page that was promised and is not there says nothing of the whole
      if (reply.outcome === 'absent' && pages.length > 0)
        return unclear(repository.host, `does not have all pages of ${what}`)
      if (reply.outcome !== 'present') return reply
      pages.push(reply.value)
      size += reply.value.body.byteLength
      if (size > MAX_LIST) return unclear(repository.host, `lists ${what} beyond ${MAX_LIST} bytes`)
      const link = nextLink(reply.value.headers.get('link') ?? '')
      if (link !== undefined && !URL.canParse(link, url.href))
        return unclear(repository.host, `pages ${what} to what is no address`)
      const next: URL | undefined = link === undefined ? undefined : new URL(link, url)
      if (next !== undefined && next.origin !== first.origin)
        return unclear(repository.host, `pages ${what} elsewhere`)
      url = next
    }
    return { outcome: 'present', value: pages }
  }

  /**
   * A manifest, checked against its digest. Of an index the entry of linux/amd64, else its only one, is followed;
   * the digest stays the one asked for.
   * @param reference a tag or a digest
   */
  async manifest(repository: OciRepository, reference: string): Promise<Outcome<OciManifest>> {
    const asked = await this.readManifest(repository, reference)
    if (asked.outcome !== 'present') return asked
    const entries = valueAt(asked.value.content, 'manifests')
    if (!Array.isArray(entries)) return asked
    const entry =
      entries.find(
        one =>
          textAt(one, 'platform', 'os') === 'linux' && textAt(one, 'platform', 'architecture') === 'amd64',
      ) ?? (entries.length === 1 ? entries[0] : undefined)
    const digest = textAt(entry, 'digest')
    if (digest === undefined)
      return { outcome: 'absent', message: `${label(repository)} holds an index without a chart` }
    const followed = await this.readManifest(repository, digest)
    return followed.outcome === 'present'
      ? { outcome: 'present', value: { ...followed.value, digest: asked.value.digest } }
      : followed
  }

  /** A blob, checked against its digest. */
  async blob(
    repository: OciRepository,
    descriptor: OciDescriptor,
    maxBytes: number,
  ): Promise<Outcome<Buffer>> {
    if (descriptor.size > maxBytes)
      return unclear(repository.host, `offers a blob of ${descriptor.size} bytes`)
    const url = this.url(repository, `blobs/${descriptor.digest}`)
    const reply = await this.request(repository, url, { maxBytes })
    if (reply.outcome !== 'present') return reply
    const { body } = reply.value
    if (!hasDigest(body, descriptor.digest))
      return unclear(repository.host, 'sends a blob that is not what its digest says')
    return { outcome: 'present', value: body }
  }

  /** A manifest or index as it stands, checked against its digest. */
  async readManifest(repository: OciRepository, reference: string): Promise<Outcome<OciManifest>> {
    const url = this.url(repository, `manifests/${reference}`)
    const reply = await this.request(repository, url, {
      maxBytes: MAX_MANIFEST,
      headers: ACCEPT_MANIFESTS,
    })
    if (reply.outcome !== 'present') return reply
    const { body, headers } = reply.value
    const digest = sha256(body)
    const promised = reference.includes(':') ? reference : headers.get('docker-content-digest')
    if (promised !== null && !hasDigest(body, promised))
      return unclear(repository.host, 'sends a manifest that is not what its digest says')
    const content = readJson(body)
    if (!isObject(content)) return unclear(repository.host, 'answers with no manifest')
    const mediaType = textAt(content, 'mediaType') ?? headers.get('content-type') ?? ''
    return { outcome: 'present', value: { digest: promised ?? digest, mediaType, content } }
  }

  private url({ host, name, insecure }: OciRepository, rest: string): URL {
    return new URL(`${insecure ? 'http' : 'https'}://${host}/v2/${name}/${rest}`)
  }

  /**
   * Asks, signs in where challenged, asks once more; waits for a registry that is busy and says for how long.
   * @param where a URL, or what comes after the name of the repository: 'manifests/1.0.0'
   * @returns 304 counts as present: who asks with a condition has the answer
   */
  async request(
    repository: OciRepository,
    where: URL | string,
    { method = 'GET', maxBytes, headers }: OciRequest,
  ): Promise<Outcome<Reply>> {
    const url = typeof where === 'string' ? this.url(repository, where) : where
    try {
      const key = `${repository.host} ${repository.name}`
      const known = this.tokens.get(key)
      const ask = async (authorization?: string) =>
        await this.patiently(url, {
          method,
          maxBytes,
          headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
        })
      const isGood = known !== undefined && known.until > this.patience.now()
      let reply = await ask(isGood ? known.authorization : undefined)
      if (reply.status === 401) {
        const signedIn = await this.signIn(repository, reply.headers.get('www-authenticate'))
        if (signedIn !== undefined) {
          this.tokens.set(key, signedIn)
          reply = await ask(signedIn.authorization)
        }
      }
      this.hear(repository.host, reply.headers.get('warning'))
      if (reply.status === 200 || reply.status === 304) return { outcome: 'present', value: reply }
      if (reply.status === 404) return { outcome: 'absent', message: `${label(repository)} does not have it` }
      // ghcr answers 401 and 403 for what is private and for what does not exist
      if (reply.status === 401 || reply.status === 403)
        return {
          outcome: 'indeterminate',
          reason: 'chart-denied',
          message: `${repository.host} denies ${repository.name}: it is private, or does not exist`,
          repair: `give credentials for ${repository.host}, or correct the name`,
        }
      return unclear(repository.host, `answers with status ${reply.status}`)
    } catch (error) {
      if (error instanceof OutboundError) return unreachable(error)
      throw error
    }
  }

  /** Asks again where the registry is busy: after the time it names, else after a little longer each time. */
  private async patiently(url: URL, request: OutboundRequest): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      const reply = await this.outbound.request(url, request)
      if ((reply.status !== 429 && reply.status !== 503) || tries === MAX_TRIES) return reply
      const named = retryAfter(reply.headers.get('retry-after'), this.patience.now())
      if (named !== undefined && named > LONGEST_WAIT) return reply
      await this.patience.wait(named ?? 500 * 2 ** tries * (0.75 + Math.random() / 2))
    }
  }

  /** Follows a challenge: Basic, or a token from the realm (docker token authentication). */
  private async signIn(repository: OciRepository, challenge: string | null): Promise<Token | undefined> {
    const { host } = repository
    const own =
      this.credentials[host] ?? (host === 'registry-1.docker.io' ? this.credentials['docker.io'] : undefined)
    const wanted = tokenRequest(repository, challenge ?? '', own)
    if (wanted === undefined) return undefined
    if ('authorization' in wanted) return { authorization: wanted.authorization, until: Infinity }
    const reply = await this.patiently(wanted.url, {
      maxBytes: MAX_TOKEN,
      headers: wanted.basic === undefined ? {} : { authorization: wanted.basic },
    })
    const token = reply.status === 200 ? readToken(readJson(reply.body)) : undefined
    return token === undefined
      ? undefined
      : { authorization: `Bearer ${token.token}`, until: this.patience.now() + token.milliseconds }
  }

  private hear(host: string, warning: string | null): void {
    const text = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(warning ?? '')?.[1]
    if (text === undefined) return
    const known = this.warnings.get(host) ?? new Set()
    this.warnings.set(host, known.add(text.replaceAll(/\\(.)/g, '$1').slice(0, 300)))
  }
}

/**
 * Milliseconds that a Retry-After header asks for (RFC 9110 10.2.3: seconds, or a date).
 * @param now milliseconds
 */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

export function unreachable(error: OutboundError): Outcome<never> {
  return error.reason === 'refused'
    ? {
        outcome: 'indeterminate',
        reason: 'chart-host-refused',
        message: error.message,
        repair: 'allow the host explicitly where it is yours',
      }
    : {
        outcome: 'indeterminate',
        reason: 'chart-unavailable',
        message: error.message,
        repair: 'run again when the host answers',
      }
}

/** What a registry does that tells nothing. */
export function unclear(host: string, what: string): Outcome<never> {
  return {
    outcome: 'indeterminate',
    reason: 'chart-unavailable',
    message: `${host} ${what}`,
    repair: 'run again when the host answers',
  }
}

function hasDigest(body: Uint8Array, digest: string): boolean {
  const [algorithm = '', hex = ''] = digest.split(':')
  if (algorithm !== 'sha256' && algorithm !== 'sha512') return false
  return createHash(algorithm).update(body).digest('hex') === hex
}

/** `null` for what is no JSON */
export function readJson(body: Buffer): Json {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}

function label({ host, name }: OciRepository): string {
  return `oci://${host}/${name}`
}
