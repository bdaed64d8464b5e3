import type { Change } from '../../manifest/change.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'

/** A change with both versions of its object, unmasked; a side that does not have it is absent. */
export interface ChangedObject {
  change: Change
  base?: RenderedObject
  head?: RenderedObject
}
