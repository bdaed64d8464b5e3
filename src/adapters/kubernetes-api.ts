import { Agent, request, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { createSecureContext } from 'node:tls'
import type { Answer, KubernetesReader } from '../status/reader.ts'
import { AccessProblem, type ClusterAccess } from './cluster-access.ts'

/** A list of Pods of a big namespace has a few MiB. */
const MAX_BYTES = 128 * 1024 * 1024

/**
 * GET requests to one API server over HTTPS, whose certificate is checked against the authority of the access, always.
 * Connections are kept; every request has its own deadline, which covers the whole answer.
 */
export class KubernetesApi implements KubernetesReader {
  readonly #access: ClusterAccess
  #agent: Agent | undefined

  constructor(access: ClusterAccess) {
    this.#access = access
  }

  async get(path: string, deadlineMs: number): Promise<Answer> {
    const signal = AbortSignal.timeout(deadlineMs)
    try {
      const answer = await this.#ask(path, signal, false)
      // a token may have been renewed since it was read
      return answer.status === 401 ? await this.#ask(path, signal, true) : answer
    } catch (error) {
      if (signal.aborted) return { problem: 'timeout', message: `no answer within ${deadlineMs / 1000} s` }
      // what the access says about itself is for the person to mend
      if (error instanceof Error && 'repair' in error) throw error
      return {
        problem: 'unreachable',
        message: `${this.#access.server.host} cannot be ${isDistrust(error) ? 'trusted' : 'reached'} (${causeOf(error)})`,
      }
    }
  }

  /** Ends the connections. */
  close(): void {
    this.#agent?.destroy()
  }

  async #ask(path: string, signal: AbortSignal, again: boolean) {
    const { server, servername } = this.#access
    const options: RequestOptions = {
      protocol: 'https:',
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? 443 : server.port,
      // the address may have a path (Rancher, for example); ours goes behind it as it is written
      path: `${server.pathname.replace(/\/$/, '')}${path}`,
      method: 'GET',
      headers: {
        accept: 'application/json',
        'user-agent': 'cnpg-steward',
        ...(await this.#access.headers(again)),
      },
      agent: (this.#agent ??= agentFor(this.#access)),
      // NODE_TLS_REJECT_UNAUTHORIZED shall not matter
      rejectUnauthorized: true,
      signal,
      ...(servername === undefined ? {} : { servername }),
    }
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(options)
      sent.on('response', resolve)
      sent.on('error', reject)
      sent.end()
    })
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of message) {
      const bytes: Uint8Array = chunk
      size += bytes.byteLength
      if (size > MAX_BYTES) throw new Error(`an answer of more than ${MAX_BYTES} bytes`)
      chunks.push(bytes)
    }
    return {
      status: message.statusCode ?? 0,
      contentType: message.headers['content-type'] ?? '',
      body: Buffer.concat(chunks).toString('utf8'),
    }
  }
}

function agentFor({ server, ca, cert, key }: ClusterAccess): Agent {
  const certificates = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
  try {
    // made once for all connections: a status opens a dozen of them at the same time
    return new Agent({
      keepAlive: true,
      maxSockets: 16,
      secureContext: createSecureContext(certificates),
    })
  } catch (cause) {
    throw new AccessProblem(
      `The certificates for ${server.host} cannot be used (${causeOf(cause)}).`,
      'Check certificate-authority, client-certificate and client-key of the kubeconfig, or their -data: they are PEM.',
      { cause },
    )
  }
}

/** What OpenSSL and Node say of a certificate that the authority has not given, or to somebody else, or for another time. */
const DISTRUST = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_)/

function isDistrust(error: unknown): boolean {
  return error instanceof Error && 'code' in error && DISTRUST.test(String(error.code))
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
