import manifest from '../package.json' with { type: 'json' }
import { FolderInUse } from './database.ts'
import { dataDirectoryOf, EnvironmentError, githubOf, readEnvironment, updatesOf } from './environment.ts'
import { nameOf, queueOf } from './jobs.ts'
import { openLog, withoutSecrets } from './log.ts'

const HELP = `cnpg-steward ${manifest.version}, the bot

  npm run bot                                serve
  npm run bot -- setup [ORGANIZATION]        make its GitHub App in the browser (PUBLIC_URL is needed;
                                             with UPDATES=on it may write contents)
  npm run bot -- dead [--revive]             jobs that failed for good; try them again
  npm run bot -- --once OWNER/REPO#N         review one pull request, print what would be posted

docs/bot.md says how to set it up.`

/** @returns the exit code; undefined: it serves */
async function main(args: readonly string[]): Promise<number | undefined> {
  const [command, argument] = args
  switch (command) {
    case undefined:
      return await serve()
    case 'setup':
      return await makeApp(argument)
    case 'dead':
      return await showDead(argument === '--revive')
    case '--once':
      return await once(argument ?? '')
    case 'help':
    case '--help':
    case '-h':
      console.log(HELP)
      return 0
    default:
      console.error(`There is no "${command}".\n\n${HELP}`)
      return 2
  }
}

async function makeApp(organization: string | undefined): Promise<number> {
  const publicUrl = process.env.PUBLIC_URL?.replace(/\/+$/, '')
  if (publicUrl === undefined || !/^https?:\/\/[^\s"<>]+$/.test(publicUrl)) {
    console.error('Set PUBLIC_URL to where GitHub reaches this bot: PUBLIC_URL=https://bot.example.org')
    return 2
  }
  const updates = updatesOf(process.env)
  const { setup } = await import('./setup.ts')
  await setup({
    dataDirectory: dataDirectoryOf(process.env),
    host: '127.0.0.1',
    port: Number(process.env.PORT ?? 3000),
    publicUrl,
    ...githubOf(process.env),
    updates,
    ...(organization === undefined ? {} : { organization }),
    say: line => console.log(line),
  })
  return 0
}

/** The dead letter list. Embedded, it needs the folder for itself: the bot must not run meanwhile. */
async function showDead(revive: boolean): Promise<number> {
  const environment = readEnvironment(process.env)
  const { openDatabase } = await import('./database.ts')
  const { Queue } = await import('./queue.ts')
  await using database = await openDatabase(environment)
  await using queue = await Queue.open({
    database,
    log: openLog('error'),
    handler: async () => undefined,
    workers: 1,
    jobSeconds: environment.reviewSeconds + 600,
    sweepMinutes: environment.sweepMinutes,
    now: Date.now,
  })
  const dead = await queue.deadLetters.list(100)
  for (const { job, at, tries, error } of dead)
    console.log(
      `${at.toISOString()}  ${queueOf(job)} ${nameOf(job)}  ${tries} tries  delivery ${job.delivery}\n    ${withoutSecrets(error)}`,
    )
  console.log(dead.length === 0 ? 'Nothing has failed for good.' : `${dead.length} failed for good.`)
  if (revive) console.log(`${await queue.deadLetters.revive()} wait again.`)
  return 0
}

async function once(target: string): Promise<number> {
  const environment = readEnvironment(process.env)
  const { NoTarget, reviewOnce } = await import('./once.ts')
  try {
    console.log(
      await reviewOnce({
        target,
        environment,
        env: process.env,
        log: openLog('error', process.stderr),
        now: () => new Date(),
      }),
    )
    return 0
  } catch (error) {
    const told =
      error instanceof NoTarget ||
      (error instanceof Error && ('status' in error || error.name === 'NotReviewed'))
    if (!told) throw error
    console.error(withoutSecrets(error.message))
    return 2
  }
}

async function serve(): Promise<undefined> {
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
