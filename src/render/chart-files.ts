import path from 'node:path'
import { isObject, textAt, valueAt } from '../manifest/json.ts'
import type { Tree } from '../manifest/tree.ts'
import { readHelmYaml } from './helm-yaml.ts'

/**
 * Collects the files of a tree that a chart in it is built from: its directory (or archive), the directories of its
 * local dependencies (`file://`, theirs too), and values files, which Flux looks up from the root of the source.
 * @param chart directory of the chart or path of its archive, from the root
 */
export async function chartFiles(
  tree: Tree,
  chart: string,
  valuesFiles: readonly string[] = [],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const known = await tree.files()
  const found = new Map<string, Uint8Array>()
  const pending = [chart]
  const seen = new Set<string>()
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    if (seen.has(directory)) continue
    seen.add(directory)
    const prefix = directory === '' ? '' : `${directory}/`
    for (const file of known.keys())
      if (file === directory || file.startsWith(prefix)) found.set(file, await tree.read(file))
    const metadata = found.get(`${prefix}Chart.yaml`)
    if (metadata !== undefined)
      pending.push(...localDependencies(new TextDecoder().decode(metadata), directory))
  }
  for (const file of valuesFiles) {
    const clean = path.posix.normalize(file).replace(/^\/+/, '')
    if (known.has(clean)) found.set(clean, await tree.read(clean))
  }
  return found
}

/** Directories of the dependencies with a repository 'file://…', which is relative to the chart. */
function localDependencies(chartYaml: string, directory: string): string[] {
  let dependencies
  try {
    dependencies = valueAt(readHelmYaml(chartYaml), 'dependencies')
  } catch {
    return [] // helm tells about a Chart.yaml that cannot be read
  }
  return (Array.isArray(dependencies) ? dependencies : []).flatMap(dependency => {
    const repository = isObject(dependency) ? textAt(dependency, 'repository') : undefined
    if (repository?.startsWith('file://') !== true) return []
    const target = path.posix.normalize(path.posix.join(directory, repository.slice('file://'.length)))
    return target.startsWith('..') ? [] : [target.replace(/\/+$/, '')]
  })
}
