import path from 'node:path'
import { goRegexp } from '../manifest/go-regexp.ts'
import { textAt, valueAt, type Json } from '../manifest/json.ts'
import type { TreeChart } from '../render/tools.ts'
import { writeArchive } from './chart-archive.ts'
import { ChartError, readMetadata, readYamlFile } from './chart-build.ts'

/** Fetches a dependency from a repository. @throws ChartError and whatever the fetcher throws */
export type PullDependency = (dependency: {
  name: string
  version: string
  repository: string
}) => Promise<Uint8Array>

const MAX_DEPTH = 10

/**
 * Packs a chart of the tree as source-controller does (1.9, internal/helm/chart: builder_local.go and
 * dependency_manager.go): .helmignore applied, missing dependencies added, local ones (`file://`) from the tree.
 * Equal files give equal bytes.
 * @throws ChartError
 */
export async function packTreeChart(chart: TreeChart, pull: PullDependency): Promise<Buffer> {
  const packed = chart.files.get(chart.path)
  if (packed !== undefined) return Buffer.from(packed)
  return await pack(chart.files, chart.path, pull, 0)
}

async function pack(
  files: ReadonlyMap<string, Uint8Array>,
  directory: string,
  pull: PullDependency,
  depth: number,
): Promise<Buffer> {
  if (depth > MAX_DEPTH) throw new ChartError(`the local dependencies of ${directory} lead in a circle`)
  const prefix = directory === '' ? '' : `${directory}/`
  if (!files.has(`${prefix}Chart.yaml`))
    throw new ChartError(`there is no chart at ${directory === '' ? 'the root' : directory}`)
  const { name, content } = readMetadata(files, `${prefix}Chart.yaml`)
  const ignored = readHelmIgnore(new TextDecoder().decode(files.get(`${prefix}.helmignore`)))
  const own = new Map(
    [...files].flatMap(([file, bytes]) =>
      file.startsWith(prefix) && !ignored(file.slice(prefix.length))
        ? [[`${name}/${file.slice(prefix.length)}`, bytes]]
        : [],
    ),
  )
  const locked = files.has(`${prefix}Chart.lock`) ? readYamlFile(files, `${prefix}Chart.lock`) : null
  const dependencies = valueAt(content, 'dependencies')
  for (const dependency of Array.isArray(dependencies) ? dependencies : []) {
    const wanted = textAt(dependency, 'name') ?? ''
    if (isPresent(own, name, wanted)) continue
    const repository = textAt(dependency, 'repository') ?? ''
    own.set(
      `${name}/charts/${wanted}.tgz`,
      repository.startsWith('file://')
        ? await pack(files, resolveLocal(directory, repository), pull, depth + 1)
        : await pull({
            name: wanted,
            version: lockedVersion(locked, wanted) ?? textAt(dependency, 'version') ?? '',
            repository,
          }),
    )
  }
  return writeArchive(own)
}

function isPresent(own: ReadonlyMap<string, Uint8Array>, chart: string, dependency: string): boolean {
  const folder = `${chart}/charts/`
  return [...own.keys()].some(
    file =>
      file === `${folder}${dependency}/Chart.yaml` ||
      (file.startsWith(`${folder}${dependency}-`) &&
        /^[^/]+-v?\d[^/]*\.tgz$/.test(file.slice(folder.length))),
  )
}

function resolveLocal(directory: string, repository: string): string {
  const target = path.posix
    .normalize(path.posix.join(directory, repository.slice('file://'.length)))
    .replace(/\/+$/, '')
  if (target.startsWith('..'))
    throw new ChartError(`the dependency ${repository} leads out of the repository`)
  return target === '.' ? '' : target
}

function lockedVersion(locked: Json, name: string): string | undefined {
  const dependencies = valueAt(locked, 'dependencies')
  const found = Array.isArray(dependencies)
    ? dependencies.find(one => textAt(one, 'name') === name)
    : undefined
  return textAt(found, 'version')
}

/**
 * Reads .helmignore as helm does (4.2, pkg/ignore/rules.go): shell patterns without '**', a pattern without '/' for
 * the last name, a '/' in front for the root, at the end for directories. Files in templates/ that start with a dot
 * are always left out.
 */
export function readHelmIgnore(text: string): (file: string) => boolean {
  const rules = [...text.split('\n').map(line => line.trim()), 'templates/.?*']
    .filter(line => line !== '' && !line.startsWith('#') && !line.includes('**'))
    .map(readRule)
  const isIgnored = (file: string, isDirectory: boolean) =>
    rules.some(({ negate, directory, matches }) =>
      directory && !isDirectory ? negate : matches(file) !== negate,
    )
  return file => {
    const parts = file.split('/')
    return parts.some((_part, index) =>
      isIgnored(parts.slice(0, index + 1).join('/'), index < parts.length - 1),
    )
  }
}

function readRule(line: string): { negate: boolean; directory: boolean; matches: (file: string) => boolean } {
  const negate = line.startsWith('!')
  const pattern = negate ? line.slice(1) : line
  const directory = pattern.endsWith('/')
  const bare = directory ? pattern.slice(0, -1) : pattern
  const expression = goRegexp(`^${globSource(bare.replace(/^\//, ''))}$`)
  const onPath = bare.includes('/')
  return {
    negate,
    directory,
    matches: file => expression?.test(onPath ? file : path.posix.basename(file)) ?? false,
  }
}

function globSource(pattern: string): string {
  return pattern.replaceAll(/\*|\?|\[[^\]]*\]|[.+^${}()|\\/\]]/g, part => {
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    return part.startsWith('[') ? part : `\\${part}`
  })
}
