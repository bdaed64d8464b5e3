import { createHash } from 'node:crypto'
import { parseAllDocuments } from 'yaml'
import { canonicalJson, textAt, type JsonObject } from '../manifest/json.ts'
import type { Finding } from '../manifest/finding.ts'
import { nearName } from '../manifest/near-name.ts'
import type { Place } from '../manifest/place.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import type { Tree } from '../manifest/tree.ts'
import { expandingFile } from './expansion.ts'
import { closureOf, type Closure } from './closure.ts'
import { generateKustomization, kustomizationIn, type GeneratedKustomization } from './generate.ts'
import { KUSTOMIZATION_NAMES, textsAt, type KustomizationFile } from './kustomization-file.ts'
import {
  lineOfDocument,
  originsChangeOutput,
  placeOfGenerator,
  splitObjects,
  takeOrigin,
  type PrintedObject,
} from './origins.ts'
import type { RenderCache } from './render-cache.ts'
import type { Artifact } from './source-ignore.ts'
import type { KustomizeBuild } from './tools.ts'
import { clampPath, resolvePath } from './tree-path.ts'

export interface BuildRequest {
  tree: Tree
  artifact: Artifact
  kustomize: KustomizeBuild
  cache: RenderCache
  /** a Flux Kustomization with the place it was read from, or a kustomize directory as `kustomize build` takes it */
  unit: { manifest: Manifest; place?: Place } | { directory: string }
  /** inflate `helmCharts` (kustomize directories only) */
  enableHelm?: boolean
  /** files beside those of the tree: charts that were fetched for `helmCharts`, by path in the tree */
  extraFiles?: ReadonlyMap<string, Uint8Array>
}

export interface BuiltObject {
  /** the object exactly as kustomize prints it: what Flux substitutes variables in */
  yaml: string
  origin?: Place
}

/** `inputs`: hash of everything the build depends on; equal hashes give equal results. */
export type BuildResult =
  | { ok: true; objects: BuiltObject[]; inputs: string; files: ReadonlySet<string>; remarks: Finding[] }
  | { ok: false; error: RenderFailure; problems: RenderFailure[]; inputs: string; remarks: Finding[] }

/**
 * Builds one Flux Kustomization before substitution, as kustomize-controller 1.9 does, or a kustomize directory.
 * Problems of the tree come back as failures; only a tool that cannot be run throws.
 */
export async function buildKustomization(request: BuildRequest): Promise<BuildResult> {
  const { artifact, unit } = request
  const directory =
    'manifest' in unit ? clampPath(textAt(unit.manifest, 'spec', 'path') ?? '') : unit.directory
  const fail = (
    error: RenderFailure,
    hashed: string,
    remarks: Finding[] = [],
    problems = [error],
  ): BuildResult => {
    // what has no line stands in no file of the tree: it comes from the Flux Kustomization
    const place = 'manifest' in unit ? unit.place : undefined
    const located = (problem: RenderFailure): RenderFailure =>
      place === undefined || problem.line !== undefined ? problem : { ...problem, ...place }
    return {
      ok: false,
      error: located(error),
      problems: problems.map(located),
      inputs: sha256([request.kustomize.version, hashed]),
      remarks,
    }
  }
  if (!artifact.directories.has(directory))
    return fail(missingDirectory(artifact, directory), `no ${directory}`)
  const prepared = await prepareRoot(request, directory)
  if (!prepared.ok) return fail(prepared.error, JSON.stringify(prepared.error))
  const { root, generated, originsApplied } = prepared
  const closure = await closureOf({ ...request, directory, root })
  const files = new Map(closure.files)
  // a second file of the directory itself: kustomize refuses it, also where Flux has chosen one
  for (const name of KUSTOMIZATION_NAMES) {
    const path = directory === '' ? name : `${directory}/${name}`
    const id = artifact.files.get(path)
    if (id !== undefined) files.set(path, id)
  }
  const text = canonicalJson(root.file.fields)
  const inputs = sha256([
    request.kustomize.version,
    request.enableHelm === true ? 'helm' : '',
    directory,
    text,
    ...[...files].map(([path, id]) => `${path} ${id}`).toSorted(),
    ...[...(request.extraFiles ?? [])].map(([path, bytes]) => `${path} ${sha256([bytes])}`).toSorted(),
  ])
  const [problem] = closure.problems
  if (problem !== undefined) return { ...fail(problem, inputs, closure.remarks, closure.problems), inputs }
  const contents = await readAll(request, files)
  for (const [path, bytes] of request.extraFiles ?? []) contents.set(path, bytes)
  const expanding = expandingFile(contents)
  if (expanding !== undefined) return { ...fail(expanding, inputs, closure.remarks), inputs }
  const built = await runKustomize(request, directory, generated, contents, originsApplied)
  if (!built.ok)
    return {
      ...fail(locate(built.error, directory, files, contents, closure), inputs, closure.remarks),
      inputs,
    }
  const objects: BuiltObject[] = []
  for (const object of built.objects) {
    const origin = await placeOf(request, directory, closure, root, object)
    objects.push({ yaml: object.yaml, ...(origin === undefined ? {} : { origin }) })
  }
  return { ok: true, objects, inputs, files: new Set(files.keys()), remarks: closure.remarks }
}

type Prepared =
  | {
      ok: true
      root: { path: string; file: KustomizationFile }
      generated: { path: string; fields: JsonObject } | undefined
      originsApplied: boolean
    }
  | { ok: false; error: RenderFailure }

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
  { kustomize, enableHelm }: BuildRequest,
  directory: string,
  generated: { path: string; fields: JsonObject } | undefined,
  contents: Map<string, Uint8Array>,
  originsApplied: boolean,
): Promise<{ ok: true; objects: PrintedObject[] } | { ok: false; error: RenderFailure }> {
  const build = async (withOrigins: boolean) => {
    const files = new Map(contents)
    if (generated !== undefined) {
      const metadata = textsAt(generated.fields, 'buildMetadata')
      const fields: JsonObject =
        withOrigins && !originsApplied
          ? { ...generated.fields, buildMetadata: [...metadata, 'originAnnotations'] }
          : generated.fields
      // JSON is YAML
      files.set(generated.path, new TextEncoder().encode(`${JSON.stringify(fields)}\n`))
    }
    return await kustomize.build({ files, directory, ...(enableHelm === true ? { enableHelm } : {}) })
  }
  const annotated = await build(true)
  if (!annotated.ok && originsApplied) return annotated
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
function locate(
  error: RenderFailure,
  directory: string,
  files: ReadonlyMap<string, string>,
  contents: ReadonlyMap<string, Uint8Array>,
  closure: Closure,
): RenderFailure {
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

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes)
}

function sha256(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}
