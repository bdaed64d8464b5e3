// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Server } from 'node:http'
import { createApp } from '../../bot/app.ts'
import type { Job } from '../../bot/jobs.ts'
import { openLog } from '../../bot/log.ts'
import { closeServer, createBotServer, listen, WEBHOOK_PATH } from '../../bot/server.ts'
import type { Json } from '../../src/manifest/json.ts'

const SECRET = 'a secret of sixteen'
const LARGEST = 25 * 1024 * 1024
const PENDING = LARGEST + 2048
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const OPENED = {
  action: 'opened',
  number: 3,
  pull_request: { head: { sha: 'abc' } },
  installation: { id: 7 },
  repository: { full_name: 'acme/fleet' },
}

let server: Server
let url: string
let kept: [string, readonly Job[]][]
let lines: string
let keep: () => Promise<void>
let trouble: string | undefined

beforeEach(async () => {
  kept = []
  lines = ''
  keep = async () => undefined
  trouble = undefined
  const log = openLog('debug', { write: line => void (lines += line) })
  const probot = await createApp({
    environment: { appId: 1, privateKey, webhookSecret: SECRET, apiUrl: 'http://127.0.0.1:1' },
    log,
    deliver: async (id, jobs) => {
      await keep()
      kept.push([id, jobs])
    },
  })
  server = createBotServer({
    probot,
    log,
    clock: () => 0,
    trouble: async () => trouble,
    keepMs: 200,
    pendingBytes: PENDING,
  })
  url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
})
afterEach(async () => await closeServer(server))

function sign(body: string, secret = SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

async function post(payload: Json | string, headers: Record<string, string | undefined> = {}) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const all: Record<string, string | undefined> = {
    'content-type': 'application/json',
    'x-github-delivery': randomUUID(),
    'x-github-event': 'pull_request',
    'x-hub-signature-256': sign(body),
    ...headers,
  }
  const given = Object.entries(all).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  )
  const response = await fetch(url + WEBHOOK_PATH, { method: 'POST', headers: given, body })
  return { status: response.status, text: await response.text() }
}

/** Begins to send a body, signed by nobody. */
function send(headers: Record<string, string | number>) {
  const answered = Promise.withResolvers<[number | undefined]>()
  const sent = request(url + WEBHOOK_PATH, {
    method: 'POST',
    headers: {
      'x-github-delivery': 'd',
      'x-github-event': 'pull_request',
      'x-hub-signature-256': sign('another'),
      ...headers,
    },
  })
  sent.on('response', response => {
    response.resume()
    answered.resolve([response.statusCode])
  })
  // who is answered early may find the connection closed
  sent.on('error', error => answered.reject(error))
  sent.flushHeaders()
  return {
    write: (size: number) => void sent.write(Buffer.alloc(size, 'x')),
    end: () => void sent.end(),
    answered: answered.promise,
  }
}

describe('a delivery', () => {
  it('is kept before it is answered', async () => {
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    keep = async () => {
      asked.resolve()
      await gate.promise
    }
    let answered = false
    const reply = post(OPENED).then(response => {
      answered = true
      return response
    })
    await asked.promise
    expect(answered).toBe(false)
    gate.resolve()
    expect((await reply).status).toBe(202)
    expect(kept).toEqual([[expect.any(String), [expect.objectContaining({ kind: 'review', number: 3 })]]])
  })

  it('that cannot be kept is not taken', async () => {
    keep = async () => await Promise.reject(new Error('the database is gone'))
    const { status } = await post(OPENED)
    expect(status).toBe(503)
    expect(lines).toContain('the database is gone')
    expect(lines).not.toContain('acme/fleet')
  })

  it.each<[string, number, Json | string, Record<string, string | undefined>]>([
    [
      'with a forged signature',
      401,
      OPENED,
      { 'x-hub-signature-256': sign(JSON.stringify(OPENED), 'development') },
    ],
    ['with a signature of another payload', 401, OPENED, { 'x-hub-signature-256': sign('{}') }],
    ['with a signature that is none', 401, OPENED, { 'x-hub-signature-256': 'sha256=' }],
    ['without a signature', 400, OPENED, { 'x-hub-signature-256': undefined }],
    [
      'signed as GitHub did of old',
      400,
      OPENED,
      { 'x-hub-signature-256': undefined, 'x-hub-signature': 'sha1=x' },
    ],
    ['without an id', 400, OPENED, { 'x-github-delivery': undefined }],
    ['without the name of an event', 400, OPENED, { 'x-github-event': undefined }],
    ['that is no JSON', 400, 'payload=%7B%7D', {}],
    ['that is no object', 400, '7', {}],
  ])('%s is refused', async (_name, status, payload, headers) => {
    expect((await post(payload, headers)).status).toBe(status)
    expect(kept).toEqual([])
    expect(lines).not.toContain('acme/fleet')
  })

  it.each([
    ['of an event nobody knows', 'pull_request_v2', OPENED],
    ['of an event without work', 'pull_request', { ...OPENED, action: 'labeled' }],
  ])('%s is taken, and nothing is kept', async (_name, event, payload) => {
    expect((await post(payload, { 'x-github-event': event })).status).toBe(202)
    expect(kept).toEqual([])
  })

  it('of 25 MB is taken, and a larger one is not', async () => {
    const filled = (size: number): string => {
      const empty = JSON.stringify({ ...OPENED, filler: '' })
      return JSON.stringify({ ...OPENED, filler: 'x'.repeat(size - empty.length) })
    }
    expect((await post(filled(25 * 1024 * 1024))).status).toBe(202)
    expect((await send({ 'content-length': 26 * 1024 * 1024 }).answered)[0]).toBe(413)
    // no length is told, and what comes does not end
    const endless = send({ 'transfer-encoding': 'chunked' })
    endless.write(25 * 1024 * 1024)
    endless.write(1)
    expect((await endless.answered)[0]).toBe(413)
    expect(kept).toHaveLength(1)
  })

  it('has to wait where too much is sent at a time, by whoever', async () => {
    const large = { ...OPENED, filler: 'x'.repeat(4096) }
    const busy = async () => (await post(large)).status
    const sender = send({ 'transfer-encoding': 'chunked' })
    sender.write(LARGEST - 1)
    await vi.waitUntil(async () => (await busy()) === 503, { timeout: 20_000 })
    expect((await post(OPENED)).status).toBe(202)
    sender.end()
    expect((await sender.answered)[0]).toBe(401)
    expect(await busy()).toBe(202)
  })

  it('that the database is too slow to keep is not taken', async () => {
    keep = async () => await new Promise(() => undefined)
    expect(await post(OPENED)).toEqual({ status: 503, text: 'The delivery could not be kept.\n' })
    expect(lines).toContain('no answer within 0.2 s')
  })
})

describe('the server', () => {
  it('says how it is', async () => {
    const get = async (path: string) => {
      const response = await fetch(url + path)
      return [response.status, (await response.text()).trim()]
    }
    expect(await get('/healthz')).toEqual([200, 'ok'])
    expect(await get('/readyz')).toEqual([200, 'ready'])
    trouble = 'the database does not answer'
    expect(await get('/readyz')).toEqual([503, 'the database does not answer'])
    expect(await get('/healthz')).toEqual([200, 'ok'])
    expect(await get(WEBHOOK_PATH)).toEqual([405, 'POST only.'])
    expect(await get('/..%2fetc/passwd')).toEqual([404, 'Not found.'])
  })
})
