import { isObject, textAt, valueAt } from '../../manifest/json.ts'
import type { RenderedObject, RenderedTree } from '../../manifest/rendered.ts'
import { groupOf, resourceLabel } from '../../manifest/resource.ts'
import { backupStoreOf } from '../backup-store.ts'
import { isOpen, type ObjectProblem } from '../breaks/problem.ts'
import { ciliumPolicies } from './cilium-policy.ts'
import { kubernetesPolicy } from './kubernetes-policy.ts'
import { either, type Certainty, type Peer, type PodLabels, type Policy, type Port } from './policy.ts'

export interface NetworkRequest {
  objects: readonly RenderedObject[]
  /** for the namespace that the operator's chart goes to */
  helmReleases: RenderedTree['helmReleases']
  /** whether every Kustomization was rendered: another policy may allow what seems to be cut */
  isRendered: boolean
}

/** Policies of others, which may allow or deny in ways that are not read here. */
const FOREIGN = /(?:^|\.)projectcalico\.org$|^policy\.networking\.k8s\.io$|^crd\.antrea\.io$/

const STATUS: Port = { number: 8000, name: 'status' }
const POSTGRES: Port = { number: 5432, name: 'postgresql' }
const METRICS: Port = { number: 9187, name: 'metrics' }
const API: readonly Port[] = [{ number: 6443 }, { number: 443 }]

/** A connection that a Cluster cannot do without. */
interface Flow {
  direction: 'ingress' | 'egress'
  peer: Peer
  /** enough that one of them is open */
  ports: readonly Port[]
  /** 'the operator cannot reach …' */
  cut: string
  seen: string
  repair: string
}

/**
 * Network policies that select the Pods of a Cluster and, taken together, leave out what it needs (CloudNativePG 1.28:
 * docs/src/networking.md; ports of pkg/management/url/url.go). Policies add up: a connection is cut where one of them closes the
 * direction and none of them lets it through. What depends on what Git does not say is not cut.
 */
export function networkProblems(request: NetworkRequest): ObjectProblem[] {
  const { objects } = request
  if (!request.isRendered) return []
  if (objects.some(({ resource }) => FOREIGN.test(groupOf(resource.apiVersion)))) return []
  const policies = objects.flatMap(object => [kubernetesPolicy(object) ?? [], ciliumPolicies(object)].flat())
  if (policies.length === 0) return []
  return objects
    .filter(
      ({ resource }) => resource.kind === 'Cluster' && groupOf(resource.apiVersion) === 'postgresql.cnpg.io',
    )
    .flatMap(cluster => aboutCluster(cluster, policies, request))
}

function aboutCluster(
  cluster: RenderedObject,
  policies: readonly Policy[],
  { objects, helmReleases }: NetworkRequest,
): ObjectProblem[] {
  const pod = podOf(cluster, objects)
  const about = policies
    .map(policy => ({ policy, selects: policy.selects(pod) }))
    .filter(({ selects }) => selects !== 'no')
  const selecting = about.filter(({ selects }) => selects === 'yes').map(({ policy }) => policy)
  const flows = flowsOf(cluster, pod, objects, operatorPod(objects, helmReleases))
  return [
    ...flows.flatMap((flow): ObjectProblem[] => {
      const closing = selecting.find(policy => policy[flow.direction] !== undefined)
      if (closing === undefined) return []
      const allowed = either(
        about.flatMap(({ policy, selects }) =>
          flow.ports.flatMap(port =>
            (policy[flow.direction] ?? []).map((rule): Certainty => {
              const answer = rule.allows(flow.peer, port)
              return selects === 'maybe' && answer === 'yes' ? 'maybe' : answer
            }),
          ),
        ),
      )
      if (allowed !== 'no') return []
      return [
        {
          object: closing.object,
          ruleId: 'cnpg-network-cut',
          level: 'warning',
          message: `It selects the instances of ${resourceLabel(cluster.resource)}, and no policy lets ${flow.cut}: ${flow.seen}.`,
          repair: flow.repair,
          field:
            valueAt(closing.object.manifest, 'spec', flow.direction) === undefined
              ? 'spec'
              : `spec.${flow.direction}`,
        },
      ]
    }),
    ...nameProblems(
      cluster,
      selecting,
      about.some(({ policy }) => policy.names?.learns === true),
    ),
  ]
}

function flowsOf(
  cluster: RenderedObject,
  pod: PodLabels,
  objects: readonly RenderedObject[],
  operator: PodLabels,
): Flow[] {
  const instance: Peer = { is: 'pod', pod }
  const several = Number(valueAt(cluster.manifest, 'spec', 'instances') ?? 1) > 1
  const flows: Flow[] = [
    {
      direction: 'ingress',
      peer: { is: 'pod', pod: operator },
      ports: [STATUS],
      cut: 'the operator reach port 8000',
      seen: 'it learns no status; the Cluster never becomes ready, and nobody fails over',
      repair: 'Allow ports 8000 and 5432 from the Pods of the operator, in its own namespace.',
    },
    {
      direction: 'egress',
      peer: { is: 'api-server' },
      ports: API,
      cut: 'them reach the API server',
      seen: 'the instance manager reads neither its Cluster nor its Secrets, and PostgreSQL does not start',
      repair:
        'Allow egress to the API server (Cilium: toEntities kube-apiserver; else its address and port).',
    },
  ]
  flows.push({
    direction: 'egress',
    peer: { is: 'dns' },
    ports: [{ number: 53, name: 'dns' }],
    cut: 'them reach DNS',
    seen: 'no name is resolved; replicas do not find the primary, nor backups their store',
    repair: 'Allow egress to kube-dns on port 53, UDP and TCP.',
  })
  if (several) {
    const between = {
      peer: instance,
      ports: [POSTGRES],
      cut: 'the instances reach each other on port 5432',
      seen: 'no replica can be cloned or follow the primary',
      repair:
        'Allow port 5432 between the Pods with the label cnpg.io/cluster of this Cluster, in both directions.',
    }
    flows.push({ direction: 'ingress', ...between }, { direction: 'egress', ...between })
  }
  const host = storeHost(cluster, objects)
  if (host !== undefined)
    flows.push({
      direction: 'egress',
      peer: { is: 'host', name: host.name },
      ports: [{ number: host.port }],
      cut: `them reach the object store ${host.name}:${host.port}`,
      seen: 'WAL archiving and every backup fail, and WAL fills the volume',
      repair: `Allow egress to ${host.name} on port ${host.port}.`,
    })
  if (isScraped(cluster, objects))
    flows.push({
      direction: 'ingress',
      peer: { is: 'anybody' },
      ports: [METRICS],
      cut: 'anybody reach port 9187',
      seen: 'its PodMonitor gets no metrics',
      repair: 'Allow port 9187 from the namespace of the monitoring.',
    })
  return flows
}

/** An instance of a Cluster (cloudnative-pg 1.28 pkg/specs/pods.go; app.kubernetes.io/* since 1.28). */
function podOf({ manifest, resource }: RenderedObject, objects: readonly RenderedObject[]): PodLabels {
  return {
    namespace: resource.namespace,
    namespaceLabels: namespaceLabels(resource.namespace, objects),
    labels: {
      'app.kubernetes.io/name': 'postgresql',
      'app.kubernetes.io/instance': resource.name,
      'app.kubernetes.io/component': 'database',
      'app.kubernetes.io/managed-by': 'cloudnative-pg',
      'cnpg.io/instanceRole': 'primary',
      role: 'primary',
      ...textsOf(valueAt(manifest, 'spec', 'inheritedMetadata', 'labels')),
      'cnpg.io/cluster': resource.name,
      'cnpg.io/podRole': 'instance',
    },
    complete: true,
  }
}

/** The operator's Pods: as its Deployment says, else as the chart of its release makes them. */
function operatorPod(
  objects: readonly RenderedObject[],
  helmReleases: RenderedTree['helmReleases'],
): PodLabels {
  const deployment = objects.find(
    ({ resource, manifest }) =>
      resource.kind === 'Deployment' &&
      /\/cloudnative-pg(?:-testing)?[:@]/.test(
        textAt(manifest, 'spec', 'template', 'spec', 'containers', 0, 'image') ?? '',
      ),
  )
  if (deployment !== undefined)
    return {
      namespace: deployment.resource.namespace,
      namespaceLabels: namespaceLabels(deployment.resource.namespace, objects),
      labels: textsOf(valueAt(deployment.manifest, 'spec', 'template', 'metadata', 'labels')),
      complete: true,
    }
  const release = helmReleases.find(({ chart }) => /(?:^|\/)cloudnative-pg(?: |$)/.test(chart))
  const object = objects.find(
    ({ resource }) =>
      resource.kind === 'HelmRelease' &&
      resource.namespace === release?.namespace &&
      resource.name === release.name,
  )
  const namespace =
    release === undefined
      ? undefined
      : (textAt(object?.manifest, 'spec', 'targetNamespace') ?? release.namespace)
  return {
    namespace,
    namespaceLabels: namespace === undefined ? {} : namespaceLabels(namespace, objects),
    labels: {
      'app.kubernetes.io/name': 'cloudnative-pg',
      ...(object === undefined ? {} : { 'app.kubernetes.io/instance': releaseName(object) }),
    },
    complete: object !== undefined && !relabels(object),
  }
}

/** Whether the values of a release may change the labels of the operator's Pods (chart cloudnative-pg, templates/_helpers.tpl). */
function relabels({ manifest }: RenderedObject): boolean {
  const values = valueAt(manifest, 'spec', 'values')
  return (
    valueAt(manifest, 'spec', 'valuesFrom') !== undefined ||
    valueAt(manifest, 'spec', 'postRenderers') !== undefined ||
    ['podLabels', 'commonLabels', 'nameOverride'].some(name => valueAt(values, name) !== undefined)
  )
}

/** helm-controller api/v2 GetReleaseName. */
function releaseName({ manifest, resource }: RenderedObject): string {
  const target = textAt(manifest, 'spec', 'targetNamespace')
  return (
    textAt(manifest, 'spec', 'releaseName') ??
    (target === undefined ? resource.name : `${target}-${resource.name}`)
  )
}

function namespaceLabels(namespace: string, objects: readonly RenderedObject[]): Record<string, string> {
  const object = objects.find(
    ({ resource }) =>
      resource.kind === 'Namespace' && resource.apiVersion === 'v1' && resource.name === namespace,
  )
  return {
    ...textsOf(valueAt(object?.manifest, 'metadata', 'labels')),
    'kubernetes.io/metadata.name': namespace,
  }
}

function textsOf(map: ReturnType<typeof valueAt>): Record<string, string> {
  return isObject(map)
    ? Object.fromEntries(
        Object.entries(map).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
      )
    : {}
}

/** The host that backups go to, outside of this cluster; undefined where that is not known. */
function storeHost(
  { manifest }: RenderedObject,
  objects: readonly RenderedObject[],
): { name: string; port: number } | undefined {
  const endpoint = backupStoreOf(manifest, objects)?.endpointURL
  if (endpoint === undefined || isOpen(endpoint) || !URL.canParse(endpoint)) return undefined
  const { hostname, port, protocol } = new URL(endpoint)
  const name = hostname.toLowerCase()
  // a Service, or an address: by which policy it is reached is not known
  if (!name.includes('.') || /(?:\.svc(?:\.|$)|\.local$|^[\d.]+$|^\[)/.test(name)) return undefined
  return { name, port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port) }
}

function isScraped(cluster: RenderedObject, objects: readonly RenderedObject[]): boolean {
  if (valueAt(cluster.manifest, 'spec', 'monitoring', 'enablePodMonitor') === true) return true
  return objects.some(
    ({ resource, manifest }) =>
      resource.kind === 'PodMonitor' &&
      textAt(manifest, 'spec', 'selector', 'matchLabels', 'cnpg.io/cluster') === cluster.resource.name,
  )
}

/** toFQDNs matches addresses that Cilium's DNS proxy has seen; it sees those that a rule with rules.dns sends through it. */
function nameProblems(
  cluster: RenderedObject,
  selecting: readonly Policy[],
  learns: boolean,
): ObjectProblem[] {
  const naming = selecting.find(({ names }) => names?.hosts === true)
  if (naming === undefined || learns) return []
  return [
    {
      object: naming.object,
      ruleId: 'cnpg-network-dns',
      level: 'warning',
      message: `Its toFQDNs match nothing for ${resourceLabel(cluster.resource)}: no policy sends the DNS of its instances through Cilium's proxy, so no address is ever learnt.`,
      repair: 'Add egress to kube-dns, port 53, with rules: { dns: [{ matchPattern: "*" }] }.',
      field: naming.names?.field ?? 'spec.egress',
    },
  ]
}
