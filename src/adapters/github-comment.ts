import { statusOf, type GitHubClient } from './github-client.ts'

/** A pull request. */
export interface PullRequestTarget {
  owner: string
  repo: string
  number: number
}

export interface StickyComment {
  /** the hidden first line that finds the comment again: '<!-- cnpg-steward:review -->' */
  marker: string
  /** starts with the marker; at most 65,536 characters */
  body: string
  /** whose comments are ours (`ownLogin`): a marker alone can be forged by anyone who may comment */
  author: string
  /** false: only a comment that is there is brought up to date */
  create: boolean
}

export interface CommentResult {
  outcome: 'created' | 'updated' | 'unchanged' | 'none'
  url?: string
  /** further comments of ours, of runs that raced, which were deleted */
  removed: number
}

/**
 * Creates the one comment of a pull request, or brings it up to date.
 * @throws the client's error where the token may not comment (`isRefused`)
 */
export async function upsertComment(
  client: GitHubClient,
  target: PullRequestTarget,
  comment: StickyComment,
): Promise<CommentResult> {
  if (!comment.body.startsWith(comment.marker)) throw new Error('the comment does not start with its marker')
  const { owner, repo, number } = target
  const { issues } = client.rest
  const all = await client.paginate(issues.listComments, { owner, repo, issue_number: number, per_page: 100 })
  const ours = all.filter(
    found => found.user?.login === comment.author && found.body?.startsWith(comment.marker) === true,
  )
  const [kept, ...duplicates] = ours
  let removed = 0
  for (const duplicate of duplicates) {
    await unlessGone(issues.deleteComment({ owner, repo, comment_id: duplicate.id }))
    removed += 1
  }
  if (kept !== undefined) {
    if (normal(kept.body ?? '') === normal(comment.body))
      return { outcome: 'unchanged', url: kept.html_url, removed }
    const updated = await unlessGone(
      issues.updateComment({ owner, repo, comment_id: kept.id, body: comment.body }),
    )
    if (updated !== undefined) return { outcome: 'updated', url: updated.data.html_url, removed }
  }
  if (!comment.create) return { outcome: 'none', removed }
  const created = await issues.createComment({ owner, repo, issue_number: number, body: comment.body })
  return { outcome: 'created', url: created.data.html_url, removed }
}

/** Somebody may delete a comment between our reading and our writing. */
async function unlessGone<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** GitHub's own editor stores CRLF; space at the end says nothing. */
function normal(body: string): string {
  return body.replaceAll('\r\n', '\n').trimEnd()
}
