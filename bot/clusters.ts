import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { AccessConfig, AccessEntry } from '../src/config/access.ts'
import { loadAccess } from '../src/config/load-access.ts'
import { AccessProblem, type ClusterAccess } from '../src/adapters/cluster-access.ts'
import { findAccess } from '../src/adapters/kubeconfig.ts'
import { KubernetesApi } from '../src/adapters/kubernetes-api.ts'
import { tokenAccess } from '../src/adapters/token-access.ts'

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Reads the file that says which repository may see which cluster, and tries each access as far as that asks no server.
 * @param file paths in it count from where it lies
 * @returns what is wrong with it, one line each with its place; nothing is taken of such a file
 */
export function readAccessFile(
  file: string,
  env: Variables,
): { config: AccessConfig } | { problems: string[] } {
  const name = path.resolve(file)
  let text: string
  try {
    text = readFileSync(name, 'utf8')
  } catch {
    return { problems: [`ACCESS_FILE names a file that cannot be read: ${name}`] }
  }
  const loaded = loadAccess(text)
  if ('faults' in loaded)
    return {
      problems: loaded.faults.map(({ line, message, repair }) => `${name}:${line}: ${message} ${repair}`),
    }
  const directory = path.dirname(name)
  const problems: string[] = []
  const access = Object.entries(loaded.config.access).map(([key, entry]): [string, AccessEntry] => {
    const absolute = withPaths(entry, directory)
    try {
      openAccess(absolute, env)
    } catch (error) {
      if (!(error instanceof AccessProblem)) throw error
      problems.push(`${name}:${entry.line}: access.${key}: ${error.message} ${forFile(error.repair)}`)
    }
    return [key, absolute]
  })
  return problems.length > 0
    ? { problems }
    : { config: { ...loaded.config, access: Object.fromEntries(access) } }
}

/** The adapter speaks of the command line's options. */
function forFile(repair: string): string {
  return repair.replace('--allow-exec', '`allowExec: true`').replace('--context', '`context`')
}

function withPaths(entry: AccessEntry, directory: string): AccessEntry {
  const from = (file: string) => path.resolve(directory, file)
  switch (entry.kind) {
    case 'kubeconfig':
      return { ...entry, file: from(entry.file) }
    case 'token':
      return { ...entry, ca: from(entry.ca), tokenFile: from(entry.tokenFile) }
    case 'in-cluster':
    default:
      return entry
  }
}

function openAccess(entry: AccessEntry, env: Variables): ClusterAccess {
  switch (entry.kind) {
    case 'kubeconfig':
      return findAccess({
        kubeconfig: entry.file,
        allowExec: entry.allowExec,
        env,
        cwd: path.dirname(entry.file),
        ...(entry.context === undefined ? {} : { context: entry.context }),
      })
    case 'token':
      return tokenAccess(entry)
    case 'in-cluster':
    default: {
      if (env.KUBERNETES_SERVICE_HOST === undefined)
        throw new AccessProblem(
          'The bot runs in no Pod: KUBERNETES_SERVICE_HOST is not set.',
          'Name a kubeconfig, or server with ca and tokenFile.',
        )
      // a kubeconfig of whoever started the bot is not what the file asks for
      const service = Object.entries(env).filter(([name]) => name.startsWith('KUBERNETES_SERVICE_'))
      return findAccess({ env: Object.fromEntries(service), cwd: '/' })
    }
  }
}

/**
 * The API server of an access, to be closed after use. Opened anew each time: certificates in files rotate, too.
 * @throws AccessProblem
 */
export function openCluster(config: AccessConfig, access: string, env: Variables): KubernetesApi {
  const entry = config.access[access]
  if (entry === undefined) throw new AccessProblem(`There is no access ${access}.`, 'Add it to ACCESS_FILE.')
  return new KubernetesApi(openAccess(entry, env))
}
