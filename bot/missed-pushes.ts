import { accessOfRepository } from '../src/config/access.ts'
import type { MergeJob } from './jobs.ts'
import type { MergeTools } from './merge-job.ts'
import { present } from './refusals.ts'

/**
 * Pushes whose webhook was missed, because the bot was down: branches that clusters follow and that stand elsewhere than where
 * they were looked at last. A branch that was never looked at is taken as it stands.
 */
export async function missedPushes({ access, github, merges }: MergeTools): Promise<MergeJob[]> {
  const found: MergeJob[] = []
  for (const { repository } of access.repositories) {
    const [owner = '', repo = ''] = repository.split('/')
    const installation = await present(github.installationOf(owner, repo))
    if (installation === undefined) continue
    const client = await github.client(installation)
    const seen = await present(client.rest.repos.get({ owner, repo }))
    if (seen === undefined) continue
    const { id: repositoryId, full_name, default_branch } = seen.data
    const clusters = accessOfRepository(access, repository)?.clusters ?? []
    const branches = new Set([default_branch, ...clusters.flatMap(({ branch }) => branch ?? [])])
    for (const branch of branches) {
      const ref = await present(client.rest.git.getRef({ owner, repo, ref: `heads/${branch}` }))
      if (ref === undefined) continue
      const after = ref.data.object.sha
      const before = await merges.tip(full_name, branch)
      if (before === undefined) await merges.moveTip(full_name, branch, after)
      else if (before !== after)
        found.push({
          kind: 'merge',
          installation,
          repository: full_name,
          repositoryId,
          delivery: 'missed push',
          branch,
          before,
          after,
          isDefault: branch === default_branch,
        })
    }
  }
  return found
}
