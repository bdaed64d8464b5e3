import { describe, expect, it } from 'vitest'
import { memoryTree } from '../../src/manifest/tree.ts'
import { editFile, type EditedFile } from '../../src/versions/edit-file.ts'
import type { RelatedFacts } from '../../src/versions/comment-facts.ts'
import { findReferences } from '../../src/versions/find-references.ts'
import type { Pointer } from '../../src/versions/reference.ts'
import { updateEdits, type UpdateTarget } from '../../src/versions/update-edits.ts'

const OLD = `sha256:${'a'.repeat(64)}`
const NEW = `sha256:${'b'.repeat(64)}`

function edit(text: string, pointer: Pointer, from: string, to: string, facts?: RelatedFacts): EditedFile {
  return editFile('a.yaml', new TextEncoder().encode(text), [{ document: 0, pointer, from, to }], facts)
}

function textOf(edited: EditedFile): string {
  if (!edited.ok) throw new Error(edited.refusal.message)
  return Buffer.from(edited.bytes).toString('utf8')
}

/** Finds the one reference of a file and makes it say something else. */
async function update(text: string, target: UpdateTarget, pin = true): Promise<string> {
  const { references } = await findReferences(memoryTree({ 'a.yaml': text }))
  const [reference, ...others] = references
  if (reference === undefined || others.length > 0) throw new Error(`${references.length} references`)
  const edits = updateEdits(reference, target, pin)
  if (!edits.ok) return edits.problem
  const edited = editFile('a.yaml', new TextEncoder().encode(text), edits.edits)
  return edited.ok ? textOf(edited) : edited.refusal.message
}

const cluster = (image: string) =>
  `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: x }\nspec:\n  imageName: ${image}\n`
const artifact = (ref: string) =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: { name: x }\nspec:\n  url: oci://a/b\n  ref:\n${ref}`
const kustomization = (image: string) =>
  `kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nimages:\n  - name: a/b\n${image}`

describe('each kind has its own place for the digest', () => {
  it.each<[string, string, UpdateTarget, boolean, string]>([
    ['an image', cluster('a/postgresql:17.6'), { version: '17.11' }, true, cluster('a/postgresql:17.11')],
    [
      'an image, pinned',
      cluster(`"a/postgresql:17.6"`),
      { version: '17.11', digest: NEW },
      true,
      cluster(`"a/postgresql:17.11@${NEW}"`),
    ],
    [
      'an image, not to be pinned',
      cluster(`'a/postgresql:17.6'`),
      { version: '17.11', digest: NEW },
      false,
      cluster(`'a/postgresql:17.11'`),
    ],
    [
      'an image that is pinned',
      cluster(`a/postgresql:17.6@${OLD}`),
      { version: '17.6', digest: NEW },
      false,
      cluster(`a/postgresql:17.6@${NEW}`),
    ],
    [
      'an image of a registry with a port',
      cluster('r:5000/postgresql:17.6'),
      { version: '17.11' },
      true,
      cluster('r:5000/postgresql:17.11'),
    ],
    [
      'an artifact',
      artifact('    tag: 0.27.0 # here\n'),
      { version: '0.28.3', digest: NEW },
      true,
      artifact('    tag: 0.28.3 # here\n'),
    ],
    [
      'an artifact with a digest',
      artifact(`    tag: 0.27.0\n    digest: ${OLD}\n`),
      { version: '0.28.3', digest: NEW },
      true,
      artifact(`    tag: 0.28.3\n    digest: ${NEW}\n`),
    ],
    [
      'kustomize',
      kustomization('    newTag: v1.0.0\n'),
      { version: 'v1.1.0', digest: NEW },
      true,
      kustomization('    newTag: v1.1.0\n'),
    ],
    [
      'kustomize with a digest in the tag',
      kustomization(`    newTag: v1.0.0@${OLD}\n`),
      { version: 'v1.1.0', digest: NEW },
      true,
      kustomization(`    newTag: v1.1.0@${NEW}\n`),
    ],
    [
      'a tag that would read as a number',
      kustomization('    newTag: v1\n'),
      { version: '1.10' },
      true,
      kustomization('    newTag: "1.10"\n'),
    ],
  ])('%s', async (_case, text, target, pin, want) => expect(await update(text, target, pin)).toBe(want))

  it.each<[string, string, RegExp]>([
    ['no tag without its digest', cluster(`a/postgresql:17.6@${OLD}`), /digest of 17\.11 is not known/],
    ['no range', artifact('    semver: 0.x\n'), /Flux resolves 0\.x itself/],
    ['no variable', cluster('a/postgresql:${V}'), /which Flux fills in/],
    ['not to what it is', cluster('a/postgresql:17.11'), /says so already/],
  ])('%s', async (_case, text, want) => expect(await update(text, { version: '17.11' })).toMatch(want))
})

describe('the bytes around stay', () => {
  it.each<[string, string, Pointer, string]>([
    [
      'comments and blank lines',
      '# top\n\na:   v1   # why\n\n# end',
      ['a'],
      '# top\n\na:   v2   # why\n\n# end',
    ],
    ['Windows', 'a: v1\r\nb: x\r\n', ['a'], 'a: v2\r\nb: x\r\n'],
    ['no line end', 'a: v1', ['a'], 'a: v2'],
    ['a byte order mark', '\ufeffa: v1\n', ['a'], '\ufeffa: v2\n'],
    ['flow style', '{ a: [ x, v1 ], "b": v1 }\n', ['a', 1], '{ a: [ x, v2 ], "b": v1 }\n'],
    ['the same value elsewhere', 'b: v1\n# a: v1\na: v1\nc: v1\n', ['a'], 'b: v1\n# a: v1\na: v2\nc: v1\n'],
    ['an anchor that nobody uses', 'a: &x v1\n', ['a'], 'a: &x v2\n'],
    ['other letters', 'ü: "ß→"\na: v1 # é\n', ['a'], 'ü: "ß→"\na: v2 # é\n'],
    [
      'block scalars around',
      'b: |\n  a: v1\na: v1\nc: >-\n  v1\n',
      ['a'],
      'b: |\n  a: v1\na: v2\nc: >-\n  v1\n',
    ],
  ])('%s', (_case, text, pointer, want) => expect(textOf(edit(text, pointer, 'v1', 'v2'))).toBe(want))

  it('names what changes along: the aliases of a map around it', () => {
    const edited = edit('d: &x { a: v1 }\nb: [*x, v1]\n', ['d', 'a'], 'v1', 'v2')
    expect(textOf(edited)).toBe('d: &x { a: v2 }\nb: [*x, v1]\n')
    expect(edited).toMatchObject({ along: ['b[0].a'] })
    expect(edit('a: v1\n', ['a'], 'v1', 'v2')).toMatchObject({ along: [] })
  })

  it('several edits of several documents, or none', () => {
    const text = new TextEncoder().encode('a: v1\n---\nb: [v1, v1]\n')
    const edits = [
      { document: 1, pointer: ['b', 1], from: 'v1', to: 'v3' },
      { document: 0, pointer: ['a'], from: 'v1', to: 'v2-longer' },
    ]
    expect(textOf(editFile('a.yaml', text, edits))).toBe('a: v2-longer\n---\nb: [v1, v3]\n')
    const stale = editFile('a.yaml', text, [
      ...edits,
      { document: 1, pointer: ['b', 0], from: 'v0', to: 'v3' },
    ])
    expect(stale).toMatchObject({ ok: false, refusal: { kind: 'moved', field: 'b[0]' } })
  })
})

describe('refuses, with the way out', () => {
  it.each<[string, string, Pointer, string]>([
    [
      'a file of SOPS, any of its documents',
      'a: v1\n---\nb: ENC[AES256_GCM,data:x]\nsops:\n  mac: x\n',
      ['a'],
      'encrypted',
    ],
    ['an alias', 'b: &x v1\na: *x\n', ['a'], 'alias'],
    ['an anchor, with what would change', 'a: &x v1\nb: { c: [*x] }\n', ['a'], 'anchor'],
    ['a text of several lines', 'a: |\n  v1\n', ['a'], 'moved'],
    ['an escape', 'a: "\\x761"\n', ['a'], 'embedded-yaml'],
    ['what moved', 'a: v0\n', ['a'], 'moved'],
    ['what is gone', 'b: v1\n', ['a'], 'moved'],
    ['what is no YAML', 'a: v1\nb: [\n', ['a'], 'unreadable'],
  ])('%s', (_case, text, pointer, kind) => {
    const edited = edit(text, pointer, 'v1', 'v2')
    expect(edited).toMatchObject({
      ok: false,
      refusal: { kind, message: expect.stringMatching(/\.$/), repair: expect.stringMatching(/\S/) },
    })
  })

  it('bytes that are no UTF-8', () => {
    const bytes = new Uint8Array([0x61, 0x3a, 0x20, 0x76, 0x31, 0x20, 0x23, 0xff])
    expect(editFile('a.yaml', bytes, [{ document: 0, pointer: ['a'], from: 'v1', to: 'v2' }])).toMatchObject({
      refusal: { kind: 'unreadable' },
    })
  })

  it.each(['a b', 'v2 # x', 'v2\nb: x', '*x', '{x}', ''])(
    'a new value that would be more than one: %j',
    to => {
      expect(edit('a: v1\n', ['a'], 'v1', to)).toMatchObject({ ok: false })
    },
  )

  it.each<[string, Pointer]>([
    ['a: v1\n', ['a']],
    ['- v1\n', [0]],
    ['{ a: [v1, x] }\n', ['a', 0]],
  ])('what would read as something else is not proven: %j', (text, pointer) => {
    expect(edit(text, pointer, 'v1', 'v2:')).toMatchObject({ ok: false, refusal: { kind: 'unproven' } })
  })

  it('two edits of one value', () => {
    const one = { document: 0, pointer: ['a'], from: 'v1', to: 'v2' }
    expect(
      editFile('a.yaml', new TextEncoder().encode('a: v1\n'), [one, { ...one, to: 'v3' }]),
    ).toMatchObject({
      refusal: { kind: 'unproven' },
    })
  })
})

describe('comments beside the version', () => {
  const facts: RelatedFacts = {
    chart: { from: '0.27.0', to: '0.28.3' },
    operator: { from: '1.28.0', to: '1.29.1' },
  }
  it.each<[string, string, number, number]>([
    ['tag: 0.27.0 # deploys CNPG 1.28.0\n', 'tag: 0.28.3 # deploys CNPG 1.29.1\n', 1, 0],
    // wrong already: true afterwards
    ['tag: 0.27.0 # deploys CNPG 1.20.0\n', 'tag: 0.28.3 # deploys CNPG 1.29.1\n', 1, 0],
    [
      '# chart 0.27.0 deploys operator 1.28.0\ntag: 0.27.0\n',
      '# chart 0.28.3 deploys operator 1.29.1\ntag: 0.28.3\n',
      2,
      0,
    ],
    [
      "# chart 0.27.0 deploys operator 1.28.0; the story's 0.24.0 deploys 1.26.0.\ntag: 0.27.0\n",
      "# chart 0.28.3 deploys operator 1.29.1; the story's 0.24.0 deploys 1.26.0.\ntag: 0.28.3\n",
      2,
      0,
    ],
    // of another chart, and in words of somebody else
    [
      '# chart 0.24.0 deploys operator 1.26.0\ntag: 0.27.0\n',
      '# chart 0.24.0 deploys operator 1.26.0\ntag: 0.28.3\n',
      0,
      0,
    ],
    ['# tested with 1.28.0\ntag: 0.27.0\n', '# tested with 1.28.0\ntag: 0.28.3\n', 0, 1],
    ['tag: 0.27.0 # 0.27.0 is the last that works\n', 'tag: 0.28.3 # 0.27.0 is the last that works\n', 0, 1],
    ['tag: 0.27.0 # not 10.27.0\n', 'tag: 0.28.3 # not 10.27.0\n', 0, 0],
    // further away
    ['# deploys CNPG 1.28.0\n\ntag: 0.27.0\n', '# deploys CNPG 1.28.0\n\ntag: 0.28.3\n', 0, 0],
  ])('%j', (text, want, corrected, stale) => {
    const edited = edit(text, ['tag'], '0.27.0', '0.28.3', facts)
    expect(textOf(edited)).toBe(want)
    expect(edited).toMatchObject({ corrected: { length: corrected }, stale: { length: stale } })
  })

  it('what is reported has its line and what it names', () => {
    expect(edit('a: x\n# since 17.2\ntag: v17.2 # as 17.2\n', ['tag'], 'v17.2', 'v17.11')).toMatchObject({
      stale: [
        { line: 2, text: '# since 17.2', names: '17.2' },
        { line: 3, text: '# as 17.2', names: '17.2' },
      ],
    })
  })
})
