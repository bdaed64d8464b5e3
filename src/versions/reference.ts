import type { Place } from '../manifest/place.ts'
import type { Resource } from '../manifest/resource.ts'
import type { FluxVerify } from './flux-verify.ts'
import type { UpdateOverride } from './update-override.ts'

/** The way to a value inside a document: names of fields and indexes of lists. */
export type Pointer = readonly (string | number)[]

/** A scalar of a source file that holds a version, or part of one. */
export interface ReferenceField {
  /** index of its document in the file, counted as the parser does: empty ones count */
  document: number
  pointer: Pointer
  /** as it reads, without quotes */
  value: string
  place: Place
}

/** What a reference is for, and with it what else moves when it does. */
export type ReferenceRole =
  /** the image of a Cluster: what its databases run */
  | 'postgres'
  /** an image of a catalog, under the major that its key says */
  | 'catalog'
  | 'extension'
  | 'pooler'
  /** a job that dumps a database: no older than its server */
  | 'dump'
  | 'workload'
  /** in the values of a chart */
  | 'values'
  | 'kustomize-image'
  | 'flux-image'
  | 'chart'
  | 'artifact'
  /** manifests or sources of other repositories: left to other bots, named so that nobody thinks they were seen to */
  | 'remote'

/** Where newer versions are asked for. */
export type ReferencePackage =
  | { kind: 'image'; name: string }
  /** 'oci://ghcr.io/owner/charts/name' */
  | { kind: 'oci'; url: string }
  | { kind: 'helm'; repository: string; chart: string }
  | { kind: 'remote'; url: string }
  /** the source is not in the tree */
  | { kind: 'unknown'; what: string }

/** Why a reference cannot be edited where it stands, and the way out. Both one sentence. */
export interface Obstacle {
  kind: 'encrypted' | 'substitution' | 'template' | 'alias' | 'anchor' | 'embedded-yaml' | 'remote'
  message: string
  repair: string
}

export interface ReferenceRemark {
  kind:
    | 'missing-ref'
    | 'overruled'
    | 'source-elsewhere'
    | 'source-guessed'
    | 'floating'
    | 'catalog-major'
    | 'override-unread'
    /** it is set where a variable is */
    | 'variable'
  message: string
}

/** A version of something, as a source file of the tree says it. */
export interface VersionReference {
  role: ReferenceRole
  package: ReferencePackage
  current: {
    /** tag of an image or artifact, version of a chart */
    version?: string
    digest?: string
    /** a range that the cluster itself resolves: nothing is edited */
    range?: string
  }
  /** where the parts of it stand; `image` holds name, tag and digest in one text */
  fields: { image?: ReferenceField; version?: ReferenceField; digest?: ReferenceField }
  place: Place
  /** the object it belongs to; its namespace as Flux would set it, '' where that is not known */
  owner?: Resource
  /** the major that the key of a catalog promises */
  major?: number
  /** names of Clusters that a dump reads from, by its hosts; empty: not known which */
  servers?: readonly string[]
  override?: UpdateOverride
  /** what Flux checks before it applies it */
  verify?: FluxVerify
  obstacle?: Obstacle
  remarks: readonly ReferenceRemark[]
}
