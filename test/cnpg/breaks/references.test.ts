// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../../../src/adapters/parameter-catalogs.ts'
import { breaksLater } from '../../../src/cnpg/breaks/breaks-later.ts'
import type { ExternalObject } from '../../../src/config/config.ts'
import type { Finding } from '../../../src/manifest/finding.ts'
import { kustomization, tree } from '../../diff/trees.ts'

const catalogs = openParameterCatalogs()

function found(
  yaml: string[],
  { external = [], broken = false }: { external?: ExternalObject[]; broken?: boolean } = {},
): Finding[] {
  const head = tree([
    kustomization('flux-system/databases', yaml.join('\n---\n')),
    ...(broken ? [kustomization('flux-system/apps', '', { status: 'failed' as const })] : []),
  ])
  return breaksLater({ head, catalogs, external, operator: '1.28.0' })
}
const said = (findings: Finding[]) =>
  findings.map(({ ruleId, level, field }) => `${level} ${ruleId} ${field ?? ''}`)

function object(apiVersion: string, kind: string, name: string, body = '', namespace = 'databases'): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\n${body}`
}
const cluster = (spec: string, name = 'postgres', annotations = '{}') =>
  `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: ${name}, namespace: databases, annotations: ${annotations} }\nspec: { instances: 3, storage: { size: 10Gi }, ${spec} }`
const secret = (name: string, data = '{ username: app, password: x }', namespace?: string) =>
  object('v1', 'Secret', name, `stringData: ${data}`, namespace)
const external = (name: string, spec: string) =>
  object('external-secrets.io/v1', 'ExternalSecret', name, `spec: ${spec}`)
const STORE = object('external-secrets.io/v1', 'SecretStore', 'vault')
const initdb = (name: string, owner = 'app') =>
  `bootstrap: { initdb: { database: app, owner: ${owner}, secret: { name: ${name} } } }`
const UNKNOWN = 'cnpg-reference-unknown spec.bootstrap.initdb.secret.name'

describe('the Secret of initdb', () => {
  it.each<[string, string[], string[], RegExp?]>([
    ['as it stands', [secret('user')], []],
    ['nowhere', [], [`note ${UNKNOWN}`], /waits for it/],
    ['under a near name', [secret('users')], [`warning ${UNKNOWN}`], /Did you mean users\?/],
    ['of another number', [secret('user-2')], [`note ${UNKNOWN}`]],
    ['in another namespace', [secret('user', undefined, 'apps')], [`warning ${UNKNOWN}`], /namespace apps/],
    ['from an ExternalSecret of its name', [external('user', '{ dataFrom: [{ extract: { key: a } }] }')], []],
    [
      'from one with a target',
      [external('other', '{ target: { name: user }, dataFrom: [{ extract: { key: a } }] }')],
      [],
    ],
    [
      'from one whose target is another',
      [external('user', '{ target: { name: other-thing }, dataFrom: [{ extract: { key: a } }] }')],
      [`note ${UNKNOWN}`],
    ],
    [
      'from one that creates nothing',
      [external('user', '{ target: { creationPolicy: None } }')],
      [`note ${UNKNOWN}`],
    ],
    [
      'from a ClusterExternalSecret',
      [
        'apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: { name: a }\nspec: { externalSecretName: user }',
      ],
      [],
    ],
    [
      'sealed',
      [
        object(
          'bitnami.com/v1alpha1',
          'SealedSecret',
          'user',
          'spec: { encryptedData: { username: a, password: b } }',
        ),
      ],
      [],
    ],
    ['from 1Password', [object('onepassword.com/v1', 'OnePasswordItem', 'user')], []],
    [
      'from Vault',
      [
        object(
          'secrets.hashicorp.com/v1beta1',
          'VaultStaticSecret',
          'a',
          'spec: { destination: { name: user } }',
        ),
      ],
      [],
    ],
    [
      'from Infisical into this namespace',
      [
        object(
          'secrets.infisical.com/v1alpha1',
          'InfisicalSecret',
          'a',
          'spec: { managedKubeSecretReferences: [{ secretName: user, secretNamespace: databases }] }',
          'elsewhere',
        ),
      ],
      [],
    ],
    [
      'copied from elsewhere',
      [
        'apiVersion: v1\nkind: Secret\nmetadata: { name: user, namespace: a, annotations: { reflector.v1.k8s.emberstack.com/reflection-auto-enabled: "true" } }',
      ],
      [],
    ],
    [
      'perhaps from Kyverno',
      [
        'apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: { name: a }\nspec: { rules: [{ generate: { kind: Secret } }] }',
      ],
      [],
    ],
    ['perhaps from a ResourceSet', [object('fluxcd.controlplane.io/v1', 'ResourceSet', 'a')], []],
  ])('%s', (_, others, expected, message = /./) => {
    const findings = found([cluster(initdb('user')), ...others])
    expect(said(findings)).toEqual(expected)
    for (const { message: told, repair = '' } of findings) expect(`${told} ${repair}`).toMatch(message)
  })

  it.each([
    ['declared external', { external: [{ kind: 'Secret', namespace: 'databases', name: 'user' }] }],
    ['where a part did not render', { broken: true }],
  ])('%s', (_, how) => expect(found([cluster(initdb('user'))], how)).toEqual([]))

  it('made by the operator for another Cluster', () =>
    expect(found([cluster(initdb('postgres-app')), cluster('', 'other')])).toEqual([]))
})

describe('keys', () => {
  const s3 =
    'backup: { barmanObjectStore: { destinationPath: "s3://a", s3Credentials: { accessKeyId: { name: s3, key: ID }, secretAccessKey: { name: s3, key: SECRET } } } }'
  const key = (field: string) =>
    `warning cnpg-reference-key spec.backup.barmanObjectStore.s3Credentials.${field}.key`
  it.each<[string, string, string[]]>([
    ['all there', secret('s3', '{ ID: a, SECRET: b }'), []],
    ['one missing', secret('s3', '{ ID: a, secret: b }'), [key('secretAccessKey')]],
    ['filled in later', object('v1', 'Secret', 's3'), []],
    ['fetched one by one', external('s3', '{ data: [{ secretKey: ID }, { secretKey: SECRET }] }'), []],
    ['one not fetched', external('s3', '{ data: [{ secretKey: ID }] }'), [key('secretAccessKey')]],
    ['fetched as they are', external('s3', '{ dataFrom: [{ extract: { key: a } }] }'), []],
    [
      'of the template only',
      external('s3', '{ target: { template: { data: { ID: a } } }, data: [{ secretKey: SECRET }] }'),
      [key('secretAccessKey')],
    ],
    [
      'of a template that is merged',
      external(
        's3',
        '{ target: { template: { mergePolicy: Merge, data: { ID: a } } }, data: [{ secretKey: SECRET }] }',
      ),
      [],
    ],
    [
      'of a bucket claim',
      object('objectbucket.io/v1alpha1', 'ObjectBucketClaim', 's3'),
      [key('accessKeyId'), key('secretAccessKey')],
    ],
  ])('%s', (_, made, expected) =>
    expect(said(found([cluster(s3), made])).filter(line => !line.includes('unknown'))).toEqual(expected),
  )
})

describe('the username', () => {
  const superuser = 'enableSuperuserAccess: true, superuserSecret: { name: user }'
  const role = 'managed: { roles: [{ name: app, passwordSecret: { name: user } }] }'
  it.each<[string, string, string[]]>([
    [superuser, secret('user', '{ username: postgres, password: x }'), []],
    [
      superuser,
      secret('user', '{ username: admin, password: x }'),
      ['error cnpg-secret-username spec.superuserSecret.name'],
    ],
    [
      superuser,
      object('v1', 'Secret', 'user', 'data: { username: YWRtaW4=, password: eA== }'),
      ['error cnpg-secret-username spec.superuserSecret.name'],
    ],
    [superuser, secret('user', '{ username: "ENC[AES256_GCM,data:x]", password: x }'), []],
    [
      superuser,
      external('user', '{ target: { template: { data: { username: "{{ .user }}", password: a } } } }'),
      [],
    ],
    [
      superuser,
      external('user', '{ target: { template: { data: { username: admin, password: a } } } }'),
      ['error cnpg-secret-username spec.superuserSecret.name'],
    ],
    [role, secret('user'), []],
    [
      role,
      secret('user', '{ username: other, password: x }'),
      ['error cnpg-secret-username spec.managed.roles[0].passwordSecret.name'],
    ],
    [
      initdb('user', 'owner'),
      secret('user'),
      ['error cnpg-secret-username spec.bootstrap.initdb.secret.name'],
    ],
    [
      'superuserSecret: { name: user }',
      secret('user'),
      ['warning cnpg-superuser-secret-ignored spec.superuserSecret'],
    ],
  ])('%s of %j', (spec, made, expected) => expect(said(found([cluster(spec), made]))).toEqual(expected))
})

describe('classes', () => {
  const fast = 'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: openebs-hostpath }'
  const asks = (name: string) => cluster(`walStorage: { size: 1Gi, storageClass: ${name} }`)
  it.each<[string, string[], string[]]>([
    ['openebs-hostpath', [fast], []],
    ['openebs-hostpth', [fast], ['warning cnpg-reference-unknown spec.walStorage.storageClass']],
    ['ceph-block', [fast], ['note cnpg-reference-unknown spec.walStorage.storageClass']],
    // a tree without any leaves them to whoever set the cluster up
    ['ceph-block', [], []],
  ])('%s among %j', (name, others, expected) =>
    expect(said(found([asks(name), ...others]))).toEqual(expected),
  )

  it('of the system are there', () =>
    expect(
      found([
        cluster('priorityClassName: system-cluster-critical'),
        'apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: a }',
      ]),
    ).toEqual([]))
})

describe('the store of an ExternalSecret for a database', () => {
  const asks = (name: string, kind = 'SecretStore') =>
    external(
      'user',
      `{ secretStoreRef: { name: ${name}, kind: ${kind} }, dataFrom: [{ extract: { key: a } }] }`,
    )
  it.each<[string, string[], string[]]>([
    ['there', [asks('vault'), STORE], []],
    ['nowhere', [asks('vault')], ['note cnpg-reference-unknown spec.secretStoreRef.name']],
    ['nearly there', [asks('valut'), STORE], ['warning cnpg-reference-unknown spec.secretStoreRef.name']],
    [
      'of another kind',
      [asks('vault', 'ClusterSecretStore'), STORE],
      ['note cnpg-reference-unknown spec.secretStoreRef.name'],
    ],
  ])('%s', (_, others, expected) =>
    expect(said(found([cluster(initdb('user')), ...others]))).toEqual(expected),
  )
  it('is not asked for other Secrets', () => expect(found([cluster(''), asks('vault')])).toEqual([]))
})

describe('catalogs and stores', () => {
  const asks = (name: string, major: number, kind = 'ImageCatalog') =>
    cluster(
      `imageCatalogRef: { apiGroup: postgresql.cnpg.io, kind: ${kind}, name: ${name}, major: ${major} }`,
    )
  const catalog = (images: string, name = 'images') =>
    object('postgresql.cnpg.io/v1', 'ImageCatalog', name, `spec: { images: ${images} }`)
  it.each<[string, string[], string[]]>([
    ['there', [asks('images', 17), catalog('[{ major: 17, image: "a:17.6" }]')], []],
    [
      'without the major',
      [asks('images', 18), catalog('[{ major: 17, image: "a:17.6" }]')],
      ['error cnpg-image-catalog-major spec.imageCatalogRef.major'],
    ],
    ['nowhere', [asks('images', 17)], ['warning cnpg-image-catalog-unknown spec.imageCatalogRef.name']],
    [
      'of the other kind',
      [asks('images', 17, 'ClusterImageCatalog'), catalog('[{ major: 17, image: "a:17.6" }]')],
      ['warning cnpg-image-catalog-unknown spec.imageCatalogRef.name'],
    ],
    [
      'with the wrong image',
      [catalog('[{ major: 16, image: "a:16.9" }, { major: 17, image: "a:16.9" }]')],
      ['error cnpg-image-catalog-mismatch spec.images[1].image'],
    ],
    [
      'with tags of another project',
      [catalog('[{ major: 17, image: "vector:0.8.0-pg17" }, { major: 16, image: "x:latest" }]')],
      [],
    ],
    ['with an open tag', [catalog('[{ major: 17, image: "a:${PG}" }]')], []],
  ])('a catalog %s', (_, objects, expected) => expect(said(found(objects))).toEqual(expected))

  const archives = (name: string) =>
    cluster(
      `plugins: [{ name: barman-cloud.cloudnative-pg.io, isWALArchiver: true, parameters: { barmanObjectName: ${name} } }]`,
    )
  const store = (name: string, namespace?: string) =>
    object(
      'barmancloud.cnpg.io/v1',
      'ObjectStore',
      name,
      'spec: { configuration: { destinationPath: "s3://a" } }',
      namespace,
    )
  const missing = 'warning cnpg-object-store-unknown spec.plugins[0].parameters.barmanObjectName'
  it.each<[string, string[], string[], RegExp?]>([
    ['there', [archives('store'), store('store')], []],
    ['nowhere', [archives('store')], [missing], /never gets a Pod/],
    ['nearly there', [archives('store'), store('stores')], [missing], /Did you mean stores/],
    ['elsewhere', [archives('store'), store('store', 'apps')], [missing], /namespace apps/],
    ['open', [archives('"${STORE}"')], []],
  ])('an ObjectStore %s', (_, objects, expected, message = /./) => {
    const findings = found(objects)
    expect(said(findings)).toEqual(expected)
    for (const { message: told, repair = '' } of findings) expect(`${told} ${repair}`).toMatch(message)
  })
})

describe('backups', () => {
  const PLUGIN = 'plugins: [{ name: barman-cloud.cloudnative-pg.io }]'
  const IN_TREE = 'backup: { barmanObjectStore: { destinationPath: "s3://a" } }'
  const asks = (spec: string, kind = 'ScheduledBackup') =>
    object(
      'postgresql.cnpg.io/v1',
      kind,
      'daily',
      `spec: { cluster: { name: postgres }, ${kind === 'Backup' ? '' : 'schedule: "0 0 3 * * *", '}${spec} }`,
    )
  const bad = (field: string) => [`error cnpg-backup-method ${field}`]
  it.each<[string, string, string[]]>([
    [IN_TREE, '', []],
    [IN_TREE, 'method: barmanObjectStore', []],
    [
      IN_TREE,
      'method: plugin, pluginConfiguration: { name: barman-cloud.cloudnative-pg.io }',
      bad('spec.method'),
    ],
    [IN_TREE, 'method: volumeSnapshot', bad('spec.method')],
    ['backup: { volumeSnapshot: { className: a } }', 'method: volumeSnapshot', []],
    [PLUGIN, '', bad('spec')],
    [PLUGIN, 'method: plugin, pluginConfiguration: { name: barman-cloud.cloudnative-pg.io }', []],
    [PLUGIN, 'method: plugin', bad('spec.method')],
    [PLUGIN, 'method: plugin, pluginConfiguration: { name: other }', bad('spec.method')],
    ['', '', bad('spec')],
    ['', 'suspend: true', []],
  ])('of {%s} by {%s}', (spec, backup, expected) =>
    expect(said(found([cluster(spec), asks(backup)]))).toEqual(expected),
  )
  it('asked for once', () =>
    expect(said(found([cluster(''), asks('method: plugin', 'Backup')]))).toEqual(bad('spec.method')))

  const restored = (target: string, source: string, annotations?: string) =>
    cluster(
      `backup: { barmanObjectStore: ${target} }, bootstrap: { recovery: { source: old } }, externalClusters: [{ name: old, barmanObjectStore: ${source} }]`,
      'postgres',
      annotations,
    )
  const AT = ['warning cnpg-archive-not-empty spec.backup.barmanObjectStore']
  it.each<[string, string, string | undefined, string[]]>([
    ['{ destinationPath: "s3://a", serverName: old }', '{ destinationPath: "s3://a" }', undefined, AT],
    ['{ destinationPath: "s3://a/", serverName: old }', '{ destinationPath: "s3://a" }', undefined, AT],
    ['{ destinationPath: "s3://a", serverName: new }', '{ destinationPath: "s3://a" }', undefined, []],
    ['{ destinationPath: "s3://b", serverName: old }', '{ destinationPath: "s3://a" }', undefined, []],
    [
      '{ destinationPath: "s3://a", serverName: old }',
      '{ destinationPath: "s3://a" }',
      '{ cnpg.io/skipEmptyWalArchiveCheck: enabled }',
      [],
    ],
  ])('restored into %s from %s', (target, source, annotations, expected) =>
    expect(said(found([restored(target, source, annotations)]))).toEqual(expected),
  )
})

describe('memory', () => {
  const limited = (memory: string, buffers: string, more = '') =>
    cluster(
      `resources: { limits: { memory: ${memory}${more} } }, postgresql: { parameters: { shared_buffers: "${buffers}" } }`,
    )
  const AT = ['error cnpg-memory-limit spec.postgresql.parameters.shared_buffers']
  it.each<[string, string, string[], string?]>([
    ['2Gi', '2GB', AT],
    ['2Gi', '2000MB', []],
    ['2G', '2000MB', AT],
    ['512Mi', '1GB', AT],
    ['1Gi', '131072', AT],
    ['1Gi', '16384', []],
    ['1Gi', '262144kB', []],
    ['1Gi', '4 GB', AT],
    ['256Mi', '1GB', [], ', hugepages-2Mi: 2Gi'],
    ['1Gi', '${BUFFERS}', []],
    ['"${MEMORY}"', '1GB', []],
  ])('a limit of %s and %s', (memory, buffers, expected, more) =>
    expect(said(found([limited(memory, buffers, more)]))).toEqual(expected),
  )
})
