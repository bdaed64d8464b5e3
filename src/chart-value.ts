import { canonicalJson, isObject, valueAt, type Json, type JsonObject } from './manifest/json.ts'
import type { RenderedObject } from './manifest/rendered.ts'
import { resourceKey } from './manifest/resource.ts'

/** Renders a HelmRelease once more with other values; nothing where it does not render. */
export type RenderAgain = (change: (values: JsonObject) => JsonObject) => Promise<readonly RenderedObject[]>

type Path = readonly (string | number)[]

// Each is a run of helm; a field that several values could have given is rarely told by the fifth.
const MAX_TRIES = 4

/**
 * Finds out which of a HelmRelease's values a field of its chart's objects was made of: those that look like it are
 * changed one by one, and the chart is rendered again. Told only where exactly one of them moves the field and is found
 * in it.
 * @param values spec.values of the HelmRelease
 * @returns its path below spec.values
 */
export async function chartValue(
  object: RenderedObject,
  field: Path,
  values: Json | undefined,
  again: RenderAgain,
): Promise<Path | undefined> {
  const value = valueAt(object.manifest, ...field)
  if (value === undefined || value === null) return undefined
  const candidates = candidatesFor(value, String(field.at(-1)), values ?? null)
  if (candidates.length > MAX_TRIES) return undefined
  const moving: Path[] = []
  const key = resourceKey(object.resource)
  for (const path of candidates) {
    const leaf = firstLeaf(valueAt(values, ...path) ?? null, path)
    const before = valueAt(values, ...leaf)
    const changed = before === undefined ? undefined : other(before)
    if (changed === undefined) continue
    const objects = await again(all => withValue(all, leaf, changed))
    const moved = objects.find(({ resource }) => resourceKey(resource) === key)
    const after = moved === undefined ? undefined : valueAt(moved.manifest, ...field)
    if (after === undefined || canonicalJson(after) === canonicalJson(value)) continue
    if (!textOf(after).includes(textOf(changed))) return undefined
    moving.push(path)
  }
  return moving.length === 1 ? moving[0] : undefined
}

/** Values that equal the field or stand in it, those of the same name first. */
function candidatesFor(value: Json, name: string, values: Json): Path[] {
  const text = textOf(value)
  const isPart = (part: Json) =>
    typeof value === 'string' && typeof part === 'string' && part.length > 3 && value.includes(part)
  const found = pathsIn(values).filter(path => {
    const part = valueAt(values, ...path) ?? null
    return textOf(part) === text || isPart(part)
  })
  const named = found.filter(
    path => path.at(-1) === name && textOf(valueAt(values, ...path) ?? null) === text,
  )
  return named.length > 0 ? named : found
}

function pathsIn(value: Json, path: Path = []): Path[] {
  const own = path.length === 0 ? [] : [path]
  if (Array.isArray(value))
    return [...own, ...value.flatMap((item, index) => pathsIn(item, [...path, index]))]
  if (isObject(value))
    return [...own, ...Object.entries(value).flatMap(([key, child]) => pathsIn(child, [...path, key]))]
  return own
}

function firstLeaf(value: Json, path: Path): Path {
  if (Array.isArray(value) && value[0] !== undefined) return firstLeaf(value[0], [...path, 0])
  const [first] = isObject(value) ? Object.entries(value) : []
  return first === undefined ? path : firstLeaf(first[1], [...path, first[0]])
}

/** Another value of the same kind, one that a chart takes where it takes this. */
function other(value: Json): Json | undefined {
  if (typeof value === 'string') return `${value}x`
  if (typeof value === 'number') return value + 1
  return typeof value === 'boolean' ? !value : undefined
}

function textOf(value: Json): string {
  return typeof value === 'object' && value !== null ? canonicalJson(value) : String(value)
}

function withValue(values: JsonObject, path: Path, value: Json): JsonObject {
  const copy = structuredClone(values)
  const parent = valueAt(copy, ...path.slice(0, -1))
  const last = path.at(-1)
  if (Array.isArray(parent)) parent[Number(last)] = value
  else if (isObject(parent)) parent[String(last)] = value
  return copy
}
