import { describe, expect, it } from 'vitest'
import { openCatalog } from '../../../src/adapters/schema-catalog.ts'
import { hasWebhook, mutate, validate } from '../../../src/cnpg/admission/webhooks.ts'
import { isObject, type Json, type JsonObject } from '../../../src/manifest/json.ts'
import { fromCatalog } from '../../../src/schema/catalog.ts'
import { withDefaults } from '../../../src/schema/defaults.ts'
import type { StructuralSchema } from '../../../src/schema/structural.ts'
import { applied, recordedRows, type Recorded, type Row } from './recorded.ts'

// Only the operator's stages are asked: rows that the API server refuses before them, or between them, are not judged here.
const OURS = new Set([undefined, 'mutating-webhook', 'validating-webhook'])
// warnings of the API server itself
const OF_SERVER = /^(?:metadata\.finalizers|spec\.\S+: Invalid value)/

const catalog = openCatalog()
const rows = recordedRows()

describe.each(['1.30.0', '1.28.0', '1.26.0', 'main'])('operator %s', version => {
  const source = fromCatalog(catalog, { cnpg: version === 'main' ? '1.30.0' : version })
  const judged = rows.flatMap(row => {
    const kind = row.manifest['kind']
    const isOurs =
      row.manifest['apiVersion'] === 'postgresql.cnpg.io/v1' &&
      typeof kind === 'string' &&
      hasWebhook(kind, version).validating
    const recorded = row.verdict(version)
    const schema = isOurs ? source.find('postgresql.cnpg.io', kind)?.schemaOf('v1') : undefined
    if (recorded === undefined || !OURS.has(recorded.layer) || schema === undefined) return []
    return [{ row, recorded, ours: judge(row, version, schema) }]
  })
  const wrongVerdicts = judged.filter(
    ({ recorded, ours }) => recorded.accepted !== ours.accepted || recorded.layer !== ours.layer,
  )
  const refusals = judged.filter(({ recorded }) => !recorded.accepted)
  const wrongFields = refusals.filter(({ recorded, ours }) => recorded.fields.join() !== ours.fields.join())
  const wrongWarnings = judged.filter(
    ({ recorded, ours }) =>
      recorded.warnings.filter(warning => !OF_SERVER.test(warning)).join('\n') !== ours.warnings.join('\n'),
  )
  const wrongMessages = refusals.filter(
    ({ recorded, ours }) => recorded.messages.join('\n') !== ours.messages.join('\n'),
  )

  it('says what the real operator said', () => {
    console.log(
      [
        `operator ${version}: verdict and layer ${share(wrongVerdicts, judged)}`,
        `fields ${share(wrongFields, refusals)}`,
        `messages ${share(wrongMessages, refusals)}`,
        `warnings ${share(wrongWarnings, judged)}`,
      ].join(', '),
    )
    if (process.env['SHOW'] !== undefined)
      for (const { row, recorded, ours } of new Set([
        ...wrongVerdicts,
        ...wrongFields,
        ...wrongWarnings,
        ...(process.env['SHOW'] === 'messages' ? wrongMessages : []),
      ]))
        console.log(row.id, JSON.stringify({ recorded, ours }, null, 1))
    expect(judged.length).toBeGreaterThan(500)
    expect(wrongVerdicts.length / judged.length).toBeLessThanOrEqual(0.005)
    expect(wrongFields.length / refusals.length).toBeLessThanOrEqual(0.05)
    expect(wrongWarnings.map(({ row }) => row.id)).toEqual([])
  })
})

function judge(row: Row, version: string, schema: StructuralSchema): Recorded {
  const fill = (value: Json): JsonObject => {
    const filled = withDefaults(value, schema)
    if (!isObject(filled)) throw new Error('no object')
    return filled
  }
  let live: JsonObject | undefined
  let object = row.manifest
  if (row.old !== undefined) {
    const created = fill(mutate({ object: fill(row.old) }, version).object)
    live = { ...created, ...(row.status !== undefined && { status: row.status }) }
    object = applied(created, row.old, row.manifest, schema)
  }
  const request = live === undefined ? {} : { live }
  const mutated = mutate({ object: fill(object), ...request }, version)
  const verdict =
    mutated.errors.length > 0 ? mutated : validate({ object: fill(mutated.object), ...request }, version)
  expect(verdict.notEvaluated).toEqual([])
  return {
    accepted: verdict.errors.length === 0,
    layer: verdict.errors[0]?.layer,
    fields: verdict.errors.map(({ field }) => field).toSorted(),
    messages: verdict.errors.map(({ message }) => message).toSorted(),
    warnings: verdict.warnings.toSorted(),
  }
}

function share(wrong: unknown[], all: unknown[]): string {
  const right = all.length - wrong.length
  return `${right} of ${all.length} (${((100 * right) / all.length).toFixed(2)} %)`
}
