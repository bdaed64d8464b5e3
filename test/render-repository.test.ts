// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { beforeAll, describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCatalog } from '../src/adapters/schema-catalog.ts'
import { defaultConfig, type Config } from '../src/config/config.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import type { KustomizeBuild } from '../src/render/tools.ts'
import { renderTree, type RenderedRepository, type RenderTools } from '../src/render-tree.ts'
import type { Review } from '../src/report/review.ts'
import { validateTree } from '../src/validate-tree.ts'
import { offlineReview } from './offline-review.ts'
import { realKustomize } from './tools.ts'

let kustomize: KustomizeBuild
beforeAll(async () => {
  kustomize = await realKustomize()
})

function tools(builds: string[] = []): RenderTools {
  return {
    kustomize: {
      version: kustomize.version,
      build: async request => {
        builds.push(request.directory)
        return await kustomize.build(request)
      },
    },
    charts: {
      pull: async () => ({ ok: false, unavailable: true, reason: 'chart-offline', message: 'offline' }),
      unpack: async () => await Promise.reject(new Error('nothing was pulled')),
    },
    cache: new RenderCache(),
    isNamespaced: () => undefined,
    progress: () => undefined,
  }
}

async function render(
  files: Record<string, string>,
  config: Partial<Config> = {},
): Promise<RenderedRepository> {
  return await renderTree(
    { tree: memoryTree(files), config: { ...defaultConfig, ...config }, entries: [] },
    tools(),
  )
}

const flux = (name: string, path: string, more = '') => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ${path}
  sourceRef: { kind: GitRepository, name: fleet }
${more}`
const configMap = (name: string, data = 'a: b') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\ndata:\n  ${data}\n`

const cluster = {
  'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main'),
  'clusters/main/apps.yaml': flux('apps', './apps'),
  'apps/web.yaml': configMap('web'),
}

describe('a tree from its root', () => {
  it('renders parents, then what they apply', async () => {
    const { kustomizations, findings, incomplete } = await render(cluster)
    expect(kustomizations.map(unit => [unit.cluster, unit.name, unit.status, unit.objects.length])).toEqual([
      ['main', 'flux-system', 'rendered', 2],
      ['main', 'apps', 'rendered', 1],
    ])
    expect([...findings, ...incomplete]).toEqual([])
  })

  it('takes children as their parents patch them', async () => {
    const { kustomizations } = await render({
      ...cluster,
      'clusters/main/gotk-sync.yaml': flux(
        'flux-system',
        './clusters/main',
        '  patches:\n    - target: { kind: Kustomization, name: apps }\n      patch: |\n        - { op: add, path: /spec/postBuild, value: { substitute: { NAME: seen } } }\n',
      ),
      'apps/web.yaml': configMap('web', 'name: ${NAME}'),
    })
    expect(kustomizations[1]?.objects[0]?.manifest.data).toEqual({ name: 'seen' })
  })

  it('takes the root as it applies itself, patched like every child', async () => {
    const { kustomizations } = await render({
      'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main'),
      'clusters/main/web.yaml': configMap('web', 'name: ${NAME}'),
      'clusters/main/kustomization.yaml': `resources: [gotk-sync.yaml, web.yaml]
patches:
  - target: { kind: Kustomization, name: flux-system }
    patch: |
      - { op: add, path: /spec/postBuild, value: { substitute: { NAME: patched } } }
`,
    })
    expect(kustomizations.map(({ name }) => name)).toEqual(['flux-system'])
    expect(kustomizations[0]?.objects.find(({ resource }) => resource.name === 'web')?.manifest.data).toEqual(
      {
        name: 'patched',
      },
    )
  })

  it('finds variables wherever the tree applies them, later ones too', async () => {
    const from = '  postBuild:\n    substituteFrom: [{ kind: ConfigMap, name: settings }]\n'
    const { kustomizations, incomplete } = await render({
      ...cluster,
      'clusters/main/apps.yaml': flux('apps', './apps', from) + flux('settings', './settings'),
      'settings/settings.yaml': configMap('settings', 'NAME: late').replace('default', 'flux-system'),
      'apps/web.yaml': configMap('web', 'name: ${NAME}'),
    })
    const web = kustomizations.find(({ name }) => name === 'apps')?.objects[0]
    expect(web?.manifest.data).toEqual({ name: 'late' })
    expect(incomplete).toEqual([])
  })

  it.each([
    ['2.9', 'failed', undefined],
    ['2.8', 'rendered', { name: null }],
  ])('an undefined variable under Flux %s: %s', async (fluxVersion, status, data) => {
    const substitute = '  postBuild:\n    substitute: { OTHER: x }\n'
    const { kustomizations, findings } = await render(
      {
        ...cluster,
        'clusters/main/apps.yaml': flux('apps', './apps', substitute),
        'apps/web.yaml': configMap('web', 'name: ${NAME}'),
      },
      { fluxVersion },
    )
    expect(kustomizations[1]?.status).toBe(status)
    expect(kustomizations[1]?.objects[0]?.manifest.data).toEqual(data)
    expect(findings.map(({ ruleId, file, line }) => [ruleId, file, line])).toEqual(
      status === 'failed' ? [['render-substitution', 'apps/web.yaml', 1]] : [],
    )
  })

  it('never takes a variable made elsewhere for undefined', async () => {
    const from = '  postBuild:\n    substituteFrom: [{ kind: Secret, name: elsewhere }]\n'
    const { kustomizations, findings, incomplete } = await render({
      ...cluster,
      'clusters/main/apps.yaml': flux('apps', './apps', from),
      'apps/web.yaml': configMap('web', 'name: ${NAME}'),
    })
    expect(kustomizations[1]?.objects[0]?.manifest.data).toEqual({ name: '..PLACEHOLDER_NAME..' })
    expect(findings).toEqual([])
    expect(incomplete.map(({ reason, affected }) => [reason, affected])).toEqual([
      ['variables-unknown', ['Kustomization flux-system/apps']],
    ])
  })

  it('leaves what another source brings to that source, and says so', async () => {
    const { kustomizations, incomplete } = await render({
      ...cluster,
      'clusters/main/other.yaml': flux('other', './deploy').replace('name: fleet', 'name: upstream'),
    })
    expect(kustomizations.find(({ name }) => name === 'other')?.status).toBe('skipped')
    expect(incomplete.map(({ reason }) => reason)).toEqual(['source-elsewhere'])
  })

  it('joins failures of one cause', async () => {
    const { findings } = await render({
      ...cluster,
      'clusters/main/apps.yaml': flux('apps', './apps') + flux('more', './apps'),
      'apps/kustomization.yaml': 'resources:\n  - web.yaml\n  - gone.yaml\n',
    })
    expect(findings.map(({ ruleId, file, line }) => [ruleId, file, line])).toEqual([
      ['render-missing-file', 'apps/kustomization.yaml', 3],
    ])
    expect(findings[0]?.message).toContain('Kustomization flux-system/apps, Kustomization flux-system/more')
  })
})

describe('a tree without Flux', () => {
  it('builds kustomize directories that no other one includes, and says that Flux was not found', async () => {
    const { kustomizations, incomplete } = await render({
      'overlay/kustomization.yaml': 'resources: [../base]\n',
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': configMap('a'),
    })
    expect(kustomizations.map(({ path, objects }) => [path, objects.length])).toEqual([['overlay', 1]])
    expect(incomplete.map(({ reason }) => reason)).toEqual(['no-flux-objects'])
  })

  it('reads files that source-controller would leave out: no Flux packs this tree', async () => {
    const { kustomizations } = await render({
      'kustomization.yaml': 'configMapGenerator:\n  - name: icons\n    files: [icon.png]\n',
      'icon.png': 'pixels',
    })
    expect(kustomizations.map(({ status, objects }) => [status, objects.length])).toEqual([['rendered', 1]])
  })

  it('still says what is wrong with the FluxInstance that should have been its root', async () => {
    const instance = `apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
metadata: { name: flux, namespace: flux-system }
spec:
  sync: { kind: GitRepository, url: https://example.org/fleet, ref: refs/heads/main, path: clusters/main }
  kustomize:
    patches:
      - target: { kind: Kustomization }
        patch: '- { op: remove, path: /spec/nothing }'
`
    const { findings } = await render({ 'flux.yaml': instance })
    expect(findings.map(({ ruleId, file }) => [ruleId, file])).toEqual([
      ['render-flux-instance', 'flux.yaml'],
    ])
  })

  it('says where a root could not be worked out, and takes the configured one for an answer', async () => {
    const release = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: flux-instance, namespace: flux-system }
spec:
  chart: { spec: { chart: flux-instance, sourceRef: { kind: HelmRepository, name: flux-operator } } }
  valuesFrom: [{ kind: Secret, name: elsewhere }]
`
    const files = { ...cluster, 'apps/flux.yaml': release }
    const { incomplete } = await render(files)
    expect(incomplete.map(({ reason, file }) => [reason, file])).toContainEqual([
      'entry-point-unknown',
      'apps/flux.yaml',
    ])
    const clusters = [{ name: 'main', path: 'clusters/main', variables: {} }]
    const configured = await render(files, { clusters })
    expect(configured.incomplete.map(({ reason }) => reason)).not.toContain('entry-point-unknown')
  })

  it('is never silently empty', async () => {
    const { incomplete } = await render({ 'README.md': 'hello' })
    expect(incomplete.map(({ reason }) => reason)).toEqual(['no-entry-point'])
  })
})

const review = async (
  base: Record<string, string>,
  head: Record<string, string>,
  config = defaultConfig,
  builds: string[] = [],
): Promise<Review> => await offlineReview(base, head, config, tools(builds))

describe('review', () => {
  it('is ready where nothing changes', async () => {
    const { verdict, changes, findings } = await review(cluster, cluster)
    expect([verdict, changes, findings]).toEqual(['ready', [], []])
  })

  it('builds once what is equal on both sides', async () => {
    const builds: string[] = []
    await review(cluster, cluster, defaultConfig, builds)
    // what no changed file reaches is not built at all
    expect(builds.toSorted()).toEqual(['clusters/main'])
    const changed = { ...cluster, 'apps/web.yaml': configMap('web', 'a: c') }
    builds.length = 0
    await review(cluster, changed, defaultConfig, builds)
    expect(builds.toSorted()).toEqual(['apps', 'apps', 'clusters/main'])
  })

  it('knows a cluster again where another one is added, or taken away', async () => {
    const alone = {
      'clusters/infra/flux/gotk-sync.yaml': flux('flux-system', './clusters/infra/flux'),
      'clusters/infra/flux/apps.yaml': flux('apps', './apps'),
      'apps/web.yaml': configMap('web'),
    }
    const two = {
      ...alone,
      'clusters/apps/flux/gotk-sync.yaml': flux('flux-system', './clusters/apps/flux'),
    }
    const added = await review(alone, two)
    expect(added.changes.map(made => [made.change, made.cluster, made.resource.name])).toEqual([
      ['added', 'apps', 'flux-system'],
    ])
    const removed = await review(two, alone)
    expect(removed.changes.map(made => [made.change, made.cluster, made.resource.name])).toEqual([
      ['removed', 'apps', 'flux-system'],
    ])
  })

  it('shows what changes and points at the line of a mistake', async () => {
    const { verdict, changes, findings } = await review(cluster, {
      ...cluster,
      'apps/web.yaml': `${configMap('web', 'a: c')}dta: {}\n`,
    })
    expect(verdict).toBe('blocked')
    expect(changes.map(({ change, resource }) => [change, resource.name])).toEqual([['changed', 'web']])
    expect(findings.map(({ ruleId, file, line }) => [ruleId, file, line])).toEqual([
      ['schema-unknown-field', 'apps/web.yaml', 6],
    ])
  })

  it('counts what stood in base, and does not let it decide', async () => {
    const bad = `${configMap('bad')}dta: {}\n`
    const base = { ...cluster, 'apps/web.yaml': `${configMap('web')}---\n${bad}`, 'apps/other.yaml': bad }
    const { verdict, findings, stats } = await review(base, {
      ...base,
      'apps/web.yaml': `${configMap('web', 'a: c')}---\n${bad}`,
    })
    // that of the other file is not looked for
    expect([verdict, findings, stats.existing]).toEqual(['ready', [], 1])
  })

  it('counts what stood in base where the change touches the object', async () => {
    const base = { ...cluster, 'apps/bad.yaml': `${configMap('bad')}dta: {}\n` }
    const { verdict, findings } = await review(base, {
      ...base,
      'apps/bad.yaml': `${configMap('bad', 'a: c')}dta: {}\n`,
    })
    expect([verdict, findings.map(({ ruleId }) => ruleId)]).toEqual(['blocked', ['schema-unknown-field']])
  })

  it('never shows a root that fails as removals', async () => {
    const { verdict, changes, findings, incomplete } = await review(cluster, {
      ...cluster,
      'clusters/main/kustomization.yaml': 'resources: [gone.yaml]\n',
    })
    expect(verdict).toBe('blocked')
    expect(changes).toEqual([])
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['render-missing-file'])
    expect(incomplete.length).toBeGreaterThan(0)
  })

  it('is incomplete where the changed manifests belong to nothing that was rendered', async () => {
    const { verdict, incomplete } = await review(cluster, { ...cluster, 'elsewhere/a.yaml': configMap('a') })
    expect([verdict, incomplete.map(({ reason }) => reason)]).toEqual([
      'incomplete',
      ['changed-files-not-applied'],
    ])
  })

  it('is incomplete where a changed Kustomization renders on neither side', async () => {
    const broken = {
      ...cluster,
      'clusters/main/apps.yaml': flux('apps', './apps', '  postBuild:\n    substitute: { OTHER: x }\n'),
      'apps/web.yaml': configMap('web', 'name: ${NAME}'),
    }
    const { verdict, incomplete } = await review(broken, { ...broken, 'apps/more.yaml': configMap('more') })
    expect([verdict, incomplete.map(({ reason }) => reason)]).toEqual([
      'incomplete',
      ['failed-on-both-sides'],
    ])
  })

  it('asks no YAML of what a generator takes as text, and of kustomizations only their own', async () => {
    const { verdict, findings } = await review(cluster, {
      ...cluster,
      'apps/kustomization.yaml':
        'resources: [web.yaml]\nconfigMapGenerator: [{ name: page, namespace: default, files: [widgets.yaml] }]\n',
      'apps/widgets.yaml': '- search: {{ PROVIDER }}\n- search: [\n',
    })
    expect([verdict, findings]).toEqual(['ready', []])
  })

  it.each([
    ['admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicy', [], ['schema-version-unknown']],
    ['policy/v1beta1', 'PodDisruptionBudget', ['schema-version-not-served'], []],
  ])('of %s %s, which the assumed Kubernetes does not serve', async (apiVersion, kind, found, unsure) => {
    const { findings, incomplete } = await review(cluster, {
      ...cluster,
      'apps/policy.yaml': `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: a, namespace: default }\n`,
    })
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(found)
    expect(incomplete.map(({ reason }) => reason)).toEqual(unsure)
  })

  it('takes a count in a message for no other cause', async () => {
    const directory = (path: string) => ({
      [`${path}/kustomization.yaml`]: 'resources: [web.yaml]\n',
      [`${path}/web.yaml`]: configMap(path),
    })
    const { verdict, incomplete } = await review(
      { ...directory('a'), ...directory('b') },
      { ...directory('a'), ...directory('b'), ...directory('c') },
    )
    expect([verdict, incomplete.map(({ reason, existing }) => [reason, existing])]).toEqual([
      'ready',
      [['no-flux-objects', true]],
    ])
  })

  it('is incomplete where a changed kustomize directory renders on neither side', async () => {
    const directory = {
      'apps/web/kustomization.yaml': 'resources: [web.yaml, gone.yaml]\n',
      'apps/web/web.yaml': configMap('web'),
    }
    const { incomplete } = await review(directory, {
      ...directory,
      'apps/web/web.yaml': configMap('web', 'a: c'),
    })
    const fresh = incomplete.filter(({ existing }) => existing !== true)
    expect(fresh.map(({ reason, affected }) => [reason, affected])).toEqual([
      ['failed-on-both-sides', ['Kustomization apps/web']],
    ])
  })

  it('names the kinds without a schema by their API group, and says what a bundled one does not know', async () => {
    const object = (apiVersion: string, kind: string, name: string, more = '') =>
      `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: default }\n${more}`
    const { incomplete } = await review(cluster, {
      ...cluster,
      'apps/more.yaml': [
        object('example.org/v1', 'Jar', 'a'),
        object('example.org/v1', 'Lid', 'a'),
        object('cert-manager.io/v1', 'Certificate', 'a', 'spec: { secretName: 3, issuerRef: { name: a } }\n'),
        object('cert-manager.io/v9', 'Certificate', 'b'),
      ].join(''),
    })
    expect(incomplete.map(({ reason, message, affected }) => [reason, message, affected])).toEqual([
      ['schema-unknown', 'There is no schema for kinds of example.org.', ['Jar default/a', 'Lid default/a']],
      [
        'schema-version-unknown',
        expect.stringMatching(
          /^Certificate does not fit the bundled schema of cert-manager [\d.]+, and which version the cluster runs is not known: spec\.secretName must be .*\.$/,
        ),
        ['Certificate default/a'],
      ],
      [
        'schema-version-unknown',
        expect.stringMatching(
          /^The bundled schema of cert-manager [\d.]+ has no cert-manager\.io\/v9, and which version/,
        ),
        ['Certificate default/b'],
      ],
    ])
  })

  it('judges by imported CRDs of the base alone', async () => {
    const crd = (size: string) => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: jars.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Jar, plural: jars }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { size: { type: ${size} } } } }
`
    const imported = '.github/cnpg-steward/crds/example.org_Jar.yaml'
    const jar =
      'apiVersion: example.org/v1\nkind: Jar\nmetadata: { name: a, namespace: default }\nsize: large\n'
    const base = { ...cluster, [imported]: crd('integer') }
    const judged = await review(base, { ...base, [imported]: crd('string'), 'apps/jar.yaml': jar })
    expect(judged.findings.map(({ ruleId, file, line }) => [ruleId, file, line])).toEqual([
      ['schema-type', 'apps/jar.yaml', 4],
    ])
    const unknown = await review(cluster, { ...cluster, [imported]: crd('integer'), 'apps/jar.yaml': jar })
    expect([unknown.findings, unknown.incomplete.map(({ reason }) => reason)]).toEqual([
      [],
      ['schema-unknown'],
    ])
  })

  it.each([
    [undefined, 'incomplete', ['schema-version-unknown']],
    ['1.35.0', 'blocked', []],
    ['1.36.0', 'ready', []],
  ])('judges what only a newer Kubernetes serves, of %s: %s', async (kubernetesVersion, verdict, reasons) => {
    const policy = `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: { name: p }
`
    const config = { ...defaultConfig, ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }) }
    const judged = await review(cluster, { ...cluster, 'apps/policy.yaml': policy }, config)
    expect([judged.verdict, judged.incomplete.map(({ reason }) => reason)]).toEqual([verdict, reasons])
  })

  it('does not let a change silence its own finding', async () => {
    const silenced =
      configMap('web') + '# cnpg-steward: ignore schema-unknown-field because I say so\ndta: {}\n'
    const fresh = await review(cluster, { ...cluster, 'apps/web.yaml': silenced })
    expect(fresh.findings.map(({ ruleId }) => ruleId)).toEqual(['schema-unknown-field'])
    const known = { ...cluster, 'apps/web.yaml': silenced }
    const { findings } = await validateTree(memoryTree(known), await render(known), defaultConfig, {
      catalog: openCatalog(),
      parameters: openParameterCatalogs(),
      today: '2026-01-01',
      progress: () => undefined,
    })
    expect(findings).toEqual([])
  })
})
