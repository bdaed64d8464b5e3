import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'yaml'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../../src/manifest/json.ts'

// Verdicts of a real API server with the real operator; the first line of admission.jsonl explains every field.

export interface Recorded {
  id: string
  /** 'cel-cluster', 'mutation create', … */
  group: string
  manifest: Json
  old?: JsonObject
  verdicts: Map<string, Verdict>
}

export interface Verdict {
  accepted: boolean
  layer: string
  /** as our own paths are written */
  fields: string[]
  messages: string[]
  warnings: string[]
}

const VERSIONS = ['1.30.0', '1.28.0', '1.26.0', 'main']
/** Asked in a way that the command has not: other managers, other verbs, another environment. */
const OUTSIDE = [
  'rawNumbers',
  'alsoApplied',
  'query',
  'oldHow',
  'how',
  'docs',
  'relaxedWhileOldWasCreated',
  'environment',
]

const directory = path.join(import.meta.dirname, '../fixtures/admission')

function unpacked(file: string): string {
  return gunzipSync(readFileSync(path.join(directory, file))).toString('utf8')
}

/** The recorded verdicts, and the CRD that some of the objects are of. */
export function readRecorded(): { recorded: Recorded[]; crds: JsonObject[] } {
  const rows = unpacked('admission.jsonl.gz')
    .split('\n')
    .filter(line => line !== '')
    .map((line): JsonObject => expandFields(JSON.parse(line)))
  const manifests = new Map(
    ['cnpg-cases.yaml.gz', 'flux-cases.yaml.gz'].flatMap(file => {
      const cases: JsonObject[] = parse(unpacked(file)).cases
      return cases.map(one => [`${file.replace('.gz', '')} ${textAt(one, 'id')}`, expandFields(one)] as const)
    }),
  )
  const warnings = rows.flatMap(row =>
    row.t === 'warnings' && Array.isArray(row.list) ? row.list.map(String) : [],
  )
  const bases = new Map(rows.flatMap(row => (row.t === 'base' ? [[textOf(row, 'id'), row] as const] : [])))
  const recorded = rows.flatMap((row): Recorded[] => {
    if (row.t === 'mut') return mutations(row, bases, warnings)
    if (row.t !== 'case' || OUTSIDE.some(key => Object.hasOwn(row, key))) return []
    const named = manifests.get(`${textAt(row, 'from')} ${textAt(row, 'id')}`)
    const source = Object.hasOwn(row, 'manifest') ? row : named
    if (source === undefined) throw new Error(`no manifest for ${textAt(row, 'id')}`)
    const old = withStatus(source.old, source.oldStatus ?? source.status)
    return [
      {
        id: textOf(row, 'id'),
        group: textAt(row, 'group') ?? textAt(row, 'from') ?? '',
        manifest: source.manifest ?? null,
        ...(old === undefined ? {} : { old }),
        verdicts: verdictsOf(row.r, undefined, warnings),
      },
    ]
  })
  const crds = rows.flatMap(row => (row.t === 'crd' && isObject(row.manifest) ? [row.manifest] : []))
  return { recorded, crds }
}

function mutations(row: JsonObject, bases: Map<string, JsonObject>, warnings: string[]): Recorded[] {
  const base = bases.get(textOf(row, 'base'))
  if (base === undefined) throw new Error(`no base ${textOf(row, 'base')}`)
  const manifest = patched(base.manifest ?? null, row.patch)
  const old = withStatus(base.manifest, base.statusForUpdate)
  const id = textOf(row, 'id')
  return [
    { id, group: 'mutation create', manifest, verdicts: verdictsOf(row.create, undefined, warnings) },
    {
      id,
      group: 'mutation update',
      manifest,
      ...(old === undefined ? {} : { old }),
      verdicts: verdictsOf(row.update === '=create' ? row.create : row.update, row.create, warnings),
    },
  ]
}

function withStatus(old: Json | undefined, status: Json | undefined): JsonObject | undefined {
  if (!isObject(old)) return undefined
  return status === undefined ? old : { ...old, status }
}

/** `{ $repeat: [character, count] }` stands for a long text. */
function expand(value: Json): Json {
  if (Array.isArray(value)) return value.map(expand)
  if (!isObject(value)) return value
  const repeat = value.$repeat
  if (Array.isArray(repeat)) return (textAt(repeat, 0) ?? '').repeat(Number(repeat[1]))
  return expandFields(value)
}

function expandFields(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expand(inner)]))
}

function textOf(value: JsonObject, key: string): string {
  return textAt(value, key) ?? ''
}

function verdictsOf(
  by: Json | undefined,
  create: Json | undefined,
  warnings: string[],
): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>()
  for (const version of VERSIONS) {
    let found = valueAt(by, version)
    while (typeof found === 'string')
      found = found === '=create' ? valueAt(create, version) : valueAt(by, found.slice(1))
    const v = textAt(found, 'v')
    if (v !== 'ok' && v !== 'no') continue
    const errors = valueAt(found, 'e')
    const said = valueAt(found, 'w')
    const list = Array.isArray(errors) ? errors : []
    verdicts.set(version, {
      accepted: v === 'ok',
      layer: textAt(found, 'layer') ?? '',
      fields: list.map(error => normalField(textAt(error, 0) ?? '')),
      messages: list.map(error => textAt(error, 2) ?? ''),
      warnings: (Array.isArray(said) ? said : []).map(index => warnings[Number(index)] ?? '').toSorted(),
    })
  }
  return verdicts
}

/** Without leading dot and with `<nil>` as none; an item that is named by its key has no number there. */
export function normalField(field: string): string {
  return (field === '<nil>' ? '' : field).replace(/^\./, '').replaceAll(/\[[^\]]*\]/g, '[]')
}

/** RFC 6902, as far as the mutations use it. */
function patched(value: Json, patch: Json | undefined): Json {
  const document: Json = structuredClone(value)
  for (const step of Array.isArray(patch) ? patch : []) {
    const op = textAt(step, 'op')
    const at = pointer(textAt(step, 'path') ?? '')
    if (op === 'move' || op === 'copy') {
      const from = pointer(textAt(step, 'from') ?? '')
      const moved = structuredClone(valueAtPointer(document, from) ?? null)
      if (op === 'move') remove(document, from)
      add(document, at, moved)
    } else if (op === 'remove') remove(document, at)
    else {
      if (op === 'replace') remove(document, at)
      add(document, at, structuredClone(valueAt(step, 'value') ?? null))
    }
  }
  return document
}

function pointer(text: string): string[] {
  return text
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAtPointer(value: Json, steps: readonly string[]): Json | undefined {
  let here: Json | undefined = value
  for (const step of steps) here = Array.isArray(here) ? here[Number(step)] : valueAt(here, step)
  return here
}

function add(document: Json, steps: readonly string[], value: Json): void {
  const parent = valueAtPointer(document, steps.slice(0, -1))
  const last = steps.at(-1) ?? ''
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), 0, value)
  else if (isObject(parent)) parent[last] = value
}

function remove(document: Json, steps: readonly string[]): void {
  const parent = valueAtPointer(document, steps.slice(0, -1))
  const last = steps.at(-1) ?? ''
  if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else if (isObject(parent)) delete parent[last]
}
