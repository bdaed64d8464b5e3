/**
 * How a field of Cluster.spec reaches what runs.
 * roll: it is part of the Pods, they are replaced. reload: PostgreSQL or its manager takes it up without a restart.
 * live: the operator acts on it, nothing restarts. later: taken up when Pods are next replaced. ignored: never, for what exists.
 * special: has a rule of its own.
 */
export type FieldEffect = 'roll' | 'reload' | 'live' | 'later' | 'ignored' | 'special'

export interface FieldRule {
  effect: FieldEffect
  /** said after the field's name; of a special one, where none of its rules speaks of the edit */
  note?: string
  /** of roll: also where cnpg.io/reconcilePodSpec is disabled */
  always?: true
}

const roll: FieldRule = { effect: 'roll' }
const reload: FieldRule = { effect: 'reload' }
const live: FieldRule = { effect: 'live' }
const special: FieldRule = { effect: 'special' }

/**
 * Every field of Cluster.spec, CRDs of CloudNativePG 1.26 to 1.30. A field that stands for itself and for fields below it is
 * looked at below first.
 * Source: CloudNativePG 1.30.0: pkg/specs/pods.go (what a Pod is made of), pkg/specs/podspec_diff.go (what is compared),
 * internal/controller/cluster_upgrade.go (isPodNeedingRollout), pkg/management/postgres (what the instance manager reads live).
 */
export const CLUSTER_FIELDS: Readonly<Record<string, FieldRule>> = {
  affinity: roll,
  // the operator writes it where it is left out
  'affinity.podAntiAffinityType': roll,
  'backup.barmanObjectStore': {
    effect: 'special',
    note: 'is read by the instance manager when it next archives or backs up; nothing restarts',
  },
  'backup.retentionPolicy': special,
  'backup.target': { effect: 'live', note: 'says where base backups are taken from' },
  'backup.volumeSnapshot': { effect: 'live', note: 'holds for the next snapshot' },
  bootstrap: {
    effect: 'ignored',
    note: 'is read once, when the cluster is created; it comes into force if the Cluster is ever created again',
  },
  certificates: { effect: 'reload', note: 'PostgreSQL reloads its certificates' },
  description: live,
  enablePDB: {
    effect: 'live',
    note: 'adds or removes the PodDisruptionBudgets; without them a node drain may take the primary',
  },
  enableSuperuserAccess: {
    effect: 'reload',
    note: 'off sets the password of postgres to NULL and deletes the generated Secret: logins with it fail',
  },
  env: roll,
  envFrom: roll,
  ephemeralVolumeSource: roll,
  ephemeralVolumesSizeLimit: roll,
  externalClusters: { effect: 'reload', note: 'is read when it is next used; a replica cluster reconnects' },
  failoverDelay: { effect: 'live', note: 'holds from the next failover on' },
  imageCatalogRef: special,
  imageName: special,
  imagePullPolicy: { effect: 'later', note: 'is not compared' },
  imagePullSecrets: { effect: 'later', note: 'is not compared' },
  inheritedMetadata: { effect: 'live', note: 'labels and annotations are patched onto what runs' },
  instances: special,
  livenessProbeTimeout: roll,
  logLevel: roll,
  'managed.roles': special,
  'managed.services': {
    effect: 'reload',
    note: 'Services are created, patched or removed; clients of a removed one lose it',
  },
  maxSyncReplicas: { effect: 'reload', note: 'sets synchronous_standby_names' },
  minSyncReplicas: {
    effect: 'reload',
    note: 'sets synchronous_standby_names: writes wait while fewer replicas answer',
  },
  monitoring: live,
  'monitoring.tls': roll,
  nodeMaintenanceWindow: {
    effect: 'live',
    note: 'during the window a drained node keeps or gives up its volumes as reusePVC says',
  },
  plugins: { effect: 'special', note: 'that are enabled stay as they are' },
  podSecurityContext: roll,
  podSelectorRefs: reload,
  postgresGID: { effect: 'ignored', note: 'cannot change: the operator refuses the update' },
  postgresUID: { effect: 'ignored', note: 'cannot change: the operator refuses the update' },
  'postgresql.enableAlterSystem': reload,
  'postgresql.extensions': roll,
  'postgresql.ldap': { effect: 'reload', note: 'is written into pg_hba.conf; open sessions stay' },
  'postgresql.parameters': special,
  'postgresql.pg_hba': { effect: 'reload', note: 'is read for new connections; open sessions stay' },
  'postgresql.pg_ident': { effect: 'reload', note: 'is read for new connections; open sessions stay' },
  'postgresql.promotionTimeout': live,
  'postgresql.shared_preload_libraries': special,
  'postgresql.syncReplicaElectionConstraint': reload,
  'postgresql.synchronous': {
    effect: 'reload',
    note: 'sets synchronous_standby_names: with dataDurability required, writes wait while fewer replicas than `number` answer',
  },
  primaryLease: live,
  primaryUpdateMethod: { effect: 'live', note: 'holds from the next rolling update on, this one included' },
  primaryUpdateStrategy: { effect: 'live', note: 'holds from the next rolling update on, this one included' },
  priorityClassName: { effect: 'later', note: 'is not compared' },
  'probes.liveness': roll,
  'probes.liveness.isolationCheck': live,
  'probes.readiness': roll,
  'probes.startup': roll,
  projectedVolumeTemplate: { effect: 'roll', always: true },
  replica: special,
  replicationSlots: { effect: 'reload', note: 'slots are created or dropped on the running instances' },
  resources: roll,
  schedulerName: roll,
  seccompProfile: roll,
  securityContext: roll,
  serviceAccountName: roll,
  serviceAccountTemplate: live,
  smartShutdownTimeout: { effect: 'live', note: 'holds from the next shutdown on' },
  startDelay: roll,
  stopDelay: roll,
  storage: { effect: 'special', note: 'holds for new volumes only' },
  superuserSecret: { effect: 'live', note: 'sets the password of postgres, if enableSuperuserAccess is on' },
  switchoverDelay: { effect: 'live', note: 'holds from the next switchover on' },
  tablespaces: { effect: 'special', note: 'stay as they are' },
  topologySpreadConstraints: roll,
  walStorage: { effect: 'special', note: 'holds for new volumes only' },
}

/** Annotations of a Cluster that make the operator act (pkg/utils/labels_annotations.go). */
export const CLUSTER_ANNOTATIONS: Readonly<Record<string, FieldRule>> = {
  'cnpg.io/hibernation': { effect: 'special', note: 'means the same as before' },
  'cnpg.io/fencedInstances': special,
  'cnpg.io/skipWalArchiving': special,
  'cnpg.io/reconciliationLoop': { effect: 'special', note: 'means the same as before' },
  'kubectl.kubernetes.io/restartedAt': { effect: 'roll', always: true },
  'cnpg.io/reloadedAt': { effect: 'reload', note: 'asks for a reload' },
  'cnpg.io/podPatch': { effect: 'roll', note: 'patches the Pods' },
  'alpha.cnpg.io/enableInstancePprof': { effect: 'roll', note: 'adds a port to the Pods' },
  'cnpg.io/reconcilePodSpec': {
    effect: 'live',
    note: '"disabled" keeps the operator from replacing Pods whose template changed',
  },
  'cnpg.io/skipEmptyWalArchiveCheck': { effect: 'live', note: 'matters when the cluster is created' },
  'cnpg.io/validation': { effect: 'live', note: '"disabled" switches the checks of the webhook off' },
  'cnpg.io/coredumpFilter': { effect: 'later', note: 'is read when an instance starts' },
  'alpha.cnpg.io/failoverQuorum': reload,
  'alpha.cnpg.io/livenessPinger': live,
  'alpha.cnpg.io/unrecoverable': live,
}
