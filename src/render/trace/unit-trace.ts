import { posix } from 'node:path'
import { canonicalJson, isObject, textAt, valueAt, type Json, type JsonObject } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { identify, type Manifest } from '../../manifest/resource.ts'
import {
  childAt,
  entriesIn,
  itemsIn,
  textIn,
  untraced,
  valueOf,
  type Traced,
  type TracedMap,
} from '../../manifest/traced.ts'
import { generateKustomization, kustomizationIn } from '../generate.ts'
import { KUSTOMIZATION_NAMES, readKustomization } from '../kustomization-file.ts'
import { isSubstitutionDisabled } from '../substitute.ts'
import type { UnitSource } from '../walk.ts'
import { generatedObject, generatorsOf } from './generated-object.ts'
import { chainsTo, fileOf, isComponent, readLevel, type Chain, type Level } from './level.ts'
import { substituteTraced } from './substituted-object.ts'
import type { TraceFiles } from './trace-files.ts'
import { ReplacementSources } from './replacement-sources.ts'
import { setIn, transformed } from './traced-object.ts'
import { asWritten, objectsIn, passStep, type Pass } from './transformed-object.ts'

/** A Kustomization whose objects are traced. */
export interface TracedUnit {
  /** spec.path in the tree, '' for the root */
  directory: string
  source: UnitSource
  /** the Flux Kustomization with its places, as it is applied; undefined where it is not known, or there is none */
  flux: TracedMap | undefined
}

/**
 * Builds objects of one Kustomization again, on values that know their places. It follows kustomize and Flux as far as
 * fields go; whether it was right is told by comparing with what they really made.
 */
export class UnitTrace {
  readonly #files: TraceFiles
  readonly #unit: TracedUnit
  readonly #pass: Pass
  #root: Promise<Level | undefined> | undefined

  constructor(files: TraceFiles, unit: TracedUnit) {
    this.#files = files
    this.#unit = unit
    const sources = new ReplacementSources(files)
    this.#pass = { files, replacement: async (...request) => await sources.find(...request) }
  }

  /** The object as it is applied, with the places of its fields; undefined where its source cannot be told. */
  async object({ origin, manifest, resource }: RenderedObject): Promise<TracedMap | undefined> {
    if (origin === undefined) return undefined
    this.#root ??= this.#readRoot()
    const root = await this.#root
    if (root === undefined) return undefined
    const generated = KUSTOMIZATION_NAMES.includes(posix.basename(origin.file))
    const found: TracedMap[] = []
    for (const chain of chainsTo(root, origin.file, generated))
      for (const written of await this.#written(chain, origin.file, generated, resource.kind)) {
        if (!mayBecome(written, resource.name, this.#unit.source)) continue
        const traced = await this.#rise(written, chain)
        if (traced !== undefined && isSame(traced, manifest)) found.push(traced)
      }
    if (found.length < 2) return found[0]
    const wanted = canonicalJson(manifest)
    return (
      found.find(candidate => canonicalJson(valueOf(candidate)) === wanted) ??
      found.find(candidate => textIn(candidate, 'metadata', 'name') === resource.name)
    )
  }

  /** The objects of a kind that a file holds, or that generators of a kustomization make. */
  async #written(chain: Chain, file: string, generated: boolean, kind: string): Promise<TracedMap[]> {
    const level = chain[0]?.level
    if (level === undefined) return []
    if (!generated) {
      const mechanism = chain.some(step => isComponent(step.level)) ? 'component' : 'base'
      const documents = await this.#files.documents(file, mechanism)
      return documents.flatMap(objectsIn).filter(object => textIn(object, 'kind') === kind)
    }
    const field = kind === 'Secret' ? 'secretGenerator' : 'configMapGenerator'
    const generators = generatorsOf(level).filter(generator => generator.field === field)
    return await Promise.all(generators.map(generator => generatedObject(generator, level, this.#files)))
  }

  async #rise(written: TracedMap, chain: Chain): Promise<TracedMap | undefined> {
    let object = asWritten(written)
    for (const step of chain) {
      const passed = await passStep(object, step, this.#pass)
      if (passed === undefined) return undefined
      object = passed
    }
    const root = chain.at(-1)?.level
    const own = root === undefined ? [] : await this.#ownFieldSpecs(root)
    return this.#finish(own.reduce(forget, object.node))
  }

  /** Where `configurations` let transformers reach beyond kustomize's own fields: what stands there is not followed. */
  async #ownFieldSpecs(level: Level): Promise<string[][]> {
    const paths: string[][] = []
    for (const item of itemsIn(level.node, 'configurations')) {
      const file = item.kind === 'scalar' ? fileOf(level, String(item.value)) : ''
      for (const document of await this.#files.documents(file, 'transformer'))
        for (const [name, { node }] of entriesIn(document))
          if (name !== 'nameReference' && name !== 'varReference' && node.kind === 'list')
            paths.push(...node.items.map(spec => (textIn(spec, 'path') ?? '').split('/')))
    }
    const below = [...level.resources, ...level.components].filter(found => typeof found !== 'string')
    for (const inner of below) paths.push(...(await this.#ownFieldSpecs(inner)))
    return paths
  }

  /** What Flux does after the build: substitution, then commonMetadata. */
  #finish(node: TracedMap): TracedMap {
    const { source, flux } = this.#unit
    let finished: Traced = node
    const manifest = valueOf(node)
    const postBuild = valueAt(source.manifest, 'spec', 'postBuild')
    const always =
      textAt(postBuild, 'substituteStrategy') === 'Always' || (source.strict && source.variablesUnknown)
    if (
      postBuild !== undefined &&
      (source.variables.size > 0 || always) &&
      isObject(manifest) &&
      !isSubstitutionDisabled(manifest)
    )
      finished = substituteTraced(node, source)
    if (finished.kind !== 'map') return node
    for (const field of ['labels', 'annotations'])
      for (const [name, { node: value }] of entriesIn(flux, 'spec', 'commonMetadata', field))
        if (value.kind === 'scalar') finished = setIn(finished, ['metadata', field, name], transformed(value))
    return finished
  }

  /** The kustomization that is built, with places: the file's own fields, and what Flux puts in. */
  async #readRoot(): Promise<Level | undefined> {
    const { directory, source, flux } = this.#unit
    const path = kustomizationIn(this.#files.artifact, directory)
    const [document] = path === undefined ? [] : await this.#files.documents(path, 'transformer')
    const own: TracedMap = document?.kind === 'map' ? document : { kind: 'map', entries: new Map() }
    if (source.manifest === undefined)
      return path === undefined ? undefined : await readLevel(this.#files, directory, path, own)
    const text = path === undefined ? undefined : await this.#files.text(path)
    const read = text === undefined ? undefined : readKustomization(text, 'flux')
    const existing = path === undefined || read?.ok !== true ? undefined : { path, file: read.file }
    const result = generateKustomization(this.#files.artifact, directory, existing, source.manifest)
    if (!result.ok) return undefined
    const { file, fields } = result.generated
    return await readLevel(this.#files, directory, file, withPlaces(fields, own, flux))
  }
}

const OF_FLUX: Readonly<Record<string, string>> = {
  namespace: 'targetNamespace',
  namePrefix: 'namePrefix',
  nameSuffix: 'nameSuffix',
}

/** The fields of a generated kustomization, each with the place it came from: the file, or the Flux Kustomization. */
function withPlaces(fields: JsonObject, own: TracedMap, flux: TracedMap | undefined): TracedMap {
  const entries: TracedMap['entries'] = new Map()
  for (const [name, value] of Object.entries(fields)) {
    const written = own.entries.get(name)
    const asked = flux === undefined ? undefined : childAt(flux, 'spec', OF_FLUX[name] ?? '')
    if (asked !== undefined) entries.set(name, { key: asked.spot, node: asked })
    else if (['patches', 'images'].includes(name) && Array.isArray(value))
      entries.set(name, {
        key: written?.key,
        node: {
          kind: 'list',
          items:
            name === 'patches'
              ? value.map((item, index) => patchItem(item, index, own, flux))
              : value.map(item => imageItem(item, own, flux)),
        },
      })
    else if (written !== undefined && canonicalJson(valueOf(written.node)) === canonicalJson(value))
      entries.set(name, written)
    else
      entries.set(name, {
        key: undefined,
        node:
          written !== undefined && name !== 'resources' && name !== 'components'
            ? written.node
            : untraced(value),
      })
  }
  return { kind: 'map', entries }
}

/** The file's patches come first, those of the Flux Kustomization behind them. */
function patchItem(item: Json, index: number, own: TracedMap, flux: TracedMap | undefined): Traced {
  const written = itemsIn(own, 'patches')
  return written[index] ?? itemsIn(flux, 'spec', 'patches')[index - written.length] ?? untraced(item)
}

/** An image of the file with what the Flux Kustomization sets over it. */
function imageItem(item: Json, own: TracedMap, flux: TracedMap | undefined): Traced {
  const named = (node: Traced) => textIn(node, 'name') === textAt(item, 'name')
  const sources = [itemsIn(flux, 'spec', 'images').find(named), itemsIn(own, 'images').find(named)]
  const entries: TracedMap['entries'] = new Map()
  for (const [name, value] of Object.entries(isObject(item) ? item : {})) {
    const source = sources
      .map(node => childAt(node, name))
      .find(node => node?.kind === 'scalar' && node.value === value)
    entries.set(name, { key: source?.spot, node: source ?? untraced(value) })
  }
  return { kind: 'map', entries }
}

/** The object without the places of what stands at a path; lists on the way are gone through. */
function forget(node: TracedMap, path: readonly string[]): TracedMap {
  const forgotten = without(node, path)
  return forgotten.kind === 'map' ? forgotten : node
}

function without(node: Traced, path: readonly string[]): Traced {
  const [step, ...rest] = path
  if (step === undefined) return untraced(valueOf(node))
  if (node.kind === 'list') return { ...node, items: node.items.map(item => without(item, path)) }
  const name = step.replace(/\[\]$/, '')
  const entry = node.kind === 'map' ? node.entries.get(name) : undefined
  if (node.kind !== 'map' || entry === undefined) return node
  const changed = { key: rest.length === 0 ? undefined : entry.key, node: without(entry.node, rest) }
  return { ...node, entries: new Map(node.entries).set(name, changed) }
}

const HASH = /^-[a-z0-9]{10}$/

/** A first look that spares tracing the wrong objects of a file: names only grow, variables aside. */
function mayBecome(written: TracedMap, name: string, { variables }: UnitSource): boolean {
  const own = childAt(written, 'metadata', 'name')
  const text = own?.kind === 'scalar' ? String(own.value) : ''
  if (textIn(written, 'kind') === 'Namespace') return true
  return text.includes('$') ? variables.size >= 0 : name.includes(text)
}

/** Whether a traced object is the rendered one, a name's hash aside. */
function isSame(traced: TracedMap, manifest: Manifest): boolean {
  const value = valueOf(traced)
  if (!isObject(value)) return false
  const a = identify(value)
  const b = identify(manifest)
  const written = valueAt(value, 'metadata', 'name')
  // a name that looks like a number
  const name = typeof written === 'number' || typeof written === 'boolean' ? String(written) : a.name
  return (
    a.apiVersion === b.apiVersion &&
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    (name === b.name || (b.name.startsWith(name) && HASH.test(b.name.slice(name.length))))
  )
}
