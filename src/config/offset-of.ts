import { isMap, isScalar, type Document } from 'yaml'
import type { Path } from './schema-problems.ts'

/** Where a person looks for it: the key of a map's entry, the item of a list; else what holds it. */
export function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const last = path[length - 1]
    const holder = document.getIn(path.slice(0, length - 1), true)
    if (isMap(holder)) {
      const pair = holder.items.find(item => isScalar(item.key) && String(item.key.value) === last)
      if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0]
    }
    const node = document.getIn(path.slice(0, length), true)
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      const start: unknown = node.range[0]
      if (typeof start === 'number') return start
    }
  }
  return document.contents?.range[0] ?? 0
}
