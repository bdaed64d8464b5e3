import { describe, expect, it } from 'vitest'
import type { ImpactKind } from '../../../src/manifest/change.ts'
import { resourceLabel } from '../../../src/manifest/resource.ts'
import { offlineReview } from '../../offline-review.ts'
import { DATABASES, edited, type Edits } from './databases.ts'

const CLUSTER = 'databases/cluster.yaml'
const PROTECTED = [
  '    example.org/owner: platform',
  '    example.org/owner: platform\n    kustomize.toolkit.fluxcd.io/prune: disabled',
] as const
const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: dumps, namespace: databases }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`
const SWITCHOVER = ['  primaryUpdateMethod: switchover\n', ''] as const

interface Case {
  edit: Edits
  /** what base has already, beside DATABASES */
  base?: Edits
  impact: ImpactKind
  on?: string
  /** text of the line that the impact points at; '' for none */
  line?: string
  says: RegExp
}

const cases: Record<string, Case> = {
  'a parameter of context postmaster under switchover': {
    edit: { [CLUSTER]: [['shared_buffers: 256MB', 'shared_buffers: 512MB']] },
    impact: 'switchover',
    line: '      shared_buffers: 512MB',
    says: /^shared_buffers needs a restart \(context postmaster\): 2 replicas restart one by one, then a switchover; writes stop for seconds$/,
  },
  'a parameter of context postmaster under restart': {
    base: { [CLUSTER]: [SWITCHOVER] },
    edit: { [CLUSTER]: [['shared_buffers: 256MB', 'shared_buffers: 512MB']] },
    impact: 'rolling-restart',
    line: '      shared_buffers: 512MB',
    says: /2 replicas restart one by one, then the primary restarts in place; writes stop until it is back/,
  },
  'a parameter of context postmaster under supervised': {
    base: { [CLUSTER]: [['primaryUpdateMethod: switchover', 'primaryUpdateStrategy: supervised']] },
    edit: { [CLUSTER]: [['shared_buffers: 256MB', 'shared_buffers: 512MB']] },
    impact: 'rolling-restart',
    says: /then the operator waits for a person/,
  },
  'a parameter of context postmaster of a single instance': {
    base: { [CLUSTER]: [['instances: 3', 'instances: 1']] },
    edit: { [CLUSTER]: [['shared_buffers: 256MB', 'shared_buffers: 512MB']] },
    impact: 'primary-restart',
    says: /the only instance restarts .* the database is down until it is back/,
  },
  'a parameter that standbys are sensitive to, lowered': {
    edit: { [CLUSTER]: [['max_connections: "200"', 'max_connections: "100"']] },
    impact: 'primary-restart',
    line: '      max_connections: "100"',
    says: /^max_connections is lowered and needs a restart: the primary restarts first/,
  },
  'a parameter that standbys are sensitive to, back to its default': {
    base: { [CLUSTER]: [['work_mem: 16MB', 'work_mem: 16MB\n      max_worker_processes: "64"']] },
    edit: { [CLUSTER]: [['\n      max_worker_processes: "64"', '']] },
    impact: 'primary-restart',
    says: /max_worker_processes is lowered/,
  },
  "a parameter that standbys are sensitive to, back to PostgreSQL's own default": {
    edit: { [CLUSTER]: [['      max_connections: "200"\n', '']] },
    impact: 'primary-restart',
    says: /^max_connections is lowered and needs a restart: the primary restarts first/,
  },
  'a parameter of context user': {
    edit: { [CLUSTER]: [['work_mem: 16MB', 'work_mem: 32MB']] },
    impact: 'reload',
    line: '      work_mem: 32MB',
    says: /^work_mem is reloaded \(context user\), no restart$/,
  },
  'a parameter written another way': {
    edit: { [CLUSTER]: [['work_mem: 16MB', 'work_mem: "16384"']] },
    impact: 'none',
    says: /another spelling of the same value/,
  },
  'a parameter of a major without a catalog': {
    base: { [CLUSTER]: [['17.6-standard-trixie', '13.22-standard-bookworm']] },
    edit: { [CLUSTER]: [['work_mem: 16MB', 'work_mem: 32MB']] },
    impact: 'unknown',
    says: /no catalog of this PostgreSQL major/,
  },
  'the first parameter of a library that the operator preloads': {
    edit: { [CLUSTER]: [['work_mem: 16MB', 'work_mem: 16MB\n      pg_stat_statements.max: "5000"']] },
    impact: 'switchover',
    says: /preloaded libraries change/,
  },
  'lines of pg_hba': {
    edit: { [CLUSTER]: [['10.0.0.0/8', '10.1.0.0/16']] },
    impact: 'reload',
    says: /pg_hba is read for new connections/,
  },
  'another minor': {
    edit: { [CLUSTER]: [['17.6-standard-trixie', '17.7-standard-trixie']] },
    impact: 'switchover',
    line: '  imageName: ghcr.io/cloudnative-pg/postgresql:17.7-standard-trixie',
    says: /^another image: 2 replicas restart one by one, then a switchover/,
  },
  'another Debian under the same major': {
    base: { [CLUSTER]: [['17.6-standard-trixie', '17.6-standard-bookworm']] },
    edit: { [CLUSTER]: [['17.6-standard-bookworm', '17.6-standard-trixie']] },
    impact: 'switchover',
    says: /bookworm → trixie brings another glibc/,
  },
  'another major': {
    edit: { [CLUSTER]: [['17.6-standard-trixie', '18.1-standard-trixie']] },
    impact: 'major-upgrade',
    line: '  imageName: ghcr.io/cloudnative-pg/postgresql:18.1-standard-trixie',
    says: /^PostgreSQL 17 → 18, offline: all Pods stop, pg_upgrade/,
  },
  'another major from 17.2 and another Debian': {
    base: { [CLUSTER]: [['17.6-standard-trixie', '17.2-standard-bookworm']] },
    edit: { [CLUSTER]: [['17.2-standard-bookworm', '18.1-standard-trixie']] },
    impact: 'major-upgrade',
    says: /one Debian release \(bookworm → trixie\).*max_slot_wal_keep_size/,
  },
  'an older major': {
    edit: { [CLUSTER]: [['17.6-standard-trixie', '16.10-standard-trixie']] },
    impact: 'ignored',
    says: /PostgreSQL 17 cannot go back to 16/,
  },
  'an imageName that goes': {
    edit: { [CLUSTER]: [['  imageName: ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie\n', '']] },
    impact: 'major-upgrade',
    says: /PostgreSQL 17 → 18.*the operator writes its own default/,
  },
  'a catalog that names another image': {
    base: {
      [CLUSTER]: [
        [
          'imageName: ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie',
          'imageCatalogRef: { apiGroup: postgresql.cnpg.io, kind: ImageCatalog, name: ours, major: 17 }',
        ],
      ],
      'databases/store.yaml': [
        [
          'apiVersion',
          'apiVersion: postgresql.cnpg.io/v1\nkind: ImageCatalog\nmetadata: { name: ours, namespace: databases }\nspec:\n  images:\n    - major: 17\n      image: ghcr.io/cloudnative-pg/postgresql:17.6\n---\napiVersion',
        ],
      ],
    },
    edit: { 'databases/store.yaml': [['postgresql:17.6', 'postgresql:17.7']] },
    impact: 'switchover',
    line: '  images:',
    says: /^through ImageCatalog databases\/ours: another image/,
  },
  'resources and environment': {
    edit: {
      [CLUSTER]: [
        ['memory: 1Gi', 'memory: 2Gi'],
        ['  postgresql:\n', '  env:\n    - { name: TZ, value: UTC }\n  postgresql:\n'],
      ],
    },
    impact: 'switchover',
    says: /^env and resources are part of the Pods: 2 replicas restart one by one/,
  },
  'a restart that is asked for, where Pods are left alone': {
    base: { [CLUSTER]: [['example.org/owner: platform', 'cnpg.io/reconcilePodSpec: disabled']] },
    edit: {
      [CLUSTER]: [
        [
          'cnpg.io/reconcilePodSpec: disabled',
          'cnpg.io/reconcilePodSpec: disabled\n    kubectl.kubernetes.io/restartedAt: "2026-01-01"',
        ],
      ],
    },
    impact: 'switchover',
    line: '    kubectl.kubernetes.io/restartedAt: "2026-01-01"',
    says: /^kubectl\.kubernetes\.io\/restartedAt is part of the Pods: 2 replicas restart one by one/,
  },
  'resources where the Pods are left alone': {
    base: { [CLUSTER]: [['example.org/owner: platform', 'cnpg.io/reconcilePodSpec: disabled']] },
    edit: { [CLUSTER]: [['memory: 1Gi', 'memory: 2Gi']] },
    impact: 'ignored',
    says: /leaves alone until they are replaced for another reason/,
  },
  'a field that holds for later Pods': {
    edit: { [CLUSTER]: [['  instances: 3\n', '  instances: 3\n  priorityClassName: high\n']] },
    impact: 'ignored',
    line: '  priorityClassName: high',
    says: /^priorityClassName is not compared/,
  },
  'more instances': {
    edit: { [CLUSTER]: [['instances: 3', 'instances: 5']] },
    impact: 'scale',
    line: '  instances: 5',
    says: /^2 new replicas cloned from the primary/,
  },
  'one instance': {
    edit: { [CLUSTER]: [['instances: 3', 'instances: 1']] },
    impact: 'scale',
    says: /2 replicas with the highest numbers are deleted, volumes included; no standby is left/,
  },
  'fewer instances than maxSyncReplicas wants': {
    base: { [CLUSTER]: [['instances: 3', 'instances: 3\n  minSyncReplicas: 1\n  maxSyncReplicas: 2']] },
    edit: { [CLUSTER]: [['instances: 3', 'instances: 2']] },
    impact: 'ignored',
    says: /the operator puts instances back/,
  },
  'larger storage': {
    edit: { [CLUSTER]: [['size: 20Gi', 'size: 30Gi']] },
    impact: 'resize',
    line: '    size: 30Gi',
    says: /every volume grows while it is in use/,
  },
  'smaller storage, moved into the template': {
    edit: {
      [CLUSTER]: [['size: 20Gi', 'pvcTemplate: { resources: { requests: { storage: 10Gi } } }']],
    },
    impact: 'ignored',
    says: /storage cannot shrink: the operator's webhook refuses/,
  },
  'another storage class': {
    edit: { [CLUSTER]: [['storageClass: fast', 'storageClass: slow']] },
    impact: 'ignored',
    line: '    storageClass: slow',
    says: /holds for new volumes only/,
  },
  'what a template says of volumes': {
    base: {
      [CLUSTER]: [['storageClass: fast', 'pvcTemplate: { resources: { limits: { storage: 30Gi } } }']],
    },
    edit: { [CLUSTER]: [['limits: { storage: 30Gi }', 'limits: { storage: 40Gi }']] },
    impact: 'none',
    says: /^storage holds for new volumes only/,
  },
  'a volume for WAL': {
    edit: { [CLUSTER]: [['  resources:\n', '  walStorage:\n    size: 5Gi\n  resources:\n']] },
    impact: 'switchover',
    line: '  walStorage:',
    says: /every instance gets a volume for WAL/,
  },
  'another bootstrap': {
    edit: { [CLUSTER]: [['database: app', 'database: other']] },
    impact: 'ignored',
    line: '  bootstrap:',
    says: /^bootstrap is read once/,
  },
  hibernation: {
    edit: { [CLUSTER]: [['example.org/owner: platform', 'cnpg.io/hibernation: "on"']] },
    impact: 'hibernation',
    line: '    cnpg.io/hibernation: "on"',
    says: /all instances stop/,
  },
  'an edit of a hibernated cluster': {
    base: { [CLUSTER]: [['example.org/owner: platform', 'cnpg.io/hibernation: "on"']] },
    edit: { [CLUSTER]: [['shared_buffers: 256MB', 'shared_buffers: 512MB']] },
    impact: 'ignored',
    says: /not before the hibernated cluster is woken; then: shared_buffers needs a restart/,
  },
  'a fenced primary': {
    edit: { [CLUSTER]: [['example.org/owner: platform', `cnpg.io/fencedInstances: '["postgres-1"]'`]] },
    impact: 'hibernation',
    says: /PostgreSQL stops on the fenced instances/,
  },
  'an archive that goes': {
    edit: {
      [CLUSTER]: [
        [
          '  plugins:\n    - name: barman-cloud.cloudnative-pg.io\n      isWALArchiver: true\n      parameters:\n        barmanObjectName: store\n',
          '',
        ],
      ],
    },
    impact: 'backup-gap',
    says: /WAL archiving and backups stop/,
  },
  'an archive that moves with its ObjectStore': {
    edit: { 'databases/store.yaml': [['s3://backups/postgres', 's3://elsewhere/postgres']] },
    impact: 'backup-gap',
    line: '    destinationPath: s3://elsewhere/postgres',
    says: /^through ObjectStore databases\/store: the archive moves/,
  },
  'a shorter retention': {
    edit: { 'databases/store.yaml': [['30d', '7d']] },
    impact: 'backup-gap',
    on: 'ObjectStore databases/store',
    line: '  retentionPolicy: 7d',
    says: /backups older than 7d are deleted/,
  },
  'the first plugin, under switchover, with an operator that may never finish': {
    base: {
      [CLUSTER]: [
        [
          '  plugins:\n    - name: barman-cloud.cloudnative-pg.io\n      isWALArchiver: true\n      parameters:\n        barmanObjectName: store\n',
          '',
        ],
      ],
    },
    edit: {
      [CLUSTER]: [
        [
          '      - hostssl app app 10.0.0.0/8 scram-sha-256\n',
          '      - hostssl app app 10.0.0.0/8 scram-sha-256\n  plugins:\n    - name: barman-cloud.cloudnative-pg.io\n      isWALArchiver: true\n      parameters:\n        barmanObjectName: store\n',
        ],
      ],
    },
    impact: 'switchover',
    says: /sidecars into the Pods.*Operator 1\.28\.0 may never finish that switchover/,
  },
  'a demotion': {
    edit: {
      [CLUSTER]: [
        [
          '  resources:\n',
          '  replica:\n    primary: other\n    source: other\n  externalClusters:\n    - name: other\n      connectionParameters: { host: other }\n  resources:\n',
        ],
      ],
    },
    impact: 'switchover',
    line: '  replica:',
    says: /demoted to a replica/,
  },
  'a Cluster that is deleted': {
    edit: { 'databases/kustomization.yaml': [['  - cluster.yaml\n', '']] },
    impact: 'data-loss',
    says: /the Cluster is deleted: its Pods and its volumes go with it/,
  },
  'a Cluster that is deleted and protected': {
    base: { [CLUSTER]: [PROTECTED] },
    edit: { 'databases/kustomization.yaml': [['  - cluster.yaml\n', '']] },
    impact: 'none',
    says: /keeps running \(prune is off for it\)/,
  },
  'a Cluster that is deleted, left out of reconciliation': {
    base: {
      [CLUSTER]: [[PROTECTED[0], PROTECTED[1].replace('prune: disabled', 'ssa: Ignore')]],
    },
    edit: { 'databases/kustomization.yaml': [['  - cluster.yaml\n', '']] },
    impact: 'none',
    says: /keeps running/,
  },
  'a Cluster that is only applied where there is none': {
    base: {
      [CLUSTER]: [[PROTECTED[0], PROTECTED[1].replace('prune: disabled', 'ssa: IfNotPresent')]],
    },
    edit: { [CLUSTER]: [['instances: 3', 'instances: 5']] },
    impact: 'ignored',
    says: /^Flux does not apply it to an object that is there .*without the annotation: 2 new replicas/,
  },
  'a volume claim beside a database': {
    base: {
      'databases/backup.yaml': [['apiVersion', `${CLAIM}---\napiVersion`]],
    },
    edit: { 'databases/backup.yaml': [[`${CLAIM}---\n`, '']] },
    impact: 'data-loss',
    on: 'PersistentVolumeClaim databases/dumps',
    says: /the claim is deleted, beside Cluster databases\/postgres/,
  },
  'a Cluster of another name': {
    edit: { [CLUSTER]: [['name: postgres\n', 'name: postgres17\n']] },
    impact: 'data-loss',
    on: 'Cluster databases/postgres17',
    line: '  name: postgres17',
    says: /^Cluster databases\/postgres is deleted: .*postgres17 is a new cluster, empty \(initdb\)$/,
  },
  'a protected Cluster of another name': {
    base: { [CLUSTER]: [PROTECTED] },
    edit: { [CLUSTER]: [['name: postgres\n', 'name: postgres17\n']] },
    impact: 'none',
    on: 'Cluster databases/postgres17',
    says: /Cluster databases\/postgres keeps running beside it/,
  },
  'a Cluster that another Kustomization takes over': {
    base: {
      'operator/operator.yaml': [
        [
          'apiVersion',
          'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: here, namespace: databases }\n---\napiVersion',
        ],
      ],
    },
    edit: {
      'databases/kustomization.yaml': [['  - cluster.yaml\n', '']],
      'operator/operator.yaml': [['apiVersion', `${DATABASES[CLUSTER] ?? ''}---\napiVersion`]],
    },
    impact: 'data-loss',
    on: 'Cluster databases/postgres',
    says: /^Kustomization flux-system\/databases gives it up and prunes/,
  },
  'a namespace that is deleted with its databases': {
    edit: { 'databases/kustomization.yaml': [['  - namespace.yaml\n', '']] },
    impact: 'data-loss',
    on: 'Namespace databases',
    says: /deleted with everything in it: Cluster databases\/postgres/,
  },
  'a schedule in five fields': {
    edit: { 'databases/backup.yaml': [['0 0 3 * * *', '0 3 * * *']] },
    impact: 'backup-gap',
    on: 'ScheduledBackup databases/postgres-daily',
    line: '  schedule: "0 3 * * *"',
    says: /five fields as second 0, minute 3, hour \*.*24 base backups a day/,
  },
  'a sane schedule': {
    edit: { 'databases/backup.yaml': [['0 0 3 * * *', '0 30 4 * * *']] },
    impact: 'none',
    on: 'ScheduledBackup databases/postgres-daily',
    says: /by the new schedule/,
  },
  'a suspended schedule': {
    edit: { 'databases/backup.yaml': [['suspend: false', 'suspend: true']] },
    impact: 'backup-gap',
    on: 'ScheduledBackup databases/postgres-daily',
    line: '  suspend: true',
    says: /scheduled backups stop/,
  },
  'a schedule that goes': {
    edit: { 'databases/kustomization.yaml': [['  - backup.yaml\n', '']] },
    impact: 'backup-gap',
    on: 'ScheduledBackup databases/postgres-daily',
    says: /no base backup of Cluster postgres is scheduled any more/,
  },
  'PgBouncer parameters': {
    edit: { 'databases/pooler.yaml': [['"1000"', '"2000"']] },
    impact: 'reload',
    on: 'Pooler databases/postgres-rw-pooler',
    says: /PgBouncer reloads/,
  },
  'the Pods of a pooler': {
    edit: {
      'databases/pooler.yaml': [
        [
          '  type: rw\n',
          '  type: rw\n  template:\n    metadata: { labels: { a: b } }\n    spec: { containers: [] }\n',
        ],
      ],
    },
    impact: 'rolling-restart',
    on: 'Pooler databases/postgres-rw-pooler',
    says: /their clients reconnect; PostgreSQL stays/,
  },
  'a pooler that pauses': {
    edit: { 'databases/pooler.yaml': [['  pgbouncer:\n', '  pgbouncer:\n    paused: true\n']] },
    impact: 'hibernation',
    on: 'Pooler databases/postgres-rw-pooler',
    line: '    paused: true',
    says: /clients wait/,
  },
  'a pooler that goes': {
    edit: { 'databases/kustomization.yaml': [['  - pooler.yaml\n', '']] },
    impact: 'hibernation',
    on: 'Pooler databases/postgres-rw-pooler',
    says: /clients that connect through it lose the database/,
  },
  'a Database whose policy deletes': {
    edit: { 'databases/kustomization.yaml': [['  - database.yaml\n', '']] },
    impact: 'data-loss',
    on: 'Database databases/app',
    says: /database app is dropped with all its data/,
  },
  'a Database whose policy retains': {
    base: { 'databases/database.yaml': [['  databaseReclaimPolicy: delete\n', '']] },
    edit: { 'databases/kustomization.yaml': [['  - database.yaml\n', '']] },
    impact: 'none',
    on: 'Database databases/app',
    says: /stays in PostgreSQL/,
  },
  'a Database that must be absent': {
    edit: { 'databases/database.yaml': [['  owner: app\n', '  owner: app\n  ensure: absent\n']] },
    impact: 'data-loss',
    on: 'Database databases/app',
    line: '  ensure: absent',
    says: /dropped with all its data/,
  },
  'a Kustomization that is suspended': {
    edit: { 'clusters/main/databases.yaml': [['  prune: true', '  suspend: true\n  prune: true']] },
    impact: 'ignored',
    on: 'Kustomization flux-system/databases',
    line: '  suspend: true',
    says: /Cluster databases\/postgres.* is applied until it is resumed/,
  },
  'a Kustomization that forces': {
    edit: { 'clusters/main/databases.yaml': [['  prune: true', '  force: true\n  prune: true']] },
    impact: 'data-loss',
    on: 'Kustomization flux-system/databases',
    line: '  force: true',
    says: /an update that is refused .* deletes .* and creates it anew/,
  },
  'a Kustomization that is resumed': {
    base: { 'clusters/main/databases.yaml': [['  prune: true', '  suspend: true\n  prune: true']] },
    edit: { 'clusters/main/databases.yaml': [['  suspend: true\n', '']] },
    impact: 'unknown',
    on: 'Kustomization flux-system/databases',
    says: /everything that was changed in Git while it was suspended is applied at once/,
  },
  'a Kustomization that prunes no more': {
    edit: { 'clusters/main/databases.yaml': [['  prune: true', '  prune: false']] },
    impact: 'none',
    on: 'Kustomization flux-system/databases',
    line: '  prune: false',
    says: /keeps running from here on/,
  },
  'a Kustomization that prunes from here on': {
    base: { 'clusters/main/databases.yaml': [['  prune: true', '  prune: false']] },
    edit: { 'clusters/main/databases.yaml': [['  prune: false', '  prune: true']] },
    impact: 'none',
    on: 'Kustomization flux-system/databases',
    line: '  prune: true',
    says: /is deleted from here on/,
  },
  'an edit below a suspended Kustomization': {
    base: { 'clusters/main/databases.yaml': [['  prune: true', '  suspend: true\n  prune: true']] },
    edit: { [CLUSTER]: [['instances: 3', 'instances: 5']] },
    impact: 'ignored',
    says: /not before Kustomization flux-system\/databases is resumed; then: 2 new replicas/,
  },
  'another operator': {
    edit: { 'operator/operator.yaml': [['tag: 0.27.0', 'tag: 0.28.0']] },
    impact: 'operator-rollout',
    on: 'HelmRelease cnpg-system/cloudnative-pg',
    line: '    tag: 0.28.0',
    says: /the Pods of 1 Cluster \(databases\/postgres\) and any other it looks after are replaced/,
  },
  'another operator, by the version in its HelmRelease': {
    base: {
      'operator/operator.yaml': [
        [
          '  chartRef: { kind: OCIRepository, name: cloudnative-pg }',
          '  chart:\n    spec:\n      chart: cloudnative-pg\n      version: 0.27.0\n      sourceRef: { kind: HelmRepository, name: cnpg }',
        ],
      ],
    },
    edit: { 'operator/operator.yaml': [['version: 0.27.0', 'version: 0.28.0']] },
    impact: 'operator-rollout',
    on: 'HelmRelease cnpg-system/cloudnative-pg',
    line: '      version: 0.28.0',
    says: /replicas one by one/,
  },
  'another operator, by its image': {
    base: {
      'operator/operator.yaml': [
        [
          'apiVersion',
          'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: cnpg-controller-manager, namespace: cnpg-system }\nspec:\n  selector: { matchLabels: { a: b } }\n  template:\n    metadata: { labels: { a: b } }\n    spec:\n      containers:\n        - name: manager\n          image: ghcr.io/cloudnative-pg/cloudnative-pg:1.28.0\n---\napiVersion',
        ],
      ],
    },
    edit: { 'operator/operator.yaml': [['cloudnative-pg:1.28.0', 'cloudnative-pg:1.28.1']] },
    impact: 'operator-rollout',
    says: /replicas one by one/,
    on: 'Deployment cnpg-system/cnpg-controller-manager',
  },
  'another operator, in place': {
    base: {
      'operator/operator.yaml': [
        [
          '  chartRef:',
          '  values:\n    config:\n      data:\n        ENABLE_INSTANCE_MANAGER_INPLACE_UPDATES: "true"\n  chartRef:',
        ],
      ],
    },
    edit: { 'operator/operator.yaml': [['tag: 0.27.0', 'tag: 0.28.0']] },
    impact: 'operator-rollout',
    on: 'HelmRelease cnpg-system/cloudnative-pg',
    says: /exchanged in place/,
  },
}

describe('through Kustomizations', () => {
  it.each(Object.entries(cases))('%s', async (_, { edit, base: before, impact, on, line, says }) => {
    const base = edited(DATABASES, before ?? {})
    const head = edited(base, edit)
    const { impacts, changes } = await offlineReview(base, head)
    const label = on ?? 'Cluster databases/postgres'
    const found = impacts.find(
      one => resourceLabel(one.resource) === label && one.impact === impact && says.test(one.reason),
    )
    // all of them, so that a failure shows what was said instead
    expect(found ?? impacts).toMatchObject({ impact })
    const written = head[found?.file ?? '']?.split('\n')[(found?.line ?? 0) - 1]
    expect(line === undefined || line === written ? line : written).toBe(line)
    const change = changes.find(({ resource }) => resourceLabel(resource) === label)
    expect(change === undefined || change.impact !== undefined).toBe(true)
  })
})

it('covers every kind of impact', () => {
  const kinds = new Set(Object.values(cases).map(({ impact }) => impact))
  expect([...kinds].toSorted()).toEqual([
    'backup-gap',
    'data-loss',
    'hibernation',
    'ignored',
    'major-upgrade',
    'none',
    'operator-rollout',
    'primary-restart',
    'reload',
    'resize',
    'rolling-restart',
    'scale',
    'switchover',
    'unknown',
  ])
})

it('leads with what harms most', async () => {
  const head = edited(DATABASES, {
    [CLUSTER]: [
      ['work_mem: 16MB', 'work_mem: 32MB'],
      ['17.6-standard-trixie', '18.1-standard-trixie'],
      ['instances: 3', 'instances: 5'],
    ],
  })
  const { impacts, verdict, changes } = await offlineReview(DATABASES, head)
  expect(impacts.map(({ impact }) => impact)).toEqual(['major-upgrade', 'scale', 'reload'])
  expect(changes.map(({ impact }) => impact)).toEqual(['major-upgrade'])
  // the operator takes no new image together with new parameters
  expect(verdict).toBe('blocked')
})
