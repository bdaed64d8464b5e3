import { goRegexp } from '../manifest/go-regexp.ts'
import { textAt, valueAt, type Json } from '../manifest/json.ts'
import { newestMatching } from '../render/chart-version.ts'
import type {
  Chart,
  ChartReference,
  ChartResult,
  ChartSource,
  OciChart,
  RepositoryChart,
  TreeChart,
} from '../render/tools.ts'
import { buildChart, ChartError, readChart } from './chart-build.ts'
import { memoryCache, type ChartCache } from './chart-cache.ts'
import { HelmRepositories } from './helm-repository.ts'
import {
  ociRepository,
  OciRegistry,
  type OciDescriptor,
  type OciRepository,
  type Outcome,
} from './oci-registry.ts'
import type { Credentials } from './oci-sign-in.ts'
import { Outbound, type OutboundOptions } from './outbound.ts'
import { packTreeChart } from './tree-chart.ts'

export interface ChartOptions extends OutboundOptions {
  /** kept from run to run where it is one on disk (`chartCache`); in memory by default */
  cache?: ChartCache
  /** fetch nothing: what the cache knows, or nothing */
  offline?: boolean
  /** by host, as in `auths` of docker's config.json */
  credentials?: Credentials
  /** bytes a chart archive may have */
  maxArchive?: number
}

/** What a reference led to. `revision` is the manifest's, for charts out of an OCI registry. */
interface Archive {
  content: Buffer
  revision?: { tag?: string; digest: string }
}

/**
 * ChartSource over OCI registries, Helm repositories and the tree. Archives are kept by digest; what a tag or a range
 * leads to is asked once a run and never believed in the next, unless that runs offline.
 */
export function chartSource(options: ChartOptions = {}): ChartSource {
  return new Charts(options)
}

class Charts implements ChartSource {
  private readonly cache: ChartCache
  private readonly offline: boolean
  private readonly maxArchive: number
  private readonly registry: OciRegistry
  private readonly repositories: HelmRepositories
  private readonly pulled = new Map<string, Promise<ChartResult>>()
  private readonly archives = new Map<string, Promise<Outcome<Archive>>>()
  private readonly tags = new Map<string, Promise<Outcome<string[]>>>()

  constructor(options: ChartOptions) {
    this.cache = options.cache ?? memoryCache()
    this.offline = options.offline ?? false
    this.maxArchive = options.maxArchive ?? 20 * 1024 * 1024
    const outbound = new Outbound(options)
    this.registry = new OciRegistry(outbound, options.credentials)
    this.repositories = new HelmRepositories(outbound, this.cache, options.credentials)
  }

  async pull(reference: ChartReference): Promise<ChartResult> {
    if (reference.kind === 'tree') return await this.build(reference)
    const key = JSON.stringify(reference)
    const known = this.pulled.get(key) ?? this.build(reference)
    this.pulled.set(key, known)
    return await known
  }

  async unpack(chart: Chart): Promise<ReadonlyMap<string, Uint8Array>> {
    return await readChart(chart.archive)
  }

  private async build(reference: ChartReference): Promise<ChartResult> {
    try {
      if (reference.kind === 'tree') return await this.buildTree(reference)
      const archive = await this.once(reference)
      if (archive.outcome !== 'present') return missing(reference, archive)
      const { content, revision } = archive.value
      const marked = reference.kind === 'oci' && reference.markVersion === true && revision !== undefined
      return { ok: true, chart: await buildChart(content, reference, marked ? { revision } : {}) }
    } catch (error) {
      if (error instanceof Missing) return error.result
      if (!(error instanceof ChartError)) throw error
      return {
        ok: false,
        unavailable: false,
        reason: 'chart-broken',
        message: `the chart ${nameOf(reference)} cannot be used: ${error.message}`,
        repair: reference.kind === 'tree' ? 'correct the chart' : 'use another version of the chart',
      }
    }
  }

  private async buildTree(reference: TreeChart): Promise<ChartResult> {
    const archive = await packTreeChart(reference, async ({ name, version, repository }) => {
      if (!/^(?:https?|oci):\/\//.test(repository))
        throw new ChartError(
          `its dependency ${name} is missing in charts/, and '${repository}' is no repository`,
        )
      const dependency: ChartReference = repository.startsWith('oci://')
        ? { kind: 'oci', url: `${repository.replace(/\/+$/, '')}/${name}`, semver: version }
        : { kind: 'repository', url: repository, chart: name, version }
      const found = await this.once(dependency)
      if (found.outcome !== 'present') throw new Missing(missing(dependency, found))
      return found.value.content
    })
    return { ok: true, chart: await buildChart(archive, reference, { valuesRoot: reference.files }) }
  }

  /** Asks once a run, whatever is built out of the answer. */
  private async once(reference: OciChart | RepositoryChart): Promise<Outcome<Archive>> {
    const { valuesFiles: _files, ignoreMissingValuesFiles: _missing, ...source } = reference
    const key = JSON.stringify(source, Object.keys(source).toSorted())
    const known = this.archives.get(key) ?? this.fetch(reference, key)
    this.archives.set(key, known)
    return await known
  }

  private async fetch(reference: OciChart | RepositoryChart, key: string): Promise<Outcome<Archive>> {
    if (this.offline) return (await this.remembered(key)) ?? OFFLINE
    const found =
      reference.kind === 'oci' ? await this.fetchOci(reference) : await this.fetchRepository(reference)
    if (found.outcome === 'present') {
      const digest = await this.cache.write(found.value.content)
      await this.cache.writeText(key, JSON.stringify({ digest, revision: found.value.revision ?? null }))
    }
    return found
  }

  private async remembered(key: string): Promise<Outcome<Archive> | undefined> {
    const note = readNote(await this.cache.readText(key))
    const content = note === undefined ? undefined : await this.cache.read(note.digest)
    if (note === undefined || content === undefined) return undefined
    return {
      outcome: 'present',
      value: { content, ...(note.revision === undefined ? {} : { revision: note.revision }) },
    }
  }

  private async fetchRepository({ url, chart, version }: RepositoryChart): Promise<Outcome<Archive>> {
    const entry = await this.repositories.find(url, chart, version)
    if (entry.outcome !== 'present') return entry
    const { digest } = entry.value
    const cached = digest === undefined ? undefined : await this.cache.read(digest)
    const content = cached ?? (await this.repositories.download(entry.value, this.maxArchive))
    if (Buffer.isBuffer(content)) return { outcome: 'present', value: { content } }
    return content.outcome === 'present' ? { outcome: 'present', value: { content: content.value } } : content
  }

  private async fetchOci(reference: OciChart): Promise<Outcome<Archive>> {
    let repository: OciRepository
    try {
      repository = ociRepository(reference.url, reference.insecure)
    } catch (error) {
      return { outcome: 'absent', message: error instanceof Error ? error.message : String(error) }
    }
    const tag = await this.tagOf(reference, repository)
    if (tag.outcome !== 'present') return tag
    const manifest = await this.registry.manifest(repository, reference.digest ?? tag.value)
    if (manifest.outcome !== 'present') return manifest
    const layer = layerOf(valueAt(manifest.value.content, 'layers') ?? null, reference.layerMediaType)
    if (layer === undefined) return { outcome: 'absent', message: `${reference.url} holds no Helm chart` }
    const content =
      (await this.cache.read(layer.digest)) ?? (await this.registry.blob(repository, layer, this.maxArchive))
    const { digest } = manifest.value
    const revision = reference.digest === undefined ? { tag: tag.value, digest } : { digest }
    if (Buffer.isBuffer(content)) return { outcome: 'present', value: { content, revision } }
    return content.outcome === 'present'
      ? { outcome: 'present', value: { content: content.value, revision } }
      : content
  }

  /** source-controller 1.9, ocirepository_controller.go getTagBySemver: tags of charts have '_' for '+'. */
  private async tagOf(reference: OciChart, repository: OciRepository): Promise<Outcome<string>> {
    const { semver, semverFilter, digest } = reference
    if (digest !== undefined || semver === undefined)
      return { outcome: 'present', value: reference.tag ?? 'latest' }
    const listed = this.tags.get(reference.url) ?? this.registry.tags(repository)
    this.tags.set(reference.url, listed)
    const tags = await listed
    if (tags.outcome !== 'present') return tags
    try {
      const filter = semverFilter === undefined ? undefined : goRegexp(semverFilter)
      if (semverFilter !== undefined && filter === undefined)
        return { outcome: 'absent', message: `the semverFilter ${semverFilter} is no regular expression` }
      const versions = tags.value
        .filter(tag => filter?.test(tag) !== false)
        .map(tag => tag.replaceAll('_', '+'))
      const newest = newestMatching(versions, semver)
      if (newest !== undefined) return { outcome: 'present', value: newest.replaceAll('+', '_') }
    } catch (error) {
      return { outcome: 'absent', message: error instanceof Error ? error.message : String(error) }
    }
    return { outcome: 'absent', message: `${reference.url} has no version in ${semver}` }
  }
}

/** Carries the result for a dependency out of the packing of a chart. */
class Missing extends Error {
  readonly result: ChartResult
  constructor(result: ChartResult) {
    super('a dependency is missing')
    this.result = result
  }
}

const OFFLINE: Outcome<never> = {
  outcome: 'indeterminate',
  reason: 'chart-offline',
  message: 'The chart was never fetched, and this run fetches nothing.',
  repair: 'Run once with network access and the same cache.',
}

function missing(
  reference: ChartReference,
  found: Exclude<Outcome<Archive>, { outcome: 'present' }>,
): ChartResult {
  if (found.outcome === 'indeterminate') {
    const { reason, message, repair } = found
    return { ok: false, unavailable: true, reason, message, repair }
  }
  return {
    ok: false,
    unavailable: false,
    reason: 'chart-absent',
    message: `the chart ${nameOf(reference)} does not exist: ${found.message}`,
    repair: 'correct the name or the version of the chart',
  }
}

function nameOf(reference: ChartReference): string {
  if (reference.kind === 'tree') return reference.path
  if (reference.kind === 'repository') return `${reference.chart} ${reference.version}`.trim()
  return `${reference.url} ${reference.digest ?? reference.semver ?? reference.tag ?? 'latest'}`
}

function layerOf(layers: Json, mediaType: string | undefined): OciDescriptor | undefined {
  if (!Array.isArray(layers)) return undefined
  const layer =
    mediaType === undefined ? layers[0] : layers.find(one => textAt(one, 'mediaType') === mediaType)
  const digest = textAt(layer, 'digest')
  const size = valueAt(layer, 'size')
  if (digest === undefined || typeof size !== 'number') return undefined
  return { digest, size, mediaType: textAt(layer, 'mediaType') ?? '' }
}

function readNote(
  text: string | undefined,
): { digest: string; revision?: { tag?: string; digest: string } } | undefined {
  if (text === undefined) return undefined
  try {
    const note: Json = JSON.parse(text)
    const digest = textAt(note, 'digest')
    const revision = textAt(note, 'revision', 'digest')
    const tag = textAt(note, 'revision', 'tag')
    if (digest === undefined) return undefined
    return {
      digest,
      ...(revision === undefined
        ? {}
        : { revision: { digest: revision, ...(tag === undefined ? {} : { tag }) } }),
    }
  } catch {
    return undefined
  }
}
