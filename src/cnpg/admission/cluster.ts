import { validateHibernationAnnotation, validateLivenessPingerProbe } from './annotations.ts'
import { validateBackupConfiguration, validateRetentionPolicy } from './backup-store.ts'
import * as bootstrap from './bootstrap.ts'
import * as settings from './cluster-settings.ts'
import { validateConfiguration, validateWALLevelChange } from './configuration.ts'
import { validateExtensions } from './extensions.ts'
import { validateExternalClusters } from './external-clusters.ts'
import * as images from './images.ts'
import { validateManagedRoles, validateManagedServices } from './managed.ts'
import { validatePodSelectorRefs } from './pod-selectors.ts'
import { validateRecoveryTarget } from './recovery-target.ts'
import * as replica from './replica-cluster.ts'
import * as slots from './replication-slots.ts'
import { validateResources } from './resources.ts'
import type { ClusterChangeRule, ClusterRule } from './rule.ts'
import { validateAntiAffinity, validateTolerations } from './scheduling.ts'
import * as storage from './storage.ts'
import * as synchronous from './synchronous.ts'

/** ClusterCustomValidator.validate, in its order; validatePodPatchAnnotation (pod-patch.ts) comes on top. */
export const CLUSTER_RULES: readonly ClusterRule[] = [
  bootstrap.validateInitDB,
  bootstrap.validateRecoveryApplicationDatabase,
  bootstrap.validatePgBaseBackupApplicationDatabase,
  bootstrap.validateImport,
  settings.validateSuperuserSecret,
  settings.validateCerts,
  bootstrap.validateBootstrapMethod,
  images.validateImageName,
  images.validateImagePullPolicy,
  validateRecoveryTarget,
  settings.validatePrimaryUpdateStrategy,
  synchronous.validateMinSyncReplicas,
  synchronous.validateMaxSyncReplicas,
  storage.validateStorageSize,
  storage.validateWalStorageSize,
  storage.validateEphemeralVolumeSource,
  storage.validateTablespaceStorageSize,
  settings.validateName,
  storage.validateTablespaceNames,
  bootstrap.validateBootstrapPgBaseBackupSource,
  storage.validateTablespaceBackupSnapshot,
  bootstrap.validateBootstrapRecoverySource,
  bootstrap.validateBootstrapRecoveryDataSource,
  validateExternalClusters,
  validateTolerations,
  validateAntiAffinity,
  replica.validateReplicaMode,
  validateBackupConfiguration,
  validateRetentionPolicy,
  validateConfiguration,
  synchronous.validateSynchronousReplicaConfiguration,
  synchronous.validateFailoverQuorumAlphaAnnotation,
  synchronous.validateFailoverQuorum,
  settings.validateLDAP,
  slots.validateReplicationSlots,
  slots.validateSynchronizeLogicalDecoding,
  settings.validateEnv,
  validateManagedServices,
  validateManagedRoles,
  slots.validatePgFailoverSlots,
  validateResources,
  validateHibernationAnnotation,
  replica.validatePromotionToken,
  settings.validatePluginConfiguration,
  validateLivenessPingerProbe,
  validatePodSelectorRefs,
  validateExtensions,
  settings.validateServiceAccountConfig,
  settings.validatePrimaryLease,
]

/** ClusterCustomValidator.validateClusterChanges */
export const CLUSTER_CHANGE_RULES: readonly ClusterChangeRule[] = [
  images.validateImageChange,
  images.validateConfigurationChange,
  storage.validateStorageChange,
  storage.validateWalStorageChange,
  storage.validateTablespacesChange,
  settings.validateUnixPermissionIdentifierChange,
  slots.validateReplicationSlotsChange,
  validateWALLevelChange,
  replica.validateReplicaClusterChange,
]
