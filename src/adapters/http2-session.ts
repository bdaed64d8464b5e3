import { connect as overHttp2, type ClientHttp2Session } from 'node:http2'
import { connect as overTls, type ConnectionOptions, type TLSSocket } from 'node:tls'

const CONNECT_MS = 10_000
/** Node's own are 64 KiB for all requests together: a long way would make a list of Pods slow. */
const WINDOW = 16 * 1024 * 1024
/** In MiB. */
const SESSION_MEMORY = 512

/**
 * Opens a connection that carries many requests at the same time, as client-go does: one handshake in place of a dozen.
 * @param options of the TLS connection, host and port included
 * @returns `undefined` where the server speaks HTTP/1.1 only
 * @throws the error of the connection
 */
export async function openHttp2(
  url: URL,
  options: ConnectionOptions,
): Promise<ClientHttp2Session | undefined> {
  const socket = await connected({ ...options, ALPNProtocols: ['h2', 'http/1.1'] })
  if (socket.alpnProtocol !== 'h2') {
    socket.destroy()
    return undefined
  }
  const session = overHttp2(url, {
    createConnection: () => socket,
    settings: { initialWindowSize: WINDOW, enablePush: false },
    maxSessionMemory: SESSION_MEMORY,
  })
  session.on('connect', () => session.setLocalWindowSize(WINDOW))
  // every request on it is told
  session.on('error', () => undefined)
  return session
}

async function connected(options: ConnectionOptions): Promise<TLSSocket> {
  return await new Promise<TLSSocket>((resolve, reject) => {
    const socket = overTls(options)
    socket.setTimeout(CONNECT_MS, () =>
      socket.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })),
    )
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
