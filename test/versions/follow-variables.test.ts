import { describe, expect, it } from 'vitest'
import { memoryTree } from '../../src/manifest/tree.ts'
import { editFile } from '../../src/versions/edit-file.ts'
import { findReferences } from '../../src/versions/find-references.ts'
import { updateEdits } from '../../src/versions/update-edits.ts'

const workload = (image: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\nspec:\n  image: "${image}"\n`
const applies = (more: string, name = 'apps') =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: ${name}, namespace: flux-system }\nspec:\n  path: ./apps\n  postBuild:\n${more}`
const vars = (data: string, name = 'vars') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata:\n${data}`
const FROM = '    substituteFrom: [{ kind: ConfigMap, name: vars }]\n'

/** Every reference with what would become of its file, made to say another version. */
async function followed(files: Record<string, string>) {
  const tree = memoryTree(files)
  const { references } = await findReferences(tree)
  return await Promise.all(
    references.map(async reference => {
      const { place, current, obstacle, package: target } = reference
      const edits = updateEdits(reference, { version: '9.9.9' }, false)
      const edited = edits.ok ? editFile(edits.file, await tree.read(edits.file), edits.edits) : undefined
      return {
        at: `${place.file}:${place.line}`,
        name: target.kind === 'image' ? target.name : target.kind,
        version: current.version,
        says:
          edited?.ok === true
            ? /.*9\.9\.9.*/.exec(Buffer.from(edited.bytes).toString('utf8'))?.[0].trim()
            : obstacle?.message,
      }
    }),
  )
}

describe('a version that Flux fills in', () => {
  it.each<[string, Record<string, string>, object]>([
    [
      'the tag, in postBuild',
      { 'a.yaml': workload('r/x:${V}'), 'ks.yaml': applies('    substitute: { V: "1.2.3" }\n') },
      { at: 'ks.yaml:7', name: 'r/x', version: '1.2.3', says: 'substitute: { V: "9.9.9" }' },
    ],
    [
      'all of the image, in a ConfigMap',
      { 'a.yaml': workload('${IMAGE}'), 'ks.yaml': applies(FROM), 'vars.yaml': vars('  IMAGE: r/x:1.2.3\n') },
      { at: 'vars.yaml:5', name: 'r/x', version: '1.2.3', says: 'IMAGE: r/x:9.9.9' },
    ],
    [
      'over its default',
      {
        'a.yaml': workload('r/x:${V:=1.0.0}'),
        'ks.yaml': applies(FROM),
        'vars.yaml': vars("  V: '1.2.3'\n"),
      },
      { at: 'vars.yaml:5', name: 'r/x', version: '1.2.3', says: "V: '9.9.9'" },
    ],
    [
      'of a chart',
      {
        'a.yaml':
          'apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: { name: x }\nspec:\n  url: oci://r/charts/x\n  ref:\n    tag: ${V}\n',
        'ks.yaml': applies('    substitute:\n      V: 1.2.3 # ours\n'),
      },
      { at: 'ks.yaml:8', name: 'oci', version: '1.2.3', says: 'V: 9.9.9 # ours' },
    ],
  ])('%s', async (_case, files, want) => {
    expect(await followed(files)).toEqual([want])
  })

  it('in every place that sets it, once however often it is used', async () => {
    const files = {
      'a.yaml': workload('r/x:${V}'),
      'b.yaml': workload('r/x:${V}'),
      'ks.yaml': `${applies('    substitute: { V: 1.2.3 }\n')}---\n${applies('    substitute: { V: 1.1.0 }\n', 'other')}`,
    }
    expect((await followed(files)).map(({ at, version }) => [at, version])).toEqual([
      ['ks.yaml:7', '1.2.3'],
      ['ks.yaml:15', '1.1.0'],
    ])
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['nothing sets it', { 'a.yaml': workload('r/x:${V}') }, /nothing in this tree sets it/],
    [
      'it is in a ConfigMap that nothing takes variables from',
      {
        'a.yaml': workload('r/x:${V}'),
        'ks.yaml': applies(FROM),
        'vars.yaml': vars('  V: 1.2.3\n', 'other'),
      },
      /nothing in this tree sets it/,
    ],
    [
      'it is a part of the tag',
      { 'a.yaml': workload('r/x:${V}-alpine'), 'ks.yaml': applies('    substitute: { V: "1.2.3" }\n') },
      /which Flux fills in/,
    ],
    [
      'it is encrypted',
      {
        'a.yaml': workload('r/x:${V}'),
        'ks.yaml': applies(FROM),
        'vars.yaml': `${vars('  V: 1.2.3\n')}sops: { mac: x, lastmodified: y }\n`,
      },
      /encrypted by SOPS/,
    ],
  ])('stays where it is: %s', async (_case, files, want) => {
    expect(await followed(files)).toMatchObject([{ says: expect.stringMatching(want) }])
  })

  it('several packages share it', async () => {
    const files = {
      'a.yaml': workload('r/x:${V}'),
      'b.yaml': workload('r/y:${V}'),
      'ks.yaml': applies('    substitute: { V: "1.2.3" }\n'),
    }
    expect((await followed(files)).map(({ says }) => says)).toEqual([
      expect.stringContaining('several packages'),
      expect.stringContaining('several packages'),
    ])
  })
})
