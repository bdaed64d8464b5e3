import type { Level } from '../manifest/finding.ts'

/**
 * A rule as people read it: `explain` prints it, SARIF and the documentation list it. Examples are YAML; where a line
 * `# path/to/file.yaml` begins a part of it, that part is this file of the repository.
 */
export interface Rule {
  /** kebab-case, prefixed by its family: 'parse-…', 'render-…', 'schema-…', 'flux-…', 'house-…', 'config-…' */
  id: string
  /** what its findings are where the configuration says nothing; 'off': the configuration switches it on */
  level: Level | 'off'
  /** what holds where the rule is kept, one sentence */
  title: string
  /** what happens in the cluster, or to the review, where it is broken */
  why: string
  repair: string
  /** breaks the rule */
  failing: string
  /** the same, mended */
  mended: string
}

/** Why something stands in the incomplete list: not judged, and neither right nor wrong. */
export interface Reason {
  /** as in Unjudged.reason */
  id: string
  /** what is the case, one sentence */
  title: string
  why: string
  repair: string
}
