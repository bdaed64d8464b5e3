import type { Db } from 'pg-boss'
import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCluster } from './clusters.ts'
import type { BotEnvironment } from './environment.ts'
import type { FollowTools } from './follow-job.ts'
import { followJobOf } from './merge-job.ts'
import { Merges } from './merges.ts'
import { missedPushes } from './missed-pushes.ts'
import type { ReviewTools } from './review-job.ts'

export interface Following extends FollowTools {
  /** Goes on with every commit that is under way, and finds those whose push was missed; what waits in the queue already is that. */
  resume(): Promise<void>
}

/** What reads clusters, where the bot's side says that any may be read. */
export async function openFollowing(
  options: Pick<ReviewTools, 'github' | 'mirrors' | 'proxy' | 'review' | 'now'> &
    Pick<FollowTools, 'send'> & {
      environment: Pick<BotEnvironment, 'access' | 'comment'>
      env: Readonly<Record<string, string | undefined>>
      sql: Db['executeSql']
    },
): Promise<Following | undefined> {
  const { environment, env, sql, ...tools } = options
  const { access } = environment
  if (access === undefined) return undefined
  const merges = await Merges.open(sql)
  return {
    ...tools,
    access,
    merges,
    catalogs: openParameterCatalogs(),
    settings: environment,
    openCluster: name => openCluster(access, name, env),
    resume: async () => {
      await tools.send((await merges.underWay()).map(followJobOf))
      await tools.send(await missedPushes({ ...tools, access, merges }))
    },
  }
}
