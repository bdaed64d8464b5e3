import { changedFiles, type Tree } from '../../manifest/tree.ts'
import { factsOf, type BlobFacts } from './blob-facts.ts'
import { isKustomizationName } from './file-graph.ts'
import type { TextTest } from './mentions.ts'

interface Blob {
  tree: Tree
  /** one of its paths */
  path: string
  kustomization: boolean
}

// Texts that are kept between two searches; what is beyond is read again each time, so that memory does not grow with the tree.
const KEPT_BYTES = 24 * 1024 * 1024
/** How many files are asked for at once. */
const BATCH = 512

/** The YAML files of two trees, each content once, to be looked through as text. */
export class BlobTexts {
  readonly #trees: readonly Tree[]
  readonly #kept = new Map<string, Uint8Array>()
  #size = 0
  readonly #byTree = new Map<Tree, Map<string, BlobFacts>>()
  readonly #known: Map<string, BlobFacts>
  #facts: Promise<Map<string, BlobFacts>> | undefined
  #blobs: Promise<Map<string, Blob>> | undefined

  /** @param known facts by content, shared with those who look at other trees */
  constructor(trees: readonly Tree[], known = new Map<string, BlobFacts>()) {
    this.#trees = trees
    this.#known = known
  }

  /** Every file → the facts of its versions, one where it is the same on both sides. */
  async facts(): Promise<Map<string, BlobFacts[]>> {
    const [first, ...others] = this.#trees
    if (first === undefined) return new Map()
    // most contents tell nothing, and all of those share one list
    const lists = new Map<BlobFacts, BlobFacts[]>()
    const found = new Map<string, BlobFacts[]>()
    for (const [path, facts] of await this.factsOf(first)) {
      let list = lists.get(facts)
      if (list === undefined) lists.set(facts, (list = [facts]))
      found.set(path, list)
    }
    for (const tree of others) {
      const ofTree = await this.factsOf(tree)
      for (const path of changedFiles(await first.files(), await tree.files()).keys()) {
        const facts = ofTree.get(path)
        const known = found.get(path) ?? []
        if (facts !== undefined && !known.includes(facts)) found.set(path, [...known, facts])
      }
    }
    return found
  }

  /** Every file of one of the trees that may hold manifests → its facts. */
  async factsOf(tree: Tree): Promise<ReadonlyMap<string, BlobFacts>> {
    const known = this.#byTree.get(tree)
    if (known !== undefined) return known
    const byId = await (this.#facts ??= this.#readFacts())
    const files = await tree.files()
    const [like] = this.#byTree
    const found = new Map(like?.[1])
    const paths = like === undefined ? files.keys() : changedFiles(await like[0].files(), files).keys()
    for (const path of paths) {
      const id = files.get(path)
      const facts = id === undefined ? undefined : byId.get(keyOf(path, id))
      if (facts === undefined) found.delete(path)
      else found.set(path, facts)
    }
    this.#byTree.set(tree, found)
    return found
  }

  async #readFacts(): Promise<Map<string, BlobFacts>> {
    await this.#each(
      ({ kustomization }, id, bytes) => {
        this.#known.set(id, factsOf(bytes, kustomization))
      },
      id => !this.#known.has(id),
    )
    return this.#known
  }

  /** For each test the paths, in either tree, of the files whose text passes it; the texts are gone through once. */
  async searchAll(tests: readonly TextTest[]): Promise<Set<string>[]> {
    const passed = new Map<string, number[]>()
    await this.#each((_blob, id, bytes) => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const hits = [...tests.keys()].filter(index => tests[index]?.(text) === true)
      if (hits.length > 0) passed.set(id, hits)
    })
    const found = tests.map(() => new Set<string>())
    if (passed.size === 0) return found
    for (const tree of this.#trees)
      for (const [path, id] of await tree.files())
        for (const index of passed.get(keyOf(path, id)) ?? []) found[index]?.add(path)
    return found
  }

  async #each(
    look: (blob: Blob, id: string, bytes: Uint8Array) => void,
    isWanted: (id: string) => boolean = () => true,
  ): Promise<void> {
    const blobs = [...(await (this.#blobs ??= this.#list()))].filter(([id]) => isWanted(id))
    for (let start = 0; start < blobs.length; start += BATCH)
      await Promise.all(
        blobs.slice(start, start + BATCH).map(async ([id, blob]) => {
          const bytes = this.#kept.get(id) ?? (await this.#read(id, blob))
          look(blob, id, bytes)
        }),
      )
  }

  async #read(id: string, { tree, path }: Blob): Promise<Uint8Array> {
    const bytes = await tree.read(path)
    if (this.#size + bytes.byteLength <= KEPT_BYTES) {
      this.#kept.set(id, bytes)
      this.#size += bytes.byteLength
    }
    return bytes
  }

  async #list(): Promise<Map<string, Blob>> {
    const blobs = new Map<string, Blob>()
    const [first] = this.#trees
    for (const tree of this.#trees) {
      const files = await tree.files()
      const paths =
        tree === first || first === undefined ? files.keys() : changedFiles(await first.files(), files).keys()
      for (const path of paths) {
        const id = files.get(path)
        if (id === undefined) continue
        const kustomization = isKustomizationName(path)
        if (!kustomization && !mayHoldManifests(path)) continue
        const key = keyOf(path, id)
        if (!blobs.has(key)) blobs.set(key, { tree, path, kustomization })
      }
    }
    return blobs
  }
}

/** kustomize takes any file as a resource; nobody gives one another ending. */
function mayHoldManifests(path: string): boolean {
  return /\.(?:ya?ml|json)$|(?:^|\/)[^./]+$/i.test(path)
}

/** A content is read otherwise as a kustomization. */
function keyOf(path: string, id: string): string {
  return isKustomizationName(path) ? `kustomization ${id}` : id
}
