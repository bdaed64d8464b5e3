import type { JsonObject } from '../../manifest/json.ts'

/** A Kustomization or HelmRelease that a commit touches. */
export interface UnitExpectation {
  kind: 'Kustomization' | 'HelmRelease'
  namespace: string
  name: string
  /** keys of the units that must be ready before it (`unitKey`) */
  dependsOn: string[]
  /** of a HelmRelease: the chart version that the commit asks for */
  chartVersion?: string
}

/** A database that a commit touches, and what its Cluster should be like then. Absent fields are not touched. */
export interface DatabaseExpectation {
  namespace: string
  name: string
  /** the unit that applies it (`unitKey`) */
  unit: string
  /** the commit takes it away */
  absent?: true
  image?: string
  instances?: number
  /** parameters that the commit sets, with their values */
  parameters?: Record<string, string>
  /**
   * What else the commit sets in the spec, and nothing that it leaves alone; lists as a whole. Values as the API server stores
   * them. Fields that it takes away do not belong here: the operator may put a default in their place.
   */
  spec?: JsonObject
  /** the review's impact: 'reload', 'rolling-restart', … */
  impact: string
}

/** What a commit brings to one cluster. Plain JSON. */
export interface Expectation {
  /** the commit, 40 hexadecimal digits */
  commit: string
  /** the cluster's name in the configuration */
  cluster: string
  /** what every unit is applied from: 'GitRepository flux-system/flux-system' */
  source: string
  units: UnitExpectation[]
  databases: DatabaseExpectation[]
  /** milliseconds by impact, and of 'flux', where they are not the usual ones */
  deadlines?: Record<string, number>
}

export function unitKey({
  kind,
  namespace,
  name,
}: Pick<UnitExpectation, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`
}

export function databaseKey({ namespace, name }: Pick<DatabaseExpectation, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

const MINUTE = 60_000

/** How long Flux may take: intervals of an hour are usual, and a webhook makes them shorter. */
const FLUX_DEADLINE_MS = 75 * MINUTE

const DATABASE_DEADLINES: Readonly<Record<string, number>> = {
  none: 5 * MINUTE,
  ignored: 5 * MINUTE,
  reload: 5 * MINUTE,
  'rolling-restart': 30 * MINUTE,
  'primary-restart': 30 * MINUTE,
  switchover: 30 * MINUTE,
  // a replica is a copy of the whole database
  scale: 120 * MINUTE,
  resize: 60 * MINUTE,
  'operator-rollout': 60 * MINUTE,
  'major-upgrade': 120 * MINUTE,
  hibernation: 15 * MINUTE,
  'backup-gap': 15 * MINUTE,
}

export function fluxDeadline({ deadlines }: Pick<Expectation, 'deadlines'>): number {
  return deadlines?.flux ?? FLUX_DEADLINE_MS
}

/** How long a database may take to settle once its edit is applied, by what the edit does. */
export function databaseDeadline(impact: string, { deadlines }: Pick<Expectation, 'deadlines'> = {}): number {
  return deadlines?.[impact] ?? DATABASE_DEADLINES[impact] ?? 30 * MINUTE
}

/**
 * The commit in a revision of Git as Flux writes it: 'main@sha1:abc…', 'sha1:abc…' or, before v2, 'main/abc…'; OCI artifacts have
 * also the commit alone.
 * @returns `undefined` for the digest of an OCI artifact ('latest@sha256:…'), which is no commit
 */
export function commitOf(revision: string): string | undefined {
  return /(?:^|[@/])(?:sha1:)?([0-9a-f]{40})$/.exec(revision)?.[1]
}
