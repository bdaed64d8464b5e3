import { describe, expect, it } from 'vitest'
import { memoryTree } from '../../src/manifest/tree.ts'
import { findReferences } from '../../src/versions/find-references.ts'
import type { VersionReference } from '../../src/versions/reference.ts'
import { pointerText } from '../../src/versions/yaml-nodes.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

async function find(files: Record<string, string>): Promise<readonly VersionReference[]> {
  return (await findReferences(memoryTree(files))).references
}

/** 'role package version@digest field' of each reference. */
function summary({ role, package: target, current, fields }: VersionReference): string {
  const name =
    target.kind === 'image'
      ? target.name
      : target.kind === 'helm'
        ? `${target.repository} ${target.chart}`
        : target.kind === 'unknown'
          ? `? ${target.what}`
          : target.url
  const digest = current.digest === undefined ? '' : `@${current.digest.slice(0, 9)}`
  const where = Object.entries(fields).map(([part, field]) => `${part}=${pointerText(field.pointer)}`)
  return [
    role,
    name,
    `${current.version ?? ''}${digest}${current.range === undefined ? '' : ` (${current.range})`}`,
    ...where,
  ].join(' | ')
}

const object = (apiVersion: string, kind: string, rest: string, namespace = 'apps') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: x\n  namespace: ${namespace}\n${rest}`
const SOURCE = 'source.toolkit.fluxcd.io/v1'
const CNPG = 'postgresql.cnpg.io/v1'
const REPOSITORY = object(SOURCE, 'HelmRepository', 'spec:\n  url: https://charts.example.org/\n')
const release = (spec: string) => object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', `spec:\n${spec}`)
const chart = (version: string, source = 'kind: HelmRepository, name: x') =>
  release(`  chart:\n    spec:\n      chart: demo\n${version}      sourceRef: { ${source} }\n`)

describe('every form of reference', () => {
  it.each<[string, string, string[]]>([
    [
      'chart',
      `${chart('      version: 1.2.3\n')}---\n${REPOSITORY}`,
      ['chart | https://charts.example.org demo | 1.2.3 | version=spec.chart.spec.version'],
    ],
    [
      'chart in a range',
      `${chart("      version: '>=1.0.0'\n")}---\n${REPOSITORY}`,
      ['chart | https://charts.example.org demo |  (>=1.0.0)'],
    ],
    [
      'chart without version',
      `${chart('')}---\n${REPOSITORY}`,
      ['chart | https://charts.example.org demo |  (*)'],
    ],
    [
      'chart from a registry',
      `${chart('      version: 1.2.3\n')}---\n${REPOSITORY.replace('https://charts.example.org/', 'oci://ghcr.io/owner/charts').replace('spec:', 'spec:\n  type: oci')}`,
      ['chart | oci://ghcr.io/owner/charts/demo | 1.2.3 | version=spec.chart.spec.version'],
    ],
    [
      'chart whose source is elsewhere',
      chart('      version: 1.2.3\n'),
      ['chart | ? x/demo | 1.2.3 | version=spec.chart.spec.version'],
    ],
    [
      'images in values',
      release(
        `  values:\n    image: { repository: ghcr.io/a/b, tag: v1 }\n    proxy:\n      sidecarImage: nginx:1.27\n    other: { image: { registry: quay.io, repository: c/d, tag: 2.0.0, digest: ${DIGEST} } }\n    chart: { repository: https://example.org, version: 1.0.0 }\n    env: [{ name: SIDE_IMAGE, value: "ghcr.io/e/f:1@${DIGEST}" }]\n`,
      ),
      [
        'values | ghcr.io/a/b | v1 | version=spec.values.image.tag',
        'values | nginx | 1.27 | image=spec.values.proxy.sidecarImage',
        'values | quay.io/c/d | 2.0.0@sha256:aa | version=spec.values.other.image.tag | digest=spec.values.other.image.digest',
        'values | ghcr.io/e/f | 1@sha256:aa | image=spec.values.env[0].value',
      ],
    ],
    [
      'values of a cluster chart',
      release(
        '  values:\n    cluster:\n      imageName: ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie\n',
      ),
      [
        'postgres | ghcr.io/cloudnative-pg/postgresql | 17.6-system-trixie | image=spec.values.cluster.imageName',
      ],
    ],
    [
      'OCIRepository',
      object(SOURCE, 'OCIRepository', 'spec:\n  url: oci://ghcr.io/a/b\n  ref:\n    tag: 0.27.0\n'),
      ['artifact | oci://ghcr.io/a/b | 0.27.0 | version=spec.ref.tag'],
    ],
    [
      'OCIRepository with tag and digest',
      object(
        SOURCE,
        'OCIRepository',
        `spec:\n  url: oci://ghcr.io/a/b\n  ref: { tag: 0.27.0, digest: "${DIGEST}" }\n`,
      ),
      ['artifact | oci://ghcr.io/a/b | 0.27.0@sha256:aa | version=spec.ref.tag | digest=spec.ref.digest'],
    ],
    [
      'OCIRepository with a range',
      object(
        SOURCE,
        'OCIRepository',
        'spec:\n  url: oci://ghcr.io/a/b\n  ref: { tag: 0.27.0, semver: 0.x }\n',
      ),
      ['artifact | oci://ghcr.io/a/b |  (0.x)'],
    ],
    [
      'OCIRepository without ref',
      object(SOURCE, 'OCIRepository', 'spec:\n  url: oci://ghcr.io/a/b\n'),
      ['artifact | oci://ghcr.io/a/b | '],
    ],
    [
      'Cluster',
      object(
        CNPG,
        'Cluster',
        `spec:\n  imageName: "ghcr.io/cloudnative-pg/postgresql:18.6-minimal-trixie@${DIGEST}"\n  postgresql:\n    extensions:\n      - name: vector\n        image:\n          reference: ghcr.io/cloudnative-pg/pgvector:0.8.1-18-trixie\n`,
      ),
      [
        'postgres | ghcr.io/cloudnative-pg/postgresql | 18.6-minimal-trixie@sha256:aa | image=spec.imageName',
        'extension | ghcr.io/cloudnative-pg/pgvector | 0.8.1-18-trixie | image=spec.postgresql.extensions[0].image.reference',
      ],
    ],
    [
      'catalogs',
      object(
        CNPG,
        'ImageCatalog',
        'spec:\n  images:\n    - major: 16\n      image: a/postgresql:16.10\n    - major: 17\n      image: a/postgresql:17.6\n      extensions:\n        - name: v\n          image: { reference: a/v:1-17 }\n',
      ),
      [
        'catalog | a/postgresql | 16.10 | image=spec.images[0].image',
        'catalog | a/postgresql | 17.6 | image=spec.images[1].image',
        'extension | a/v | 1-17 | image=spec.images[1].extensions[0].image.reference',
      ],
    ],
    [
      'Pooler',
      object(
        CNPG,
        'Pooler',
        'spec:\n  template:\n    spec:\n      containers:\n        - name: pgbouncer\n          image: ghcr.io/cloudnative-pg/pgbouncer:1.25.1\n',
      ),
      ['pooler | ghcr.io/cloudnative-pg/pgbouncer | 1.25.1 | image=spec.template.spec.containers[0].image'],
    ],
    [
      'workload',
      object(
        'apps/v1',
        'Deployment',
        'spec:\n  template:\n    spec:\n      containers:\n        - image: nginx:1.27\n',
      ),
      ['workload | nginx | 1.27 | image=spec.template.spec.containers[0].image'],
    ],
    [
      'images of a Flux Kustomization',
      object(
        'kustomize.toolkit.fluxcd.io/v1',
        'Kustomization',
        'spec:\n  path: ./x\n  images:\n    - name: a\n      newName: b/c\n      newTag: 1.0.0\n',
      ),
      ['flux-image | b/c | 1.0.0 | version=spec.images[0].newTag'],
    ],
    [
      'List',
      `apiVersion: v1\nkind: List\nitems:\n  - ${object(CNPG, 'Cluster', 'spec:\n  imageName: a/postgresql:17.6\n').replaceAll('\n', '\n    ')}\n`,
      ['postgres | a/postgresql | 17.6 | image=items[0].spec.imageName'],
    ],
    [
      'Argo CD',
      object(
        'argoproj.io/v1alpha1',
        'Application',
        'spec:\n  source:\n    chart: demo\n    repoURL: ghcr.io/a/charts\n    targetRevision: 1.2.3\n',
      ),
      ['chart | oci://ghcr.io/a/charts/demo | 1.2.3 | version=spec.source.targetRevision'],
    ],
    ['nothing', object('v1', 'ConfigMap', 'data:\n  image: not-an-image\n  tag: v1\n'), []],
    [
      'words that are no images',
      object('apps/v1', 'Deployment', 'spec:\n  image: jellyfin\n  otherImage: "a b:c"\n'),
      [],
    ],
  ])('%s', async (_case, text, want) => {
    expect((await find({ 'a.yaml': text })).map(summary).toSorted()).toEqual(want.toSorted())
  })

  it('kustomization.yaml', async () => {
    const text = `resources:\n  - https://raw.example.org/cnpg-1.29.1.yaml\n  - ./local-1.2.3.yaml\nimages:\n  - name: a/b\n    newTag: v1\nhelmCharts:\n  - name: demo\n    repo: https://charts.example.org\n    version: 1.2.3\npatches:\n  - patch: |-\n      - op: replace\n        path: /spec/imageName\n        value: a/postgresql:17.6\n`
    expect((await find({ 'apps/kustomization.yaml': text })).map(summary)).toEqual([
      'remote | https://raw.example.org/cnpg-1.29.1.yaml | 1.29.1 | version=resources[0]',
      'kustomize-image | a/b | v1 | version=images[0].newTag',
      'chart | https://charts.example.org demo | 1.2.3 | version=helmCharts[0].version',
      'postgres | a/postgresql | 17.6',
    ])
  })

  it('places count in the file, documents as the parser counts them', async () => {
    const text = `# nothing\n---\n---\n${object(CNPG, 'Cluster', 'spec:\n  imageName: a/postgresql:17.6\n')}`
    const [reference] = await find({ 'a.yaml': text })
    const lines = text.split('\n')
    expect(lines[(reference?.place.line ?? 0) - 1]).toBe('  imageName: a/postgresql:17.6')
    expect(reference?.fields.image?.place).toEqual({
      file: 'a.yaml',
      line: reference?.place.line,
      column: 14,
    })
  })
})

describe('what else is said', () => {
  it.each<[string, string, string]>([
    ['a missing ref', object(SOURCE, 'OCIRepository', 'spec:\n  url: oci://a/b\n'), 'missing-ref'],
    [
      'a tag beside a range',
      object(SOURCE, 'OCIRepository', 'spec:\n  url: oci://a/b\n  ref: { tag: 1.0.0, semver: 1.x }\n'),
      'overruled',
    ],
    [
      'a digest beside a range',
      object(
        SOURCE,
        'OCIRepository',
        `spec:\n  url: oci://a/b\n  ref: { digest: "${DIGEST}", semver: 1.x }\n`,
      ),
      'overruled',
    ],
    [
      'a catalog that does not hold what it promises',
      object(CNPG, 'ImageCatalog', 'spec:\n  images:\n    - major: 16\n      image: a/postgresql:17.4\n'),
      'catalog-major',
    ],
    ['a source elsewhere', chart('      version: 1.2.3\n'), 'source-elsewhere'],
    [
      'an override that cannot be read',
      object(
        CNPG,
        'Cluster',
        'spec:\n  imageName: a/postgresql:17.6 # cnpg-steward: updates hold until tomorrow\n',
      ),
      'override-unread',
    ],
  ])('%s', async (_case, text, kind) => {
    expect(
      (await find({ 'a.yaml': text })).flatMap(({ remarks }) => remarks.map(remark => remark.kind)),
    ).toEqual([kind])
  })

  it.each<[string, string, string]>([
    [
      'SOPS',
      `${object(CNPG, 'Cluster', 'spec:\n  imageName: a/postgresql:17.6\n')}sops:\n  mac: x\n`,
      'encrypted',
    ],
    ['a variable', object(CNPG, 'Cluster', 'spec:\n  imageName: a/postgresql:${V:=17.6}\n'), 'substitution'],
    ['a template', object(CNPG, 'Cluster', 'spec:\n  imageName: "a/postgresql:{{ .v }}"\n'), 'template'],
    ['an alias', object(CNPG, 'Cluster', 'spec:\n  note: &i a/postgresql:17.6\n  imageName: *i\n'), 'alias'],
    [
      'an anchor with aliases',
      object(CNPG, 'Cluster', 'spec:\n  imageName: &i a/postgresql:17.6\n  note: *i\n'),
      'anchor',
    ],
    [
      'a text in a text',
      object('v1', 'ConfigMap', 'data:\n  values.yaml: |\n    image: a/b:1\n    more: x\n'),
      'embedded-yaml',
    ],
  ])('obstacle: %s', async (_case, text, kind) => {
    expect((await find({ 'a.yaml': text })).map(({ obstacle }) => obstacle?.kind)).toEqual([kind])
  })

  it('an anchor without aliases is none', async () => {
    const text = object(CNPG, 'Cluster', 'spec:\n  imageName: &i a/postgresql:17.6\n')
    expect((await find({ 'a.yaml': text }))[0]).not.toHaveProperty('obstacle')
  })

  it('a map of an image with aliases is one reference', async () => {
    const text = release(
      '  values:\n    a: { image: &i { repository: a/b, tag: v1 } }\n    b: { image: *i }\n',
    )
    expect((await find({ 'a.yaml': text })).map(summary)).toEqual([
      'values | a/b | v1 | version=spec.values.a.image.tag',
    ])
  })

  it('a variable with a default keeps its tag whole', async () => {
    const text = object(CNPG, 'Cluster', 'spec:\n  imageName: a/postgresql:${V:=17.6}\n')
    expect((await find({ 'a.yaml': text }))[0]?.current.version).toBe('${V:=17.6}')
  })

  it('a dump is tied to the servers it names', async () => {
    const job = object(
      'batch/v1',
      'CronJob',
      'spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n            - image: ghcr.io/cloudnative-pg/postgresql:17\n              command: [pg_dump, -h, x-rw.apps.svc, -h, other-rw]\n',
    )
    const cluster = object(CNPG, 'Cluster', 'spec:\n  imageName: a/postgresql:17.6\n')
    expect(await find({ 'a.yaml': job, 'b.yaml': cluster })).toMatchObject([
      { role: 'dump', servers: ['x'] },
      { role: 'postgres' },
    ])
  })

  it('templates of a chart are not read', async () => {
    const template = '{{- if .x }}\nimage: [{{ .y }}\n'
    const found = await findReferences(
      memoryTree({ 'c/Chart.yaml': 'name: c\n', 'c/templates/a.yaml': template }),
    )
    expect(found).toEqual({ references: [], unread: [] })
  })

  it('a file that is no YAML is named', async () => {
    const { references, unread } = await findReferences(memoryTree({ 'a.yaml': 'image: "a:1\nb: [\n' }))
    expect([references.length, unread.map(({ file }) => file)]).toEqual([0, ['a.yaml']])
  })
})

const line = (before: string, behind: string) =>
  object(CNPG, 'Cluster', `spec:\n${before}  imageName: a/postgresql:17.6${behind}\n`)

describe('overrides', () => {
  it.each<[string, string, object]>([
    [
      '',
      ' # cnpg-steward: updates ignore we build our own',
      { action: 'ignore', reason: 'we build our own' },
    ],
    [
      '  # cnpg-steward: updates hold until 2026-12-24 freeze\n',
      '',
      { action: 'hold', until: '2026-12-24', reason: 'freeze' },
    ],
    ['  # cnpg-steward: updates hold\n  # another comment\n', '', { action: 'hold' }],
    [
      '',
      ' # cnpg-steward: updates track os=trixie pre-release a test',
      { action: 'track', targets: { os: 'trixie' }, classes: ['pre-release'], reason: 'a test' },
    ],
  ])('%j %j', async (before, behind, want) => {
    expect((await find({ 'a.yaml': line(before, behind) }))[0]?.override).toMatchObject(want)
  })

  it('not across other lines', async () => {
    const text = line('  # cnpg-steward: updates ignore\n  instances: 3\n', '')
    expect((await find({ 'a.yaml': text }))[0]).not.toHaveProperty('override')
  })
})

describe('namespaces as Flux would set them', () => {
  const HERE = object(SOURCE, 'HelmRepository', 'spec:\n  url: https://right.example.org\n').replace(
    '  namespace: apps\n',
    '',
  )
  const OTHER = object(SOURCE, 'HelmRepository', 'spec:\n  url: https://wrong.example.org\n', 'elsewhere')
  const bare = chart('      version: 1.2.3\n').replace('  namespace: apps\n', '')
  const unit = (path: string, more = '') =>
    object(
      'kustomize.toolkit.fluxcd.io/v1',
      'Kustomization',
      `spec:\n  path: ./${path}\n${more}`,
      'flux-system',
    )
  const other = { 'wrong.yaml': OTHER }

  it.each<[string, Record<string, string>, string]>([
    [
      'kustomization.yaml',
      {
        'a/kustomization.yaml': 'namespace: media\nresources: [hr.yaml, repo.yaml]\n',
        'a/hr.yaml': bare,
        'a/repo.yaml': HERE,
      },
      'media',
    ],
    [
      'of a directory around it',
      {
        'kustomization.yaml': 'namespace: outer\nresources: [a]\n',
        'a/kustomization.yaml': 'namespace: inner\nresources: [hr.yaml, repo.yaml]\n',
        'a/hr.yaml': bare,
        'a/repo.yaml': HERE,
      },
      'outer',
    ],
    [
      'targetNamespace, without a kustomization.yaml',
      { 'ks.yaml': unit('a', '  targetNamespace: target\n'), 'a/hr.yaml': bare, 'a/b/repo.yaml': HERE },
      'target',
    ],
    [
      'targetNamespace before kustomization.yaml',
      {
        'ks.yaml': unit('a', '  targetNamespace: target\n'),
        'a/kustomization.yaml': 'namespace: media\nresources: [hr.yaml, repo.yaml]\n',
        'a/hr.yaml': bare,
        'a/repo.yaml': HERE,
      },
      'target',
    ],
    [
      'components',
      {
        'ks.yaml': unit('a', '  targetNamespace: target\n  components: [../c]\n'),
        'a/hr.yaml': bare,
        'c/kustomization.yaml': 'kind: Component\nresources: [repo.yaml]\n',
        'c/repo.yaml': HERE,
      },
      'target',
    ],
  ])('%s', async (_case, files, namespace) => {
    const found = (await find({ ...files, ...other })).filter(({ role }) => role === 'chart')
    expect(found).toMatchObject([
      { package: { repository: 'https://right.example.org' }, owner: { namespace }, remarks: [] },
    ])
  })

  it('a source that cannot be told is said to be guessed', async () => {
    const found = await find({ 'hr.yaml': bare, 'repo.yaml': OTHER })
    expect(found[0]).toMatchObject({ package: { kind: 'helm' }, remarks: [{ kind: 'source-guessed' }] })
  })
})
