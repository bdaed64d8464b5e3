import { textAt, valueAt, type Json } from '../manifest/json.ts'
import type { OciRepository } from './oci-registry.ts'
import { OutboundError } from './outbound.ts'

/** `auths` of a docker config.json, by host. */
export type Credentials = Readonly<Record<string, RegistryCredentials>>

export interface RegistryCredentials {
  /** base64 of 'user:password' */
  auth?: string
  username?: string
  password?: string
  /** a finished bearer token */
  registrytoken?: string
}

// a token that is about to end may have ended when it arrives
const SKEW = 10
// docker token authentication: where the answer does not say
const LIFETIME = 60

/**
 * What a challenge asks for: an Authorization header that is known already, or a token from the realm.
 * @returns `undefined` where it asks for what nobody gave
 * @throws OutboundError for a realm that is not gone to
 */
export function tokenRequest(
  { host, name, insecure }: OciRepository,
  header: string,
  own: RegistryCredentials | undefined,
): { authorization: string } | { url: URL; basic?: string } | undefined {
  if (own?.registrytoken !== undefined) return { authorization: `Bearer ${own.registrytoken}` }
  const basic = own === undefined ? undefined : basicOf(own)
  const challenges = readChallenges(header)
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters
  if (bearer?.realm === undefined)
    return basic === undefined || !challenges.some(({ scheme }) => scheme === 'basic')
      ? undefined
      : { authorization: basic }
  if (!URL.canParse(bearer.realm))
    throw new OutboundError('unreachable', `${host} wants to sign in at what is no address`)
  const url = new URL(bearer.realm)
  if (url.protocol !== 'https:' && !insecure)
    throw new OutboundError('refused', `${host} wants to sign in at an unencrypted address`)
  if (bearer.service !== undefined) url.searchParams.set('service', bearer.service)
  url.searchParams.set('scope', bearer.scope ?? `repository:${name}:pull`)
  return basic !== undefined && isRelated(url, host) ? { url, basic } : { url }
}

/** The token of an answer, and how long it is good. */
export function readToken(body: Json): { token: string; milliseconds: number } | undefined {
  const token = textAt(body, 'token') ?? textAt(body, 'access_token')
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) return undefined
  const seconds = valueAt(body, 'expires_in')
  const lifetime = typeof seconds === 'number' && seconds > 0 ? seconds : LIFETIME
  return { token, milliseconds: Math.max(0, lifetime - SKEW) * 1000 }
}

/** Several challenges may stand in one header; values may be quoted. */
export function readChallenges(header: string): { scheme: string; parameters: Record<string, string> }[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  const part =
    /([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z]+)(?=\s+[A-Za-z]+\s*=|\s*,|\s*$)/g
  for (const [, key, quoted, plain, scheme] of header.matchAll(part)) {
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} })
    else if (key !== undefined) {
      const last = challenges.at(-1)
      if (last !== undefined)
        last.parameters[key.toLowerCase()] = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? ''
    }
  }
  return challenges
}

/** Credentials of a registry go to its own host and to the two places where others are known to sign in. */
function isRelated({ hostname: realm }: URL, host: string): boolean {
  const registry = host.replace(/:\d+$/, '')
  if (registry === 'registry-1.docker.io') return realm === 'auth.docker.io'
  // GitLab: registry.example.org signs in at example.org
  return realm === registry || registry === `registry.${realm}`
}

/** `undefined` where there is neither auth nor username. */
export function basicOf(own: RegistryCredentials): string | undefined {
  if (own.auth !== undefined) return `Basic ${own.auth}`
  if (own.username === undefined) return undefined
  return `Basic ${Buffer.from(`${own.username}:${own.password ?? ''}`).toString('base64')}`
}
