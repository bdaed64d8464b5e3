import type { GitHubClient } from './github-client.ts'

/** A pull request that was merged, with what tells whose it was. */
export interface MergedPull {
  number: number
  /** what it was merged from, and whether that was a branch of this repository */
  branch: string
  isFork: boolean
  body: string
  /** login; of a deleted account undefined */
  author: string | undefined
}

/**
 * The pull requests whose merging made one of some commits of a branch, in the order of the commits. GitHub knows a moment after
 * the push; none yet may be some later.
 * @param commits of the branch itself (first parents)
 */
export async function mergedPulls(
  client: GitHubClient,
  { owner, repo }: { owner: string; repo: string },
  branch: string,
  commits: readonly string[],
): Promise<MergedPull[]> {
  const found = new Map<number, MergedPull>()
  for (const commit of commits) {
    const { data } = await client.rest.repos.listPullRequestsAssociatedWithCommit({
      owner,
      repo,
      commit_sha: commit,
      per_page: 100,
    })
    for (const { number, merged_at, merge_commit_sha, base, head, body, user } of data)
      if (merged_at !== null && merge_commit_sha === commit && base.ref === branch)
        found.set(number, {
          number,
          branch: head.ref,
          // the repository of a fork may be gone
          isFork: head.repo?.id !== base.repo.id,
          body: body ?? '',
          author: user?.login,
        })
  }
  return [...found.values()]
}
