import {
  childAt,
  copyOf,
  entriesIn,
  itemsIn,
  placingIn,
  textIn,
  traceYaml,
  type Traced,
  type TracedList,
  type TracedMap,
  type TracedScalar,
} from '../../manifest/traced.ts'
import { generatorsOf, generatedObject } from './generated-object.ts'
import { setImages } from './images.ts'
import { jsonPatch } from './json-patch.ts'
import { addAnnotations, addLabels } from './labels.ts'
import { fileOf, type Level, type Step } from './level.ts'
import { setName, setNamespace } from './names.ts'
import { replaceFields } from './replaced-fields.ts'
import { isNamed, matches } from './selectors.ts'
import { strategicMerge } from './strategic-merge.ts'
import type { TraceFiles } from './trace-files.ts'
import { setIn, transformed, withEntry, type TracedObject } from './traced-object.ts'

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

/**
 * What names an object stays, unless the patch's options say otherwise: resmap ApplySmPatch gives the patch the group, version
 * and kind of its target, and without a target it is only found where they are the same.
 */
function withoutIdentity(patch: TracedMap): TracedMap {
  const entries = new Map(patch.entries)
  entries.delete('apiVersion')
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
