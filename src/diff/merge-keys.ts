import { isObject, type Json, type JsonObject } from '../manifest/json.ts'

/** How the items of a list are told apart: by the values of these fields, as a set, or by position only. */
export type ListIdentity = readonly string[] | 'set' | 'atomic'

// x-kubernetes-list-map-keys / patchMergeKey of the built-in types (kubernetes/api core/v1/types.go), and what CNPG and Flux declare.
const BUILT_IN: Record<string, readonly (readonly string[])[]> = {
  ports: [['containerPort', 'protocol'], ['port', 'protocol'], ['containerPort'], ['port'], ['name']],
  volumeMounts: [['mountPath']],
  volumeDevices: [['devicePath']],
  hostAliases: [['ip']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  conditions: [['type']],
  subjects: [
    ['kind', 'namespace', 'name'],
    ['kind', 'name'],
  ],
  dependsOn: [['namespace', 'name'], ['name']],
  substituteFrom: [['kind', 'name']],
  valuesFrom: [
    ['kind', 'name', 'valuesKey'],
    ['kind', 'name'],
  ],
  images: [['name']],
}
// What names an item in most other lists (dyff's order, too).
const USUAL: readonly (readonly string[])[] = [['name'], ['key'], ['id'], ['secretKey'], ['uid']]

/**
 * Finds the fields that tell the items of two versions of a list apart.
 * @param field the name of the field that holds the list
 * @param declared what a schema says about the list
 * @returns the fields, of which every item on both sides has a different combination; `undefined` where there are none
 */
export function mergeKeysOf(
  field: string,
  declared: ListIdentity | undefined,
  base: readonly Json[],
  head: readonly Json[],
): readonly string[] | undefined {
  if (declared === 'set' || declared === 'atomic') return undefined
  const candidates = declared === undefined ? [...(BUILT_IN[field] ?? []), ...USUAL] : [declared]
  // a declared key may be left to its default (protocol: TCP) on every item: only fields that some item has count
  return candidates.find(keys => isUnique(base, keys) && isUnique(head, keys))
}

/** The combination of key values of an item, as reports print it: 'app', '8080/TCP'. */
export function keyOf(item: JsonObject, keys: readonly string[]): string {
  return keys
    .map(key => scalarText(item[key]))
    .filter(text => text !== '')
    .join('/')
}

function isUnique(items: readonly Json[], keys: readonly string[]): boolean {
  const seen = new Set<string>()
  for (const item of items) {
    if (!isObject(item)) return false
    const first = item[keys[0] ?? '']
    if (typeof first !== 'string' && typeof first !== 'number') return false
    const key = keyOf(item, keys)
    if (seen.has(key)) return false
    seen.add(key)
  }
  return true
}

function scalarText(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}
