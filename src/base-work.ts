import { keptTree } from './manifest/overlay-tree.ts'
import type { Tree } from './manifest/tree.ts'
import type { RenderedRepository } from './rendered-repository.ts'
import type { Validation } from './validate-tree.ts'

/**
 * What the reviews of several changes of one base do once: reading its files, rendering it as a whole, judging that. Builds are shared by
 * the render cache of the tools anyway.
 */
export class BaseWork {
  /** the base, each file of it read once */
  readonly tree: Tree
  #rendered: Promise<RenderedRepository> | undefined
  readonly #validated = new Map<string, Promise<Validation>>()

  constructor(tree: Tree) {
    this.tree = keptTree(tree)
  }

  /** The base, rendered as a whole. */
  async rendered(make: () => Promise<RenderedRepository>): Promise<RenderedRepository> {
    return await (this.#rendered ??= make())
  }

  /** The judgement of the base as a whole; a change may give its clusters other names. */
  async validated(base: RenderedRepository, make: () => Promise<Validation>): Promise<Validation> {
    const key = JSON.stringify([...base.roots])
    const known = this.#validated.get(key) ?? make()
    this.#validated.set(key, known)
    return await known
  }
}
