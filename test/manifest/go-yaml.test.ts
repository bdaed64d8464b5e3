import { describe, expect, it } from 'vitest'
import { parseGoYaml, parseGoYamlDocument } from '../../src/manifest/go-yaml.ts'

/** JSON text, or 'refused'. */
function read(text: string): string {
  const done = parseGoYamlDocument(text)
  return done.ok ? JSON.stringify(done.document) : 'refused'
}

describe('the line that opens a document', () => {
  it.each([
    ['---\na: 1\n', '{"a":1}'],
    ['---\n# a\n\na: 1\n---\nb: 2\n', '{"a":1}'],
    ['---\n---\nb: 2\n', 'null'],
    ['---\n- 1\n', '[1]'],
    ['---\n', 'null'],
    ['--- a\n', '"a"'],
    ['---\na: {\n', 'refused'],
  ])('%j', (text, json) => expect(read(text)).toBe(json))
})

// Every row is what sigs.k8s.io/yaml v1.6.0 YAMLToJSON printed for `a: SCALAR`.
describe('scalars', () => {
  it.each([
    ['yes', 'true'],
    ['On', 'true'],
    ['y', 'true'],
    ['N', 'false'],
    ['oFF', '"oFF"'],
    ['~', 'null'],
    ['Null', 'null'],
    ['0755', '493'],
    ['-0755', '-493'],
    ['08', '8'],
    ['0o17', '15'],
    ['0b11', '3'],
    ['-0b11', '-3'],
    ['0b12', '"0b12"'],
    ['0x1F', '31'],
    ['1_000', '1000'],
    ['1__0', '10'],
    ['+1', '1'],
    ['1e3', '1000'],
    ['1.20', '1.2'],
    ['1.', '1'],
    ['.5', '0.5'],
    ['._5', '"._5"'],
    ['1e400', '"1e400"'],
    ['.inf', 'refused'],
    ['.nan', 'refused'],
    ['12:30:45', '"12:30:45"'],
    ['2026-01-01', '"2026-01-01"'],
    ['1.2.3', '"1.2.3"'],
    ['!!str 12', '"12"'],
    ['!!int "12"', '12'],
    ['!!int a', 'refused'],
    ['!!float 12', '12'],
    ['!!bool "yes"', 'true'],
    ['!!binary aGk=', '"hi"'],
    ['!!binary aGk', 'refused'],
    ['!foo 12', '"12"'],
    ['! 12', '"12"'],
    ['"a\\x41\\u00e9"', '"aAé"'],
    ['"a\\/b"', 'refused'],
    ['"\\ud83d"', 'refused'],
    ['@x', 'refused'],
    ['*x', 'refused'],
    ['a #b', '"a"'],
    ['b: c', 'refused'],
    ['[1, a]', '[1,"a"]'],
    ['{"k": v}', '{"k":"v"}'],
  ])('%s', (scalar, json) => {
    expect(read(`a: ${scalar}\n`)).toBe(json === 'refused' ? json : `{"a":${json}}`)
  })
})

describe('documents', () => {
  it.each([
    ['the last of equal keys wins', 'a: 1\na: 2\n', '{"a":2}'],
    ['a merge overrides what stands before it', 'a: 1\n<<: {a: 2}\n', '{"a":2}'],
    ['what follows a merge overrides it', '<<: {a: 2}\na: 1\n', '{"a":1}'],
    ['the first of merged maps wins', '<<: [{a: 1}, {a: 2}]\n', '{"a":1}'],
    ['a quoted merge key is a key', '"<<": {a: 1}\n', '{"<<":{"a":1}}'],
    ['merging a scalar', '<<: a\n', 'refused'],
    ['the last anchor counts', 'a: &a 1\nb: &a 2\nc: *a\n', '{"a":1,"b":2,"c":2}'],
    ['an anchor that holds itself', 'a: &a [*a]\n', 'refused'],
    [
      'keys become text',
      '1: a\n1.5: b\ntrue: c\nno: d\n0x10: e\n',
      '{"1":"a","16":"e","1.5":"b","true":"c","false":"d"}',
    ],
    ['float keys as float32', '3.14159265: a\n1000000.0: b\n', '{"3.1415927":"a","1e+06":"b"}'],
    ['a null key', '~: a\n', 'refused'],
    ['a map as key', '? {a: 1}\n: 2\n', 'refused'],
    ['a block scalar without an end of line', 'a: |\n  x', '{"a":"x"}'],
    ['the first document only', 'a: 1\n---\nb: [\n', '{"a":1}'],
    ['nothing', '# only\n', 'null'],
    ['control characters', 'a: \u0001\n', 'refused'],
    ['prototypes', '__proto__: 1\n', '{"__proto__":1}'],
  ])('%s', (_name, text, json) => {
    expect(read(text)).toBe(json)
  })

  it('a stream is cut at lines of ---, and lines count in the whole', () => {
    expect(parseGoYaml('---\na: 1\n--- # two\nb: |\n  x\n---\n')).toEqual({
      ok: true,
      documents: [{ a: 1 }, { b: 'x\n' }],
    })
    expect(parseGoYaml('a: 1\n---\nb: 2\nc: @\n')).toMatchObject({ ok: false, line: 4 })
  })

  it('bounds aliases and depth', () => {
    const bomb = `a0: &a0 [x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]\n`).join('')}`
    expect(parseGoYamlDocument(bomb)).toMatchObject({
      ok: false,
      message: 'document contains excessive aliasing',
    })
    expect(read(`a: ${'['.repeat(20_000)}\n`)).toBe('refused')
  })
})
