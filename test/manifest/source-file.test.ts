import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readSource } from '../../src/manifest/source-file.ts'

const read = (text: string) => readSource('a/b.yaml', new TextEncoder().encode(text))

const FILE = `# the app
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  annotations:
    foo.io/bar: "1"
data:
  tls.crt: |
    one
    two
---
# only a comment
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: pg
  namespace: db
spec:
  base: &base
    size: 1Gi
  tablespaces:
    - name: a
    - storage: *base
      name: b
  merged:
    <<: *base
    class: x
  flow: {a: 1, b: [x, y]}
`

describe('documents', () => {
  const source = read(FILE)
  it('come with lines and what they are', () => {
    expect(source.findings).toEqual([])
    expect(source.documents.map(({ line, endLine, resource }) => [line, endLine, resource?.kind])).toEqual([
      [3, 12, 'ConfigMap'],
      [16, 31, 'Cluster'],
    ])
    expect(source.documents[1]?.resource).toEqual({
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      namespace: 'db',
      name: 'pg',
    })
    expect(source.documents[1]?.value).toMatchObject({
      spec: {
        merged: { size: '1Gi', class: 'x' },
        tablespaces: [{ name: 'a' }, { storage: { size: '1Gi' } }],
      },
    })
  })

  it.each([
    [0, 'metadata.name', 6, 3, true],
    [0, 'metadata.annotations[foo.io/bar]', 8, 5, true],
    [0, 'metadata.annotations["foo.io/bar"]', 8, 5, true],
    [0, 'metadata.annotations.foo.io/bar', 8, 5, true],
    [0, 'data.tls.crt', 10, 3, true],
    [0, 'metadata.labels.app', 5, 1, false],
    [0, '', 3, 1, true],
    [1, 'spec.tablespaces[0].name', 25, 7, true],
    [1, 'spec.tablespaces[1]', 26, 7, true],
    [1, 'spec.tablespaces[1].name', 27, 7, true],
    [1, 'spec.tablespaces[7].name', 24, 3, false],
    [1, 'spec.tablespaces[1].storage.size', 23, 5, true],
    [1, 'spec.merged.size', 23, 5, true],
    [1, 'spec.flow.b[1]', 31, 23, true],
    [1, 'spec.flow.b[1].deeper', 31, 23, false],
  ])('document %i %s is at %i:%i', (index, path, line, column, exact) => {
    expect(source.documents[index]?.locate(path)).toEqual({ line, column, exact })
  })
})

it('reads scalars as kustomize does', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own file
  const { kustomize_scalars: cases } = parse(
    readFileSync('test/fixtures/flux-substitution.yaml', 'utf8'),
  ) as {
    kustomize_scalars: { table: { source: string; after_kustomize: string }[] }
  }
  expect(cases.table).toHaveLength(17)
  for (const { source, after_kustomize } of cases.table)
    expect([source, JSON.stringify(read(`a: ${source}\n`).documents[0]?.value)]).toEqual([
      source,
      `{"a":${after_kustomize === '${N}' ? '"${N}"' : after_kustomize}}`,
    ])
})

it.each([
  ['a: 1\na: 2\n', 'parse-duplicate-key', 2],
  ['x:\n  b: 1\n  c: 2\n  b: 3\n', 'parse-duplicate-key', 4],
  ['a: 1\n---\nb: c: d\n', 'parse-yaml', 3],
  ['a:\n\tb: 1\n', 'parse-yaml', 2],
  ['a: "x\n', 'parse-yaml', 1],
  ['a: [1, 2\n', 'parse-yaml', 1],
  ['a: @x\n', 'parse-yaml', 1],
  ['a: 1\nb: *x\n', 'parse-yaml', 2],
  ['a: 1\nb: x\0y\n', 'parse-encoding', 2],
  [`a: ${'['.repeat(5000)}${']'.repeat(5000)}\n`, 'parse-limit', 1],
])('%j: %s at line %i', (text, ruleId, line) => {
  expect(read(text).findings.map(finding => [finding.ruleId, finding.file, finding.line])).toEqual([
    [ruleId, 'a/b.yaml', line],
  ])
})

const bytes = (...codes: number[]) => readSource('x', new Uint8Array(codes))

it('names the line that is not UTF-8, and takes a byte order mark', () => {
  expect(bytes(0x61, 0x3a, 0x0a, 0x62, 0xff, 0x0a).findings).toMatchObject([
    { ruleId: 'parse-encoding', line: 2 },
  ])
  expect(bytes(0xef, 0xbb, 0xbf, 0x61, 0x3a, 0x20, 0x31).documents[0]?.value).toEqual({ a: 1 })
})

it('refuses an alias bomb', () => {
  const lines = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`)
  expect(read(`a0: &a0 [x]\n${lines.join('\n')}\n`).findings).toMatchObject([{ ruleId: 'parse-limit' }])
})

describe('ignores', () => {
  it('apply to their own line, or to the next one with content', () => {
    const source = read(
      'a: 1 # cnpg-steward: ignore house-x it is so\n# cnpg-steward: ignore house-y because\n# more\n\nb: 2\n# cnpg-steward: ignore house-z\nc: 3\n',
    )
    expect(source.ignores).toMatchObject([
      { line: 1, ruleId: 'house-x', reason: 'it is so' },
      { line: 5, commentLine: 2, ruleId: 'house-y', reason: 'because' },
      { line: 7, commentLine: 6, ruleId: 'house-z', reason: '' },
    ])
    expect(source.findings).toMatchObject([{ ruleId: 'config-ignore-reason', line: 6 }])
  })
})
