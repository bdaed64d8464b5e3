import { existsSync, readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import path from 'node:path'
import { parse } from 'yaml'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import { AccessProblem, type ClusterAccess } from './cluster-access.ts'
import { execCredential } from './exec-credential.ts'

export interface AccessOptions {
  /** a file; absent: KUBECONFIG, ~/.kube/config, else the service account of the Pod, as kubectl looks */
  kubeconfig?: string
  /** absent: the current one */
  context?: string
  /** let programs named in the kubeconfig run */
  allowExec?: boolean
  env: Readonly<Record<string, string | undefined>>
  /** relative paths count from it */
  cwd: string
  /** where the service account is mounted */
  serviceAccount?: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Finds the access to a cluster as kubectl does, and refuses what is not safe: plain HTTP, certificates that nobody checks,
 * programs to run. Read by ourselves: @kubernetes/client-node 2.0.1 takes longer to import than `kubectl cnpg status` to
 * run, starts programs of the kubeconfig without asking, and obeys NODE_TLS_REJECT_UNAUTHORIZED.
 * @throws AccessProblem
 */
export function findAccess(options: AccessOptions): ClusterAccess {
  const { env, cwd, kubeconfig } = options
  const named =
    kubeconfig === undefined ? (env.KUBECONFIG ?? '').split(path.delimiter).filter(Boolean) : [kubeconfig]
  const home = env.HOME ?? env.USERPROFILE
  const usual = home === undefined ? [] : [path.join(home, '.kube/config')]
  const files = (named.length > 0 ? named : usual).map(file => path.resolve(cwd, file))
  // kubectl passes over files of KUBECONFIG that are not there, and takes the first that defines a name
  const configs = files
    .filter(file => kubeconfig !== undefined || existsSync(file))
    .map(file => ({ directory: path.dirname(file), file, value: readConfig(file) }))
  if (configs.length > 0) return accessOf(configs, options)
  if (env.KUBERNETES_SERVICE_HOST !== undefined && named.length === 0) return inCluster(options)
  throw new AccessProblem(
    named.length > 0 ? `There is no file ${named.join(' nor ')}.` : 'There is no kubeconfig.',
    'Give one with --kubeconfig or KUBECONFIG, or run in a Pod whose service account may read the database.',
  )
}

interface ConfigFile {
  file: string
  directory: string
  value: JsonObject
}

function readConfig(file: string): JsonObject {
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : ''
    throw new AccessProblem(`${file} cannot be read: ${why}`, 'Give a kubeconfig.', { cause })
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what YAML's core schema yields is JSON
  const json = value as Json
  if (!isObject(json)) throw new AccessProblem(`${file} is no kubeconfig.`, 'Give a kubeconfig.')
  return json
}

function accessOf(configs: readonly ConfigFile[], options: AccessOptions): ClusterAccess {
  const context = options.context ?? first(configs.map(({ value }) => textAt(value, 'current-context')))
  if (context === undefined)
    throw new AccessProblem(
      'The kubeconfig has no current context.',
      `Name one with --context. It has ${namesOf(configs, 'contexts').join(', ') || 'none'}.`,
    )
  const { entry: chosen } = entryNamed(configs, 'contexts', 'context', context)
  const { entry: cluster, config: ofCluster } = entryNamed(
    configs,
    'clusters',
    'cluster',
    textAt(chosen, 'cluster') ?? '',
  )
  const { entry: user, config: ofUser } = entryNamed(configs, 'users', 'user', textAt(chosen, 'user') ?? '')
  if (cluster['insecure-skip-tls-verify'] === true)
    throw new AccessProblem(
      `The context ${context} would not check the certificate of the API server (insecure-skip-tls-verify).`,
      'Put the certificate of its authority into certificate-authority-data instead.',
    )
  if (cluster['proxy-url'] !== undefined)
    throw new AccessProblem(
      `The context ${context} wants a proxy (proxy-url), which is not supported.`,
      'Run where the API server is reached directly.',
    )
  const namespace = textAt(chosen, 'namespace')
  const servername = textAt(cluster, 'tls-server-name')
  return {
    server: serverUrl(textAt(cluster, 'server') ?? '', context),
    ...optional('ca', bytesOf(cluster, 'certificate-authority', ofCluster)),
    ...optional('cert', bytesOf(user, 'client-certificate', ofUser)),
    ...optional('key', bytesOf(user, 'client-key', ofUser)),
    ...optional('servername', servername),
    ...optional('namespace', namespace),
    headers: credentials(user, ofUser, options),
  }
}

function serverUrl(server: string, context: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url?.protocol === 'https:') return url
  throw new AccessProblem(
    url?.protocol === 'http:'
      ? `The context ${context} names an unencrypted API server (${server}).`
      : `The context ${context} names no API server.`,
    'Give its https:// address.',
  )
}

function entryNamed(
  configs: readonly ConfigFile[],
  lists: string,
  key: string,
  name: string,
): { entry: JsonObject; config: ConfigFile } {
  for (const config of configs) {
    const found = valueAt(config.value, lists)
    const item = Array.isArray(found) ? found.find(each => textAt(each, 'name') === name) : undefined
    const entry = valueAt(item, key)
    if (isObject(entry)) return { entry, config }
    // a user without any credential is written `user: {}` or left empty
    if (item !== undefined && lists === 'users') return { entry: {}, config }
  }
  const names = namesOf(configs, lists)
  throw new AccessProblem(
    `The kubeconfig has no ${key} ${name}.`,
    names.length === 0 ? `It has no ${lists} at all.` : `It has ${names.join(', ')}.`,
  )
}

function namesOf(configs: readonly ConfigFile[], lists: string): string[] {
  return configs.flatMap(({ value }) => {
    const found = valueAt(value, lists)
    return Array.isArray(found) ? found.flatMap(each => textAt(each, 'name') ?? []) : []
  })
}

/** The bytes of NAME-data, else those of the file NAME; paths count from the kubeconfig. */
function bytesOf(entry: JsonObject, name: string, { directory }: ConfigFile): Buffer | undefined {
  const data = textAt(entry, `${name}-data`)
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64')
  const file = textAt(entry, name)
  return file === undefined || file === '' ? undefined : readBytes(path.resolve(directory, file))
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new AccessProblem(
      `${file}, which the kubeconfig names, cannot be read.`,
      'Put it there, or give another kubeconfig.',
      { cause },
    )
  }
}

function credentials(
  user: JsonObject,
  { directory }: ConfigFile,
  options: AccessOptions,
): ClusterAccess['headers'] {
  const impersonation = impersonate(user)
  const withToken = (token: string) => ({ ...impersonation, authorization: `Bearer ${token}` })
  const tokenFile = textAt(user, 'tokenFile')
  const token = textAt(user, 'token')
  const exec = valueAt(user, 'exec')
  if (tokenFile !== undefined && tokenFile !== '') {
    const file = path.resolve(directory, tokenFile)
    return async () => withToken(readBytes(file).toString('utf8').trim())
  }
  if (token !== undefined && token !== '') return async () => withToken(token)
  if (isObject(exec)) {
    if (options.allowExec !== true)
      throw new AccessProblem(
        `The kubeconfig wants to run a program for its credentials: ${textAt(exec, 'command') ?? '?'}.`,
        'Allow it with --allow-exec, or give a kubeconfig with a token or a client certificate.',
      )
    const ask = execCredential(exec, { directory, env: options.env })
    return async again => {
      const given = await ask(again)
      return given.token === undefined ? { ...impersonation } : withToken(given.token)
    }
  }
  if (user['auth-provider'] !== undefined)
    throw new AccessProblem(
      'The kubeconfig uses an auth-provider, which Kubernetes has removed.',
      'Give a kubeconfig with a token, a client certificate, or exec and --allow-exec.',
    )
  if (textAt(user, 'username') !== undefined)
    throw new AccessProblem(
      'The kubeconfig has a name and a password, which Kubernetes no longer takes.',
      'Give a kubeconfig with a token or a client certificate.',
    )
  return async () => ({ ...impersonation })
}

function impersonate(user: JsonObject): Record<string, string> {
  const name = textAt(user, 'as')
  return name === undefined ? {} : { 'impersonate-user': name }
}

function inCluster({ env, serviceAccount = SERVICE_ACCOUNT }: AccessOptions): ClusterAccess {
  const host = env.KUBERNETES_SERVICE_HOST ?? ''
  const port = env.KUBERNETES_SERVICE_PORT_HTTPS ?? env.KUBERNETES_SERVICE_PORT ?? '443'
  const tokenFile = path.join(serviceAccount, 'token')
  const namespaceFile = path.join(serviceAccount, 'namespace')
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    ca: readBytes(path.join(serviceAccount, 'ca.crt')),
    ...optional(
      'namespace',
      existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : undefined,
    ),
    headers: async () => ({ authorization: `Bearer ${readBytes(tokenFile).toString('utf8').trim()}` }),
  }
}

function first<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find(value => value !== undefined && value !== '')
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [name in Key]?: Value } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeScript widens a computed key to string
  return (value === undefined ? {} : { [key]: value }) as { [name in Key]?: Value }
}
