import type { Path } from './problem.ts'

/** What the walk knows beside value and schema. */
export interface Context {
  /** fields that the schema does not declare are problems; off inside anyOf and the like, which declare a part only */
  closed: boolean
  /** decoded into Go by the API server: null is a zero value, int32 is checked */
  goType: boolean
  /** an object as a whole: apiVersion, kind and metadata are fields */
  root: boolean
  /** how messages call the kind */
  kind: string
  /** true where a value may not be printed */
  masked: (path: Path) => boolean
}
