import type { GitHubClient } from './github-client.ts'
import type { PullRequestTarget } from './github-comment.ts'

export interface PullRequest {
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
}

export interface ChangedFile {
  path: string
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed' | 'unchanged'
  previousPath?: string
}

/** "Responses include a maximum of 3000 files." */
const MOST_FILES = 3000

/** @throws the client's error: 404 where there is no such pull request */
export async function getPullRequest(client: GitHubClient, target: PullRequestTarget): Promise<PullRequest> {
  const { owner, repo, number } = target
  const { data } = await client.rest.pulls.get({ owner, repo, pull_number: number })
  // the description says "never null", GitHub sends null for a fork that was deleted
  const headRepository = data.head.repo as typeof data.head.repo | null
  return {
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

/** @returns the changed files, and whether GitHub left some out */
export async function listChangedFiles(
  client: GitHubClient,
  target: PullRequestTarget,
): Promise<{ files: ChangedFile[]; cut: boolean }> {
  const { owner, repo, number } = target
  const listed = await client.paginate(client.rest.pulls.listFiles, {
    owner,
    repo,
    pull_number: number,
    per_page: 100,
  })
  const files = listed.map((file): ChangedFile => ({
    path: file.filename,
    status: file.status,
    ...(file.previous_filename === undefined ? {} : { previousPath: file.previous_filename }),
  }))
  return { files, cut: files.length >= MOST_FILES }
}
