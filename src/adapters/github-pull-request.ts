import type { GitHubClient } from './github-client.ts'
import type { PullRequestTarget } from './github-comment.ts'

export interface PullRequest {
  /** 'owner/name' as it is called now */
  repository: string
  /** stays the same when the repository is renamed or moved */
  repositoryId: number
  private: boolean
  number: number
  state: 'open' | 'closed'
  /** 'main' and the commit it stands at */
  base: { ref: string; sha: string }
  head: {
    ref: string
    sha: string
    /** 'owner/name'; absent where the fork was deleted */ repository?: string
  }
  /** the head lies in another repository: a workflow's token may only read */
  isFork: boolean
  author: string
}

/** @throws the client's error: 404 where there is no such pull request */
export async function getPullRequest(client: GitHubClient, target: PullRequestTarget): Promise<PullRequest> {
  const { owner, repo, number } = target
  const { data } = await client.rest.pulls.get({ owner, repo, pull_number: number })
  // the description says "never null", GitHub sends null for a fork that was deleted
  const headRepository = data.head.repo as typeof data.head.repo | null
  return {
    repository: data.base.repo.full_name,
    repositoryId: data.base.repo.id,
    private: data.base.repo.private,
    author: data.user.login,
    number: data.number,
    state: data.state,
    base: { ref: data.base.ref, sha: data.base.sha },
    head: {
      ref: data.head.ref,
      sha: data.head.sha,
      ...(headRepository === null ? {} : { repository: headRepository.full_name }),
    },
    isFork: headRepository?.id !== data.base.repo.id,
  }
}
