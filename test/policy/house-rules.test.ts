import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { RuleSetting } from '../../src/config/config.ts'
import type { Json } from '../../src/manifest/json.ts'
import type { RenderedObject } from '../../src/manifest/rendered.ts'
import { identify, isManifest } from '../../src/manifest/resource.ts'
import { houseFindings } from '../../src/policy/house-rules.ts'

const DIGEST = `@sha256:${'a'.repeat(64)}`

function object(yaml: string): RenderedObject {
  const manifest: Json = parse(yaml)
  if (!isManifest(manifest)) throw new Error(`no object: ${yaml}`)
  return { manifest, resource: identify(manifest), origin: { file: 'a.yaml', line: 3 } }
}

interface Tree {
  objects?: string[]
  files?: Record<string, string>
  fluxVersion?: string
  annotationPrefix?: string
}

function findings(settings: Record<string, RuleSetting>, tree: Tree) {
  return houseFindings({
    kustomizations: [
      {
        cluster: 'infra',
        namespace: 'flux-system',
        name: 'demo',
        path: './demo',
        status: 'rendered',
        objects: (tree.objects ?? []).map(object),
        inputs: '',
      },
    ],
    files: new Map(Object.entries(tree.files ?? {})),
    settings,
    fluxVersion: () => tree.fluxVersion ?? '2.9',
    ...(tree.annotationPrefix === undefined ? {} : { annotationPrefix: tree.annotationPrefix }),
  })
}

const on = (id: string): Record<string, RuleSetting> => ({ [id]: { level: 'warning', reason: 'test' } })

const release = (spec: string, version = 'v2') =>
  `apiVersion: helm.toolkit.fluxcd.io/${version}\nkind: HelmRelease\nmetadata: {name: a}\nspec: ${spec}`
const deployment = (pod: string) =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: ${pod}}}`
const named = (name: string, kind = 'ConfigMap') =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: '${name}'}`
const annotated = (annotations: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: ${annotations}}`
const cnpg = (kind: string, spec: string) =>
  `apiVersion: postgresql.cnpg.io/v1\nkind: ${kind}\nmetadata: {name: a}\nspec: ${spec}`
const secret = (apiVersion: string, kind = 'ExternalSecret') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}`

describe.each<[rule: string, table: [what: string, object: string, fields: string[]][]]>([
  [
    'house-helm-api-version',
    [
      ['v2', release('{}'), []],
      ['v2beta1', release('{}', 'v2beta1'), ['apiVersion']],
      ['v2beta2', release('{}', 'v2beta2'), ['apiVersion']],
    ],
  ],
  [
    'house-external-secrets-api-version',
    [
      ['v1', secret('external-secrets.io/v1'), []],
      ['v1beta1', secret('external-secrets.io/v1beta1'), ['apiVersion']],
      ['a store', secret('external-secrets.io/v1beta1', 'ClusterSecretStore'), ['apiVersion']],
      ['PushSecret has no v1', secret('external-secrets.io/v1alpha1', 'PushSecret'), []],
      ['generators have no v1', secret('generators.external-secrets.io/v1alpha1', 'Password'), []],
    ],
  ],
  [
    'house-remediation',
    [
      [
        'both blocks',
        release('{install: {remediation: {retries: -1}}, upgrade: {remediation: {retries: 3}}}'),
        [],
      ],
      ['no block', release('{install: {}}'), ['spec.install.remediation', 'spec.upgrade.remediation']],
      [
        'empty block',
        release('{install: {remediation: {}}, upgrade: {remediation: {strategy: rollback}}}'),
        ['spec.install.remediation'],
      ],
      [
        'RetryOnFailure',
        release('{install: {strategy: {name: RetryOnFailure}}, upgrade: {strategy: {name: RetryOnFailure}}}'),
        [],
      ],
      [
        'RemediateOnFailure alone says nothing',
        release('{install: {strategy: {name: RemediateOnFailure}}, upgrade: {remediation: {retries: 1}}}'),
        ['spec.install.remediation'],
      ],
      ['another kind', named('a'), []],
    ],
  ],
  [
    'house-chart-ref',
    [
      ['an OCIRepository', release('{chartRef: {kind: OCIRepository, name: a}}'), []],
      ['a HelmChart', release('{chartRef: {kind: HelmChart, name: a}}'), ['spec.chartRef.kind']],
      ['a chart of a repository', release('{chart: {spec: {chart: a}}}'), ['spec.chart']],
    ],
  ],
  [
    'house-image-digest',
    [
      ['a digest', deployment(`{containers: [{image: 'a:1${DIGEST}'}]}`), []],
      ['a tag', deployment('{containers: [{image: "a:1"}]}'), ['spec.template.spec.containers[0].image']],
      [
        'an init container',
        deployment(`{initContainers: [{image: b}], containers: [{image: 'a${DIGEST}'}]}`),
        ['spec.template.spec.initContainers[0].image'],
      ],
      [
        'a short digest',
        deployment('{containers: [{image: "a@sha256:abc"}]}'),
        ['spec.template.spec.containers[0].image'],
      ],
      [
        'a CronJob',
        'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{image: a}]}}}}}',
        ['spec.jobTemplate.spec.template.spec.containers[0].image'],
      ],
      ['a Cluster', cnpg('Cluster', '{imageName: "a:17.2"}'), ['spec.imageName']],
      ['a Cluster without one', cnpg('Cluster', '{instances: 1}'), []],
      ['a catalog', cnpg('ImageCatalog', '{images: [{major: 17, image: "a:17"}]}'), ['spec.images[0].image']],
      [
        'a Pooler',
        cnpg('Pooler', '{template: {spec: {containers: [{name: pgbouncer, image: a}]}}}'),
        ['spec.template.spec.containers[0].image'],
      ],
      ['no containers at all', deployment('{}'), []],
      [
        'a custom resource that looks like a Pod',
        'apiVersion: a.b/v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: a}]}',
        [],
      ],
    ],
  ],
  [
    'house-kebab-case',
    [
      ['kebab-case', named('cluster-vars-2'), []],
      ['a dot', named('kube-root-ca.crt'), ['metadata.name']],
      ['two hyphens', named('a--b'), ['metadata.name']],
      ['a CRD', named('clusters.postgresql.cnpg.io', 'CustomResourceDefinition'), []],
      ['a role', named('system:node', 'ClusterRole'), []],
    ],
  ],
  [
    'house-annotation-prefix',
    [
      ['no annotations', named('a'), []],
      ['a prefix', annotated('{kustomize.toolkit.fluxcd.io/prune: disabled}'), []],
      ['no prefix', annotated('{owner: me, a.b/c: d}'), ['metadata.annotations.owner']],
    ],
  ],
])('%s', (rule, table) => {
  it.each(table)('%s', (_, yaml, fields) => {
    expect(findings(on(rule), { objects: [yaml] }).map(({ field }) => field)).toEqual(fields)
  })
})

it.each([
  ['monosense.dev/owner', []],
  ['monosense.io/owner', ['annotation monosense.io/owner does not start with monosense.dev/']],
  ['k8s.monosense.dev/owner', ['annotation k8s.monosense.dev/owner does not start with monosense.dev/']],
  ['example.com/owner', []],
  ['owner', ['annotation owner has no prefix']],
])('annotation %s where monosense.dev/ is configured', (key, messages) => {
  const found = findings(on('house-annotation-prefix'), {
    objects: [annotated(`{${key}: a}`)],
    annotationPrefix: 'monosense.dev/',
  })
  expect(found.map(({ message }) => message)).toEqual(messages)
})

it.each([
  ['a/kustomization.yaml', false],
  ['a/kustomization.yml', true],
  ['kustomization.yml', true],
  ['a/Kustomization', true],
  ['a/my-kustomization.yml', false],
])('file name %s', (path, found) => {
  expect(findings(on('house-kustomization-file-name'), { files: { [path]: '' } })).toHaveLength(found ? 1 : 0)
})

it.each<[text: string, lines: number[]]>([
  ['path: s3://${BUCKET}/', []],
  ['a: 1\npath: s3://$BUCKET/', [2]],
  ['path: s3://{{BUCKET}}/', [1]],
  ['path: s3://{{ BUCKET }}/', [1]],
  ['password: "{{ .PASSWORD }}"', []],
  ['password: "{{ .PASSWORD | urlquery }}"', []],
  ['# not $BUCKET', []],
  ['command: echo $$BUCKET', []],
  // a variable of the shell: nothing substitutes this name here
  ['command: echo $HOSTNAME', []],
  ['path: $BUCKET_NAME', []],
  ['path: $FROM_CONFIG_MAP/$INLINE', [1, 1]],
])('variables in %j', (text, lines) => {
  const objects = [
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: flux-system}\nspec: {postBuild: {substitute: {INLINE: a}, substituteFrom: [{kind: ConfigMap, name: vars}]}}',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata: {FROM_CONFIG_MAP: a}',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: other}\ndata: {HOSTNAME: a}',
  ]
  const files = { 'other.yaml': 'a: ${BUCKET}', 'a.yaml': text }
  expect(findings(on('house-variable-syntax'), { objects, files }).map(({ line }) => line)).toEqual(lines)
})

it('leaves templates of charts alone', () => {
  const files = { 'charts/a/templates/b.yaml': 'a: {{NAME}}', 'README.md': '{{NAME}}' }
  expect(findings(on('house-variable-syntax'), { files })).toEqual([])
})

it.each([
  ['2.6', 'v2beta1', []],
  ['2.7', 'v2beta1', ['error']],
  ['2.7', 'v2beta2', []],
  ['v2.8.1', 'v2beta2', ['error']],
  ['2.10', 'v2beta1', ['error']],
])('without configuration Flux %s and %s', (fluxVersion, version, levels) => {
  expect(findings({}, { fluxVersion, objects: [release('{}', version)] }).map(({ level }) => level)).toEqual(
    levels,
  )
})

it('is silent about style without configuration', () => {
  const objects = [
    release('{chart: {}}'),
    deployment('{containers: [{image: a}]}'),
    named('A_b'),
    annotated('{a: b}'),
    secret('external-secrets.io/v1beta1'),
  ]
  expect(findings({}, { objects, files: { 'a/kustomization.yml': 'a: {{NAME}}' } })).toEqual([])
})

it('names object, place and level of a finding', () => {
  const settings: Record<string, RuleSetting> = { 'house-kebab-case': { level: 'note', reason: 'test' } }
  expect(findings(settings, { objects: [named('A')] })).toEqual([
    {
      ruleId: 'house-kebab-case',
      level: 'note',
      message: 'the name A is not kebab-case',
      repair:
        'Use lower-case letters, digits and single hyphens. A renamed object is deleted and created again.',
      file: 'a.yaml',
      line: 3,
      field: 'metadata.name',
      resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace: '', name: 'A' },
      cluster: 'infra',
      kustomization: 'flux-system/demo',
    },
  ])
})

it('a rule that is off says nothing', () => {
  const off: Record<string, RuleSetting> = { 'house-helm-api-version': { level: 'off', reason: 'test' } }
  expect(findings(off, { objects: [release('{}', 'v2beta1')] })).toEqual([])
})
