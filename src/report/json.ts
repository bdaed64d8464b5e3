import type { Review } from './review.ts'

/** The JSON of `review --output json`; src/report/schema/review.schema.json describes it. An impact nobody judged is 'unknown'. */
export function reviewJson(review: Review): string {
  const changes = review.changes.map(change => ({ ...change, impact: change.impact ?? 'unknown' }))
  return `${JSON.stringify({ ...review, changes }, null, 2)}\n`
}
