import type { Place } from '../manifest/place.ts'
import type { RenderFailure } from '../manifest/rendered.ts'

/** An object as kustomize printed it, before variables are substituted in it. */
export interface BuiltObject {
  /** the object exactly as kustomize prints it: what Flux substitutes variables in */
  yaml: string
  origin?: Place
}

/** What kustomize made of a set of inputs. */
export type Built = { ok: true; objects: readonly BuiltObject[] } | { ok: false; error: RenderFailure }
