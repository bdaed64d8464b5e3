import { PassThrough } from 'node:stream'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { admit } from '../../src/cli/admit.ts'
import type { AdmitCommand } from '../../src/cli/arguments.ts'
import { CannotJudge } from '../../src/cli/run.ts'
import schema from '../../src/report/schema/admission.schema.json' with { type: 'json' }
import { temporaryDirectory } from '../temporary.ts'

const CLUSTER = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: pg
  namespace: databases
spec:
  instances: 3
  storage:
    size: 10Gi
`

async function run(files: Record<string, string>, command: Partial<AdmitCommand>) {
  using directory = temporaryDirectory(files)
  const io = {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    cwd: directory.path,
    platform: 'linux' as const,
    now: () => new Date(0),
  }
  return await admit(
    { command: 'admit', output: 'text', color: false, files: ['a.yaml'], old: [], crds: [], ...command },
    { io, color: false, progress: () => undefined },
  )
}

describe('admit', () => {
  it('accepts, refuses and says why, as text', async () => {
    const bad = CLUSTER.replace('instances: 3', 'instances: three')
    const { output, exitCode } = await run({ 'a.yaml': `${CLUSTER}---\n${bad}` }, { cnpgVersion: '1.28.0' })
    expect(exitCode).toBe(1)
    expect(output).toBe(`Cluster databases/pg a.yaml:1
✅ accepted (create)

Cluster databases/pg a.yaml:11
🛑 refused (create): server-side apply refuses it
   spec.instances: expected numeric (int or float), got string

1 accepted, 1 refused (CloudNativePG 1.28.0, Kubernetes 1.35.0)
`)
  })

  it('judges an update of what was applied before', async () => {
    const smaller = CLUSTER.replace('10Gi', '5Gi')
    const { output, exitCode } = await run(
      { 'a.yaml': smaller, 'old.yaml': CLUSTER },
      { old: ['old.yaml'], output: 'json' },
    )
    expect(exitCode).toBe(1)
    const json = JSON.parse(output)
    expect(new Ajv().validate(schema, json)).toBe(true)
    expect(json.results).toMatchObject([
      {
        document: 1,
        operation: 'update',
        accepted: false,
        errors: [{ layer: 'validating-webhook', field: 'spec.storage' }],
      },
    ])
  })

  it('does not promise what it does not know', async () => {
    const other = 'apiVersion: example.org/v1\nkind: Other\nmetadata:\n  name: x\n'
    const { output, exitCode } = await run({ 'a.yaml': other }, {})
    expect(exitCode).toBe(2)
    expect(output).toContain('❔ not refused, but not fully judged (create)')
  })

  it('takes CRDs before those of the catalog', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'others.example.org' },
      spec: {
        group: 'example.org',
        names: { kind: 'Other', plural: 'others' },
        scope: 'Cluster',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
          },
        ],
      },
    }
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [crd] })
    const other = 'apiVersion: example.org/v1\nkind: Other\nmetadata:\n  name: x\nspce: {}\n'
    const { output, exitCode } = await run({ 'a.yaml': other, 'crd.json': list }, { crds: ['crd.json'] })
    expect([exitCode, output]).toEqual([1, expect.stringContaining('spce: field not declared in schema')])
  })

  it.each<[string, Record<string, string>, Partial<AdmitCommand>, RegExp]>([
    ['no file', {}, {}, /There is no such file/],
    ['a file without objects', { 'a.yaml': '# nothing\n' }, {}, /There is no object in a\.yaml/],
    [
      'an old text that is no object',
      { 'a.yaml': CLUSTER, 'o.yaml': 'x' },
      { old: ['o.yaml'] },
      /o\.yaml:1: This is no object/,
    ],
    [
      'a broken CRD',
      {
        'a.yaml': CLUSTER,
        'c.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n',
      },
      { crds: ['c.yaml'] },
      /c\.yaml: CRD without a name/,
    ],
  ])('cannot judge: %s', async (_, files, command, message) => {
    const outcome = run(files, command)
    await expect(outcome).rejects.toThrow(message)
    await expect(outcome).rejects.toBeInstanceOf(CannotJudge)
  })
})
