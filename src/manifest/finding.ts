import type { Resource } from './resource.ts'

/** SARIF's levels. */
export type Level = 'error' | 'warning' | 'note'

/**
 * A problem in the user's files: data, never thrown. The words are SARIF's.
 * A message says what is wrong in one sentence; `repair` says what to do.
 */
export interface Finding {
  /** kebab-case, prefixed by its family: 'parse-…', 'render-…', 'schema-…', 'flux-…', 'house-…', 'config-…' */
  ruleId: string
  level: Level
  /** what is wrong; it tells findings apart, so what other objects offer instead ('Did you mean …?') stands in `repair` */
  message: string
  repair?: string
  file?: string
  /** from 1; present only with `file` */
  line?: number
  resource?: Resource
  /** path without leading dot, list items as [0]: spec.tablespaces[0].name */
  field?: string
  cluster?: string
  /** 'namespace/name' of the Flux Kustomization that applies the object */
  kustomization?: string
}

/**
 * Something that was not rendered or not validated: an entry of the incomplete list.
 * Entries of one cause are one entry, `affected` names what it touches.
 */
export interface Unjudged {
  /** kebab-case, names the cause: 'chart-unavailable', 'schema-unknown', 'source-elsewhere', 'no-flux-objects', … */
  reason: string
  /** one sentence */
  message: string
  /** what would make it judged */
  repair?: string
  /** what could not be judged: labels of objects, 'Kustomization ns/name', 'HelmRelease ns/name'; sorted */
  affected: string[]
  cluster?: string
  file?: string
  line?: number
  /** in a review: stood in base and is untouched by the change; never sets the verdict */
  existing?: true
}

/** Joins entries of the same cause (all fields but `affected` equal) into one; order of first appearance. */
export function joinUnjudged(entries: readonly Unjudged[]): Unjudged[] {
  const joined = new Map<string, Unjudged>()
  for (const entry of entries) {
    const { affected, ...cause } = entry
    const key = JSON.stringify(Object.entries(cause).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const known = joined.get(key)
    if (known === undefined) joined.set(key, { ...entry, affected: [...new Set(affected)].toSorted() })
    else known.affected = [...new Set([...known.affected, ...affected])].toSorted()
  }
  return [...joined.values()]
}
