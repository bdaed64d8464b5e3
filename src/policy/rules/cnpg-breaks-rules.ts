import type { Rule } from '../rule.ts'

/**
 * What API server and operator accept, and what breaks later (src/cnpg/breaks). Where an example needs what runs before the
 * change, that stands in base.yaml and the change in head.yaml.
 */
export const cnpgBreaksRules: readonly Rule[] = [
  {
    id: 'cnpg-parameter-unknown',
    level: 'error',
    title: 'postgresql.parameters names parameters that this PostgreSQL major has.',
    why: 'The operator takes any name. PostgreSQL then takes no edit of its configuration any more and says so in its log only; the next instance that restarts never comes up.',
    repair: 'Correct the name. Reverting heals a stuck instance at its next try to start.',
    failing: cluster('  postgresql:\n    parameters:\n      max_conections: "200"'),
    mended: cluster('  postgresql:\n    parameters:\n      max_connections: "200"'),
  },
  {
    id: 'cnpg-parameter-value',
    level: 'error',
    title: 'postgresql.parameters holds values that PostgreSQL itself takes.',
    why: 'The operator does not look at types, units and ranges. PostgreSQL refuses the whole file and says so in its log only; the next instance that restarts never comes up.',
    repair: 'Write a value of the type, unit and range that pg_settings tells for the parameter.',
    failing: cluster('  postgresql:\n    parameters:\n      work_mem: 16mb'),
    mended: cluster('  postgresql:\n    parameters:\n      work_mem: 16MB'),
  },
  {
    id: 'cnpg-hba-line',
    level: 'error',
    title: 'Each line of postgresql.pg_hba parses.',
    why: 'One bad line, and PostgreSQL keeps the old rules and says so in its log only; an instance that starts with it does not come up.',
    repair: 'Write TYPE DATABASE USER ADDRESS METHOD, the address with a mask.',
    failing: cluster('  postgresql:\n    pg_hba:\n      - host all all 10.0.0.1 md5'),
    mended: cluster('  postgresql:\n    pg_hba:\n      - host all all 10.0.0.1/32 md5'),
  },
  {
    id: 'cnpg-image-without-barman',
    level: 'error',
    title: 'An image that archives by barmanObjectStore has the Barman Cloud tools.',
    why: 'The minimal and standard images have none: the cluster runs, WAL archiving and every backup fail, and WAL fills the volume.',
    repair: 'Archive through the Barman Cloud plugin, or take a system image.',
    failing: cluster(
      '  backup:\n    barmanObjectStore:\n      destinationPath: s3://backups/postgres',
      '17.6-standard-trixie',
    ),
    mended: cluster(
      '  backup:\n    barmanObjectStore:\n      destinationPath: s3://backups/postgres',
      '17.6-system-trixie',
    ),
  },
  {
    id: 'cnpg-reconciliation-disabled',
    level: 'warning',
    title: 'The operator looks after every Cluster.',
    why: 'With cnpg.io/reconciliationLoop: disabled nobody fails over, replaces a lost instance or applies an edit.',
    repair: 'Take the annotation away when the maintenance is over.',
    failing: cluster('', '17.6', '\n  annotations:\n    cnpg.io/reconciliationLoop: disabled'),
    mended: cluster(''),
  },
  {
    id: 'cnpg-cluster-unknown',
    level: 'warning',
    title: 'spec.cluster.name names a Cluster of the same namespace.',
    why: 'No webhook looks for it: the object is accepted and does nothing. The Backups of such a ScheduledBackup never begin.',
    repair: 'Correct the name; declare what lives elsewhere under `external:` in .github/cnpg-steward.yaml.',
    failing: `${cluster('')}\n---\n${schedule('0 0 3 * * *', 'postgre')}`,
    mended: `${cluster('')}\n---\n${schedule('0 0 3 * * *')}`,
  },
  {
    id: 'cnpg-schedule-flood',
    level: 'warning',
    title: 'A ScheduledBackup takes base backups once an hour at the very most.',
    why: 'Its schedule has six fields, seconds first. A five-field Unix schedule is accepted and means another time, most often every hour; the Backups pile up until the operator falls over.',
    repair: 'Put the second in front: "0 0 3 * * *" is every day at three.',
    failing: `${cluster('')}\n---\n${schedule('0 3 * * *')}`,
    mended: `${cluster('')}\n---\n${schedule('0 0 3 * * *')}`,
  },
  {
    id: 'cnpg-backup-store-shared',
    level: 'error',
    title: 'Each Cluster archives to a folder of its own.',
    why: 'Two that archive to the same path and serverName mix their WAL; neither can be restored. No webhook compares them.',
    repair: 'Give each Cluster a serverName or a path of its own.',
    failing: twoClusters(''),
    mended: twoClusters('\n      serverName: second'),
  },
  {
    id: 'cnpg-map-emptied',
    level: 'error',
    title: 'A map whose entries all go is left out, not emptied to {}.',
    why: 'Server-side apply takes the entries away and makes null of what is left; the API server refuses the update.',
    repair: 'Leave the field out.',
    failing: change(
      cluster('  inheritedMetadata:\n    labels:\n      team: data'),
      cluster('  inheritedMetadata:\n    labels: {}'),
    ),
    mended: change(cluster('  inheritedMetadata:\n    labels:\n      team: data'), cluster('')),
  },
  {
    id: 'cnpg-image-name-removed',
    level: 'warning',
    title: 'A Cluster that names its image goes on naming it.',
    why: 'Without imageName the operator writes its own default, whatever major that is: a major upgrade nobody asked for, or one that it refuses.',
    repair: 'Keep imageName, or name an image catalog.',
    failing: change(cluster(''), cluster('', undefined)),
    mended: change(cluster(''), cluster('', '17.7')),
  },
  {
    id: 'cnpg-edits-together',
    level: 'warning',
    title: 'Edits that wait for each other come one by one.',
    why: 'Image and parameters under primaryUpdateMethod: switchover are refused together; a resize of storage and a rollout for resources can wait for each other for ever.',
    repair: 'Make two pull requests of it.',
    failing: change(
      cluster('  primaryUpdateMethod: switchover\n  postgresql:\n    parameters:\n      work_mem: 16MB'),
      cluster(
        '  primaryUpdateMethod: switchover\n  postgresql:\n    parameters:\n      work_mem: 32MB',
        '17.7',
      ),
    ),
    mended: change(
      cluster('  primaryUpdateMethod: switchover\n  postgresql:\n    parameters:\n      work_mem: 16MB'),
      cluster(
        '  primaryUpdateMethod: switchover\n  postgresql:\n    parameters:\n      work_mem: 16MB',
        '17.7',
      ),
    ),
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

function schedule(cron: string, name = 'postgres'): string {
  return `apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: postgres
  namespace: databases
spec:
  schedule: "${cron}"
  cluster:
    name: ${name}`
}

function twoClusters(serverName: string): string {
  return `${cluster(archived(''))}\n---\n${cluster(archived(serverName).replace(/\n {6}serverName: first(?=\n)/, '')).replace('name: postgres', 'name: other')}`
}

function change(base: string, head: string): string {
  return `# base.yaml\n${base}\n---\n# head.yaml\n${head}`
}

function archived(own: string) {
  return `  backup:\n    barmanObjectStore:\n      destinationPath: s3://backups/postgres\n      serverName: first${own}`
}
