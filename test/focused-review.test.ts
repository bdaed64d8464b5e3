import { beforeAll, describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCatalog } from '../src/adapters/schema-catalog.ts'
import { defaultConfig } from '../src/config/config.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { keepBuilds } from '../src/render/kept-renders.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import type { HelmTemplate, KustomizeBuild } from '../src/render/tools.ts'
import type { Review } from '../src/report/review.ts'
import { reviewPullRequest, type ReviewTools } from '../src/review-pull-request.ts'
import { chartOf } from './charts.ts'
import { realKustomize } from './tools.ts'

type Files = Record<string, string>

let kustomize: KustomizeBuild
const built: string[] = []
beforeAll(async () => {
  const real = await realKustomize()
  const known = new Map<string, string>()
  // what one run has built the next one need not: the two reviews are compared, not timed
  kustomize = keepBuilds(real, {
    get: async key => known.get(key),
    put: async (key, content) => void known.set(key, content),
  })
})

/** What the chart `sizes` installs: later versions, and those that are told to, want a number. */
const sizes = (strict: boolean) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: sizes.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Size, plural: sizes, singular: size, listKind: SizeList }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { size: { type: ${strict ? 'integer' : 'string'} } } } }
`

/** A helm that shows what it was given. */
const helm: HelmTemplate = {
  version: 'helm 4.0.0',
  template: async ({ chart, releaseName, namespace, values }) => {
    if (chart.name.includes('sizes'))
      return {
        ok: true,
        yaml: `---\n# Source: sizes/templates/crd.yaml\n${sizes(chart.name.includes('1.1.0') || values.strict === true)}`,
      }
    const data = JSON.stringify({ chart: chart.name, values: JSON.stringify(values) })
    return {
      ok: true,
      yaml: `---\n# Source: ${chart.name}/templates/all.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${releaseName}-made, namespace: ${namespace} }\ndata: ${data}\n`,
    }
  },
}

function tools(): ReviewTools {
  return {
    kustomize: {
      version: kustomize.version,
      build: async request => {
        built.push(request.directory)
        return await kustomize.build(request)
      },
    },
    helm,
    charts: {
      pull: async reference => ({
        ok: true,
        chart: chartOf({}, JSON.stringify(reference).replaceAll(/[^a-z0-9.]+/g, '-')),
      }),
      unpack: async () => new Map(),
    },
    cache: new RenderCache(),
    isNamespaced: () => undefined,
    progress: () => undefined,
    today: '2026-01-01',
    catalog: openCatalog(),
    parameters: openParameterCatalogs(),
    clock: () => 0,
  }
}

async function review(base: Files, head: Files, whole: boolean): Promise<Review> {
  return await reviewPullRequest(
    {
      base: memoryTree(base, 'base'),
      head: memoryTree(head, 'head'),
      baseRevision: { ref: 'main' },
      headRevision: { ref: 'feature' },
      config: defaultConfig,
      configFindings: [],
      all: false,
      whole,
      entries: [],
    },
    tools(),
  )
}

/** What a change brings, as a reader sees it: what stood before and is untouched is counted only within what was rendered. */
function told({ verdict, changes, units, findings, impacts, incomplete }: Review) {
  return {
    verdict,
    changes,
    units,
    findings: findings.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    impacts,
    incomplete: incomplete.filter(({ existing }) => existing !== true),
  }
}

const flux = (name: string, path: string, more = '') => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: flux-system
spec:
  interval: 10m
  prune: true
  path: ${path}
  sourceRef:
    kind: GitRepository
    name: fleet
    namespace: flux-system
${more}`

const configMap = (name: string, data: string, namespace?: string) => `---
apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
${namespace === undefined ? '' : `  namespace: ${namespace}\n`}data:
  ${data}
`

const release = (name: string, more = '') => `---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: ${name}
spec:
  interval: 1h
  chart:
    spec:
      chart: demo
      version: 1.0.0
      sourceRef:
        kind: HelmRepository
        name: charts
        namespace: flux-system
${more}`

const kustomization = (...resources: string[]) =>
  `resources:\n${resources.map(resource => `  - ${resource}\n`).join('')}`

/** A repository as homes have it: a root that patches its children, namespaces with components, applications with variables. */
function repository(): Files {
  const files: Files = {
    'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main'),
    'clusters/main/apps.yaml': flux(
      'apps',
      './apps',
      `  postBuild:
    substituteFrom:
      - kind: ConfigMap
        name: settings
  patches:
    - patch: |-
        apiVersion: kustomize.toolkit.fluxcd.io/v1
        kind: Kustomization
        metadata:
          name: _
        spec:
          timeout: 5m
      target:
        kind: Kustomization
        group: kustomize.toolkit.fluxcd.io
`,
    ),
    'clusters/main/settings.yaml': configMap('settings', 'DOMAIN: example.org', 'flux-system'),
    'clusters/main/sources.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: charts, namespace: flux-system }
spec: { interval: 1h, url: https://charts.example.org }
`,
    'components/common/kustomization.yaml': `kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n${kustomization('common.yaml')}`,
    'components/common/common.yaml': configMap('settings', 'DOMAIN: example.net'),
    'components/volumes/kustomization.yaml': `kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n${kustomization('claim.yaml')}`,
    'components/volumes/claim.yaml': configMap('${APP}-claim', 'size: ${SIZE:=1Gi}'),
  }
  for (const namespace of ['media', 'tools', 'data']) {
    files[`apps/${namespace}/kustomization.yaml`] =
      `namespace: ${namespace}\ncomponents: [../../components/common]\n${kustomization('one/ks.yaml', 'two/ks.yaml', 'three/ks.yaml')}`
    for (const app of ['one', 'two', 'three']) {
      const name = `${namespace}-${app}`
      files[`apps/${namespace}/${app}/ks.yaml`] = flux(
        name,
        `./apps/${namespace}/${app}/app`,
        `  targetNamespace: ${namespace}
  components:
    - ../../../../components/volumes
  postBuild:
    substitute:
      APP: ${name}
    substituteFrom:
      - kind: ConfigMap
        name: settings
`,
      ).replace('  namespace: flux-system\n', '  namespace: flux-system\n  labels:\n    app: x\n')
      files[`apps/${namespace}/${app}/app/kustomization.yaml`] = kustomization('release.yaml', 'config.yaml')
      files[`apps/${namespace}/${app}/app/release.yaml`] = release(name)
      files[`apps/${namespace}/${app}/app/config.yaml`] = configMap(`${name}-config`, 'host: ${DOMAIN}')
    }
  }
  // the namespace of Flux' own objects is that of their file
  for (const [path, text] of Object.entries(files))
    if (path.endsWith('apps/kustomization.yaml')) files[path] = text
  // a HelmRelease with values of another Kustomization, and one that waits for another
  files['apps/media/one/app/release.yaml'] = release(
    'media-one',
    '  valuesFrom:\n    - kind: ConfigMap\n      name: shared-values\n',
  )
  files['apps/media/two/app/config.yaml'] += configMap('shared-values', 'values.yaml: "replicas: 1"')
  files['apps/tools/one/app/release.yaml'] = release(
    'tools-one',
    '  dependsOn:\n    - name: data-two\n      namespace: data\n',
  )
  files['apps/tools/two/ks.yaml'] += '  dependsOn:\n    - name: data-one\n      namespace: tools\n'
  // a Kustomization in a Kustomization in a Kustomization
  files['apps/data/three/app/kustomization.yaml'] = kustomization('release.yaml', 'config.yaml', 'inner.yaml')
  files['apps/data/three/app/inner.yaml'] = flux('inner', './deep/inner')
  files['deep/inner/kustomization.yaml'] = kustomization('more.yaml')
  files['deep/inner/more.yaml'] = flux('more', './deep/more')
  files['deep/more/config.yaml'] = configMap('deep', 'a: ${DOMAIN}', 'data')
  // a database in one Kustomization, its backups in another
  files['apps/data/one/app/config.yaml'] += `---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: postgres }
spec: { instances: 2, storage: { size: 10Gi } }
`
  files['apps/data/two/app/config.yaml'] += `---
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: { name: nightly }
spec: { schedule: "0 0 3 * * *", cluster: { name: postgres } }
`
  return files
}

const edit =
  (path: string, from: string | RegExp, to: string) =>
  (files: Files): Files => {
    const text = files[path]
    if (text === undefined) throw new Error(`no ${path}`)
    const edited = text.replace(from, to)
    if (edited === text) throw new Error(`nothing of ${path} changes`)
    return { ...files, [path]: edited }
  }
const remove =
  (...paths: string[]) =>
  (files: Files): Files =>
    Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)))
const add =
  (more: Files) =>
  (files: Files): Files => ({ ...files, ...more })
const move =
  (from: string, to: string) =>
  (files: Files): Files =>
    Object.fromEntries(
      Object.entries(files).map(([path, text]) => [
        path.startsWith(from) ? to + path.slice(from.length) : path,
        text,
      ]),
    )
const all =
  (...edits: ((files: Files) => Files)[]) =>
  (files: Files): Files =>
    edits.reduce((changed, one) => one(changed), files)

const KS = 'apps/media/one/ks.yaml'
const cases: [string, (files: Files) => Files][] = [
  ['nothing', files => files],
  ['one object', edit('apps/tools/three/app/config.yaml', 'host:', 'server:')],
  ['a mistake in one object', edit('apps/tools/three/app/config.yaml', 'data:', 'dta:')],
  ['an object that is no YAML', edit('apps/tools/three/app/config.yaml', 'data:', 'data: [')],
  [
    'an object that is added',
    add({
      'apps/tools/three/app/kustomization.yaml': kustomization('release.yaml', 'config.yaml', 'new.yaml'),
      'apps/tools/three/app/new.yaml': configMap('new', 'a: b'),
    }),
  ],
  [
    'an object that another Kustomization applies, too',
    edit('apps/tools/three/app/config.yaml', 'tools-three-config', 'tools-one-config'),
  ],
  [
    'an object that is removed',
    all(
      edit('apps/tools/three/app/kustomization.yaml', '  - config.yaml\n', ''),
      remove('apps/tools/three/app/config.yaml'),
    ),
  ],
  [
    'an object of many that is removed',
    all(
      edit('apps/data/three/app/kustomization.yaml', '  - config.yaml\n', ''),
      remove('apps/data/three/app/config.yaml'),
    ),
  ],
  ['a component that all applications share', edit('components/volumes/claim.yaml', '1Gi', '2Gi')],
  [
    'a component that all namespaces share',
    edit('components/common/common.yaml', 'example.net', 'example.com'),
  ],
  ['a patch of the root', edit('clusters/main/apps.yaml', 'timeout: 5m', 'timeout: 6m')],
  [
    'a patch of the root that leads elsewhere',
    edit('clusters/main/apps.yaml', 'timeout: 5m', 'path: ./deep/more'),
  ],
  ['a variable', edit('clusters/main/settings.yaml', 'example.org', 'example.com')],
  ['a variable that goes', edit('clusters/main/settings.yaml', 'DOMAIN:', 'REALM:')],
  [
    'variables that the root no longer hands on',
    edit('clusters/main/apps.yaml', /  postBuild:[^]*settings\n/, ''),
  ],
  [
    'a Flux Kustomization that is added',
    add({
      'apps/tools/kustomization.yaml': `namespace: tools\ncomponents: [../../components/common]\n${kustomization('one/ks.yaml', 'two/ks.yaml', 'three/ks.yaml', 'four.yaml')}`,
      'apps/tools/four.yaml': flux('four', './apps/tools/one/app'),
    }),
  ],
  ['a Flux Kustomization that is removed', edit('apps/media/kustomization.yaml', '  - one/ks.yaml\n', '')],
  [
    'a namespace that is removed',
    files => Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('apps/media/'))),
  ],
  ['a Flux Kustomization that is renamed', edit(KS, 'name: media-one', 'name: media-uno')],
  [
    'an application that moves',
    all(
      move('apps/media/one/', 'apps/media/uno/'),
      edit('apps/media/kustomization.yaml', 'one/ks.yaml', 'uno/ks.yaml'),
      edit('apps/media/uno/ks.yaml', './apps/media/one/app', './apps/media/uno/app'),
    ),
  ],
  [
    'an application that moves to another namespace',
    all(
      move('apps/media/three/', 'apps/tools/four/'),
      edit('apps/media/kustomization.yaml', '  - three/ks.yaml\n', ''),
      edit('apps/tools/kustomization.yaml', '  - three/ks.yaml\n', '  - three/ks.yaml\n  - four/ks.yaml\n'),
      edit('apps/tools/four/ks.yaml', './apps/media/three/app', './apps/tools/four/app'),
    ),
  ],
  ['spec.path', edit(KS, './apps/media/one/app', './apps/media/two/app')],
  ['a spec.path that does not exist', edit(KS, './apps/media/one/app', './apps/media/gone')],
  ['postBuild', edit(KS, 'APP: media-one', 'APP: other')],
  ['suspend', edit(KS, 'prune: true', 'prune: true\n  suspend: true')],
  ['a source that is not here', edit(KS, 'name: fleet', 'name: elsewhere')],
  ['dependsOn that is removed', edit('apps/tools/two/ks.yaml', /  dependsOn:[^]*/, '')],
  ['dependsOn of nothing', edit('apps/tools/one/app/release.yaml', 'name: data-two', 'name: gone')],
  [
    'what another one depends on is removed',
    all(
      edit('apps/data/two/app/kustomization.yaml', '  - release.yaml\n', ''),
      remove('apps/data/two/app/release.yaml'),
    ),
  ],
  [
    'a circle of dependencies',
    edit(
      'apps/data/two/app/release.yaml',
      'interval: 1h',
      'interval: 1h\n  dependsOn: [{ name: tools-one, namespace: tools }]',
    ),
  ],
  ['a Kustomization three deep', edit('deep/more/config.yaml', 'a: $', 'b: $')],
  [
    'a Kustomization three deep that leads elsewhere',
    edit('deep/inner/more.yaml', './deep/more', './apps/tools/three/app'),
  ],
  ['values of another Kustomization', edit('apps/media/two/app/config.yaml', 'replicas: 1', 'replicas: 2')],
  [
    'values of another Kustomization that go',
    edit('apps/media/two/app/config.yaml', 'name: shared-values', 'name: unshared-values'),
  ],
  [
    'the URL of a source of charts',
    edit('clusters/main/sources.yaml', 'charts.example.org', 'charts.example.com'),
  ],
  ['the version of a chart', edit('apps/data/two/app/release.yaml', '1.0.0', '1.1.0')],
  [
    'a database that is removed',
    edit('apps/data/one/app/config.yaml', /---\napiVersion: postgresql[^]*/, ''),
  ],
  ['a database that shrinks', edit('apps/data/one/app/config.yaml', '10Gi', '5Gi')],
  ['backups of no database', edit('apps/data/two/app/config.yaml', 'name: postgres', 'name: postgre')],
  [
    'a kustomization that names a missing file',
    edit('apps/tools/three/app/kustomization.yaml', 'config.yaml', 'confg.yaml'),
  ],
  [
    'a kustomization that is no YAML',
    edit('apps/tools/three/app/kustomization.yaml', 'resources:', 'resources: ['),
  ],
  [
    'a second kustomization file',
    add({ 'apps/tools/three/app/kustomization.yml': kustomization('config.yaml') }),
  ],
  [
    'a kustomization where there was none',
    add({ 'apps/kustomization.yaml': kustomization('media', 'tools') }),
  ],
  [
    'a name prefix',
    edit('apps/media/kustomization.yaml', 'namespace: media', 'namespace: media\nnamePrefix: x-'),
  ],
  [
    'a generator',
    edit(
      'apps/tools/three/app/kustomization.yaml',
      'resources:',
      'configMapGenerator:\n  - name: made\n    literals: [a=b]\nresources:',
    ),
  ],
  [
    'a root that fails',
    edit('clusters/main/apps.yaml', 'kind: Kustomization\nmetadata', 'kind: Kustomization\n  metadata'),
  ],
  [
    'another cluster',
    add({
      'clusters/test/gotk-sync.yaml': flux('flux-system', './clusters/test'),
      'clusters/test/web.yaml': configMap('web', 'a: b', 'default'),
    }),
  ],
  ['a file that nothing applies', add({ 'unused/config.yaml': configMap('unused', 'a: b') })],
  ['a .sourceignore', add({ '.sourceignore': '/apps/media/one\n' })],
  [
    'a definition of objects',
    add({
      'apps/tools/three/app/kustomization.yaml': kustomization('release.yaml', 'config.yaml', 'crd.yaml'),
      'apps/tools/three/app/crd.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: demos.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Demo, plural: demos, singular: demo, listKind: DemoList }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`,
    }),
  ],
]

describe('a review of what a change reaches', () => {
  it.each(cases)('tells of %s what a review of everything tells', async (_name, change) => {
    const base = repository()
    const head = change(base)
    expect(told(await review(base, head, false))).toEqual(told(await review(base, head, true)))
  })

  it.each(cases)('tells the same of %s the other way round', async (_name, change) => {
    const head = repository()
    expect(told(await review(change(head), head, false))).toEqual(
      told(await review(change(head), head, true)),
    )
  })

  // what is installed is seen in no file: objects far from the change are judged by it
  it.each<[string, (base: Files) => Files]>([
    ['another version', edit('apps/media/three/app/release.yaml', '1.0.0', '1.1.0')],
    ['other values', edit('apps/media/three/app/release.yaml', 'strict: false', 'strict: true')],
    [
      'values of another Kustomization',
      edit('apps/media/two/app/config.yaml', 'loose: true', 'strict: true'),
    ],
  ])('tells what a chart with %s installs', async (name, change) => {
    const base = repository()
    const values = name === 'other values' ? '  values:\n    strict: false\n' : ''
    base['apps/media/three/app/release.yaml'] = release(
      'media-three',
      `  valuesFrom:\n    - kind: ConfigMap\n      name: size-values\n${values}`,
    ).replace('chart: demo', 'chart: sizes')
    base['apps/media/two/app/config.yaml'] += configMap('size-values', 'values.yaml: "loose: true"')
    base['apps/tools/three/app/config.yaml'] +=
      '---\napiVersion: example.org/v1\nkind: Size\nmetadata: { name: one }\nsize: large\n'
    const head = change(base)
    const whole = told(await review(base, head, true))
    expect(JSON.stringify(whole.findings)).toContain('Size')
    expect(told(await review(base, head, false))).toEqual(whole)
    expect(told(await review(head, base, false))).toEqual(told(await review(head, base, true)))
  })

  it('builds nothing that the change does not reach', async () => {
    const base = repository()
    built.length = 0
    await review(base, edit('apps/tools/three/app/config.yaml', 'host:', 'server:')(base), false)
    expect([...new Set(built)].toSorted()).toEqual(['apps', 'apps/tools/three/app', 'clusters/main'])
  })
})
