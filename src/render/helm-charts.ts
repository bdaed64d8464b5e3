import path from 'node:path'
import { isObject, textAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { Unknown } from './helm-values.ts'
import type { ChartReference, ChartSource } from './tools.ts'

/** A chart that `kustomize build --enable-helm` wants to find, or would pull. */
export interface HelmChartUse {
  name: string
  /** where kustomize looks for the unpacked chart, from the root of the tree */
  directory: string
  /** absent where the chart must be in the tree */
  reference?: ChartReference
}

/**
 * The charts of a kustomization.yaml: `helmCharts`, and `helmChartInflationGenerator` as it was written before
 * (kustomize api 0.21, types/helmchartargs.go).
 * @param directory of the kustomization.yaml, from the root of the tree
 */
export function helmCharts(kustomization: JsonObject, directory: string): HelmChartUse[] {
  const home = textAt(kustomization, 'helmGlobals', 'chartHome') ?? ''
  return [
    ...objects(kustomization.helmCharts).map(chart => useOf(chart, home, directory)),
    ...objects(kustomization.helmChartInflationGenerator).map(chart =>
      useOf(
        { name: chart.chartName ?? '', version: chart.chartVersion ?? '', repo: chart.chartRepoUrl ?? '' },
        textAt(chart, 'chartHome') ?? '',
        directory,
      ),
    ),
  ].filter(use => use !== undefined)
}

/** The chart of an object `kind: HelmChartInflationGenerator`, a file under `generators`. */
export function helmChartGenerator(generator: JsonObject, directory: string): HelmChartUse | undefined {
  if (generator.kind !== 'HelmChartInflationGenerator') return undefined
  return useOf(generator, textAt(generator, 'chartHome') ?? '', directory)
}

/**
 * Why the charts of a kustomization.yaml must not reach kustomize, which would read them from outside the tree or hand helm
 * an option in place of a name (plugins/builtin/HelmChartInflationGenerator.go, AsHelmArgs); undefined where they may.
 */
export function refusedChart(kustomization: JsonObject, directory: string): string | undefined {
  for (const field of ['helmCharts', 'helmChartInflationGenerator'])
    for (const [index, chart] of objects(kustomization[field]).entries()) {
      const refused = refusedUse(chart, `${field}[${index}]`)
      if (refused !== undefined) return refused
    }
  const charts =
    objects(kustomization.helmCharts).length + objects(kustomization.helmChartInflationGenerator).length
  if (charts > helmCharts(kustomization, directory).length)
    return 'helmCharts names a chart that is no plain name, or lies outside the repository'
  return charts > 0 && textAt(kustomization, 'helmGlobals', 'configHome')
    ? 'helmGlobals.configHome sets up helm, whose plugins are not run'
    : undefined
}

/** The same for an object `kind: HelmChartInflationGenerator`. */
export function refusedGenerator(generator: JsonObject, directory: string): string | undefined {
  if (generator.kind !== 'HelmChartInflationGenerator') return undefined
  const name = 'the HelmChartInflationGenerator'
  if (useOf(generator, textAt(generator, 'chartHome') ?? '', directory) === undefined)
    return `${name} names a chart that is no plain name, or lies outside the repository`
  if (textAt(generator, 'configHome')) return `${name} sets configHome: helm's plugins are not run`
  return refusedUse(generator, name)
}

function refusedUse(chart: JsonObject, name: string): string | undefined {
  const option = ['releaseName', 'releaseNamespace', 'namespace', 'nameTemplate', 'kubeVersion'].find(field =>
    textAt(chart, field)?.startsWith('-'),
  )
  return option === undefined
    ? undefined
    : `${option} of ${name} starts with '-', which helm takes for an option`
}

export interface ChartHome {
  /** files to add to the build: path from the root of the tree → content */
  files: ReadonlyMap<string, Uint8Array>
  /** charts that are wrong */
  failures: RenderFailure[]
  /** charts that cannot be had now: the directory is not rendered */
  unknown: Unknown[]
}

/**
 * Fetches the charts that are not in the tree and lays them where kustomize finds them, so that it never pulls.
 * @param known paths of the files that the build has already
 */
export async function chartHomeFiles(
  uses: readonly HelmChartUse[],
  known: Iterable<string>,
  charts: ChartSource,
): Promise<ChartHome> {
  const files = new Map<string, Uint8Array>()
  const failures: RenderFailure[] = []
  const unknown: Unknown[] = []
  const present = [...known]
  for (const { directory, name, reference } of uses) {
    // kustomize takes what is there without looking at its version; without a repository it tells the user itself
    if (reference === undefined || present.some(file => file.startsWith(`${directory}/`))) continue
    const result = await charts.pull(reference)
    if (result.ok) {
      for (const [file, content] of await charts.unpack(result.chart)) {
        const inside = file.slice(file.indexOf('/') + 1)
        if (file.includes('/')) files.set(`${directory}/${inside}`, content)
      }
      continue
    }
    const { reason, message } = result
    const repair = result.repair === undefined ? {} : { repair: result.repair }
    if (result.unavailable) unknown.push({ reason, message, ...repair })
    else failures.push({ ruleId: 'render-chart', message: `helmCharts ${name}: ${message}`, ...repair })
  }
  return { files, failures, unknown }
}

/** Follows kustomize's HelmChartInflationGenerator (api 0.21): absChartHome, chartExistsLocally, pullCommand. */
function useOf(chart: JsonObject, chartHome: string, directory: string): HelmChartUse | undefined {
  const name = textAt(chart, 'name') ?? ''
  const version = scalarText(chart.version)
  const repo = (textAt(chart, 'repo') ?? '').replace(/\/+$/, '')
  // names with a path would lie somewhere else; kustomize tells about those that are missing
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name) || /[/\\]|\.\./.test(version)) return undefined
  const home = path.posix.join(directory, chartHome === '' ? 'charts' : chartHome)
  if (home.startsWith('..') || path.posix.isAbsolute(home)) return undefined
  const versioned = version !== '' && repo !== '' ? path.posix.join(home, `${name}-${version}`) : home
  const use = { name, directory: path.posix.join(versioned, name) }
  if (repo === '') return use
  const reference: ChartReference = repo.startsWith('oci://')
    ? { kind: 'oci', url: `${repo}/${name}`, semver: version === '' ? '*' : version }
    : { kind: 'repository', url: repo, chart: name, version }
  return { ...use, reference }
}

function scalarText(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
