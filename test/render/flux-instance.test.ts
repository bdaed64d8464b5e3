import { describe, expect, it } from 'vitest'
import {
  installsFluxInstance,
  isFluxInstance,
  syncManifests,
  syncOfFluxInstance,
  syncOfFluxInstanceRelease,
} from '../../src/render/flux-instance.ts'
import type { Lookup } from '../../src/render/helm-values.ts'
import { findTool, mapOf } from '../charts.ts'
import { kustomizeForTests } from '../kustomize.ts'

const kustomize = findTool('kustomize') ?? ''
const instance = (spec: string) =>
  mapOf(
    `apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec: ${spec}`,
  )
const url = 'https://git.example.org/home.git'

it.each<[string, object | undefined]>([
  [
    `{sync: {kind: GitRepository, url: "${url}", ref: refs/heads/main, path: clusters/main}}`,
    {
      kind: 'GitRepository',
      namespace: 'flux-system',
      name: 'flux-system',
      url,
      ref: 'refs/heads/main',
      path: 'clusters/main',
      patches: [],
    },
  ],
  [
    `{sync: {kind: OCIRepository, url: "oci://ghcr.io/o/m", ref: latest, path: ./, name: root}}`,
    { kind: 'OCIRepository', name: 'root', ref: 'latest' },
  ],
  ['{distribution: {version: 2.x}}', undefined],
])('FluxInstance %s', (spec, want) => {
  expect([syncOfFluxInstance(instance(spec))]).toMatchObject([want])
})

it('knows the object by kind and group', () => {
  expect(isFluxInstance(instance('{}'))).toBe(true)
  expect(isFluxInstance({ apiVersion: 'v1', kind: 'FluxInstance' })).toBe(false)
})

const lookup: Lookup = (_group, kind, _namespace, name) => {
  if (kind === 'OCIRepository' && name === 'source')
    return { spec: { url: 'oci://ghcr.io/controlplaneio-fluxcd/charts/flux-instance' } }
  if (kind === 'OCIRepository' && name === 'other')
    return { spec: { url: 'oci://ghcr.io/controlplaneio-fluxcd/charts/flux-operator' } }
  if (kind === 'ConfigMap')
    return { data: { 'values.yaml': `instance: {sync: {url: "${url}", path: kubernetes/flux/cluster}}` } }
  return undefined
}

const release = (spec: string) =>
  mapOf(
    `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: flux-system}\nspec: ${spec}`,
  )

describe('the flux-instance chart', () => {
  it.each([
    ['{chart: {spec: {chart: flux-instance}}}', true],
    ['{chart: {spec: {chart: other}}}', false],
    ['{chartRef: {kind: OCIRepository, name: source}}', true],
    ['{chartRef: {kind: OCIRepository, name: other}}', false],
    ['{chartRef: {kind: OCIRepository, name: flux-instance}}', true],
    ['{chartRef: {kind: HelmChart, name: flux-instance}}', false],
  ])('%s: %s', (spec, want) => {
    expect(installsFluxInstance(release(spec), lookup)).toBe(want)
  })

  it('takes its values from where a HelmRelease does', () => {
    const chart = 'chartRef: {kind: OCIRepository, name: source}'
    expect(
      syncOfFluxInstanceRelease(
        release(
          `{${chart}, valuesFrom: [{kind: ConfigMap, name: values}], values: {instance: {sync: {path: changed}}}}`,
        ),
        lookup,
      ),
    ).toMatchObject({
      ok: true,
      value: { kind: 'GitRepository', namespace: 'flux-system', name: 'flux-system', url, path: 'changed' },
    })
    expect(
      syncOfFluxInstanceRelease(release(`{${chart}, valuesFrom: [{kind: Secret, name: values}]}`), lookup),
    ).toMatchObject({ ok: false })
    expect(syncOfFluxInstanceRelease(release('{chart: {spec: {chart: other}}}'), lookup)).toEqual({
      ok: true,
      value: undefined,
    })
  })
})

const make = async (spec: string) => {
  const sync = syncOfFluxInstance(instance(spec))
  if (sync === undefined) throw new Error('no sync')
  return await syncManifests(sync, await kustomizeForTests(kustomize))
}

describe.skipIf(kustomize === '')('what flux-operator makes (left out: no kustomize on PATH)', () => {
  const sync = `sync: {kind: GitRepository, url: "${url}", ref: refs/heads/main, path: clusters/main}`

  it('is a source and a Kustomization', async () => {
    expect(await make(`{${sync}}`)).toMatchObject({
      ok: true,
      manifests: [
        {
          kind: 'GitRepository',
          metadata: { name: 'flux-system', namespace: 'flux-system' },
          spec: { url, ref: { name: 'refs/heads/main' } },
        },
        {
          kind: 'Kustomization',
          spec: {
            path: 'clusters/main',
            prune: true,
            sourceRef: { kind: 'GitRepository', name: 'flux-system' },
          },
        },
      ],
    })
  })

  it('takes the patches for them, not those for Deployments', async () => {
    const deployment =
      '{target: {kind: Deployment, name: (a|b)}, patch: "- {op: add, path: /spec/x/0, value: 1}"}'
    const decryption =
      '{target: {kind: Kustomization, group: kustomize.toolkit.fluxcd.io}, patch: "- op: add\\n  path: /spec/decryption\\n  value: {provider: sops}"}'
    const merge =
      '{patch: "apiVersion: kustomize.toolkit.fluxcd.io/v1\\nkind: Kustomization\\nmetadata: {name: flux-system, namespace: flux-system}\\nspec: {wait: true}"}'
    const made = await make(`{${sync}, kustomize: {patches: [${deployment}, ${decryption}, ${merge}]}}`)
    expect(made).toMatchObject({
      ok: true,
      manifests: [{ kind: 'GitRepository' }, { spec: { decryption: { provider: 'sops' }, wait: true } }],
    })
    const wrong = '{target: {kind: Kustomization}, patch: "- {op: remove, path: /spec/nope}"}'
    expect(await make(`{${sync}, kustomize: {patches: [${wrong}]}}`)).toMatchObject({
      ok: false,
      error: { ruleId: 'render-flux-instance' },
    })
  })
})
