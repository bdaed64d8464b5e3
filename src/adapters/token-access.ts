import { readFileSync } from 'node:fs'
import { AccessProblem, type ClusterAccess } from './cluster-access.ts'

/**
 * Access by the address of an API server, the certificate of its authority and a file with a token; for who has no kubeconfig.
 * The token is read anew for each request, because it rotates.
 * @throws AccessProblem
 */
export function tokenAccess(options: { server: string; ca: string; tokenFile: string }): ClusterAccess {
  const server = URL.parse(options.server)
  if (server?.protocol !== 'https:')
    throw new AccessProblem(`${options.server} is no https:// address.`, 'Give that of the API server.')
  const token = (): string => {
    const text = read(options.tokenFile).toString('utf8').trim()
    if (!/^[\x21-\x7e]+$/.test(text))
      throw new AccessProblem(
        `${options.tokenFile} holds no token.`,
        'Put the token there, and nothing else.',
      )
    return text
  }
  const ca = read(options.ca)
  if (!ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new AccessProblem(`${options.ca} holds no certificate in PEM.`, 'Put that of the authority there.')
  token()
  return { server, ca, headers: async () => ({ authorization: `Bearer ${token()}` }) }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new AccessProblem(`${file} cannot be read.`, 'Put it there, or name another file.', { cause })
  }
}
