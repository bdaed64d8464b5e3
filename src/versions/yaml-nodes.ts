import { isAlias, isMap, isNode, isScalar, isSeq, visit, type Document, type Node, type Scalar } from 'yaml'
import type { Pointer } from './reference.ts'

/** A node of a document and the way to it; aliases are followed. */
export interface Found {
  node: Node
  pointer: Pointer
  /** the alias that stands in the file in place of `node` */
  alias?: Node
}

/** Reads documents of one file: values by pointer, with the nodes that hold them. */
export class NodeReader {
  readonly #document: Document.Parsed

  constructor(document: Document.Parsed) {
    this.#document = document
  }

  get root(): Found | undefined {
    const { contents } = this.#document
    return isNode(contents) ? this.#follow(contents, []) : undefined
  }

  /** The fields of a map in order; of anything else none. Merged maps (`<<`) stand elsewhere and are read there. */
  fields(found: Found | undefined): [name: string, value: Found][] {
    if (found === undefined || !isMap(found.node)) return []
    return found.node.items.flatMap(({ key, value }): [string, Found][] => {
      const name = isScalar(key) ? scalarText(key) : undefined
      if (name === undefined || name === '<<' || !isNode(value)) return []
      return [[name, this.#follow(value, [...found.pointer, name])]]
    })
  }

  items(found: Found | undefined): Found[] {
    if (found === undefined || !isSeq(found.node)) return []
    return found.node.items.flatMap((item, at) =>
      isNode(item) ? [this.#follow(item, [...found.pointer, at])] : [],
    )
  }

  at(found: Found | undefined, ...path: (string | number)[]): Found | undefined {
    let here = found
    for (const step of path)
      here =
        typeof step === 'number'
          ? this.items(here)[step]
          : this.fields(here).find(([name]) => name === step)?.[1]
    return here
  }

  text(found: Found | undefined, ...path: (string | number)[]): string | undefined {
    const node = this.at(found, ...path)?.node
    return isScalar(node) ? scalarText(node) : undefined
  }

  /** The pointers of all aliases of an anchor. */
  aliasesOf(anchor: string): Pointer[] {
    const pointers: Pointer[] = []
    visit(this.#document, {
      Alias: (_key, alias, path) => {
        if (alias.source !== anchor) return
        const steps = path.flatMap((step, at): (string | number)[] => {
          const next = path[at + 1] ?? alias
          if (isSeq(step)) return [step.items.indexOf(next)]
          if (isMap(step)) {
            const pair = step.items.find(item => item === next)
            return isScalar(pair?.key) ? [scalarText(pair.key) ?? ''] : []
          }
          return []
        })
        pointers.push(steps)
      },
    })
    return pointers
  }

  #follow(node: Node, pointer: Pointer): Found {
    if (!isAlias(node)) return { node, pointer }
    const target = node.resolve(this.#document)
    return target === undefined ? { node, pointer } : { node: target, pointer, alias: node }
  }
}

/** The text of a scalar; null and empty read as ''. */
export function scalarText(node: Scalar): string | undefined {
  if (typeof node.value === 'string') return node.value
  return node.value === null ? '' : node.source
}

/** `spec.images[0].image`, as reports name a field. */
export function pointerText(pointer: Pointer): string {
  return pointer
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('')
}
