import { isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf } from '../../manifest/resource.ts'
import { both, either, type Allowance, type Certainty, type Peer, type Policy, type Port } from './policy.ts'
import { matchSelector } from './selector.ts'

/** Reads a NetworkPolicy (networking.k8s.io/v1). @returns undefined for other kinds */
export function kubernetesPolicy(object: RenderedObject): Policy | undefined {
  const { resource, manifest } = object
  if (resource.kind !== 'NetworkPolicy' || groupOf(resource.apiVersion) !== 'networking.k8s.io')
    return undefined
  const types = valueAt(manifest, 'spec', 'policyTypes')
  const egress = valueAt(manifest, 'spec', 'egress')
  // without policyTypes: Ingress always, Egress where there is an egress section
  const closes = (direction: 'Ingress' | 'Egress'): boolean =>
    Array.isArray(types) ? types.includes(direction) : direction === 'Ingress' || egress !== undefined
  const rules = (side: 'ingress' | 'egress', peers: 'from' | 'to'): Allowance[] => {
    const list = valueAt(manifest, 'spec', side)
    return (Array.isArray(list) ? list : []).map(rule => ({
      allows: (peer, port) =>
        both([
          allowsPeer(valueAt(rule, peers), peer, resource.namespace),
          allowsPort(valueAt(rule, 'ports'), port, peer),
        ]),
    }))
  }
  return {
    object,
    selects: pod =>
      pod.namespace === resource.namespace
        ? matchSelector(valueAt(manifest, 'spec', 'podSelector'), pod.labels, true)
        : 'no',
    ...(closes('Ingress') ? { ingress: rules('ingress', 'from') } : {}),
    ...(closes('Egress') ? { egress: rules('egress', 'to') } : {}),
  }
}

function allowsPeer(peers: Json | undefined, peer: Peer, own: string): Certainty {
  // none named: everybody
  if (!Array.isArray(peers) || peers.length === 0) return 'yes'
  return either(peers.map(one => allowsOne(one, peer, own)))
}

function allowsOne(one: Json, peer: Peer, own: string): Certainty {
  if (isObject(valueAt(one, 'ipBlock'))) {
    // which addresses these are, Git does not say
    return peer.is === 'anybody' ? 'yes' : 'maybe'
  }
  if (peer.is === 'anybody') return 'yes'
  // the API server is no Pod of the Pod network, and a host outside is none at all
  if (peer.is === 'api-server' || peer.is === 'host') return 'no'
  // DNS is in a namespace of its own
  if (peer.is === 'dns') return valueAt(one, 'namespaceSelector') === undefined ? 'no' : 'maybe'
  const { pod } = peer
  const namespaces = valueAt(one, 'namespaceSelector')
  const where: Certainty =
    namespaces === undefined
      ? pod.namespace === undefined
        ? 'maybe'
        : pod.namespace === own
          ? 'yes'
          : 'no'
      : pod.namespace === undefined
        ? 'maybe'
        : matchSelector(namespaces, pod.namespaceLabels, false)
  return both([where, matchSelector(valueAt(one, 'podSelector'), pod.labels, pod.complete)])
}

function allowsPort(ports: Json | undefined, port: Port, peer: Peer): Certainty {
  if (!Array.isArray(ports) || ports.length === 0) return 'yes'
  return either(
    ports.map((one): Certainty => {
      const number = valueAt(one, 'port')
      const protocol = textAt(one, 'protocol') ?? 'TCP'
      if (protocol !== 'TCP' && peer.is !== 'dns') return 'no'
      if (number === undefined) return 'yes'
      if (typeof number === 'string') return number === port.name ? 'yes' : 'no'
      if (typeof number !== 'number') return 'maybe'
      const end = valueAt(one, 'endPort')
      const last = typeof end === 'number' ? end : number
      return port.number >= number && port.number <= last ? 'yes' : 'no'
    }),
  )
}
