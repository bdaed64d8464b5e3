import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import type { Config } from '../src/config/config.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../src/manifest/json.ts'
import type { RenderedKustomization } from '../src/manifest/rendered.ts'
import { identify, isManifest, resourceLabel, type Manifest } from '../src/manifest/resource.ts'
import { houseFindings, houseRules } from '../src/policy/house-rules.ts'

// Story 4.2 on the rendered tree: acceptance criteria 1 to 8 without 5, which needs a running cluster, and rules 1 to 9.

const ROOT = path.resolve(import.meta.dirname, '..')
const DATABASES = 'kubernetes/apps/databases/cloudnative-pg'
const R2 = 'eca0833f608b5745af030307a99bdbb4.r2.cloudflarestorage.com'
const CLUSTERS = { infra: 'clusters/infra/flux', apps: 'clusters/apps/flux' }

/**
 * Renders a cluster from its entry point: real kustomize, and as much of Flux as this tree uses (targetNamespace,
 * commonMetadata.labels, components, strict substitution). One place, so that the product's own rendering can take over.
 */
function renderTree(cluster: string, entry: string): RenderedKustomization[] {
  const work = mkdtempSync(path.join(tmpdir(), 'steward-tree-'))
  try {
    for (const folder of ['kubernetes', 'infrastructure', 'clusters', 'test/fixtures/example-app'])
      cpSync(path.join(ROOT, folder), path.join(work, folder), { recursive: true })
    const rendered: RenderedKustomization[] = []
    const known = new Map<string, Manifest>()
    const queue: { name: string; spec: JsonObject }[] = [
      { name: 'flux-system', spec: { path: `./${entry}`, prune: true } },
    ]
    const seen = new Set<string>()
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (seen.has(next.name)) continue
      seen.add(next.name)
      const objects = buildAsFlux(work, next.spec, known)
      for (const manifest of objects) {
        known.set(resourceLabel(identify(manifest)), manifest)
        if (identify(manifest).apiVersion !== 'kustomize.toolkit.fluxcd.io/v1') continue
        const spec = valueAt(manifest, 'spec')
        if (isObject(spec)) queue.push({ name: identify(manifest).name, spec })
      }
      rendered.push({
        cluster,
        namespace: 'flux-system',
        name: next.name,
        path: textAt(next.spec, 'path') ?? '',
        status: 'rendered',
        objects: objects.map(manifest => ({ manifest, resource: identify(manifest) })),
        inputs: '',
      })
    }
    return rendered
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function buildAsFlux(work: string, spec: JsonObject, known: ReadonlyMap<string, Manifest>): Manifest[] {
  const directory = path.join(work, textAt(spec, 'path') ?? '')
  const file = path.join(directory, 'kustomization.yaml')
  const written = readFileSync(file, 'utf8')
  const kustomization: JsonObject = parse(written)
  writeFileSync(
    file,
    stringify({
      ...kustomization,
      ...(spec.targetNamespace === undefined ? {} : { namespace: spec.targetNamespace }),
      ...(spec.components === undefined ? {} : { components: spec.components }),
    }),
  )
  const yaml = build(directory)
  writeFileSync(file, written)
  return manifestsOf(substitute(yaml, variablesOf(spec, known))).map(manifest => {
    const labels = valueAt(spec, 'commonMetadata', 'labels')
    if (isObject(labels) && isObject(manifest.metadata))
      manifest.metadata.labels = {
        ...(isObject(manifest.metadata.labels) ? manifest.metadata.labels : {}),
        ...labels,
      }
    return manifest
  })
}

function build(directory: string, ...flags: string[]): string {
  return execFileSync('kustomize', ['build', directory, ...flags], { encoding: 'utf8', stdio: 'pipe' })
}

function manifestsOf(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).map(document => {
    const json: Json = document.toJSON()
    if (!isManifest(json)) throw new Error(`no object: ${String(document)}`)
    return json
  })
}

function variablesOf(spec: JsonObject, known: ReadonlyMap<string, Manifest>): Map<string, string> {
  const variables = new Map<string, string>()
  const from = valueAt(spec, 'postBuild', 'substituteFrom')
  const inline = valueAt(spec, 'postBuild', 'substitute')
  const sources = (Array.isArray(from) ? from : []).map(source => {
    const name = textAt(source, 'name') ?? ''
    const found = known.get(`ConfigMap flux-system/${name}`)
    if (found === undefined) throw new Error(`no ConfigMap ${name} in the namespace of the Kustomization`)
    return found.data
  })
  for (const data of [...sources, inline])
    for (const [name, value] of Object.entries(isObject(data) ? data : {})) {
      if (typeof value === 'string') variables.set(name, value)
    }
  return variables
}

/** Strict, as Flux 2.9: a variable that nobody defines is an error. Without any variable nothing is substituted. */
function substitute(yaml: string, variables: ReadonlyMap<string, string>): string {
  if (variables.size === 0) return yaml
  return yaml.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = variables.get(name)
    if (value === undefined) throw new Error(`variable ${name} is not defined`)
    return value
  })
}

function configuration(): Config {
  return parse(readFileSync(path.join(ROOT, '.github/cnpg-steward.yaml'), 'utf8'))
}

const trees: Record<string, RenderedKustomization[]> = {}
beforeAll(() => {
  for (const [cluster, entry] of Object.entries(CLUSTERS)) trees[cluster] = renderTree(cluster, entry)
})

function object(label: string, cluster = 'infra'): Manifest {
  const found = trees[cluster]
    ?.flatMap(({ objects }) => objects)
    .filter(({ resource }) => resourceLabel(resource) === label)
  if (found?.length !== 1 || found[0] === undefined) throw new Error(`${found?.length ?? 0} × ${label}`)
  return found[0].manifest
}

const names = (label: string, ...at: string[]): string[] => {
  const list = valueAt(object(label), ...at)
  return (Array.isArray(list) ? list : []).map(item => textAt(item, 'name') ?? '')
}

describe('entry points', () => {
  it.each(Object.keys(CLUSTERS))('%s applies the whole tree from its root', cluster => {
    expect(trees[cluster]?.map(({ name, path: where }) => [name, where])).toEqual([
      ['flux-system', `./clusters/${cluster}/flux`],
      ['apps', './kubernetes/apps'],
      ['infrastructure', './infrastructure/base'],
      ['cloudnative-pg', `./${DATABASES}/app`],
      ['cloudnative-pg-cluster', `./${DATABASES}/cluster`],
    ])
  })

  it.each([
    ['infra', 'main', 'monosense.dev'],
    ['apps', 'release', 'monosense.io'],
  ])('%s follows %s', (cluster, branch, domain) => {
    expect(textAt(object('GitRepository flux-system/k8s-ops', cluster), 'spec', 'ref', 'branch')).toBe(branch)
    expect(object('ConfigMap flux-system/cluster-vars', cluster).data).toEqual({
      CLUSTER_NAME: cluster,
      CLUSTER_DOMAIN: domain,
    })
  })

  it('every Kustomization reads k8s-ops, prunes, and is never forced', () => {
    for (const { objects } of Object.values(trees).flat())
      for (const { manifest, resource } of objects) {
        if (resource.kind !== 'Kustomization') continue
        expect(manifest.spec).toMatchObject({
          prune: true,
          sourceRef: { kind: 'GitRepository', name: 'k8s-ops' },
        })
        expect(manifest.spec).not.toHaveProperty('force')
      }
  })

  it('what depends on something names what is here, or what the configuration calls external', () => {
    const external = configuration()
      .external.filter(({ kind }) => kind === 'Kustomization')
      .map(({ name }) => name)
    const here = (trees.infra ?? []).map(({ name }) => name)
    const needed = here
      .filter(name => name !== 'flux-system')
      .flatMap(name => names(`Kustomization flux-system/${name}`, 'spec', 'dependsOn'))
    expect(needed.filter(name => !here.includes(name) && !external.includes(name))).toEqual([])
    expect(external.toSorted()).toEqual([...new Set(needed.filter(name => !here.includes(name)))].toSorted())
  })

  it('the namespace exists, and outlives its file', () => {
    expect(
      textAt(object('Namespace databases'), 'metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/prune'),
    ).toBe('disabled')
  })
})

describe('AC1: structure', () => {
  it.each([
    'kustomization.yaml',
    'ks.yaml',
    'app/helmrelease.yaml',
    'app/kustomization.yaml',
    'app/networkpolicy.yaml',
    'cluster/ks.yaml',
    'cluster/cluster.yaml',
    'cluster/kustomization.yaml',
    'cluster/externalsecret.yaml',
    'cluster/scheduledbackup.yaml',
    'cluster/networkpolicy.yaml',
  ])('%s', file => {
    expect(readFileSync(path.join(ROOT, DATABASES, file), 'utf8')).not.toBe('')
  })

  it('kustomize build --enable-helm succeeds', () => {
    const built = manifestsOf(build(path.join(ROOT, DATABASES), '--enable-helm'))
    expect(built.map(manifest => resourceLabel(identify(manifest)))).toEqual([
      'Kustomization flux-system/cloudnative-pg',
      'Kustomization flux-system/cloudnative-pg-cluster',
    ])
  })
})

describe('AC2: operator', () => {
  it('chart 0.27.0, which deploys 1.28.0, from an OCIRepository', () => {
    expect(object('OCIRepository flux-system/cloudnative-pg').spec).toMatchObject({
      url: 'oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg',
      layerSelector: {
        mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
        operation: 'copy',
      },
      ref: { tag: '0.27.0' },
    })
  })

  it('HelmRelease with remediation, CRDs and interval', () => {
    expect(object('HelmRelease databases/cloudnative-pg')).toMatchObject({
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      spec: {
        interval: '1h',
        chartRef: { kind: 'OCIRepository', name: 'cloudnative-pg', namespace: 'flux-system' },
        install: { crds: 'CreateReplace', remediation: { retries: -1 } },
        upgrade: {
          crds: 'CreateReplace',
          cleanupOnFail: true,
          remediation: { strategy: 'rollback', retries: 3 },
        },
      },
    })
  })
})

describe('AC3: shared cluster', () => {
  it('three instances on local storage, with the superuser that the secret names', () => {
    expect(object('Cluster databases/postgres')).toMatchObject({
      metadata: {
        labels: {
          'app.kubernetes.io/name': 'postgres',
          'app.kubernetes.io/instance': 'postgres',
          'app.kubernetes.io/component': 'database',
          'app.kubernetes.io/part-of': 'k8s-ops',
        },
        annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
      },
      spec: {
        instances: 3,
        imageName: 'ghcr.io/cloudnative-pg/postgresql:17.2',
        storage: { storageClass: 'openebs-hostpath', size: '20Gi' },
        enableSuperuserAccess: true,
        superuserSecret: { name: 'postgres-superuser-secret' },
      },
    })
  })

  it('requests and limits', () => {
    const resources = valueAt(object('Cluster databases/postgres'), 'spec', 'resources')
    expect(resources).toMatchObject({ requests: { memory: '1Gi' }, limits: { memory: '2Gi' } })
  })

  it('the superuser secret has the type and the name that the operator reads', () => {
    const secret = object('ExternalSecret databases/postgres-superuser-secret')
    expect(secret.spec).toMatchObject({
      secretStoreRef: { kind: 'ClusterSecretStore', name: 'onepassword-connect' },
      target: { template: { type: 'kubernetes.io/basic-auth', data: { username: 'postgres' } } },
    })
  })
})

describe('AC4: backup', () => {
  it.each(Object.keys(CLUSTERS))('of %s to its own bucket', cluster => {
    const spec = object('Cluster databases/postgres', cluster).spec
    const r2 = (key: string) => ({ name: 'cnpg-r2-credentials', key })
    expect(valueAt(spec, 'backup')).toEqual({
      retentionPolicy: '30d',
      barmanObjectStore: {
        destinationPath: `s3://cnpg-${cluster}/`,
        serverName: 'postgres-v1',
        endpointURL: `https://${R2}`,
        s3Credentials: { accessKeyId: r2('ACCESS_KEY_ID'), secretAccessKey: r2('SECRET_ACCESS_KEY') },
        wal: { compression: 'bzip2', maxParallel: 2 },
        data: { compression: 'bzip2' },
      },
    })
    expect(valueAt(spec, 'env')).toEqual([
      { name: 'AWS_REQUEST_CHECKSUM_CALCULATION', value: 'when_required' },
      { name: 'AWS_RESPONSE_CHECKSUM_VALIDATION', value: 'when_required' },
    ])
  })

  it('the credentials have the keys that the Cluster reads', () => {
    const data = valueAt(
      object('ExternalSecret databases/cnpg-r2-credentials'),
      'spec',
      'target',
      'template',
      'data',
    )
    expect(data).toEqual({
      ACCESS_KEY_ID: '{{ .ACCESS_KEY_ID }}',
      SECRET_ACCESS_KEY: '{{ .SECRET_ACCESS_KEY }}',
    })
  })

  it('daily, in the six fields of CloudNativePG', () => {
    expect(object('ScheduledBackup databases/postgres-daily').spec).toEqual({
      cluster: { name: 'postgres' },
      schedule: '0 0 2 * * *',
      immediate: true,
      backupOwnerReference: 'self',
      method: 'barmanObjectStore',
    })
  })
})

describe('AC6: a database for an application', () => {
  let objects: Manifest[] = []
  beforeAll(() => {
    const entry = path.join(mkdtempSync(path.join(tmpdir(), 'steward-example-')), 'tree')
    for (const folder of ['kubernetes/components', 'test/fixtures/example-app'])
      cpSync(path.join(ROOT, folder), path.join(entry, folder), { recursive: true })
    const [ks] = manifestsOf(readFileSync(path.join(ROOT, 'test/fixtures/example-app/ks.yaml'), 'utf8'))
    const vars = object('ConfigMap flux-system/cluster-vars')
    const spec = ks?.spec
    if (!isObject(spec)) throw new Error('no Kustomization')
    objects = buildAsFlux(entry, spec, new Map([['ConfigMap flux-system/cluster-vars', vars]]))
    rmSync(path.dirname(entry), { recursive: true, force: true })
  })
  const named = (label: string) =>
    objects.find(manifest => resourceLabel(identify(manifest)) === label) ?? expect.fail(`no ${label}`)

  it('brings its secrets, its dumps and nothing else', () => {
    expect(objects.map(manifest => resourceLabel(identify(manifest))).toSorted()).toEqual([
      'CronJob example/example-app-pg-backups',
      'Deployment example/example-app',
      'ExternalSecret example/example-app-initdb-secret',
      'ExternalSecret example/example-app-pguser-secret',
      'PersistentVolumeClaim example/example-app-pg-backups',
    ])
  })

  it.each([
    ['pguser', 'host', 'db', 'user'],
    ['initdb', 'INIT_POSTGRES_HOST', 'INIT_POSTGRES_DBNAME', 'INIT_POSTGRES_USER'],
  ])('%s secret: host, database and user', (secret, host, database, user) => {
    const { apiVersion, spec } = named(`ExternalSecret example/example-app-${secret}-secret`)
    expect(apiVersion).toBe('external-secrets.io/v1')
    expect(spec).toMatchObject({
      secretStoreRef: { kind: 'ClusterSecretStore', name: 'onepassword-connect' },
      target: {
        name: `example-app-${secret}-secret`,
        template: {
          data: {
            [host]: 'postgres-rw.databases.svc.cluster.local',
            [database]: 'example-app',
            [user]: 'example-app',
          },
        },
      },
    })
  })

  it('dumps with the major of the server, without rights', () => {
    const job = valueAt(named('CronJob example/example-app-pg-backups'), 'spec')
    const pod = valueAt(job, 'jobTemplate', 'spec', 'template', 'spec')
    expect(job).toMatchObject({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 3 })
    expect(pod).toMatchObject({
      securityContext: { runAsNonRoot: true },
      containers: [
        {
          image: textAt(object('Cluster databases/postgres'), 'spec', 'imageName'),
          resources: { requests: {}, limits: {} },
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        },
      ],
    })
  })

  it('is documented', () => {
    const readme = readFileSync(path.join(ROOT, 'kubernetes/components/cnpg/README.md'), 'utf8')
    for (const name of ['pguser-secret', 'initdb-secret', 'pg-backups'])
      expect(readme).toContain(`\${APP}-${name}`)
    expect(readme).toContain('postgres-rw.databases.svc.cluster.local')
  })
})

describe('AC7: health checks', () => {
  const health = () => valueAt(object('Kustomization flux-system/cloudnative-pg-cluster'), 'spec')

  it('waits for the operator and for what the cluster stands on', () => {
    expect(names('Kustomization flux-system/cloudnative-pg-cluster', 'spec', 'dependsOn')).toEqual([
      'cloudnative-pg',
      'external-secrets-stores',
      'openebs',
      'rook-ceph-cluster',
    ])
    expect(valueAt(object('Kustomization flux-system/cloudnative-pg'), 'spec', 'wait')).toBe(true)
  })

  it('expressions have a current, and an object to run on', () => {
    expect(health()).toMatchObject({
      healthChecks: [
        { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'postgres', namespace: 'databases' },
      ],
      healthCheckExprs: [
        {
          apiVersion: 'postgresql.cnpg.io/v1',
          kind: 'Cluster',
          current: expect.stringContaining("c.type == 'Ready' && c.status == 'True'"),
        },
      ],
    })
  })

  it('fails on phases only, since Ready is False in every rolling update', () => {
    const failed = textAt(health(), 'healthCheckExprs', 0, 'failed')
    expect(failed).toContain('status.phase in [')
    expect(failed).not.toContain('Ready')
  })
})

describe('AC8: network policies', () => {
  const ports = (rule: Json | undefined) => {
    const list = valueAt(rule, 'toPorts', 0, 'ports')
    return Array.isArray(list) ? list.map(port => textAt(port, 'port')) : []
  }
  const rules = (policy: string, direction: 'ingress' | 'egress', peer: string) => {
    const list = valueAt(object(`CiliumNetworkPolicy databases/${policy}`), 'spec', direction)
    return (Array.isArray(list) ? list : []).filter(rule => JSON.stringify(rule).includes(peer))
  }

  it.each<[policy: string, direction: 'ingress' | 'egress', peer: string, ports: string[]]>([
    ['cloudnative-pg', 'ingress', '"kube-apiserver"', ['9443']],
    ['cloudnative-pg', 'egress', '"kube-apiserver"', ['6443']],
    ['cloudnative-pg', 'egress', 'kube-dns', ['53']],
    ['cloudnative-pg', 'egress', '"cnpg.io/cluster":"postgres"', ['8000', '5432']],
    ['postgres', 'ingress', 'monosense.dev/postgres-access', ['5432']],
    ['postgres', 'ingress', '"app.kubernetes.io/name":"cloudnative-pg"', ['8000', '5432']],
    ['postgres', 'ingress', '"cnpg.io/cluster":"postgres"', ['5432', '8000']],
    ['postgres', 'ingress', '"kube-apiserver"', ['8000']],
    ['postgres', 'egress', '"cnpg.io/cluster":"postgres"', ['5432', '8000']],
    ['postgres', 'egress', '"kube-apiserver"', ['6443']],
    ['postgres', 'egress', R2, ['443']],
  ])('%s %s %s', (policy, direction, peer, wanted) => {
    expect(rules(policy, direction, peer).map(ports)).toEqual([wanted])
  })

  it('names reach R2 only through the DNS proxy', () => {
    const [dns] = rules('postgres', 'egress', 'kube-dns')
    expect(valueAt(dns, 'toPorts', 0, 'rules', 'dns')).toEqual([{ matchPattern: '*' }])
  })

  it.each(['app', 'cluster'])('%s: a comment for each flow', directory => {
    const text = readFileSync(path.join(ROOT, DATABASES, directory, 'networkpolicy.yaml'), 'utf8')
    const flows = text.match(/^ {4}- (from|to)\w+:/gm) ?? []
    expect(text.match(/^ {4}# .*(→|↔|kubelet).*\n {4}- (from|to)/gm)).toHaveLength(flows.length)
  })
})

describe('rules 1 to 9', () => {
  const { rules, fluxVersion } = configuration()
  const findings = () =>
    houseFindings({
      kustomizations: Object.values(trees).flat(),
      files: new Map(
        globSync('{kubernetes,infrastructure,clusters,test/fixtures/example-app}/**/*.*', { cwd: ROOT }).map(
          file => [file, readFileSync(path.join(ROOT, file), 'utf8')],
        ),
      ),
      settings: rules,
      fluxVersion,
      annotationPrefix: 'monosense.dev/',
    })

  it('are all switched on', () => {
    expect(Object.keys(rules).toSorted()).toEqual(houseRules.map(({ id }) => id).toSorted())
  })

  it('hold, but for the image whose digest is not known yet', () => {
    expect(
      findings().map(({ ruleId, level, cluster, resource, field }) => [
        ruleId,
        level,
        cluster,
        resource?.name,
        field,
      ]),
    ).toEqual([
      ['house-image-digest', 'warning', 'infra', 'postgres', 'spec.imageName'],
      ['house-image-digest', 'warning', 'apps', 'postgres', 'spec.imageName'],
    ])
  })
})

describe('the bundled pull request differs from the tree where its README says so', () => {
  const HEAD = 'test/fixtures/demo/head'
  // The overlay holds whole files: an edit of the tree must be made there, too.
  it.each([
    [`${DATABASES}/cluster/cluster.yaml`, '256MB', '512MB'],
    [`${DATABASES}/cluster/scheduledbackup.yaml`, '  immediate:', '  imediate:'],
    [`${DATABASES}/app/kustomization.yaml`, '  - ./networkpolicy.yaml\n', ''],
    ['infrastructure/base/repositories/oci/cloudnative-pg.yaml', 'tag: 0.27.0', 'tag: 0.28.0'],
    ['kubernetes/apps/kustomization.yaml', '  - ./databases\n', '  - ./databases\n  - ./selfhosted\n'],
  ])('%s', (file, from, to) => {
    const base = readFileSync(path.join(ROOT, file), 'utf8')
    expect(base.split(from)).toHaveLength(2)
    expect(readFileSync(path.join(ROOT, HEAD, file), 'utf8')).toBe(base.replace(from, to))
  })

  it('removes files that exist', () => {
    const removed = readFileSync(path.join(ROOT, HEAD, '../removed.txt'), 'utf8')
      .trim()
      .split('\n')
    expect(removed).toEqual([`${DATABASES}/app/networkpolicy.yaml`])
    for (const file of removed) expect(existsSync(path.join(ROOT, file))).toBe(true)
  })

  it('breaks one Kustomization, by YAML that cannot be read', () => {
    const app = 'kubernetes/apps/selfhosted/example-app'
    expect(() => build(path.join(ROOT, HEAD, app, 'app'))).toThrow(/deployment\.yaml/)
    expect(
      manifestsOf(build(path.join(ROOT, HEAD, app))).map(manifest => resourceLabel(identify(manifest))),
    ).toEqual(['Namespace example', 'Kustomization flux-system/example-app'])
  })
})
