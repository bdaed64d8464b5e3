import { defaultUpdates, type UpdatesConfig } from './updates-config.ts'

/**
 * `.github/cnpg-steward.yaml`, all optional; config.schema.json says how it is written. Decisions are read from the base
 * branch; the head's version is only validated.
 */
export interface Config {
  /** entry points that are not in Git, or that must be named */
  clusters: ClusterConfig[]
  /** objects that live outside this repository and may be referred to: 'Kustomization flux-system/rook-ceph-cluster' */
  external: ExternalObject[]
  /** Flux minor: '2.9' decides strict substitution; absent: what the tree installs, else `NEWEST_FLUX` */
  fluxVersion?: string
  /** '1.35.0'; absent: nobody said, `ASSUMED_KUBERNETES` or newer */
  kubernetesVersion?: string
  /** operator version where the tree does not say: '1.28.0'; absent: newest of the catalog */
  cnpgVersion?: string
  /** what house-annotation-prefix asks for: 'example.org'; absent: any prefix */
  annotationPrefix?: string
  /** rule id → level or 'off' */
  rules: Record<string, RuleSetting>
  /** branches whose pull requests are reviewed; absent: all */
  branches?: string[]
  /** hosts inside the network that charts may be fetched from: 'charts.example.internal', 'registry.lan:5000' */
  chartHosts: string[]
  budgets: Budgets
  /** which updates are proposed, when, and together with what */
  updates: UpdatesConfig
}

export interface ClusterConfig {
  name: string
  /** the directory the root Kustomization applies, from the root of the repository, without './' or trailing '/' */
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
  /** '' for objects without one */
  namespace: string
  name: string
}

export interface RuleSetting {
  level: 'error' | 'warning' | 'note' | 'off'
  reason: string
}

/** Smaller than what GitHub allows; absent: GitHub's own limits. */
export interface Budgets {
  /** characters of the comment */
  comment?: number
  /** lines of one object's diff in the comment */
  diffLines?: number
}

/** The version that charts are rendered for, and that objects must fit at least, where the configuration names none. */
export const ASSUMED_KUBERNETES = '1.35.0'

/** The newest minor of Flux whose rules are known: in use where neither configuration nor tree says. */
export const NEWEST_FLUX = '2.9'

export const defaultConfig: Config = {
  clusters: [],
  external: [],
  rules: {},
  chartHosts: [],
  budgets: {},
  updates: defaultUpdates,
}
