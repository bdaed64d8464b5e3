import type { Spot, Traced, TracedMap, TracedScalar } from '../../manifest/traced.ts'

/** An object on its way up, with the names it had: patches find it by any of them. */
export interface TracedObject {
  node: TracedMap
  /** as it was written, then as each level has changed it */
  names: readonly string[]
  namespaces: readonly string[]
}

/** The same value, as something that a transformer sets. */
export function transformed(node: TracedScalar): TracedScalar {
  return node.spot === undefined ? node : { ...node, spot: { ...node.spot, mechanism: 'transformer' } }
}

/**
 * The map with a scalar set.
 * @param create make the maps on the way where there are none
 */
export function setIn(
  node: TracedMap,
  path: readonly string[],
  value: TracedScalar,
  create = true,
): TracedMap {
  const [step, ...rest] = path
  if (step === undefined) return node
  const before = node.entries.get(step)
  if (rest.length === 0) return withEntry(node, step, value, value.spot)
  if (before?.node.kind !== 'map' && !create) return node
  const inner: TracedMap = before?.node.kind === 'map' ? before.node : { kind: 'map', entries: new Map() }
  return withEntry(node, step, setIn(inner, rest, value, create), before?.key ?? value.spot)
}

export function withEntry(node: TracedMap, name: string, child: Traced, key: Spot | undefined): TracedMap {
  return { ...node, entries: new Map(node.entries).set(name, { key, node: child }) }
}
