import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { nextLink } from '../../src/adapters/link-header.ts'
import { ociRepository, OciRegistry } from '../../src/adapters/oci-registry.ts'
import { readChallenges, type Credentials } from '../../src/adapters/oci-sign-in.ts'
import { Outbound } from '../../src/adapters/outbound.ts'
import { serve, type LoopbackServer } from '../http.ts'

const servers: LoopbackServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.stop()
})

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const MANIFEST = JSON.stringify({ schemaVersion: 2, layers: [] })

/** A server that answers by path; what is not named is 404. */
async function start(answers: Record<string, (request: IncomingMessage, response: ServerResponse) => void>) {
  const server = await serve((request, response) => {
    const answer = answers[new URL(request.url ?? '', 'http://x').pathname]
    if (answer === undefined) response.writeHead(404).end()
    else answer(request, response)
  })
  servers.push(server)
  return server
}

function clientOf(hosts: LoopbackServer[], credentials: Credentials = {}) {
  const outbound = new Outbound({ allowHosts: hosts.map(({ host }) => host), timeoutMs: 2000 })
  return new OciRegistry(outbound, credentials, { wait: async () => undefined, now: () => Date.now() })
}

const repositoryOf = ({ host }: LoopbackServer) => ociRepository(`oci://${host}/owner/chart`, true)

it.each([
  ['oci://ghcr.io/owner/charts/x', { host: 'ghcr.io', name: 'owner/charts/x' }],
  ['oci://docker.io/x', { host: 'registry-1.docker.io', name: 'library/x' }],
  ['oci://localhost:5000/a_b/c-d', { host: 'localhost:5000', name: 'a_b/c-d' }],
])('reads %s', (url, want) => {
  expect(ociRepository(url)).toMatchObject(want)
})

it.each(['https://ghcr.io/x', 'oci://ghcr.io', 'oci://ghcr.io/../x', 'oci://ghcr.io/X', 'oci://ghcr.io/a?b'])(
  'refuses %s',
  url => {
    expect(() => ociRepository(url)).toThrow(/is no address/)
  },
)

it.each([
  [
    'Bearer realm="https://a/token",service="a",scope="repository:x:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://a/token', service: 'a', scope: 'repository:x:pull,push' },
      },
    ],
  ],
  [
    'Basic realm="x", Bearer realm="y"',
    [
      { scheme: 'basic', parameters: { realm: 'x' } },
      { scheme: 'bearer', parameters: { realm: 'y' } },
    ],
  ],
  ['', []],
])('reads the challenge %s', (header, want) => {
  expect(readChallenges(header)).toEqual(want)
})

const registry = async (realm: (host: string) => string, seen: string[]) => {
  const server = await start({
    '/token': (request, response) => {
      seen.push(`${request.url ?? ''} ${request.headers.authorization ?? 'nobody'}`)
      response.end(JSON.stringify({ token: 'secret', expires_in: 300 }))
    },
    '/v2/owner/chart/manifests/1.0.0': (request, response) => {
      if (request.headers.authorization === 'Bearer secret') response.end(MANIFEST)
      else
        response
          .writeHead(401, {
            'www-authenticate': `Bearer realm="${realm(server.host)}",service="s",scope="repository:owner/chart:pull"`,
          })
          .end()
    },
  })
  return server
}

describe('signing in', () => {
  it('fetches a token for nobody once, and keeps it', async () => {
    const seen: string[] = []
    const server = await registry(host => `http://${host}/token`, seen)
    const client = clientOf([server])
    for (let times = 0; times < 2; times++)
      expect(await client.manifest(repositoryOf(server), '1.0.0')).toMatchObject({
        outcome: 'present',
        value: { digest: digestOf(MANIFEST) },
      })
    expect(seen).toEqual(['/token?service=s&scope=repository%3Aowner%2Fchart%3Apull nobody'])
  })

  it('hands credentials to the registry itself, to no other host', async () => {
    const seen: string[] = []
    const own = await registry(host => `http://${host}/token`, seen)
    await clientOf([own], { [own.host]: { username: 'u', password: 'p' } }).manifest(
      repositoryOf(own),
      '1.0.0',
    )
    expect(seen).toEqual([expect.stringContaining('Basic dTpw')])
    const stolen: (string | undefined)[] = []
    const thief = await start({
      '/token': (request, response) => {
        stolen.push(request.headers.authorization)
        response.end(JSON.stringify({ token: 'useless' }))
      },
    })
    const other = await registry(() => `http://localhost:${thief.host.split(':')[1] ?? ''}/token`, [])
    const client = new OciRegistry(new Outbound({ allowHosts: [other.host, 'localhost'] }), {
      [other.host]: { username: 'u', password: 'p' },
    })
    expect(await client.manifest(repositoryOf(other), '1.0.0')).toMatchObject({
      outcome: 'indeterminate',
      reason: 'chart-denied',
    })
    expect(stolen).toEqual([undefined])
  })

  it('does not sign in where no one may go', async () => {
    const server = await registry(() => 'http://169.254.169.254/token', [])
    expect(await clientOf([server]).manifest(repositoryOf(server), '1.0.0')).toMatchObject({
      outcome: 'indeterminate',
      reason: 'chart-host-refused',
    })
  })
})

/** Until nothing is left to do but wait for an answer. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** @param good whether the registry takes the token that was handed out last */
const strict = async (answer: object, good: (token: string) => boolean) => {
  let handed = 0
  const server = await start({
    '/token': (_request, response) => {
      handed++
      response.end(JSON.stringify({ token: `t${handed}`, ...answer }))
    },
    '/v2/owner/chart/manifests/1': (request, response) => {
      if (good(request.headers.authorization?.replace('Bearer ', '') ?? '')) response.end(MANIFEST)
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${server.host}/token"` }).end()
    },
  })
  return { server, handed: () => handed }
}

describe('tokens', () => {
  it.each([
    ['that says when it ends', { expires_in: 300 }, 289],
    ['that does not say: a minute', {}, 49],
  ])('a token %s is kept until shortly before', async (_case, answer, seconds) => {
    const { server, handed } = await strict(answer, token => token !== '')
    let now = 0
    const client = new OciRegistry(
      new Outbound({ allowHosts: [server.host] }),
      {},
      { wait: async () => undefined, now: () => now },
    )
    const ask = async () => (await client.manifest(repositoryOf(server), '1')).outcome
    expect([await ask(), handed()]).toEqual(['present', 1])
    now = seconds * 1000
    expect([await ask(), handed()]).toEqual(['present', 1])
    now += 1001
    expect([await ask(), handed()]).toEqual(['present', 2])
  })

  it('a token that is refused is asked for again, once', async () => {
    const { server, handed } = await strict({ expires_in: 300 }, token => token === 't1' || token === 't3')
    const client = clientOf([server])
    const ask = async () => (await client.manifest(repositoryOf(server), '1')).outcome
    expect([await ask(), handed()]).toEqual(['present', 1])
    const never = await strict({}, () => false)
    expect([
      (await clientOf([never.server]).manifest(repositoryOf(never.server), '1')).outcome,
      never.handed(),
    ]).toEqual(['indeterminate', 1])
  })

  it.each([
    ['Bearer realm="no address"', 'is no address'],
    ['Bearer realm="http://[/"', 'is no address'],
    ['Digest qop="auth"', 'denies'],
    ['', 'denies'],
  ])('a challenge that cannot be met: %s', async (challenge, message) => {
    const server = await start({
      '/v2/owner/chart/manifests/1': (_request, response) =>
        void response.writeHead(401, challenge === '' ? {} : { 'www-authenticate': challenge }).end(),
    })
    expect(await clientOf([server]).manifest(repositoryOf(server), '1')).toMatchObject({
      outcome: 'indeterminate',
      message: expect.stringContaining(message),
    })
  })

  it('a page for people is no token', async () => {
    const server = await start({
      '/token': (_request, response) => void response.end('<html>'),
      '/v2/owner/chart/manifests/1': (_request, response) =>
        void response
          .writeHead(401, { 'www-authenticate': `Bearer realm="http://${server.host}/token"` })
          .end(),
    })
    expect(await clientOf([server]).manifest(repositoryOf(server), '1')).toMatchObject({
      outcome: 'indeterminate',
      reason: 'chart-denied',
    })
  })

  it('credentials stay with their host: not at another, not where a redirect leads', async () => {
    const seen: string[] = []
    const hear = (request: IncomingMessage, response: ServerResponse) => {
      seen.push(`${request.url ?? ''} ${request.headers.authorization ?? 'nobody'}`)
      response.end(JSON.stringify({ token: 'x' }))
    }
    const elsewhere = await start({ '/token': hear, '/v2/owner/chart/manifests/1': hear })
    const own = await start({
      '/token': (_request, response) =>
        void response.writeHead(307, { location: `http://${elsewhere.host}/token` }).end(),
      '/v2/owner/chart/manifests/1': (_request, response) =>
        void response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${own.host}/token"` }).end(),
    })
    const client = clientOf([own, elsewhere], { [own.host]: { username: 'u', password: 'p' } })
    await client.manifest(repositoryOf(own), '1')
    await client.manifest(repositoryOf(elsewhere), '1')
    expect(seen).toEqual(['/token nobody', '/v2/owner/chart/manifests/1 nobody'])
  })
})

it.each([
  ['</v2/x/tags/list?last=b&n=2>; rel="next"', '/v2/x/tags/list?last=b&n=2'],
  ['<https://r.example.org/p2>; rel=next', 'https://r.example.org/p2'],
  ['<a>; title="x"; rel="next"', 'a'],
  ['<a>; rel="prev", <b>; rel="next"', 'b'],
  ['<a>; rel="last next"', 'a'],
  ['<a,b>; REL="next"', 'a,b'],
  ['<a>; rel="prev"', undefined],
  ['<a>; title="; rel=next"', undefined],
  ['', undefined],
])('the next page of %s', (header, want) => expect(nextLink(header)).toBe(want))

describe('what a registry sends', () => {
  it.each<[string, (page: number) => string]>([
    ['without end', page => `</v2/owner/chart/tags/list?last=${page}>; rel="next"`],
    ['that turns in a circle of two', page => `</v2/owner/chart/tags/list?last=${page % 2}>; rel="next"`],
  ])('a list %s is not known', async (_case, next) => {
    let page = 0
    const server = await start({
      '/v2/owner/chart/tags/list': (_request, response) =>
        void response.setHeader('link', next(page++)).end(`{"tags":["v${page}"]}`),
    })
    expect(await clientOf([server]).tags(repositoryOf(server))).toMatchObject({
      outcome: 'indeterminate',
      message: expect.stringContaining('without end'),
    })
    expect(server.requests.length).toBeLessThan(210)
  })

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['a page for people', response => void response.end('<html>'), /no list of tags/],
    ['something else', response => void response.end('{"tags":{"a":1}}'), /no list of tags/],
    ['more than fits', response => void response.end(`{"tags":["${'x'.repeat(5_000_000)}"]}`), /more than/],
    [
      'less than it says',
      response => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('{"tags":["1.0.0"')
        response.destroy()
      },
      /breaks off|cannot be reached/,
    ],
    ['a status without sense', response => void response.writeHead(418).end(), /status 418/],
  ])('tags: %s is not known', async (_case, answer, message) => {
    const server = await start({ '/v2/owner/chart/tags/list': (_request, response) => answer(response) })
    expect(await clientOf([server]).tags(repositoryOf(server))).toMatchObject({
      outcome: 'indeterminate',
      message: expect.stringMatching(message),
    })
  })

  it('one host is asked for a few things at a time, in turn; others meanwhile', async () => {
    const asked: { url: URL; answer: () => void }[] = []
    const outbound = new Outbound({
      perHost: 2,
      resolve: async () => ['93.184.216.34'],
      fetch: async url =>
        await new Promise(resolve => {
          const answer = () =>
            resolve({
              status: 200,
              headers: new Headers(),
              body: Readable.from([Buffer.from(url.pathname)]),
              discard: () => undefined,
            })
          asked.push({ url, answer })
        }),
    })
    const get = async (url: string) =>
      (await outbound.request(new URL(url), { maxBytes: 100 })).body.toString('utf8')
    const all = ['/1', '/2', '/3', '/4'].map(async path => await get(`https://a.example.org${path}`))
    const other = get('https://b.example.org/1')
    const names = () => asked.map(({ url }) => `${url.hostname[0] ?? ''}${url.pathname}`)
    await settled()
    expect(names()).toEqual(['a/1', 'a/2', 'b/1'])
    asked[1]?.answer()
    expect(await all[1]).toBe('/2')
    await settled()
    expect(names()).toEqual(['a/1', 'a/2', 'b/1', 'a/3'])
    for (const { answer } of asked) answer()
    expect(await all[2]).toBe('/3')
    await settled()
    asked.at(-1)?.answer()
    expect(await Promise.all([...all, other])).toEqual(['/1', '/2', '/3', '/4', '/1'])
  })

  it('pages through tags as linked', async () => {
    const server = await start({
      '/v2/owner/chart/tags/list': (request, response) => {
        const last = new URL(request.url ?? '', 'http://x').searchParams.get('last')
        if (last === null) response.setHeader('link', '</v2/owner/chart/tags/list?last=b&n=2>; rel="next"')
        response.end(JSON.stringify({ tags: last === null ? ['a', 'b'] : ['b', 'c'] }))
      },
    })
    expect(await clientOf([server]).tags(repositoryOf(server))).toEqual({
      outcome: 'present',
      value: ['a', 'b', 'c'],
    })
  })

  it.each([
    ['a circle', '</v2/owner/chart/tags/list?n=1000>; rel="next"'],
    ['another host', '<http://example.org/tags>; rel="next"'],
  ])('a list that leads into %s is not known', async (_case, link) => {
    const server = await start({
      '/v2/owner/chart/tags/list': (_request, response) =>
        void response.setHeader('link', link).end('{"tags":["a"]}'),
    })
    expect(await clientOf([server]).tags(repositoryOf(server))).toMatchObject({
      outcome: 'indeterminate',
      reason: 'chart-unavailable',
    })
  })

  it.each<[string, number, object]>([
    ['not there', 404, { outcome: 'absent' }],
    ['denied', 403, { outcome: 'indeterminate', reason: 'chart-denied' }],
    ['too many requests', 429, { outcome: 'indeterminate', reason: 'chart-unavailable' }],
    ['broken', 500, { outcome: 'indeterminate', reason: 'chart-unavailable' }],
  ])('%s', async (_case, status, want) => {
    const server = await start({
      '/v2/owner/chart/manifests/x': (_request, response) => void response.writeHead(status).end(),
    })
    expect(await clientOf([server]).manifest(repositoryOf(server), 'x')).toMatchObject(want)
  })

  it('a registry that is down is one cause', async () => {
    const server = await start({})
    server.stop()
    expect(await clientOf([server]).manifest(repositoryOf(server), 'x')).toMatchObject({
      outcome: 'indeterminate',
      message: `${server.host} cannot be reached (ECONNREFUSED)`,
    })
  })

  it('holds manifests and blobs against their digests', async () => {
    const server = await start({
      '/v2/owner/chart/manifests/x': (_request, response) =>
        void response.setHeader('docker-content-digest', digestOf('other')).end(MANIFEST),
      [`/v2/owner/chart/blobs/${digestOf('right')}`]: (_request, response) => void response.end('right'),
      [`/v2/owner/chart/blobs/${digestOf('wrong')}`]: (_request, response) => void response.end('forged'),
    })
    const client = clientOf([server])
    const blob = async (text: string, max = 100) =>
      await client.blob(repositoryOf(server), { digest: digestOf(text), size: 5, mediaType: '' }, max)
    expect(await client.manifest(repositoryOf(server), 'x')).toMatchObject({
      outcome: 'indeterminate',
      message: expect.stringContaining('digest'),
    })
    expect(await blob('right')).toEqual({ outcome: 'present', value: Buffer.from('right') })
    expect(await blob('wrong')).toMatchObject({
      outcome: 'indeterminate',
      message: expect.stringContaining('digest'),
    })
    expect(await blob('right', 4)).toMatchObject({
      outcome: 'indeterminate',
      message: expect.stringContaining('bytes'),
    })
  })

  it('follows an index', async () => {
    const server = await start({
      '/v2/owner/chart/manifests/x': (_request, response) =>
        void response.end(
          JSON.stringify({
            manifests: [
              { digest: digestOf('no'), platform: { os: 'linux', architecture: 'arm64' } },
              { digest: digestOf(MANIFEST), platform: { os: 'linux', architecture: 'amd64' } },
            ],
          }),
        ),
      [`/v2/owner/chart/manifests/${digestOf(MANIFEST)}`]: (_request, response) =>
        void response.end(MANIFEST),
    })
    expect(await clientOf([server]).manifest(repositoryOf(server), 'x')).toMatchObject({
      outcome: 'present',
      value: { content: { layers: [] } },
    })
  })

  it('leaves the token behind at another host', async () => {
    const seen: (string | undefined)[] = []
    const store = await start({
      '/blob': (request, response) => (seen.push(request.headers.authorization), void response.end('right')),
    })
    const server = await start({
      [`/v2/owner/chart/blobs/${digestOf('right')}`]: (request, response) => {
        if (request.headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
        else response.writeHead(307, { location: `http://${store.host}/blob` }).end()
      },
    })
    const client = clientOf([server, store], { [server.host]: { auth: 'dTpw' } })
    expect(
      await client.blob(repositoryOf(server), { digest: digestOf('right'), size: 5, mediaType: '' }, 10),
    ).toMatchObject({ outcome: 'present' })
    expect(seen).toEqual([undefined])
  })
})

const guard = async (url: string, addresses: string[] = ['93.184.216.34'], allowHosts: string[] = []) => {
  await new Outbound({ resolve: async () => addresses, allowHosts }).guard(new URL(url))
}

describe('where requests may go', () => {
  it.each([
    'http://127.0.0.1/',
    'http://[::1]/',
    'http://10.1.2.3/',
    'http://192.168.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'http://0.0.0.0/',
    'http://[::ffff:10.0.0.1]/',
    'http://2130706433/',
    'http://[64:ff9b::a00:1]/',
  ])('not to %s', async url => {
    await expect(guard(url)).rejects.toMatchObject({ reason: 'refused' })
  })

  it('not to names that lead there, nor to other schemes', async () => {
    await expect(guard('https://x.example.org', ['93.184.216.34', '10.0.0.1'])).rejects.toMatchObject({
      reason: 'refused',
    })
    await expect(guard('file:///etc/passwd')).rejects.toMatchObject({ reason: 'refused' })
    await expect(guard('https://x.example.org', ['::ffff:127.0.0.1'])).rejects.toMatchObject({
      reason: 'refused',
    })
  })

  it('to public addresses, and to hosts that are allowed', async () => {
    await guard('https://x.example.org')
    await guard('https://[2606:4700::1111]/')
    await guard('http://127.0.0.1:5000', [], ['127.0.0.1:5000'])
    await guard('http://registry.lan', ['10.0.0.1'], ['registry.lan'])
    await expect(guard('http://127.0.0.1:5001', [], ['127.0.0.1:5000'])).rejects.toMatchObject({
      reason: 'refused',
    })
  })

  it('checks again at each redirect, and stops at last', async () => {
    const server = await start({
      '/inside': (_request, response) =>
        void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      '/circle': (_request, response) => void response.writeHead(302, { location: '/circle' }).end(),
      '/large': (_request, response) => void response.end('x'.repeat(1000)),
    })
    const outbound = new Outbound({ allowHosts: [server.host] })
    const get = async (path: string) =>
      await outbound.request(new URL(`http://${server.host}${path}`), { maxBytes: 100 })
    await expect(get('/inside')).rejects.toMatchObject({ reason: 'refused' })
    await expect(get('/circle')).rejects.toMatchObject({ reason: 'unreachable' })
    await expect(get('/large')).rejects.toMatchObject({ reason: 'too-large' })
  })
})
