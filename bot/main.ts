import manifest from '../package.json' with { type: 'json' }
import { FolderInUse } from './database.ts'
import { EnvironmentError, readEnvironment } from './environment.ts'
import { openLog } from './log.ts'

const HELP = `cnpg-steward ${manifest.version}, the bot

  npm run bot                           serve
  npm run bot -- dead [--revive]        jobs that failed for good; try them again
  npm run bot -- --once OWNER/REPO#N    review one pull request, print what would be posted

docs/bot.md says how to set it up.`

/** @returns the exit code; undefined: it serves */
async function main(args: readonly string[]): Promise<number | undefined> {
  const [command] = args
  if (command === 'help' || command === '--help' || command === '-h') {
    console.log(HELP)
    return 0
  }
  if (command !== undefined) {
    console.error(`There is no "${command}".\n\n${HELP}`)
    return 2
  }
  const environment = readEnvironment(process.env)
  const log = openLog(environment.logLevel)
  const { startBot } = await import('./bot.ts')
  const bot = await startBot({
    environment,
    env: process.env,
    log,
    now: () => new Date(),
    clock: () => performance.now(),
  })
  const stop = (signal: NodeJS.Signals): void => {
    // a second signal ends at once what the first could not
    process.once(signal, () => process.exit(1))
    log.info({ signal }, 'stopping')
    bot
      .close()
      .catch((error: unknown) => log.error({ err: error }, 'not stopped well'))
      .finally(() => process.exit(0))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return undefined
}

try {
  const code = await main(process.argv.slice(2))
  if (code !== undefined) process.exit(code)
} catch (error) {
  if (!(error instanceof EnvironmentError || error instanceof FolderInUse)) throw error
  console.error(error.message)
  process.exit(2)
}
