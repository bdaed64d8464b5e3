// The parts of a Cluster that the webhooks look at, decoded (go-decode.ts): no null, what is not there is nil or zero.
// Names and types: api/v1/cluster_types.go, common_types.go.

export interface Cluster {
  name: string
  annotations: Readonly<Record<string, string>>
  spec: ClusterSpec
  status: ClusterStatus
  /** metadata.resourceVersion is set: an update */
  exists: boolean
}

/** What the rules read of the status; callers give what they know. */
export interface ClusterStatus {
  pgDataImageInfo?: { majorVersion?: number }
  switchReplicaClusterStatus?: { inProgress?: boolean }
  conditions?: readonly { type?: string; status?: string; message?: string }[]
}

export interface ClusterSpec {
  instances?: number
  imageName?: string
  imageCatalogRef?: { major?: number }
  imagePullPolicy?: string
  postgresql?: PostgresConfiguration
  bootstrap?: Bootstrap
  replica?: ReplicaCluster
  superuserSecret?: { name?: string }
  certificates?: {
    serverCASecret?: string
    serverTLSSecret?: string
    replicationTLSSecret?: string
    clientCASecret?: string
    serverAltDNSNames?: string[]
  }
  storage?: Storage
  walStorage?: Storage
  tablespaces?: Tablespace[]
  ephemeralVolumeSource?: object
  ephemeralVolumesSizeLimit?: { temporaryData?: string }
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  affinity?: { enablePodAntiAffinity?: boolean; podAntiAffinityType?: string; tolerations?: Toleration[] }
  primaryUpdateStrategy?: string
  primaryUpdateMethod?: string
  minSyncReplicas?: number
  maxSyncReplicas?: number
  backup?: Backup
  externalClusters?: ExternalCluster[]
  replicationSlots?: ReplicationSlots
  env?: { name?: string }[]
  managed?: { roles?: Role[]; services?: ManagedServices }
  monitoring?: Monitoring
  nodeMaintenanceWindow?: object
  plugins?: { name?: string; enabled?: boolean; isWALArchiver?: boolean }[]
  probes?: { liveness?: { isolationCheck?: IsolationCheck } }
  postgresUID?: number
  postgresGID?: number
  logLevel?: string
  podSelectorRefs?: { name?: string; selector?: LabelSelector }[]
  serviceAccountName?: string
  serviceAccountTemplate?: object
  primaryLease?: { leaseDurationSeconds?: number; renewDeadlineSeconds?: number; retryPeriodSeconds?: number }
}

export interface PostgresConfiguration {
  parameters?: Record<string, string>
  synchronous?: Synchronous
  syncReplicaElectionConstraint?: { enabled?: boolean; nodeLabelsAntiAffinity?: string[] }
  ldap?: { server?: string; bindSearchAuth?: object; bindAsAuth?: object }
  pg_hba?: string[]
  extensions?: Extension[]
}

export interface Synchronous {
  number?: number
  standbyNamesPre?: string[]
  standbyNamesPost?: string[]
  dataDurability?: string
  failoverQuorum?: boolean
  podFailureDomainKeys?: string[]
  nodeFailureDomainKeys?: string[]
}

export interface Extension {
  name?: string
  image?: { reference?: string }
  extension_control_path?: string[]
  dynamic_library_path?: string[]
  ld_library_path?: string[]
  bin_path?: string[]
  env?: { name?: string; value?: string }[]
}

export interface ApplicationDatabase {
  database?: string
  owner?: string
}

export interface Bootstrap {
  initdb?: ApplicationDatabase & {
    encoding?: string
    localeCollate?: string
    localeCType?: string
    walSegmentSize?: number
    import?: Import
    postInitApplicationSQLRefs?: { secretRefs?: KeySelector[]; configMapRefs?: KeySelector[] }
  }
  recovery?: ApplicationDatabase & {
    source?: string
    backup?: object
    recoveryTarget?: RecoveryTarget
    volumeSnapshots?: { storage?: TypedReference; walStorage?: TypedReference }
  }
  pg_basebackup?: ApplicationDatabase & { source?: string }
}

export interface KeySelector {
  name?: string
  key?: string
}

export interface TypedReference {
  apiGroup?: string
  kind?: string
  name?: string
}

export interface Import {
  type?: string
  databases?: string[]
  roles?: string[]
  postImportApplicationSQL?: string[]
}

export interface RecoveryTarget {
  backupID?: string
  targetTLI?: string
  targetXID?: string
  targetName?: string
  targetLSN?: string
  targetTime?: string
  targetImmediate?: boolean
}

export interface ReplicaCluster {
  self?: string
  primary?: string
  source?: string
  enabled?: boolean
  promotionToken?: string
  minApplyDelay?: string
}

export interface Storage {
  storageClass?: string
  size?: string
  pvcTemplate?: { storageClassName?: string; resources?: { requests?: Record<string, string> } }
}

export interface Tablespace {
  name?: string
  storage?: Storage
  owner?: { name?: string }
}

export interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  tolerationSeconds?: number
}

export interface Backup {
  target?: string
  retentionPolicy?: string
  barmanObjectStore?: BarmanObjectStore
  volumeSnapshot?: { tablespaceClassName?: Record<string, string> }
}

export interface BarmanObjectStore {
  azureCredentials?: {
    connectionString?: KeySelector
    storageAccount?: KeySelector
    storageKey?: KeySelector
    storageSasToken?: KeySelector
    inheritFromAzureAD?: boolean
    useDefaultAzureCredentials?: boolean
  }
  s3Credentials?: { accessKeyId?: KeySelector; secretAccessKey?: KeySelector; inheritFromIAMRole?: boolean }
  googleCredentials?: { gkeEnvironment?: boolean; applicationCredentials?: KeySelector }
}

export interface ExternalCluster {
  name?: string
  connectionParameters?: Record<string, string>
  barmanObjectStore?: object
  plugin?: object
  sslCert?: KeySelector
  sslKey?: KeySelector
  sslRootCert?: KeySelector
}

export interface ReplicationSlots {
  highAvailability?: { enabled?: boolean; slotPrefix?: string; synchronizeLogicalDecoding?: boolean }
  synchronizeReplicas?: { enabled?: boolean; excludePatterns?: string[] }
}

export interface Role {
  name?: string
  connectionLimit?: number
  disablePassword?: boolean
  passwordSecret?: object
}

export interface ManagedServices {
  disabledDefaultServices?: string[]
  additional?: {
    serviceTemplate?: { metadata?: { name?: string }; spec?: { selector?: Record<string, string> } }
  }[]
}

export interface Monitoring {
  enablePodMonitor?: boolean
  podMonitorMetricRelabelings?: object[]
  podMonitorRelabelings?: object[]
  disableDefaultQueries?: boolean
  metricsQueriesTTL?: string
}

export interface IsolationCheck {
  enabled?: boolean
  requestTimeout?: number
  connectionTimeout?: number
}

export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key?: string; operator?: string; values?: string[] }[]
}
