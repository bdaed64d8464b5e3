import { annotationsOf, clipBytes, type Annotation } from './annotations.ts'
import { counts, headline } from './headline.ts'
import { reviewComment, withinBytes, type MarkdownOptions } from './markdown.ts'
import type { Review } from './review.ts'

/** Input `fail-on`: the least that makes the check (and the step) fail. */
export type FailOn = 'error' | 'warning' | 'incomplete' | 'never'

export interface CheckRun {
  conclusion: 'success' | 'neutral' | 'failure'
  title: string
  summary: string
  annotations: Annotation[]
}

// 'Maximum length: 65535 characters', yet GitHub answers 'summary exceeds a maximum bytesize of 65535' (github/docs issue 35252).
const SUMMARY_LIMIT = 65_535

/** Whether a review fails what waits for it: blocked unless 'never', attention from 'warning' on, incomplete when asked for. */
export function fails(review: Review, failOn: FailOn): boolean {
  if (failOn === 'never') return false
  if (review.verdict === 'blocked') return true
  if (review.verdict === 'incomplete') return failOn === 'incomplete' || failOn === 'warning'
  return review.verdict === 'attention' && failOn === 'warning'
}

/**
 * The check run of a review. What fails is 'failure'; what does not fail but is not ready is 'neutral', which does not block a
 * merge yet is not green: unknown is never ready.
 */
export function checkRun(review: Review, failOn: FailOn, options: MarkdownOptions = {}): CheckRun {
  const conclusion = fails(review, failOn) ? 'failure' : review.verdict === 'ready' ? 'success' : 'neutral'
  return {
    conclusion,
    title: clipBytes(counts(review).join(' · ') || headline(review), 250),
    summary: withinBytes(SUMMARY_LIMIT, budget =>
      reviewComment(review, { ...options, budget: Math.min(options.budget ?? budget, budget) }),
    ),
    annotations: annotationsOf(review),
  }
}
