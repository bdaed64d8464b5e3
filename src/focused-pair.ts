import { posix } from 'node:path'
import { canonicalJson, isObject, textAt, valueAt } from './manifest/json.ts'
import type { RenderedObject } from './manifest/rendered.ts'
import { groupOf, resourceKey, type Manifest, type Resource } from './manifest/resource.ts'
import type { BlobTexts } from './render/focus/blob-texts.ts'
import { FileGraph } from './render/focus/file-graph.ts'
import { Focus } from './render/focus/focus.ts'
import { defines, isChartOf, mayDefine, mentions, refersTo, type TextTest } from './render/focus/mentions.ts'
import type { Lookup } from './render/helm-values.ts'
import { clampPath } from './render/tree-path.ts'
import type { ObjectName, WalkedCluster } from './render/walk.ts'
import { lookupIn, planRelease, releaseObjects } from './render-releases.ts'
import { renderClusters, type TreeRoots } from './render-tree.ts'
import type { RenderedRepository, RenderRequest, RenderTools } from './rendered-repository.ts'
import { walkClusters, type NamedCluster } from './walk-tree.ts'

type Side = 'base' | 'head'
type Both<T> = Record<Side, T>

/** An object that is not the same on both sides, or on one of them only. */
interface ChangedObject {
  resource: Resource
  base?: RenderedObject
  head?: RenderedObject
}

/** One cluster on both sides; absent where a side has no such root. */
interface ClusterPair {
  directory: string
  base?: WalkedCluster
  head?: WalkedCluster
}

// Each walk may find reasons for another one; a tree that still has new ones after as many is rendered as a whole.
const MAX_WALKS = 12
// As many files are rendered without asking whether each is needed; beyond, only those that share a name.
const FEW_FILES = 100
const FEW_ROOTS = 8
/** What HelmReleases and Kustomizations are made from. */
const GIVING_KINDS = new Set([
  'ConfigMap',
  'Secret',
  'HelmRepository',
  'OCIRepository',
  'GitRepository',
  'Bucket',
  'HelmChart',
])
// What a database loses, or is cut off from, without a change of its own.
const BESIDE_DATABASES: ReadonlySet<string> = new Set([
  'PersistentVolumeClaim',
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
])
const WAITING = ['Kustomization', 'HelmRelease']

/**
 * Two trees, rendered as far as a change can be seen in them.
 *
 * Both are walked with a focus that starts from the changed files. What the walks show is then compared, and what speaks
 * against leaving something out is added:
 * - a Kustomization that was left out, and whose manifest or variables differ;
 * - a kustomization of which parts were left out, and whose other fields differ, so that each part may;
 * - what the rendered part refers to and did not find: variables, sources, values, dependencies, databases;
 * - what may refer to an object that differs: by its name in the text of the files.
 * Then they are walked again, until nothing is added.
 *
 * A part that is broken in base and is left out is the same in head, where it is no news: a review of everything counts it as
 * what stood before and tells it no more than this does. What a change breaks is a changed file, and never left out.
 */
export class FocusedPair {
  readonly #requests: Both<RenderRequest>
  readonly #roots: Both<TreeRoots>
  readonly #tools: RenderTools
  readonly #texts: BlobTexts
  readonly #focus: Focus
  /** searches of this round: who is looked for → what to do with the files */
  readonly #searches = new Map<string, { test: TextTest; found: (paths: Set<string>) => void }>()
  readonly #searched = new Set<string>()
  /** files of what installs custom resources that changed: their charts are inflated, too */
  readonly #providers = new Set<string>()

  private constructor(
    requests: Both<RenderRequest>,
    roots: Both<TreeRoots>,
    tools: RenderTools,
    texts: BlobTexts,
    focus: Focus,
  ) {
    this.#requests = requests
    this.#roots = roots
    this.#tools = tools
    this.#texts = texts
    this.#focus = focus
  }

  /** @param changed paths that differ @param texts of both trees @param unitsWhole leave out no part of a Kustomization */
  static async of(
    requests: Both<RenderRequest>,
    roots: Both<TreeRoots>,
    changed: Iterable<string>,
    tools: RenderTools,
    texts: BlobTexts,
    unitsWhole: boolean,
  ): Promise<FocusedPair> {
    const trees = [requests.base.tree, requests.head.tree]
    const focus = new Focus(await FileGraph.of(trees, texts), changed, unitsWhole)
    const pair = new FocusedPair(requests, roots, tools, texts, focus)
    pair.#seeRoots()
    return pair
  }

  /** @returns undefined where the change may touch everything, or no end was found */
  async render(): Promise<Both<RenderedRepository> | undefined> {
    for (let walk = 1; walk <= MAX_WALKS; walk++) {
      const walked = { base: await this.#walk('base'), head: await this.#walk('head') }
      const pairs = pairsOf(walked)
      const { size } = this.#focus
      for (const pair of pairs) this.#compare(pair)
      // what is left out must be known before it is worth asking what the rest refers to
      if (this.#focus.size === size) {
        for (const pair of pairs) {
          const changed = changedObjects(pair)
          // every object of its kind is judged by another schema
          if (changed.some(({ resource }) => resource.kind === 'CustomResourceDefinition')) return undefined
          this.#lookUp(pair, changed)
        }
        await this.#search()
      }
      if (this.#focus.size === size) return await this.#finish(walked, pairs)
    }
    return undefined
  }

  /**
   * A root that another one applies is none: what would apply it is rendered. Of many it is enough that another one reaches
   * it; such trees hold Kustomizations that apply the very file they stand in, one an application.
   */
  #seeRoots(): void {
    const { graph } = this.#focus
    for (const side of ['base', 'head'] as const) {
      const roots = this.#roots[side]
      const directories = roots.entryPoints.map(({ root, sourceRoot }) =>
        posix.join(sourceRoot ?? '', clampPath(textAt(root, 'spec', 'path') ?? '')),
      )
      const [first = ''] = directories
      roots.entryPoints = roots.entryPoints.filter(({ name }, index) => {
        const directory = directories[index] ?? ''
        if (index === 0 || name !== undefined) return true
        if (directories.length > FEW_ROOTS) return !graph.mayApply(first, directory)
        for (const file of graph.unitsAt(directory)) this.#focus.addFile(file)
        return true
      })
    }
  }

  async #walk(side: Side): Promise<NamedCluster[]> {
    return await walkClusters(this.#roots[side], this.#requests[side], this.#tools, this.#focus)
  }

  async #finish(
    walked: Both<NamedCluster[]>,
    pairs: readonly ClusterPair[],
  ): Promise<Both<RenderedRepository>> {
    const differing = new Map(pairs.map(pair => [pair.directory, this.#releases(pair)]))
    const finish = async (side: Side) => {
      const directories = new Map(walked[side].map(({ name, directory }) => [name, directory]))
      return await renderClusters(
        this.#roots[side],
        walked[side],
        this.#requests[side],
        this.#tools,
        (cluster, resource) =>
          differing.get(directories.get(cluster) ?? '')?.has(resourceKey(resource)) === true,
      )
    }
    return { base: await finish('base'), head: await finish('head') }
  }

  /** The HelmReleases that may come out otherwise, and those whose charts bring what the others are judged by. */
  #releases({ base, head }: ClusterPair): Set<string> {
    const before = plansOf(base)
    const after = plansOf(head)
    const wanted = new Set(
      [...before.keys(), ...after.keys()].filter(key => before.get(key) !== after.get(key)),
    )
    for (const walked of [base, head])
      for (const object of walked === undefined ? [] : releaseObjects(walked))
        if (
          changedChart(object, walked, this.#focus) ||
          (object.origin !== undefined && this.#focus.hasChanged(object.origin.file)) ||
          (object.origin !== undefined && this.#providers.has(object.origin.file))
        )
          wanted.add(resourceKey(object.resource))
    return wanted
  }

  /** Whether what was left out is the same on both sides, as far as it does not come from files. */
  #compare({ directory, base, head }: ClusterPair): void {
    const unit = (key: string) => `${directory} ${key}`
    for (const key of keysOf(base?.left, head?.left))
      if (base?.left.get(key) !== head?.left.get(key)) this.#focus.addUnit(unit(key))
    for (const key of keysOf(base?.pruned, head?.pruned)) {
      const [before, after] = [base?.pruned.get(key), head?.pruned.get(key)]
      if (before === undefined || after === undefined) this.#focus.addWhole(unit(key))
      else if (before.frame !== after.frame || before.inputs !== after.inputs) this.#focus.addWhole(unit(key))
      else
        for (const path of new Set([...before.every, ...after.every]))
          if (!before.every.has(path) || !after.every.has(path)) this.#addResource(path)
    }
  }

  #addResource(path: string): void {
    this.#focus.addFile(this.#focus.graph.paths.has(path) ? path : `${path}/`)
  }

  #lookUp({ base, head }: ClusterPair, changed: readonly ChangedObject[]): void {
    for (const walked of [base, head]) {
      if (walked === undefined) continue
      for (const object of walked.missing) this.#find(object)
      const lookup = this.#lookingUp(walked)
      for (const object of releaseObjects(walked))
        if (this.#mayDiffer(object, changed)) planRelease(object, walked, lookup)
    }
    for (const object of changed) {
      const { resource } = object
      if (GIVING_KINDS.has(resource.kind)) this.#findUsers(resource.name)
      if (object.base === undefined || object.head === undefined) this.#findTwins(resource)
      if (WAITING.includes(resource.kind)) this.#followDependencies(object, base, head)
      const group = groupOf(resource.apiVersion)
      if (group.endsWith('cnpg.io') || isOperator(object)) this.#findDatabases(resource)
      if (group.endsWith('cnpg.io') || BESIDE_DATABASES.has(resource.kind))
        this.#findNeighbours(resource.namespace)
      if (isCustom(group)) this.#findProvider(group)
    }
  }

  /** Whether a HelmRelease, or what it is made from, is not the same on both sides. */
  #mayDiffer({ resource, manifest, origin }: RenderedObject, changed: readonly ChangedObject[]): boolean {
    if (origin !== undefined && (this.#focus.hasChanged(origin.file) || this.#providers.has(origin.file)))
      return true
    const text = JSON.stringify(manifest)
    return changed.some(
      ({ resource: other }) =>
        resourceKey(other) === resourceKey(resource) ||
        (GIVING_KINDS.has(other.kind) && text.includes(unhashed(other.name))),
    )
  }

  /** Finds objects among those that were rendered, and has those searched for that are not there. */
  #lookingUp(walked: WalkedCluster): Lookup {
    const known = lookupIn(walked)
    return (group, kind, namespace, name) => {
      const found = known(group, kind, namespace, name)
      if (found === undefined) this.#find({ kind, namespace, name })
      return found
    }
  }

  /** Searches for an object: first where its namespace is near, then anywhere, then by variables. */
  #find({ kind, namespace, name }: ObjectName): void {
    const label = `${kind} ${namespace}/${name}`
    if (name === '') return
    if (!this.#searched.has(`near ${label}`))
      this.#ask(`near ${label}`, defines(kind, name), paths => {
        for (const path of paths) this.#focus.addFile(path, namespace)
      })
    else
      this.#ask(`anywhere ${label}`, mayDefine(kind, name), paths => {
        for (const path of paths) this.#focus.addFile(path)
        this.#focus.addValue(name)
      })
  }

  /** Searches for what may be made of a ConfigMap, a Secret or a source. */
  #findUsers(full: string): void {
    const name = unhashed(full)
    this.#ask(`users ${name}`, refersTo(name), paths => {
      for (const path of paths) this.#focus.addFile(path)
      this.#focus.addMention(name)
    })
  }

  /** An object that comes or goes: others may apply it, too, or wait for it. */
  #findTwins({ kind, namespace, name }: Resource): void {
    this.#ask(
      `twins ${kind} ${namespace}/${name}`,
      text => defines(kind, name)(text) || (text.includes('dependsOn') && mentions(text, name)),
      paths => {
        for (const path of paths) this.#focus.addFile(path, namespace === '' ? undefined : namespace)
      },
    )
    if (WAITING.includes(kind))
      this.#ask(
        `waiting ${kind} ${namespace}/${name}`,
        text => text.includes('dependsOn') && mentions(text, namespace) && mentions(text, name),
        paths => {
          for (const path of paths) this.#focus.addFile(path)
        },
      )
  }

  /** What a changed object waits for, and what that waits for, where the list itself changed: it may close a circle. */
  #followDependencies(
    { resource, ...object }: ChangedObject,
    base: WalkedCluster | undefined,
    head: WalkedCluster | undefined,
  ): void {
    if (object.head === undefined || head === undefined) return
    const before = canonicalJson(valueAt(object.base?.manifest, 'spec', 'dependsOn') ?? null)
    const after = canonicalJson(valueAt(object.head.manifest, 'spec', 'dependsOn') ?? null)
    const deep = base === undefined || before !== after
    const followed = new Set<string>()
    const follow = (manifest: Manifest, namespace: string) => {
      for (const name of dependenciesOf(manifest, { ...resource, namespace })) {
        const key = resourceKey({ ...resource, ...name })
        if (followed.has(key)) continue
        followed.add(key)
        const found = head.applied.get(key)
        if (found === undefined) this.#find(name)
        else if (deep) follow(found, name.namespace)
      }
    }
    follow(object.head.manifest, resource.namespace)
  }

  /** What belongs to a database that changed: who refers to it, its operator, its backup stores. */
  #findDatabases({ namespace, name }: Resource): void {
    this.#ask(
      'databases',
      text => text.includes('cnpg.io') || isOperatorText(text),
      paths => {
        if (paths.size > FEW_FILES)
          return this.#ask(
            `database ${namespace}/${name}`,
            text => text.includes('cnpg.io') && mentions(text, name),
            found => {
              for (const path of found) this.#focus.addFile(path, namespace)
            },
          )
        for (const path of paths) {
          this.#focus.addFile(path)
          this.#providers.add(path)
        }
      },
    )
  }

  /** What lives in a namespace with databases: they, and the network policies that add up there. */
  #findNeighbours(namespace: string): void {
    this.#ask(
      `neighbours in ${namespace}`,
      text => text.includes('postgresql.cnpg.io') || text.includes('NetworkPolicy'),
      paths => {
        for (const path of paths) this.#focus.addFile(path, namespace === '' ? undefined : namespace)
      },
    )
    this.#ask(
      'policies of the whole cluster',
      text => text.includes('ClusterwideNetworkPolicy'),
      paths => {
        for (const path of paths) this.#focus.addFile(path)
      },
    )
  }

  /** What installs the definition of a custom resource: its own file, or a chart that is named after its project. */
  #findProvider(group: string): void {
    this.#ask(
      `definitions ${group}`,
      text => text.includes('CustomResourceDefinition') && mentions(text, group),
      paths => {
        for (const path of paths) this.#focus.addFile(path)
      },
    )
    const project = this.#tools.projectOf?.(group)
    if (project === undefined) return
    this.#ask(`charts of ${project}`, isChartOf(project), paths => {
      if (paths.size > FEW_FILES) return
      for (const path of paths) {
        this.#focus.addFile(path)
        this.#providers.add(path)
      }
    })
  }

  #ask(key: string, test: TextTest, found: (paths: Set<string>) => void): void {
    if (this.#searched.has(key)) return
    this.#searches.set(key, { test, found })
  }

  async #search(): Promise<void> {
    while (this.#searches.size > 0) {
      const searches = [...this.#searches]
      this.#searches.clear()
      for (const [key] of searches) this.#searched.add(key)
      const found = await this.#texts.searchAll(searches.map(([, { test }]) => test))
      for (const [index, [, search]] of searches.entries()) search.found(found[index] ?? new Set())
    }
  }
}

/** What a generator hashes is known by the name before it. */
function unhashed(name: string): string {
  return name.replace(/-[0-9a-z]{10}$/, '')
}

function pairsOf(walked: Both<readonly NamedCluster[]>): ClusterPair[] {
  const directories = new Set([...walked.base, ...walked.head].map(({ directory }) => directory))
  return [...directories].map(directory => {
    const of = (side: Side) => walked[side].find(cluster => cluster.directory === directory)?.walked
    const [base, head] = [of('base'), of('head')]
    return {
      directory,
      ...(base === undefined ? {} : { base }),
      ...(head === undefined ? {} : { head }),
    }
  })
}

function keysOf(...maps: (ReadonlyMap<string, unknown> | undefined)[]): Set<string> {
  return new Set(maps.flatMap(map => [...(map?.keys() ?? [])]))
}

/** What the HelmReleases of a cluster are made from, by their keys. */
function plansOf(walked: WalkedCluster | undefined): Map<string, string> {
  if (walked === undefined) return new Map()
  return new Map(
    releaseObjects(walked).map(object => [
      resourceKey(object.resource),
      // where it is written is no part of it
      JSON.stringify([
        planRelease({ manifest: object.manifest, resource: object.resource }, walked),
        object.manifest,
      ]),
    ]),
  )
}

function inputsOf(walked: WalkedCluster | undefined): Map<string, string> {
  return new Map(
    walked?.kustomizations.map(unit => [`${unit.namespace}/${unit.name}`, unit.status + unit.inputs]),
  )
}

/** The objects of Kustomizations that differ. */
function changedObjects({ base, head }: ClusterPair): ChangedObject[] {
  const before = inputsOf(base)
  const after = inputsOf(head)
  const objects = (walked: WalkedCluster | undefined) =>
    new Map(
      walked?.kustomizations
        .filter(({ namespace, name }) => {
          const key = `${namespace}/${name}`
          return before.get(key) !== after.get(key)
        })
        .flatMap(unit => unit.objects)
        .map(object => [resourceKey(object.resource), object]),
    )
  const [left, right] = [objects(base), objects(head)]
  return [...keysOf(left, right)].flatMap((key): ChangedObject[] => {
    const [old, now] = [left.get(key), right.get(key)]
    const resource = (now ?? old)?.resource
    if (resource === undefined) return []
    if (old !== undefined && now !== undefined && canonicalJson(old.manifest) === canonicalJson(now.manifest))
      return []
    return [
      {
        resource,
        ...(old === undefined ? {} : { base: old }),
        ...(now === undefined ? {} : { head: now }),
      },
    ]
  })
}

/** A dependency without a namespace is in that of who waits (kustomize-controller checkDependencies). */
function dependenciesOf(manifest: Manifest, { kind, namespace }: Resource): ObjectName[] {
  const list = valueAt(manifest, 'spec', 'dependsOn')
  return (Array.isArray(list) ? list : []).flatMap(entry => {
    const name = isObject(entry) ? textAt(entry, 'name') : undefined
    return name === undefined ? [] : [{ kind, namespace: textAt(entry, 'namespace') ?? namespace, name }]
  })
}

/** A chart in the tree itself: its files are no part of the plan. */
function changedChart(object: RenderedObject, walked: WalkedCluster | undefined, focus: Focus): boolean {
  const planned = walked && planRelease(object, walked)
  if (planned?.ok !== true || planned.plan.chart.kind !== 'tree') return false
  return focus.hasChanged(planned.plan.chart.path)
}

/** Kinds whose schemas come with Kubernetes or Flux, whose versions the configuration says. */
function isCustom(group: string): boolean {
  return group.includes('.') && !group.endsWith('.k8s.io') && !group.endsWith('toolkit.fluxcd.io')
}

function isOperator({ resource, base, head }: ChangedObject): boolean {
  if (!['HelmRelease', 'HelmRepository', 'OCIRepository', 'Deployment'].includes(resource.kind)) return false
  return [base, head].some(object => isOperatorText(Buffer.from(canonicalJson(object?.manifest ?? null))))
}

/** The chart of the operator, or its image; a HelmRelease that takes its chart from a source is told by what it calls that. */
function isOperatorText(text: Buffer): boolean {
  if (!/cloudnative-?pg|cnpg/.test(text.toString('latin1'))) return false
  const written = text.toString('utf8')
  return (
    /chart["']?\s*:\s*["']?cloudnative-pg\b|\/cloudnative-pg(?:-testing)?(?![\w/-])/.test(written) ||
    (written.includes('HelmRelease') && /chartRef\b/.test(written))
  )
}
