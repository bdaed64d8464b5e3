// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { directoryTree } from '../../src/adapters/directory-tree.ts'
import { PinnedClient } from '../../src/adapters/pinned-client.ts'
import { Outbound } from '../../src/adapters/outbound.ts'
import type { Output } from '../../src/cli/commands.ts'
import type { Context } from '../../src/cli/run.ts'
import { schema } from '../../src/cli/schema.ts'
import { readImportedCrds } from '../../src/imported-crds.ts'
import { fromCrds } from '../../src/schema/crd.ts'
import { createValidator } from '../../src/schema/validator.ts'
import { serve } from '../http.ts'
import { temporaryDirectory, temporaryRepository, type TemporaryDirectory } from '../temporary.ts'

const CRDS = '.github/cnpg-steward/crds'

/** As a project releases it: with descriptions, columns, and a field that is called description. */
const crd = (kind: string, more = '') => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${kind.toLowerCase()}s.example.org
  annotations:
    controller-gen.kubebuilder.io/version: v0.19.0
spec:
  group: example.org
  names: { kind: ${kind}, plural: ${kind.toLowerCase()}s, listKind: ${kind}List }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      additionalPrinterColumns:
        - { name: Size, type: integer, jsonPath: .spec.size }
      schema:
        openAPIV3Schema:
          description: What a ${kind} is.
          type: object
          properties:
            spec:
              description: What is wanted.
              type: object
              required: [size]
              x-kubernetes-validations:
                - { rule: self.size < 10, message: too large }
              properties:
                size: { type: integer, description: How large. }
                mode: { type: string, enum: ['on', 'off'] }
                description: { type: string }${more}
`

function repository(files: Record<string, string> = {}): TemporaryDirectory {
  const made = temporaryRepository(files)
  onTestFinished(() => made[Symbol.dispose]())
  return made
}

function context(cwd: string): Context {
  const stream = { write: () => undefined }
  return {
    io: {
      stdout: stream,
      stderr: stream,
      env: { PATH: process.env.PATH },
      cwd,
      platform: process.platform,
      now: () => new Date(0),
    },
    color: false,
    progress: () => undefined,
  }
}

const run = async (cwd: string, imports: string[], output: Output = 'text', outbound?: Outbound) =>
  await schema({ command: 'schema', imports, output, color: false }, context(cwd), outbound)

const read = (root: string, file: string) => readFileSync(path.join(root, CRDS, file), 'utf8')

describe('schema import', () => {
  it('adds a CRD without what only people read', async () => {
    const { path: root } = repository({ 'widget.yaml': crd('Widget') })
    expect(await run(root, ['widget.yaml'])).toEqual({
      exitCode: 0,
      output: `added     Widget example.org/v1: ${CRDS}/example.org_Widget.yaml (widget.yaml:1)
Commit the files: they are taken before the bundled catalog.`,
    })
    expect(read(root, 'example.org_Widget.yaml'))
      .toBe(`# Written by \`cnpg-steward schema import\`, which replaces it.
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.org
spec:
  group: example.org
  names:
    kind: Widget
    plural: widgets
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required:
                - size
              x-kubernetes-validations:
                - rule: self.size < 10
                  message: too large
              properties:
                size:
                  type: integer
                mode:
                  type: string
                  enum:
                    - "on"
                    - "off"
                description:
                  type: string
`)
  })

  it('makes objects of the kind judged', async () => {
    const { path: root } = repository({ 'widget.yaml': crd('Widget') })
    await run(root, ['widget.yaml'])
    const validator = createValidator([fromCrds(await readImportedCrds(directoryTree(root)))])
    const judge = (spec: object) =>
      validator.validate({
        apiVersion: 'example.org/v1',
        kind: 'Widget',
        metadata: { name: 'a' },
        spec: JSON.parse(JSON.stringify(spec)),
      })
    expect(judge({ size: 3, mode: 'off', description: 'mine' })).toMatchObject({ known: true, findings: [] })
    expect(judge({ size: 3, mood: 'off' })).toMatchObject({ findings: [{ ruleId: 'schema-unknown-field' }] })
    expect(judge({ size: 3, mode: false })).toMatchObject({ findings: [{ ruleId: 'schema-type' }] })
    expect(
      validator.schemaOf('example.org/v1', 'Widget')?.properties?.spec?.['x-kubernetes-validations'],
    ).toEqual([{ rule: 'self.size < 10', message: 'too large' }])
  })

  it('says what is replaced and what is as it was', async () => {
    const made = repository({ 'widget.yaml': crd('Widget') })
    await run(made.path, ['widget.yaml'])
    const again = await run(made.path, ['widget.yaml'])
    expect(again).toEqual({
      exitCode: 0,
      output: `unchanged Widget example.org/v1: ${CRDS}/example.org_Widget.yaml (widget.yaml:1)`,
    })
    made.write({ 'widget.yaml': crd('Widget', '\n                color: { type: string }') })
    expect((await run(made.path, ['widget.yaml'])).output).toMatch(/^replaced {2}Widget/)
    expect(read(made.path, 'example.org_Widget.yaml')).toContain('color:')
    expect(readdirSync(path.join(made.path, CRDS))).toEqual(['example.org_Widget.yaml'])
  })

  it('reads directories, streams, Lists and JSON, and passes over the rest', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [parse(crd('Third')), { apiVersion: 'v1', kind: 'ConfigMap' }],
    }
    const { path: root } = repository({
      'crds/a.yaml': `${crd('First')}---\n${crd('Second')}---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n`,
      'crds/deep/b.json': JSON.stringify(list, null, '\t'),
      'crds/c.yml': crd('Fourth'),
      'crds/readme.md': '# CRDs',
    })
    const { output } = await run(root, ['crds'])
    expect(output.split('\n')).toEqual([
      `added     First example.org/v1: ${CRDS}/example.org_First.yaml (crds/a.yaml:1)`,
      `added     Second example.org/v1: ${CRDS}/example.org_Second.yaml (crds/a.yaml:33)`,
      `added     Fourth example.org/v1: ${CRDS}/example.org_Fourth.yaml (crds/c.yml:1)`,
      `added     Third example.org/v1: ${CRDS}/example.org_Third.yaml (crds/deep/b.json:1)`,
      '2 objects of other kinds passed over',
      'Commit the files: they are taken before the bundled catalog.',
    ])
  })

  it('writes to the root of the repository, from wherever it is started', async () => {
    const { path: root } = repository({ 'a/b/widget.yaml': crd('Widget') })
    await run(path.join(root, 'a/b'), ['widget.yaml'])
    expect(existsSync(path.join(root, CRDS, 'example.org_Widget.yaml'))).toBe(true)
    expect(existsSync(path.join(root, 'a/b/.github'))).toBe(false)
  })

  it('takes the later of two CRDs of one kind', async () => {
    const { path: root } = repository({
      'a.yaml': crd('Widget'),
      'b.yaml': crd('Widget', '\n                color: { type: string }'),
    })
    const { output } = await run(root, ['a.yaml', 'b.yaml'])
    expect(output.match(/Widget example/g)).toHaveLength(1)
    expect(output).toContain('(b.yaml:1)')
    expect(read(root, 'example.org_Widget.yaml')).toContain('color:')
  })

  it.each<[string, string, string, string]>([
    [
      'broken YAML',
      'a: b: c',
      ':1',
      "A value holds ': ' and is not quoted, or the line before is not indented as it should be.",
    ],
    [
      'a key that stands twice',
      `${crd('Gadget')}  scope: Cluster\n`,
      ':32',
      'The key "scope" is set twice in the same map.',
    ],
    [
      'an old API version',
      `---\n${crd('Gadget').replace('k8s.io/v1', 'k8s.io/v1beta1')}`,
      ':2',
      'CRD gadgets.example.org is "apiextensions.k8s.io/v1beta1", which no Kubernetes since 1.22 takes.',
    ],
    [
      'a group that is a path',
      crd('Gadget').replace('group: example.org', 'group: ../../../example.org'),
      ':1',
      'CRD gadgets.example.org has no spec.group that is a domain name.',
    ],
    [
      'a kind that is a path',
      crd('Gadget').replace('kind: Gadget,', 'kind: ../Gadget,'),
      ':1',
      'CRD gadgets.example.org has no usable spec.names.kind.',
    ],
    [
      'no schema',
      crd('Gadget').replace('openAPIV3Schema:', 'openAPIV2Schema:'),
      ':1',
      'CRD gadgets.example.org has a version without a name or without a schema.',
    ],
    [
      'no served version',
      crd('Gadget').replace('served: true', 'served: false'),
      ':1',
      'CRD gadgets.example.org serves none of its versions.',
    ],
    [
      'no scope',
      crd('Gadget').replace('scope: Namespaced', 'scope: Everywhere'),
      ':1',
      'CRD gadgets.example.org has a spec.scope that is neither Namespaced nor Cluster.',
    ],
  ])('refuses %s, and takes the rest', async (_what, text, line, message) => {
    const { path: root } = repository({ 'gadget.yaml': text, 'widget.yaml': crd('Widget') })
    const { output, exitCode } = await run(root, ['gadget.yaml', 'widget.yaml', 'none.yaml'])
    expect(exitCode).toBe(0)
    expect(output).toContain('added     Widget')
    expect(output).toContain(`refused   gadget.yaml${line}: ${message}\n`)
    expect(output).toContain('refused   none.yaml: There is no such file or directory.\n')
    expect(readdirSync(path.join(root, CRDS))).toEqual(['example.org_Widget.yaml'])
    await expect(run(root, ['gadget.yaml'])).rejects.toMatchObject({
      message: `Nothing was imported: gadget.yaml${line}: ${message}`,
    })
  })

  it.each<[string, Record<string, string>, string, string]>([
    [
      'no CRD',
      { 'a.yaml': 'apiVersion: v1\nkind: Namespace\n' },
      'a.yaml',
      'Nothing was imported: there is no CustomResourceDefinition among 1 object.',
    ],
    [
      'an empty file',
      { 'a.yaml': '' },
      'a.yaml',
      'Nothing was imported: there is no CustomResourceDefinition.',
    ],
    [
      'no file',
      { 'd/readme.md': '' },
      'd',
      'Nothing was imported: d: There is no YAML and no JSON file below this directory.',
    ],
  ])('imports nothing where there is %s', async (_what, files, word, message) => {
    const { path: root } = repository(files)
    await expect(run(root, [word])).rejects.toMatchObject({ message, repair: expect.stringMatching(/\.$/) })
    expect((await run(root, [word], 'json')).exitCode).toBe(2)
  })

  it('tells it as JSON', async () => {
    const { path: root } = repository({ 'a.yaml': `${crd('Widget')}---\napiVersion: v1\nkind: Namespace\n` })
    const { output, exitCode } = await run(root, ['a.yaml', 'none'], 'json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(output)).toEqual({
      version: 1,
      imported: [
        {
          group: 'example.org',
          kind: 'Widget',
          served: ['v1'],
          file: `${CRDS}/example.org_Widget.yaml`,
          from: 'a.yaml:1',
          result: 'added',
        },
      ],
      refused: [
        { file: 'none', message: 'There is no such file or directory.', repair: 'Correct the path.' },
      ],
      passedOver: 1,
    })
  })

  it('follows no link out of the repository', async () => {
    using elsewhere = temporaryDirectory()
    const { path: root } = repository({ 'widget.yaml': crd('Widget'), '.github/a': '' })
    symlinkSync(elsewhere.path, path.join(root, '.github/cnpg-steward'))
    await expect(run(root, ['widget.yaml'])).rejects.toMatchObject({
      message: `${CRDS}/example.org_Widget.yaml is behind a symbolic link`,
      repair: 'Remove the symbolic link.',
    })
    expect(readdirSync(elsewhere.path)).toEqual([])
  })

  it('replaces a link that stands in the place of a file', async () => {
    using elsewhere = temporaryDirectory({ 'precious.yaml': 'precious' })
    const { path: root } = repository({ 'widget.yaml': crd('Widget'), [`${CRDS}/a.txt`]: '' })
    const precious = path.join(elsewhere.path, 'precious.yaml')
    symlinkSync(precious, path.join(root, CRDS, 'example.org_Widget.yaml'))
    await run(root, ['widget.yaml'])
    expect(readFileSync(precious, 'utf8')).toBe('precious')
    expect(read(root, 'example.org_Widget.yaml')).toContain('Widget')
  })

  it('prints no control characters of names', async () => {
    const { path: root } = repository({ 'd/\u001b[31mwidget.yaml': crd('Widget') })
    expect((await run(root, ['d'])).output).toContain('(d/\ufffd[31mwidget.yaml:1)')
  })

  it('needs a repository', async () => {
    using directory = temporaryDirectory({ 'widget.yaml': crd('Widget') })
    await expect(run(directory.path, ['widget.yaml'])).rejects.toMatchObject({
      message: 'There is no repository with a work tree around the working directory.',
    })
  })
})

describe('schema import of addresses', () => {
  /** https://crds.example.org, answered by a real server on the loopback. */
  async function site(routes: Record<string, { status?: number; type?: string; body: string; to?: string }>) {
    const server = await serve((request, response) => {
      const route = routes[request.url ?? '']
      response.writeHead(route?.status ?? (route === undefined ? 404 : 200), {
        'content-type': route?.type ?? 'text/plain',
        ...(route?.to === undefined ? {} : { location: route.to }),
      })
      response.end(route?.body ?? '')
    })
    onTestFinished(() => server.stop())
    const client = new PinnedClient()
    return new Outbound({
      resolve: async host => (host === 'crds.example.org' ? ['93.184.215.14'] : ['10.0.0.1']),
      fetch: async ({ href }, request) =>
        await client.fetch(new URL(href.replace('https://crds.example.org', `http://${server.host}`)), {
          ...request,
          addresses: undefined,
        }),
    })
  }

  it('fetches them', async () => {
    const { path: root } = repository()
    const outbound = await site({ '/v1/crds.yaml': { body: crd('Widget') } })
    const { output } = await run(root, ['https://crds.example.org/v1/crds.yaml'], 'text', outbound)
    expect(output).toContain(`${CRDS}/example.org_Widget.yaml (https://crds.example.org/v1/crds.yaml:1)`)
    expect(read(root, 'example.org_Widget.yaml')).toContain('Widget')
  })

  it.each<[string, string, string]>([
    ['what is not there', 'https://crds.example.org/none', 'crds.example.org answers 404.'],
    ['a web page', 'https://crds.example.org/page', 'crds.example.org answers with a web page.'],
    [
      'what is too large',
      'https://crds.example.org/large',
      'crds.example.org sends more than 10485760 bytes.',
    ],
    [
      'a host of the network inside',
      'https://inside.lan/crds.yaml',
      'inside.lan is not on the public internet, so it is not asked.',
    ],
    [
      'an address of the machine itself',
      'https://127.0.0.1/crds.yaml',
      '127.0.0.1 is not on the public internet, so it is not asked.',
    ],
    [
      'a way there by a redirect',
      'https://crds.example.org/inside',
      'inside.lan is not on the public internet, so it is not asked.',
    ],
    [
      'a redirect without encryption',
      'https://crds.example.org/plain',
      'crds.example.org redirects to an unencrypted address.',
    ],
    [
      'addresses without encryption',
      'http://crds.example.org/v1/crds.yaml',
      'Only https addresses without credentials are fetched.',
    ],
    [
      'addresses with credentials',
      'https://me:secret@crds.example.org/',
      'Only https addresses without credentials are fetched.',
    ],
    ['files by address', 'file:///etc/passwd', 'Only https addresses without credentials are fetched.'],
  ])('refuses %s', async (_what, address, message) => {
    const { path: root } = repository()
    const outbound = await site({
      '/page': { type: 'text/html; charset=utf-8', body: '<html>' },
      '/large': { body: '#'.repeat(11 * 1024 * 1024) },
      '/inside': { status: 302, to: 'https://inside.lan/crds.yaml', body: '' },
      '/plain': { status: 302, to: 'http://crds.example.org/v1/crds.yaml', body: '' },
    })
    await expect(run(root, [address], 'text', outbound)).rejects.toMatchObject({
      message: `Nothing was imported: ${address.replace('me:secret', '…')}: ${message}`,
    })
    expect(existsSync(path.join(root, '.github'))).toBe(false)
  })
})

describe('schema', () => {
  it('lists the catalog by project, group and kind', async () => {
    using directory = temporaryDirectory()
    const { output, exitCode } = await run(directory.path, [])
    expect(exitCode).toBe(0)
    const lines = output.split('\n')
    expect(lines[0]).toMatch(/^cnpg 1\.26\.0 .* 1\.30\.1$/)
    expect(lines[1]).toMatch(/^ {2}postgresql\.cnpg\.io: Backup Cluster /)
    expect(output).toMatch(/\n {2}core: Binding ConfigMap /)
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(100)
    expect(output).not.toContain('imported')
  })

  it('lists what was imported', async () => {
    const { path: root } = repository({ 'widget.yaml': crd('Widget') })
    await run(root, ['widget.yaml'])
    expect((await run(root, [])).output).toMatch(
      /\nimported, in \.github\/cnpg-steward\/crds\n {2}example\.org: Widget$/,
    )
  })

  it('lists as JSON', async () => {
    const { path: root } = repository({ 'widget.yaml': crd('Widget') })
    await run(root, ['widget.yaml'])
    const listed = JSON.parse((await run(root, [], 'json')).output)
    expect(listed.imported).toEqual([{ group: 'example.org', kind: 'Widget', served: ['v1'] }])
    expect(listed.projects[0]).toMatchObject({ project: 'cnpg' })
    expect(listed.projects[0].kinds).toContainEqual({
      group: 'postgresql.cnpg.io',
      kind: 'Cluster',
      scope: 'Namespaced',
      served: ['v1'],
    })
  })

  it('passes over an imported file that somebody broke', async () => {
    const { path: root } = repository({ [`${CRDS}/a.yaml`]: 'a: [', [`${CRDS}/b.yaml`]: crd('Widget') })
    expect(await readImportedCrds(directoryTree(root))).toMatchObject([
      { metadata: { name: 'widgets.example.org' } },
    ])
  })
})
