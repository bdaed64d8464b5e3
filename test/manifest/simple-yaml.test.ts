import { globSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/manifest/go-nodes.ts'
import { readNodes } from '../../src/manifest/go-nodes.ts'
import { parseGoYamlDocument, splitDocuments } from '../../src/manifest/go-yaml.ts'
import { compose, readSource } from '../../src/manifest/source-file.ts'
import { readSimpleYaml } from '../../src/manifest/simple-yaml.ts'
import { isObject, type Json } from '../../src/manifest/json.ts'

/** What the full parser makes of a text; undefined where it refuses it, or tells of a key that stands twice. */
function inFull(text: string, dialect: Dialect): Json | undefined {
  if (dialect === 'v2') {
    // a tag is no part of the simple form
    const read = parseGoYamlDocument(`${text}full-parser: !!str x\n`)
    if (!read.ok || !isObject(read.document)) return undefined
    const { 'full-parser': _, ...rest } = read.document
    return rest
  }
  const [first, second] = compose(text)
  if (first?.contents === undefined || first.contents === null || second !== undefined) return undefined
  if (first.errors.length > 0) return undefined
  let isDuplicate = false
  const value = readNodes(first.contents, text, { dialect, onDuplicate: () => (isDuplicate = true) })
  return isDuplicate ? undefined : value
}

const dialects: Dialect[] = ['v2', 'v3']

describe('YAML of the simple form is read as the full parser reads it', () => {
  it.each([
    'a: b\nc:\n- d: |\n    x\n\n     y\n  e: []\n- - 1\n  - "2"\nf:\n  g: {}\n  h: null\n',
    "a: 'it''s\n  long'\nb: \"x\\n\n  y\"\nc: plain\n  goes - on > here\n",
    'a: |+\n  x\n\nb: |-\n  y\n',
    '"y": "off"\n0755: 1\nd: ""\ne: "\\u2028\\t"\n',
    'a:\n  b:\n  - c\n  d: 1\ne:\nf: x\n',
    '# of the file\na: 1 # one\n\n  # odd\nb:  # below\n  - "x" # x\n\n  - y\n# end\n',
    'a: |  # literal\n  # no comment\n  x\n # a comment\nb: 2\n',
    'a: b   \nc: d#e\nf: g #h\n',
    'a: [b, "c", \'d\', 1, yes, [e f, {}], { g: h, "i": [] }]\nj: {k: 1, l: off}\n',
    'a: &x b\nc: *x\nd: &x "1" # again\ne:\n  - *x\n',
    'a:\n\n  - b\n\n\n  - c\nd: y\ne: 2024-01-01\nf: Off\ng: 0x1f\n',
    'a: http://x/y?z=1\nb: "a # b"\nc: "#"\n',
    'a: -b\n-c: ?d\n'.replace('-c', 'c'),
    'a: >-\n  b\n  c\nd: > # e\n  f\n  # g\n\nh: [ ]\n',
    'A b: 1\nCrime & Punishment (1866): 2\nit is: 3\n',
    'a:\n- # one\n  b: 1\n- # nothing\n-  # list\n  - c\n  - d\ne:\n  - # x\n    f: 1\n',
    '__proto__: 1\nconstructor:\n  toString: 2\n',
  ])('%j', text => {
    for (const dialect of dialects) {
      const read = readSimpleYaml(text, dialect)
      expect(read).toBeDefined()
      expect(JSON.stringify(read?.document)).toBe(JSON.stringify(inFull(text, dialect)))
    }
  })

  it('reads every object of the substitution cases', () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own file
    const cases = parse(readFileSync('test/fixtures/flux-substitution.yaml', 'utf8')) as {
      substitution_object: { yaml: string; object: unknown }[]
    }
    for (const { yaml, object } of cases.substitution_object)
      expect(readSimpleYaml(yaml)?.document).toEqual(object)
  })

  it.each([
    'a: b\n    \n  c\nd: e\n',
    'a: [1,\n  2]\n',
    'a: .inf\n',
    'a: b: c\n',
    'a:\tb\n',
    'a: b',
    'a: |2\n   x\n',
    'a: !!str 1\n',
    '- a\n',
    '<<: {}\n',
    'a: &x\n  b: c\n',
    'a: &x [b]\nc: *x\n',
    'a: *unknown\n',
    'a: 1\na: 2\n',
    'a: {b: 1, b: 2}\n',
    ' a: b\n',
    'a: b\n c: d\n',
    'a: "\\/"\n',
    'a: "x\ny"\n',
    'a: "x"y\n',
    'a: [b: c]\n',
    'a: [b c: d]\n',
    'a: >\n  b\n\n  c\n',
    'a: >-\n  b\n    c\n',
    'a: >+\n  b\n',
    '-\n',
    'a: b\r\n',
    'a: b\u0007\n',
    '? a\n: b\n',
    '---\na: b\n',
    '# nothing\n',
  ])('steps aside for %j', text => {
    expect(readSimpleYaml(text)).toBeUndefined()
  })
})

describe('what is cut, doubled, shifted or mixed up', () => {
  const texts = globSync('{kubernetes,clusters,test/fixtures}/**/*.{yaml,yml}')
    .toSorted()
    .flatMap(file => splitDocuments(readFileSync(file, 'utf8')).map(({ text }) => text))
  const PIECES = [
    '#',
    ' #',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '"',
    "'",
    '|\n',
    '&a ',
    '*a',
    '\n',
    '  ',
    'y',
    '~',
    '0',
    '\t',
    '!',
    '---',
  ]

  it('is read as the full parser reads it, or left to it', () => {
    const random = seeded(1)
    const any = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)]
    let read = 0
    for (let i = 0; i < 6000; i++) {
      const lines = (any(texts) ?? '').split('\n')
      const from = Math.floor(random() * lines.length)
      const some = lines.slice(from, from + 1 + Math.floor(random() * 12))
      for (let edits = Math.floor(random() * 3); edits > 0; edits--) {
        const at = Math.floor(random() * some.length)
        const line = some[at] ?? ''
        const column = Math.floor(random() * (line.length + 1))
        const cut = Math.floor(random() * 3)
        some[at] = line.slice(0, column) + (any(PIECES) ?? '') + line.slice(column + cut)
      }
      const indent = Math.min(...some.filter(line => line.trim() !== '').map(line => line.search(/\S/)))
      const text = `${some.map(line => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n')}\n`
      const dialect = dialects[i % 2] ?? 'v2'
      const simple = readSimpleYaml(text, dialect)
      if (simple === undefined) continue
      read++
      expect([text, JSON.stringify(simple.document)]).toEqual([text, JSON.stringify(inFull(text, dialect))])
    }
    expect(read).toBeGreaterThan(1500)
  })

  it('files have their documents at the lines of the full parser', () => {
    const files = globSync('{kubernetes,clusters}/**/*.yaml').toSorted()
    for (const file of files) {
      const bytes = readFileSync(file)
      const text = bytes.toString('utf8')
      const lineOf = (offset: number) => text.slice(0, offset).split('\n').length
      const starts = compose(text).flatMap(({ contents }) =>
        contents === null || readNodes(contents, text) === null ? [] : [lineOf(contents.range[0])],
      )
      expect(readSource(file, bytes).documents.map(({ line }) => line)).toEqual(starts)
    }
    expect(files.length).toBeGreaterThan(10)
  })
})

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
