import path from 'node:path'
import { readDockerConfig, type DockerConfig } from './docker-config.ts'
import { readOrNothing } from './whole-file.ts'

/**
 * The credentials of registries that the environment names: REGISTRY_AUTH_FILE (containers-auth.json(5)), else config.json in
 * DOCKER_CONFIG. A person's own file in the home directory is not looked for: whose updates are asked for is not always whose
 * machine it is.
 */
export async function registryCredentials(
  env: Readonly<Record<string, string | undefined>>,
): Promise<DockerConfig> {
  const { REGISTRY_AUTH_FILE: file = '', DOCKER_CONFIG: directory = '' } = env
  const place = file === '' && directory !== '' ? path.join(directory, 'config.json') : file
  if (place === '') return { credentials: {}, problems: [] }
  const text = await readOrNothing(place)
  if (text === undefined)
    return {
      credentials: {},
      problems: [`${place} cannot be read: registries are asked without credentials.`],
    }
  const { credentials, problems } = readDockerConfig(text.toString('utf8'))
  return { credentials, problems: problems.map(problem => `${place}: ${problem}`) }
}
