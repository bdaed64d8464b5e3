import { expect, it } from 'vitest'
import { findFluxSyncs } from '../../src/render/flux-syncs.ts'

const source =
  'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {url: "https://git.example.org/x", ref: {branch: main}}\n'
const root = (path: string) =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {path: ${path}, sourceRef: {kind: GitRepository, name: flux-system}}\n`
const release = (spec: string) =>
  `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: flux-instance}\nspec:\n  chartRef: {kind: OCIRepository, name: flux-instance}\n  ${spec}\n`
const values =
  'instance: {sync: {url: "https://git.example.org/x", ref: refs/heads/main, path: clusters/main}}\n'
const generator = (entry: string) => `configMapGenerator: [{name: values, ${entry}}]\n`

it.each<[string, Record<string, string>, object[]]>([
  [
    'gotk-sync.yaml',
    { 'clusters/a/flux-system/gotk-sync.yaml': `# by flux\n---\n${source}---\n${root('./clusters/a')}` },
    [
      {
        by: 'gotk-sync',
        sync: { path: './clusters/a' },
        place: { file: 'clusters/a/flux-system/gotk-sync.yaml', line: 8 },
      },
    ],
  ],
  ['an application of another repository', { 'apps/other.yaml': `${source}---\n${root('./deploy')}` }, []],
  [
    'gotk-sync.yaml for the root',
    { 'flux-system/gotk-sync.yaml': `${source}---\n${root('./')}` },
    [{ by: 'gotk-sync' }],
  ],
  ['an artifact applied from its own root', { 'flux/flux.yaml': `${source}---\n${root('./')}` }, []],
  [
    'a FluxInstance',
    {
      'a.yaml':
        'apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec: {sync: {kind: GitRepository, url: "https://x.example.org", path: p}}\n',
    },
    [{ by: 'FluxInstance', sync: { path: 'p', name: 'flux-system' } }],
  ],
  [
    'inline values',
    { 'a/hr.yaml': release('values: {instance: {sync: {url: "https://x.example.org", path: p}}}') },
    [{ by: 'flux-instance chart', sync: { path: 'p', namespace: 'flux-system', name: 'flux-system' } }],
  ],
  [
    'a generated ConfigMap',
    {
      'a/hr.yaml': release('valuesFrom: [{kind: ConfigMap, name: values}]'),
      'a/kustomization.yaml': generator('files: [values.yaml=./helm-values.yaml]'),
      'a/helm-values.yaml': values,
    },
    [{ sync: { path: 'clusters/main' } }],
  ],
  [
    'the nearest of two',
    {
      'b/kustomization.yaml': generator('files: [values.yaml]'),
      'b/values.yaml': values.replace('main}}', 'other}}'),
      'a/x/hr.yaml': release('valuesFrom: [{kind: ConfigMap, name: values}]'),
      'a/x/kustomization.yaml': generator('files: [values.yaml]'),
      'a/x/values.yaml': values,
    },
    [{ sync: { path: 'clusters/main' } }],
  ],
  [
    'a ConfigMap',
    {
      'a/hr.yaml': release('valuesFrom: [{kind: ConfigMap, name: values}]'),
      'a/cm.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values}\ndata:\n  values.yaml: |\n    ${values}`,
    },
    [{ sync: { path: 'clusters/main' } }],
  ],
  ['no YAML', { 'a.yaml': 'flux-instance: [' }, []],
])('finds %s', (_case, files, want) => {
  const { found, unknown } = findFluxSyncs(new Map(Object.entries(files)))
  expect(found).toHaveLength(want.length)
  expect(found).toMatchObject(want)
  expect(unknown).toEqual([])
})

it('says which entry point it cannot read', () => {
  const files = new Map([['a/hr.yaml', release('valuesFrom: [{kind: Secret, name: values}]')]])
  expect(findFluxSyncs(files)).toMatchObject({
    found: [],
    unknown: [{ reason: 'entry-point-unknown', file: 'a/hr.yaml', line: 1 }],
  })
})
