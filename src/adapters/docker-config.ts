import { isObject, textAt, valueAt, type Json } from '../manifest/json.ts'
import { readJson } from './oci-registry.ts'
import type { Credentials, RegistryCredentials } from './oci-sign-in.ts'

export interface DockerConfig {
  /** by host: 'ghcr.io', 'registry.example.org:5000', 'docker.io' */
  credentials: Credentials
  /** what is in the file and not used; one sentence each, without a secret */
  problems: readonly string[]
}

/**
 * Reads a docker config.json, or the `.dockerconfigjson` of a Secret: `auths` by host. `credsStore` and `credHelpers` name programs;
 * none is run. Of a key that names a path ('ghcr.io/owner', containers-auth.json(5)) nothing is used: it is for that path alone.
 */
export function readDockerConfig(text: string): DockerConfig {
  const config = readJson(Buffer.from(text))
  if (!isObject(config)) return { credentials: {}, problems: ['It is no JSON object.'] }
  const credentials: Record<string, RegistryCredentials> = {}
  const problems: string[] = []
  for (const [key, entry] of entriesAt(config, 'auths')) {
    const host = hostOf(key)
    const found = credentialsOf(entry)
    if (host === undefined) problems.push(`${key} is no host of a registry; its credentials are not used.`)
    else if (typeof found === 'string') problems.push(`${host}: ${found}`)
    else if (found !== undefined) credentials[host] = found
  }
  const store = textAt(config, 'credsStore')
  if (store !== undefined && store !== '')
    problems.push(`Credentials are kept by the program docker-credential-${store}, which is not run.`)
  for (const [key, helper] of entriesAt(config, 'credHelpers')) {
    const host = hostOf(key)
    if (typeof helper !== 'string' || host === undefined) continue
    // docker asks the program first
    delete credentials[host]
    problems.push(`${host}: the program docker-credential-${helper} keeps its credentials; it is not run.`)
  }
  return { credentials, problems }
}

/** docker's own names of Docker Hub (docker/cli registry.IndexServer), and hosts with scheme or '/v2/'. */
function hostOf(key: string): string | undefined {
  const [, host, path] =
    /^(?:https?:\/\/)?([a-z0-9.-]+(?::\d+)?|\[[0-9a-f:]+\](?::\d+)?)(\/.*)?$/i.exec(key) ?? []
  if (host === undefined || (path !== undefined && !/^\/(?:v[12]\/?)?$/.test(path))) return undefined
  const name = host.toLowerCase()
  return name === 'index.docker.io' || name === 'registry-1.docker.io' ? 'docker.io' : name
}

/** A text says why there are none; undefined: the entry is empty, as where a program keeps them. */
function credentialsOf(entry: Json): RegistryCredentials | string | undefined {
  const [auth, username, password] = ['auth', 'username', 'password'].map(name => textAt(entry, name) ?? '')
  const registrytoken = textAt(entry, 'registrytoken') ?? ''
  if (registrytoken !== '') return { registrytoken }
  if (auth !== undefined && auth !== '') {
    const decoded = Buffer.from(auth, 'base64').toString('utf8')
    if (!decoded.includes(':')) return 'its auth is not base64 of user:password.'
    // docker writes an identity token beside a user without password
    if (!decoded.endsWith(':')) return { auth: Buffer.from(decoded.replaceAll('\0', '')).toString('base64') }
  }
  if (username !== undefined && username !== '' && password !== undefined && password !== '')
    return { username, password }
  return (textAt(entry, 'identitytoken') ?? '') === ''
    ? undefined
    : 'it has an identity token, which is not exchanged here; sign in with a user and a token of its own.'
}

function entriesAt(config: Json, name: string): [string, Json][] {
  const map = valueAt(config, name)
  return isObject(map) ? Object.entries(map) : []
}
