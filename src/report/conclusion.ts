import type { Review } from './review.ts'

/** What fails a check: each word includes those before it. */
export type FailOn = 'error' | 'incomplete' | 'warning' | 'never'

/** The name of the check run; branch protection refers to it. */
export const CHECK_NAME = 'cnpg-steward'

/** Whether there is something that a comment would tell. */
export function worthSaying(review: Review): boolean {
  return review.verdict !== 'ready' || review.findings.length > 0 || review.changes.length > 0
}

/** Why a review fails a step or a check, in one line; `undefined` where it does not. */
export function failureOf(review: Review, failOn: FailOn): string | undefined {
  if (failOn === 'never') return undefined
  const errors = review.findings.filter(finding => finding.level === 'error').length
  if (review.verdict === 'blocked' || errors > 0)
    return `Blocked: ${errors} ${errors === 1 ? 'error' : 'errors'}; see the summary of this job.`
  // nothing at all was judged: green would say that there is nothing to see
  const blind = review.incomplete.find(entry => entry.reason === 'merge-base-missing')
  if (blind !== undefined) return `${blind.message} ${blind.repair ?? ''}`.trim()
  if (failOn === 'error') return undefined
  if (review.verdict === 'incomplete')
    return 'Incomplete: a part of what changed could not be judged; see the summary of this job.'
  const warnings = review.findings.filter(finding => finding.level === 'warning').length
  return failOn === 'warning' && warnings > 0
    ? `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}; see the summary of this job.`
    : undefined
}

/**
 * What fails is 'failure'; what does not fail but is not ready is 'neutral', which does not block a merge yet is not green:
 * unknown is never ready.
 */
export function conclusionOf(review: Review, failOn: FailOn): 'success' | 'failure' | 'neutral' {
  if (failureOf(review, failOn) !== undefined) return 'failure'
  return review.verdict === 'ready' ? 'success' : 'neutral'
}
