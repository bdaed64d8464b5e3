import type { Level } from '../manifest/finding.ts'

/**
 * A rule as people read it: `explain` prints it, SARIF and the documentation list it. Its examples are tests
 * (test/rule-examples.test.ts): the product finds this rule at the marked lines of the failing one, and nothing in the mended.
 *
 * An example is YAML. Where a line `# path/to/file.yaml` begins a part of it, the example is a repository and that part is this
 * file of it; else it is one file that a kustomization applies. Files below `base/` are as they stand before a change and those
 * below `head/` after it (`# base.yaml` and `# head.yaml`: the one file); others stand in both. `# ←` at the end of a line marks it,
 * `\xNN` is a byte that is no text, `# path -> target` a symbolic link.
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
  /** breaks the rule at the lines that are marked */
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
