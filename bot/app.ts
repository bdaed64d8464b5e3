import { Probot, ProbotOctokit } from 'probot'
import { wholeAnswer } from '../src/adapters/whole-answer.ts'
import { accessOfRepository } from '../src/config/access.ts'
import type { Json } from '../src/manifest/json.ts'
import { EVENTS, jobsOf } from './deliveries.ts'
import type { BotEnvironment } from './environment.ts'
import type { Job } from './jobs.ts'
import type { Log } from './log.ts'
import { UPDATE_EVENTS, updateJobsOf } from './update-deliveries.ts'

export interface AppOptions {
  environment: Pick<BotEnvironment, 'appId' | 'privateKey' | 'webhookSecret' | 'apiUrl' | 'access'> &
    Partial<Pick<BotEnvironment, 'updates'>>
  log: Log
  /** resolves once the delivery is durable */
  deliver: (id: string, jobs: readonly Job[]) => Promise<void>
  fetch?: typeof fetch
}

/**
 * The Probot app: its webhooks do nothing but keep what an event asks for. The secret is always given: without one Probot
 * takes the word "development", in production too (probot 14.3.2, src/server/server.ts).
 */
export async function createApp(options: AppOptions): Promise<Probot> {
  const { appId, privateKey, webhookSecret, apiUrl, access } = options.environment
  const isFollowed = (repository: string): boolean => accessOfRepository(access, repository) !== undefined
  const probot = new Probot({
    appId,
    privateKey,
    secret: webhookSecret,
    baseUrl: apiUrl,
    log: options.log,
    // jobs wait for limits themselves, and know whom they keep waiting. Only a function has the last word: Probot puts its own
    // throttling over defaults that are an object, which holds a job for as long as an hour, and each token for a second
    // (probot 14.3.2, src/octokit/get-probot-octokit-with-defaults.ts)
    Octokit: ProbotOctokit.defaults((given: object) => ({
      ...given,
      throttle: { enabled: false },
      retry: { enabled: false },
    })),
    request: { fetch: wholeAnswer(options.fetch) },
  })
  await probot.ready()
  await probot.load(app => {
    app.on(
      [...EVENTS, ...UPDATE_EVENTS, 'installation', 'installation_repositories'],
      async ({ id, name, payload }) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was JSON a moment ago, and is read as any JSON
        const event = payload as unknown as Json
        const jobs = [
          ...jobsOf(id, name, event, isFollowed),
          ...(options.environment.updates === true ? updateJobsOf(id, name, event) : []),
        ]
        if (jobs.length === 0) return
        await options.deliver(id, jobs)
        options.log.info({ delivery: id, event: name, jobs: jobs.length }, 'kept a delivery')
      },
    )
  })
  return probot
}
