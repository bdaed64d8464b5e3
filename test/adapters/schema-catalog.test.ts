import { globSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CATALOG_DIRECTORY, openCatalog } from '../../src/adapters/schema-catalog.ts'
import { fromCatalog, nearestVersion } from '../../src/schema/catalog.ts'
import { createValidator } from '../../src/schema/validator.ts'

const catalog = openCatalog()
const files = Object.values(catalog.index).flatMap(versions =>
  Object.values(versions).flatMap(kinds =>
    Object.values(kinds).flatMap(entry =>
      Object.values(entry.versions).map(file => (typeof file === 'string' ? file : file.unserved)),
    ),
  ),
)

describe('catalog', () => {
  it('holds the files that its index names, and no others', () => {
    const present = globSync('**/*.br', { cwd: CATALOG_DIRECTORY }).map(file => file.replaceAll('\\', '/'))
    expect(present.toSorted()).toEqual([...new Set(files)].toSorted())
    for (const file of present) {
      const text = JSON.stringify(catalog.read(file))
      expect(text).toContain('"type":"object"')
      expect(text).not.toContain('"description":"')
    }
  })

  it.each(Object.keys(catalog.index['cnpg'] ?? {}))('holds every kind of CNPG %s', version => {
    const kinds = Object.keys(catalog.index['cnpg']?.[version] ?? {})
    for (const kind of 'Backup Cluster ClusterImageCatalog Database ImageCatalog Pooler Publication ScheduledBackup Subscription'.split(
      ' ',
    ))
      expect(kinds).toContain(`postgresql.cnpg.io/${kind}`)
  })

  it('keeps the rules in CEL', () => {
    const schema = createValidator([fromCatalog(catalog, { cnpg: '1.28.0' })]).schemaOf(
      'postgresql.cnpg.io/v1',
      'Cluster',
    )
    expect(schema?.properties?.['spec']?.['x-kubernetes-validations']?.length).toBeGreaterThan(0)
  })
})

it.each([
  ['1.28.0', '1.28.0'],
  ['v1.28.0', '1.28.0'],
  ['1.28.9', '1.28.2'],
  ['1.31.0', '1.30.0'],
  ['1.20.0', '1.28.0'],
  [undefined, '1.30.0'],
])('for version %s in use takes %s', (inUse, taken) => {
  expect(nearestVersion(['1.28.0', '1.28.2', '1.30.0'], inUse)).toBe(taken)
})

const versions = { cnpg: '1.28.0', flux: '2.9', kubernetes: '1.35' }
const validator = createValidator([fromCatalog(catalog, versions)])

it.each([
  ['apps/v1', 'Deployment', 'Namespaced'],
  ['v1', 'Namespace', 'Cluster'],
  ['v1', 'Secret', 'Namespaced'],
  ['postgresql.cnpg.io/v1', 'ClusterImageCatalog', 'Cluster'],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'Namespaced'],
  ['example.org/v1', 'None', undefined],
])('%s %s is %s', (apiVersion, kind, scope) => {
  expect(validator.scopeOf(apiVersion, kind)).toBe(scope)
})

it.each<[string, Parameters<typeof validator.validate>[0], string[]]>([
  [
    'a Cluster',
    {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name: 'pg' },
      spec: { storage: { size: '1Gi' } },
    },
    [],
  ],
  [
    'a Cluster with an unknown field',
    {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name: 'pg' },
      spec: { instnaces: 3 },
    },
    ["Did you mean 'instances'?"],
  ],
  [
    'a field of a later operator',
    {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name: 'pg' },
      spec: { serviceAccountName: 'a' },
    },
    ['Remove it, or move it to where it belongs.'],
  ],
  [
    'an Alert on a FluxInstance',
    {
      apiVersion: 'notification.toolkit.fluxcd.io/v1beta3',
      kind: 'Alert',
      spec: { providerRef: { name: 'x' }, eventSources: [{ kind: 'FluxInstance', name: '*' }] },
    },
    [],
  ],
  [
    'a ConfigMap with null metadata',
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', creationTimestamp: null }, data: null },
    [],
  ],
  [
    'a Service with a named target',
    {
      apiVersion: 'v1',
      kind: 'Service',
      spec: {
        ports: [
          { port: 80, targetPort: 'http' },
          { port: 80, protocol: 'UDP' },
        ],
      },
    },
    [],
  ],
])('judges %s', (_, manifest, repairs) => {
  expect(validator.validate(manifest)).toMatchObject({
    known: true,
    exact: true,
    findings: repairs.map(repair => ({ repair })),
  })
})

it('does not find fault where the version in use is not known', () => {
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: {},
    spec: { newField: 1 },
  }
  expect(validator.validate(certificate)).toMatchObject({ known: true, exact: false, findings: [] })
  const result = validator.validate(certificate)
  expect(result.known && result.uncertain.map(problem => problem.field)).toContain('spec.newField')
  expect(validator.validate({ ...certificate, apiVersion: 'cert-manager.io/v9' })).toMatchObject({
    known: false,
    nearest: expect.stringMatching(/^cert-manager /),
  })
})

it('takes what SOPS encrypted as it is', () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    data: { a: 'ENC[AES256_GCM,data:x]' },
    sops: { mac: 'ENC[x]' },
  }
  expect(validator.validate(secret)).toMatchObject({ known: true, findings: [] })
})

const icons = (text: string) =>
  validator.validate({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    binaryData: { a: text },
  })

it('takes base64 in several lines, as kustomize writes what is long', () => {
  expect(icons('QUJD\nREVG\n')).toMatchObject({ known: true, findings: [] })
  expect(icons('QUJD REVG')).toMatchObject({ findings: [{ ruleId: 'schema-format' }] })
})

it('never prints what a Secret holds', () => {
  const result = validator.validate({
    apiVersion: 'v1',
    kind: 'Secret',
    data: { a: 'pass word' },
    stringData: { b: 12345 },
  })
  expect(result).toMatchObject({
    known: true,
    findings: [{ ruleId: 'schema-type' }, { ruleId: 'schema-format' }],
  })
  expect(JSON.stringify(result)).not.toMatch(/pass word|12345/)
})

it('knows the merge keys of built-in kinds', () => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' }
  expect(validator.mergeKeys(deployment, ['spec', 'template', 'spec', 'containers'])).toEqual(['name'])
  expect(validator.mergeKeys(deployment, ['spec', 'template', 'spec', 'containers', 0, 'env'])).toEqual([
    'name',
  ])
})
