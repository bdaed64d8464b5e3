import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { OciImages } from '../../src/adapters/oci-images.ts'
import {
  ociRepository,
  OciRegistry,
  retryAfter,
  type OciRepository,
} from '../../src/adapters/oci-registry.ts'
import { Outbound } from '../../src/adapters/outbound.ts'
import { cloudnativePg, findTool } from '../charts.ts'
import { serve, type LoopbackServer } from '../http.ts'
import { startRegistry, type Registry } from '../registry.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`

const servers: LoopbackServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.stop()
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A registry that answers by 'METHOD /path below the repository'. */
async function start(answers: Record<string, Answer>) {
  const waited: number[] = []
  const server = await serve((request, response) => {
    const path = (request.url ?? '').replace('/v2/owner/x/', '')
    const answer = answers[`${request.method ?? ''} ${path}`]
    if (answer === undefined) response.writeHead(404).end()
    else answer(request, response)
  })
  servers.push(server)
  const patience = { wait: async (time: number) => void waited.push(time), now: () => Date.UTC(2026, 0, 1) }
  const registry = new OciRegistry(new Outbound({ allowHosts: [server.host], timeoutMs: 2000 }), {}, patience)
  return {
    images: new OciImages(registry),
    registry,
    server,
    waited,
    at: ociRepository(`oci://${server.host}/owner/x`, true),
  }
}

const index = (entries: object[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: entries })
const entry = (digest: string, os: string, architecture: string, more: object = {}) => ({
  mediaType: MANIFEST,
  digest,
  size: 1,
  platform: { os, architecture, ...more },
})

describe('digests', () => {
  it('by HEAD, of all kinds of manifests', async () => {
    const digest = digestOf('x')
    const { images, at, server } = await start({
      'HEAD manifests/1': (request, response) => {
        expect(request.headers.accept?.split(', ')).toHaveLength(4)
        response.setHeader('docker-content-digest', digest).end()
      },
    })
    expect(await images.digest(at, '1')).toEqual({ outcome: 'present', value: digest })
    expect(server.requests).toEqual(['HEAD /v2/owner/x/manifests/1'])
  })

  it('without the header, from the raw bytes', async () => {
    const body = '{ "odd":   "spaces" }\n'
    const { images, at } = await start({
      'HEAD manifests/1': (_request, response) => void response.end(),
      'GET manifests/1': (_request, response) => void response.end(body),
    })
    expect(await images.digest(at, '1')).toEqual({ outcome: 'present', value: digestOf(body) })
  })

  it('asks with the digest it knows', async () => {
    const known = digestOf('x')
    const { images, at } = await start({
      'HEAD manifests/1': (request, response) =>
        void response.writeHead(request.headers['if-none-match'] === `"${known}"` ? 304 : 500).end(),
    })
    expect(await images.digest(at, '1', known)).toEqual({ outcome: 'present', value: known })
  })

  it.each<[string, number, object]>([
    ['not there', 404, { outcome: 'absent' }],
    ['denied', 403, { outcome: 'indeterminate' }],
    ['broken', 502, { outcome: 'indeterminate' }],
  ])('%s', async (_case, status, want) => {
    const { images, at } = await start({
      'HEAD manifests/1': (_request, response) => void response.writeHead(status).end(),
    })
    expect(await images.digest(at, '1')).toMatchObject(want)
  })
})

describe('platforms', () => {
  it('of an index, without attestations', async () => {
    const body = index([
      entry(digestOf('a'), 'linux', 'amd64'),
      entry(digestOf('b'), 'linux', 'arm', { variant: 'v7' }),
      entry(digestOf('c'), 'unknown', 'unknown'),
    ])
    const { images, at } = await start({ 'GET manifests/1': (_request, response) => void response.end(body) })
    expect(await images.image(at, '1')).toEqual({
      outcome: 'present',
      value: {
        digest: digestOf(body),
        platforms: new Map([
          ['linux/amd64', digestOf('a')],
          ['linux/arm/v7', digestOf('b')],
        ]),
      },
    })
  })

  it('of one manifest, from its config', async () => {
    const config = JSON.stringify({ os: 'linux', architecture: 'arm64' })
    const body = JSON.stringify({
      config: { mediaType: 'x', digest: digestOf(config), size: config.length },
      layers: [],
    })
    const { images, at } = await start({
      'GET manifests/1': (_request, response) => void response.end(body),
      [`GET blobs/${digestOf(config)}`]: (_request, response) => void response.end(config),
    })
    expect(await images.image(at, '1')).toMatchObject({
      value: { platforms: new Map([['linux/arm64', digestOf(body)]]) },
    })
  })

  it('not of what is forged, nor of a page for people', async () => {
    const { images, at } = await start({
      [`GET manifests/${digestOf('right')}`]: (_request, response) => void response.end('forged'),
      'GET manifests/1': (_request, response) => void response.end('<html>'),
    })
    expect(await images.image(at, digestOf('right'))).toMatchObject({ outcome: 'indeterminate' })
    expect(await images.image(at, '1')).toMatchObject({ outcome: 'indeterminate' })
  })
})

describe('referrers', () => {
  const subject = digestOf('subject')
  const signature = { mediaType: MANIFEST, digest: digestOf('s'), size: 1, annotations: { a: 'b' } }

  const paged = async (second: Record<string, Answer>) => {
    const { images, at } = await start({
      [`GET referrers/${subject}`]: (_request, response) =>
        void response
          .setHeader('link', `</v2/owner/x/referrers/${subject}?p=2>; rel="next"`)
          .end(index([signature])),
      ...second,
    })
    return await images.referrers(at, subject)
  }

  it('from the API, page by page', async () => {
    const other = { ...signature, digest: digestOf('t') }
    const second: Answer = (_request, response) => void response.end(index([other]))
    expect(await paged({ [`GET referrers/${subject}?p=2`]: second })).toEqual({
      outcome: 'present',
      value: [signature, other],
    })
  })

  it('a page that is missing makes the whole unknown', async () => {
    expect(await paged({})).toMatchObject({ outcome: 'indeterminate' })
  })

  it('from the tag of the fallback, where there is no API', async () => {
    const { images, at } = await start({
      [`GET manifests/${subject.replace(':', '-')}`]: (_request, response) =>
        void response.end(index([signature])),
    })
    expect(await images.referrers(at, subject)).toEqual({ outcome: 'present', value: [signature] })
  })

  it('none, and not known', async () => {
    const none = await start({})
    expect(await none.images.referrers(none.at, subject)).toEqual({ outcome: 'present', value: [] })
    const broken = await start({
      [`GET referrers/${subject}`]: (_request, response) => void response.writeHead(500).end(),
    })
    expect(await broken.images.referrers(broken.at, subject)).toMatchObject({ outcome: 'indeterminate' })
  })
})

/** Busy at first, then there. */
const busy = (status: number, header?: string) => {
  let asked = 0
  const answer: Answer = (_request, response) => {
    asked++
    if (asked > 1) response.setHeader('docker-content-digest', digestOf('x')).end()
    else response.writeHead(status, header === undefined ? {} : { 'retry-after': header }).end()
  }
  return answer
}

describe('a busy registry', () => {
  it.each<[number, string, number]>([
    [429, '7', 7000],
    [503, 'Thu, 01 Jan 2026 00:00:09 GMT', 9000],
    [429, '0', 0],
  ])('%i, Retry-After: %s', async (status, header, want) => {
    const { images, at, waited } = await start({ 'HEAD manifests/1': busy(status, header) })
    expect(await images.digest(at, '1')).toMatchObject({ outcome: 'present' })
    expect(waited).toEqual([want])
  })

  it('is not waited for longer than is sensible, nor for ever', async () => {
    const long = await start({ 'HEAD manifests/1': busy(429, '3600') })
    expect(await long.images.digest(long.at, '1')).toMatchObject({ outcome: 'indeterminate' })
    expect(long.waited).toEqual([])
    const always = await start({
      'HEAD manifests/1': (_request, response) => void response.writeHead(429).end(),
    })
    expect(await always.images.digest(always.at, '1')).toMatchObject({ outcome: 'indeterminate' })
    expect(always.waited).toHaveLength(2)
    expect(always.waited[1]).toBeGreaterThan(always.waited[0] ?? 0)
  })

  it.each([
    [null, undefined],
    ['120', 120_000],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 9000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
  ])('Retry-After: %s', (header, want) => expect(retryAfter(header, 1000)).toBe(want))
})

it('shows what a registry warns of', async () => {
  const { images, registry, at, server } = await start({
    'HEAD manifests/1': (_request, response) =>
      void response
        .writeHead(200, { warning: '299 - "ends \\"soon\\""', 'docker-content-digest': digestOf('x') })
        .end(),
  })
  await images.digest(at, '1')
  expect(registry.warnings).toEqual(new Map([[server.host, new Set(['ends "soon"'])]]))
})

it('tags that are paged to what is no address are not known', async () => {
  const { registry, at } = await start({
    'GET tags/list?n=1000': (_request, response) =>
      void response.setHeader('link', '<http://[>; rel="next"').end('{"tags":["a"]}'),
  })
  expect(await registry.tags(at)).toMatchObject({ outcome: 'indeterminate' })
})

const command = findTool('docker-registry') ?? ''
describe.skipIf(command === '')('a real registry (left out: no docker-registry on PATH)', () => {
  let registry: Registry
  let at: OciRepository
  let images: OciImages
  const repository = 'cloudnative-pg/postgresql'
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64' })

  beforeAll(async () => {
    registry = await startRegistry(command)
    at = ociRepository(`oci://${registry.host}/${repository}`, true)
    images = new OciImages(new OciRegistry(new Outbound({ allowHosts: [registry.host] })))
  })
  afterAll(() => registry.stop())

  const push = async (tag: string, annotations: object = {}) =>
    await registry.pushManifest(
      repository,
      tag,
      MANIFEST,
      {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: digestOf(config),
          size: config.length,
        },
        layers: [],
        annotations,
      },
      [config],
    )

  it('digest, with and without a condition, and what is not there', async () => {
    const digest = await push('17.6-system-trixie')
    expect(await images.digest(at, '17.6-system-trixie')).toEqual({ outcome: 'present', value: digest })
    expect(await images.digest(at, '17.6-system-trixie', digest)).toEqual({
      outcome: 'present',
      value: digest,
    })
    const moved = await push('17.6-system-trixie', { built: 'again' })
    expect(await images.digest(at, '17.6-system-trixie', digest)).toEqual({
      outcome: 'present',
      value: moved,
    })
    expect(await images.digest(at, '17.7-system-trixie')).toMatchObject({ outcome: 'absent' })
  })

  it('platforms of a manifest and of an index', async () => {
    const manifest = await push('one')
    const digest = await registry.pushManifest(repository, 'both', INDEX, {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [{ ...entry(manifest, 'linux', 'amd64'), size: 10 }],
    })
    const platforms = new Map([['linux/amd64', manifest]])
    expect(await images.image(at, 'one')).toEqual({
      outcome: 'present',
      value: { digest: manifest, platforms },
    })
    expect(await images.image(at, 'both')).toEqual({ outcome: 'present', value: { digest, platforms } })
  })

  it('has no referrers API: the tag of the fallback counts', async () => {
    const subject = await push('subject')
    expect(await images.referrers(at, subject)).toEqual({ outcome: 'present', value: [] })
    const signature = await push('signature', { a: 'b' })
    await registry.pushManifest(repository, subject.replace(':', '-'), INDEX, {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [{ mediaType: MANIFEST, digest: signature, size: 10 }],
    })
    expect(await images.referrers(at, subject)).toMatchObject({ value: [{ digest: signature }] })
  })

  it('Chart.yaml without the chart', async () => {
    await registry.push('charts/cloudnative-pg', '0.27.0', cloudnativePg('0.27.0'))
    const charts = ociRepository(`oci://${registry.host}/charts/cloudnative-pg`, true)
    expect(await images.chart(charts, '0.27.0')).toMatchObject({
      value: { name: 'cloudnative-pg', version: '0.27.0' },
    })
    expect(await images.chart(at, 'one')).toMatchObject({ outcome: 'absent' })
  })
})
