import type { Finding, Unjudged } from '../manifest/finding.ts'
import { canonicalJson, textAt, valueAt } from '../manifest/json.ts'
import type { Place } from '../manifest/place.ts'
import type { RenderedKustomization, RenderedObject, RenderFailure } from '../manifest/rendered.ts'
import { groupOf, identify, resourceKey, type Manifest } from '../manifest/resource.ts'
import { maskSops } from '../manifest/sops.ts'
import type { BuildResult } from './build.ts'
import type { Pruned } from './focus/prune.ts'
import { inParallel } from './in-parallel.ts'
import { isFluxKustomization, type EntryPoint } from './entry-points.ts'
import { finishedInputs, finishKustomization, type FinishResult } from './kustomization.ts'
import { variablesOf } from './substitute.ts'
import { clampPath } from './tree-path.ts'

export interface WalkOptions {
  /** builds one Kustomization; asked once for the same spec */
  build: (kustomization: Manifest, place?: Place) => Promise<BuildResult>
  /** whether the root's source has a directory, for spec.path as written */
  hasDirectory: (path: string) => boolean
  /** since Flux 2.9 an undefined variable fails the Kustomization */
  strict: boolean
  /** Kustomizations after substitution by the hash of their inputs, shared by the trees of one run */
  finished: Map<string, FinishResult>
  /** how many builds run at once */
  parallel: number
  /** whether a Kustomization has to be rendered; absent: each one is. The root always is */
  wants?: (kustomization: Manifest) => boolean
  /** called when a Kustomization is done */
  progress: (done: number, known: number) => void
}

/** One cluster, walked: its Kustomizations in the order they were met, and everything they apply. */
export interface WalkedCluster {
  kustomizations: WalkedKustomization[]
  incomplete: Unjudged[]
  findings: Finding[]
  /** everything that is applied, by resourceKey; of the same object twice the later one */
  applied: ReadonlyMap<string, Manifest>
  /** every file of the tree that a build read */
  files: ReadonlySet<string>
  /** every file that a build read which failed */
  failedFiles: ReadonlySet<string>
  /** 'namespace/name' of a Kustomization → what it was rendered from, for those who ask where a field comes from */
  sources: ReadonlyMap<string, UnitSource>
  isThisRepository(source: { kind: string; name: string }, namespace: string): boolean
  /** 'namespace/name' of a Kustomization that did not have to be rendered → what it would be rendered from, but for files */
  left: ReadonlyMap<string, string>
  /** spec.path of every Kustomization of this repository that was met, those that were left included */
  applies: readonly string[]
  /** 'namespace/name' of a Kustomization of which only a part was built → which, and what it was rendered from beside it */
  pruned: ReadonlyMap<string, Pruned & { inputs: string }>
  /** what was looked for among the objects and not found */
  missing: readonly ObjectName[]
}

/** What a reference says of an object. */
export interface ObjectName {
  kind: string
  namespace: string
  name: string
}

/** What a Kustomization was rendered from, beside the files of the tree. */
export interface UnitSource {
  /** absent for a kustomize directory */
  manifest?: Manifest
  /** where the Flux Kustomization was read from */
  place?: Place
  /** 'namespace/name' of the Kustomization that applies it; absent for a root */
  parent?: string
  variables: ReadonlyMap<string, string>
  /** some variables are made outside Git: they stand as placeholders */
  variablesUnknown: boolean
  strict: boolean
}

export type WalkedKustomization = Omit<RenderedKustomization, 'cluster'>

interface Node {
  manifest: Manifest
  parent?: string
  place?: Place
}

// A pass learns what the one before it applied: variables, and the root as it applies itself. Each passes on one step, so
// that more passes than this mean a tree that never settles, or variables made of variables many steps deep.
const MAX_PASSES = 6

/**
 * Walks a cluster from its root as the controllers would: a Kustomization is known by what its parent applies, never by
 * its file, the root included once it applies itself (`flux bootstrap` trees patch gotk-sync.yaml so). Variables come from
 * ConfigMaps and Secrets that the tree itself applies, wherever they are. So the walk is repeated until nothing would come
 * out otherwise.
 */
export async function walkCluster(entry: EntryPoint, options: WalkOptions): Promise<WalkedCluster> {
  const builds = new Map<string, Promise<BuildResult>>()
  let applied = new Map<string, Manifest>(
    entry.sources.map(source => [resourceKey(identify(source)), source]),
  )
  let { root } = entry
  for (let pass = 1; ; pass++) {
    const walk = new Walk({ ...entry, root }, options, builds, applied)
    const result = await walk.run()
    const own = walk.applied.get(resourceKey(identify(root))) ?? root
    const sameRoot = canonicalJson(own.spec ?? null) === canonicalJson(root.spec ?? null)
    const settled = sameRoot && !walk.wouldDiffer()
    if (settled || pass === MAX_PASSES)
      return {
        ...result,
        left: walk.left(),
        incomplete: settled ? result.incomplete : [...result.incomplete, unsettled(root)],
      }
    applied = walk.applied
    root = own
  }
}

function unsettled(root: Manifest): Unjudged {
  const { namespace, name } = identify(root)
  return {
    reason: 'never-settles',
    message: 'What the root applies changes what it applies, again and again; the last state is shown.',
    repair: 'Look for variables or patches of the root that depend on themselves.',
    affected: [`Kustomization ${namespace}/${name}`],
  }
}

/** One pass. */
class Walk {
  readonly applied: Map<string, Manifest>
  readonly #entry: EntryPoint
  readonly #options: WalkOptions
  readonly #builds: Map<string, Promise<BuildResult>>
  readonly #before: ReadonlyMap<string, Manifest>
  readonly #nodes = new Map<string, Node>()
  readonly #results = new Map<string, WalkedKustomization>()
  readonly #used = new Map<string, string>()
  readonly #incomplete: Unjudged[] = []
  readonly #findings: Finding[] = []
  readonly #files = new Set<string>()
  readonly #failedFiles = new Set<string>()
  readonly #sources = new Map<string, UnitSource>()
  readonly #left = new Map<string, Manifest>()
  readonly #pruned = new Map<string, Pruned & { inputs: string }>()
  readonly #missing = new Map<string, ObjectName>()

  constructor(
    entry: EntryPoint,
    options: WalkOptions,
    builds: Map<string, Promise<BuildResult>>,
    before: ReadonlyMap<string, Manifest>,
  ) {
    this.#entry = entry
    this.#options = options
    this.#builds = builds
    this.#before = before
    this.applied = new Map(entry.sources.map(source => [resourceKey(identify(source)), source]))
  }

  async run(): Promise<Omit<WalkedCluster, 'left'>> {
    const queue: string[] = []
    const enqueue = (manifest: Manifest, node: Omit<Node, 'manifest'>) => {
      const key = nodeKey(manifest)
      if (this.#nodes.has(key)) return
      this.#nodes.set(key, { manifest, ...node })
      queue.push(key)
    }
    enqueue(this.#entry.root, this.#entry.place === undefined ? {} : { place: this.#entry.place })
    // Breadth first, a level's builds side by side; what a parent applies is known before its children are met.
    while (queue.length > 0) {
      const level = queue.splice(0)
      await inParallel(level, this.#options.parallel, async key => {
        const node = this.#nodes.get(key)
        if (node === undefined) return
        const { wants } = this.#options
        if (wants !== undefined && node.manifest !== this.#entry.root && !wants(node.manifest)) {
          this.#left.set(key, node.manifest)
          return
        }
        const result = await this.#render(node)
        this.#results.set(key, result)
        this.#options.progress(this.#results.size, this.#nodes.size)
      })
      for (const key of level) {
        for (const object of this.#results.get(key)?.objects ?? []) this.#met(object, key, enqueue)
      }
    }
    const kustomizations = [...this.#nodes.keys()].flatMap(key => this.#results.get(key) ?? [])
    return {
      kustomizations,
      incomplete: this.#incomplete,
      findings: this.#findings,
      applied: this.applied,
      files: this.#files,
      failedFiles: this.#failedFiles,
      sources: this.#sources,
      isThisRepository: ({ kind, name }, namespace) => this.#isThisRepository({ kind, namespace, name }),
      applies: [...this.#nodes].flatMap(([key, { manifest }]) =>
        this.#results.get(key)?.status === 'skipped' ? [] : [textAt(manifest, 'spec', 'path') ?? ''],
      ),
      pruned: this.#pruned,
      missing: [...this.#missing.values()],
    }
  }

  /** Asked of the last pass alone: what a pass before it left has other variables. */
  left(): Map<string, string> {
    return new Map([...this.#left].map(([key, manifest]) => [key, this.#inputsBesideFiles(manifest)]))
  }

  #inputsBesideFiles(manifest: Manifest): string {
    const { fingerprint } = this.#variables(manifest, this.applied, this.#before)
    return `${contentOf(manifest)}\n${fingerprint}`
  }

  #miss(object: ObjectName): void {
    this.#missing.set(`${object.kind} ${object.namespace}/${object.name}`, object)
  }

  /** Whether a Kustomization would see other variables now that everything is known. */
  wouldDiffer(): boolean {
    for (const [key, used] of this.#used) {
      const node = this.#nodes.get(key)
      if (node !== undefined && this.#variables(node.manifest, this.applied).fingerprint !== used) return true
    }
    return false
  }

  #met(
    object: RenderedObject,
    parent: string,
    enqueue: (manifest: Manifest, node: Omit<Node, 'manifest'>) => void,
  ) {
    this.applied.set(resourceKey(object.resource), object.manifest)
    if (!isFluxKustomization(object.manifest)) return
    const key = nodeKey(object.manifest)
    enqueue(object.manifest, { parent, ...(object.origin === undefined ? {} : { place: object.origin }) })
    const known = this.#nodes.get(key)
    if (
      known !== undefined &&
      known.parent !== undefined &&
      known.parent !== parent &&
      known.manifest !== object.manifest
    )
      this.#findings.push({
        ruleId: 'render-applied-twice',
        level: 'warning',
        message: `It is applied by both ${known.parent} and ${parent}; the one that applies last wins.`,
        repair: 'Leave it to one of them.',
        resource: object.resource,
        ...object.origin,
      })
  }

  async #render({ manifest, place, parent }: Node): Promise<WalkedKustomization> {
    const { namespace, name } = identify(manifest)
    const here = { namespace, name, path: textAt(manifest, 'spec', 'path') ?? '' }
    const source = sourceOf(manifest)
    if (!this.#isThisRepository(source)) {
      this.#incomplete.push({
        reason: 'source-elsewhere',
        message: `${labelOf(source)} is another source than this repository.`,
        repair: 'Its objects are reviewed where that source is kept.',
        affected: [`Kustomization ${namespace}/${name}`],
        ...fileOf(place),
      })
      return { ...here, status: 'skipped', objects: [], inputs: '' }
    }
    const built = await this.#build(manifest, place)
    if (!built.ok) {
      for (const file of built.files) this.#failedFiles.add(file)
      return {
        ...here,
        status: 'failed',
        error: located(built.error, place),
        objects: [],
        inputs: built.inputs,
      }
    }
    for (const file of built.files) this.#files.add(file)
    if (built.pruned !== undefined)
      this.#pruned.set(nodeKey(manifest), { ...built.pruned, inputs: this.#inputsBesideFiles(manifest) })
    this.#findings.push(...built.remarks)
    const { variables, missing, fingerprint } = this.#variables(manifest, this.applied, this.#before)
    this.#used.set(nodeKey(manifest), fingerprint)
    const finish = { variables, strict: this.#options.strict, variablesUnknown: missing.length > 0 }
    this.#sources.set(nodeKey(manifest), {
      manifest,
      ...(place === undefined ? {} : { place }),
      ...(parent === undefined ? {} : { parent }),
      ...finish,
    })
    const inputs = finishedInputs(manifest, built, finish)
    const known = this.#options.finished.get(inputs)
    const result = known ?? finishKustomization(manifest, built.objects, finish)
    this.#options.finished.set(inputs, result)
    for (const object of missing) {
      this.#miss({ ...object, namespace })
      this.#incomplete.push({
        reason: 'variables-unknown',
        message: `${labelOf({ ...object, namespace })} is not made in this repository; the variables it holds are unknown.`,
        repair: `Give the variables under clusters[].variables in .github/cnpg-steward.yaml.`,
        affected: [`Kustomization ${namespace}/${name}`],
        ...fileOf(place),
      })
    }
    if (!result.ok)
      return { ...here, status: 'failed', error: located(result.error, place), objects: [], inputs }
    const { leftOut } = built
    const [error] = leftOut
    return error === undefined
      ? { ...here, status: 'rendered', objects: result.objects, inputs }
      : { ...here, status: 'failed', error, objects: result.objects, leftOut, inputs }
  }

  #build(manifest: Manifest, place: Place | undefined): Promise<BuildResult> {
    const key = JSON.stringify([nodeKey(manifest), manifest.spec ?? null])
    const known = this.#builds.get(key)
    if (known !== undefined) return known
    const started = this.#options.build(manifest, place)
    this.#builds.set(key, started)
    return started
  }

  #variables(manifest: Manifest, ...known: ReadonlyMap<string, Manifest>[]) {
    const found = variablesOf(manifest, (kind, namespace, name) => {
      const key = resourceKey({ apiVersion: 'v1', kind, namespace, name })
      const object = known.find(objects => objects.has(key))?.get(key)
      // an encrypted variable is known to exist, its value is not
      return object === undefined ? undefined : maskSops(object)
    })
    const variables = new Map([...this.#entry.variables].filter(([name]) => !found.variables.has(name)))
    for (const [name, value] of found.variables) variables.set(name, value)
    const { missing } = found
    const names = missing.map(({ kind, name }) => `${kind} ${name}`)
    return { variables, missing, fingerprint: JSON.stringify([[...variables], names]) }
  }

  /**
   * Which source is this repository is decided by the tree: what the root reads is, and so is every other object of the
   * same kind with the same URL. Names and remotes of the checkout say nothing (peers.md section 4).
   */
  #isThisRepository(source: ObjectName): boolean {
    const root = this.#rootSource()
    if (root === undefined || labelOf(source) === labelOf(root)) return true
    const url = this.#sourceUrl(source)
    if (url === undefined) this.#miss(source)
    return url !== undefined && url === this.#sourceUrl(root)
  }

  /** What the root reads; of a root that is not in Git, what most of the Kustomizations it applies read whose paths are here. */
  #rootSource(): ObjectName | undefined {
    if (valueAt(this.#entry.root, 'spec', 'sourceRef') !== undefined) return sourceOf(this.#entry.root)
    const counts = new Map<string, { source: ObjectName; count: number }>()
    for (const { resource, manifest } of this.#results.get(nodeKey(this.#entry.root))?.objects ?? []) {
      if (resource.kind !== 'Kustomization' || !isFluxKustomization(manifest)) continue
      // './' is the root of any source
      const path = clampPath(textAt(manifest, 'spec', 'path') ?? '')
      if (path === '' || !this.#options.hasDirectory(path)) continue
      const source = sourceOf(manifest)
      const known = counts.get(labelOf(source))
      if (known === undefined) counts.set(labelOf(source), { source, count: 1 })
      else known.count++
    }
    return [...counts.values()].toSorted((a, b) => b.count - a.count)[0]?.source
  }

  #sourceUrl(source: ObjectName): string | undefined {
    for (const applied of [this.#before, this.applied])
      for (const manifest of applied.values())
        if (
          groupOf(textAt(manifest, 'apiVersion') ?? '') === 'source.toolkit.fluxcd.io' &&
          labelOf(identify(manifest)) === labelOf(source)
        )
          return textAt(manifest, 'spec', 'url')?.replace(/\.git$/, '')
    return undefined
  }
}

const contents = new WeakMap<Manifest, string>()

/**
 * A manifest as a text; walks of both sides, and one after another, meet the same ones. Fields in another order make another
 * text: then it is rendered, and found to be the same.
 */
function contentOf(manifest: Manifest): string {
  const known = contents.get(manifest)
  if (known !== undefined) return known
  const text = JSON.stringify(manifest)
  contents.set(manifest, text)
  return text
}

function nodeKey(manifest: Manifest): string {
  const { namespace, name } = identify(manifest)
  return `${namespace}/${name}`
}

function sourceOf(kustomization: Manifest): ObjectName {
  const reference = valueAt(kustomization, 'spec', 'sourceRef')
  return {
    kind: textAt(reference, 'kind') ?? '',
    namespace: textAt(reference, 'namespace') ?? identify(kustomization).namespace,
    name: textAt(reference, 'name') ?? '',
  }
}

/** 'GitRepository flux-system/flux-system' */
function labelOf({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace}/${name}`
}

function located(error: RenderFailure, place: Place | undefined): RenderFailure {
  return error.file === undefined ? { ...error, ...fileOf(place) } : error
}

function fileOf(place: Place | undefined): { file?: string; line?: number } {
  return place === undefined ? {} : { file: place.file, line: place.line }
}
