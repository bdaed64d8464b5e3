/**
 * `.github/cnpg-steward.yaml`, all optional. Decisions are read from the base branch; the head's version is only validated.

 */
export interface Config {
  /** entry points that are not in Git, or that must be named */
  clusters: ClusterConfig[]
  /** objects that live outside this repository and may be referred to: 'Kustomization flux-system/rook-ceph-cluster' */
  external: ExternalObject[]
  /** Flux minor: '2.9' decides strict substitution */
  fluxVersion: string
  /** '1.35' */
  kubernetesVersion: string
  /** operator version where the tree does not say: '1.28.0'; absent: newest of the catalog */
  cnpgVersion?: string
  /** rule id → level or 'off' */
  rules: Record<string, RuleSetting>
  /** branches whose pull requests are reviewed; absent: all */
  branches?: string[]
}

export interface ClusterConfig {
  name: string
  /** the directory the root Kustomization applies, as its spec.path */
  path: string
  /** branch this cluster follows; absent: the default branch */
  branch?: string
  /** how long after the merge the cluster follows, in words: 'a day' */
  delay?: string
  /** variables known outside Git, for substitution */
  variables: Record<string, string>
}

export interface ExternalObject {
  kind: string
  namespace: string
  name: string
}

export interface RuleSetting {
  level: 'error' | 'warning' | 'note' | 'off'
  reason: string
}

export const defaultConfig: Config = {
  clusters: [],
  external: [],
  fluxVersion: '2.9',
  kubernetesVersion: '1.35.0',
  rules: {},
}
