import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { textAt, valueAt, type Json } from '../src/manifest/json.ts'
import type { RenderedKustomization } from '../src/manifest/rendered.ts'
import { identify, resourceLabel, type Manifest } from '../src/manifest/resource.ts'
import { houseFindings, houseRules } from '../src/policy/house-rules.ts'
import type { RenderedRepository } from '../src/render-tree.ts'
import { build, configuration, DATABASES, manifestsOf, renderRepository, ROOT } from './render-tree.ts'

// Story 4.2 on the rendered tree: acceptance criteria 1 to 8 and rules 1 to 9. AC5 needs a running cluster, AC6 has a file
// of its own (example-app.test.ts).

const R2 = 'eca0833f608b5745af030307a99bdbb4.r2.cloudflarestorage.com'
const CLUSTERS = ['infra', 'apps']

const trees: Record<string, RenderedKustomization[]> = {}
const config = await configuration()
let rendered: RenderedRepository
beforeAll(async () => {
  rendered = await renderRepository()
  const { kustomizations } = rendered
  for (const cluster of CLUSTERS) trees[cluster] = kustomizations.filter(unit => unit.cluster === cluster)
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
  it('everything renders, without a remark', () => {
    expect(rendered.findings).toEqual([])
    expect(rendered.kustomizations.filter(({ status }) => status !== 'rendered')).toEqual([])
  })

  it.each(CLUSTERS)('%s applies the whole tree from its root', cluster => {
    expect(trees[cluster]?.map(({ name, path: where }) => [name, where])).toEqual([
      ['flux-system', `./clusters/${cluster}/flux`],
      ['infrastructure', './infrastructure/base'],
      ['apps', './kubernetes/apps'],
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
    const external = config.external.filter(({ kind }) => kind === 'Kustomization').map(({ name }) => name)
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

const r2 = (key: string) => ({ name: 'cnpg-r2-credentials', key })

describe('AC4: backup', () => {
  it.each(CLUSTERS)('of %s to its own bucket', cluster => {
    const spec = object('Cluster databases/postgres', cluster).spec
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

const health = () => valueAt(object('Kustomization flux-system/cloudnative-pg-cluster'), 'spec')

describe('AC7: health checks', () => {
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

const ports = (rule: Json | undefined) => {
  const list = valueAt(rule, 'toPorts', 0, 'ports')
  return Array.isArray(list) ? list.map(port => textAt(port, 'port')) : []
}
const flows = (policy: string, direction: 'ingress' | 'egress', peer: string) => {
  const list = valueAt(object(`CiliumNetworkPolicy databases/${policy}`), 'spec', direction)
  return (Array.isArray(list) ? list : []).filter(rule => JSON.stringify(rule).includes(peer))
}

describe('AC8: network policies', () => {
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
    expect(flows(policy, direction, peer).map(ports)).toEqual([wanted])
  })

  it('names reach R2 only through the DNS proxy', () => {
    const [dns] = flows('postgres', 'egress', 'kube-dns')
    expect(valueAt(dns, 'toPorts', 0, 'rules', 'dns')).toEqual([{ matchPattern: '*' }])
  })

  it.each(['app', 'cluster'])('%s: a comment for each flow', directory => {
    const text = readFileSync(path.join(ROOT, DATABASES, directory, 'networkpolicy.yaml'), 'utf8')
    const written = text.match(/^ {4}- (from|to)\w+:/gm) ?? []
    expect(text.match(/^ {4}# .*(→|↔|kubelet).*\n {4}- (from|to)/gm)).toHaveLength(written.length)
  })
})

describe('rules 1 to 9', () => {
  const { rules, fluxVersion, annotationPrefix = '' } = config
  const findings = () =>
    houseFindings({
      kustomizations: Object.values(trees).flat(),
      files: new Map(
        globSync('{kubernetes,infrastructure,clusters,test/fixtures/example-app}/**/*.*', { cwd: ROOT }).map(
          file => [file, readFileSync(path.join(ROOT, file), 'utf8')],
        ),
      ),
      settings: rules,
      fluxVersion: () => fluxVersion ?? '',
      annotationPrefix,
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
