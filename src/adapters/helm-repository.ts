import { isObject, textAt, valueAt, type Json } from '../manifest/json.ts'
import { newestMatching } from '../render/chart-version.ts'
import { readHelmYaml } from '../render/helm-yaml.ts'
import { digestOf, type ChartCache } from './chart-cache.ts'
import { unreachable, type Outcome } from './oci-registry.ts'
import { basicOf, type Credentials } from './oci-sign-in.ts'
import { OutboundError, type Outbound, type Reply } from './outbound.ts'

/** source-controller's own limit (1.9, internal/helm/helm.go). */
const MAX_INDEX = 50 * 1024 * 1024

export interface RepositoryEntry {
  version: string
  url: URL
  /** 'sha256:…' as the index says; absent where it does not */
  digest?: string
}

/** Helm repositories over HTTP: index.yaml and the archives it names. */
export class HelmRepositories {
  private readonly outbound: Outbound
  private readonly credentials: Credentials
  private readonly cache: ChartCache
  private readonly indexes = new Map<string, Promise<Outcome<string>>>()

  /** @param credentials by host, as in docker's config.json */
  constructor(outbound: Outbound, cache: ChartCache, credentials: Credentials = {}) {
    this.outbound = outbound
    this.cache = cache
    this.credentials = credentials
  }

  /**
   * Looks a chart up as source-controller does: the version as written, else the newest in the range; of equal
   * versions the one made last.
   */
  async find(repository: string, chart: string, range: string): Promise<Outcome<RepositoryEntry>> {
    const base = baseOf(repository)
    const listed = await this.entries(base, chart)
    if (listed.outcome !== 'present') return listed
    const entries = listed.value
    const versions = entries.flatMap(entry => textAt(entry, 'version') ?? [])
    let version: string | undefined
    try {
      version = newestMatching(versions, range)
    } catch (error) {
      return { outcome: 'absent', message: error instanceof Error ? error.message : String(error) }
    }
    const same = entries.filter(entry => version !== undefined && textAt(entry, 'version') === version)
    const [entry] = same.toSorted((a, b) => createdAt(b) - createdAt(a))
    const address = textAt(entry, 'urls', 0) ?? textAt(valueAt(entry, 'urls', 0))
    if (entry === undefined || version === undefined)
      return { outcome: 'absent', message: `${base.host} has no ${chart} ${range}` }
    if (address === undefined)
      return { outcome: 'absent', message: `${chart} ${version} has no address in the index of ${base.host}` }
    const url = new URL(address, base)
    const digest = textAt(entry, 'digest')
    return {
      outcome: 'present',
      value: {
        version,
        url,
        ...(digest === undefined || digest === ''
          ? {}
          : { digest: `sha256:${digest.replace(/^sha256:/, '')}` }),
      },
    }
  }

  /** Every version of a chart, with the version of what it deploys where the index says. */
  async versions(
    repository: string,
    chart: string,
  ): Promise<Outcome<{ version: string; appVersion?: string }[]>> {
    if (!URL.canParse(repository)) return { outcome: 'absent', message: `${repository} is no address` }
    const listed = await this.entries(baseOf(repository), chart)
    if (listed.outcome !== 'present') return listed
    return {
      outcome: 'present',
      value: listed.value.flatMap(entry => {
        const version = textAt(entry, 'version')
        const appVersion = textAt(entry, 'appVersion')
        if (version === undefined) return []
        return [
          { version, ...(appVersion === undefined ? {} : { appVersion: appVersion.replace(/^v/, '') }) },
        ]
      }),
    }
  }

  private async entries(base: URL, chart: string): Promise<Outcome<Json[]>> {
    const index = await this.index(base)
    if (index.outcome !== 'present') return index
    try {
      const listed = entriesOf(index.value, chart)
      return listed === undefined
        ? { outcome: 'absent', message: `${base.host} has no chart ${chart}` }
        : { outcome: 'present', value: listed }
    } catch {
      return indexUnreadable(base)
    }
  }

  /** The archive, checked against the digest of the index. */
  async download(entry: RepositoryEntry, maxBytes: number): Promise<Outcome<Buffer>> {
    const reply = await this.get(entry.url, maxBytes)
    if (reply.outcome !== 'present') return reply
    const { body } = reply.value
    if (entry.digest !== undefined && digestOf(body) !== entry.digest)
      return {
        outcome: 'absent',
        message: `${entry.url.host} sends an archive that is not what the digest in its index says`,
      }
    return { outcome: 'present', value: body }
  }

  private async index(base: URL): Promise<Outcome<string>> {
    const known = this.indexes.get(base.href) ?? this.readIndex(base)
    this.indexes.set(base.href, known)
    return await known
  }

  /** Once a run; what an earlier run kept is asked for with its ETag. */
  private async readIndex(base: URL): Promise<Outcome<string>> {
    const url = new URL('index.yaml', base)
    const kept = readKept(await this.cache.readText(url.href))
    const content = kept === undefined ? undefined : await this.cache.read(kept.digest)
    const headers = kept === undefined || content === undefined ? {} : { 'if-none-match': kept.etag }
    const reply = await this.get(url, MAX_INDEX, headers, true)
    if (reply.outcome !== 'present') return reply
    if (reply.value.status === 304 && content !== undefined)
      return { outcome: 'present', value: content.toString('utf8') }
    const etag = reply.value.headers.get('etag')
    if (etag !== null)
      await this.cache.writeText(
        url.href,
        JSON.stringify({ etag, digest: await this.cache.write(reply.value.body) }),
      )
    return { outcome: 'present', value: reply.value.body.toString('utf8') }
  }

  private async get(
    url: URL,
    maxBytes: number,
    headers: Record<string, string> = {},
    compressed = false,
  ): Promise<Outcome<Reply>> {
    const own = this.credentials[url.host]
    const basic = own === undefined ? undefined : basicOf(own)
    try {
      const reply = await this.outbound.request(url, {
        maxBytes,
        compressed,
        headers: { ...headers, ...(basic === undefined ? {} : { authorization: basic }) },
      })
      if (reply.status === 200 || reply.status === 304) return { outcome: 'present', value: reply }
      if (reply.status === 404)
        return { outcome: 'absent', message: `${url.host} does not have ${url.pathname}` }
      if (reply.status === 401 || reply.status === 403)
        return {
          outcome: 'indeterminate',
          reason: 'chart-denied',
          message: `${url.host} denies access`,
          repair: `give credentials for ${url.host}`,
        }
      return {
        outcome: 'indeterminate',
        reason: 'chart-unavailable',
        message: `${url.host} answers with status ${reply.status}`,
        repair: 'run again when the host answers',
      }
    } catch (error) {
      if (error instanceof OutboundError) return unreachable(error)
      throw error
    }
  }
}

/**
 * The entries of one chart. An index may hold tens of thousands: the lines of this chart are cut out before they are
 * read where the file is laid out as helm writes it.
 * @throws Error where the index cannot be read
 */
export function entriesOf(index: string, chart: string): Json[] | undefined {
  const block = cut(index, chart)
  const entries =
    block === undefined ? valueAt(readHelmYaml(index), 'entries', chart) : valueAt(readHelmYaml(block), chart)
  return Array.isArray(entries) ? entries.filter(isObject) : undefined
}

function cut(index: string, chart: string): string | undefined {
  const start = index.search(/^entries:[ \t]*$/m)
  const quoted = chart.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const key = new RegExp(`^ {2}(?:"${quoted}"|'${quoted}'|${quoted}):[ \\t]*$`, 'm')
  const found = start === -1 ? null : key.exec(index.slice(start))
  // anchors would be cut off from their aliases
  if (found === null || /^\s*(?:- )?[\w"']+: [&*]\w/m.test(index)) return undefined
  const rest = index.slice(start + found.index)
  const end = rest.slice(found[0].length).search(/^(?: {0,1}\S| {2}[^\s-])/m)
  return end === -1 ? rest : rest.slice(0, found[0].length + end)
}

function baseOf(repository: string): URL {
  return new URL(`${repository.replace(/\/+$/, '')}/`)
}

function createdAt(entry: Json): number {
  const created = Date.parse(textAt(entry, 'created') ?? '')
  return Number.isNaN(created) ? 0 : created
}

function readKept(text: string | undefined): { etag: string; digest: string } | undefined {
  if (text === undefined) return undefined
  try {
    const kept: Json = JSON.parse(text)
    const etag = textAt(kept, 'etag')
    const digest = textAt(kept, 'digest')
    return etag === undefined || digest === undefined ? undefined : { etag, digest }
  } catch {
    return undefined
  }
}

function indexUnreadable(base: URL): Outcome<never> {
  return {
    outcome: 'indeterminate',
    reason: 'chart-unavailable',
    message: `${base.host} has an index.yaml that cannot be read`,
    repair: 'check the url of the HelmRepository',
  }
}
