import { expect, it } from 'vitest'
import { helmTemplate } from '../../src/adapters/helm.ts'
import { defaultConfig } from '../../src/config/config.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { RenderCache } from '../../src/render/render-cache.ts'
import { renderTree } from '../../src/render-tree.ts'
import { chartOf, fakeCharts, findTool } from '../charts.ts'
import { realKustomize } from '../tools.ts'

// Objects of a chart that name no namespace get the release's, if their kind lives in one: known from CRDs that were imported.

const helm = await helmTemplate({ command: findTool('helm') ?? '' })
const kustomize = await realKustomize()
const demo = chartOf({
  'templates/a.yaml':
    '{{ range list "Jar" "Lid" "Odd" }}---\napiVersion: example.org/v1\nkind: {{ . }}\nmetadata: { name: a }\n{{ end }}',
})

const crd = (kind: string, scope: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${kind.toLowerCase()}s.example.org }
spec:
  group: example.org
  scope: ${scope}
  names: { kind: ${kind}, plural: ${kind.toLowerCase()}s }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`
const tree = {
  'clusters/main/flux.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 10m, prune: true, path: ./clusters/main, sourceRef: { kind: GitRepository, name: fleet } }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: charts, namespace: apps }
spec: { url: "https://charts.example.org" }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: demo, namespace: apps }
spec: { interval: 1h, chart: { spec: { chart: demo, sourceRef: { kind: HelmRepository, name: charts } } } }
`,
  '.github/cnpg-steward/crds/example.org_Jar.yaml': crd('Jar', 'Namespaced'),
  '.github/cnpg-steward/crds/example.org_Lid.yaml': crd('Lid', 'Cluster'),
}

async function namespaces(trusted?: Record<string, string>) {
  const { helmReleases } = await renderTree(
    {
      tree: memoryTree(tree),
      ...(trusted === undefined ? {} : { trusted: memoryTree(trusted) }),
      config: defaultConfig,
      entries: [],
    },
    {
      kustomize,
      helm,
      charts: fakeCharts({ demo }),
      cache: new RenderCache(),
      isNamespaced: () => undefined,
      progress: () => undefined,
    },
  )
  return helmReleases.flatMap(({ objects }) =>
    objects.map(({ resource }) => [resource.kind, resource.namespace]),
  )
}

it('takes the scope of kinds from imported CRDs', async () => {
  expect(await namespaces()).toEqual([
    ['Jar', 'apps'],
    ['Lid', ''],
    ['Odd', ''],
  ])
})

it('takes imported CRDs of the trusted tree alone', async () => {
  expect(await namespaces({})).toEqual([
    ['Jar', ''],
    ['Lid', ''],
    ['Odd', ''],
  ])
})
