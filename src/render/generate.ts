import { posix } from 'node:path'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import { KUSTOMIZATION_NAMES, objectsAt, textsAt, type KustomizationFile } from './kustomization-file.ts'
import type { Artifact } from './source-ignore.ts'
import { resolvePath } from './tree-path.ts'

/** The kustomization file that kustomize-controller leaves in `spec.path` before it builds. */
export interface GeneratedKustomization {
  /** its path in the tree; replaces the file there, if any */
  file: string
  fields: JsonObject
  /** `config.kubernetes.io/origin` annotations are part of what Flux applies */
  originsApplied: boolean
}

/** The file of a directory that Flux takes as its kustomization, by path; undefined where it generates one. */
export function kustomizationIn(artifact: Artifact, directory: string): string | undefined {
  return KUSTOMIZATION_NAMES.map(name => posix.join(directory, name)).find(path => artifact.files.has(path))
}

/**
 * Makes the kustomization file that Flux builds from (fluxcd/pkg kustomize v1.44.0, kustomize_generator.go, GenerateManifest).
 * @param directory spec.path in the tree, '' for the root
 * @param existing the kustomization file there, with its path
 * @param manifest the Flux Kustomization
 */
export function generateKustomization(
  artifact: Artifact,
  directory: string,
  existing: { path: string; file: KustomizationFile } | undefined,
  manifest: Manifest,
): { ok: true; generated: GeneratedKustomization } | { ok: false; error: RenderFailure } {
  const spec = valueAt(manifest, 'spec')
  const fields: JsonObject = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    ...existing?.file.fields,
  }
  if (existing === undefined) {
    const resources = scanManifests(artifact, directory)
    // Without it kustomize says "kustomization.yaml is empty".
    if (resources.length === 0) fields.namespace = '_placeholder'
    else fields.resources = resources
  } else if (textsAt(fields, 'resources').length === 0) {
    // The same trick, which leaves its mark in every object. `bases` do not count as resources here.
    fields.buildMetadata = ['originAnnotations']
  }
  for (const [from, to] of [
    ['targetNamespace', 'namespace'],
    ['namePrefix', 'namePrefix'],
    ['nameSuffix', 'nameSuffix'],
  ] as const) {
    const text = textAt(spec, from)
    if (text !== undefined) fields[to] = text
  }
  append(fields, 'patches', fluxPatches(spec))
  const components = textItems(valueAt(spec, 'components'))
  const remote = components.findIndex(component => !isLocalRelativePath(component))
  if (remote !== -1)
    return {
      ok: false,
      error: {
        ruleId: 'render-remote-base',
        message: `spec.components[${remote}] is '${components[remote]}'; Flux takes local, relative paths only`,
      },
    }
  const ignoreMissing = valueAt(spec, 'ignoreMissingComponents') === true
  append(
    fields,
    'components',
    components.filter(component => !ignoreMissing || exists(artifact, resolvePath(directory, component))),
  )
  fields.images = mergeImages(objectsAt(fields, 'images'), objectItems(valueAt(spec, 'images')))
  const buildMetadata = textItems(valueAt(spec, 'buildMetadata'))
  if (buildMetadata.length > 0) fields.buildMetadata = buildMetadata
  return {
    ok: true,
    generated: {
      file: existing?.path ?? posix.join(directory, 'kustomization.yaml'),
      fields,
      originsApplied: textsAt(fields, 'buildMetadata').includes('originAnnotations'),
    },
  }
}

/** Every manifest below a directory; a sub-directory that has a kustomization stands for all it holds (scanManifests). */
function scanManifests(artifact: Artifact, directory: string): string[] {
  const ofTree = scans.get(artifact.directories) ?? new Map<string, string[]>()
  scans.set(artifact.directories, ofTree)
  const known = ofTree.get(directory)
  if (known !== undefined) return known
  const found: string[] = []
  const scan = (path: string) => {
    for (const entry of artifact.directories.get(resolvePath(directory, path) ?? '') ?? []) {
      const child = `${path}/${entry.name}`
      if (!entry.directory) {
        if (/\.ya?ml$/.test(entry.name)) found.push(child)
      } else if (kustomizationIn(artifact, posix.join(directory, child)) === undefined) scan(child)
      else found.push(child)
    }
  }
  scan('.')
  ofTree.set(directory, found)
  return found
}

/** What was found, by the tree's directories: base and head mostly have the same, and a root is asked for again and again. */
const scans = new WeakMap<Artifact['directories'], Map<string, string[]>>()

function append(fields: JsonObject, name: string, items: Json[]): void {
  const before = fields[name]
  if (items.length > 0) fields[name] = [...(Array.isArray(before) ? before : []), ...items]
}

const SELECTOR_FIELDS = [
  'group',
  'version',
  'kind',
  'name',
  'namespace',
  'labelSelector',
  'annotationSelector',
]

function fluxPatches(spec: Json | undefined): JsonObject[] {
  return objectItems(valueAt(spec, 'patches')).map(({ patch, target }) => ({
    ...(typeof patch === 'string' ? { patch } : {}),
    ...(isObject(target)
      ? {
          target: Object.fromEntries(Object.entries(target).filter(([key]) => SELECTOR_FIELDS.includes(key))),
        }
      : {}),
  }))
}

/** spec.images over the file's: the name is set alone, tag and digest replace one another. */
function mergeImages(existing: readonly JsonObject[], overrides: readonly JsonObject[]): JsonObject[] {
  const merged = existing.map(image => ({ ...image }))
  for (const override of overrides) {
    const text = (key: string) => textAt(override, key) ?? ''
    const image = merged.find(candidate => (textAt(candidate, 'name') ?? '') === text('name'))
    if (image === undefined) {
      const { name, newName, newTag, digest } = override
      const known = { name, newName, newTag, digest }
      merged.push(
        Object.fromEntries(
          Object.entries(known).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
        ),
      )
      continue
    }
    if (text('newName') !== '') image.newName = text('newName')
    if (text('newTag') !== '' || text('digest') !== '') {
      image.newTag = text('newTag')
      image.digest = text('digest')
    }
  }
  return merged
}

/** fluxcd/pkg kustomize, IsLocalRelativePath. */
function isLocalRelativePath(path: string): boolean {
  return !/^(git::|gh:|ssh:\/\/|https?:\/\/|git@|github\.com[:/]|\/|file:\/\/\/)./i.test(path) && path !== '/'
}

function exists(artifact: Artifact, path: string | undefined): boolean {
  return path !== undefined && (artifact.directories.has(path) || artifact.files.has(path))
}

function textItems(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}

function objectItems(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(item => isObject(item)) : []
}
