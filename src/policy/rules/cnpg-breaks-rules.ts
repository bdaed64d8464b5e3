import type { Rule } from '../rule.ts'
import { marked } from './marked.ts'

const PLUGIN = `  plugins:
    - name: barman-cloud.cloudnative-pg.io
      isWALArchiver: true
      parameters:
        barmanObjectName: store`
const BACKED = archived('')
const RESTORED = `${BACKED}
  bootstrap:
    recovery:
      source: postgres
  externalClusters:
    - name: postgres
      barmanObjectStore:
        destinationPath: s3://backups/postgres
        s3Credentials:
          inheritFromIAMRole: true`

const OPEN = `
    - from:
        - namespaceSelector: {}
          podSelector:
            matchLabels:
              app.kubernetes.io/name: cloudnative-pg
      ports:
        - port: 8000
        - port: 5432
    - from:
        - podSelector:
            matchLabels:
              cnpg.io/cluster: postgres
      ports:
        - port: 5432
        - port: 8000`

/** What API server and operator accept, and what breaks later (src/cnpg/breaks). */
export const cnpgBreaksRules: readonly Rule[] = [
  {
    id: 'cnpg-parameter-unknown',
    level: 'error',
    title: 'postgresql.parameters names parameters that this PostgreSQL major has.',
    why: 'The operator takes any name. PostgreSQL then takes no edit of its configuration any more and says so in its log only; the next instance that restarts never comes up.',
    repair: 'Correct the name. Reverting heals a stuck instance at its next try to start.',
    failing: cluster('  postgresql:\n    parameters:\n      max_conections: "200" # ←'),
    mended: cluster('  postgresql:\n    parameters:\n      max_connections: "200"'),
  },
  {
    id: 'cnpg-parameter-value',
    level: 'error',
    title: 'postgresql.parameters holds values that PostgreSQL itself takes.',
    why: 'The operator does not look at types, units and ranges. PostgreSQL refuses the whole file and says so in its log only; the next instance that restarts never comes up.',
    repair: 'Write a value of the type, unit and range that pg_settings tells for the parameter.',
    failing: cluster('  postgresql:\n    parameters:\n      work_mem: 16mb # ←'),
    mended: cluster('  postgresql:\n    parameters:\n      work_mem: 16MB'),
  },
  {
    id: 'cnpg-hba-line',
    level: 'error',
    title: 'Each line of postgresql.pg_hba parses.',
    why: 'One bad line, and PostgreSQL keeps the old rules and says so in its log only; an instance that starts with it does not come up.',
    repair: 'Write TYPE DATABASE USER ADDRESS METHOD, the address with a mask.',
    failing: cluster('  postgresql:\n    pg_hba:\n      - host all all 10.0.0.1 md5 # ←'),
    mended: cluster('  postgresql:\n    pg_hba:\n      - host all all 10.0.0.1/32 md5'),
  },
  {
    id: 'cnpg-image-without-barman',
    level: 'error',
    title: 'An image that archives by barmanObjectStore has the Barman Cloud tools.',
    why: 'The minimal and standard images have none: the cluster runs, WAL archiving and every backup fail, and WAL fills the volume.',
    repair: 'Archive through the Barman Cloud plugin, or take a system image.',
    failing: cluster(archived('', ' # ←'), '17.6-standard-trixie'),
    mended: cluster(archived(''), '17.6-system-trixie'),
  },
  {
    id: 'cnpg-reconciliation-disabled',
    level: 'warning',
    title: 'The operator looks after every Cluster.',
    why: 'With cnpg.io/reconciliationLoop: disabled nobody fails over, replaces a lost instance or applies an edit.',
    repair: 'Take the annotation away when the maintenance is over.',
    failing: cluster('', '17.6', '\n  annotations:\n    cnpg.io/reconciliationLoop: disabled # ←'),
    mended: cluster(''),
  },
  {
    id: 'cnpg-cluster-unknown',
    level: 'warning',
    title: 'spec.cluster.name names a Cluster of the same namespace.',
    why: 'No webhook looks for it: the object is accepted and does nothing. The Backups of such a ScheduledBackup never begin.',
    repair: 'Correct the name; declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: `${cluster(BACKED)}\n---\n${schedule('0 0 3 * * *', 'postgre # ←')}`,
    mended: `${cluster(BACKED)}\n---\n${schedule('0 0 3 * * *')}`,
  },
  {
    id: 'cnpg-schedule-flood',
    level: 'warning',
    title: 'A ScheduledBackup takes base backups once an hour at the very most.',
    why: 'Its schedule has six fields, seconds first. A five-field Unix schedule is accepted and means another time, most often every hour; the Backups pile up until the operator falls over.',
    repair: 'Put the second in front: "0 0 3 * * *" is every day at three.',
    failing: `${cluster(BACKED)}\n---\n${schedule('0 3 * * *', 'postgres', ' # ←')}`,
    mended: `${cluster(BACKED)}\n---\n${schedule('0 0 3 * * *')}`,
  },
  {
    id: 'cnpg-backup-store-shared',
    level: 'error',
    title: 'Each Cluster archives to a folder of its own.',
    why: 'Two that archive to the same path and serverName mix their WAL; neither can be restored. No webhook compares them.',
    repair: 'Give each Cluster a serverName or a path of its own.',
    failing: twoClusters('first', ' # ←'),
    mended: twoClusters('second'),
  },
  {
    id: 'cnpg-map-emptied',
    level: 'error',
    title: 'A map whose entries all go is left out, not emptied to {}.',
    why: 'Server-side apply takes the entries away and makes null of what is left; the API server refuses the update.',
    repair: 'Leave the field out.',
    failing: change(
      cluster('  inheritedMetadata:\n    labels:\n      team: data'),
      cluster('  inheritedMetadata:\n    labels: {} # ←'),
    ),
    mended: change(cluster('  inheritedMetadata:\n    labels:\n      team: data'), cluster('')),
  },
  {
    id: 'cnpg-image-name-removed',
    level: 'warning',
    title: 'A Cluster that names its image goes on naming it.',
    why: 'Without imageName the operator writes its own default, whatever major that is: a major upgrade nobody asked for, or one that it refuses.',
    repair: 'Keep imageName, or name an image catalog.',
    failing: change(cluster(''), cluster('', undefined).replace('spec:', 'spec: # ←')),
    mended: change(cluster(''), cluster('', '17.7')),
  },
  {
    id: 'cnpg-edits-together',
    level: 'warning',
    title: 'Edits that wait for each other come one by one.',
    why: 'Image and parameters under primaryUpdateMethod: switchover are refused together; a resize of storage and a rollout for resources can wait for each other for ever.',
    repair: 'Make two pull requests of it.',
    failing: change(
      cluster(resources('1Gi')),
      cluster(resources('2Gi')).replace('size: 10Gi', 'size: 20Gi # ←'),
    ),
    mended: change(cluster(resources('1Gi')), cluster(resources('2Gi'))),
  },
  {
    id: 'cnpg-superuser-secret-ignored',
    level: 'warning',
    title: 'superuserSecret stands beside enableSuperuserAccess: true.',
    why: 'Without it the operator ignores the Secret and sets the password of postgres to NULL: nobody logs in as superuser.',
    repair: 'Set enableSuperuserAccess: true, or leave superuserSecret out.',
    failing: marked(
      `${cluster('  superuserSecret:\n    name: superuser')}\n---\n${secret('superuser', 'postgres')}`,
      'superuserSecret:',
    ),
    mended: `${cluster('  enableSuperuserAccess: true\n  superuserSecret:\n    name: superuser')}\n---\n${secret('superuser', 'postgres')}`,
  },
  {
    id: 'cnpg-memory-limit',
    level: 'error',
    title: 'shared_buffers fits into the memory limit.',
    why: 'The webhook compares it with the request only. The server starts, and the kernel kills it as soon as its cache is filled, again and again.',
    repair: 'Set shared_buffers to about a quarter of the memory limit.',
    failing: marked(
      cluster(
        '  resources:\n    limits:\n      memory: 1Gi\n  postgresql:\n    parameters:\n      shared_buffers: 2GB',
      ),
      'shared_buffers: 2GB',
    ),
    mended: cluster(
      '  resources:\n    limits:\n      memory: 8Gi\n  postgresql:\n    parameters:\n      shared_buffers: 2GB',
    ),
  },
  {
    id: 'cnpg-backup-method',
    level: 'error',
    title: 'A Backup or ScheduledBackup asks for a method that its Cluster is set up for.',
    why: 'The operator looks only when the backup is due, and fails it then. The method is barmanObjectStore where none is named: after a move to the plugin every scheduled backup fails.',
    repair: 'Write method: plugin and pluginConfiguration.name, or set the Cluster up for the method.',
    failing: marked(`${cluster(PLUGIN)}\n---\n${store('store')}\n---\n${schedule('0 0 3 * * *')}`, 'spec:'),
    mended: `${cluster(PLUGIN)}\n---\n${store('store')}\n---\n${schedule('0 0 3 * * *')}\n  method: plugin\n  pluginConfiguration:\n    name: barman-cloud.cloudnative-pg.io`,
  },
  {
    id: 'cnpg-archive-not-empty',
    level: 'warning',
    title: 'A Cluster that is restored archives to another place than the one it is restored from.',
    why: 'Before the first WAL file goes out, the archive must be empty: the new Cluster stops with "Expected empty archive".',
    repair:
      'Give it a serverName of its own; cnpg.io/skipEmptyWalArchiveCheck: enabled says that one folder is meant.',
    failing: cluster(RESTORED).replace('barmanObjectStore:', 'barmanObjectStore: # ←'),
    mended: cluster(
      RESTORED.replace('s3://backups/postgres\n', 's3://backups/postgres\n      serverName: restored\n'),
    ),
  },
  {
    id: 'cnpg-reference-unknown',
    level: 'warning',
    title:
      'Secrets, ConfigMaps, classes and stores that a database names are made here, or declared external.',
    why: 'No webhook looks for them. Without its Secret a Cluster waits, its backups fail, or a password is never set. What is made outside Git is not seen here: then this is a note only.',
    repair: 'Correct the name; declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: marked(
      `${cluster('  bootstrap:\n    initdb:\n      database: app\n      owner: app\n      secret:\n        name: postgres-user')}\n---\n${secret('postgres-users', 'app')}`,
      '  name: postgres-user',
    ),
    mended: `${cluster('  bootstrap:\n    initdb:\n      database: app\n      owner: app\n      secret:\n        name: postgres-user')}\n---\n${secret('postgres-user', 'app')}`,
  },
  {
    id: 'cnpg-reference-key',
    level: 'warning',
    title: 'A Secret or ConfigMap has the keys that the database reads of it.',
    why: 'The object is there, so nothing waits: the backup, the login or the Pod fails when the key is read.',
    repair: 'Add the key, or name one that is there.',
    failing: `${cluster('  enableSuperuserAccess: true\n  superuserSecret:\n    name: superuser # ←')}\n---\n${secret('superuser', 'postgres').replace('password:', 'pass:')}`,
    mended: `${cluster('  enableSuperuserAccess: true\n  superuserSecret:\n    name: superuser')}\n---\n${secret('superuser', 'postgres')}`,
  },
  {
    id: 'cnpg-secret-username',
    level: 'error',
    title: 'The Secret of a role has that role as its username.',
    why: 'The instance manager compares the two ("wrong username in secret") and then never sets the password. For superuserSecret it must be postgres, for initdb the owner.',
    repair: 'Correct the username in the Secret, or the role.',
    failing: `${cluster('  enableSuperuserAccess: true\n  superuserSecret:\n    name: superuser # ←')}\n---\n${secret('superuser', 'admin')}`,
    mended: `${cluster('  enableSuperuserAccess: true\n  superuserSecret:\n    name: superuser')}\n---\n${secret('superuser', 'postgres')}`,
  },
  {
    id: 'cnpg-object-store-unknown',
    level: 'warning',
    title: 'The Barman Cloud plugin names an ObjectStore of the same namespace.',
    why: 'Without it the operator stops at the plugin: a new Cluster has no phase, no Pod and no word about why; one that runs is no longer looked after.',
    repair: 'Correct the name; declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: marked(`${cluster(PLUGIN)}\n---\n${store('stores')}`, 'barmanObjectName: store'),
    mended: `${cluster(PLUGIN)}\n---\n${store('store')}`,
  },
  {
    id: 'cnpg-image-catalog-unknown',
    level: 'warning',
    title: 'imageCatalogRef names a catalog that is there.',
    why: 'Otherwise the Cluster stays in phase "Cluster has incomplete or invalid image catalog".',
    repair:
      'Correct kind or name; declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: marked(
      `${cluster(catalogRef(17), undefined)}\n---\n${catalog('postgresq', 17)}`,
      '    name: postgresql',
    ),
    mended: `${cluster(catalogRef(17), undefined)}\n---\n${catalog('postgresql', 17)}`,
  },
  {
    id: 'cnpg-image-catalog-major',
    level: 'error',
    title: 'The catalog has an image for the major that the Cluster asks for.',
    why: 'Otherwise the Cluster stays in phase "Cluster has incomplete or invalid image catalog".',
    repair: 'Add an image of that major to the catalog, or ask for one that it has.',
    failing: marked(`${cluster(catalogRef(18), undefined)}\n---\n${catalog('postgresql', 17)}`, 'major: 18'),
    mended: `${cluster(catalogRef(17), undefined)}\n---\n${catalog('postgresql', 17)}`,
  },
  {
    id: 'cnpg-image-catalog-mismatch',
    level: 'error',
    title: 'Each image of a catalog is of the major that stands beside it.',
    why: 'The operator believes the catalog: it starts the server of another major on the data, which refuses.',
    repair: 'Name an image of that major, or correct major.',
    failing: marked(catalog('postgresql', 17, '16.10-standard-trixie'), '16.10-standard-trixie'),
    mended: catalog('postgresql', 17),
  },
  {
    id: 'cnpg-network-cut',
    level: 'warning',
    title: 'Network policies let a Cluster do what it needs.',
    why: 'The operator reads port 8000 of each instance, replicas follow the primary on 5432, instances need the API server, DNS and their object store. What one policy closes and none opens is cut.',
    repair:
      'Add a rule for the connection that the finding names; policies that select the same Pods add up.',
    failing: marked(
      `${cluster('')}\n---\n${policy('\n    - from:\n        - podSelector:\n            matchLabels:\n              app: web\n      ports:\n        - port: 5432')}`,
      'ingress:',
    ),
    mended: `${cluster('')}\n---\n${policy(OPEN)}`,
  },
  {
    id: 'cnpg-network-dns',
    level: 'warning',
    title: 'Where toFQDNs lets a Cluster out, a rule sends its DNS through the proxy of Cilium.',
    why: 'Cilium knows the addresses of a name only from answers that its DNS proxy has seen. Without rules.dns toFQDNs matches nothing: backups and WAL archiving fail.',
    repair: 'Add egress to kube-dns, port 53, with rules.dns.',
    failing: marked(`${cluster('')}\n---\n${cilium('')}`, 'egress:'),
    mended: `${cluster('')}\n---\n${cilium('\n          rules:\n            dns:\n              - matchPattern: "*"')}`,
  },
]

/** @param tag of the image; explicitly undefined: no imageName at all */
function cluster(spec: string, tag?: string, annotations?: string): string
function cluster(...given: [spec: string, tag?: string, annotations?: string]): string {
  const [spec, tag, annotations = ''] = given
  const image = given.length === 1 ? '17.6' : tag
  return `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
  namespace: databases${annotations}
spec:
  instances: 3${image === undefined ? '' : `\n  imageName: ghcr.io/cloudnative-pg/postgresql:${image}`}
  storage:
    size: 10Gi${spec === '' ? '' : `\n${spec}`}`
}

function schedule(cron: string, name = 'postgres', mark = ''): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: postgres
  namespace: databases
spec:
  schedule: "${cron}"${mark}
  cluster:
    name: ${name}`
}

function twoClusters(serverName: string, mark = ''): string {
  const second = cluster(archived(`\n      serverName: ${serverName}`, mark))
  return `${cluster(archived('\n      serverName: first'))}\n---\n${second.replace('name: postgres', 'name: other')}`
}

function change(base: string, head: string): string {
  return `# base.yaml\n${base}\n---\n# head.yaml\n${head}`
}

function archived(own: string, mark = ''): string {
  return `  backup:
    barmanObjectStore:${mark}
      destinationPath: s3://backups/postgres${own}
      s3Credentials:
        inheritFromIAMRole: true`
}

function resources(memory: string): string {
  return `  resources:\n    requests:\n      memory: ${memory}`
}

function secret(name: string, username: string): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: databases
type: kubernetes.io/basic-auth
stringData:
  username: ${username}
  password: example`
}

function store(name: string): string {
  return `apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata:
  name: ${name}
  namespace: databases
spec:
  configuration:
    destinationPath: s3://backups/postgres
    s3Credentials:
      inheritFromIAMRole: true`
}

function catalogRef(major: number): string {
  return `  imageCatalogRef:
    apiGroup: postgresql.cnpg.io
    kind: ImageCatalog
    name: postgresql
    major: ${major}`
}

function catalog(name: string, major: number, tag = `${major}.6-standard-trixie`): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: ImageCatalog
metadata:
  name: ${name}
  namespace: databases
spec:
  images:
    - major: ${major}
      image: ghcr.io/cloudnative-pg/postgresql:${tag}`
}

function policy(ingress: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: postgres
  namespace: databases
spec:
  podSelector:
    matchLabels:
      cnpg.io/cluster: postgres
  ingress:${ingress}`
}

/** @param rules of the DNS */
function cilium(rules: string): string {
  return `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: postgres
  namespace: databases
spec:
  endpointSelector:
    matchLabels:
      cnpg.io/cluster: postgres
  egress:
    - toEndpoints:
        - matchLabels:
            k8s:io.kubernetes.pod.namespace: kube-system
            k8s-app: kube-dns
      toPorts:
        - ports:
            - port: "53"${rules}
    - toEndpoints:
        - matchLabels:
            cnpg.io/cluster: postgres
    - toEntities:
        - kube-apiserver
    - toFQDNs:
        - matchName: s3.example.org`
}
