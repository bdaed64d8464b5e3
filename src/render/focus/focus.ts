import { canonicalJson, isObject, valueAt, type JsonObject } from '../../manifest/json.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { resolvePath } from '../tree-path.ts'
import type { FileGraph } from './file-graph.ts'

/**
 * What of two trees has to be rendered to see how they differ: what a changed file can reach, and what was asked for on the
 * way. Shared by both trees, so that what is left out is left out of both.
 *
 * It starts from the changed files. Each time both trees were walked, what they show is compared; whatever speaks against
 * leaving something out is added, and they are walked again, until nothing is added.
 */
export class Focus {
  readonly graph: FileGraph
  /** files that matter wherever they are reached from */
  readonly #seeds: Set<string>
  readonly #changed: readonly string[]
  /** files that matter where they are reached for one namespace: definitions that every namespace shares */
  readonly #near = new Map<string, Set<string>>()
  /** Kustomizations that have to be rendered, and those of which no part may be left out */
  readonly #wanted = new Set<string>()
  readonly #whole = new Set<string>()
  /** names of objects that differ: a Kustomization whose own manifest mentions one may render otherwise */
  readonly #mentions = new Set<string>()
  /** names of objects that are looked for: a Kustomization may give them by a variable */
  readonly #values = new Set<string>()
  /** what reaches the seeds, all of them but those that were added since */
  readonly #reached = new Set<string>()
  readonly #added: string[] = []
  /** namespace → what reaches its files, all of them but those that were added since */
  readonly #reachedNear = new Map<string, { reached: Set<string>; added: string[] }>()
  readonly #unitsWhole: boolean
  #size = 0

  /**
   * @param changed paths that differ between the trees
   * @param unitsWhole no part of a Kustomization is left out: for those who build one side of many changes, and build it once then
   */
  constructor(graph: FileGraph, changed: Iterable<string>, unitsWhole = false) {
    this.graph = graph
    this.#unitsWhole = unitsWhole
    this.#changed = [...changed]
    this.#seeds = new Set([...this.#changed, ...graph.opaque])
    this.#added.push(...this.#seeds)
  }

  /** Grows with everything that is added: when it stays, another walk would show the same. */
  get size(): number {
    return this.#size
  }

  /** @param namespace the one for which the file matters; absent: any */
  addFile(path: string, namespace?: string): void {
    const known = namespace === undefined ? this.#seeds : (this.#near.get(namespace) ?? new Set<string>())
    if (known.has(path) || this.#seeds.has(path)) return
    known.add(path)
    this.#size++
    if (namespace === undefined) this.#added.push(path)
    else {
      this.#near.set(namespace, known)
      const near = this.#reachedNear.get(namespace)
      if (near === undefined) this.#reachedNear.set(namespace, { reached: new Set(), added: [path] })
      else near.added.push(path)
    }
  }

  /** @param unit key of a Kustomization that has to be rendered */
  addUnit(unit: string): void {
    this.#add(this.#wanted, unit)
  }

  /** @param unit key of a Kustomization that has to be rendered with every part */
  addWhole(unit: string): void {
    this.#add(this.#wanted, unit)
    this.#add(this.#whole, unit)
  }

  /** @param name of an object that differs */
  addMention(name: string): void {
    this.#add(this.#mentions, name)
  }

  /** @param name of an object that is looked for and may be named by a variable */
  addValue(name: string): void {
    this.#add(this.#values, name)
  }

  #add(set: Set<string>, item: string): void {
    if (set.has(item)) return
    set.add(item)
    this.#size++
  }

  /**
   * Whether a Kustomization has to be rendered.
   * @param unit its key @param directory what it applies, from the root of the tree
   */
  wants(unit: string, manifest: Manifest, directory: string): boolean {
    if (this.#wanted.has(unit)) return true
    // in neither tree: it fails in both, or its source is another one
    if (!this.graph.isDirectory(directory)) return false
    const components = valueAt(manifest, 'spec', 'components')
    const directories = [
      directory,
      ...(Array.isArray(components) ? components : []).flatMap(component =>
        typeof component === 'string' ? (resolvePath(directory, component) ?? []) : [],
      ),
    ].map(path => `${path}/`)
    const reached = this.#reachedAny()
    if (directories.some(node => reached.has(node))) return true
    for (const namespace of this.#near.keys())
      if (
        directories.some(node => this.#reachedFor(namespace).has(node)) &&
        (directory.split('/').includes(namespace) || valuesOf(manifest).has(namespace))
      )
        return true
    if (this.#mentions.size > 0) {
      const text = canonicalJson(manifest)
      for (const name of this.#mentions) if (text.includes(name)) return true
    }
    if (this.#values.size > 0) {
      const substitute = valueAt(manifest, 'spec', 'postBuild', 'substitute')
      for (const value of isObject(substitute) ? Object.values(substitute) : [])
        if (typeof value === 'string' && this.#values.has(value)) return true
    }
    return false
  }

  /** Whether a file has changed, or one in a directory. */
  hasChanged(path: string): boolean {
    return this.#changed.some(changed => path === '' || changed === path || changed.startsWith(`${path}/`))
  }

  /** Whether no part of a Kustomization may be left out. */
  isWhole(unit: string): boolean {
    return this.#unitsWhole || this.#whole.has(unit)
  }

  /** Whether a resource of a kustomization has to be built. @param path of a file or directory of the tree */
  keeps(path: string): boolean {
    const node = this.graph.paths.has(path) ? path : `${path}/`
    if (this.#reachedAny().has(node)) return true
    for (const namespace of this.#near.keys())
      if (this.#reachedFor(namespace).has(node) && this.#isNear(path, namespace)) return true
    return false
  }

  #isNear(path: string, namespace: string): boolean {
    return path.split('/').includes(namespace) || this.graph.resourceFacts(path).namespaces.has(namespace)
  }

  #reachedAny(): ReadonlySet<string> {
    return this.#added.length === 0
      ? this.#reached
      : this.graph.reaching(this.#added.splice(0), this.#reached)
  }

  #reachedFor(namespace: string): ReadonlySet<string> {
    const near = this.#reachedNear.get(namespace)
    if (near === undefined) return NONE
    return near.added.length === 0 ? near.reached : this.graph.reaching(near.added.splice(0), near.reached)
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Every text in a manifest, as a whole. */
function valuesOf(manifest: Manifest): Set<string> {
  const found = new Set<string>()
  const collect = (value: unknown) => {
    if (typeof value === 'string') found.add(value)
    else if (Array.isArray(value)) for (const item of value) collect(item)
    else if (typeof value === 'object' && value !== null)
      for (const item of Object.values(value)) collect(item)
  }
  collect({ ...manifest } satisfies JsonObject)
  return found
}
