// One replica of the bot as a process of its own, for tests that kill it: prints its port, and serves.
import { startBot } from '../../bot/bot.ts'
import type { BotEnvironment } from '../../bot/environment.ts'
import { openLog } from '../../bot/log.ts'
import { cannedReview } from '../action/canned.ts'

const environment: BotEnvironment = JSON.parse(process.env.BOT ?? '{}')
const bot = await startBot({
  environment,
  env: process.env,
  log: openLog('warn'),
  now: () => new Date(),
  clock: () => performance.now(),
  ...(process.env.REVIEW === 'real' ? {} : { review: async () => cannedReview() }),
  queue: {
    heartbeatSeconds: 10,
    retryDelaySeconds: 1,
    pollSeconds: 0.5,
    superviseSeconds: 1,
    sweepAtStart: false,
  },
})
console.log(JSON.stringify({ port: bot.port }))
