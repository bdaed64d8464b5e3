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
  const [kept, ...duplicates] = await ownComments(client, target, comment)
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
  // two that raced see both now, and keep the same one: the oldest; so does one whose first request was answered by nobody
  const [first, ...others] = await ownComments(client, target, comment)
  for (const other of others) {
    await unlessGone(issues.deleteComment({ owner, repo, comment_id: other.id }))
    removed += 1
  }
  return { outcome: 'created', url: first?.html_url ?? created.data.html_url, removed }
}

/** Comments with our marker that are ours, oldest first. */
async function ownComments(
  client: GitHubClient,
  { owner, repo, number }: PullRequestTarget,
  { author, marker }: Pick<StickyComment, 'author' | 'marker'>,
) {
  const { issues } = client.rest
  const all = await client.paginate(issues.listComments, { owner, repo, issue_number: number, per_page: 100 })
  return all.filter(found => found.user?.login === author && found.body?.startsWith(marker) === true)
}

/** Takes away the one comment of a marker, and any further ones. @returns how many there were */
export async function removeComment(
  client: GitHubClient,
  target: PullRequestTarget,
  comment: Pick<StickyComment, 'author' | 'marker'>,
): Promise<number> {
  const ours = await ownComments(client, target, comment)
  for (const { id } of ours)
    await unlessGone(
      client.rest.issues.deleteComment({ owner: target.owner, repo: target.repo, comment_id: id }),
    )
  return ours.length
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
