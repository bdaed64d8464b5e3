import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Json, JsonObject } from '../../src/manifest/json.ts'
import { substituteObject, substituteText, variablesOf } from '../../src/render/substitute.ts'

interface TextCase {
  in: string
  vars?: Record<string, string>
  out?: string
  error?: string
  strict_out?: string
  strict_error?: string
}
interface ObjectCase {
  id: string
  object: JsonObject
  yaml: string
  vars: Record<string, string>
  substituteStrategy?: string
  result?: JsonObject
  error?: string
  strict_error?: string
}
const cases = parse(readFileSync('test/fixtures/flux-substitution.yaml', 'utf8')) as {
  substitution_text: { vars: Record<string, string>; table: TextCase[] }
  substitution_object: ObjectCase[]
}
const variables = (...records: (Record<string, string> | undefined)[]) =>
  new Map(
    records.flatMap(record =>
      Object.entries(record ?? {}).map(([k, v]): [string, string] => [k, v.replaceAll('\n', '')]),
    ),
  )
const WORDS = /^envsubst error: variable substitution failed: /

describe.each([false, true])('texts, strict: %s', strict => {
  const { vars, table } = cases.substitution_text
  it('has them all', () => expect(table).toHaveLength(81))
  it.each(table.map(entry => [entry.in, entry] as const))('%s', (text, entry) => {
    const done = substituteText(text, variables(vars, entry.vars), { strict })
    const error = strict ? (entry.strict_error ?? entry.error) : entry.error
    const out = strict ? (entry.strict_out ?? entry.out) : entry.out
    if (error !== undefined && !(strict && entry.strict_out !== undefined))
      expect(done.ok ? done : done.message.replace(WORDS, '')).toBe(error)
    else expect(done).toEqual({ ok: true, text: out })
  })
})

describe.each([false, true])('objects, strict: %s', strict => {
  it('has them all', () => expect(cases.substitution_object).toHaveLength(34))
  it.each(cases.substitution_object.map(entry => [entry.id, entry] as const))('%s', (_id, entry) => {
    const done = substituteObject(entry.yaml, entry.object, variables(entry.vars), {
      strict,
      always: entry.substituteStrategy === 'Always',
    })
    const error = strict ? (entry.strict_error ?? entry.error) : entry.error
    if (error === undefined) expect(done).toEqual({ ok: true, manifest: entry.result })
    else {
      // the words of YAML errors are another library's, the line is the same
      const prefix = /^envsubst error: YAMLToJSON: yaml: /.exec(error)?.[0] ?? error
      expect(done).toMatchObject({ ok: false, message: expect.stringContaining(prefix) as string })
    }
  })
})
