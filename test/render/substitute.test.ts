import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { canonicalJson, type JsonObject } from '../../src/manifest/json.ts'
import { substituteObject, substituteText, variablesOf } from '../../src/render/substitute.ts'

interface Verdict {
  vars?: Record<string, string>
  error?: string
  strict_error?: string
}
interface TextCase extends Verdict {
  in: string
  out?: string
  strict_out?: string
}
interface ObjectCase extends Verdict {
  id: string
  object: JsonObject
  yaml: string
  substituteStrategy?: string
  result: JsonObject
}
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own file
const cases = parse(readFileSync('test/fixtures/flux-substitution.yaml', 'utf8')) as {
  substitution_text: { vars: Record<string, string>; table: TextCase[] }
  substitution_object: ObjectCase[]
}

/** As spec.postBuild.substitute gives them. */
const variablesFrom = (substitute: JsonObject) =>
  variablesOf({ spec: { postBuild: { substitute } } }, () => undefined).variables

/** The error of a case; strict ones are given where they differ. */
function errorOf(entry: Verdict, strict: boolean): string | undefined {
  return (strict ? entry.strict_error : undefined) ?? entry.error
}

describe.each([false, true])('texts, strict: %s', strict => {
  const { vars, table } = cases.substitution_text
  it('has all cases', () => {
    expect(table).toHaveLength(81)
  })
  it.each(table.map(entry => [entry.in, entry] as const))('%s', (text, entry) => {
    const done = substituteText(text, variablesFrom({ ...vars, ...entry.vars }), { strict })
    const out = (strict ? entry.strict_out : undefined) ?? entry.out
    const error = strict && entry.strict_out !== undefined ? undefined : errorOf(entry, strict)
    expect(
      done.ok ? done.text : done.message.replace('envsubst error: variable substitution failed: ', ''),
    ).toBe(error ?? out)
  })
})

describe.each([false, true])('objects, strict: %s', strict => {
  it('has all cases', () => {
    expect(cases.substitution_object).toHaveLength(34)
  })
  it.each(cases.substitution_object.map(entry => [entry.id, entry] as const))('%s', (_id, entry) => {
    const always = entry.substituteStrategy === 'Always'
    const done = substituteObject(entry.yaml, entry.object, variablesFrom(entry.vars ?? {}), {
      strict,
      always,
    })
    // behind this the words are those of the YAML library
    const words = /(?<=YAMLToJSON: yaml: ).*/
    expect(done.ok ? canonicalJson(done.manifest) : done.message.replace(words, '…')).toBe(
      errorOf(entry, strict)?.replace(words, '…') ?? canonicalJson(entry.result),
    )
  })
})

describe('variables', () => {
  const objects: Record<string, JsonObject> = {
    'ConfigMap/apps/first': { data: { A: 'first', B: 'line1\nline2\n', N: 1 } },
    'ConfigMap/apps/second': { data: { A: 'second' } },
    'Secret/apps/secret': {
      kind: 'Secret',
      data: { S: 'c2VjcmV0Cg==', P: 'ENC[AES256_GCM,data:eA==,type:str]', T: 'eA==' },
      stringData: { T: 'plain' },
      sops: { mac: 'ENC[AES256_GCM,data:eA==,type:str]' },
    },
    'ConfigMap/other/elsewhere': { data: { X: 'x' } },
  }
  const read = (postBuild: JsonObject) =>
    variablesOf(
      { metadata: { name: 'x', namespace: 'apps' }, spec: { postBuild } },
      (...key) => objects[key.join('/')],
    )

  it('takes the later reference, and the inline value over all', () => {
    const { variables, missing } = read({
      substitute: { I: 'in\nline' },
      substituteFrom: [
        { kind: 'ConfigMap', name: 'first' },
        { kind: 'ConfigMap', name: 'second' },
        { kind: 'Secret', name: 'secret' },
      ],
    })
    expect(Object.fromEntries(variables)).toEqual({
      A: 'second',
      B: 'line1line2',
      S: 'secret',
      P: '..PLACEHOLDER_P..',
      T: 'plain',
      I: 'inline',
    })
    expect(missing).toEqual([])
    expect(
      read({
        substitute: { A: 'mine' },
        substituteFrom: [{ kind: 'ConfigMap', name: 'first' }],
      }).variables.get('A'),
    ).toBe('mine')
  })

  it('names what is missing: only the namespace of the Kustomization counts', () => {
    expect(
      read({
        substituteFrom: [
          { kind: 'ConfigMap', name: 'elsewhere' },
          { kind: 'Secret', name: 'absent', optional: true },
        ],
      }).missing,
    ).toEqual([
      { kind: 'ConfigMap', name: 'elsewhere', optional: false },
      { kind: 'Secret', name: 'absent', optional: true },
    ])
  })

  it('names inline values that are no text', () => {
    expect(read({ substitute: { G: 1000, H: 'x' } })).toMatchObject({ notText: ['G'] })
  })
})

const substitute = (text: string, variables: JsonObject) =>
  substituteText(text, variablesFrom(variables), { strict: false })

describe('hostile texts', () => {
  it.each([
    ['nesting', '${A:='.repeat(100_000), {}],
    ['a slow pattern', '${A#*a*b*c*d*e*x}', { A: 'abcdef'.repeat(3000) }],
    ['growth', '${A//x/${A}}', { A: 'x'.repeat(20_000) }],
    ['growth by repetition', '${A}'.repeat(1000), { A: 'x'.repeat(100_000) }],
  ])('%s is refused, not suffered', (_name, text, variables) => {
    expect(substitute(text, variables).ok).toBe(false)
  })
  it('reads a long text of many substitutions', () => {
    expect(substitute('${A} '.repeat(50_000), { A: 'x' })).toEqual({ ok: true, text: 'x '.repeat(50_000) })
  })
})
