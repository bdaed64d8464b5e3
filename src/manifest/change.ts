import type { Json } from './json.ts'
import type { Resource } from './resource.ts'

/** What a change does to a running system (design.md, vocabulary). */
export type ImpactKind =
  | 'none'
  | 'reload'
  | 'rolling-restart'
  | 'primary-restart'
  | 'switchover'
  | 'scale'
  | 'resize'
  | 'operator-rollout'
  | 'major-upgrade'
  | 'hibernation'
  | 'backup-gap'
  | 'ignored'
  | 'data-loss'
  | 'unknown'

/** The kinds by harm, the worst first: what leads tables and headlines, and what an object with several is called by. */
export const IMPACTS_BY_HARM: readonly ImpactKind[] = [
  'data-loss',
  'major-upgrade',
  'hibernation',
  'unknown',
  'switchover',
  'primary-restart',
  'rolling-restart',
  'backup-gap',
  'operator-rollout',
  'resize',
  'scale',
  'reload',
  'ignored',
  'none',
]

/** @returns undefined for none at all */
export function worstImpact(kinds: Iterable<ImpactKind>): ImpactKind | undefined {
  const present = new Set(kinds)
  return IMPACTS_BY_HARM.find(kind => present.has(kind))
}

/** One field that differs. `path` as in a finding; a side that does not have the field is absent. */
export interface FieldChange {
  path: string
  from?: Json
  to?: Json
}

/** A rendered object added, removed, changed or renamed between base and head. */
export interface Change {
  change: 'added' | 'removed' | 'changed' | 'renamed'
  cluster: string
  /** 'namespace/name' of the Flux Kustomization, or the path of a kustomize directory */
  kustomization: string
  /** 'namespace/name' of the HelmRelease whose chart yields the object */
  helmRelease?: string
  resource: Resource
  renamedFrom?: Resource
  /** the unit that applied it in base, where another one does now: 'Kustomization ns/name', 'HelmRelease ns/name' */
  movedFrom?: string
  /** removed from Git but left running: prune is off for it */
  orphaned?: true
  /** what differs, readable, masked, lines starting with '+', '-', '@' or ' ' as in a diff fence */
  diff: string
  fields: FieldChange[]
  impact?: ImpactKind
}

/** What merging does to one object that runs. */
export interface Impact {
  impact: ImpactKind
  cluster: string
  kustomization: string
  resource: Resource
  from?: Json
  to?: Json
  reason: string
  file?: string
  line?: number
}
