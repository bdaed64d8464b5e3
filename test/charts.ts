import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { readArchive, writeArchive } from '../src/adapters/chart-archive.ts'
import { isObject, type Json, type JsonObject } from '../src/manifest/json.ts'
import type { Chart, ChartSource } from '../src/render/tools.ts'

/** A chart out of texts by path inside the chart. */
export function chartOf(files: Record<string, string>, name = 'demo', version = '1.0.0'): Chart {
  const all: Record<string, string> = {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    ...files,
  }
  const archive = writeArchive(
    new Map(Object.entries(all).map(([file, text]) => [`${name}/${file}`, new TextEncoder().encode(text)])),
  )
  return { name, version, digest: `sha256:${createHash('sha256').update(archive).digest('hex')}`, archive }
}

/** One of the bundled stand-ins: version 0.27.0 or 0.28.0. */
export function cloudnativePg(version: string): Chart {
  const folder = new URL(`fixtures/charts/cloudnative-pg/${version}`, import.meta.url).pathname
  const files = globSync('**/*.*', { cwd: folder })
  return chartOf(
    Object.fromEntries(files.map(file => [file, readFileSync(path.join(folder, file), 'utf8')])),
    'cloudnative-pg',
    version,
  )
}

/** What the project released after the two stand-ins: operator 1.30.0 out of the same templates. */
export function nextCloudnativePg(): Chart {
  const folder = new URL('fixtures/charts/cloudnative-pg/0.28.0', import.meta.url).pathname
  const files = globSync('**/*.*', { cwd: folder })
  return chartOf(
    {
      ...Object.fromEntries(files.map(file => [file, readFileSync(path.join(folder, file), 'utf8')])),
      'Chart.yaml': 'apiVersion: v2\nname: cloudnative-pg\nversion: 0.29.0\nappVersion: 1.30.0\n',
    },
    'cloudnative-pg',
    '0.29.0',
  )
}

/** A program for tests: from the environment (KUSTOMIZE, HELM, …), else from PATH; undefined where there is none. */
export function findTool(name: string): string | undefined {
  const given = process.env[name.toUpperCase().replaceAll('-', '_')]
  if (given !== undefined && given !== '') return given
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return folders.map(folder => path.join(folder, name)).find(file => existsSync(file))
}

/** Reads a map out of YAML. */
export function mapOf(text: string): JsonObject {
  const value: Json = parse(text)
  if (!isObject(value)) throw new Error(`no map: ${text}`)
  return value
}

/** A ChartSource over charts by a text: the url of an OCI chart, 'name' of a repository's, the path of a tree's. */
export function fakeCharts(charts: Readonly<Record<string, Chart>>): ChartSource {
  return {
    pull: async reference => {
      const key =
        reference.kind === 'oci'
          ? reference.url
          : reference.kind === 'tree'
            ? reference.path
            : reference.chart
      const chart = Object.hasOwn(charts, key) ? charts[key] : undefined
      if (chart !== undefined) return { ok: true, chart }
      return {
        ok: false,
        unavailable: false,
        reason: 'chart-absent',
        message: `the chart ${key} does not exist`,
      }
    },
    unpack: async chart => await readArchive(chart.archive),
  }
}
