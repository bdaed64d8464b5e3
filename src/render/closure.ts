import { posix } from 'node:path'
import { isObject, textAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { Finding } from '../manifest/finding.ts'
import { nearName } from '../manifest/near-name.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { Tree } from '../manifest/tree.ts'
import { KUSTOMIZATION_NAMES, objectsAt, textsAt, type KustomizationFile } from './kustomization-file.ts'
import {
  helmChartGenerator,
  helmCharts,
  refusedChart,
  refusedGenerator,
  type HelmChartUse,
} from './helm-charts.ts'
import { parsePlugins } from './plugin-config.ts'
import type { RenderCache } from './render-cache.ts'
import type { Artifact } from './source-ignore.ts'
import { resolvePath } from './tree-path.ts'

export interface ClosureRequest {
  tree: Tree
  artifact: Artifact
  /** directory of the kustomization to build, '' for the root */
  directory: string
  /** its kustomization file as it will be built; `lineOf` answers with lines of the file in the tree */
  root: { path: string; file: KustomizationFile }
  cache: RenderCache
}

/** Every file that a build can read. */
export interface Closure {
  /** path → id; without the root kustomization file where that is generated */
  files: ReadonlyMap<string, string>
  /** kustomization files on the way, by directory */
  kustomizations: ReadonlyMap<string, { path: string; file: KustomizationFile }>
  /** why the build cannot or may not run, most telling first; empty when it can */
  problems: RenderFailure[]
  /** entries that lie outside this repository and can be left out: the rest of the build is the same without them */
  leftOut: LeftOut[]
  /** charts that kustomize inflates where helm is enabled, wherever in the closure they are named */
  charts: HelmChartUse[]
  /** what kustomize accepts but surely nobody meant */
  remarks: Finding[]
}

/**
 * An entry of a kustomization file that names something outside this repository: an item of `resources` or `bases`, or of
 * `configMapGenerator` or `secretGenerator` with such a file. What such an item brings is added to the rest; without a
 * remote patch or component the rest would be another one, so that those stop the build.
 */
export interface LeftOut {
  /** directory of the kustomization file */
  directory: string
  field: string
  index: number
  problem: RenderFailure
}

/**
 * Finds the files that kustomize reads for a directory, by walking its kustomization files as kustomize api v0.21.2 does
 * (internal/target/kusttarget.go; every caller of Loader.Load and Loader.New). kustomize is later given these files and
 * nothing else, so a field that is forgotten here fails, and one that points out of the tree is refused here: with the load
 * restrictor off, kustomize itself would read any file of the machine.
 */
export async function closureOf(request: ClosureRequest): Promise<Closure> {
  const walk = new ClosureWalk(request)
  await walk.enter(request.directory, request.root, [])
  return walk.closure
}

/** A reference from a kustomization file to something else. */
interface Reference {
  /** directory it is relative to */
  directory: string
  file: string
  line: number | undefined
  /** the field it stands in, for messages: 'resources', 'patches' */
  field: string
  path: string
  /** the index in `field` of the item that can be left out if this leads out of the repository */
  item?: number
}

class ClosureWalk {
  readonly #request: ClosureRequest
  readonly #files = new Map<string, string>()
  readonly #kustomizations = new Map<string, { path: string; file: KustomizationFile }>()
  readonly #problems: RenderFailure[] = []
  readonly #leftOut: LeftOut[] = []
  readonly #charts: HelmChartUse[] = []
  readonly #remarks: Finding[] = []
  /** inside a directory of plugin configuration, where nothing can be left out */
  #inPlugins = false

  constructor(request: ClosureRequest) {
    this.#request = request
  }

  get closure(): Closure {
    return {
      files: this.#files,
      kustomizations: this.#kustomizations,
      problems: this.#problems,
      leftOut: this.#leftOut,
      charts: this.#charts,
      remarks: this.#remarks,
    }
  }

  /** @param above the directories from the root down to the one that refers to this */
  async enter(
    directory: string,
    root: { path: string; file: KustomizationFile },
    above: readonly string[],
  ): Promise<void> {
    this.#kustomizations.set(directory, root)
    for (const remark of root.file.remarks)
      this.#remarks.push({
        ruleId: 'render-kustomization-invalid',
        level: 'warning',
        message: `the kustomization ${remark.message}`,
        file: root.path,
        ...(remark.line === undefined ? {} : { line: remark.line }),
      })
    const { fields } = root.file
    const stack = [...above, directory]
    const at = (field: string, path: string, ...steps: (string | number)[]): Reference => {
      return { directory, file: root.path, line: root.file.lineOf(field, ...steps), field, path }
    }
    for (const field of ['resources', 'bases'])
      for (const [index, path] of textsAt(fields, field).entries())
        await this.#resource({ ...at(field, path, index), item: index }, stack)
    for (const [index, path] of textsAt(fields, 'components').entries())
      await this.#directory(at('components', path, index), stack)
    for (const field of ['crds', 'configurations'])
      for (const [index, path] of textsAt(fields, field).entries()) this.#file(at(field, path, index))
    const openapi = textAt(fields, 'openapi', 'path')
    if (openapi !== undefined) this.#file(at('openapi', openapi, 'path'))
    for (const field of ['patches', 'patchesJson6902', 'replacements'])
      for (const [index, item] of objectsAt(fields, field).entries())
        if (textAt(item, 'path')) this.#file(at(field, textAt(item, 'path') ?? '', index, 'path'))
    for (const [index, path] of textsAt(fields, 'patchesStrategicMerge').entries())
      this.#fileOrText(at('patchesStrategicMerge', path, index))
    for (const field of ['configMapGenerator', 'secretGenerator'])
      for (const [index, item] of objectsAt(fields, field).entries())
        this.#generator(item, (path, ...steps) => ({ ...at(field, path, index, ...steps), item: index }))
    for (const field of ['generators', 'transformers', 'validators'])
      for (const [index, item] of textsAt(fields, field).entries())
        await this.#plugins(at(field, item, index), stack)
    this.#helm(fields, (path, field, step) => at(field, path, step))
    const refused = refusedChart(fields, directory)
    if (refused !== undefined) this.#problem(at('helmCharts', ''), 'render-plugin', refused)
    this.#inflated(helmCharts(fields, directory))
  }

  /** A file of objects, or a directory with a kustomization. */
  async #resource(reference: Reference, stack: readonly string[]): Promise<void> {
    const target = this.#local(reference)
    if (target === undefined) return
    const id = this.#request.artifact.files.get(target)
    if (id === undefined) await this.#directory(reference, stack)
    else this.#files.set(target, id)
  }

  async #directory(reference: Reference, stack: readonly string[]): Promise<void> {
    const target = this.#local(reference)
    if (target === undefined) return
    const { artifact, cache, tree } = this.#request
    if (reference.path === '')
      return this.#problem(reference, 'render-kustomization-invalid', `${reference.field} has an empty item`)
    if (!artifact.directories.has(target)) return this.#missing(reference, target)
    // FileLoader.errIfArgEqualOrHigher: a directory that is or holds one that is being built
    const visited = stack.find(
      directory => directory === target || target === '' || directory.startsWith(`${target}/`),
    )
    if (visited !== undefined)
      return this.#problem(
        reference,
        'render-cycle',
        `'${reference.path}' leads back to ${visited || 'the root'}, which is being built`,
        [...stack.slice(stack.indexOf(visited)), target].map(directory => directory || '.').join(' → '),
      )
    if (this.#kustomizations.has(target)) return
    const paths = KUSTOMIZATION_NAMES.map(name => posix.join(target, name)).filter(path =>
      artifact.files.has(path),
    )
    const [path, second] = paths
    if (path === undefined)
      return this.#problem(
        reference,
        'render-missing-file',
        `${target} has no kustomization.yaml, so it cannot be used in ${reference.field}`,
        `add one, or name its files in ${reference.file}`,
      )
    for (const found of paths) this.#files.set(found, artifact.files.get(found) ?? '')
    if (second !== undefined)
      return void this.#problems.push({
        ruleId: 'render-kustomization-invalid',
        message: `${target} has two kustomization files: ${paths.join(', ')}`,
        repair: 'keep one of them',
        file: second,
        line: 1,
      })
    const read = await cache.kustomization(tree, path, artifact.files.get(path) ?? '', 'kustomize')
    if (!read.ok)
      return void this.#problems.push({
        ruleId: 'render-kustomization-invalid',
        message: `the kustomization is not valid: ${read.problem.message}`,
        file: path,
        ...(read.problem.line === undefined ? {} : { line: read.problem.line }),
      })
    const unfit = unfitFor(reference.field, read.file.fields)
    if (unfit !== undefined)
      return void this.#problems.push({
        ruleId: 'render-kustomization-invalid',
        message: `the kustomization ${unfit}`,
        file: path,
        line: 1,
      })
    await this.enter(target, { path, file: read.file }, stack)
  }

  #file(reference: Reference): void {
    const target = this.#local(reference)
    if (target === undefined) return
    const id = this.#request.artifact.files.get(target)
    if (id === undefined) this.#missing(reference, target)
    else this.#files.set(target, id)
  }

  /** patchesStrategicMerge: a path if there is such a file, else the patch itself (resource/factory.go, SliceFromPatches). */
  #fileOrText(reference: Reference): void {
    if (/\n|:\s|^\s*\{/.test(reference.path)) return
    this.#file(reference)
  }

  #generator(item: JsonObject, at: (path: string, ...steps: (string | number)[]) => Reference): void {
    for (const [index, source] of textsAt(item, 'files').entries()) {
      const [key = '', path] = source.split('=')
      this.#file(at(path ?? key, 'files', index))
    }
    for (const [index, path] of textsAt(item, 'envs').entries()) this.#file(at(path, 'envs', index))
    const env = textAt(item, 'env')
    if (env) this.#file(at(env, 'env'))
  }

  /** A built-in plugin's configuration: in place, in a file, or the objects of a directory. */
  async #plugins(reference: Reference, stack: readonly string[]): Promise<void> {
    const inline = parsePlugins(reference.path)
    if (inline !== undefined) return this.#pluginConfigs(inline, reference)
    const target = this.#local(reference)
    if (target === undefined) return
    const { artifact, cache, tree } = this.#request
    const before = new Set(this.#files.keys())
    const outside = this.#inPlugins
    this.#inPlugins = true
    await this.#resource(reference, stack)
    this.#inPlugins = outside
    for (const path of this.#files.keys()) {
      if (before.has(path) && path !== target) continue
      const kustomization = [...this.#kustomizations.values()].find(known => known.path === path)
      const operators = Object.keys(kustomization?.file.fields ?? {}).filter(
        field => !['apiVersion', 'kind', 'metadata', 'resources'].includes(field),
      )
      if (operators.length > 0)
        // what such a field makes of a plugin's paths is known only after the build
        this.#problem(
          reference,
          'render-plugin',
          `${path} changes plugin configuration with ${operators.join(', ')}; that is not supported`,
        )
      if (kustomization !== undefined) continue
      const text = await cache.text(tree, path, artifact.files.get(path) ?? '')
      this.#pluginConfigs(parsePlugins(text) ?? [], { ...reference, file: path, line: 1 })
    }
  }

  #pluginConfigs(configs: readonly JsonObject[], reference: Reference): void {
    for (const config of configs) {
      const kind = textAt(config, 'kind') ?? ''
      const annotations = Object.keys(
        isObject(config.metadata) && isObject(config.metadata.annotations) ? config.metadata.annotations : {},
      )
      if (config.apiVersion !== 'builtin' || annotations.includes('config.kubernetes.io/function')) {
        this.#problem(
          reference,
          'render-plugin',
          `${reference.field} runs the plugin ${kind || 'without kind'}; only built-in plugins are run`,
          'Flux runs no other plugins either; render it beforehand and commit the result',
        )
        continue
      }
      const at = (path: string): Reference => ({ ...reference, path })
      const need = (path: Json | undefined) => {
        if (typeof path === 'string' && path !== '') this.#file(at(path))
      }
      need(config.path)
      need(config.targetFilePath)
      if (typeof config.paths === 'string') this.#fileOrText(at(config.paths))
      for (const path of textsAt(config, 'paths')) this.#fileOrText(at(path))
      for (const replacement of objectsAt(config, 'replacements')) need(replacement.path)
      this.#generator(config, path => at(path))
      this.#helm({ helmCharts: [config] }, path => at(path))
      const refused = refusedGenerator(config, reference.directory)
      if (refused !== undefined) this.#problem(reference, 'render-plugin', refused)
      const chart = helmChartGenerator(config, reference.directory)
      if (chart !== undefined) this.#inflated([chart])
    }
  }

  /** Values files. Charts themselves are another matter: nothing is fetched here. */
  #helm(fields: JsonObject, at: (path: string, field: string, step: number | string) => Reference): void {
    for (const field of ['helmCharts', 'helmChartInflationGenerator'])
      for (const [index, chart] of objectsAt(fields, field).entries()) {
        const values = textAt(chart, field === 'helmCharts' ? 'valuesFile' : 'values')
        for (const path of [...(values ? [values] : []), ...textsAt(chart, 'additionalValuesFiles')])
          this.#file(at(path, field, index))
      }
    const home = textAt(fields, 'helmGlobals', 'chartHome')
    const directory = home === undefined ? undefined : this.#local(at(home, 'helmGlobals', 'chartHome'))
    if (directory === undefined) return
    for (const [path, id] of this.#request.artifact.files)
      if (path.startsWith(`${directory}/`)) this.#files.set(path, id)
  }

  #inflated(uses: readonly HelmChartUse[]): void {
    for (const use of uses) {
      this.#charts.push(use)
      for (const [path, id] of this.#request.artifact.files)
        if (path.startsWith(`${use.directory}/`)) this.#files.set(path, id)
    }
  }

  /** Where a reference leads in the tree; undefined, and a problem, where it leads elsewhere. */
  #local(reference: Reference): string | undefined {
    const { directory, path } = reference
    const target = path.startsWith('/') ? undefined : resolvePath(directory, path)
    if (
      isRemote(path) &&
      (/^https?:/i.test(path) || target === undefined || !this.#request.artifact.files.has(target))
    ) {
      const problem: RenderFailure = {
        ruleId: 'render-remote-base',
        message: `'${path}' lies outside this repository and is not fetched`,
        repair: 'commit a copy of it, or let a source and a Kustomization of its own bring it',
        file: reference.file,
        ...(reference.line === undefined ? {} : { line: reference.line }),
      }
      const { field, item } = reference
      if (item === undefined || this.#inPlugins) this.#problems.push(problem)
      else this.#leftOut.push({ directory, field, index: item, problem })
      return undefined
    }
    if (target === undefined)
      this.#problem(
        reference,
        'render-outside-tree',
        path.startsWith('/')
          ? `'${path}' is an absolute path; paths are relative to ${reference.file}`
          : `'${path}' leaves the repository`,
      )
    return target
  }

  #missing(reference: Reference, target: string): void {
    const { artifact } = this.#request
    const inTheWay = [...artifact.unread.keys()].find(
      path => path === target || target.startsWith(`${path}/`),
    )
    if (inTheWay !== undefined)
      return this.#problem(
        reference,
        'render-link',
        `${inTheWay} is a ${artifact.unread.get(inTheWay) ?? 'link'}, which Flux leaves out of what it builds`,
        'put the files themselves there',
      )
    if ([...artifact.ignored].some(path => path === target || path.startsWith(`${target}/`)))
      return this.#problem(
        reference,
        'render-missing-file',
        `${target} is in the repository, but source-controller leaves it out of the artifact`,
        'its default patterns leave out pictures, archives and CI files; a .sourceignore with any pattern replaces them',
      )
    const parent = posix.dirname(target) === '.' ? '' : posix.dirname(target)
    const siblings = artifact.directories.get(parent)?.map(entry => entry.name) ?? []
    const guess = nearName(posix.basename(target), siblings)
    this.#problem(
      reference,
      'render-missing-file',
      `${reference.field} names '${reference.path}', but there is no ${target}`,
      guess === undefined ? undefined : `did you mean ${posix.join(posix.dirname(reference.path), guess)}?`,
    )
  }

  #problem(reference: Reference, ruleId: string, message: string, repair?: string): void {
    const { file, line } = reference
    this.#problems.push({
      ruleId,
      message,
      ...(repair === undefined ? {} : { repair }),
      file,
      ...(line === undefined ? {} : { line }),
    })
  }
}

/** What makes a kustomization unfit for where it is named (kusttarget.go, Load and accumulateDirectory). */
function unfitFor(field: string, fields: JsonObject): string | undefined {
  if (Object.keys(fields).every(name => name === 'apiVersion' || name === 'kind'))
    return 'is empty, which only that of spec.path may be'
  const component = fields.kind === 'Component'
  if (component === (field === 'components')) return undefined
  return component
    ? `is a Component, which belongs in components, not in ${field}`
    : 'is named in components, but is no Component'
}

/** What kustomize would fetch: a URL, or a git address (api/internal/git/repospec.go). */
function isRemote(path: string): boolean {
  return (
    /^(git::|gh:|[a-z][a-z+.-]*:\/\/|[\w.-]+@[\w.-]+[:/]|github\.com[:/])/i.test(path) ||
    /\.git(\/|\?|$)/.test(path)
  )
}
