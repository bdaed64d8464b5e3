import { isObject, textAt, valueAt, type JsonObject } from '../manifest/json.ts'
import {
  ACCEPT_MANIFESTS,
  MAX_MANIFEST,
  readJson,
  sha256,
  unclear,
  type OciDescriptor,
  type OciRegistry,
  type OciRepository,
  type Outcome,
} from './oci-registry.ts'

/** What stands under a digest. */
export interface OciImage {
  digest: string
  /** 'linux/amd64', 'linux/arm/v7' → digest of its manifest; an image without index is under its own platform */
  platforms: ReadonlyMap<string, string>
}

/** A manifest that refers to another one, signatures for example. */
export interface Referrer extends OciDescriptor {
  annotations: Readonly<Record<string, string>>
  artifactType?: string
}

const MAX_CONFIG = 1024 * 1024

/** What updates ask of images: digests, platforms, signatures. Nothing is ever answered from memory. */
export class OciImages {
  readonly #registry: OciRegistry

  constructor(registry: OciRegistry) {
    this.#registry = registry
  }

  /**
   * The digest that a tag stands for now, by HEAD, which counts against no limit of Docker Hub.
   * @param known a digest it had: asked as a condition, where the registry knows conditions
   */
  async digest(repository: OciRepository, tag: string, known?: string): Promise<Outcome<string>> {
    const path = `manifests/${tag}`
    const headers =
      known === undefined ? ACCEPT_MANIFESTS : { ...ACCEPT_MANIFESTS, 'if-none-match': `"${known}"` }
    const reply = await this.#registry.request(repository, path, { method: 'HEAD', maxBytes: 0, headers })
    if (reply.outcome !== 'present') return reply
    if (reply.value.status === 304 && known !== undefined) return { outcome: 'present', value: known }
    const promised = reply.value.headers.get('docker-content-digest')
    if (promised !== null && /^sha(256:[a-f0-9]{64}|512:[a-f0-9]{128})$/.test(promised))
      return { outcome: 'present', value: promised }
    // without the header only the bytes tell
    const whole = await this.#registry.request(repository, path, {
      maxBytes: MAX_MANIFEST,
      headers: ACCEPT_MANIFESTS,
    })
    return whole.outcome === 'present' ? { outcome: 'present', value: sha256(whole.value.body) } : whole
  }

  /** The platforms of an image. @param reference a digest, or a tag */
  async image(repository: OciRepository, reference: string): Promise<Outcome<OciImage>> {
    const read = await this.#registry.readManifest(repository, reference)
    if (read.outcome !== 'present') return read
    const { digest, content } = read.value
    const entries = valueAt(content, 'manifests')
    if (!Array.isArray(entries)) return await this.#single(repository, digest, content)
    const platforms = new Map<string, string>()
    for (const entry of entries) {
      const name = platformName(valueAt(entry, 'platform'))
      const of = textAt(entry, 'digest')
      // attestations of buildkit stand under unknown/unknown
      if (name !== undefined && !name.startsWith('unknown/') && of !== undefined) platforms.set(name, of)
    }
    return { outcome: 'present', value: { digest, platforms } }
  }

  /**
   * What refers to a manifest; where the registry has no referrers API (ghcr), what the tag of the fallback scheme lists
   * (distribution-spec 1.1, "Unavailable Referrers API").
   */
  async referrers(repository: OciRepository, digest: string): Promise<Outcome<Referrer[]>> {
    const pages = await this.#registry.pages(repository, `referrers/${digest}`, 'referrers')
    if (pages.outcome === 'indeterminate') return pages
    if (pages.outcome === 'present') {
      const lists = pages.value.map(({ body }) => valueAt(readJson(body), 'manifests'))
      // some answer any path with a page for people
      if (lists.every(Array.isArray)) return { outcome: 'present', value: lists.flatMap(readReferrers) }
    }
    const fallback = await this.#registry.readManifest(repository, digest.replace(':', '-'))
    if (fallback.outcome === 'absent') return { outcome: 'present', value: [] }
    if (fallback.outcome !== 'present') return fallback
    return { outcome: 'present', value: readReferrers(valueAt(fallback.value.content, 'manifests')) }
  }

  /** Chart.yaml of a chart in a registry, from its config: without the archive. `version` is a tag, with '_' for '+'. */
  async chart(repository: OciRepository, version: string): Promise<Outcome<JsonObject>> {
    const read = await this.#registry.readManifest(repository, version.replaceAll('+', '_'))
    if (read.outcome !== 'present') return read
    const config = valueAt(read.value.content, 'config')
    if (textAt(config, 'mediaType') !== 'application/vnd.cncf.helm.config.v1+json')
      return {
        outcome: 'absent',
        message: `${repository.host}/${repository.name} ${version} is no Helm chart`,
      }
    return await this.#json(repository, config)
  }

  async #single(repository: OciRepository, digest: string, manifest: JsonObject): Promise<Outcome<OciImage>> {
    const config = await this.#json(repository, valueAt(manifest, 'config'))
    if (config.outcome !== 'present') return config
    const name = platformName(config.value) ?? 'unknown/unknown'
    return { outcome: 'present', value: { digest, platforms: new Map([[name, digest]]) } }
  }

  async #json(repository: OciRepository, descriptor: unknown): Promise<Outcome<JsonObject>> {
    const found = readDescriptor(descriptor)
    if (found === undefined) return unclear(repository.host, 'names a config without digest')
    const blob = await this.#registry.blob(repository, found, MAX_CONFIG)
    if (blob.outcome !== 'present') return blob
    const content = readJson(blob.value)
    return isObject(content)
      ? { outcome: 'present', value: content }
      : unclear(repository.host, 'sends a config that is no JSON')
  }
}

function platformName(platform: unknown): string | undefined {
  if (typeof platform !== 'object' || platform === null) return undefined
  const [os, architecture, variant] = ['os', 'architecture', 'variant'].map(name =>
    Reflect.get(platform, name),
  )
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  return [os, architecture, ...(typeof variant === 'string' && variant !== '' ? [variant] : [])].join('/')
}

function readDescriptor(value: unknown): OciDescriptor | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const [mediaType, digest, size] = ['mediaType', 'digest', 'size'].map(name => Reflect.get(value, name))
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number')
    return undefined
  return { mediaType, digest, size }
}

function readReferrers(list: unknown): Referrer[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((entry: unknown): Referrer[] => {
    const descriptor = readDescriptor(entry)
    if (descriptor === undefined || typeof entry !== 'object' || entry === null) return []
    const annotations: unknown = Reflect.get(entry, 'annotations')
    const artifactType: unknown = Reflect.get(entry, 'artifactType')
    const texts = Object.entries(annotations ?? {}).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    )
    return [
      {
        ...descriptor,
        annotations: Object.fromEntries(texts),
        ...(typeof artifactType === 'string' ? { artifactType } : {}),
      },
    ]
  })
}
