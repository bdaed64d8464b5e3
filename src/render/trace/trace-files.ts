import { traceYaml, type Mechanism, type Traced } from '../../manifest/traced.ts'
import type { Tree } from '../../manifest/tree.ts'
import type { RenderCache } from '../render-cache.ts'
import type { Artifact } from '../source-ignore.ts'

/** The files of a tree as traced documents, each read once. */
export class TraceFiles {
  readonly artifact: Artifact
  readonly #tree: Tree
  readonly #cache: RenderCache
  readonly #documents = new Map<string, Promise<Traced[]>>()

  constructor(tree: Tree, artifact: Artifact, cache: RenderCache) {
    this.#tree = tree
    this.artifact = artifact
    this.#cache = cache
  }

  has(path: string): boolean {
    return this.artifact.files.has(path)
  }

  async text(path: string): Promise<string | undefined> {
    const id = this.artifact.files.get(path)
    return id === undefined ? undefined : await this.#cache.text(this.#tree, path, id)
  }

  /** The documents of a file; none where there is no such file or it is no YAML. */
  async documents(path: string, mechanism: Mechanism): Promise<Traced[]> {
    const key = `${mechanism} ${path}`
    const known = this.#documents.get(key)
    if (known !== undefined) return await known
    const read = this.text(path).then(text =>
      text === undefined ? [] : traceYaml(text, { file: path, mechanism }),
    )
    this.#documents.set(key, read)
    return await read
  }
}
