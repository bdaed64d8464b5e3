import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'yaml'
import { openCatalog } from '../../src/adapters/schema-catalog.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../../src/manifest/json.ts'
import { fromCatalog } from '../../src/schema/catalog.ts'
import { withDefaults } from '../../src/schema/defaults.ts'
import { readSchema } from '../../src/schema/read-schema.ts'
import type { CelRule, SchemaSource, StructuralSchema } from '../../src/schema/structural.ts'

/** A case that a real API server judged, ready for the stage of the rules. */
export interface RuleCase {
  id: string
  version: string
  object: JsonObject
  live?: JsonObject
  schema: StructuralSchema
  /** of the answer: [field, message] where the rules refused, nothing where the object was accepted */
  errors: [field: string, message: string][]
  warnings: string[]
}

const FOLDER = path.join(import.meta.dirname, '../fixtures/admission')
// rows that came to be in a way that a single manifest does not show
const NOT_SINGLE = ['rawNumbers', 'alsoApplied', 'query', 'oldHow', 'how', 'docs', 'environment']
// `main` is a commit after 1.30.0, whose rules are those of 1.30.0
const VERSIONS: Record<string, string> = {
  main: '1.30.0',
  '1.30.0': '1.30.0',
  '1.28.0': '1.28.0',
  '1.26.0': '1.26.0',
}

function read(file: string): string {
  return gunzipSync(readFileSync(path.join(FOLDER, file))).toString('utf8')
}

function objectAt(value: Json | undefined, ...steps: string[]): JsonObject | undefined {
  const found = valueAt(value, ...steps)
  return isObject(found) ? found : undefined
}

/** `{"$repeat": ["a", 3]}` stands for a long text. */
function expanded(json: Json): Json {
  if (Array.isArray(json)) return json.map(expanded)
  if (!isObject(json)) return json
  const repeat = json['$repeat']
  if (Array.isArray(repeat)) return (textAt(repeat, 0) ?? '').repeat(Number(repeat[1]))
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, expanded(value)]))
}

/**
 * What the operator's mutating webhook writes before the rules are run, as far as rules look at it: the default image
 * and durability, and Go's zero values of fields that Go always encodes.
 */
function asWebhookWrites(object: JsonObject, old?: JsonObject): JsonObject {
  if (object['kind'] !== 'Cluster' || !(textAt(object, 'apiVersion') ?? '').startsWith('postgresql.cnpg.io/'))
    return object
  const copy = structuredClone(object)
  const spec = objectAt(copy, 'spec')
  if (spec === undefined) return copy
  // the default image that an update finds belongs to nobody, and stays
  const hadDefaultImage =
    old !== undefined &&
    valueAt(old, 'spec', 'imageName') === undefined &&
    valueAt(old, 'spec', 'imageCatalogRef') === undefined
  if (spec['imageCatalogRef'] === undefined || hadDefaultImage)
    spec['imageName'] ??= 'ghcr.io/cloudnative-pg/postgresql:default'
  const synchronous = objectAt(spec, 'postgresql', 'synchronous')
  if (synchronous !== undefined) {
    synchronous['number'] ??= 0
    synchronous['dataDurability'] ??= 'required'
  }
  const extensions = valueAt(spec, 'postgresql', 'extensions')
  for (const extension of Array.isArray(extensions) ? extensions : [])
    if (isObject(extension)) extension['image'] ??= {}
  return copy
}

/** All rules of a schema: the catalog's External Secrets is older than the one that ran and lacks some. */
export function rulesOf(schema: StructuralSchema): CelRule[] {
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(schema.allOf ?? []),
  ]
  return [...(schema['x-kubernetes-validations'] ?? []), ...inner.flatMap(rulesOf)]
}

/** All cases that were accepted, or refused by rules alone, at every version of the operator. */
export function readRuleCases(): RuleCase[] {
  const lines = read('admission.jsonl.gz')
    .trim()
    .split('\n')
    .map((line): JsonObject => JSON.parse(line))
  const warnings = lines.find(line => line['t'] === 'warnings')?.['list']
  const versions = valueAt(
    lines.find(line => line['t'] === 'crd'),
    'manifest',
    'spec',
    'versions',
    0,
    'schema',
    'openAPIV3Schema',
  )
  if (!Array.isArray(warnings) || !isObject(versions)) throw new Error('the fixture lacks its head')
  const thing = readSchema(versions)
  const manifests = new Map<string, JsonObject>()
  for (const file of ['cnpg-cases.yaml', 'flux-cases.yaml']) {
    const document: { cases: JsonObject[] } = parse(read(`${file}.gz`), { maxAliasCount: -1 })
    for (const one of document.cases) manifests.set(`${file}/${textAt(one, 'id') ?? ''}`, one)
  }
  const catalog = openCatalog()
  const sources = new Map<string, SchemaSource>(
    Object.entries(VERSIONS).map(([name, cnpg]) => [
      name,
      fromCatalog(catalog, {
        cnpg,
        flux: '2.9',
        'barman-cloud': '0.14.0',
        cilium: '1.18.4',
        kubernetes: '1.35',
      }),
    ]),
  )
  const cases: RuleCase[] = []
  for (const line of lines) {
    if (line['t'] !== 'case' || NOT_SINGLE.some(key => line[key] !== undefined)) continue
    const elsewhere = manifests.get(`${textAt(line, 'from') ?? ''}/${textAt(line, 'id') ?? ''}`)
    const manifest = objectAt(line, 'manifest') ?? objectAt(elsewhere, 'manifest')
    const old = line['op'] === 'update' ? (objectAt(line, 'old') ?? objectAt(elsewhere, 'old')) : undefined
    if (manifest === undefined) continue
    for (const [version, source] of sources) {
      const answer = answerOf(line, version)
      const [group = '', apiVersion = ''] = (textAt(manifest, 'apiVersion') ?? '').split('/')
      const schema =
        group === 'lab.example.org'
          ? thing
          : source.find(group, textAt(manifest, 'kind') ?? '')?.schemaOf(apiVersion)
      if (answer === undefined || schema === undefined) continue
      const isRefused = answer['v'] === 'no' && answer['layer'] === 'cel'
      if (!isRefused && answer['v'] !== 'ok') continue
      const errors = isRefused && Array.isArray(answer['e']) ? answer['e'] : []
      const pairs = errors.map((error): [string, string] => [textAt(error, 0) ?? '', textAt(error, 2) ?? ''])
      const rules = rulesOf(schema)
      const isKnown = (message: string) =>
        rules.some(
          rule => rule.messageExpression !== undefined || message.includes(rule.message ?? rule.rule),
        )
      if (!pairs.every(([, message]) => isKnown(message))) continue
      cases.push({
        id: textAt(line, 'id') ?? '',
        version,
        object: ready(manifest, schema, old),
        ...(old === undefined ? {} : { live: ready(old, schema) }),
        schema,
        errors: pairs,
        warnings: warningsOf(answer, warnings),
      })
    }
  }
  return cases
}

function answerOf(line: JsonObject, version: string): JsonObject | undefined {
  const answer = valueAt(line, 'r', version)
  if (typeof answer === 'string') return answerOf(line, answer.slice(1))
  return isObject(answer) ? answer : undefined
}

function ready(manifest: JsonObject, schema: StructuralSchema, old?: JsonObject): JsonObject {
  const filled = withDefaults(expanded(manifest), schema)
  return asWebhookWrites(isObject(filled) ? filled : {}, old)
}

/** Of the warnings those that rules make: an error's text behind a field. */
function warningsOf(answer: JsonObject, all: readonly Json[]): string[] {
  const indexes = answer['w']
  return (Array.isArray(indexes) ? indexes : [])
    .map(index => (typeof index === 'number' ? (textAt([...all], index) ?? '') : ''))
    .filter(text => /^\S+: (Invalid value|Forbidden|Required value|Duplicate value)/.test(text))
}
