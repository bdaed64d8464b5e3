import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { textAt, valueAt } from '../src/manifest/json.ts'
import { identify, resourceLabel, type Manifest } from '../src/manifest/resource.ts'
import { DATABASES, manifestsOf, renderRepository, ROOT } from './render-tree.ts'

const onlyManifest = (file: string): Manifest =>
  manifestsOf(readFileSync(path.join(ROOT, file), 'utf8'))[0] ?? expect.fail(`${file} is empty`)

const text = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

describe('AC6: a database for an application', () => {
  let objects: Manifest[] = []
  beforeAll(async () => {
    const { kustomizations } = await renderRepository([{ name: 'example', path: 'entry', variables: {} }], {
      'entry/ks.yaml': text('test/fixtures/example-app/ks.yaml'),
      'entry/cluster-vars.yaml': text('clusters/infra/flux/cluster-vars.yaml'),
    })
    objects = kustomizations[1]?.objects.map(({ manifest }) => manifest) ?? []
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
          image: textAt(onlyManifest(`${DATABASES}/cluster/cluster.yaml`), 'spec', 'imageName'),
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
