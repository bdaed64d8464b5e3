import { OPERATOR } from './cnpg/operator-version.ts'
import { appVersionOf } from './cnpg/release/release-facts.ts'
import type { Chosen } from './versions/choose-update.ts'
import { platformChange } from './versions/platform-changes.ts'
import type { ReferencePackage, VersionReference } from './versions/reference.ts'
import type { Asked, ChartVersion, VersionSource } from './versions/version-source.ts'
import { versionUpdates } from './versions/version-updates.ts'

/** What a reference could become, with what a person should know of it; `unknown`: the source did not answer. */
export type Found = (Chosen & { remarks: readonly string[] }) | { unknown: string }

/** What a chart of the operator is known to deploy. */
export function operatorOfChart(version: string): string | undefined {
  return appVersionOf(OPERATOR.chart, version)
}

/** Asks each thing once a run. */
export class VersionAnswers {
  readonly #source: VersionSource
  readonly #tags = new Map<string, Promise<Asked<string[]>>>()
  readonly #charts = new Map<string, Promise<Asked<ChartVersion[]>>>()
  readonly #digests = new Map<string, Promise<Asked<string>>>()
  readonly #operators = new Map<string, Promise<Asked<string | undefined>>>()

  constructor(source: VersionSource) {
    this.#source = source
  }

  /** All versions of a package, with what each deploys where the source says. */
  async versions(
    target: Exclude<ReferencePackage, { kind: 'unknown' | 'remote' }>,
  ): Promise<Asked<ReadonlyMap<string, string | undefined>>> {
    if (target.kind === 'helm') {
      const charts = await this.charts(target.repository, target.chart)
      return charts.outcome === 'present'
        ? { ...charts, value: new Map(charts.value.map(one => [one.version, one.appVersion])) }
        : charts
    }
    const tags = await this.tags(target.kind === 'image' ? target.name : target.url)
    if (tags.outcome !== 'present') return tags
    return { ...tags, value: new Map(tags.value.map(tag => [tag, undefined])) }
  }

  async tags(name: string): Promise<Asked<string[]>> {
    return await once(this.#tags, name, async () => await this.#source.tags(name))
  }

  async charts(repository: string, chart: string): Promise<Asked<ChartVersion[]>> {
    return await once(
      this.#charts,
      `${repository} ${chart}`,
      async () => await this.#source.charts(repository, chart),
    )
  }

  async digest(name: string, tag: string, known?: string): Promise<Asked<string>> {
    return await once(
      this.#digests,
      `${name} ${tag} ${known ?? ''}`,
      async () => await this.#source.digest(name, tag, known),
    )
  }

  /** What the charts from the one in use on deploy; the table first, then the registry for those it lacks. */
  async operators(
    url: string,
    current: string,
    versions: readonly string[],
  ): Promise<Map<string, string | undefined>> {
    const newer = versionUpdates(current, versions).updates.length > 0 ? versions : []
    const asked = [current, ...newer].filter(
      version => operatorOfChart(version) === undefined && /^\d+\.\d+\.\d+$/.test(version),
    )
    const operators = new Map<string, string | undefined>()
    for (const version of new Set(asked)) {
      if (versionUpdates(current, [version]).updates.length === 0 && version !== current) continue
      const found = await once(
        this.#operators,
        `${url} ${version}`,
        async () => await this.#source.appVersion(url, version),
      )
      if (found.outcome === 'present') operators.set(version, found.value)
    }
    return operators
  }

  /** Completes a choice with its digest where one is or may be written, and drops a digest that changes nothing. */
  async pinned(
    name: string,
    current: VersionReference['current'],
    found: Chosen & { remarks: readonly string[] },
  ): Promise<Found> {
    const { choice } = found
    if (choice === undefined) return found
    const asked = choice.digest === undefined ? await this.digest(name, choice.version) : undefined
    const digest = choice.digest ?? (asked?.outcome === 'present' ? asked.value : undefined)
    if (digest === undefined)
      return {
        ...found,
        remarks: [
          ...found.remarks,
          `The digest of ${choice.version} is not known: ${asked?.outcome === 'present' ? '' : (asked?.message ?? '')}`,
        ],
      }
    if (current.digest === undefined || choice.version !== current.version)
      return { ...found, choice: { ...choice, digest } }
    const [before, after] = await Promise.all([
      this.#source.platforms(name, current.digest),
      this.#source.platforms(name, digest),
    ])
    if (before.outcome !== 'present' || after.outcome !== 'present')
      return { ...found, choice: { ...choice, digest } }
    const change = platformChange(before.value, after.value)
    if (change.kind === 'changed') return { ...found, choice: { ...choice, digest } }
    const { choice: _dropped, ...rest } = found
    const why =
      change.kind === 'nothing'
        ? `The digest of ${choice.version} moved, but every platform has the image it had.`
        : `The new image of ${choice.version} lacks ${change.platforms.join(', ')}.`
    return { ...rest, remarks: [...found.remarks, why] }
  }
}

async function once<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const asked = known.get(key) ?? ask()
  known.set(key, asked)
  return await asked
}
