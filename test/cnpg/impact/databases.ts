/** A small repository with a database, its backups, pooler, database object and operator; edited by replacing text. */
export const DATABASES: Readonly<Record<string, string>> = {
  'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main'),
  'clusters/main/operator.yaml': flux('operator', './operator'),
  'clusters/main/databases.yaml': flux('databases', './databases'),
  'operator/operator.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: cloudnative-pg, namespace: cnpg-system }
spec:
  interval: 1h
  url: oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg
  ref:
    tag: 0.27.0
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: cloudnative-pg, namespace: cnpg-system }
spec:
  interval: 1h
  chartRef: { kind: OCIRepository, name: cloudnative-pg }
`,
  'databases/kustomization.yaml': `resources:
  - namespace.yaml
  - cluster.yaml
  - backup.yaml
  - pooler.yaml
  - database.yaml
  - store.yaml
`,
  'databases/namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: databases\n',
  'databases/cluster.yaml': `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
  namespace: databases
  annotations:
    example.org/owner: platform
spec:
  instances: 3
  imageName: ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie
  primaryUpdateMethod: switchover
  bootstrap:
    initdb:
      database: app
      owner: app
  storage:
    size: 20Gi
    storageClass: fast
  resources:
    requests:
      memory: 1Gi
  postgresql:
    parameters:
      shared_buffers: 256MB
      max_connections: "200"
      work_mem: 16MB
    pg_hba:
      - hostssl app app 10.0.0.0/8 scram-sha-256
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      isWALArchiver: true
      parameters:
        barmanObjectName: store
`,
  'databases/backup.yaml': `apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: postgres-daily
  namespace: databases
spec:
  schedule: "0 0 3 * * *"
  suspend: false
  method: plugin
  pluginConfiguration:
    name: barman-cloud.cloudnative-pg.io
  cluster:
    name: postgres
`,
  'databases/pooler.yaml': `apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata:
  name: postgres-rw-pooler
  namespace: databases
spec:
  cluster:
    name: postgres
  instances: 2
  type: rw
  pgbouncer:
    poolMode: session
    parameters:
      max_client_conn: "1000"
`,
  'databases/database.yaml': `apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata:
  name: app
  namespace: databases
spec:
  cluster:
    name: postgres
  name: app
  owner: app
  databaseReclaimPolicy: delete
`,
  'databases/store.yaml': `apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata:
  name: store
  namespace: databases
spec:
  retentionPolicy: 30d
  configuration:
    destinationPath: s3://backups/postgres
    s3Credentials:
      inheritFromIAMRole: true
`,
}

function flux(name: string, path: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
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
`
}

/** file → [text, what takes its place]; the text must be there. */
export type Edits = Readonly<Record<string, readonly (readonly [text: string, replacement: string])[]>>

export function edited(files: Readonly<Record<string, string>>, edits: Edits): Record<string, string> {
  const result = { ...files }
  for (const [file, replacements] of Object.entries(edits))
    for (const [text, replacement] of replacements) {
      const before = result[file]
      if (before === undefined || !before.includes(text)) throw new Error(`${file} has no ${text}`)
      result[file] = before.replace(text, () => replacement)
    }
  return result
}
