import type { RenderedObject } from '../../manifest/rendered.ts'

/** 'maybe': it depends on what Git does not say. */
export type Certainty = 'yes' | 'maybe' | 'no'

/** A Pod as policies see it. */
export interface PodLabels {
  /** undefined: not known */
  namespace: string | undefined
  labels: Readonly<Record<string, string>>
  namespaceLabels: Readonly<Record<string, string>>
  /** whether these are all labels it has: else a label that is asked for may be there unseen */
  complete: boolean
}

/** The other end of a connection. */
export type Peer =
  | { is: 'pod'; pod: PodLabels }
  | { is: 'api-server' }
  | { is: 'dns' }
  /** a host outside the cluster, by its name in lower case */
  | { is: 'host'; name: string }
  /** whoever the cluster has: enough that anybody may */
  | { is: 'anybody' }

/** A port, and how a Pod's container calls it. */
export interface Port {
  number: number
  name?: string
}

export interface Allowance {
  allows(peer: Peer, port: Port): Certainty
}

/** A network policy, whoever enforces it. */
export interface Policy {
  object: RenderedObject
  /** whether it is about a Pod */
  selects(pod: PodLabels): Certainty
  /** what it lets in; undefined: it does not close the Pod to what comes in */
  ingress?: readonly Allowance[]
  egress?: readonly Allowance[]
  /** where its egress names hosts, and whether it lets a DNS proxy learn their addresses */
  names?: { hosts: boolean; learns: boolean; field: string }
}

export function either(all: readonly Certainty[]): Certainty {
  return all.includes('yes') ? 'yes' : all.includes('maybe') ? 'maybe' : 'no'
}

export function both(all: readonly Certainty[]): Certainty {
  return all.includes('no') ? 'no' : all.includes('maybe') ? 'maybe' : 'yes'
}
