import { posix } from 'node:path'

/** A kustomization.yaml, as far as namespaces need it. */
export interface KustomizeDirectory {
  /** '' for the root of the tree */
  directory: string
  namespace?: string
  /** resources, bases and components, as written */
  entries: readonly string[]
}

/** A Flux Kustomization, as far as namespaces need it. */
export interface FluxUnit {
  /** from the root of the tree, '' for the root itself */
  path: string
  targetNamespace?: string
  components: readonly string[]
}

/**
 * The namespaces that each file's objects end up in, before anything is rendered. Of namespaces around an object the
 * outermost wins, over the one it writes itself: kustomize transforms from the inside out, and Flux puts `targetNamespace`
 * into the outermost kustomization.yaml (kustomize-controller, generator).
 */
export class SourceNamespaces {
  readonly #directories: ReadonlyMap<string, KustomizeDirectory>
  readonly #files: readonly string[]
  /** file → what is put on its objects; '' where nothing is */
  readonly #found = new Map<string, Set<string>>()
  readonly #visited = new Set<string>()
  readonly #seen = new Set<string>()

  /** @param files paths of all YAML files */
  constructor(
    files: readonly string[],
    directories: readonly KustomizeDirectory[],
    units: readonly FluxUnit[],
  ) {
    this.#files = files
    this.#directories = new Map(directories.map(one => [one.directory, one]))
    const included = new Set<string>()
    for (const { directory, entries } of directories)
      for (const entry of entries) included.add(resolve(directory, entry))
    for (const { path, targetNamespace = '', components } of units) {
      this.#enter(path, targetNamespace)
      for (const component of components) this.#enter(resolve(path, component), targetNamespace)
      included.add(path)
    }
    for (const { directory } of directories)
      if (!included.has(directory) && !this.#seen.has(directory)) this.#enter(directory, '')
  }

  /** @param written what the object itself says */
  of(file: string, written: string): string[] {
    const put = this.#found.get(file) ?? new Set([''])
    return [...new Set([...put].map(namespace => (namespace === '' ? written : namespace)))]
  }

  #enter(directory: string, outer: string): void {
    const key = `${directory}\0${outer}`
    if (this.#visited.has(key)) return
    this.#visited.add(key)
    this.#seen.add(directory)
    const own = this.#directories.get(directory)
    if (own === undefined) {
      this.#generated(directory, outer)
      return
    }
    const namespace = outer === '' ? (own.namespace ?? '') : outer
    for (const entry of own.entries) {
      const target = resolve(directory, entry)
      if (this.#directories.has(target)) this.#enter(target, namespace)
      else this.#put(target, namespace)
    }
  }

  /** Where there is no kustomization.yaml, Flux makes one of all files below; directories that have one are taken as such. */
  #generated(directory: string, outer: string): void {
    const prefix = directory === '' ? '' : `${directory}/`
    for (const file of this.#files) {
      if (!file.startsWith(prefix)) continue
      let below = posix.dirname(file)
      let nearest: string | undefined
      // the highest directory with a kustomization.yaml between here and the file
      for (; below !== '.' && below.length > directory.length; below = posix.dirname(below))
        if (this.#directories.has(below)) nearest = below
      if (nearest === undefined) this.#put(file, outer)
      else this.#enter(nearest, outer)
    }
  }

  #put(file: string, namespace: string): void {
    const known = this.#found.get(file)
    if (known === undefined) this.#found.set(file, new Set([namespace]))
    else known.add(namespace)
  }
}

function resolve(directory: string, entry: string): string {
  const joined = posix.normalize(posix.join(directory === '' ? '.' : directory, entry)).replace(/\/+$/, '')
  return joined === '.' ? '' : joined
}
