import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { canonicalJson, textAt, type JsonObject } from '../manifest/json.ts'
import type { Finding } from '../manifest/finding.ts'
import { nearName } from '../manifest/near-name.ts'
import type { Place } from '../manifest/place.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import type { Tree } from '../manifest/tree.ts'
import type { Built, BuiltObject } from './built-object.ts'
import { closureOf, type Closure, type LeftOut } from './closure.ts'
import { expandingFile } from './expansion.ts'
import { generateKustomization, kustomizationIn, type GeneratedKustomization } from './generate.ts'
import { chartHomeFiles } from './helm-charts.ts'
import type { Unknown } from './helm-values.ts'
import { KUSTOMIZATION_NAMES, textsAt, type KustomizationFile } from './kustomization-file.ts'
import { independentParts } from './independent-parts.ts'
import { kustomizeSchemaFor } from './kustomize-schema.ts'
import {
  lineOfDocument,
  originsChangeOutput,
  placeOfGenerator,
  splitObjects,
  takeOrigin,
  type PrintedObject,
} from './origins.ts'
import { pruned, type Pruned, type PruneRequest } from './focus/prune.ts'
import type { RenderCache } from './render-cache.ts'
import type { Artifact } from './source-ignore.ts'
import type { ChartSource, KustomizeBuild } from './tools.ts'
import { inParallel, PARALLEL } from './in-parallel.ts'
import { clampPath, resolvePath } from './tree-path.ts'

export interface BuildRequest {
  tree: Tree
  artifact: Artifact
  kustomize: KustomizeBuild
  cache: RenderCache
  /** a Flux Kustomization with the place it was read from, or a kustomize directory as `kustomize build` takes it */
  unit: { manifest: Manifest; place?: Place } | { directory: string }
  /**
   * inflates `helmCharts` (kustomize directories only: Flux does not): where charts come from, and name and version of the
   * helm that templates them; or why that cannot be done here
   */
  inflate?: { charts: ChartSource; helm: string } | { unknown: Unknown }
  /** resources that nobody needs are left out where the others give the same without them; a Flux Kustomization only */
  focus?: Pick<PruneRequest, 'graph' | 'keeps'>
}

/**
 * `inputs`: hash of everything the build depends on; equal hashes give equal results.
 * `files`: every file of the tree that was read, also by a build that failed.
 */
export type BuildResult = {
  inputs: string
  files: ReadonlySet<string>
  remarks: Finding[]
  /** what of it was built, where that is not all */
  pruned?: Pruned
} & (
  | {
      ok: true
      objects: readonly BuiltObject[]
      /** entries that lie outside this repository: the objects are what the rest gives */
      leftOut: RenderFailure[]
    }
  | {
      ok: false
      error: RenderFailure
      problems: RenderFailure[]
      /** charts that cannot be had now; then nothing is known to be wrong with the tree */
      unknown: Unknown[]
    }
)

/**
 * Builds one Flux Kustomization before substitution, as kustomize-controller 1.9 does, or a kustomize directory.
 * Problems of the tree come back as failures; only a tool that cannot be run throws.
 */
export async function buildKustomization(request: BuildRequest): Promise<BuildResult> {
  const { artifact, unit, kustomize } = request
  const directory = 'manifest' in unit ? directoryOf(unit.manifest, artifact) : unit.directory
  // what has no line stands in no file of the tree: it comes from the Flux Kustomization
  const place = 'manifest' in unit ? unit.place : undefined
  const located = (problem: RenderFailure): RenderFailure =>
    place === undefined || problem.line !== undefined ? problem : { ...problem, ...place }
  const known: Pick<BuildResult, 'inputs' | 'files' | 'remarks' | 'pruned'> & { files: Set<string> } = {
    inputs: '',
    files: new Set<string>(),
    remarks: [],
  }
  const fail = (problems: readonly RenderFailure[], unknown: Unknown[] = []): BuildResult => {
    const [error = { ruleId: 'render-build', message: 'its charts cannot be had' }] = problems.map(located)
    return { ok: false, ...known, error, problems: problems.map(located), unknown }
  }
  if (!artifact.directories.has(directory)) {
    known.inputs = sha256([kustomize.version, `no ${directory}`])
    return fail([missingDirectory(artifact, directory)])
  }
  const prepared = await prepareRoot(request, directory)
  if (!prepared.ok) {
    known.inputs = sha256([kustomize.version, JSON.stringify(prepared.error)])
    if (prepared.error.file !== undefined) known.files.add(prepared.error.file)
    return fail([prepared.error])
  }
  const part = await pruneRoot(request, directory, prepared)
  if (part !== undefined) known.pruned = part.pruned
  const { root } = part ?? prepared
  const closure = await closureOf({ ...request, directory, root })
  known.remarks = closure.remarks
  const files = new Map(closure.files)
  // a second file of the directory itself: kustomize refuses it, also where Flux has chosen one
  for (const name of KUSTOMIZATION_NAMES) {
    const path = directory === '' ? name : `${directory}/${name}`
    const id = artifact.files.get(path)
    if (id !== undefined) files.set(path, id)
  }
  known.files = new Set(files.keys())
  const text = canonicalJson(root.file.fields)
  const hashed = [
    kustomize.version,
    'manifest' in unit ? 'Flux' : 'kustomize',
    directory,
    text,
    ...[...files].map(([path, id]) => `${path} ${id}`).toSorted(),
  ]
  known.inputs = sha256(hashed)
  if (closure.problems.length > 0) return fail([...closure.problems, ...problemsOf(closure)])
  const charts = await chartsFor(request, closure, files)
  if (!charts.ok)
    return fail(
      charts.failures.map(failure => ({ file: root.path, line: 1, ...failure })),
      charts.unknown,
    )
  if (charts.withHelm)
    known.inputs = sha256([
      ...hashed,
      charts.helm,
      ...[...charts.files].map(([path, bytes]) => `${path} ${sha256([bytes])}`).toSorted(),
    ])
  const built = await request.cache.build(known.inputs, async () => {
    const contents = new Map([...(await readAll(request, files)), ...charts.files])
    const expanding = expandingFile(contents)
    if (expanding !== undefined) return { ok: false, error: expanding }
    return await buildContents(
      request,
      { ...prepared, ...part, directory, closure, files, contents },
      charts.withHelm,
    )
  })
  const leftOut = problemsOf(closure)
  // what fails without the entries that were left out may well build with them
  if (!built.ok) return fail(leftOut.length > 0 ? leftOut : [built.error])
  return { ok: true, ...known, objects: built.objects, leftOut }
}

interface Plan extends PreparedRoot {
  directory: string
  closure: Closure
  /** path → id of every file of the tree that is read */
  files: ReadonlyMap<string, string>
  /** everything kustomize is given */
  contents: Map<string, Uint8Array>
}

async function buildContents(request: BuildRequest, plan: Plan, withHelm: boolean): Promise<Built> {
  const parts = withHelm ? undefined : await buildParts(request, plan)
  if (parts !== undefined) return { ok: true, objects: parts }
  return await buildPlan(request, { ...plan, generated: leaveOut(plan) }, withHelm)
}

async function buildPlan(request: BuildRequest, plan: Plan, withHelm: boolean): Promise<Built> {
  const printed = await runKustomize(request, withSchema(plan), withHelm)
  if (!printed.ok) return { ok: false, error: locate(printed.error, plan) }
  const objects: BuiltObject[] = []
  for (const object of printed.objects) {
    const origin = await placeOf(request, plan.directory, plan.closure, plan.root, object)
    objects.push({ yaml: object.yaml, ...(origin === undefined ? {} : { origin }) })
  }
  return { ok: true, objects }
}

/**
 * Builds groups of resources one by one, where that gives what one build gives, only sooner; a group that is the same on
 * both sides of a change is built once.
 * @returns `undefined` where the build stays whole: also where a group fails, or an object is there twice, of which the
 *   whole build tells best
 */
async function buildParts(request: BuildRequest, plan: Plan): Promise<BuiltObject[] | undefined> {
  const { directory, closure, generated, contents } = plan
  if (generated === undefined || closure.leftOut.length > 0) return undefined
  const groups = independentParts({
    directory,
    root: generated.fields,
    nested: [...closure.kustomizations]
      .filter(([within]) => within !== directory)
      .map(([, { file }]) => file.fields),
    texts: new Map([...contents].map(([path, bytes]) => [path, decode(bytes)])),
  })
  if (groups === undefined) return undefined
  const built: Built[] = []
  await inParallel([...groups.keys()], PARALLEL, async index => {
    built[index] = await buildPart(request, plan, { ...generated.fields, resources: groups[index] ?? [] })
  })
  if (!built.every(part => part.ok)) return undefined
  const objects = built.flatMap(part => part.objects)
  return new Set(objects.map(({ yaml }) => identityOf(yaml))).size === objects.length ? objects : undefined
}

async function buildPart(request: BuildRequest, plan: Plan, fields: JsonObject): Promise<Built> {
  const { directory, files, contents } = plan
  const root = { path: plan.root.path, file: { ...plan.root.file, fields } }
  const closure = await closureOf({ ...request, directory, root })
  const read = [...closure.files.keys()]
  const inputs = sha256([
    request.kustomize.version,
    'part',
    directory,
    canonicalJson(fields),
    ...read.map(path => `${path} ${files.get(path) ?? ''}`).toSorted(),
  ])
  return await request.cache.build(inputs, async () => {
    const part = new Map(read.map(path => [path, contents.get(path) ?? new Uint8Array()]))
    const generated = { path: root.path, fields }
    return await buildPlan(request, { ...plan, root, closure, generated, contents: part }, false)
  })
}

/** What kustomize tells objects apart by, read off its own print: group, version and kind, namespace and name. */
function identityOf(yaml: string): string {
  const metadata = yaml.slice(yaml.indexOf('\nmetadata:'))
  return [
    /^apiVersion: .*$/m.exec(yaml),
    /^kind: .*$/m.exec(yaml),
    /^  namespace: .*$/m.exec(metadata),
    /^  name: .*$/m.exec(metadata),
  ].join(' ')
}

/** Spares kustomize the schema of all kinds where a patch would ask for it. */
function withSchema(plan: Plan): Plan {
  const { directory, closure, root, generated, contents } = plan
  const fields = [root, ...closure.kustomizations.values()].map(({ file }) => file.fields)
  const schema = generated === undefined ? undefined : kustomizeSchemaFor(fields)
  if (generated === undefined || schema === undefined) return plan
  return {
    ...plan,
    generated: { path: generated.path, fields: { ...generated.fields, openapi: { path: schema.file } } },
    contents: new Map([...contents, [posix.join(directory, schema.file), schema.bytes]]),
  }
}

type Charts =
  | { ok: true; withHelm: boolean; helm: string; files: ReadonlyMap<string, Uint8Array> }
  | { ok: false; failures: RenderFailure[]; unknown: Unknown[] }

/** The charts that kustomize will inflate, fetched; none where it is not to inflate any (then it says so itself). */
async function chartsFor(
  { inflate }: BuildRequest,
  { charts }: Closure,
  files: ReadonlyMap<string, string>,
): Promise<Charts> {
  if (inflate === undefined || charts.length === 0)
    return { ok: true, withHelm: false, helm: '', files: new Map() }
  if ('unknown' in inflate) return { ok: false, failures: [], unknown: [inflate.unknown] }
  const home = await chartHomeFiles(charts, files.keys(), inflate.charts)
  return home.failures.length + home.unknown.length > 0
    ? { ok: false, ...home }
    : { ok: true, withHelm: true, helm: inflate.helm, files: home.files }
}

/** The directory of the tree that spec.path of a Flux Kustomization names. */
export function directoryOf(manifest: Manifest, { root }: Artifact): string {
  return posix.join(root, clampPath(textAt(manifest, 'spec', 'path') ?? '')).replace(/^\.$/, '')
}

function problemsOf({ leftOut }: Closure): RenderFailure[] {
  return leftOut.map(({ problem }) => problem)
}

/**
 * Takes the entries that lie outside the repository out of the kustomization files that name them.
 * @returns the file that takes the place of the one in the directory that is built; other files are replaced in `contents`
 */
function leaveOut({ directory, closure, root, generated, contents }: Plan): GeneratedFile | undefined {
  const { leftOut, kustomizations } = closure
  let replaced = generated
  for (const within of new Set(leftOut.map(entry => entry.directory))) {
    const entries = leftOut.filter(entry => entry.directory === within)
    const known = kustomizations.get(within)
    if (within === directory)
      replaced = { path: root.path, fields: without(generated?.fields ?? root.file.fields, entries) }
    else if (known !== undefined) contents.set(known.path, encode(without(known.file.fields, entries)))
  }
  return replaced
}

function without(fields: JsonObject, entries: readonly LeftOut[]): JsonObject {
  const rest: JsonObject = { ...fields }
  for (const field of new Set(entries.map(entry => entry.field))) {
    const gone = new Set(entries.filter(entry => entry.field === field).map(entry => entry.index))
    const items = rest[field]
    const left = Array.isArray(items) ? items.filter((_item, index) => !gone.has(index)) : []
    if (left.length > 0) rest[field] = left
    else delete rest[field]
  }
  // kustomize refuses a file without any field; this one changes nothing
  return Object.keys(rest).every(name => name === 'apiVersion' || name === 'kind')
    ? { ...rest, metadata: { name: 'left-out' } }
    : rest
}

interface GeneratedFile {
  path: string
  fields: JsonObject
}

interface PreparedRoot {
  root: { path: string; file: KustomizationFile }
  generated: GeneratedFile | undefined
  /** origin annotations are part of what Flux applies */
  originsApplied: boolean
}

type Prepared = ({ ok: true } & PreparedRoot) | { ok: false; error: RenderFailure }

/** The kustomization file that is built: generated for Flux, as it stands for a kustomize directory. */
async function prepareRoot(request: BuildRequest, directory: string): Promise<Prepared> {
  const { tree, artifact, cache, unit } = request
  const reader = 'manifest' in unit ? 'flux' : 'kustomize'
  const path = kustomizationIn(artifact, directory)
  const read =
    path === undefined
      ? undefined
      : await cache.kustomization(tree, path, artifact.files.get(path) ?? '', reader)
  if (path !== undefined && read?.ok === false)
    return {
      ok: false,
      error: {
        ruleId: 'render-kustomization-invalid',
        message: `the kustomization is not valid: ${read.problem.message}`,
        file: path,
        ...(read.problem.line === undefined ? {} : { line: read.problem.line }),
      },
    }
  const existing = path === undefined || !read?.ok ? undefined : { path, file: read.file }
  if (!('manifest' in unit)) {
    if (existing === undefined)
      return {
        ok: false,
        error: {
          ruleId: 'render-missing-file',
          message: `${directory || 'the root'} has no kustomization.yaml`,
        },
      }
    const { fields } = existing.file
    const empty = Object.keys(fields).every(field => field === 'apiVersion' || field === 'kind')
    const originsApplied = textsAt(fields, 'buildMetadata').includes('originAnnotations')
    return {
      ok: true,
      root: existing,
      generated: empty ? undefined : { path: existing.path, fields },
      originsApplied,
    }
  }
  const result = generateKustomization(artifact, directory, existing, unit.manifest)
  if (!result.ok) return result
  const generated: GeneratedKustomization = result.generated
  const file: KustomizationFile = {
    fields: generated.fields,
    // what comes from the Flux Kustomization stands behind what is in the file, whose lines are known
    lineOf: (...steps) => existing?.file.lineOf(...steps),
    remarks: existing?.file.remarks ?? [],
  }
  return {
    ok: true,
    root: { path: generated.file, file },
    generated: { path: generated.file, fields: asLibrary(generated.fields) },
    originsApplied: generated.originsApplied,
  }
}

/** The kustomization with the resources that somebody needs; undefined where all of them are. */
async function pruneRoot(
  { tree, artifact, cache, focus, unit }: BuildRequest,
  directory: string,
  { root, generated }: PreparedRoot,
): Promise<(Pick<PreparedRoot, 'root' | 'generated'> & { pruned: Pruned }) | undefined> {
  if (focus === undefined || !('manifest' in unit)) return undefined
  const part = await pruned({
    ...focus,
    directory,
    root: root.file.fields,
    fieldsOf: async path => {
      const id = artifact.files.get(path)
      const read = id === undefined ? undefined : await cache.kustomization(tree, path, id, 'kustomize')
      // in the other tree alone: there it is looked at
      return read === undefined ? {} : read.ok ? read.file.fields : undefined
    },
  })
  if (part === undefined) return undefined
  const { resources } = part
  const every = textsAt(root.file.fields, 'resources')
  const lineOf: KustomizationFile['lineOf'] = (field, index, ...steps) =>
    field === 'resources' && typeof index === 'number'
      ? root.file.lineOf(field, every.indexOf(resources[index] ?? ''), ...steps)
      : root.file.lineOf(...[field, index, ...steps].filter(step => step !== undefined))
  return {
    pruned: part,
    root: { path: root.path, file: { ...root.file, fields: { ...root.file.fields, resources }, lineOf } },
    generated: generated && { path: generated.path, fields: { ...generated.fields, resources } },
  }
}

async function readAll(
  { tree, cache }: BuildRequest,
  files: ReadonlyMap<string, string>,
): Promise<Map<string, Uint8Array>> {
  const read = [...files].map(async ([path, id]): Promise<[string, Uint8Array]> => [
    path,
    await cache.bytes(tree, path, id),
  ])
  return new Map(await Promise.all(read))
}

/**
 * What the controller's library does where the command line differs: it leaves objects in the order it meets them, the
 * program sorts them by kind unless told otherwise (krusty/kustomizer.go, applySortOrder).
 */
function asLibrary(fields: JsonObject): JsonObject {
  return 'sortOptions' in fields ? fields : { ...fields, sortOptions: { order: 'fifo' } }
}

/** Builds with origin annotations and takes them off again, unless Flux would leave them. */
async function runKustomize(
  { kustomize }: BuildRequest,
  { directory, generated, contents, originsApplied }: Plan,
  withHelm: boolean,
): Promise<{ ok: true; objects: PrintedObject[] } | { ok: false; error: RenderFailure }> {
  const build = async (withOrigins: boolean) => {
    const files = new Map(contents)
    if (generated !== undefined) {
      const metadata = textsAt(generated.fields, 'buildMetadata')
      const fields: JsonObject =
        withOrigins && !originsApplied
          ? { ...generated.fields, buildMetadata: [...metadata, 'originAnnotations'] }
          : generated.fields
      files.set(generated.path, encode(fields))
    }
    return await kustomize.build({ files, directory, ...(withHelm ? { enableHelm: true } : {}) })
  }
  const annotated = await build(true)
  // a second build would take the same minute to come to the same limit
  if (!annotated.ok && (originsApplied || annotated.error.ruleId === 'render-limit')) return annotated
  const printed = annotated.ok ? splitObjects(annotated.yaml).map(takeOrigin) : []
  if (originsApplied && annotated.ok) {
    const texts = splitObjects(annotated.yaml)
    return { ok: true, objects: printed.map((object, index) => ({ ...object, yaml: texts[index] ?? '' })) }
  }
  const texts = [
    JSON.stringify(generated?.fields ?? {}),
    ...[...contents.values()].map(bytes => decode(bytes)),
  ]
  if (annotated.ok && !texts.some(originsChangeOutput)) return { ok: true, objects: printed }
  // Annotations are at work in this tree: what is applied comes from a build without ours.
  const plain = await build(false)
  if (!plain.ok) return plain
  return {
    ok: true,
    objects: splitObjects(plain.yaml).map((yaml, index) => ({ ...printed[index], yaml })),
  }
}

async function placeOf(
  { tree, artifact, cache }: BuildRequest,
  directory: string,
  closure: Closure,
  root: { path: string; file: KustomizationFile },
  object: PrintedObject,
): Promise<Place | undefined> {
  const path = object.origin === undefined ? undefined : resolvePath(directory, object.origin.path)
  const id = path === undefined ? undefined : artifact.files.get(path)
  if (path === undefined || object.origin === undefined) return undefined
  const kind = /^kind: (.*)$/m.exec(object.yaml)?.[1] ?? ''
  const name = /^  name: (.*)$/m.exec(object.yaml)?.[1] ?? ''
  if (object.origin.generated) {
    const kustomization = [root, ...closure.kustomizations.values()].find(known => known.path === path)
    return kustomization === undefined ? undefined : placeOfGenerator(path, kustomization.file, kind, name)
  }
  if (id === undefined) return undefined
  return { file: path, line: lineOfDocument(await cache.documents(tree, path, id), kind, name) }
}

function missingDirectory(artifact: Artifact, directory: string): RenderFailure {
  const guess = nearestDirectory(artifact, directory)
  return {
    ruleId: 'render-missing-file',
    message: `spec.path is ${directory}, but there is no such directory`,
    ...(guess === undefined ? {} : { repair: `did you mean ${guess}?` }),
  }
}

/** The directory that differs in the first segment that is missing, by a slip of the pen. */
function nearestDirectory({ directories }: Artifact, directory: string): string | undefined {
  const segments = directory.split('/')
  const depth = segments.findIndex((_name, index) => !directories.has(segments.slice(0, index + 1).join('/')))
  const above = segments.slice(0, depth)
  const siblings = (directories.get(above.join('/')) ?? []).filter(entry => entry.directory)
  const name = nearName(
    segments[depth] ?? '',
    siblings.map(entry => entry.name),
  )
  const guess = name === undefined ? undefined : [...above, name, ...segments.slice(depth + 1)].join('/')
  return guess !== undefined && directories.has(guess) ? guess : undefined
}

/** Adds the place to what kustomize said, where it names a file that was given to it. */
function locate(error: RenderFailure, { directory, files, contents, closure }: Plan): RenderFailure {
  if (error.file !== undefined && files.has(error.file)) {
    // go-yaml counts from 0 in some of its messages and names the start of a block in others
    const line = /\byaml: /.test(error.message) ? brokenLine(decode(contents.get(error.file))) : undefined
    return { ...error, line: line ?? error.line ?? 1 }
  }
  const named = [...error.message.matchAll(/'([^'\n]+)'|(\S+\.ya?ml)/g)].map(
    match => match[1] ?? match[2] ?? '',
  )
  for (const name of named)
    for (const base of ['', directory, ...closure.kustomizations.keys()]) {
      const path = resolvePath(base, name)
      if (path !== undefined && files.has(path)) {
        const line = /\bline (\d+)/.exec(error.message)?.[1]
        return { ...error, file: path, line: line === undefined ? 1 : Number(line) }
      }
    }
  const { ruleId, message } = error
  return { ruleId, message }
}

/** The line where a text stops being YAML. */
function brokenLine(text: string): number | undefined {
  return parseAllDocuments(text, { uniqueKeys: false })
    .flatMap(document => document.errors)
    .at(0)?.linePos?.[0].line
}

/** JSON is YAML. */
function encode(fields: JsonObject): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(fields)}\n`)
}

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes)
}

function sha256(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}
