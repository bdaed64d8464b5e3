import type { Probot } from 'probot'
import { createClient, type GitHubClient } from '../src/adapters/github-client.ts'
import type { BotEnvironment } from './environment.ts'
import type { Log } from './log.ts'

/** GitHub as the app sees it. */
export interface GitHub {
  /** 'cnpg-steward'; its comments are by 'cnpg-steward[bot]' */
  slug(): Promise<string>
  /** A client of an installation. @throws the client's error: 404 where the app was removed */
  client(installation: number): Promise<GitHubClient>
  /** A token that can do nothing but read one repository: what fetches it needs no more. */
  readToken(installation: number, repositoryId: number): Promise<string>
  /** Makes the next token of an installation anew: GitHub may not know the one there is any more. */
  forget(installation: number): void
  /** installations that are not suspended */
  installations(): Promise<number[]>
  /** the installation that has a repository. @throws 404 where none has */
  installationOf(owner: string, repo: string): Promise<number>
}

export interface GitHubOptions {
  environment: Pick<BotEnvironment, 'apiUrl'>
  probot: Probot
  log: Log
  now: () => number
  observe?: (call: { route: string; status: number; remaining?: number }) => void
  fetch?: typeof fetch
  /** waits for a limit that is over soon, or before another try; real time by default */
  wait?: (milliseconds: number) => Promise<void>
}

/** A limit that is over sooner is waited for; for a longer one the job comes again, and others have its place. */
const LONGEST_WAIT_SECONDS = 5
/** The queue tries again, with more patience. */
const RETRIES = 1
/** A token lasts an hour; no job may end up with one that is about to expire. */
const TOKEN_RESERVE_MS = 20 * 60_000

export function openGitHub(options: GitHubOptions): GitHub {
  const { environment, probot, log, now } = options
  const tokens = new Map<string, { token: string; until: number }>()
  let known: Promise<string> | undefined

  const mint = async (
    installation: number,
    limits: { repository_ids?: number[]; permissions?: { contents: 'read' } },
  ): Promise<string> => {
    const key = JSON.stringify([installation, limits])
    const kept = tokens.get(key)
    if (kept !== undefined && kept.until > now()) return kept.token
    const app = await probot.auth()
    const { data } = await app.rest.apps.createInstallationAccessToken({
      installation_id: installation,
      ...limits,
    })
    for (const [name, { until }] of tokens) if (until <= now()) tokens.delete(name)
    tokens.set(key, { token: data.token, until: Date.parse(data.expires_at) - TOKEN_RESERVE_MS })
    return data.token
  }

  const forget = (installation: number): void => {
    for (const key of tokens.keys()) if (key.startsWith(`[${installation},`)) tokens.delete(key)
  }

  const slug = async (): Promise<string> => {
    const app = await probot.auth()
    const { data } = await app.rest.apps.getAuthenticated()
    if (data?.slug === undefined) throw new Error('GitHub does not say which app this is')
    return data.slug
  }

  return {
    slug: async () => {
      known ??= slug()
      try {
        return await known
      } catch (error) {
        known = undefined
        throw error
      }
    },
    client: async installation =>
      createClient({
        token: await mint(installation, {}),
        baseUrl: environment.apiUrl,
        log: message => log.warn(message),
        longestWaitSeconds: LONGEST_WAIT_SECONDS,
        now,
        retries: RETRIES,
        repeatsWriting: false,
        ...(options.observe === undefined ? {} : { observe: options.observe }),
        ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
        ...(options.wait === undefined ? {} : { wait: options.wait }),
      }),
    readToken: async (installation, repositoryId) =>
      await mint(installation, { repository_ids: [repositoryId], permissions: { contents: 'read' } }),
    forget,
    installations: async () => {
      const app = await probot.auth()
      const found = await app.paginate(app.rest.apps.listInstallations, { per_page: 100 })
      return found.filter(({ suspended_at }) => suspended_at === null).map(({ id }) => id)
    },
    installationOf: async (owner, repo) => {
      const app = await probot.auth()
      const { data } = await app.rest.apps.getRepoInstallation({ owner, repo })
      return data.id
    },
  }
}
