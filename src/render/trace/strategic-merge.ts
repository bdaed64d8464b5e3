import {
  copyOf,
  textIn,
  valueOf,
  type Traced,
  type TracedList,
  type TracedMap,
} from '../../manifest/traced.ts'

/**
 * Lists of built-in kinds that kustomize merges by key: field name → key (x-kubernetes-patch-merge-key of the Kubernetes
 * OpenAPI document that kyaml v0.21.2 embeds). Lists of custom resources are replaced whole.
 */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
  ports: ['containerPort', 'port', 'protocol'],
  resourceClaims: ['name'],
  schedulingGates: ['name'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  webhooks: ['name'],
}
/** Lists of texts that are merged, not replaced. */
const SETS = new Set(['finalizers'])

/** Groups whose schemas kyaml knows. */
const BUILT_IN =
  /^(v1$|apps\/|batch\/|autoscaling\/|policy\/|networking\.k8s\.io\/|rbac\.authorization\.k8s\.io\/|storage\.k8s\.io\/|admissionregistration\.k8s\.io\/|apiextensions\.k8s\.io\/|apiregistration\.k8s\.io\/|scheduling\.k8s\.io\/|coordination\.k8s\.io\/|discovery\.k8s\.io\/|node\.k8s\.io\/|certificates\.k8s\.io\/|events\.k8s\.io\/|flowcontrol\.apiserver\.k8s\.io\/|resource\.k8s\.io\/|extensions\/)/

/**
 * A strategic merge patch on an object, with places (kyaml v0.21.2 yaml/merge2, with new list items put in front as
 * kustomize does).
 * @returns undefined where the patch deletes the object
 */
export function strategicMerge(target: TracedMap, patch: TracedMap): TracedMap | undefined {
  const builtIn = BUILT_IN.test(textIn(target, 'apiVersion') ?? '')
  const merged = merge(target, patch, '', builtIn)
  return merged?.kind === 'map' ? merged : undefined
}

function merge(
  target: Traced | undefined,
  patch: Traced,
  field: string,
  builtIn: boolean,
): Traced | undefined {
  if (patch.kind === 'scalar') return patch.value === null ? undefined : patch
  if (patch.kind === 'list') return mergeList(target, patch, field, builtIn)
  const directive = textIn(patch, '$patch')
  if (directive === 'delete') return undefined
  if (target?.kind !== 'map' || directive === 'replace') return cleaned(patch)
  const entries: TracedMap['entries'] = new Map(target.entries)
  for (const [name, { key, node }] of patch.entries) {
    if (name.startsWith('$')) continue
    const before = entries.get(name)
    const child = merge(before?.node, node, name, builtIn)
    if (child === undefined) entries.delete(name)
    else {
      const kept = before !== undefined && child.kind !== 'scalar' && child.kind === before.node.kind
      entries.set(name, { key: kept ? before.key : key, node: child })
    }
  }
  return { ...target, entries }
}

/** A list of a built-in kind item by item, any other as a whole. */
function mergeList(
  target: Traced | undefined,
  patch: TracedList,
  field: string,
  builtIn: boolean,
): Traced | undefined {
  const directive = patch.items.map(item => textIn(item, '$patch')).find(found => found === 'replace')
  if (target?.kind !== 'list' || directive === 'replace')
    return {
      ...patch,
      items: patch.items.filter(item => textIn(item, '$patch') === undefined).map(cleaned),
    }
  if (builtIn && SETS.has(field)) {
    const known = new Set(patch.items.map(item => JSON.stringify(valueOf(item))))
    return {
      ...target,
      items: [...patch.items, ...target.items.filter(item => !known.has(JSON.stringify(valueOf(item))))],
    }
  }
  const keys = builtIn ? MERGE_KEYS[field] : undefined
  if (keys === undefined) return { ...patch, items: patch.items.map(cleaned) }
  const rest = [...target.items]
  const front: Traced[] = []
  for (const item of patch.items) {
    const index = rest.findIndex(candidate => sameKeys(candidate, item, keys))
    const merged = merge(index === -1 ? undefined : rest[index], item, '', builtIn)
    if (index !== -1) rest.splice(index, 1)
    if (merged !== undefined) front.push(merged)
  }
  return { ...target, items: [...front, ...rest] }
}

/** Keys that only one of the two has do not tell them apart. */
function sameKeys(a: Traced, b: Traced, keys: readonly string[]): boolean {
  const shared = keys.flatMap(key => {
    const left = childValue(a, key)
    const right = childValue(b, key)
    return left === undefined || right === undefined ? [] : [left === right]
  })
  return shared.length > 0 && shared.every(Boolean)
}

function childValue(node: Traced, key: string): string | undefined {
  const child = node.kind === 'map' ? node.entries.get(key)?.node : undefined
  return child?.kind === 'scalar' ? String(child.value) : undefined
}

/** What a patch adds as a whole: without its nulls and directives. */
function cleaned(node: Traced): Traced {
  if (node.kind === 'scalar') return node
  if (node.kind === 'list') return { ...node, items: node.items.map(cleaned) }
  const copy = copyOf(node)
  if (copy.kind !== 'map') return copy
  for (const [name, entry] of copy.entries) {
    if (name.startsWith('$') || (entry.node.kind === 'scalar' && entry.node.value === null))
      copy.entries.delete(name)
    else copy.entries.set(name, { ...entry, node: cleaned(entry.node) })
  }
  return copy
}
