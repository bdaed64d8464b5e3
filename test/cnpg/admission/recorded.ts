import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseAllDocuments } from 'yaml'
import type { AdmissionRequest } from '../../../src/manifest/admission.ts'
import { isObject, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import type { StructuralSchema } from '../../../src/schema/structural.ts'

// Verdicts of the real API server and operator: the first line of admission.jsonl explains every field.

const FIXTURES = path.join(import.meta.dirname, '../../fixtures/admission')
const read = (name: string) => gunzipSync(readFileSync(path.join(FIXTURES, `${name}.gz`))).toString('utf8')

export interface Recorded {
  accepted: boolean
  layer: string | undefined
  fields: string[]
  messages: string[]
  warnings: string[]
}

export interface Row {
  id: string
  manifest: JsonObject
  old?: JsonObject
  status?: JsonObject
  /** undefined: impossible in that version */
  verdict: (version: string) => Recorded | undefined
}

interface Entry {
  t: string
  id: string
  from?: string
  op?: string
  list?: string[]
  manifest?: JsonObject
  old?: JsonObject
  oldStatus?: JsonObject
  base?: string
  patch?: { op: string; path: string; value?: Json }[]
  statusForUpdate?: JsonObject
  r?: Verdicts
  create?: Verdicts
  update?: Verdicts | string
}
type Verdicts = Record<string, string | { v: string; layer?: string; e?: string[][]; w?: number[] }>

const OUTSIDE = 'rawNumbers alsoApplied query oldHow how docs relaxedWhileOldWasCreated environment'.split(
  ' ',
)

/** All rows of the command's kind, manifests written out. */
export function recordedRows(): Row[] {
  const entries: Entry[] = read('admission.jsonl')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const warnings = entries.find(({ t }) => t === 'warnings')?.list ?? []
  const bases = new Map(entries.filter(({ t }) => t === 'base').map(entry => [entry.id, entry]))
  const cases = casesOfYaml()
  const rows: Row[] = []
  for (const entry of entries) {
    if (OUTSIDE.some(key => key in entry)) continue
    if (entry.t === 'case' && entry.r !== undefined) {
      const given = entry.from === 'new' ? entry : cases.get(entry.id)
      if (given?.manifest === undefined) continue
      rows.push({
        id: entry.id,
        manifest: prepared(given.manifest),
        ...(given.old !== undefined && { old: prepared(given.old) }),
        ...(given.oldStatus !== undefined && { status: given.oldStatus }),
        verdict: verdictsOf(entry.r, warnings),
      })
    }
    const base = bases.get(entry.base ?? '')
    if (entry.t !== 'mut' || base?.manifest === undefined || entry.create === undefined) continue
    const manifest = prepared(patched(base.manifest, entry.patch ?? []))
    rows.push({
      id: `${entry.id} create`,
      manifest,
      verdict: verdictsOf(entry.create, warnings),
    })
    const update = typeof entry.update === 'object' ? entry.update : entry.create
    rows.push({
      id: `${entry.id} update`,
      manifest,
      old: prepared(base.manifest),
      ...(base.statusForUpdate !== undefined && { status: base.statusForUpdate }),
      verdict: verdictsOf(update, warnings),
    })
  }
  return rows
}

function casesOfYaml(): Map<string, { manifest?: JsonObject; old?: JsonObject; oldStatus?: JsonObject }> {
  const found = new Map<string, { manifest?: JsonObject; old?: JsonObject; oldStatus?: JsonObject }>()
  for (const document of parseAllDocuments(read('cnpg-cases.yaml'))) {
    const content: { cases?: { id: string; manifest: JsonObject; old?: JsonObject }[] } = document.toJS()
    for (const given of content.cases ?? []) found.set(given.id, given)
  }
  return found
}

function verdictsOf(verdicts: Verdicts, warnings: readonly string[]): Row['verdict'] {
  const verdict: Row['verdict'] = version => {
    const found = verdicts[version]
    if (typeof found === 'string') return verdict(found.slice(1))
    if (found === undefined || (found.v !== 'ok' && found.v !== 'no')) return undefined
    return {
      accepted: found.v === 'ok',
      layer: found.layer,
      fields: (found.e ?? []).map(([field = '']) => field).toSorted(),
      messages: (found.e ?? []).map(([, , message = '']) => message).toSorted(),
      warnings: (found.w ?? []).map(index => warnings[index] ?? '').toSorted(),
    }
  }
  return verdict
}

/** In the namespace of the recording; long texts written out. */
function prepared(manifest: JsonObject): JsonObject {
  const written = expanded(manifest)
  if (!isObject(written)) throw new Error('no manifest')
  const metadata = isObject(written['metadata']) ? written['metadata'] : {}
  return { ...written, metadata: { namespace: 'oracle', ...metadata } }
}

function expanded(value: Json): Json {
  if (Array.isArray(value)) return value.map(expanded)
  if (!isObject(value)) return value
  const repeat = value['$repeat']
  if (Array.isArray(repeat) && typeof repeat[0] === 'string') return repeat[0].repeat(Number(repeat[1]))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, expanded(inner)]))
}

/** RFC 6902 with add, replace and remove. */
function patched(manifest: JsonObject, patch: NonNullable<Entry['patch']>): JsonObject {
  const result: JsonObject = structuredClone(manifest)
  for (const { op, path: pointer, value = null } of patch) {
    const steps = pointer
      .slice(1)
      .split('/')
      .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = steps.pop() ?? ''
    let here: Json | undefined = result
    for (const step of steps)
      here = Array.isArray(here) ? here[Number(step)] : isObject(here) ? here[step] : undefined
    if (Array.isArray(here)) {
      const index = last === '-' ? here.length : Number(last)
      here.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]))
    } else if (isObject(here)) {
      if (op === 'remove') delete here[last]
      else here[last] = value
    } else throw new Error(`no ${pointer}`)
  }
  return result
}

/**
 * Server-side apply, only as far as these rows need it: what the old manifest named and the new one does not goes, the rest
 * of the live object stays.
 */
export function applied(
  live: JsonObject,
  old: JsonObject,
  manifest: JsonObject,
  schema: StructuralSchema,
): AdmissionRequest['object'] {
  const merged = merge(live, old, manifest, schema)
  if (!isObject(merged)) throw new Error('no object')
  return merged
}

function merge(live: Json, old: Json | undefined, next: Json, schema: StructuralSchema): Json {
  if (isObject(live) && isObject(next) && schema['x-kubernetes-map-type'] !== 'atomic') {
    const before = isObject(old) ? old : {}
    const merged: JsonObject = { ...live }
    for (const name of Object.keys(before))
      // with what webhooks and defaults added below it
      if (!(name in next)) delete merged[name]
    for (const [name, value] of Object.entries(next))
      merged[name] =
        name in live ? merge(live[name] ?? null, before[name], value, fieldOf(schema, name)) : value
    if (Object.keys(merged).length === 0 && Object.keys(before).length > 0) return null
    return merged
  }
  const keys = schema['x-kubernetes-list-map-keys']
  if (Array.isArray(live) && Array.isArray(next) && keys !== undefined) {
    const keyOf = (item: Json) => JSON.stringify(keys.map(key => (isObject(item) ? item[key] : null)))
    const before = Array.isArray(old) ? old : []
    const items = next.map(item => {
      const same = live.find(other => keyOf(other) === keyOf(item))
      const owned = before.find(other => keyOf(other) === keyOf(item))
      return same === undefined ? item : merge(same, owned, item, schema.items ?? {})
    })
    const named = new Set([...before, ...next].map(keyOf))
    return [...items, ...live.filter(item => !named.has(keyOf(item)))]
  }
  return next
}

function fieldOf(schema: StructuralSchema, name: string): StructuralSchema {
  const rest = schema.additionalProperties
  return schema.properties?.[name] ?? (typeof rest === 'object' ? rest : {})
}
