import { chartValue } from './chart-value.ts'
import { fieldSteps } from './manifest/locate.ts'
import { isObject, textAt, valueAt, type Json } from './manifest/json.ts'
import type { Place } from './manifest/place.ts'
import type { RenderedHelmRelease, RenderedKustomization, RenderedObject } from './manifest/rendered.ts'
import { identify, resourceKey, type Manifest, type Resource } from './manifest/resource.ts'
import { childAt, textIn, type Mechanism, type Spot, type Traced, type TracedMap } from './manifest/traced.ts'
import type { Tree } from './manifest/tree.ts'
import type { RenderedRepository } from './render-tree.ts'
import { RenderCache } from './render/render-cache.ts'
import { fieldOrigin } from './render/trace/field-origin.ts'
import { TraceFiles } from './render/trace/trace-files.ts'
import { objectsIn } from './render/trace/transformed-object.ts'
import { UnitTrace } from './render/trace/unit-trace.ts'
import { directoryOf } from './render/build.ts'
import type { UnitSource } from './render/walk.ts'

/** Where a field of a rendered object comes from. */
export interface Origin extends Place {
  /** how it got there; absent where only the object's line is known */
  mechanism?: Mechanism
  /** false: the line of the object, because the field's own is not known */
  exact: boolean
  /** where the text of the value begins: elsewhere than the field's line behind an alias */
  value?: Place
  /** the substitution variables in the text, with the lines that define them */
  variables: readonly VariableOrigin[]
}

export interface VariableOrigin extends Partial<Place> {
  name: string
}

/** A Kustomization of a rendered repository, as its rendered units and findings name it. */
export interface UnitName {
  cluster: string
  namespace: string
  name: string
}

interface Unit {
  trace: UnitTrace
  source: UnitSource
  objects: readonly RenderedObject[]
  /** of the objects it applies */
  names: ReadonlySet<string>
  flux: TracedMap | undefined
}

type Path = readonly (string | number)[]

const MAX_CHART_FIELDS = 10

/**
 * Finds the lines of fields of rendered objects in the files they come from: nothing is read before it is asked for, and
 * what was read stays for the next question.
 */
export class Locator {
  readonly #rendered: RenderedRepository
  readonly #tree: Tree
  readonly #cache: RenderCache
  readonly #files = new Map<string, TraceFiles>()
  readonly #units = new Map<string, Promise<Unit | undefined>>()
  readonly #objects = new Map<RenderedObject, Promise<TracedMap | undefined>>()
  /** resourceKey → what applies it */
  #applied: Map<string, Applied[]> | undefined
  /** how many fields of charts may still be tried: each costs some runs of helm */
  #tries = MAX_CHART_FIELDS

  /** @param cache of the rendering: files that it has read are not read again */
  constructor(tree: Tree, rendered: RenderedRepository, cache: RenderCache = new RenderCache()) {
    this.#rendered = rendered
    this.#tree = tree
    this.#cache = cache
  }

  /**
   * The place of a field, of whatever unit the object is part of.
   * @param unit of a HelmRelease's object, the HelmRelease: the line of the value that gives the field, where it can be told, else the
   *   HelmRelease's
   */
  async field(
    unit: RenderedKustomization | RenderedHelmRelease,
    object: RenderedObject,
    field: string | Path,
  ): Promise<Origin | undefined> {
    return 'chart' in unit
      ? await this.#chartField(unit, object, field)
      : await this.origin(unit, object, field)
  }

  async #chartField(
    { cluster, namespace, name }: RenderedHelmRelease,
    object: RenderedObject,
    field: string | Path,
  ): Promise<Origin | undefined> {
    const release = this.applied(cluster, {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      namespace,
      name,
    })
    if (release === undefined) return undefined
    const path = typeof field === 'string' ? stepsIn(object.manifest, field) : field
    const again = this.#rendered.sources.get(cluster)?.releases.get(`${namespace}/${name}`)
    if (path !== undefined && path.length > 0 && again !== undefined && this.#tries > 0) {
      this.#tries--
      const values = valueAt(release.object.manifest, 'spec', 'values')
      const found = await chartValue(object, path, values, again)
      if (found !== undefined)
        return await this.origin(release.unit, release.object, ['spec', 'values', ...found])
    }
    return await this.origin(release.unit, release.object, '')
  }

  /**
   * The line of a field of a rendered object, through bases, patches, components, generators, transformers and variables;
   * the line of the object where the field's own is not known for sure: never a line of something else.
   * @param field spec.tablespaces[0].name, metadata.annotations[foo.io/bar]; as steps where keys may hold anything; empty:
   *   the object
   * @returns undefined where not even the object's file is known
   */
  async origin(
    unitName: UnitName,
    object: RenderedObject,
    field: string | Path,
  ): Promise<Origin | undefined> {
    const { origin } = object
    const ofObject: Origin | undefined =
      origin === undefined ? undefined : { file: origin.file, line: origin.line, exact: false, variables: [] }
    const path = typeof field === 'string' ? stepsIn(object.manifest, field) : field
    if (path === undefined || path.length === 0) return ofObject
    const unit = await this.#unit(unitName)
    if (unit === undefined) return ofObject
    const traced = await this.#object(unit, object)
    const found = traced && fieldOrigin(traced, object.manifest, path, unit.names)
    if (found === undefined) return ofObject
    const { file, line, column, mechanism, value } = found
    return {
      file,
      line,
      column,
      mechanism,
      exact: true,
      value: { file: value.file, line: value.line, column: value.column },
      variables: await Promise.all(found.variables.map(name => this.#variable(unitName, unit, name))),
    }
  }

  async #object(unit: Unit, object: RenderedObject): Promise<TracedMap | undefined> {
    const known = this.#objects.get(object)
    if (known !== undefined) return await known
    const traced = unit.trace.object(object)
    this.#objects.set(object, traced)
    return await traced
  }

  async #unit({ cluster, namespace, name }: UnitName): Promise<Unit | undefined> {
    const key = `${cluster} ${namespace}/${name}`
    const known = this.#units.get(key)
    if (known !== undefined) return await known
    const read = this.#readUnit({ cluster, namespace, name })
    this.#units.set(key, read)
    return await read
  }

  async #readUnit({ cluster, namespace, name }: UnitName): Promise<Unit | undefined> {
    const sources = this.#rendered.sources.get(cluster)
    const source = sources?.units.get(`${namespace}/${name}`)
    const rendered = this.#rendered.kustomizations.find(
      unit => unit.cluster === cluster && unit.namespace === namespace && unit.name === name,
    )
    if (sources === undefined || source === undefined || rendered === undefined) return undefined
    const files = this.#files.get(cluster) ?? new TraceFiles(this.#tree, sources.artifact, this.#cache)
    this.#files.set(cluster, files)
    const flux = await this.#flux(cluster, source, files)
    const directory =
      source.manifest === undefined ? rendered.path : directoryOf(source.manifest, sources.artifact)
    return {
      trace: new UnitTrace(files, { directory, source, flux }),
      source,
      objects: rendered.objects,
      names: new Set(rendered.objects.map(({ resource }) => resource.name)),
      flux,
    }
  }

  /** The Flux Kustomization with its places: as its parent applies it, or a root as its file has it. */
  async #flux(
    cluster: string,
    { manifest, parent, place }: UnitSource,
    files: TraceFiles,
  ): Promise<TracedMap | undefined> {
    if (manifest === undefined) return undefined
    const key = resourceKey(identify(manifest))
    if (parent !== undefined) {
      const [namespace = '', name = ''] = parent.split('/')
      const unit = await this.#unit({ cluster, namespace, name })
      const object = unit?.objects.find(({ resource }) => resourceKey(resource) === key)
      return unit === undefined || object === undefined ? undefined : await this.#object(unit, object)
    }
    const documents = place === undefined ? [] : await files.documents(place.file, 'base')
    return documents
      .flatMap(objectsIn)
      .find(
        object =>
          textIn(object, 'kind') === manifest.kind &&
          textIn(object, 'metadata', 'name') === identify(manifest).name,
      )
  }

  /** Where a variable of a Kustomization gets its value: inline, else in the last ConfigMap or Secret that has it. */
  async #variable({ cluster }: UnitName, unit: Unit, name: string): Promise<VariableOrigin> {
    const inline = entryAt(unit.flux, ['spec', 'postBuild', 'substitute'], name)
    if (inline !== undefined) return { name, ...inline }
    const { manifest } = unit.source
    const from = valueAt(manifest, 'spec', 'postBuild', 'substituteFrom')
    const references = Array.isArray(from) ? from.toReversed() : []
    for (const reference of references) {
      const found = this.applied(cluster, {
        apiVersion: 'v1',
        kind: textAt(reference, 'kind') ?? '',
        namespace: manifest === undefined ? '' : identify(manifest).namespace,
        name: textAt(reference, 'name') ?? '',
      })
      for (const field of ['data', 'stringData']) {
        if (found === undefined || valueAt(found.object.manifest, field, name) === undefined) continue
        const at = await this.origin(found.unit, found.object, [field, name])
        if (at?.exact === true) return { name, file: at.file, line: at.line }
      }
    }
    return { name }
  }

  /**
   * The Kustomization that applies an object, and the object.
   * @param cluster undefined or '' for any
   * @param origin where the object's document begins, to tell two of the same name apart
   */
  applied(cluster: string | undefined, resource: Resource, origin?: Place): Applied | undefined {
    this.#applied ??= appliedBy(this.#rendered.kustomizations)
    return this.#applied
      .get(resourceKey(resource))
      ?.find(
        ({ unit, object }) =>
          (cluster === undefined || cluster === '' || unit.cluster === cluster) &&
          (origin === undefined ||
            (object.origin?.file === origin.file && object.origin.line === origin.line)),
      )
  }

  /** The object whose document begins at a place, and the Kustomization of a cluster that applies it. */
  writtenAt(cluster: string, { file, line }: Place): Applied | undefined {
    for (const unit of this.#rendered.kustomizations) {
      if (unit.cluster !== cluster) continue
      const object = unit.objects.find(({ origin }) => origin?.file === file && origin.line === line)
      if (object !== undefined) return { unit, object }
    }
    return undefined
  }
}

interface Applied {
  unit: RenderedKustomization
  object: RenderedObject
}

function appliedBy(units: readonly RenderedKustomization[]): Map<string, Applied[]> {
  const applied = new Map<string, Applied[]>()
  for (const unit of units)
    for (const object of unit.objects) {
      const key = resourceKey(object.resource)
      const known = applied.get(key)
      if (known === undefined) applied.set(key, [{ unit, object }])
      else known.push({ unit, object })
    }
  return applied
}

function entryAt(node: Traced | undefined, path: readonly string[], name: string): Place | undefined {
  const map = childAt(node, ...path)
  const spot: Spot | undefined = map?.kind === 'map' ? map.entries.get(name)?.key : undefined
  return spot === undefined ? undefined : { file: spot.file, line: spot.line }
}

/**
 * The steps of a field's path in a manifest: `data.tls.crt` is one key below `data` where the manifest has it.
 * @returns undefined where the manifest has no such field
 */
export function stepsIn(manifest: Manifest, field: string): (string | number)[] | undefined {
  const texts = fieldSteps(field)
  const steps: (string | number)[] = []
  let here: Json | undefined = manifest
  let at = 0
  while (at < texts.length) {
    const step = texts[at]
    if (step === undefined) return undefined
    if (Array.isArray(here)) {
      if (!/^[0-9]+$/.test(step.text)) return undefined
      steps.push(Number(step.text))
      here = here[Number(step.text)]
      at++
    } else {
      const found = keyIn(here, texts.slice(at))
      if (found === undefined || !isObject(here)) return undefined
      steps.push(found.key)
      here = here[found.key]
      at += found.taken
    }
    if (here === undefined) return undefined
  }
  return steps
}

/** A key may hold dots: as many steps as it takes to find one. */
function keyIn(value: Json | undefined, steps: readonly { text: string; bracket: boolean }[]) {
  if (!isObject(value)) return undefined
  for (let taken = 1; taken <= steps.length; taken++) {
    if (taken > 1 && (steps[taken - 1]?.bracket === true || steps[0]?.bracket === true)) return undefined
    const key = steps
      .slice(0, taken)
      .map(({ text }) => text)
      .join('.')
    if (Object.hasOwn(value, key)) return { key, taken }
  }
  return undefined
}
