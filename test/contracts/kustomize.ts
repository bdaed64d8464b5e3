import { describe, expect, it } from 'vitest'
import type { KustomizeBuild } from '../../src/render/tools.ts'

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n'

/** What every implementation of `KustomizeBuild` keeps. */
export function kustomizeContract(name: string, make: () => Promise<KustomizeBuild>): void {
  describe(`${name} is a kustomize`, () => {
    it('names itself with its version', async () => {
      expect((await make()).version).toMatch(/^kustomize \d+\.\d+\.\d+$/)
    })

    it.each([
      ['', 'sub/x.yaml'],
      ['sub', 'x.yaml'],
      ['other', '../sub/x.yaml'],
    ])('builds directory %j, reading files anywhere in the tree', async (directory, path) => {
      const tool = await make()
      const kustomization = directory === '' ? 'kustomization.yaml' : `${directory}/kustomization.yaml`
      const files = encode({ [kustomization]: `resources: [${path}]\n`, 'sub/x.yaml': OBJECT })
      expect(await tool.build({ files, directory })).toEqual({ ok: true, yaml: OBJECT })
    })

    it('sees nothing but the given files', async () => {
      const tool = await make()
      const files = encode({ 'kustomization.yaml': 'resources: [x.yaml]\n' })
      expect(await tool.build({ files, directory: '' })).toMatchObject({
        ok: false,
        error: { ruleId: 'render-build' },
      })
    })

    it('answers builds that run at once each with its own', async () => {
      const tool = await make()
      const built = await Promise.all(
        ['a', 'b', 'c'].map(
          async prefix =>
            await tool.build({
              files: encode({
                'kustomization.yaml': `namePrefix: ${prefix}-\nresources: [x.yaml]\n`,
                'x.yaml': OBJECT,
              }),
              directory: '',
            }),
        ),
      )
      expect(built.map(result => result.ok && /name: (.*)/.exec(result.yaml)?.[1])).toEqual([
        'a-x',
        'b-x',
        'c-x',
      ])
    })

    it.each<
      [string, Record<string, string>, { message: string; file?: string; line?: number; ruleId?: string }]
    >([
      [
        'a broken manifest',
        {
          'kustomization.yaml': 'resources: [s]\n',
          's/kustomization.yaml': 'resources: [x.yaml]\n',
          's/x.yaml': 'a: {b: c\n',
        },
        {
          ruleId: 'parse-yaml',
          message: 'A bracket is not closed: } is missing.',
          file: 's/x.yaml',
          line: 1,
        },
      ],
      [
        'no object',
        { 'kustomization.yaml': 'resources: [x.yaml]\n', 'x.yaml': 'a: b\n' },
        { message: 'kustomize: x.yaml: missing Resource metadata', file: 'x.yaml' },
      ],
      [
        'no kind, without the Go values around it',
        {
          'kustomization.yaml': 'resources: [s]\n',
          's/kustomization.yaml': 'resources: [x.yaml]\n',
          's/x.yaml': 'apiVersion: v1\nmetadata: { name: a }\n',
        },
        { message: 'kustomize: x.yaml: missing kind', file: 's/x.yaml' },
      ],
      [
        'a key that is there twice, in a file that kustomize does not name',
        {
          'kustomization.yaml': 'resources: [s]\n',
          's/kustomization.yaml': 'resources: [a.yaml, x.yaml]\n',
          's/a.yaml': OBJECT.replace('name: x', 'name: other'),
          's/x.yaml': `# two documents\n---\n${OBJECT}data: {a: b}\ndata: {c: d}\n`,
        },
        {
          ruleId: 'parse-duplicate-key',
          message: 'The key "data" is set twice in the same map.',
          file: 's/x.yaml',
          line: 8,
        },
      ],
      [
        'a patch without a target, said once',
        {
          'kustomization.yaml': 'resources: [x.yaml]\npatches: [{path: p.yaml}]\n',
          'x.yaml': OBJECT,
          'p.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }\n',
        },
        {
          message: 'kustomize: no resource matches strategic merge patch "Deployment shop/web"',
          file: 'kustomization.yaml',
        },
      ],
      [
        'a kustomization below that cannot be read',
        { 'kustomization.yaml': 'resources: [s]\n', 's/kustomization.yaml': 'nope: true\n' },
        {
          message: 'kustomize: invalid Kustomization: json: unknown field "nope"',
          file: 's/kustomization.yaml',
        },
      ],
      [
        'no kustomization',
        { 'x.yaml': OBJECT },
        {
          message:
            "kustomize: unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '.'",
        },
      ],
      [
        'a cycle',
        { 'kustomization.yaml': 'resources: [s]\n', 's/kustomization.yaml': 'resources: [..]\n' },
        {
          ruleId: 'render-cycle',
          message: "kustomize: cycle detected: candidate root '.' contains visited root 's'",
        },
      ],
    ])('says in one sentence what is wrong: %s', async (_name, files, expected) => {
      const result = await (await make()).build({ files: encode(files), directory: '' })
      expect(result.ok ? undefined : result.error).toMatchObject({ ruleId: 'render-build', ...expected })
    })
  })
}

function encode(files: Record<string, string>): Map<string, Uint8Array> {
  return new Map(Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]))
}
