import path from 'node:path'
import type { Client } from 'pg'
import { Mirrors } from '../../src/adapters/git-mirror.ts'
import type { GitProxy } from '../../src/adapters/git-proxy.ts'
import { createApp } from '../../bot/app.ts'
import { commandJob, type CommandTools } from '../../bot/command-job.ts'
import { openGitHub } from '../../bot/github.ts'
import type { Job } from '../../bot/jobs.ts'
import { openLog } from '../../bot/log.ts'
import { mergeGroupJob } from '../../bot/merge-group-job.ts'
import { reviewJob } from '../../bot/review-job.ts'
import type { ReviewProcess } from '../../bot/review-process.ts'
import { Store } from '../../bot/store.ts'
import { sweepAllJob, sweepJob } from '../../bot/sweep-job.ts'
import type { World } from './harness.ts'

/** When the bot is killed: around its request number `request`, which GitHub did or did not get. */
export interface Kill {
  request: number
  when: 'before' | 'after'
}

/** What the life of a process needs, and what outlives it. */
export interface Life {
  world: World
  /** of the bot's own tables */
  database: Client
  proxy: GitProxy
  review: ReviewProcess
  /** jobs that are not done: a queue that loses nothing */
  pending: Job[]
  /** reads count as requests, too */
  reads?: boolean
}

/**
 * A bot's outgoing HTTP that dies with its process: after the kill no request goes out and no answer comes in. Tokens are
 * no writes: they leave nothing on GitHub.
 */
function mortal(kill: Kill | undefined, reads: boolean) {
  const killed = Promise.withResolvers<void>()
  let requests = 0
  let dead = false
  const never = new Promise<never>(() => undefined)
  const send: typeof fetch = async (input, init) => {
    if (dead) return await never
    const url = input instanceof Request ? input.url : String(input)
    if (url.endsWith('/access_tokens') || ((init?.method ?? 'GET') === 'GET' && !reads))
      return await fetch(input, init)
    requests += 1
    if (requests !== kill?.request) return await fetch(input, init)
    if (kill.when === 'after') await fetch(input, init)
    dead = true
    killed.resolve()
    return await never
  }
  return { fetch: send, killed: killed.promise, dead: () => dead, requests: () => requests }
}

/** One life of the bot: does what is pending, until that is done or it is killed. @returns the requests it made */
export async function live(life: Life, kill?: Kill): Promise<number> {
  const { world, database, proxy, review, pending } = life
  const http = mortal(kill, life.reads ?? false)
  const log = openLog('silent')
  const environment = world.environment()
  const probot = await createApp({ environment, log, deliver: async () => undefined, fetch: http.fetch })
  const store = await Store.open(async (text, values) => {
    const result = await database.query(text, values)
    return Array.isArray(result) ? { rows: [] } : result
  })
  const tools: CommandTools = {
    github: openGitHub({ environment, probot, log, now: Date.now, fetch: http.fetch }),
    mirrors: new Mirrors({
      directory: path.join(world.directory.path, 'mirrors'),
      limit: 64 * 1024 * 1024,
      path: process.env.PATH ?? '',
      now: () => new Date(),
    }),
    proxy,
    review,
    store,
    settings: environment,
    permissions: { read: 'triage', act: 'write' },
    now: () => new Date(),
    reviewing: () => undefined,
    page: () => undefined,
    explain: async rule => `${rule}: what it says`,
    send: async jobs => {
      if (!http.dead()) pending.push(...jobs)
    },
  }
  const attempt = { signal: new AbortController().signal, log }
  const handle = async (job: Job): Promise<void> => {
    switch (job.kind) {
      case 'review':
        return await reviewJob(job, attempt, tools)
      case 'merge-group':
        return await mergeGroupJob(job, attempt, tools)
      case 'sweep':
        return await sweepJob(job, attempt, tools)
      case 'sweep-all':
        return await sweepAllJob(job, attempt, { ...tools, concludeDead: async () => undefined })
      case 'conclude':
        throw new Error('nothing fails for good here')
      case 'merge':
      case 'follow':
      case 'updates':
        throw new Error('neither a cluster nor updates are looked at here')
      case 'command':
      default:
        return await commandJob(job, attempt, tools)
    }
  }
  for (;;) {
    const [job] = pending
    if (job === undefined) break
    await Promise.race([handle(job), http.killed])
    if (http.dead()) break
    pending.shift()
  }
  return http.requests()
}
