import type {
  ClientHttp2Session,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
  OutgoingHttpHeaders,
} from 'node:http2'
import { Agent, request, type RequestOptions } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Answer, KubernetesReader } from '../status/reader.ts'
import { AccessProblem, type ClusterAccess } from './cluster-access.ts'
import { openHttp2 } from './http2-session.ts'

/** A list of Pods of a big namespace has a few MiB. */
const MAX_BYTES = 128 * 1024 * 1024

/**
 * GET requests to one API server over HTTPS, whose certificate is checked against the authority of the access, always.
 * Connections are kept; every request has its own deadline, which covers the whole answer.
 */
export class KubernetesApi implements KubernetesReader {
  readonly #access: ClusterAccess
  #secureContext: SecureContext | undefined
  /** the connection that all requests share; `undefined` in it: the server speaks HTTP/1.1 only */
  #session: Promise<ClientHttp2Session | undefined> | undefined
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
    this.#session?.then(
      session => session?.destroy(),
      () => undefined,
    )
    this.#session = undefined
  }

  async #ask(path: string, signal: AbortSignal, again: boolean, retried = false): Promise<HttpAnswer> {
    const { server } = this.#access
    const headers = {
      accept: 'application/json',
      'user-agent': 'cnpg-steward',
      ...(await this.#access.headers(again)),
    }
    // the address may have a path (Rancher, for example); ours goes behind it as it is written
    const whole = `${server.pathname.replace(/\/$/, '')}${path}`
    const kept = this.#session !== undefined
    const { opened, session } = await this.#connection(signal)
    try {
      return session === undefined
        ? await answerHttp1({ ...this.#target(), path: whole, headers, signal, agent: this.#http1() })
        : await answerHttp2(session, { ...headers, ':method': 'GET', ':path': whole }, signal)
    } catch (error) {
      // it may be dead without anybody having said so; requests under way keep theirs
      if (this.#session === opened) this.#session = undefined
      // a connection that was kept may have ended meanwhile: a GET can be asked once more on a new one
      if (!kept || retried || signal.aborted) throw error
      return await this.#ask(path, signal, again, true)
    }
  }

  async #connection(signal: AbortSignal) {
    const opened = (this.#session ??= this.#open())
    try {
      const session = await beforeAbort(opened, signal)
      if (session?.closed !== true && session?.destroyed !== true) return { opened, session }
    } catch (error) {
      if (this.#session === opened) this.#session = undefined
      throw error
    }
    // the server has said that it takes no more on this one
    const anew = this.#open()
    this.#session = anew
    return { opened: anew, session: await beforeAbort(anew, signal) }
  }

  async #open(): Promise<ClientHttp2Session | undefined> {
    const target = this.#target()
    const { host } = target
    return await openHttp2(this.#access.server, {
      ...target,
      // a name is sent to the server, an address is not (RFC 6066)
      servername: target.servername ?? (isIP(host) === 0 ? host : ''),
    })
  }

  #target() {
    const { server, servername } = this.#access
    return {
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? 443 : Number(server.port),
      secureContext: (this.#secureContext ??= certificatesOf(this.#access)),
      // NODE_TLS_REJECT_UNAUTHORIZED shall not matter
      rejectUnauthorized: true,
      ...(servername === undefined ? {} : { servername }),
    }
  }

  #http1(): Agent {
    return (this.#agent ??= new Agent({ keepAlive: true, maxSockets: 16 }))
  }
}

interface HttpAnswer {
  status: number
  contentType: string
  body: string
}

async function answerHttp1(options: RequestOptions): Promise<HttpAnswer> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(options)
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end()
  })
  return {
    status: message.statusCode ?? 0,
    contentType: message.headers['content-type'] ?? '',
    body: await bodyOf(message),
  }
}

async function answerHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const stream = session.request(headers, { signal, endStream: true })
  const head = await new Promise<IncomingHttpHeaders & IncomingHttpStatusHeader>((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', reject)
    stream.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  })
  return {
    status: head[':status'] ?? 0,
    contentType: head['content-type'] ?? '',
    body: await bodyOf(stream),
  }
}

async function bodyOf(message: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of message) {
    size += chunk.byteLength
    if (size > MAX_BYTES) throw new Error(`an answer of more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The promise's value, or the signal's error if that comes first; what is waited for goes on for others. */
async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let stop: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop)
  }
}

/** Made once for all connections. */
function certificatesOf({ server, ca, cert, key }: ClusterAccess): SecureContext {
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
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
