import { createHash } from 'node:crypto'
import { showCheck } from '../src/adapters/github-check.ts'
import type { GitHubClient } from '../src/adapters/github-client.ts'
import { upsertComment } from '../src/adapters/github-comment.ts'
import {
  MERGE_CHECK_NAME,
  MERGE_MARKER,
  mergeCheck,
  mergeComment,
  type MergeReport,
} from '../src/report/merge-report.ts'
import { revertAdvice } from '../src/updates/revert-advice.ts'
import type { MergeTools } from './merge-job.ts'
import type { Merge } from './merges.ts'
import type { Attempt } from './attempt.ts'
import { written } from './refusals.ts'

/** Writes the check and the comments where they would say something else than before. @returns the merge, with what was written */
export async function publishMerge(
  merge: Merge,
  client: GitHubClient,
  attempt: Attempt,
  tools: Pick<MergeTools, 'github'> & { settings: { comment: 'auto' | 'always' | 'never' } },
): Promise<Merge> {
  const [owner = '', repo = ''] = merge.repository.split('/')
  const { check, bodies, wanted } = wordsOf(merge)
  const before = merge.written
  if (isPublished(merge)) return merge
  const slug = await tools.github.slug()
  if (before?.check !== wanted.check)
    await written(attempt, 'check', showCheck(client, { owner, repo }, check, slug))
  if (before?.comment !== wanted.comment && tools.settings.comment !== 'never')
    for (const { number, body } of bodies)
      await written(
        attempt,
        'comment',
        upsertComment(
          client,
          { owner, repo, number },
          { marker: MERGE_MARKER, author: `${slug}[bot]`, body, create: true },
        ),
      )
  return { ...merge, written: wanted }
}

/** Whether check and comment say what is known. */
export function isPublished(merge: Merge): boolean {
  const { wanted } = wordsOf(merge)
  return merge.written?.check === wanted.check && merge.written.comment === wanted.comment
}

function wordsOf(merge: Merge) {
  const report = reportOf(merge)
  const check = { name: MERGE_CHECK_NAME, headSha: merge.commit, ...mergeCheck(report) }
  const bodies = merge.pulls.map(number => {
    const update = merge.updates?.find(one => one.number === number)
    return { number, body: mergeComment(report, update && revertAdvice(update.classes)) }
  })
  return { check, bodies, wanted: { check: hash(check), comment: hash(bodies) } }
}

function reportOf({ commit, branch, clusters, hidden, unjudged }: Merge): MergeReport {
  return {
    commit,
    branch,
    hidden,
    unjudged,
    clusters: clusters.map(({ expectation: { cluster }, follow, givenUp, branch: follows }) => {
      if (givenUp !== undefined) return { cluster, state: 'given-up', why: givenUp }
      return follow === undefined
        ? { cluster, state: 'waits', branch: follows }
        : { cluster, state: 'followed', follow }
    }),
  }
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
}
