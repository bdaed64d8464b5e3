import { code, html } from './escape.ts'
import { REVIEW_MARKER } from './markdown.ts'

/** The title of a check, and of a comment, of a change that no review came to the end of. */
export const NOT_REVIEWED = 'Could not judge this change'

/**
 * The sticky comment of a change that was not judged: what it said of an earlier commit must not be taken for this one.
 * @param head the commit
 * @param message why, as plain text; what a person can do about it
 */
export function notReviewedComment(head: string, message: string): string {
  return [REVIEW_MARKER, `## ❔ ${NOT_REVIEWED}`, `${code(head.slice(0, 7))}: ${html(message)}`].join('\n')
}
