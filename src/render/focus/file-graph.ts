import type { Tree } from '../../manifest/tree.ts'
import { KUSTOMIZATION_NAMES } from '../kustomization-file.ts'
import { clampPath, resolvePath } from '../tree-path.ts'
import type { BlobFacts } from './blob-facts.ts'
import type { BlobTexts } from './blob-texts.ts'

const KUSTOMIZATIONS: ReadonlySet<string> = new Set(KUSTOMIZATION_NAMES)

/** What a file or directory depends on, and the other way round; directories end in '/', the root is '/'. */
type Edges = Map<string, string[]>

/** What the files of a resource tell together. */
export interface ResourceFacts {
  patchesName: boolean
  refersWithNamespace: boolean
  /** kustomizations that must be parsed to know whether they rename objects */
  mayRename: readonly string[]
  namespaces: ReadonlySet<string>
  /** a kustomization sets a namespace */
  moves: boolean
  /** Flux Kustomizations are among its objects */
  yields: boolean
  /** a kustomization changes more of its objects than names, namespaces, labels and images */
  patches: boolean
  /** a kustomization names what is not there, or lies outside the repository */
  broken: boolean
}

/**
 * Which files of two trees reach which, by their text: kustomization files what they name, files with Flux Kustomizations the
 * directories that these apply. The trees are one graph: a file that differs names what either version names. It has edges
 * that no build has; what a build reads, and what is applied in consequence, it always reaches.
 */
export class FileGraph {
  /** paths of either tree */
  readonly paths: ReadonlySet<string>
  /** directories of either tree, '' being the root */
  readonly #directories: ReadonlySet<string>
  /** last segments of paths and directories: most words of a file are none */
  readonly #names: ReadonlySet<string>
  readonly #sides: readonly ReadonlyMap<string, string>[]
  readonly #facts = new Map<string, readonly BlobFacts[]>()
  readonly #uses: Edges = new Map()
  readonly #usedBy: Edges = new Map()
  /** directories of which kustomizations may read anything → those */
  readonly #deep: Edges = new Map()
  readonly #opaque: string[] = []
  /** copies of a file share its facts */
  readonly #named = new Map<BlobFacts, { found: readonly string[]; dangles: boolean }>()
  /** directory → kustomizations in it */
  readonly #kustomizations: Edges = new Map()
  /** kustomizations that name files that neither tree has */
  readonly #dangling = new Set<string>()

  private constructor(sides: readonly ReadonlyMap<string, string>[]) {
    this.#sides = sides
    const paths = new Set(sides[0]?.keys())
    for (const files of sides.slice(1)) for (const path of files.keys()) paths.add(path)
    this.paths = paths
    this.#directories = directoriesOf(paths)
    const names = new Set<string>()
    for (const path of paths) {
      const name = path.slice(path.lastIndexOf('/') + 1)
      names.add(name)
      if (KUSTOMIZATIONS.has(name)) addEdge(this.#kustomizations, parentOf(path) ?? '', path)
    }
    for (const path of this.#directories) names.add(path.slice(path.lastIndexOf('/') + 1))
    this.#names = names
  }

  /** @param texts of both trees */
  static async of(trees: readonly Tree[], texts: BlobTexts): Promise<FileGraph> {
    const graph = new FileGraph(await Promise.all(trees.map(async tree => await tree.files())))
    for (const [path, blobs] of await texts.facts()) {
      graph.#facts.set(path, blobs)
      graph.#connect(path, blobs)
    }
    return graph
  }

  /** Files that may name anything. */
  get opaque(): readonly string[] {
    return this.#opaque
  }

  factsOf(path: string): readonly BlobFacts[] {
    return this.#facts.get(path) ?? []
  }

  /**
   * Every file and directory (with '/' at its end) from which one of the paths can be reached, with the paths.
   * @param reached what others can be reached from: is added to, and not gone through again
   */
  reaching(paths: Iterable<string>, reached = new Set<string>()): Set<string> {
    const from: string[] = []
    for (const path of paths) {
      from.push(path)
      if (this.#deep.size === 0) continue
      for (let directory = parentOf(path); directory !== undefined; directory = parentOf(directory))
        from.push(...(this.#deep.get(directory) ?? []))
    }
    return this.#follow(from, reached)
  }

  #follow(from: Iterable<string>, reached: Set<string>): Set<string> {
    const waiting: string[] = []
    const reach = (node: string) => {
      if (reached.has(node)) return
      reached.add(node)
      waiting.push(node)
    }
    for (const path of from) reach(path)
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const user of this.#usedBy.get(node) ?? []) reach(user)
      const parent = parentOf(node)
      if (parent === undefined) continue
      // a directory takes in what lies below it only where no kustomization says what it takes
      const isKustomization = !node.endsWith('/') && isKustomizationName(node)
      if (isKustomization || !this.#alwaysHasKustomization(parent)) reach(`${parent}/`)
    }
    return reached
  }

  /** Files with Flux Kustomizations that may apply a directory. */
  unitsAt(directory: string): string[] {
    return (this.#usedBy.get(`${directory}/`) ?? []).filter(
      path => !isKustomizationName(path) && this.factsOf(path).some(({ flux }) => flux),
    )
  }

  /** Every file that the build of a directory may read, without those of the Kustomizations that it yields. */
  below(directory: string): Set<string> {
    return new Set([...this.#reachedFrom(directory)].filter(node => !node.endsWith('/')))
  }

  /** Whether a directory may be applied once another one is: by it, or by the Kustomizations that it yields. */
  mayApply(root: string, directory: string): boolean {
    return this.#follow([`${directory}/`], new Set()).has(`${root}/`)
  }

  /** @param directory what its build reads, without what is applied in consequence */
  #reachedFrom(directory: string): Set<string> {
    const reached = new Set<string>()
    const waiting = [`${directory}/`]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (reached.has(node)) continue
      reached.add(node)
      if (!node.endsWith('/')) {
        if (isKustomizationName(node) || this.factsOf(node).some(({ flux }) => !flux))
          waiting.push(...(this.#uses.get(node) ?? []))
        continue
      }
      const path = node.slice(0, -1)
      const names = this.#kustomizationsIn(path)
      waiting.push(...names)
      if (!this.#alwaysHasKustomization(path)) waiting.push(...this.#children(path))
    }
    return reached
  }

  readonly #resources = new Map<string, ResourceFacts>()

  /** @param path of a file, or of a directory with a kustomization */
  resourceFacts(path: string): ResourceFacts {
    const known = this.#resources.get(path)
    if (known !== undefined) return known
    const mayRename: string[] = []
    const namespaces = new Set<string>()
    const found = {
      patchesName: false,
      refersWithNamespace: false,
      mayRename,
      namespaces,
      moves: false,
      yields: false,
      patches: false,
      broken: false,
    }
    for (const file of this.paths.has(path) ? [path] : this.below(path))
      for (const facts of this.factsOf(file)) {
        found.patchesName ||= facts.patchesName
        found.refersWithNamespace ||= facts.refersWithNamespace
        found.moves ||= !facts.flux && facts.namespaces.length > 0
        found.yields ||= facts.flux
        found.patches ||= facts.patches
        found.broken ||= facts.remote || this.#dangling.has(file)
        if (facts.mayRename) mayRename.push(file)
        for (const namespace of facts.namespaces) namespaces.add(namespace)
      }
    this.#resources.set(path, found)
    return found
  }

  isDirectory(path: string): boolean {
    return this.#directories.has(path)
  }

  #connect(path: string, blobs: readonly BlobFacts[]): void {
    if (!blobs.some(({ tokens, flux, opaque, charts }) => tokens.length > 0 || flux || opaque || charts))
      return
    const directory = parentOf(path) ?? ''
    const isKustomization = isKustomizationName(path)
    if (blobs.some(({ opaque }) => opaque)) this.#opaque.push(path)
    const targets = new Set<string>()
    for (const facts of blobs) {
      const { flux, unitPaths, charts } = facts
      if (charts) addEdge(this.#deep, directory, path)
      const from = flux ? this.#unitDirectories(path, unitPaths) : [directory]
      if (flux) for (const unit of from) targets.add(`${unit}/`)
      const { found, dangles } = this.#namedBy(facts)
      if (dangles && isKustomization) this.#dangling.add(path)
      for (const token of found) {
        for (const start of flux && !isKustomization ? from : [directory]) {
          const target = resolvePath(start, token)
          if (target === undefined) continue
          if (this.paths.has(target)) targets.add(target)
          else if (this.#directories.has(target)) {
            targets.add(`${target}/`)
            if (charts) addEdge(this.#deep, target, path)
          } else if (isKustomization && looksLikePath(token)) this.#dangling.add(path)
        }
      }
    }
    this.#uses.set(path, [...targets])
    for (const target of targets) addEdge(this.#usedBy, target, path)
  }

  /** The words of a file whose last segment is the name of something, and whether another one looks like a path. */
  #namedBy(facts: BlobFacts): { found: readonly string[]; dangles: boolean } {
    const known = this.#named.get(facts)
    if (known !== undefined) return known
    const isNamed = (token: string) => {
      const name = lastSegment(token)
      return name === '' || name === '.' || name === '..' || this.#names.has(name)
    }
    const found = facts.tokens.filter(isNamed)
    const dangles = facts.tokens.some(token => looksLikePath(token) && !isNamed(token))
    const named = { found, dangles }
    this.#named.set(facts, named)
    return named
  }

  /** Where the paths of a Flux Kustomization may lead: from the root of the tree, or of an artifact that is a part of it. */
  #unitDirectories(file: string, paths: readonly string[]): string[] {
    const found = new Set<string>()
    const roots = ['']
    for (let at = file.indexOf('/'); at !== -1; at = file.indexOf('/', at + 1)) roots.push(file.slice(0, at))
    for (const path of paths) {
      const clamped = clampPath(path)
      for (const root of clamped === '' ? [''] : roots) {
        const directory = root === '' ? clamped : `${root}/${clamped}`
        if (this.#directories.has(directory)) found.add(directory)
      }
    }
    return [...found]
  }

  #kustomizationsIn(directory: string): readonly string[] {
    return this.#kustomizations.get(directory) ?? []
  }

  readonly #kept = new Map<string, boolean>()

  /** Whether a directory has a kustomization in each of the trees that have it at all. */
  #alwaysHasKustomization(directory: string): boolean {
    const known = this.#kept.get(directory)
    if (known !== undefined) return known
    const names = this.#kustomizationsIn(directory)
    const always = names.length > 0 && this.#sides.every(files => names.some(name => files.has(name)))
    this.#kept.set(directory, always)
    return always
  }

  #byParent: Map<string, string[]> | undefined

  #children(directory: string): readonly string[] {
    if (this.#byParent === undefined) {
      this.#byParent = new Map()
      for (const node of [...this.paths, ...[...this.#directories].map(path => `${path}/`)]) {
        const parent = parentOf(node)
        if (parent === undefined) continue
        const siblings = this.#byParent.get(parent)
        if (siblings === undefined) this.#byParent.set(parent, [node])
        else siblings.push(node)
      }
    }
    return this.#byParent.get(directory) ?? []
  }
}

export function isKustomizationName(path: string): boolean {
  return KUSTOMIZATIONS.has(path.slice(path.lastIndexOf('/') + 1))
}

function addEdge(edges: Edges, from: string, to: string): void {
  const known = edges.get(from)
  if (known === undefined) edges.set(from, [to])
  else known.push(to)
}

function looksLikePath(token: string): boolean {
  return /^\.\.?\/[^\s=]+$|^[^\s=:]+\.ya?ml$/.test(token)
}

function lastSegment(path: string): string {
  const end = path.endsWith('/') ? path.length - 1 : path.length
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end)
}

/** The directory that holds a file or directory; undefined for the root. */
function parentOf(node: string): string | undefined {
  const path = node.endsWith('/') ? node.slice(0, -1) : node
  if (path === '') return undefined
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}

function directoriesOf(paths: Iterable<string>): Set<string> {
  const directories = new Set([''])
  for (const path of paths)
    for (let at = path.lastIndexOf('/'); at !== -1; at = path.lastIndexOf('/', at - 1)) {
      const directory = path.slice(0, at)
      if (directories.has(directory)) break
      directories.add(directory)
    }
  return directories
}
