import type { Cluster, ExternalCluster, Storage } from './cluster-types.ts'
import { imageTag, postgresMajor } from './image-reference.ts'
import type { OperatorRelease } from './operator-release.ts'
import { parseQuantity, quantityOrZero, type Quantity } from '../quantity.ts'

// Methods of Cluster and its parts: api/v1/cluster_funcs.go, the same in 1.26 to main.

/** GetPostgresqlMajorVersion; @returns `undefined` where the image's tag is no version (validateImageName says so). */
export function majorVersion({ spec }: Cluster, release: OperatorRelease): number | undefined {
  if (spec.imageCatalogRef !== undefined) return spec.imageCatalogRef.major ?? 0
  return postgresMajor(
    imageTag(spec.imageName === undefined || spec.imageName === '' ? release.defaultImage : spec.imageName),
  )
}

/** IsReplica */
export function isReplica({ name, spec: { replica } }: Cluster): boolean {
  if (replica === undefined) return false
  if (replica.enabled !== undefined) return replica.enabled
  return (replica.self === undefined || replica.self === '' ? name : replica.self) !== (replica.primary ?? '')
}

/** ExternalCluster */
export function externalCluster({ spec }: Cluster, name: string | undefined): ExternalCluster | undefined {
  return spec.externalClusters?.find(external => (external.name ?? '') === (name ?? ''))
}

/** StorageConfiguration.GetSizeOrNil: the size, else the request of the pvcTemplate (0 where that names none). */
export function sizeOf(storage: Storage | undefined): Quantity | undefined {
  if (storage === undefined) return undefined
  if (storage.size !== undefined && storage.size !== '') {
    const size = parseQuantity(storage.size)
    return typeof size === 'string' ? undefined : size
  }
  return storage.pvcTemplate === undefined ? undefined : requestedStorage(storage)
}

/** What the pvcTemplate requests; 0 where it says nothing. */
export function requestedStorage(storage: Storage): Quantity {
  return quantityOrZero(storage.pvcTemplate?.resources?.requests?.['storage'])
}

/** GetTablespaceConfiguration */
export function hasTablespace({ spec }: Cluster, name: string): boolean {
  return spec.tablespaces?.some(tablespace => (tablespace.name ?? '') === name) ?? false
}

/** GetEnabled of both kinds of replication slots: on unless switched off. */
export function isOn(slots: { enabled?: boolean } | undefined): boolean {
  return slots?.enabled ?? true
}
