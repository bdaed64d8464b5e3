import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { objectsAt, textsAt } from './kustomization-file.ts'
import { resolvePath } from './tree-path.ts'

/** What a build reads, as far as its parts are concerned. */
export interface WholeBuild {
  /** directory of the kustomization that is built, '' for the root */
  directory: string
  /** fields of that kustomization */
  root: JsonObject
  /** fields of every other kustomization file of the build */
  nested: readonly JsonObject[]
  /** every file of the build: path → text */
  texts: ReadonlyMap<string, string>
}

// Fields of the root that act on one object at a time.
const OF_ONE_OBJECT = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'resources',
  'patches',
  'images',
  'labels',
  'commonAnnotations',
  'sortOptions',
  'buildMetadata',
  'openapi',
])
// What renames objects, so that references to them anywhere in the build are renamed, too (api/internal/plugins/builtinconfig,
// api/konfig/builtinpluginconsts/namereference.go); and what is configured for the whole build.
const RENAMES = ['namePrefix', 'nameSuffix', 'vars', 'configurations', 'crds']
// A patch that renames or moves an object, by JSON path or because it may (patches[].options.allowNameChange).
const PATCHES_NAME = /\/metadata\/name(space)?\b|allowNameChange/
// Kinds whose references hold a namespace, which follows an object that is moved to another one (the same file).
const REFERS_WITH_NAMESPACE = /^kind:\s*["']?(?:Cluster)?RoleBinding|WebhookConfiguration\b|APIService\b/m

/** Fewer files are built faster by one process. */
const FEW_FILES = 40

/**
 * Splits the resources of a kustomization into groups that can be built one by one, with the same result in the same
 * order: kustomize compares each object with all before it, so that a build of 1,000 objects takes 60 times as long as
 * one of 100, and a root that lists every application of a cluster has as many.
 *
 * Sound where nothing in one group can change an object of another: no renaming, no references to what is renamed, no
 * patch that must find its object. Objects that are there twice must be looked for by the caller; kustomize refuses them
 * in one build (api/resmap/reswrangler.go, Append).
 * @returns at least two groups of resources; `undefined` where the build stays whole
 */
export function independentParts(build: WholeBuild): string[][] | undefined {
  const { root, nested, texts } = build
  const resources = textsAt(root, 'resources')
  if (resources.length < 2 || texts.size < 2 * FEW_FILES) return undefined
  if (!isSeparable(root)) return undefined
  if (nested.some(renames)) return undefined
  if ([...texts.values()].some(text => PATCHES_NAME.test(text))) return undefined
  const moves = nested.some(fields => typeof fields.namespace === 'string')
  if (moves && [...texts.values()].some(text => REFERS_WITH_NAMESPACE.test(text))) return undefined
  const groups = grouped(resources, filesOfEach(resources, build))
  return groups.length < 2 ? undefined : groups
}

/** Whether what a kustomization does itself to the objects of its resources it does to each alone. */
export function isSeparable(root: JsonObject): boolean {
  return (
    Object.keys(root).every(field => OF_ONE_OBJECT.has(field) || isEmpty(root[field])) &&
    objectsAt(root, 'patches').every(({ target }) => isObject(target)) &&
    !PATCHES_NAME.test(JSON.stringify(root))
  )
}

/** Whether a kustomization renames objects, so that references to them are renamed, too. */
export function renames(fields: JsonObject): boolean {
  if (RENAMES.some(field => !isEmpty(fields[field]))) return true
  return ['configMapGenerator', 'secretGenerator'].some(field =>
    objectsAt(fields, field).some(generator => !keepsName(generator, fields.generatorOptions)),
  )
}

/** Whether what a generator makes has its name alone, without the hash of its content. */
function keepsName({ options }: JsonObject, common: Json | undefined): boolean {
  return [options, common].some(candidate => isObject(candidate) && candidate.disableNameSuffixHash === true)
}

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** How many files of the build lie below each resource. */
function filesOfEach(resources: readonly string[], { directory, texts }: WholeBuild): Map<string, number> {
  const byPath = new Map(resources.map(resource => [resolvePath(directory, resource) ?? '', resource]))
  const counts = new Map<string, number>()
  for (const file of texts.keys())
    for (let path = file; ; path = path.slice(0, path.lastIndexOf('/'))) {
      const resource = byPath.get(path)
      if (resource !== undefined) {
        counts.set(resource, (counts.get(resource) ?? 0) + 1)
        break
      }
      if (!path.includes('/')) break
    }
  return counts
}

/** Neighbours together until a group has files enough to be worth a process. */
function grouped(resources: readonly string[], files: ReadonlyMap<string, number>): string[][] {
  const groups: string[][] = []
  let size = Infinity
  for (const resource of resources) {
    if (size >= FEW_FILES) {
      groups.push([])
      size = 0
    }
    groups.at(-1)?.push(resource)
    size += files.get(resource) ?? 1
  }
  return groups
}
