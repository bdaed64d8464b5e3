import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { JsonObject } from '../../src/manifest/json.ts'
import { certificateAuthority, type CertificateAuthority } from '../certificates.ts'
import type { Recording } from './recordings.ts'

export interface ApiServer extends AsyncDisposable {
  /** 'https://127.0.0.1:41234' */
  url: string
  authority: CertificateAuthority
  /** 'GET /path' of every request, in order of arrival */
  requests: string[]
  /** how many TLS connections were made */
  connections: () => number
  /** ends every connection, as a server that starts anew */
  hangUp: () => void
  /** a kubeconfig for it, with a token */
  kubeconfig: string
}

export interface Serving {
  recording: Recording
  /** paths that are forbidden */
  forbidden?: (path: string) => boolean
  /** paths of kinds that are not installed */
  unknown?: (path: string) => boolean
  /** how long every answer takes, as over a long way; 0 by default */
  delayMs?: number
  /** false: it speaks HTTP/1.1 only */
  http2?: boolean
  /** tokens that are taken; all by default */
  tokens?: () => readonly string[]
  /** objects beside the recorded ones, by their path */
  objects?: Readonly<Record<string, JsonObject>>
  /** connections are reset, as where nothing listens any more */
  down?: boolean
}

/**
 * The recorded API over real HTTPS. As it was for the plugin: lists are as recorded, whatever the selector; what is not
 * recorded answers 404; an instance without a status never answers.
 */
export async function serveRecording(serving: Serving): Promise<ApiServer> {
  const authority = certificateAuthority()
  const requests: string[] = []
  let connections = 0
  const sockets = new Set<Socket>()
  const answer = (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ) => {
    const path = request.url ?? ''
    requests.push(`${request.method ?? ''} ${path}`)
    if (serving.down === true) return hangUp()
    const send = (status: number, type: string, body: string) => {
      response.statusCode = status
      response.setHeader('content-type', type)
      response.end(body)
    }
    const tokens = serving.tokens?.()
    if (
      tokens !== undefined &&
      !tokens.includes((request.headers.authorization ?? '').slice('Bearer '.length))
    )
      return send(401, 'application/json', JSON.stringify(statusOf(401, 'Unauthorized', 'Unauthorized')))
    if (serving.forbidden?.(path) === true)
      return send(
        403,
        'application/json',
        JSON.stringify(statusOf(403, 'Forbidden', 'it is forbidden: no role')),
      )
    const object = serving.objects?.[path]
    const recorded = serving.unknown?.(path) === true ? NO_SUCH_PATH : recordedAnswer(path, serving.recording)
    const reply = object === undefined ? recorded : json(object)
    if (reply === undefined) return
    const { delayMs = 0 } = serving
    if (delayMs === 0) send(reply.status, reply.type, reply.body)
    else setTimeout(() => send(reply.status, reply.type, reply.body), delayMs)
  }
  const certificate = authority.issue('127.0.0.1')
  const server =
    serving.http2 === false
      ? createServer(certificate, answer)
      : createSecureServer({ ...certificate, allowHTTP1: true }, answer)
  server.on('secureConnection', socket => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const hangUp = () => {
    for (const socket of sockets) socket.destroy()
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo
  const url = `https://127.0.0.1:${port}`
  return {
    url,
    authority,
    requests,
    connections: () => connections,
    hangUp,
    kubeconfig: kubeconfig(url, authority.cert, { token: 'a-token' }),
    async [Symbol.asyncDispose]() {
      hangUp()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A kubeconfig as text; JSON is YAML. */
export function kubeconfig(server: string, ca: string, user: JsonObject, cluster: JsonObject = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'reporter', namespace: 'databases' } }],
    clusters: [
      {
        name: 'lab',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64'), ...cluster },
      },
    ],
    users: [{ name: 'reporter', user }],
  })
}

interface Reply {
  status: number
  type: string
  body: string
}

const LISTS = {
  pods: 'pods',
  poddisruptionbudgets: 'pdbs',
  backups: 'backups',
  scheduledbackups: 'scheduledbackups',
  databases: 'databases',
  jobs: 'jobs',
  persistentvolumeclaims: 'pvcs',
  events: 'events',
} as const

const NO_SUCH_PATH: Reply = { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' }

/** What was answered to a path. `undefined`: it never answers. */
export function recordedAnswer(asked: string, recorded: Recording): Reply | undefined {
  const [path = ''] = asked.split('?')
  const discovered = discovery(path)
  if (discovered !== undefined) return json(discovered)
  const segments = path.split('/').map(decodeURIComponent)
  const at = segments.indexOf('namespaces')
  const [, namespace, resource = '', name, proxy] = segments.slice(at)
  if (namespace === recorded.namespace) {
    if (resource === 'pods' && proxy === 'proxy') {
      const pod = /^https:(.+):8000$/.exec(name ?? '')?.[1] ?? ''
      const instance = recorded['pg-status'][pod]
      if (instance === undefined) return missing('pods', pod)
      if (instance.httpStatus === 0) return undefined
      const { body } = instance
      return {
        status: instance.httpStatus,
        type: instance.contentType ?? '',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }
    }
    if (resource === 'clusters')
      return name === recorded.name
        ? json(recorded.cluster)
        : missing('clusters.postgresql.cnpg.io', name ?? '')
    if (resource === 'objectstores') {
      const items = recorded.objectstores?.items
      const store = (Array.isArray(items) ? items : []).find(
        item =>
          typeof item === 'object' && item !== null && JSON.stringify(item).includes(`"name":"${name}"`),
      )
      return store === undefined ? missing('objectstores.barmancloud.cnpg.io', name ?? '') : json(store)
    }
    if (isList(resource) && name === undefined) {
      const found = recorded[LISTS[resource]]
      if (found !== undefined) return json(found)
    }
  }
  return NO_SUCH_PATH
}

// What client-go asks for before it knows the paths of kinds: the real plugin does, we do not.
const KINDS: Record<string, [resource: string, kind: string][]> = {
  '/api/v1': [['pods', 'Pod']],
  '/apis/policy/v1': [['poddisruptionbudgets', 'PodDisruptionBudget']],
  '/apis/postgresql.cnpg.io/v1': [['clusters', 'Cluster']],
}

function discovery(path: string): object | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] }
  if (path === '/apis') {
    const groups = ['policy', 'postgresql.cnpg.io'].map(name => {
      const version = { groupVersion: `${name}/v1`, version: 'v1' }
      return { name, versions: [version], preferredVersion: version }
    })
    return { kind: 'APIGroupList', apiVersion: 'v1', groups }
  }
  const kinds = KINDS[path]
  return kinds === undefined
    ? undefined
    : {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: path.replace(/^\/apis?\//, ''),
        resources: kinds.map(([name, kind]) => ({ name, kind, namespaced: true, verbs: ['get', 'list'] })),
      }
}

function isList(resource: string): resource is keyof typeof LISTS {
  return Object.hasOwn(LISTS, resource)
}

function json(value: unknown): Reply {
  return { status: 200, type: 'application/json', body: JSON.stringify(value) }
}

function missing(resource: string, name: string): Reply {
  return {
    status: 404,
    type: 'application/json',
    body: JSON.stringify(statusOf(404, 'NotFound', `${resource} "${name}" not found`)),
  }
}

function statusOf(code: number, reason: string, message: string) {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
}
