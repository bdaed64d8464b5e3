import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createClient } from '../adapters/github-client.ts'
import type { Json } from '../manifest/json.ts'
import { openCheckout } from './checkout.ts'
import { run, type ActionTools, type Environment } from './run.ts'
import { githubRunner } from './runner.ts'

/** Runs the action with the real runner, git and GitHub; the story and the printers are handed in. */
export async function start(
  env: Environment,
  tools: Pick<ActionTools, 'review' | 'status' | 'plan' | 'printers'>,
): Promise<void> {
  const directory = path.resolve(env.GITHUB_WORKSPACE ?? '.', env['INPUT_WORKING-DIRECTORY']?.trim() || '.')
  const runner = githubRunner(env, directory)
  await run(env, {
    ...tools,
    runner,
    checkout: at => openCheckout(at, env.PATH ?? ''),
    client: token =>
      createClient({
        token,
        baseUrl: env.GITHUB_API_URL ?? 'https://api.github.com',
        log: message => runner.log(message),
      }),
    payload: async () => {
      const file = env.GITHUB_EVENT_PATH
      if (file === undefined || file === '') return null
      const payload: Json = JSON.parse(await readFile(file, 'utf8'))
      return payload
    },
  })
}
