import type { Path } from './problem.ts'

/** What the walks know beside value and schema. */
export interface Context {
  /** decoded into Go by the API server: null is a zero value, int32 is checked */
  goType: boolean
  /** an object as a whole: apiVersion, kind and metadata are fields */
  root: boolean
  /** how messages call the kind */
  kind: string
  /** true where a value may not be printed */
  masked: (path: Path) => boolean
  /** true where nothing can be said of a value: what SOPS encrypted */
  unreadable: (value: unknown) => boolean
}
