// oxlint-disable typescript/no-unsafe-type-assertion -- JSON that GitHub's own description has been checked against
import { createHmac, generateKeyPairSync, randomUUID, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text as read } from 'node:stream/consumers'
import type { Json, JsonObject } from '../../../src/manifest/json.ts'
import type { Reply } from './call.ts'
import { Contract, type Operation } from './contract.ts'
import { serveGit } from './git-repository.ts'
import { answerGraphql } from './graphql.ts'
import { refusal } from './permissions.ts'
import {
  FakeRepository,
  reaches,
  type Account,
  type App,
  type Credential,
  type Installation,
  type Permission,
} from './repository.ts'
import { answer } from './routes.ts'

/** One request that reached the REST or GraphQL API, with its answer. */
export interface LoggedRequest {
  method: string
  path: string
  query: Record<string, string>
  /** GitHub's operationId: 'issues/create-comment' */
  operation: string
  body: Json | undefined
  /** who asked; undefined without a token */
  login: string | undefined
  status: number
}

/** Trouble on order: the next `times` requests of `operation` are answered with it. */
export interface Fault {
  operation: string
  status: number
  message?: string
  headers?: Record<string, string>
  times: number
}

/**
 * Trouble on the way back, on order: what was asked for is done, and its answer is lost (the connection closes), cut in
 * the middle of its body, or never comes.
 */
export interface Loss {
  operation: string
  way: 'lost' | 'cut' | 'silent'
  times: number
}

export const ACTIONS_APP: App = { id: 15368, slug: 'github-actions', name: 'GitHub Actions' }

/**
 * GitHub on loopback: stateful, real git behind it, and every request and reply checked against GitHub's own OpenAPI
 * description. What it refuses as no request of GitHub's contract is kept in `violations`; closing throws where any is left.
 */
export class FakeGitHub implements AsyncDisposable {
  readonly requests: LoggedRequest[] = []
  readonly contract = new Contract()
  readonly repositories = new Map<string, FakeRepository>()
  readonly installations: Installation[] = []
  /** app id → public key, PEM */
  readonly #keys = new Map<number, { app: App; publicKey: string }>()
  readonly #manifestCodes = new Map<string, { app: App; pem: string; webhookSecret: string }>()
  readonly #credentials = new Map<string, Credential>()
  readonly #accounts = new Map<string, Account>()
  readonly #root = mkdtempSync(path.join(tmpdir(), 'fake-github-'))
  readonly #server: Server
  #faults: Fault[] = []
  #losses: Loss[] = []
  #violations: string[] = []
  /** by how much its clock is ahead of this machine's */
  skewSeconds = 0
  /** full name of before → the repository that had it */
  readonly #moved = new Map<string, FakeRepository>()
  #lastId = 1000
  #seconds = Date.UTC(2026, 0, 1) / 1000

  static async start(): Promise<FakeGitHub> {
    const fake = new FakeGitHub()
    await new Promise<void>(resolve => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((cause: unknown) => {
        this.#violations.push(`the fake failed: ${String(cause)}`)
        response.writeHead(500).end('{}')
      })
    })
  }

  /** 'http://127.0.0.1:PORT': the API's root and git's alike */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Unique, growing. */
  nextId(): number {
    return ++this.#lastId
  }

  /** The fake's clock: a second later each time it is read. */
  now(): string {
    return new Date(++this.#seconds * 1000).toISOString().replace('.000Z', 'Z')
  }

  account(login: string, type: Account['type'] = login.endsWith('[bot]') ? 'Bot' : 'User'): Account {
    const known = this.#accounts.get(login) ?? { id: this.nextId(), login, type }
    this.#accounts.set(login, known)
    return known
  }

  /** Makes a repository, empty or a fork. @param fullName 'owner/name' */
  repository(fullName: string, options: { private?: boolean; parent?: FakeRepository } = {}): FakeRepository {
    const [owner = '', name = ''] = fullName.split('/')
    const made = new FakeRepository({
      ...options,
      id: this.nextId(),
      owner: this.account(owner),
      name,
      root: this.#root,
    })
    this.repositories.set(fullName, made)
    return made
  }

  /** Renames a repository or moves it to another account; its old name leads to it. @param fullName 'owner/name' */
  rename(repository: FakeRepository, fullName: string): void {
    const before = repository.fullName
    const [owner = '', name = ''] = fullName.split('/')
    repository.move(this.account(owner), name, this.#root)
    this.repositories.delete(before)
    this.repositories.set(fullName, repository)
    this.#moved.set(before, repository)
    for (const [token, known] of this.#credentials)
      this.#credentials.set(token, renamed(known, before, fullName))
    for (const one of this.installations)
      one.repositories = one.repositories.map(known => (known === before ? fullName : known))
  }

  /** A workflow's GITHUB_TOKEN (or the token of another app) for one repository. */
  appToken(
    repository: FakeRepository,
    permissions: Partial<Record<Permission, 'read' | 'write'>>,
    app: App = ACTIONS_APP,
  ): string {
    const account = this.account(`${app.slug}[bot]`)
    return this.token('ghs_', { account, app, repositories: [repository.fullName], permissions })
  }

  /** A person's token; what it may do with a repository follows from `collaborators`. */
  userToken(login: string): string {
    const permissions = { issues: 'write', pull_requests: 'write', contents: 'write' } as const
    return this.token('ghp_', { account: this.account(login), permissions })
  }

  /** Registers an app. @returns the key that its JWTs are signed with, PEM */
  registerApp(app: App): string {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    this.#keys.set(app.id, { app, publicKey })
    return privateKey
  }

  /** What a person does on GitHub's page for a manifest: makes the app. @returns the code of the redirect */
  acceptManifest(app: App, webhookSecret: string): string {
    const code = randomUUID()
    this.#manifestCodes.set(code, { app, pem: this.registerApp(app), webhookSecret })
    return code
  }

  takeManifestCode(code: string): { app: App; pem: string; webhookSecret: string } | undefined {
    const made = this.#manifestCodes.get(code)
    this.#manifestCodes.delete(code)
    return made
  }

  /** Installs an app on repositories. */
  install(
    app: App,
    repositories: readonly FakeRepository[],
    permissions: Installation['permissions'],
  ): Installation {
    const [first] = repositories
    const made: Installation = {
      id: this.nextId(),
      app,
      account: first?.owner ?? this.account('ghost'),
      repositories: repositories.map(({ fullName }) => fullName),
      permissions,
      removed: false,
    }
    this.installations.push(made)
    return made
  }

  /** Delivers an event as GitHub does. @returns the status of the answer */
  async deliver(
    url: string,
    secret: string,
    event: { name: string; payload: Json; id?: string },
  ): Promise<number> {
    const body = JSON.stringify(event.payload)
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        // a test that works for long without a pause would find a kept connection closed
        connection: 'close',
        'user-agent': 'GitHub-Hookshot/fake',
        'x-github-delivery': event.id ?? randomUUID(),
        'x-github-event': event.name,
        'x-hub-signature-256': `sha256=${signature}`,
      },
      body,
    })
    await response.arrayBuffer()
    return response.status
  }

  /** Every token that was given out, for tests that look whether one is seen where it must not be. */
  issuedTokens(): string[] {
    return [...this.#credentials.keys()]
  }

  token(prefix: string, credential: Credential): string {
    const token = `${prefix}${String(this.nextId()).padStart(36, 'x')}`
    this.#credentials.set(token, credential)
    return token
  }

  /** Orders trouble: 'issues/create-comment' fails with 502 once. */
  fail(fault: Omit<Fault, 'times'> & { times?: number }): void {
    this.#faults.push({ times: 1, ...fault })
  }

  /** Takes back what trouble was ordered and has not been met. */
  heal(): void {
    this.#faults = []
    this.#losses = []
  }

  /** Orders trouble on the way back: the answer to 'checks/create' is lost once. */
  lose(loss: Omit<Loss, 'times'> & { times?: number }): void {
    this.#losses.push({ times: 1, ...loss })
  }

  /** The next request of an operation meets the primary (`seconds` until reset) or secondary (retry-after) rate limit. */
  limitRate(operation: string, kind: 'primary' | 'secondary', seconds: number, now = Date.now()): void {
    if (kind === 'primary') {
      const reset = String(Math.floor(now / 1000) + seconds)
      const date = new Date(now).toUTCString()
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date }
      this.fail({ operation, status: 403, message: 'API rate limit exceeded for installation.', headers })
    } else {
      const message =
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'
      this.fail({ operation, status: 403, message, headers: { 'retry-after': String(seconds) } })
    }
  }

  /** What broke the contract so far; forgets it, so that a test of a violation can end well. */
  takeViolations(): string[] {
    const taken = this.#violations
    this.#violations = []
    return taken
  }

  /** Requests of one operation, in order. */
  requestsOf(operation: string): LoggedRequest[] {
    return this.requests.filter(request => request.operation === operation)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
    rmSync(this.#root, { recursive: true, force: true })
    if (this.#violations.length > 0) throw new Error(`contract violated:\n${this.#violations.join('\n')}`)
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    if (this.skewSeconds !== 0)
      response.setHeader('date', new Date(Date.now() + this.skewSeconds * 1000).toUTCString())
    const moved = this.#redirect(request.method ?? '', url)
    if (moved !== undefined) {
      request.resume()
      return void response.writeHead(moved.status, { location: moved.location }).end()
    }
    const credential = this.#credential(request.headers.authorization)
    if (/^\/[^/]+\/[^/]+\.git\//.test(url.pathname)) return this.#git(request, response, url, credential)
    const raw = await read(request)
    const body = raw === '' ? undefined : (JSON.parse(raw) as Json)
    const operation = this.contract.match(request.method ?? '', url.pathname)
    const id = url.pathname === '/graphql' ? 'graphql' : (operation?.id ?? 'unknown')
    const reply = this.#reply(request, url, body, operation, credential, id)
    this.requests.push({
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      operation: id,
      body,
      login: typeof credential === 'string' ? undefined : credential?.account.login,
      status: reply.status,
    })
    const loss = this.#losses.find(candidate => candidate.operation === id && candidate.times-- > 0)
    if (loss?.way === 'silent') return
    if (loss?.way === 'lost') return void response.destroy()
    const text = reply.body === undefined ? '' : JSON.stringify(reply.body)
    const length = { 'content-length': String(Buffer.byteLength(text)) }
    response.writeHead(reply.status, {
      'content-type': 'application/json; charset=utf-8',
      ...(reply.body === undefined ? {} : length),
      ...reply.headers,
    })
    if (loss === undefined) response.end(text)
    else response.write(text.slice(0, text.length / 2), () => response.destroy())
  }

  /** "301 Moved permanently" for what reads, 307 for what writes; the address has the number of the repository. */
  #redirect(method: string, url: URL): { status: number; location: string } | undefined {
    const [, id, rest = ''] = /^\/repositories\/(\d+)(\/.*)?$/.exec(url.pathname) ?? []
    const named = [...this.repositories.values()].find(one => one.id === Number(id))
    if (named !== undefined) url.pathname = `/repos/${named.fullName}${rest}`
    const api = /^\/repos\/([^/]+\/[^/]+)(\/.*)?$/.exec(url.pathname)
    const git = /^\/([^/]+\/[^/]+)\.git(\/.*)$/.exec(url.pathname)
    const moved = this.#moved.get(api?.[1] ?? git?.[1] ?? '')
    if (moved === undefined) return undefined
    const place =
      git === null ? `/repositories/${moved.id}${api?.[2] ?? ''}` : `/${moved.fullName}.git${git[2]}`
    return { status: method === 'GET' ? 301 : 307, location: `${this.url}${place}${url.search}` }
  }

  #reply(
    request: IncomingMessage,
    url: URL,
    body: Json | undefined,
    operation: Operation | undefined,
    credential: Credential | string | undefined,
    id: string,
  ): Reply {
    if (typeof credential === 'string') return problem(401, credential)
    const fault = this.#faults.find(candidate => candidate.operation === id && candidate.times-- > 0)
    if (fault !== undefined) return problem(fault.status, fault.message ?? 'Server Error', fault.headers)
    if (id === 'graphql') return answerGraphql(body, credential, this.#violations, this.repositories)
    if (operation === undefined) {
      this.#violations.push(`${request.method} ${url.pathname} is no operation of openapi.json`)
      return problem(404, 'Not Found')
    }
    const { owner, repo } = operation.parameters
    const repository = this.repositories.get(`${owner}/${repo}`)
    const refused = refusal(operation.id, credential, repository)
    if (refused !== undefined) return problem(refused.status, refused.message)
    const wrong = this.contract.checkRequest(operation, url.searchParams, body)
    if (wrong.length > 0) {
      this.#violations.push(...wrong.map(entry => `${operation.id}: ${entry}`))
      return problem(422, `Invalid request.\n\n${wrong.join('\n')}`)
    }
    const call = {
      fake: this,
      parameters: operation.parameters,
      query: url.searchParams,
      url,
      body: (body ?? {}) as JsonObject,
      credential,
    }
    const given = answer(operation.id, repository, call)
    const reply =
      given.body === undefined || given.status >= 300
        ? given
        : { ...given, body: this.contract.sample(operation.id, given.status, given.body) }
    const broken = this.contract.checkReply(operation, reply.status, reply.body)
    this.#violations.push(...broken.map(entry => `the fake's reply to ${operation.id}: ${entry}`))
    return reply
  }

  #git(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    credential: Credential | string | undefined,
  ): void {
    const [, owner = '', name = ''] = url.pathname.split('/')
    const repository = this.repositories.get(`${owner}/${name.replace(/\.git$/, '')}`)
    const writes = url.pathname.endsWith('git-receive-pack') || url.search.includes('git-receive-pack')
    const known = credential !== undefined && typeof credential !== 'string'
    const may = known && reaches(credential, repository?.fullName)
    const level = known ? credential.permissions.contents : undefined
    if (
      repository === undefined ||
      typeof credential === 'string' ||
      ((repository.private || writes) && !may)
    ) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end()
      return
    }
    if (writes && level !== 'write') {
      response.writeHead(403).end('Permission denied')
      return
    }
    serveGit(request, response, { root: this.#root, path: url.pathname, query: url.search.slice(1) })
  }

  /** `token X`, `bearer X`, or git's basic with the token as its password. */
  #credential(header: string | undefined): Credential | string | undefined {
    if (header === undefined) return undefined
    const [scheme = '', value = ''] = header.split(' ')
    const token =
      scheme.toLowerCase() === 'basic' ? (Buffer.from(value, 'base64').toString().split(':')[1] ?? '') : value
    if (token.split('.').length === 3) return this.#jwt(token)
    const known = this.#credentials.get(token)
    const gone = known?.installation?.removed === true || known?.installation?.suspended === true
    return known === undefined || gone ? BAD : known
  }

  /** "The time must be no more than 10 minutes into the future", signed RS256 with the key of the app that it names. */
  #jwt(token: string): Credential | string {
    const [head = '', body = '', signature = ''] = token.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
    const known = this.#keys.get(Number(claims.iss))
    const seconds = Date.now() / 1000 + this.skewSeconds
    const data = Buffer.from(`${head}.${body}`)
    if (known === undefined) return BAD
    if (!verify('sha256', data, known.publicKey, Buffer.from(signature, 'base64url'))) return BAD
    if (Number(claims.exp) <= seconds) return `'Expiration time' claim ('exp') ${PAST}`
    if (Number(claims.exp) > seconds + 600) return "'Expiration time' claim ('exp') is too far in the future"
    if (Number(claims.iat) > seconds) return `'Issued at' claim ('iat') ${NOT_YET}`
    const account = this.account(`${known.app.slug}[bot]`)
    return { account, app: known.app, jwt: true, permissions: {} }
  }
}

const BAD = 'Bad credentials'
const PAST = 'must be a numeric value representing the future time at which the assertion expires'
const NOT_YET = 'must be an Integer representing the time that the assertion was issued'

function renamed(credential: Credential, before: string, after: string): Credential {
  const { repositories } = credential
  return repositories === undefined
    ? credential
    : { ...credential, repositories: repositories.map(name => (name === before ? after : name)) }
}

function problem(status: number, message: string, headers: Record<string, string> = {}): Reply {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) }
  return { status, body, headers }
}
