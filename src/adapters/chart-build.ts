import path from 'node:path'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import { parseVersion } from '../render/chart-version.ts'
import { mergeValues, readValues } from '../render/helm-values.ts'
import { readHelmYaml } from '../render/helm-yaml.ts'
import type { Chart, ChartBuild } from '../render/tools.ts'
import { ArchiveError, readArchive, writeArchive } from './chart-archive.ts'
import { digestOf } from './chart-cache.ts'

/** A chart that is wrong as it is: thrown inside the adapter, a ChartResult outside. */
export class ChartError extends Error {}

const text = new TextDecoder()
const bytes = new TextEncoder()

/**
 * Makes an archive what helm-controller gets from source-controller 1.9 (internal/helm/chart/builder_remote.go):
 * values files merged in place of values.yaml, the version marked with the manifest's digest.
 * @param valuesRoot where values files are looked up; the chart itself by default
 * @throws ChartError
 */
export async function buildChart(
  archive: Buffer,
  build: ChartBuild,
  options: { valuesRoot?: ReadonlyMap<string, Uint8Array>; revision?: { tag?: string; digest: string } } = {},
): Promise<Chart> {
  const files = await readChart(archive)
  const root = [...files.keys()]
    .map(file => file.split('/')[0] ?? '')
    .find(name => files.has(`${name}/Chart.yaml`))
  if (root === undefined) throw new ChartError('the archive is no Helm chart: it has no Chart.yaml')
  const metadata = readMetadata(files, `${root}/Chart.yaml`)
  const changed = new Map(files)
  const named = build.valuesFiles ?? []
  if (named.length > 0) {
    const lookup = (file: string) =>
      options.valuesRoot === undefined ? files.get(`${root}/${file}`) : options.valuesRoot.get(file)
    changed.set(`${root}/values.yaml`, bytes.encode(JSON.stringify(mergeFiles(named, build, lookup))))
  }
  const { name, appVersion } = metadata
  let { version } = metadata
  if (options.revision !== undefined) {
    version = markVersion(version, options.revision)
    changed.set(`${root}/Chart.yaml`, bytes.encode(JSON.stringify({ ...metadata.content, version })))
  }
  const result = named.length > 0 || options.revision !== undefined ? writeArchive(changed) : archive
  return {
    name,
    version,
    ...(appVersion === undefined ? {} : { appVersion }),
    digest: digestOf(result),
    archive: result,
  }
}

export interface ChartMetadata {
  name: string
  version: string
  appVersion?: string
  content: JsonObject
}

/** @throws ChartError */
export function readMetadata(files: ReadonlyMap<string, Uint8Array>, file: string): ChartMetadata {
  const content = readYamlFile(files, file)
  const name = textAt(content, 'name')
  const version = textAt(content, 'version')
  if (name === undefined || version === undefined || !isObject(content))
    throw new ChartError(`${file} is no Chart.yaml: it needs a name and a version`)
  const appVersion = valueAt(content, 'appVersion')
  return {
    name,
    version,
    ...(typeof appVersion === 'string' || typeof appVersion === 'number'
      ? { appVersion: String(appVersion) }
      : {}),
    content,
  }
}

/** @throws ChartError */
export function readYamlFile(files: ReadonlyMap<string, Uint8Array>, file: string): Json {
  try {
    return readHelmYaml(text.decode(files.get(file)))
  } catch (error) {
    throw new ChartError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** @throws ChartError */
export async function readChart(archive: Uint8Array): Promise<Map<string, Uint8Array>> {
  try {
    return await readArchive(archive)
  } catch (error) {
    if (error instanceof ArchiveError) throw new ChartError(`the archive is no Helm chart: ${error.message}`)
    throw error
  }
}

function mergeFiles(
  named: readonly string[],
  { ignoreMissingValuesFiles }: ChartBuild,
  lookup: (file: string) => Uint8Array | undefined,
): JsonObject {
  let merged: JsonObject = {}
  for (const file of named) {
    const content = lookup(path.posix.normalize(file).replace(/^\/+/, ''))
    if (content === undefined) {
      if (ignoreMissingValuesFiles === true) continue
      throw new ChartError(`the values file ${file} does not exist`)
    }
    try {
      merged = mergeValues(merged, readValues(text.decode(content)))
    } catch (error) {
      throw new ChartError(
        `the values file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  return merged
}

/** helm-controller 1.6, mutateChartWithSourceRevision: a tag that is a version must be the chart's. */
function markVersion(version: string, revision: { tag?: string; digest: string }): string {
  const parsed = parseVersion(version)
  if (parsed === undefined) throw new ChartError(`the chart's version ${version} is no semantic version`)
  const tag = revision.tag === undefined ? undefined : coerceTag(revision.tag)
  if (tag !== undefined && tag.compare(parsed) !== 0)
    throw new ChartError(`the tag ${revision.tag ?? ''} does not match the chart's version ${version}`)
  const hex = revision.digest.split(':')[1] ?? ''
  return `${parsed.version}+${hex.slice(0, 12)}`
}

/** Masterminds/semver's NewVersion fills missing numbers up: the tag '1.2' is version 1.2.0. */
function coerceTag(tag: string): ReturnType<typeof parseVersion> {
  const [, major, minor = '.0', patch = '.0', rest = ''] =
    /^v?(\d+)(\.\d+)?(\.\d+)?((?:-|\+).*)?$/.exec(tag.replaceAll('_', '+')) ?? []
  return major === undefined ? undefined : parseVersion(`${major}${minor}${patch}${rest}`)
}
