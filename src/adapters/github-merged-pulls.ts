import type { GitHubClient } from './github-client.ts'

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
): Promise<number[]> {
  const found = new Set<number>()
  for (const commit of commits) {
    const { data } = await client.rest.repos.listPullRequestsAssociatedWithCommit({
      owner,
      repo,
      commit_sha: commit,
      per_page: 100,
    })
    for (const { number, merged_at, merge_commit_sha, base } of data)
      if (merged_at !== null && merge_commit_sha === commit && base.ref === branch) found.add(number)
  }
  return [...found]
}
