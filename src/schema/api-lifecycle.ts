import { compareVersions } from '../manifest/compare-versions.ts'
import { groupOf } from '../manifest/resource.ts'

/** When an API version is no longer served, and what takes its place. */
export interface RemovedApi {
  /** 'Kubernetes 1.25', 'Flux 2.8' */
  removedIn: string
  /** the API version to use; undefined: there is none */
  use?: string
}

interface Row {
  project: 'Kubernetes' | 'Flux'
  apiVersion: string
  /** undefined: all kinds of it */
  kinds?: readonly string[]
  removed: string
  use?: string
}

/**
 * Kubernetes: the deprecation guide (kubernetes.io/docs/reference/using-api/deprecation-guide, as of 1.35). Flux: the CRDs of the
 * releases 2.6.4, 2.7.5, 2.8.8 and 2.9.5, which versions they serve.
 */
const ROWS: readonly Row[] = [
  ...kubernetes('1.16', {
    'extensions/v1beta1': [['DaemonSet', 'Deployment', 'ReplicaSet'], 'apps/v1'],
    'apps/v1beta1': [undefined, 'apps/v1'],
    'apps/v1beta2': [undefined, 'apps/v1'],
  }),
  ...kubernetes('1.16', { 'extensions/v1beta1': [['NetworkPolicy'], 'networking.k8s.io/v1'] }),
  ...kubernetes('1.16', { 'extensions/v1beta1': [['PodSecurityPolicy'], undefined] }),
  ...kubernetes('1.22', {
    'admissionregistration.k8s.io/v1beta1': [
      ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
      'admissionregistration.k8s.io/v1',
    ],
    'apiextensions.k8s.io/v1beta1': [undefined, 'apiextensions.k8s.io/v1'],
    'apiregistration.k8s.io/v1beta1': [undefined, 'apiregistration.k8s.io/v1'],
    'certificates.k8s.io/v1beta1': [['CertificateSigningRequest'], 'certificates.k8s.io/v1'],
    'coordination.k8s.io/v1beta1': [['Lease'], 'coordination.k8s.io/v1'],
    'extensions/v1beta1': [['Ingress'], 'networking.k8s.io/v1'],
    'networking.k8s.io/v1beta1': [['Ingress', 'IngressClass'], 'networking.k8s.io/v1'],
    'rbac.authorization.k8s.io/v1beta1': [undefined, 'rbac.authorization.k8s.io/v1'],
    'scheduling.k8s.io/v1beta1': [['PriorityClass'], 'scheduling.k8s.io/v1'],
    'storage.k8s.io/v1beta1': [
      ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment'],
      'storage.k8s.io/v1',
    ],
  }),
  ...kubernetes('1.25', {
    'batch/v1beta1': [['CronJob'], 'batch/v1'],
    'discovery.k8s.io/v1beta1': [['EndpointSlice'], 'discovery.k8s.io/v1'],
    'events.k8s.io/v1beta1': [['Event'], 'events.k8s.io/v1'],
    'autoscaling/v2beta1': [['HorizontalPodAutoscaler'], 'autoscaling/v2'],
    'policy/v1beta1': [['PodDisruptionBudget'], 'policy/v1'],
    'node.k8s.io/v1beta1': [['RuntimeClass'], 'node.k8s.io/v1'],
  }),
  ...kubernetes('1.25', { 'policy/v1beta1': [['PodSecurityPolicy'], undefined] }),
  ...kubernetes('1.26', {
    'flowcontrol.apiserver.k8s.io/v1beta1': [undefined, 'flowcontrol.apiserver.k8s.io/v1'],
    'autoscaling/v2beta2': [['HorizontalPodAutoscaler'], 'autoscaling/v2'],
  }),
  ...kubernetes('1.27', { 'storage.k8s.io/v1beta1': [['CSIStorageCapacity'], 'storage.k8s.io/v1'] }),
  ...kubernetes('1.29', {
    'flowcontrol.apiserver.k8s.io/v1beta2': [undefined, 'flowcontrol.apiserver.k8s.io/v1'],
  }),
  ...kubernetes('1.32', {
    'flowcontrol.apiserver.k8s.io/v1beta3': [undefined, 'flowcontrol.apiserver.k8s.io/v1'],
  }),
  ...flux('kustomize.toolkit.fluxcd.io', { v1beta1: '2.7', v1beta2: '2.8' }, 'v1'),
  ...flux('helm.toolkit.fluxcd.io', { v2beta1: '2.7', v2beta2: '2.8' }, 'v2'),
  ...flux('source.toolkit.fluxcd.io', { v1beta1: '2.7', v1beta2: '2.8' }, 'v1'),
  ...flux('image.toolkit.fluxcd.io', { v1beta1: '2.7', v1beta2: '2.9' }, 'v1'),
  ...flux('notification.toolkit.fluxcd.io', { v1beta1: '2.7', v1beta2: '2.9' }, 'v1beta3'),
]

function kubernetes(
  removed: string,
  apis: Readonly<Record<string, readonly [kinds: readonly string[] | undefined, use: string | undefined]>>,
): Row[] {
  return Object.entries(apis).map(([apiVersion, [kinds, use]]) => ({
    project: 'Kubernetes',
    apiVersion,
    removed,
    ...(kinds === undefined ? {} : { kinds }),
    ...(use === undefined ? {} : { use }),
  }))
}

function flux(group: string, versions: Readonly<Record<string, string>>, use: string): Row[] {
  return Object.entries(versions).map(([version, removed]) => ({
    project: 'Flux',
    apiVersion: `${group}/${version}`,
    removed,
    use: `${group}/${use}`,
  }))
}

/** What becomes of an API version that has an end. @returns undefined for those that have none */
export function apiEnd(
  apiVersion: string,
  kind: string,
  inUse: { kubernetes: string; flux: string },
): (RemovedApi & { gone: boolean }) | undefined {
  const row = ROWS.find(
    one => one.apiVersion === apiVersion && (one.kinds === undefined || one.kinds.includes(kind)),
  )
  if (row === undefined) return undefined
  const version = row.project === 'Flux' ? inUse.flux : inUse.kubernetes
  return {
    removedIn: `${row.project} ${row.removed}`,
    // Receiver became stable before the rest of its group
    ...(row.use === undefined ? {} : { use: kind === 'Receiver' ? `${groupOf(apiVersion)}/v1` : row.use }),
    gone: compareVersions(version.replace(/^v/, ''), row.removed) >= 0,
  }
}
