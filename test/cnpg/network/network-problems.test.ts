// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../../../src/adapters/parameter-catalogs.ts'
import { breaksLater } from '../../../src/cnpg/breaks/breaks-later.ts'
import { kustomization, tree } from '../../diff/trees.ts'

const catalogs = openParameterCatalogs()
const OPERATOR = `apiVersion: apps/v1
kind: Deployment
metadata: { name: cnpg, namespace: cnpg-system }
spec:
  template:
    metadata: { labels: { app.kubernetes.io/name: cloudnative-pg } }
    spec: { containers: [{ image: "ghcr.io/cloudnative-pg/cloudnative-pg:1.28.0" }] }`
const cluster = (spec = '', instances = 3) =>
  `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: pg, namespace: db }\nspec: { instances: ${instances}, storage: { size: 1Gi } ${spec} }`
const R2 = `, backup: { barmanObjectStore: { destinationPath: "s3://a", endpointURL: "https://x.r2.cloudflarestorage.com", s3Credentials: {} } }`

let count = 0
const policy = (spec: string, namespace = 'db') =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p${count++}, namespace: ${namespace} }\nspec: ${spec}`
const cilium = (spec: string, kind = 'CiliumNetworkPolicy') =>
  `apiVersion: cilium.io/v2\nkind: ${kind}\nmetadata: { name: c${count++}${kind === 'CiliumNetworkPolicy' ? ', namespace: db' : ''} }\nspec: ${spec}`

/** What is cut, in short; and names that match nothing. */
function cut(objects: string[], more?: Parameters<typeof kustomization>[2]): string[] {
  const head = tree([
    kustomization('flux-system/db', [OPERATOR, ...objects].join('\n---\n')),
    ...(more === undefined ? [] : [kustomization('flux-system/apps', '', more)]),
  ])
  return breaksLater({ head, catalogs, external: [], operator: '1.28.0' })
    .filter(({ ruleId }) => ruleId.startsWith('cnpg-network'))
    .map(({ ruleId, message }) =>
      ruleId === 'cnpg-network-dns'
        ? 'names'
        : (/the operator|API server|DNS|each other|object store|anybody/.exec(message)?.[0] ?? message),
    )
}

const MINE = 'podSelector: { matchLabels: { cnpg.io/cluster: pg } }'
const FROM_OPERATOR = `{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: cnpg-system } }, podSelector: { matchLabels: { app.kubernetes.io/name: cloudnative-pg } } }], ports: [{ port: 8000 }, { port: 5432 }] }`
const AMONG = `{ from: [{ ${MINE} }], ports: [{ port: 5432 }] }`

describe('NetworkPolicy', () => {
  it.each<[string, string[], string[]]>([
    ['none', [], []],
    ['everything that is needed', [`{ ${MINE}, ingress: [${FROM_OPERATOR}, ${AMONG}] }`], []],
    [
      'two that add up',
      [`{ ${MINE}, ingress: [${AMONG}] }`, `{ podSelector: {}, ingress: [${FROM_OPERATOR}] }`],
      [],
    ],
    ['deny all', ['{ podSelector: {}, policyTypes: [Ingress] }'], ['the operator', 'each other']],
    [
      'deny all, and the operator',
      ['{ podSelector: {}, policyTypes: [Ingress] }', `{ ${MINE}, ingress: [${FROM_OPERATOR}] }`],
      ['each other'],
    ],
    [
      'of another Pod',
      ['{ podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress, Egress] }'],
      [],
    ],
    [
      'the wrong port',
      [`{ ${MINE}, ingress: [${FROM_OPERATOR.replace('8000', '8080')}, ${AMONG}] }`],
      ['the operator'],
    ],
    ['a range of ports', [`{ ${MINE}, ingress: [{ ports: [{ port: 5000, endPort: 9000 }] }] }`], []],
    ['ports by name', [`{ ${MINE}, ingress: [{ ports: [{ port: status }, { port: postgresql }] }] }`], []],
    [
      'UDP',
      [`{ ${MINE}, ingress: [{ ports: [{ port: 8000, protocol: UDP }, { port: 5432 }] }] }`],
      ['the operator'],
    ],
    [
      'an operator of this namespace only',
      [`{ ${MINE}, ingress: [{ from: [{ podSelector: {} }] }] }`],
      ['the operator'],
    ],
    ['every namespace', [`{ ${MINE}, ingress: [{ from: [{ namespaceSelector: {} }] }] }`], []],
    [
      'a namespace by a label that is not in Git',
      [
        `{ ${MINE}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: data } } }] }, ${AMONG}] }`,
      ],
      [],
    ],
    [
      'the wrong namespace',
      [
        `{ ${MINE}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: operators } } }] }, ${AMONG}] }`,
      ],
      ['the operator'],
    ],
    ['addresses', [`{ ${MINE}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }] }`], []],
    [
      'by an expression',
      [
        `{ podSelector: { matchExpressions: [{ key: cnpg.io/podRole, operator: In, values: [instance] }] }, policyTypes: [Ingress] }`,
      ],
      ['the operator', 'each other'],
    ],
    [
      'by an expression that leaves it out',
      [
        `{ podSelector: { matchExpressions: [{ key: cnpg.io/cluster, operator: DoesNotExist }] }, policyTypes: [Ingress] }`,
      ],
      [],
    ],
    ['egress to nowhere', [`{ ${MINE}, policyTypes: [Egress] }`], ['API server', 'DNS', 'each other']],
    [
      'egress to all ports of DNS and itself',
      [`{ ${MINE}, policyTypes: [Egress], egress: [{ to: [{ namespaceSelector: {} }] }] }`],
      ['API server'],
    ],
    ['egress anywhere', [`{ ${MINE}, policyTypes: [Egress], egress: [{}] }`], []],
    [
      'egress to addresses',
      [`{ ${MINE}, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }] }`],
      [],
    ],
    [
      'egress by an empty section',
      [`{ ${MINE}, egress: [], ingress: [{}] }`],
      ['API server', 'DNS', 'each other'],
    ],
  ])('%s', (_, specs, expected) =>
    expect(cut([cluster(), ...specs.map(spec => policy(spec))])).toEqual(expected),
  )

  it('in another namespace is none of its', () =>
    expect(cut([cluster(), policy('{ podSelector: {}, policyTypes: [Ingress] }', 'web')])).toEqual([]))

  it('of a single instance needs no way to others', () =>
    expect(cut([cluster('', 1), policy('{ podSelector: {}, policyTypes: [Ingress] }')])).toEqual([
      'the operator',
    ]))

  it('of a Cluster with a PodMonitor needs port 9187', () =>
    expect(
      cut([
        cluster(', monitoring: { enablePodMonitor: true }'),
        policy(`{ ${MINE}, ingress: [${FROM_OPERATOR}, ${AMONG}] }`),
      ]),
    ).toEqual(['anybody']))

  it('is not judged where a part did not render', () =>
    expect(
      cut([cluster(), policy('{ podSelector: {}, policyTypes: [Ingress] }')], { status: 'failed' }),
    ).toEqual([]))

  it('is not judged beside policies of Calico', () =>
    expect(
      cut([
        cluster(),
        policy('{ podSelector: {}, policyTypes: [Ingress] }'),
        'apiVersion: crd.projectcalico.org/v1\nkind: GlobalNetworkPolicy\nmetadata: { name: a }',
      ]),
    ).toEqual([]))
})

describe('an operator whose chart was not rendered', () => {
  const release = (values: string) =>
    `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: cnpg, namespace: flux }\nspec: { targetNamespace: cnpg-system, values: ${values} }`
  const judged = (values: string, from: string) => {
    const head = tree([
      kustomization(
        'flux-system/db',
        [release(values), cluster('', 1), policy(`{ ${MINE}, ingress: [{ from: [${from}] }] }`)].join(
          '\n---\n',
        ),
      ),
    ])
    const unit = {
      cluster: 'main',
      namespace: 'flux',
      name: 'cnpg',
      chart: 'cloudnative-pg 0.27.0',
      status: 'skipped' as const,
      objects: [],
      inputs: '',
    }
    return breaksLater({ head: { ...head, helmReleases: [unit] }, catalogs, external: [] }).map(
      ({ ruleId }) => ruleId,
    )
  }
  const where = 'namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: cnpg-system } }'
  it.each<[string, string, string[]]>([
    [
      '{}',
      `{ ${where}, podSelector: { matchLabels: { app.kubernetes.io/instance: cnpg-system-cnpg } } }`,
      [],
    ],
    ['{}', `{ ${where}, podSelector: { matchLabels: { app: cnpg } } }`, ['cnpg-network-cut']],
    ['{ podLabels: { app: cnpg } }', `{ ${where}, podSelector: { matchLabels: { app: cnpg } } }`, []],
    ['{}', `{ ${MINE} }`, ['cnpg-network-cut']],
  ])('%s and %s', (values, from, expected) => expect(judged(values, from)).toEqual(expected))
})

describe('CiliumNetworkPolicy', () => {
  const SELF = 'endpointSelector: { matchLabels: { cnpg.io/cluster: pg } }'
  const PEERS = '{ matchLabels: { cnpg.io/cluster: pg } }'
  const DNS = (rules = 'rules: { dns: [{ matchPattern: "*" }] }') =>
    `{ toEndpoints: [{ matchLabels: { k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns } }], toPorts: [{ ports: [{ port: "53" }], ${rules} }] }`
  const API = '{ toEntities: [kube-apiserver] }'
  const AMONG_THEM = `{ toEndpoints: [${PEERS}] }`
  const out = (...rules: string[]) => `{ ${SELF}, egress: [${[API, AMONG_THEM, ...rules].join(', ')}] }`
  const store = (name: string) => `{ toFQDNs: [${name}] }`

  it.each<[string, string[], string[]]>([
    ['all that is needed', [out(DNS(), store('{ matchName: x.r2.cloudflarestorage.com }'))], []],
    ['no DNS proxy', [out(DNS('rules: {}'), store('{ matchName: x.r2.cloudflarestorage.com }'))], ['names']],
    [
      'a proxy by another policy',
      [
        out(DNS('rules: {}'), store('{ matchName: x.r2.cloudflarestorage.com }')),
        `{ endpointSelector: {}, egress: [${DNS()}] }`,
      ],
      [],
    ],
    ['no DNS at all', [out(store('{ matchName: x.r2.cloudflarestorage.com }'))], ['DNS', 'names']],
    ['another host', [out(DNS(), store('{ matchName: y.r2.cloudflarestorage.com }'))], ['object store']],
    ['a pattern', [out(DNS(), store('{ matchPattern: "*.r2.cloudflarestorage.com" }'))], []],
    ['a pattern of the bucket', [out(DNS(), store('{ matchPattern: "*.x.r2.cloudflarestorage.com" }'))], []],
    ['another pattern', [out(DNS(), store('{ matchPattern: "*.amazonaws.com" }'))], ['object store']],
    ['the world', [out(DNS(), '{ toEntities: [world] }')], []],
    [
      'the world by another port',
      [out(DNS(), '{ toEntities: [world], toPorts: [{ ports: [{ port: "80" }] }] }')],
      ['object store'],
    ],
    ['addresses', [out(DNS(), '{ toCIDR: [0.0.0.0/0] }')], []],
    ['no store', [out(DNS())], ['object store']],
    ['no API server', [`{ ${SELF}, egress: [${DNS()}, ${AMONG_THEM}, { toEntities: [world] }] }`], []],
    [
      'no API server, nor the world',
      [
        `{ ${SELF}, egress: [${DNS()}, ${AMONG_THEM}, ${store('{ matchName: x.r2.cloudflarestorage.com }')}] }`,
      ],
      ['API server'],
    ],
    ['that closes nothing', [`{ ${SELF}, enableDefaultDeny: { egress: false }, egress: [${DNS()}] }`], []],
    ['deny by an empty rule', [`{ ${SELF}, ingress: [{}] }`], ['the operator', 'each other']],
    [
      'ports alone',
      [`{ ${SELF}, ingress: [{ toPorts: [{ ports: [{ port: "8000" }, { port: "5432" }] }] }] }`],
      [],
    ],
    [
      'the operator of this namespace',
      [
        `{ ${SELF}, ingress: [{ fromEndpoints: [{ matchLabels: { app.kubernetes.io/name: cloudnative-pg } }, ${PEERS}] }] }`,
      ],
      ['the operator'],
    ],
    [
      'the operator of its namespace',
      [
        `{ ${SELF}, ingress: [{ fromEndpoints: [{ matchLabels: { k8s:io.kubernetes.pod.namespace: cnpg-system, k8s:app.kubernetes.io/name: cloudnative-pg } }, ${PEERS}] }] }`,
      ],
      [],
    ],
    ['the cluster', [`{ ${SELF}, ingress: [{ fromEntities: [cluster] }] }`], []],
    ['the host only', [`{ ${SELF}, ingress: [{ fromEntities: [host] }] }`], ['the operator', 'each other']],
    [
      'with rules that deny',
      [`{ ${SELF}, ingress: [{ fromEntities: [host] }], ingressDeny: [{ fromEntities: [world] }] }`],
      [],
    ],
  ])('%s', (_, specs, expected) =>
    expect(cut([cluster(R2), ...specs.map(spec => cilium(spec))])).toEqual(expected),
  )

  it('of the whole cluster selects it, too', () => {
    const all = `{ endpointSelector: { matchLabels: { k8s:io.kubernetes.pod.namespace: db } }, ingress: [{}] }`
    expect(cut([cluster(), cilium(all, 'CiliumClusterwideNetworkPolicy')])).toEqual([
      'the operator',
      'each other',
    ])
    expect(cut([cluster(), cilium(all.replace(': db', ': web'), 'CiliumClusterwideNetworkPolicy')])).toEqual(
      [],
    )
  })

  it('and NetworkPolicy add up', () =>
    expect(
      cut([
        cluster(),
        cilium(`{ ${SELF}, ingress: [{}] }`),
        policy(`{ ${MINE}, ingress: [${FROM_OPERATOR}, ${AMONG}] }`),
      ]),
    ).toEqual([]))
})
