import { childAt, textIn, type Traced, type TracedMap, type TracedScalar } from '../../manifest/traced.ts'
import { generatedObject, generatorsOf } from './generated-object.ts'
import type { Level, Step } from './level.ts'
import { fieldPathSteps } from './replaced-fields.ts'
import type { TraceFiles } from './trace-files.ts'
import { matches } from './selectors.ts'
import type { TracedObject } from './traced-object.ts'
import { asWritten, objectsIn, passStep, transform } from './transformed-object.ts'

/** Finds the values that replacements copy, in the objects of the level that the replacement stands in. */
export class ReplacementSources {
  readonly #files: TraceFiles
  readonly #found = new WeakMap<Level, Map<Traced, Promise<TracedScalar | undefined>>>()

  constructor(files: TraceFiles) {
    this.#files = files
  }

  /** @param around the level that uses the component in which the replacement stands */
  async find(source: Traced, level: Level, around: Level | undefined): Promise<TracedScalar | undefined> {
    const known = this.#found.get(level) ?? new Map<Traced, Promise<TracedScalar | undefined>>()
    this.#found.set(level, known)
    const before = known.get(source)
    if (before !== undefined) return await before
    const found = this.#search(source, level, around)
    known.set(source, found)
    return await found
  }

  async #search(source: Traced, level: Level, around: Level | undefined): Promise<TracedScalar | undefined> {
    const selector = exactly(source)
    const kind = textIn(source, 'kind')
    for (const scope of around === undefined ? [level] : [around, level])
      for (const { written, steps } of await this.#objectsUnder(scope)) {
        if (kind !== undefined && textIn(written, 'kind') !== kind) continue
        let object: TracedObject | undefined = asWritten(written)
        for (const step of steps)
          object = object === undefined ? undefined : await passStep(object, step, { files: this.#files })
        // what the level itself does to the source before it is copied
        object = object === undefined ? undefined : await transform(object, level, { files: this.#files })
        if (object === undefined || !matches(object, selector)) continue
        const value = childAt(object.node, ...fieldPathSteps(textIn(source, 'fieldPath') ?? 'metadata.name'))
        if (value?.kind === 'scalar') return part(value, childAt(source, 'options'))
      }
    return undefined
  }

  /** Every object that is under a level, with the steps below that level. */
  async #objectsUnder(level: Level): Promise<{ written: TracedMap; steps: Step[] }[]> {
    const found: { written: TracedMap; steps: Step[] }[] = []
    for (const resource of level.resources)
      if (typeof resource === 'string')
        for (const document of await this.#files.documents(resource, 'base'))
          found.push(...objectsIn(document).map(written => ({ written, steps: [] })))
      else
        for (const { written, steps } of await this.#objectsUnder(resource))
          found.push({ written, steps: [...steps, { level: resource }] })
    for (const generator of generatorsOf(level))
      found.push({ written: await generatedObject(generator, level, this.#files), steps: [] })
    for (const component of level.components)
      for (const { written, steps } of await this.#objectsUnder(component))
        found.push({ written, steps: [...steps, { level: component }] })
    return found
  }
}

/** A source names its object, it is no pattern. */
function exactly(source: Traced): Traced {
  if (source.kind !== 'map') return source
  const entries: TracedMap['entries'] = new Map()
  for (const name of ['group', 'version', 'kind', 'name', 'namespace']) {
    const text = textIn(source, name)
    if (text !== undefined)
      entries.set(name, {
        key: undefined,
        node: { kind: 'scalar', value: text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) },
      })
  }
  return { kind: 'map', entries }
}

function part(value: TracedScalar, options: Traced | undefined): TracedScalar {
  const delimiter = textIn(options, 'delimiter')
  if (delimiter === undefined || delimiter === '') return value
  const index = childAt(options, 'index')
  const text = String(value.value).split(delimiter)[index?.kind === 'scalar' ? Number(index.value) : 0]
  return { ...value, block: undefined, value: text ?? '\0' }
}
