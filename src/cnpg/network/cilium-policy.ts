import { goRegexp } from '../../manifest/go-regexp.ts'
import { isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf } from '../../manifest/resource.ts'
import {
  both,
  either,
  type Allowance,
  type Certainty,
  type Peer,
  type PodLabels,
  type Policy,
  type Port,
} from './policy.ts'
import { matchSelector } from './selector.ts'

const NAMESPACE = /^(?:k8s:|any:)?io\.kubernetes\.pod\.namespace$/
const NAMESPACE_LABEL = /^(?:k8s:|any:)?io\.cilium\.k8s\.namespace\.labels\.(.+)$/

/**
 * Reads a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy (cilium.io/v2, 1.18): each of its rules closes the directions it
 * has a section for. @returns none for other kinds; undefined entries never
 */
export function ciliumPolicies(object: RenderedObject): Policy[] {
  const { resource, manifest } = object
  if (groupOf(resource.apiVersion) !== 'cilium.io') return []
  if (resource.kind !== 'CiliumNetworkPolicy' && resource.kind !== 'CiliumClusterwideNetworkPolicy') return []
  const own = resource.kind === 'CiliumNetworkPolicy' ? resource.namespace : undefined
  const specs = valueAt(manifest, 'specs')
  return [
    { spec: valueAt(manifest, 'spec'), field: 'spec' },
    ...(Array.isArray(specs) ? specs : []).map((spec, index) => ({ spec, field: `specs[${index}]` })),
  ].flatMap(({ spec, field }) =>
    isObject(spec) && spec['endpointSelector'] !== undefined ? [policyOf(spec, field)] : [],
  )

  function policyOf(spec: Json, field: string): Policy {
    const ingress = listAt(spec, 'ingress')
    const egress = listAt(spec, 'egress')
    // a rule that denies may cut what another one allows: such policies are not judged
    const denies = listAt(spec, 'ingressDeny').length + listAt(spec, 'egressDeny').length > 0
    const closes = (direction: 'ingress' | 'egress', rules: readonly Json[]) =>
      rules.length > 0 && valueAt(spec, 'enableDefaultDeny', direction) !== false
    return {
      object,
      selects: pod =>
        denies
          ? 'maybe'
          : own !== undefined && pod.namespace !== own
            ? 'no'
            : selects(valueAt(spec, 'endpointSelector'), pod, undefined),
      ...(closes('ingress', ingress) ? { ingress: ingress.map(rule => allowance(rule, 'from', own)) } : {}),
      ...(closes('egress', egress) ? { egress: egress.map(rule => allowance(rule, 'to', own)) } : {}),
      names: {
        hosts: egress.some(rule => listAt(rule, 'toFQDNs').length > 0),
        learns: egress.some(rule =>
          listAt(rule, 'toPorts').some(ports => valueAt(ports, 'rules', 'dns') !== undefined),
        ),
        field: `${field}.egress`,
      },
    }
  }
}

function listAt(value: Json | undefined, name: string): Json[] {
  const list = valueAt(value, name)
  return Array.isArray(list) ? list : []
}

/** @param own the namespace that selectors stay in unless they name one; undefined: all */
function selects(selector: Json | undefined, pod: PodLabels, own: string | undefined): Certainty {
  const namespaces: Record<string, string> = pod.namespace === undefined ? {} : { namespace: pod.namespace }
  const ownNamespace: Certainty =
    own === undefined || namesNamespace(selector)
      ? 'yes'
      : pod.namespace === undefined
        ? 'maybe'
        : pod.namespace === own
          ? 'yes'
          : 'no'
  return both([
    ownNamespace,
    matchSelector(selector, namespaces, pod.namespace !== undefined, key =>
      NAMESPACE.test(key) ? 'namespace' : undefined,
    ),
    matchSelector(selector, pod.namespaceLabels, false, key => NAMESPACE_LABEL.exec(key)?.[1]),
    matchSelector(selector, pod.labels, pod.complete, key =>
      NAMESPACE.test(key) || NAMESPACE_LABEL.test(key) || /io\.cilium\./.test(key)
        ? undefined
        : key.replace(/^(?:k8s|any):/, ''),
    ),
  ])
}

function namesNamespace(selector: Json | undefined): boolean {
  return keysOf(selector).some(key => NAMESPACE.test(key) || NAMESPACE_LABEL.test(key))
}

function keysOf(selector: Json | undefined): string[] {
  const labels = valueAt(selector, 'matchLabels')
  return [
    ...(isObject(labels) ? Object.keys(labels) : []),
    ...listAt(selector, 'matchExpressions').map(expression => textAt(expression, 'key') ?? ''),
  ]
}

function allowance(rule: Json, direction: 'from' | 'to', own: string | undefined): Allowance {
  return {
    allows: (peer, port) =>
      both([allowsPeer(rule, direction, peer, own), allowsPort(listAt(rule, 'toPorts'), port)]),
  }
}

function allowsPeer(rule: Json, direction: 'from' | 'to', peer: Peer, own: string | undefined): Certainty {
  const named = Object.keys(isObject(rule) ? rule : {}).filter(
    name => name.startsWith(direction) && name !== 'toPorts' && name !== 'icmps',
  )
  // ports alone: everybody; nothing at all: nobody
  if (named.length === 0) return listAt(rule, 'toPorts').length > 0 ? 'yes' : 'no'
  return either(named.map(name => allowsNamed(name.slice(direction.length), listAt(rule, name), peer, own)))
}

function allowsNamed(how: string, list: readonly Json[], peer: Peer, own: string | undefined): Certainty {
  if (list.length === 0) return 'no'
  if (peer.is === 'anybody') return 'yes'
  switch (how) {
    case 'Endpoints':
      if (peer.is === 'pod') return either(list.map(selector => selects(selector, peer.pod, own)))
      // a selector without a namespace stays in its own, where DNS is not
      return peer.is === 'dns' && (own === undefined || list.some(namesNamespace)) ? 'maybe' : 'no'
    case 'Entities':
      return either(list.map(entity => allowsEntity(typeof entity === 'string' ? entity : '', peer)))
    case 'FQDNs':
      return peer.is === 'host' ? either(list.map(one => allowsName(one, peer.name))) : 'no'
    case 'CIDR':
    case 'CIDRSet':
      // addresses of Pods are not matched by CIDR
      return peer.is === 'pod' ? 'no' : 'maybe'
    default:
      // toServices, toGroups, toNodes, requires
      return 'maybe'
  }
}

function allowsEntity(entity: string, peer: Peer): Certainty {
  if (entity === 'all') return 'yes'
  switch (peer.is) {
    case 'pod':
      return entity === 'cluster' ? 'yes' : 'no'
    case 'api-server':
      return ['kube-apiserver', 'cluster', 'host', 'remote-node', 'world'].includes(entity) ? 'maybe' : 'no'
    case 'dns':
      return ['cluster', 'host', 'remote-node', 'world'].includes(entity) ? 'maybe' : 'no'
    case 'host':
      return entity === 'world' ? 'yes' : 'no'
    case 'anybody':
    default:
      return 'yes'
  }
}

/** S3 puts the bucket before the host unless it is told not to. */
function allowsName(one: Json, host: string): Certainty {
  const name = textAt(one, 'matchName')?.toLowerCase().replace(/\.$/, '')
  if (name !== undefined) return name === host ? 'yes' : name.endsWith(`.${host}`) ? 'maybe' : 'no'
  const pattern = textAt(one, 'matchPattern')?.toLowerCase()
  if (pattern === undefined) return 'maybe'
  if (pattern === '*') return 'yes'
  // cilium pkg/fqdn/matchpattern: * is any part of a label, **. any number of labels
  const source = pattern
    .split(/(\*+\.?)/)
    .map(part => {
      if (part === '**.') return '(?:.*\\.)?'
      if (part.startsWith('*')) return `[^.]*${part.endsWith('.') ? '\\.' : ''}`
      return part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    })
    .join('')
  const whole = goRegexp(`^${source}$`)
  if (whole === undefined) return 'maybe'
  return whole.test(host) ? 'yes' : whole.test(`bucket.${host}`) ? 'maybe' : 'no'
}

function allowsPort(lists: readonly Json[], port: Port): Certainty {
  const ports = lists.flatMap(list => listAt(list, 'ports'))
  if (ports.length === 0) return 'yes'
  return either(
    ports.map((one): Certainty => {
      const given = valueAt(one, 'port')
      const written = typeof given === 'number' ? `${given}` : typeof given === 'string' ? given : '0'
      const protocol = textAt(one, 'protocol') ?? 'ANY'
      if (protocol !== 'ANY' && protocol !== 'TCP' && port.number !== 53) return 'no'
      if (written === '0' || written === port.name) return 'yes'
      const end = valueAt(one, 'endPort')
      const last = typeof end === 'number' && end > 0 ? end : Number(written)
      return port.number >= Number(written) && port.number <= last ? 'yes' : 'no'
    }),
  )
}
