import {
  childAt,
  copyOf,
  textIn,
  type Spot,
  type Traced,
  type TracedList,
  type TracedMap,
} from '../../manifest/traced.ts'

/**
 * A JSON 6902 patch on an object, with places (github.com/evanphx/json-patch v4, as kustomize uses it). An operation that
 * does not fit is passed over: kustomize has refused it before.
 * @returns a changed copy
 */
export function jsonPatch(target: TracedMap, operations: TracedList): TracedMap {
  const root = copyOf(target)
  for (const operation of operations.items) apply(root, operation)
  return root.kind === 'map' ? root : target
}

function apply(root: Traced, operation: Traced): void {
  const path = pointer(textIn(operation, 'path'))
  const op = textIn(operation, 'op')
  const last = path.at(-1)
  if (last === undefined) return
  const parent = childAt(root, ...path.slice(0, -1))
  if (op === 'add' || op === 'replace') {
    const entry = operation.kind === 'map' ? operation.entries.get('value') : undefined
    if (entry !== undefined) put(parent, last, copyOf(entry.node), entry.key, op === 'add')
  } else if (op === 'remove') take(parent, last)
  else if (op === 'move' || op === 'copy') {
    const from = pointer(textIn(operation, 'from'))
    const key = from.at(-1)
    const source = childAt(root, ...from)
    if (source === undefined || key === undefined) return
    const copy = copyOf(source)
    if (op === 'move') take(childAt(root, ...from.slice(0, -1)), key)
    put(childAt(root, ...path.slice(0, -1)), last, copy, source.spot, true)
  }
}

function pointer(text: string | undefined): string[] {
  return (text ?? '')
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function put(
  parent: Traced | undefined,
  step: string,
  node: Traced,
  key: Spot | undefined,
  insert: boolean,
): void {
  if (parent?.kind === 'map') parent.entries.set(step, { key, node })
  if (parent?.kind !== 'list') return
  const index = step === '-' ? parent.items.length : Number(step)
  parent.items.splice(index < 0 ? parent.items.length + index : index, insert ? 0 : 1, node)
}

function take(parent: Traced | undefined, step: string): void {
  if (parent?.kind === 'map') parent.entries.delete(step)
  else if (parent?.kind === 'list') parent.items.splice(Number(step), 1)
}
