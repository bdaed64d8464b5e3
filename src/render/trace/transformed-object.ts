import {
  childAt,
  copyOf,
  entriesIn,
  itemsIn,
  placingIn,
  textIn,
  traceYaml,
  type Spot,
  type Traced,
  type TracedList,
  type TracedMap,
  type TracedScalar,
} from '../../manifest/traced.ts'
import { groupOf } from '../../manifest/resource.ts'
import { generatorsOf, generatedObject } from './generated-object.ts'
import { setImages } from './images.ts'
import { jsonPatch } from './json-patch.ts'
import { addAnnotations, addLabels } from './labels.ts'
import { fileOf, type Level, type Step } from './level.ts'
import { replaceFields } from './replaced-fields.ts'
import { strategicMerge } from './strategic-merge.ts'
import type { TraceFiles } from './trace-files.ts'

/** An object on its way up, with the names it had: patches find it by any of them. */
export interface TracedObject {
  node: TracedMap
  /** as it was written, then as each level has changed it */
  names: readonly string[]
  namespaces: readonly string[]
}

export function asWritten(node: TracedMap): TracedObject {
  const copy = copyOf(node)
  return {
    node: copy.kind === 'map' ? copy : node,
    names: [textIn(node, 'metadata', 'name') ?? ''],
    namespaces: [textIn(node, 'metadata', 'namespace') ?? ''],
  }
}

/** What a step may look at. */
export interface Pass {
  files: TraceFiles
  /** finds what a replacement puts in; absent while such a source is itself on its way */
  replacement?: ReplacementSource
  /** of a component: the level that uses it, whose objects it sees */
  around?: Level
}

/** Finds the value of a replacement as it is on a level, before the replacements of that level. */
export type ReplacementSource = (
  source: Traced,
  level: Level,
  around: Level | undefined,
) => Promise<TracedScalar | undefined>

/**
 * What becomes of an object on one level (kustomize api v0.21, internal/target/kusttarget.go accumulateTarget): generators
 * that merge into it, components in order, then the level's own transformers.
 * @returns undefined where a patch deletes it, or something changes it that is not followed here
 */
export async function passStep(
  object: TracedObject,
  { level, component }: Step,
  pass: Pass,
): Promise<TracedObject | undefined> {
  let here: TracedObject | undefined = object
  if (component === undefined) here = await mergeGenerated(here, level, pass.files)
  for (const below of level.components.slice(component === undefined ? 0 : component + 1)) {
    if (here === undefined) return undefined
    here = await passStep(here, { level: below }, { ...pass, around: pass.around ?? level })
  }
  return here === undefined ? undefined : await transform(here, level, pass)
}

/** configMapGenerator and secretGenerator with `behavior: merge` or `replace`. */
async function mergeGenerated(object: TracedObject, level: Level, files: TraceFiles): Promise<TracedObject> {
  let node = object.node
  const kind = textIn(node, 'kind')
  for (const generator of generatorsOf(level)) {
    const made = generator.field === 'secretGenerator' ? 'Secret' : 'ConfigMap'
    if (generator.behavior === 'create' || kind !== made || !object.names.includes(generator.name)) continue
    const generated = await generatedObject(generator, level, files)
    const data = new Map(generator.behavior === 'merge' ? entriesIn(node, 'data') : [])
    for (const [key, entry] of entriesIn(generated, 'data')) data.set(key, entry)
    node = withEntry(node, 'data', { kind: 'map', entries: data }, undefined)
  }
  return { ...object, node }
}

/** The transformers of a level in kustomize's order (kusttarget_configplugin.go configureBuiltinTransformers). */
export async function transform(
  object: TracedObject,
  level: Level,
  pass: Pass,
): Promise<TracedObject | undefined> {
  const { files } = pass
  const fields = level.node
  let here: TracedObject | undefined = object
  for (const item of itemsIn(fields, 'patchesStrategicMerge'))
    here = await applyPatch(here, { text: item, target: undefined, level, files })
  here = await applyPatches(here, itemsIn(fields, 'patches'), level, files)
  if (here === undefined) return undefined
  here = setName(setNamespace(here, level), level)
  here = { ...here, node: addAnnotations(addLabels(here.node, fields), fields) }
  here = await applyPatches(here, itemsIn(fields, 'patchesJson6902'), level, files)
  if (here === undefined) return undefined
  here = { ...here, node: setImages(setReplicas(here, level), itemsIn(fields, 'images')) }
  here = await applyReplacements(here, level, pass)
  for (const plugin of level.plugins) {
    if (here === undefined || plugin === 'unknown') return undefined
    here = await transform(here, plugin, pass)
  }
  return here
}

async function applyPatches(
  object: TracedObject | undefined,
  patches: readonly Traced[],
  level: Level,
  files: TraceFiles,
): Promise<TracedObject | undefined> {
  let here = object
  for (const item of patches)
    here = await applyPatch(here, {
      text: childAt(item, 'patch'),
      path: textIn(item, 'path'),
      target: childAt(item, 'target'),
      level,
      files,
    })
  return here
}

/** `replacements:` (filters/replacement/replacement.go). */
async function applyReplacements(object: TracedObject, level: Level, pass: Pass): Promise<TracedObject> {
  const { files, replacement, around } = pass
  if (replacement === undefined) return object
  let { node } = object
  for (const item of await replacementsOf(level, files))
    for (const target of itemsIn(item, 'targets')) {
      const select = childAt(target, 'select')
      if (select === undefined || !matches({ ...object, node }, select)) continue
      if (itemsIn(target, 'reject').some(reject => matches({ ...object, node }, reject))) continue
      const given = childAt(item, 'sourceValue')
      const source = childAt(item, 'source')
      const value =
        given?.kind === 'scalar'
          ? given
          : source === undefined
            ? undefined
            : await replacement(source, level, around)
      node = replaceFields(node, target, value === undefined ? undefined : transformed(value))
    }
  return { ...object, node }
}

async function replacementsOf(level: Level, files: TraceFiles): Promise<Traced[]> {
  const items: Traced[] = []
  for (const item of itemsIn(level.node, 'replacements')) {
    const path = textIn(item, 'path')
    if (path === undefined) items.push(item)
    else
      for (const document of await files.documents(fileOf(level, path), 'transformer'))
        items.push(...(document.kind === 'list' ? document.items : [document]))
  }
  return items
}

interface PatchRequest {
  /** a path or the patch itself */
  text: Traced | undefined
  path?: string | undefined
  target: Traced | undefined
  level: Level
  files: TraceFiles
}

async function applyPatch(
  object: TracedObject | undefined,
  { text, path, target, level, files }: PatchRequest,
): Promise<TracedObject | undefined> {
  if (object === undefined) return undefined
  const written = text?.kind === 'scalar' && typeof text.value === 'string' ? text : undefined
  const file =
    path ?? (written !== undefined && isPath(written, level, files) ? String(written.value) : undefined)
  const documents =
    file !== undefined
      ? await files.documents(fileOf(level, file), 'patch')
      : written?.spot === undefined
        ? []
        : embedded(written)
  if (target !== undefined && !matches(object, target)) return object
  let { node } = object
  for (const patch of documents) {
    if (patch.kind === 'list') {
      if (target === undefined) continue
      node = jsonPatch(node, patch)
    } else if (patch.kind === 'map') {
      if (target === undefined && !isNamed(object, patch)) continue
      const merged = strategicMerge(node, withoutIdentity(patch))
      if (merged === undefined) return undefined
      node = merged
    }
  }
  return { ...object, node }
}

/** The patch that stands in a field of a kustomization or of a Flux Kustomization. */
export function embedded(text: TracedScalar): Traced[] {
  if (text.spot === undefined || typeof text.value !== 'string') return []
  return traceYaml(text.value, { file: text.spot.file, mechanism: 'patch' }, placingIn(text))
}

function isPath({ value }: TracedScalar, level: Level, files: TraceFiles): boolean {
  return typeof value === 'string' && !value.includes('\n') && files.has(fileOf(level, value))
}

/** resource.ApplySmPatch keeps kind and names, unless the patch's options say otherwise; the apiVersion is the patch's. */
function withoutIdentity(patch: TracedMap): TracedMap {
  const entries = new Map(patch.entries)
  entries.delete('kind')
  const metadata = entries.get('metadata')
  if (metadata?.node.kind === 'map') {
    const inner = new Map(metadata.node.entries)
    inner.delete('name')
    inner.delete('namespace')
    entries.set('metadata', { ...metadata, node: { ...metadata.node, entries: inner } })
  }
  return { ...patch, entries }
}

/** resmap Select: by the names it was written with or has now, its kind as it is, labels and annotations as they are. */
export function matches(object: TracedObject, target: Traced): boolean {
  const { node, names, namespaces } = object
  const apiVersion = textIn(node, 'apiVersion') ?? ''
  const ends = <T>(list: readonly T[]) => [list[0], list.at(-1)]
  const isOne = (pattern: string | undefined, values: readonly (string | undefined)[]) =>
    pattern === undefined ||
    pattern === '' ||
    values.some(value => anchored(pattern)?.test(value ?? '') === true)
  return (
    isOne(textIn(target, 'name'), ends(names)) &&
    isOne(
      textIn(target, 'namespace'),
      ends(namespaces).map(name => name || 'default'),
    ) &&
    isOne(textIn(target, 'kind'), [textIn(node, 'kind')]) &&
    isOne(textIn(target, 'group'), [groupOf(apiVersion)]) &&
    isOne(textIn(target, 'version'), [apiVersion.split('/').at(-1)]) &&
    selects(textIn(target, 'labelSelector'), childAt(node, 'metadata', 'labels')) &&
    selects(textIn(target, 'annotationSelector'), childAt(node, 'metadata', 'annotations'))
  )
}

function anchored(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`)
  } catch {
    return undefined
  }
}

/** A label selector: `a=b, c!=d, e in (f, g), h, !i`. */
export function selects(selector: string | undefined, labels: Traced | undefined): boolean {
  if (selector === undefined || selector.trim() === '') return true
  const valueAt = (key: string): string | undefined => {
    const found = childAt(labels, key)
    return found?.kind === 'scalar' ? String(found.value) : undefined
  }
  const requirements = selector.match(/(?:[^,(]|\([^)]*\))+/g) ?? []
  return requirements.every(requirement => {
    const text = requirement.trim()
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text)
    if (set !== null) {
      const values = (set[3] ?? '').split(',').map(value => value.trim())
      const found = valueAt(set[1] ?? '')
      return set[2] === 'in'
        ? found !== undefined && values.includes(found)
        : found === undefined || !values.includes(found)
    }
    const pair = /^([^!=\s]+)\s*(==|=|!=)\s*(.*)$/.exec(text)
    if (pair !== null) return (valueAt(pair[1] ?? '') === pair[3]) !== (pair[2] === '!=')
    return text.startsWith('!') ? valueAt(text.slice(1).trim()) === undefined : valueAt(text) !== undefined
  })
}

/** A patch without target names its object; its namespace counts as written, none is the default one. */
function isNamed({ node, names, namespaces }: TracedObject, patch: TracedMap): boolean {
  const namespace = textIn(patch, 'metadata', 'namespace') ?? ''
  return (
    textIn(patch, 'kind') === textIn(node, 'kind') &&
    groupOf(textIn(patch, 'apiVersion') ?? '') === groupOf(textIn(node, 'apiVersion') ?? '') &&
    names.includes(textIn(patch, 'metadata', 'name') ?? '') &&
    namespaces.some(known => (known || 'default') === (namespace || 'default'))
  )
}

// Kinds of Kubernetes without a namespace (kyaml v0.21 openapi, IsNamespaceScoped).
const CLUSTER_SCOPED = new Set(
  (
    'Namespace Node PersistentVolume ClusterRole ClusterRoleBinding CustomResourceDefinition StorageClass CSIDriver CSINode ' +
    'VolumeAttachment IngressClass PriorityClass RuntimeClass MutatingWebhookConfiguration ValidatingWebhookConfiguration ' +
    'ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding ' +
    'APIService CertificateSigningRequest FlowSchema PriorityLevelConfiguration StorageVersion ClusterTrustBundle ' +
    'IPAddress ServiceCIDR DeviceClass ResourceSlice VolumeAttributesClass ComponentStatus'
  ).split(' '),
)

/** `namespace:` (filters/namespace/namespace.go). */
function setNamespace(object: TracedObject, level: Level): TracedObject {
  const asked = childAt(level.node, 'namespace')
  if (asked?.kind !== 'scalar' || typeof asked.value !== 'string' || asked.value === '') return object
  const kind = textIn(object.node, 'kind') ?? ''
  let { node } = object
  if (kind === 'Namespace' && textIn(node, 'apiVersion') === 'v1')
    node = setIn(node, ['metadata', 'name'], transformed(asked))
  if (kind === 'APIService') node = setIn(node, ['spec', 'service', 'namespace'], transformed(asked), false)
  if (kind === 'CustomResourceDefinition')
    node = setIn(
      node,
      ['spec', 'conversion', 'webhook', 'clientConfig', 'service', 'namespace'],
      transformed(asked),
      false,
    )
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') node = setSubjects(node, asked)
  if (CLUSTER_SCOPED.has(kind)) return { ...object, node }
  node = setIn(node, ['metadata', 'namespace'], transformed(asked))
  return { ...object, node, namespaces: [...object.namespaces, asked.value] }
}

function setSubjects(node: TracedMap, asked: TracedScalar): TracedMap {
  const subjects = childAt(node, 'subjects')
  if (subjects?.kind !== 'list') return node
  const items = subjects.items.map(item =>
    item.kind === 'map' && textIn(item, 'name') === 'default'
      ? setIn(item, ['namespace'], transformed(asked))
      : item,
  )
  return withEntry(node, 'subjects', { ...subjects, items }, node.entries.get('subjects')?.key)
}

/** `namePrefix:` and `nameSuffix:`; the place stays that of the name. */
function setName(object: TracedObject, level: Level): TracedObject {
  const prefix = textIn(level.node, 'namePrefix') ?? ''
  const suffix = textIn(level.node, 'nameSuffix') ?? ''
  const name = childAt(object.node, 'metadata', 'name')
  const kind = textIn(object.node, 'kind') ?? ''
  if (prefix + suffix === '' || name?.kind !== 'scalar') return object
  if (['CustomResourceDefinition', 'APIService', 'Namespace'].includes(kind)) return object
  const value = `${prefix}${String(name.value)}${suffix}`
  return {
    ...object,
    node: setIn(object.node, ['metadata', 'name'], { ...name, value }),
    names: [...object.names, value],
  }
}

function setReplicas({ node, names }: TracedObject, level: Level): TracedMap {
  const kinds = ['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet']
  if (!kinds.includes(textIn(node, 'kind') ?? '')) return node
  let result = node
  for (const item of itemsIn(level.node, 'replicas')) {
    const count = childAt(item, 'count')
    if (count?.kind === 'scalar' && names.includes(textIn(item, 'name') ?? ''))
      result = setIn(result, ['spec', 'replicas'], transformed(count))
  }
  return result
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

/** The objects of a document: a list's items are objects of their own. */
export function objectsIn(document: Traced): TracedMap[] {
  if (document.kind !== 'map') return []
  const items: TracedList | undefined = listOf(document)
  return items === undefined ? [document] : items.items.flatMap(objectsIn)
}

function listOf(document: TracedMap): TracedList | undefined {
  const items = childAt(document, 'items')
  return (textIn(document, 'kind') ?? '').endsWith('List') && items?.kind === 'list' ? items : undefined
}
