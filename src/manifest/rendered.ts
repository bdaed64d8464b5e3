import type { Finding, Unjudged } from './finding.ts'
import type { Place } from './place.ts'
import type { Manifest, Resource } from './resource.ts'

/** An object as it would be applied, with where it came from. */
export interface RenderedObject {
  manifest: Manifest
  resource: Resource
  /** the file the object was read from and the first line of its document there; absent where unknown */
  origin?: Place
}

/** Why a unit could not be rendered. */
export interface RenderFailure {
  /** the finding's rule id */
  ruleId: string
  message: string
  repair?: string
  file?: string
  line?: number
}

/** One Flux Kustomization (or kustomize directory) of one cluster. */
export interface RenderedKustomization {
  cluster: string
  namespace: string
  name: string
  /** spec.path as written; '' where there is none */
  path: string
  /** skipped: not ours to render (another source, suspended parent unknown, …), with the reason on the incomplete list */
  status: 'rendered' | 'failed' | 'skipped'
  error?: RenderFailure
  /**
   * exactly what it applies; of a failed one nothing, unless `leftOut` is there: then what the rest of it gives. That is
   * walked, validated and compared, but it is not what Flux would apply.
   */
  objects: RenderedObject[]
  /**
   * entries that lie outside this repository and were left out of the build; the status is 'failed', `error` the first of
   * them
   */
  leftOut?: RenderFailure[]
  /** hash of every input: equal hashes render equal objects */
  inputs: string
}

/** One HelmRelease of one cluster, inflated. */
export interface RenderedHelmRelease {
  cluster: string
  namespace: string
  name: string
  /** 'cloudnative-pg 0.27.0', or as much of it as is known */
  chart: string
  status: 'rendered' | 'failed' | 'skipped'
  error?: RenderFailure
  objects: RenderedObject[]
  inputs: string
}

/** How reports name a unit: 'Kustomization ns/name', 'HelmRelease ns/name'; a kustomize directory by its path. */
export function unitLabel(
  kind: 'Kustomization' | 'HelmRelease',
  unit: { namespace: string; name: string },
): string {
  return `${kind} ${unit.namespace === '' ? '' : `${unit.namespace}/`}${unit.name}`
}

/** A whole tree, rendered. */
export interface RenderedTree {
  kustomizations: RenderedKustomization[]
  helmReleases: RenderedHelmRelease[]
  /** problems met on the way: parse errors, missing files, cycles, undefined variables */
  findings: Finding[]
  incomplete: Unjudged[]
}
