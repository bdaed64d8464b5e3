import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { getPullRequest } from '../src/adapters/github-pull-request.ts'
import type { BotEnvironment } from './environment.ts'
import type { Log } from './log.ts'
import { openReviewTools } from './open-review-tools.ts'
import { reportOf, reviewPull } from './review-job.ts'
import type { ReviewProcess } from './review-process.ts'

export interface OnceOptions {
  /** 'owner/name#7' */
  target: string
  environment: BotEnvironment
  env: Readonly<Record<string, string | undefined>>
  log: Log
  now: () => Date
  review?: ReviewProcess
}

/** The target names no pull request. */
export class NoTarget extends Error {
  constructor(target: string) {
    super(`"${target}" names no pull request: OWNER/REPO#N, as in acme/fleet#7.`)
    this.name = 'NoTarget'
  }
}

/**
 * Reviews one pull request as a job would and posts nothing: no queue, no database, no write to GitHub but the tokens.
 * @returns what would be posted
 * @throws NoTarget, NotReviewed, the client's error
 */
export async function reviewOnce(options: OnceOptions): Promise<string> {
  const { environment, log, now } = options
  const [, owner, repo, number] = /^([\w.-]+)\/([\w.-]+)#([1-9]\d*)$/.exec(options.target) ?? []
  if (owner === undefined || repo === undefined) throw new NoTarget(options.target)
  const work = mkdtempSync(path.join(tmpdir(), 'cnpg-steward-once-'))
  try {
    await using outside = await openReviewTools({
      environment,
      env: options.env,
      log,
      now,
      mirrors: { directory: work, limit: Number.MAX_SAFE_INTEGER },
      ...(options.review === undefined ? {} : { review: options.review }),
    })
    const { github } = outside.tools
    const installation = await github.installationOf(owner, repo)
    const client = await github.client(installation)
    const pull = await getPullRequest(client, { owner, repo, number: Number(number) })
    const tools = { ...outside.tools, store: { keep: async () => undefined }, page: () => undefined }
    const job = { installation, repository: `${owner}/${repo}`, delivery: 'once' }
    const stored = await reviewPull(job, pull, new AbortController().signal, tools)
    const { comment, check } = reportOf(stored, tools)
    const places = check.annotations.map(
      ({ path: file, start_line, annotation_level, message }) =>
        `  ${annotation_level} ${file}:${start_line} ${message.split('\n')[0] ?? ''}`,
    )
    return [
      `Check ${pull.head.sha}: ${check.conclusion}, "${check.title}"`,
      `Annotations: ${places.length}`,
      ...places,
      '',
      'Comment:',
      comment,
    ].join('\n')
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
