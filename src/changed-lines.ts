import type { Origin } from './locate.ts'
import type { Place } from './manifest/place.ts'
import type { Tree } from './manifest/tree.ts'

/** Which lines of a tree are not in another: GitHub shows an annotation in the diff only on those. */
export class ChangedLines {
  readonly #head: Tree
  readonly #base: Tree
  readonly #known = new Map<string, Promise<ReadonlySet<number>>>()

  constructor(head: Tree, base: Tree) {
    this.#head = head
    this.#base = base
  }

  /** Whether the file has no such line in the base: a line that only moved has not changed. */
  async has({ file, line }: Place): Promise<boolean> {
    if (this.#head === this.#base) return false
    const known = this.#known.get(file) ?? this.#changedIn(file)
    this.#known.set(file, known)
    return (await known).has(line)
  }

  /**
   * Where to point for a field: at its own line, unless that stood there before and what gives it its value changed: a
   * variable's definition, or the anchor behind an alias.
   */
  async culprit(origin: Origin): Promise<Place> {
    const { file, line, value, variables } = origin
    const own = { file, line }
    if (await this.has(own)) return own
    const causes = [value, ...variables].flatMap(cause =>
      cause?.file === undefined || cause.line === undefined ? [] : [{ file: cause.file, line: cause.line }],
    )
    for (const cause of causes) if (await this.has(cause)) return cause
    return own
  }

  async #changedIn(file: string): Promise<ReadonlySet<number>> {
    const [head, base] = [await this.#head.files(), await this.#base.files()]
    if (head.get(file) === base.get(file)) return new Set()
    const before = new Map<string, number>()
    if (base.has(file))
      for (const text of await linesOf(this.#base, file)) before.set(text, (before.get(text) ?? 0) + 1)
    const changed = new Set<number>()
    for (const [index, text] of (head.has(file) ? await linesOf(this.#head, file) : []).entries()) {
      const left = before.get(text) ?? 0
      if (left === 0) changed.add(index + 1)
      else before.set(text, left - 1)
    }
    return changed
  }
}

async function linesOf(tree: Tree, file: string): Promise<string[]> {
  return new TextDecoder().decode(await tree.read(file)).split('\n')
}
