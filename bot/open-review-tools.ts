import path from 'node:path'
import type { Probot } from 'probot'
import { Mirrors } from '../src/adapters/git-mirror.ts'
import { openGitProxy } from '../src/adapters/git-proxy.ts'
import { createApp, type AppOptions } from './app.ts'
import type { BotEnvironment } from './environment.ts'
import { openGitHub, type GitHubOptions } from './github.ts'
import type { Log } from './log.ts'
import type { ReviewTools } from './review-job.ts'
import { reviewProcess, type ReviewProcess } from './review-process.ts'

export interface OpenReviewToolsOptions {
  environment: BotEnvironment
  /** PATH for git and the tools */
  env: Readonly<Record<string, string | undefined>>
  log: Log
  now: () => Date
  /** where mirrors of repositories are kept, and how many bytes of them */
  mirrors: { directory: string; limit: number }
  /** what is done with webhooks; absent: none are served */
  deliver?: AppOptions['deliver']
  observe?: NonNullable<GitHubOptions['observe']>
  review?: ReviewProcess
  fetch?: typeof fetch
  wait?: NonNullable<GitHubOptions['wait']>
}

/** What a review needs of the outside. */
export interface OpenedReviewTools extends AsyncDisposable {
  probot: Probot
  tools: Pick<ReviewTools, 'github' | 'mirrors' | 'proxy' | 'review' | 'settings' | 'now'>
}

/** Opens what the bot and a dry run review with: GitHub as the app, the git proxy, mirrors, the process that reviews. */
export async function openReviewTools(options: OpenReviewToolsOptions): Promise<OpenedReviewTools> {
  const { environment, env, log, now } = options
  const network = options.fetch === undefined ? {} : { fetch: options.fetch }
  const deliver = options.deliver ?? (async () => undefined)
  const probot = await createApp({ environment, log, deliver, ...network })
  const proxy = await openGitProxy({ upstream: environment.serverUrl, ...network })
  const cache = path.join(environment.dataDirectory, 'cache')
  return {
    probot,
    tools: {
      github: openGitHub({
        environment,
        probot,
        log,
        now: () => now().getTime(),
        ...(options.observe === undefined ? {} : { observe: options.observe }),
        ...(options.wait === undefined ? {} : { wait: options.wait }),
        ...network,
      }),
      proxy,
      mirrors: new Mirrors({ ...options.mirrors, path: env.PATH ?? '', now }),
      review: options.review ?? reviewProcess({ env, cache, seconds: environment.reviewSeconds }),
      settings: environment,
      now,
    },
    [Symbol.asyncDispose]: async () => await proxy[Symbol.asyncDispose](),
  }
}
