import type { RenderedObject } from '../../manifest/rendered.ts'
import type { ParameterCatalogs } from '../parameters/parameter-catalog.ts'

/** One side of a change: everything a Kubernetes cluster is given, and the operator that runs there. */
export interface Side {
  objects: readonly RenderedObject[]
  /** '1.28.0'; undefined where the tree does not say */
  operator: string | undefined
}

/** What an edit is judged by, beside the object itself. */
export interface Situation {
  base: Side
  head: Side
  catalogs: ParameterCatalogs
}
