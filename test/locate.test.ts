import { beforeAll, describe, expect, it } from 'vitest'
import { helmTemplate } from '../src/adapters/helm.ts'
import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCatalog } from '../src/adapters/schema-catalog.ts'
import { defaultConfig } from '../src/config/config.ts'
import { Locator } from '../src/locate.ts'
import type { Mechanism } from '../src/manifest/traced.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import type { KustomizeBuild } from '../src/render/tools.ts'
import { renderTree, type RenderedRepository, type RenderTools } from '../src/render-tree.ts'
import { validateTree } from '../src/validate-tree.ts'
import { chartOf, fakeCharts, findTool } from './charts.ts'
import { realKustomize } from './tools.ts'

// Each tree marks the line that must be told with the comment `# <-`.
type Files = Record<string, string>

let kustomize: KustomizeBuild
beforeAll(async () => {
  kustomize = await realKustomize()
})

async function render(
  files: Files,
  charts?: Pick<RenderTools, 'charts' | 'helm'>,
): Promise<RenderedRepository> {
  return await renderTree(
    { tree: memoryTree(files), config: defaultConfig, entries: [] },
    {
      kustomize,
      charts: {
        pull: async () => ({ ok: false, unavailable: true, reason: 'chart-offline', message: 'offline' }),
        unpack: async () => await Promise.reject(new Error('nothing was pulled')),
      },
      cache: new RenderCache(),
      isNamespaced: () => undefined,
      progress: () => undefined,
      ...charts,
    },
  )
}

function marked(files: Files): string[] {
  return Object.entries(files).flatMap(([file, text]) =>
    text.split('\n').flatMap((line, index) => (line.includes('# <-') ? [`${file}:${index + 1}`] : [])),
  )
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
  sourceRef: { kind: GitRepository, name: fleet }
${more}`
/** A cluster whose root applies the Kustomization `apps` of ./apps. */
const cluster = (apps = '', root = '') => ({
  'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main', root),
  'clusters/main/apps.yaml': flux('apps', './apps', apps),
})
const web = (spec = '') => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: default
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: nginx:1
${spec}`
const BAD = '  replicaCount: 3 # <-\n'
const kustomization = (text: string) =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n${text}`
const component = (text: string) => `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n${text}`
const merge = (mark = '# <-', indent = '') =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: default\nspec:\n  # a comment\n  replicaCount: 3 ${mark}\n`
    .split('\n')
    .map(line => (line === '' ? line : indent + line))
    .join('\n')

describe('a finding stands at the line that caused it', () => {
  it.each<[string, Files]>([
    ['of a file', { ...cluster(), 'apps/web.yaml': web(BAD) }],
    [
      'of the second document of a file',
      { ...cluster(), 'apps/all.yaml': `# first\n${web().replaceAll('web', 'api')}---\n${web(BAD)}` },
    ],
    [
      'of an item of a List',
      {
        ...cluster(),
        'apps/list.yaml': `apiVersion: v1\nkind: List\nitems:\n${web(BAD).replaceAll(/^/gm, '    ').replace('    ', '  - ')}`,
      },
    ],
    [
      'behind a merge key',
      {
        ...cluster(),
        'apps/web.yaml': `x-common: &common\n${BAD}${web('  <<: *common\n')}`.replace('x-common', 'status'),
      },
    ],
    [
      'with an alias, at the field',
      {
        ...cluster(),
        'apps/web.yaml': web('  revisionHistoryLimit: &count 3\n  replicaCount: *count # <-\n'),
      },
    ],
    [
      'of a base below an overlay',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization('resources: [../base]\nnamePrefix: my-\n'),
        'base/kustomization.yaml': kustomization('resources: [web.yaml]\n'),
        'base/web.yaml': web(BAD),
      },
    ],
    [
      'of a component',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization('components: [../c]\nresources: []\n'),
        'c/kustomization.yaml': component('resources: [web.yaml]\n'),
        'c/web.yaml': web(BAD),
      },
    ],
    [
      'of a component that Flux adds',
      {
        ...cluster('  components: [../c]\n'),
        'apps/kustomization.yaml': kustomization('resources: [web.yaml]\n'),
        'apps/web.yaml': web(),
        'c/kustomization.yaml': component(`patches:\n  - patch: |\n${merge('# <-', '      ')}`),
      },
    ],
    [
      'of a patch in the kustomization',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          `resources: [web.yaml]\npatches:\n  - patch: |-\n${merge('# <-', '      ')}`,
        ),
        'apps/web.yaml': web(),
      },
    ],
    [
      'of a patch in a file',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\npatches:\n  - path: fix/patch.yaml\n',
        ),
        'apps/web.yaml': web(),
        'apps/fix/patch.yaml': `# why\n${merge()}`,
      },
    ],
    [
      'of the old patchesStrategicMerge',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\npatchesStrategicMerge: [patch.yaml]\n',
        ),
        'apps/web.yaml': web(),
        'apps/patch.yaml': merge(),
      },
    ],
    [
      'of the last of two patches that set it',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          `resources: [web.yaml]\npatches:\n  - path: patch.yaml\n  - patch: |\n${merge('# <-', '      ')}    target: { kind: Deploy.*, name: w.b }\n`,
        ),
        'apps/web.yaml': web('  replicaCount: 3\n'),
        'apps/patch.yaml': merge(''),
      },
    ],
    [
      'of the file where the patch is for another object',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          `resources: [web.yaml]\npatches:\n  - patch: |\n${merge('', '      ')}    target: { kind: Deployment, name: we }\n`,
        ),
        'apps/web.yaml': web(BAD),
      },
    ],
    [
      'of a JSON patch',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\npatches:\n  - target: { kind: Deployment }\n    patch: |\n      - op: test\n        path: /kind\n        value: Deployment\n      - op: add\n        path: /spec/replicaCount\n        value: 3 # <-\n',
        ),
        'apps/web.yaml': web(),
      },
    ],
    [
      'of a JSON patch in a file',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\npatches:\n  - target: { kind: Deployment }\n    path: ops.yaml\n',
        ),
        'apps/web.yaml': web(),
        'apps/ops.yaml': '- op: add\n  path: /spec/template/spec/containers/0/tty1\n  value: true # <-\n',
      },
    ],
    [
      'of a list item that a patch puts before the others',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization('resources: [web.yaml]\npatches:\n  - path: patch.yaml\n'),
        'apps/web.yaml': web(),
        'apps/patch.yaml':
          'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: default\nspec:\n  template:\n    spec:\n      containers:\n        - name: side\n          image: side:1\n          imagePull: Always # <-\n',
      },
    ],
    [
      'of the patches of a Flux Kustomization',
      {
        ...cluster(
          `  patches:\n    - target: { kind: Deployment }\n      patch: |\n${merge('# <-', '        ')}`,
        ),
        'apps/web.yaml': web(),
      },
    ],
    [
      'of a patch that the root puts into its children',
      {
        ...cluster(
          '',
          `  patches:\n    - target: { kind: Kustomization, name: apps }\n      patch: |\n        - op: add\n          path: /spec/patches\n          value:\n            - target: { kind: Deployment }\n              patch: |\n${merge('# <-', '                ')}`,
        ),
        'apps/web.yaml': web(),
      },
    ],
    [
      'with a variable',
      {
        ...cluster('  postBuild: { substitute: { COUNT: three } }\n'),
        'apps/web.yaml': web('  replicas: ${COUNT} # <-\n'),
      },
    ],
    [
      'of a generator',
      {
        ...cluster('  postBuild: { substitute: { PORT: "80" } }\n'),
        'apps/kustomization.yaml': kustomization(
          'configMapGenerator:\n  - name: env\n    namespace: default\n    literals:\n      - OTHER=1\n      - PORT=${PORT} # <-\n',
        ).replace('configMap', 'resources: []\nconfigMap'),
      },
    ],
    [
      'of what a replacement copies',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml, settings.yaml]\nreplacements:\n  - source: { kind: ConfigMap, name: settings, fieldPath: data.count }\n    targets:\n      - select: { kind: Deployment, name: web }\n        fieldPaths: [spec.replicaCount]\n        options: { create: true }\n',
        ),
        'apps/web.yaml': web(),
        'apps/settings.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: default }\ndata:\n  count: three # <-\n',
      },
    ],
  ])('%s', async (_case, files) => {
    const tree = memoryTree(files)
    const { findings } = await validateTree(tree, await render(files), defaultConfig, {
      catalog: openCatalog(),
      parameters: openParameterCatalogs(),
      today: '2026-01-01',
      progress: () => undefined,
    })
    const places = findings
      .filter(({ ruleId }) => ruleId.startsWith('schema-'))
      .map(({ file, line }) => `${file}:${line}`)
    expect(places).toEqual(marked(files))
  })
})

describe('the origin of a field that is as it should be', () => {
  it.each<[string, Mechanism, Files, string, string]>([
    [
      'targetNamespace',
      'transformer',
      { ...cluster('  targetNamespace: apps # <-\n'), 'apps/web.yaml': web() },
      'Deployment',
      'metadata.namespace',
    ],
    [
      'namespace, which wins over the same in the file',
      'transformer',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization('resources: [web.yaml]\nnamespace: default # <-\n'),
        'apps/web.yaml': web(),
      },
      'Deployment',
      'metadata.namespace',
    ],
    [
      'the name under a prefix',
      'base',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization('resources: [web.yaml]\nnamePrefix: my-\n'),
        'apps/web.yaml': web().replace('  name: web', '  name: web # <-'),
      },
      'Deployment',
      'metadata.name',
    ],
    [
      'the apiVersion, which a patch for a target does not set',
      'base',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          `resources: [web.yaml]\npatches:\n  - target: { kind: Deployment }\n    patch: |\n${merge('', '      ')}`,
        ),
        'apps/web.yaml': web().replace('apps/v1', 'apps/v1 # <-'),
      },
      'Deployment',
      'apiVersion',
    ],
    [
      'images',
      'transformer',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\nimages:\n  - name: nginx\n    newTag: "2" # <-\n',
        ),
        'apps/web.yaml': web(),
      },
      'Deployment',
      'spec.template.spec.containers[0].image',
    ],
    [
      'images of a Flux Kustomization',
      'transformer',
      { ...cluster('  images:\n    - name: nginx\n      newTag: "2" # <-\n'), 'apps/web.yaml': web() },
      'Deployment',
      'spec.template.spec.containers[0].image',
    ],
    [
      'labels',
      'transformer',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\nlabels:\n  - includeSelectors: true\n    pairs:\n      team: db # <-\n',
        ),
        'apps/web.yaml': web(),
      },
      'Deployment',
      'spec.selector.matchLabels.team',
    ],
    [
      'commonMetadata',
      'transformer',
      { ...cluster('  commonMetadata:\n    labels:\n      team: db # <-\n'), 'apps/web.yaml': web() },
      'Deployment',
      'metadata.labels.team',
    ],
    [
      'replicas',
      'transformer',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\nreplicas:\n  - name: web\n    count: 2 # <-\n',
        ),
        'apps/web.yaml': web('  replicas: 2\n'),
      },
      'Deployment',
      'spec.replicas',
    ],
    [
      'a built-in transformer in a file',
      'transformer',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization('resources: [web.yaml]\ntransformers: [labels.yaml]\n'),
        'apps/labels.yaml':
          'apiVersion: builtin\nkind: LabelTransformer\nmetadata: { name: x }\nlabels:\n  team: db # <-\nfieldSpecs: [{ path: metadata/labels, create: true }]\n',
        'apps/web.yaml': web(),
      },
      'Deployment',
      'metadata.labels.team',
    ],
    [
      'values of a HelmRelease',
      'values',
      {
        ...cluster(),
        'apps/release.yaml':
          'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web, namespace: default }\nspec:\n  chartRef: { kind: OCIRepository, name: web }\n  interval: 1h\n  values:\n    a.b/c:\n      - x\n      - y # <-\n',
      },
      'HelmRelease',
      'spec.values[a.b/c][1]',
    ],
    [
      'a key of a ConfigMap that is a file',
      'generator',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: []\nconfigMapGenerator:\n  - { name: conf, files: [conf.ini=files/app.ini] }\n',
        ),
        'apps/files/app.ini': 'x # <-\n',
      },
      'ConfigMap',
      'data.conf.ini',
    ],
    [
      'a line of an env file, in base64',
      'generator',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: []\nsecretGenerator:\n  - { name: env, envs: [.env] }\n',
        ),
        'apps/.env': '# comment\nA=1\nB=2 # <-\n',
      },
      'Secret',
      'data.B',
    ],
    [
      'the name that a generated one begins with',
      'generator',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: []\nconfigMapGenerator:\n  - literals: [a=b]\n    name: conf # <-\n',
        ),
      },
      'ConfigMap',
      'metadata.name',
    ],
    [
      'a generator that merges into that of a base',
      'generator',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [../base]\nconfigMapGenerator:\n  - name: conf\n    behavior: merge\n    literals:\n      - a=2 # <-\n',
        ),
        'base/kustomization.yaml': kustomization(
          'configMapGenerator:\n  - { name: conf, literals: [a=1, b=1] }\n',
        ),
      },
      'ConfigMap',
      'data.a',
    ],
  ])('%s', async (_case, mechanism, files, kind, field) => {
    const rendered = await render(files)
    const unit = rendered.kustomizations.find(({ name }) => name === 'apps')
    const object = unit?.objects.find(({ resource }) => resource.kind === kind)
    if (unit === undefined || object === undefined)
      throw new Error(`no ${kind}: ${JSON.stringify(rendered.kustomizations)}`)
    const origin = await new Locator(memoryTree(files), rendered).origin(unit, object, field)
    expect([`${origin?.file}:${origin?.line}`, origin?.mechanism, origin?.exact]).toEqual([
      ...marked(files),
      mechanism,
      true,
    ])
  })

  it.each<[string, Files, string]>([
    [
      'of a multi-line text in quotes that holds a patch',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          `resources: [web.yaml]\npatches:\n  - target: { kind: Deployment }\n    patch: '[{"op": "add", "path": "/spec/replicas",\n      "value": 3}]'\n`,
        ),
        'apps/web.yaml': `# <- the object\n${web()}`,
      },
      'spec.replicas',
    ],
    [
      'where a transformer that is not followed may have changed it',
      {
        ...cluster(),
        'apps/kustomization.yaml': kustomization(
          'resources: [web.yaml]\nconfigurations: [fields.yaml]\nnamespace: default\n',
        ),
        'apps/fields.yaml': 'namespace:\n  - path: spec/template/metadata/labels/app\n    create: true\n',
        'apps/web.yaml': web(),
      },
      'spec.template.metadata.labels.app',
    ],
    ['that is not there', { ...cluster(), 'apps/web.yaml': web() }, 'spec.nothing'],
  ])('is the line of the object for a field %s', async (_case, files, field) => {
    const rendered = await render(files)
    const unit = rendered.kustomizations.find(({ name }) => name === 'apps')
    const [object] = unit?.objects ?? []
    if (unit === undefined || object === undefined) throw new Error('not rendered')
    const origin = await new Locator(memoryTree(files), rendered).origin(unit, object, field)
    expect(origin).toEqual({ ...object.origin, exact: false, variables: [] })
  })

  it('names where a variable gets its value', async () => {
    const files = {
      ...cluster(
        '  postBuild:\n    substituteFrom: [{ kind: ConfigMap, name: settings }]\n    substitute:\n      OWN: a\n',
      ),
      'clusters/main/settings.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: flux-system }\ndata:\n  SHARED: b\n',
      'apps/x.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: default }\ndata:\n  x: ${OWN} ${SHARED} ${NONE:=c}\n',
    }
    const rendered = await render(files)
    const unit = rendered.kustomizations.find(({ name }) => name === 'apps')
    const [object] = unit?.objects ?? []
    if (unit === undefined || object === undefined) throw new Error('not rendered')
    const origin = await new Locator(memoryTree(files), rendered).origin(unit, object, 'data.x')
    expect(origin).toMatchObject({
      file: 'apps/x.yaml',
      line: 5,
      mechanism: 'variable',
      variables: [
        { name: 'OWN', file: 'clusters/main/apps.yaml', line: 15 },
        { name: 'SHARED', file: 'clusters/main/settings.yaml', line: 5 },
        { name: 'NONE' },
      ],
    })
  })
})

const chartRelease = (values: string) => `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: web, namespace: default }
spec: { url: oci://example.org/web, interval: 1h, ref: { tag: 1.0.0 } }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: default }
spec:
  chartRef: { kind: OCIRepository, name: web }
  interval: 1h
  values:
${values}`
const chartTemplate = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: {{ .Values.replicas }}
  paused: {{ and .Values.a .Values.b }}
  strategy: {{ toYaml .Values.strategy | nindent 4 }}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:{{ .Values.tag }}" }] }
`

describe('a field of an object of a chart', () => {
  it.each<[string, string, string, string]>([
    ['that a value gives', '    other: 3\n    replicas: 3 # <-\n', 'spec.replicas', 'values'],
    ['that a value is part of', '    tag: v1.2.3 # <-\n', 'spec.template.spec.containers[0].image', 'values'],
    [
      'below what is passed on',
      '    strategy:\n      type: Recreate\n      bad: yes-no # <-\n',
      'spec.strategy.bad',
      'values',
    ],
    ['that two values make', '    a: true\n    b: true\n', 'spec.paused', ''],
    ['that the chart gives', '    replicas: 3\n', 'spec.selector.matchLabels.app', ''],
  ])('%s', async (_case, values, field, mechanism) => {
    const files = { ...cluster(), 'apps/web.yaml': chartRelease(values) }
    const chart = chartOf(
      {
        'values.yaml': 'replicas: 1\ntag: latest\na: false\nb: false\nstrategy: {}\n',
        'templates/web.yaml': chartTemplate,
      },
      'web',
    )
    const rendered = await render(files, {
      charts: fakeCharts({ 'oci://example.org/web': chart }),
      helm: await helmTemplate({ command: findTool('helm') ?? '' }),
    })
    const [unit] = rendered.helmReleases
    const [object] = unit?.objects ?? []
    if (unit === undefined || object === undefined) throw new Error(JSON.stringify(rendered.helmReleases))
    const origin = await new Locator(memoryTree(files), rendered).field(unit, object, field)
    const [line] = [...marked(files), 'apps/web.yaml:6']
    expect([`${origin?.file}:${origin?.line}`, origin?.mechanism ?? '']).toEqual([line, mechanism])
  })
})

describe('in a review', () => {
  it('points at the variable that the change gave another value', async () => {
    const base = {
      ...cluster('  postBuild:\n    substitute:\n      COUNT: "3"\n'),
      'apps/web.yaml': web('  replicas: ${COUNT}\n'),
    }
    const head = { ...base, ...cluster('  postBuild:\n    substitute:\n      COUNT: three # <-\n') }
    const { findings } = await validateTree(
      memoryTree(head),
      await render(head),
      defaultConfig,
      {
        catalog: openCatalog(),
        parameters: openParameterCatalogs(),
        today: '2026-01-01',
        progress: () => undefined,
      },
      memoryTree(base),
    )
    expect(findings.map(({ file, line }) => `${file}:${line}`)).toEqual(marked(head))
  })
})
