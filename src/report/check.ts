import { clipBytes } from './annotations.ts'
import { counts, headline } from './headline.ts'
import { reviewComment, withinBytes, type MarkdownOptions } from './markdown.ts'
import type { Review } from './review.ts'

/** What a check run says; its conclusion hangs on `fail-on` (src/report/conclusion.ts). */
export interface CheckText {
  title: string
  summary: string
}

// 'Maximum length: 65535 characters', yet GitHub answers 'summary exceeds a maximum bytesize of 65535' (github/docs issue 35252).
const SUMMARY_LIMIT = 65_535

/** Title and summary of the check run of a review, within GitHub's limits. */
export function checkText(review: Review, options: MarkdownOptions = {}): CheckText {
  return {
    title: clipBytes(counts(review).join(' · ') || headline(review), 250),
    summary: withinBytes(SUMMARY_LIMIT, budget =>
      reviewComment(review, { ...options, budget: Math.min(options.budget ?? budget, budget) }),
    ),
  }
}
