import type { Change, Impact } from '../manifest/change.ts'
import type { Finding, Unjudged } from '../manifest/finding.ts'
import type { TouchedUnit } from '../manifest/touched-unit.ts'

export type Verdict = 'ready' | 'attention' | 'blocked' | 'incomplete'

/** The one model that every printer prints. Its JSON is the contract of `review --output json`. */
export interface Review {
  version: 1
  base: Revision
  head: Revision
  verdict: Verdict
  /** what this change brings or touches; with --all also what stood in base */
  findings: Finding[]
  impacts: Impact[]
  changes: Change[]
  /** what applies the changes; absent where nobody asked what that is */
  units?: TouchedUnit[]
  incomplete: Unjudged[]
  stats: ReviewStats
  /** sizes of the comment as the configuration of the base wants them, for who prints it from the JSON */
  budgets?: { comment?: number; diffLines?: number }
}

export interface Revision {
  /** 'main', 'refs/pull/7/merge', 'work tree' */
  ref: string
  /** full commit id; absent for a work tree */
  commit?: string
}

/** Counts are of what was rendered: what the change can reach, or both trees as a whole (`--all`). */
export interface ReviewStats {
  /** findings of head that stood in base unchanged; never part of the verdict */
  existing: number
  /** findings silenced by a comment beside their line */
  suppressed?: number
  objects: number
  kustomizations: number
  helmReleases: number
  /** Kustomizations that had to be rendered on either side */
  rendered: number
  seconds: number
  /** 'operator 1.28.0 from chart 0.27.0', 'Flux 2.9 rules', 'kustomize 5.8.1' */
  versions: string[]
  /** names of clusters of the head, in order, with when they follow: 'infra on merge', 'apps when release follows' */
  clusters: string[]
  /** what the diff left out as noise: 'helm.sh/chart (12 objects)' */
  noise: string[]
}

/**
 * A finding or change that `Review` counts as blocking, wanting attention, or unknown decides the verdict. What could not be
 * judged in base either, and is untouched, does not: a review read back from its JSON gets the verdict it had.
 */
export function verdictOf(review: Pick<Review, 'findings' | 'impacts' | 'incomplete'>): Verdict {
  if (review.findings.some(finding => finding.level === 'error')) return 'blocked'
  if (unjudgedNow(review).length > 0 || review.impacts.some(impact => impact.impact === 'unknown'))
    return 'incomplete'
  const wantsAWindow = review.impacts.some(impact => !['none', 'reload', 'ignored'].includes(impact.impact))
  return wantsAWindow || review.findings.some(finding => finding.level === 'warning') ? 'attention' : 'ready'
}

/** What this change leaves unjudged; the rest of the list stood in base and is untouched. */
export function unjudgedNow({ incomplete }: Pick<Review, 'incomplete'>): Unjudged[] {
  return incomplete.filter(({ existing }) => existing !== true)
}

/** What is printed of a review: where there is one cluster, naming it everywhere says nothing. */
export function withoutOnlyCluster({
  changes,
  incomplete,
  stats,
}: Review): Pick<Review, 'changes' | 'incomplete'> {
  const clusters = new Set([...changes, ...incomplete].flatMap(({ cluster }) => cluster ?? []))
  if (stats.clusters.length > 1 || clusters.size > 1) return { changes, incomplete }
  return {
    changes: changes.map(change => ({ ...change, cluster: '' })),
    incomplete: incomplete.map(entry => {
      const { cluster: only, ...rest } = entry
      return only === undefined ? entry : rest
    }),
  }
}
