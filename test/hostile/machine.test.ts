// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { chartCache } from '../../src/adapters/chart-cache.ts'
import { chartSource } from '../../src/adapters/charts.ts'
import { confinement, findWrapper, MEMORY_LIMIT } from '../../src/adapters/confinement.ts'
import { execute } from '../../src/adapters/exec.ts'
import { helmTemplate } from '../../src/adapters/helm.ts'
import { kustomizeTool } from '../../src/adapters/kustomize.ts'
import { Outbound } from '../../src/adapters/outbound.ts'
import { PinnedClient } from '../../src/adapters/pinned-client.ts'
import { chartOf } from '../charts.ts'
import { serve } from '../http.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../temporary.ts'

let scratch: TemporaryDirectory
beforeAll(() => {
  scratch = temporaryDirectory()
})
afterAll(() => scratch[Symbol.dispose]())

const files = new Map([['a/kustomization.yaml', new TextEncoder().encode('namePrefix: a\n')]])

/** A kustomize that says its version and then does something else. */
function kustomize(name: string, does: string): string {
  const file = path.join(scratch.path, name)
  writeFileSync(file, `#!/bin/sh\nif [ "$1" = version ]; then echo v5.8.1; exit; fi\n${does}\n`)
  chmodSync(file, 0o755)
  return file
}

async function build(name: string, does: string, limits: { timeoutMs?: number } = {}) {
  const tool = await kustomizeTool({ program: 'kustomize', path: kustomize(name, does), ...limits })
  return async () => await tool.build({ files, directory: 'a' })
}
const limit = (message: string) => ({
  ok: false,
  error: { ruleId: 'render-limit', message, file: 'a/kustomization.yaml', line: 1 },
})

describe('a child', () => {
  it('that takes too long is stopped with all it started, and soon none is started any more', async () => {
    const pid = path.join(scratch.path, 'grandchild')
    const slow = await build('slow', `sleep 1000 & echo $! > '${pid}'; wait`, { timeoutMs: 200 })
    for (let run = 0; run < 3; run++)
      expect(await slow()).toMatchObject(limit('kustomize was stopped after 0.2 s'))
    // signal 0 asks whether there is such a process; one that is only left for its parent to collect is dead
    const gone = () => {
      try {
        process.kill(Number(readFileSync(pid, 'utf8')), 0)
        return /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${readFileSync(pid, 'utf8').trim()}/stat`, 'utf8'))
      } catch {
        return true
      }
    }
    await expect.poll(gone).toBe(true)
    expect(await slow()).toMatchObject(
      limit('kustomize was not started: 3 runs before it had to be stopped for the time they took'),
    )
  })

  it('that somebody kills is told', async () => {
    expect(await (await build('killed', 'kill -9 $$'))()).toMatchObject(
      limit('kustomize was killed (SIGKILL), most likely for want of memory'),
    )
  })

  it('that dies for want of memory is told', async () => {
    const dies = await build('dies', 'echo "fatal error: runtime: out of memory" >&2; exit 2')
    expect(await dies()).toMatchObject(
      limit(`kustomize needs more than ${MEMORY_LIMIT} MiB of memory and was stopped`),
    )
  })

  it('has the limits and no network where this machine can say so, and doctor is told else', async () => {
    const { network, resources, missing } = await confinement()
    const { stdout } = await execute('/bin/sh', ['-c', 'ulimit -d; ulimit -c; cat /proc/net/dev'], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      timeoutMs: 10_000,
      maxOutput: 64 * 1024,
      confine: true,
    })
    const [data, core, ...devices] = stdout.toString('utf8').split('\n')
    const limited = [String(MEMORY_LIMIT * 1024), '0']
    expect(resources === 'limited' ? [data, core] : limited).toEqual(limited)
    const names = [...devices.join('\n').matchAll(/^\s*([\w.-]+):/gm)].map(([, name]) => name)
    expect(network === 'denied' ? names : ['lo']).toEqual(['lo'])
    expect(missing).toHaveLength(Number(network !== 'denied') + Number(resources !== 'limited'))
  })

  it.each<[string, NodeJS.Platform, string[], RegExp]>([
    ['another system', 'darwin', [], /on Linux only/],
    ['no unshare', 'linux', ['/nowhere/unshare'], /can reach the network/],
    ['an unshare that is refused', 'linux', ['/bin/false'], /can reach the network/],
  ])('runs as it can on a machine with %s, in words', async (_name, platform, searched, words) => {
    const { confinement: found, prefix } = await findWrapper(platform, searched)
    expect([found.network, found.missing.join('\n')]).toEqual(['not denied', expect.stringMatching(words)])
    expect(prefix.join(' ')).not.toContain('unshare')
  })
})

it('a program that works long beside others has the limits, and less of the processor', async () => {
  const env = { PATH: process.env.PATH ?? '' }
  const options = { cwd: scratch.path, env, timeoutMs: 10_000, maxOutput: 1000, limit: true }
  const { code, stdout } = await execute('/bin/sh', ['-c', 'nice; ulimit -d'], options)
  const own = getPriority()
  expect([code, stdout.toString('utf8')]).toEqual([0, `${Math.min(own + 10, 19)}\n${MEMORY_LIMIT * 1024}\n`])
})

it('says so where there is no room for files', async () => {
  const tool = await kustomizeTool({
    program: 'kustomize',
    path: kustomize('roomless', 'true'),
    temporaryDirectory: path.join(scratch.path, 'none'),
  })
  await expect(tool.build({ files, directory: 'a' })).rejects.toMatchObject({
    name: 'NoScratchSpace',
    repair: expect.stringContaining('TMPDIR'),
  })
  const helm = path.join(scratch.path, 'no-helm')
  await expect(
    helmTemplate({ command: helm, temporary: path.join(scratch.path, 'none') }),
  ).rejects.toMatchObject({
    name: 'NoScratchSpace',
  })
})

describe('a host', () => {
  async function outbound(answer: Parameters<typeof serve>[0], more: object = {}) {
    const server = await serve(answer)
    onTestFinished(() => server.stop())
    const client = new PinnedClient()
    return {
      server,
      to: new Outbound({
        resolve: async host => (host.startsWith('public') ? ['93.184.215.14'] : ['10.0.0.1']),
        fetch: async (url, request) =>
          await client.fetch(new URL(url.href.replace(/^http:\/\/public[^/]*/, `http://${server.host}`)), {
            ...request,
            addresses: undefined,
          }),
        timeoutMs: 150,
        ...more,
      }),
    }
  }
  const ask = async (to: Outbound, url: string, maxBytes = 1000) =>
    await to.request(new URL(url), { maxBytes, compressed: true }).then(
      ({ body }) => body.toString('utf8'),
      (error: unknown) => (error instanceof Error ? error.message : ''),
    )

  it('that never answers is waited for twice, and a few of them end all waiting', async () => {
    const { to, server } = await outbound(() => undefined)
    for (let n = 0; n < 4; n++)
      expect(await ask(to, 'http://public-0/')).toBe('public-0 cannot be reached (timeout)')
    expect(server.requests).toHaveLength(2)
    for (let n = 2; n < 6; n++) await ask(to, `http://public-${n}/`)
    expect(await ask(to, 'http://public-9/')).toBe(
      'public-9 is not asked: other hosts have let this run wait in vain 6 times',
    )
    expect(server.requests).toHaveLength(6)
  })

  it.each<[string, Parameters<typeof serve>[0], string]>([
    ['drips', (_request, response) => void response.write('x'), 'public breaks off (timeout)'],
    [
      'sends a bomb',
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end(gzipSync(Buffer.alloc(1_000_000)))
      },
      'public sends more than 1000 bytes',
    ],
    [
      'leads inside',
      (_request, response) => response.writeHead(302, { location: 'http://inside/' }).end(),
      'inside is not on the public internet, so it is not asked',
    ],
    [
      'leads to metadata',
      (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      '169.254.169.254 is not on the public internet, so it is not asked',
    ],
    [
      'leads to a file',
      (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'file:// addresses are not fetched',
    ],
    [
      'leads nowhere',
      (_request, response) => response.writeHead(302, { location: 'http://[' }).end(),
      'public redirects to what is no address',
    ],
    [
      'leads on and on',
      (_request, response) => response.writeHead(302, { location: '/again' }).end(),
      'public redirects more than 5 times',
    ],
  ])('that %s', async (_name, answer, message) => {
    const { to } = await outbound(answer, { timeoutMs: 2000 })
    expect(await ask(to, 'http://public/')).toBe(message)
  })

  it('is connected to at the address that was checked, whatever its name says the second time', async () => {
    const server = await serve((request, response) => response.end(request.headers.host))
    onTestFinished(() => server.stop())
    const port = server.host.split(':')[1] ?? ''
    const { body } = await new PinnedClient().fetch(new URL(`http://rebound.invalid:${port}/`), {
      method: 'GET',
      headers: {},
      signal: AbortSignal.timeout(5000),
      addresses: ['127.0.0.1'],
    })
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    // the system's resolver, which knows no such name, was not asked
    expect(Buffer.concat(chunks).toString('utf8')).toBe(`rebound.invalid:${port}`)
  })

  it('gets no credentials of another, nor any that an address brings', async () => {
    const asked: (string | undefined)[] = []
    const { to, server } = await outbound((request, response) => {
      asked.push(request.headers.authorization)
      if (request.url === '/') response.writeHead(302, { location: 'http://public-other/end' }).end()
      else response.end('end')
    })
    const headers = { authorization: 'Basic c2VjcmV0' }
    await to.request(new URL('http://public-one/'), { maxBytes: 100, headers })
    expect(asked).toEqual(['Basic c2VjcmV0', undefined])
    expect(await ask(to, 'http://user:secret@public-one/')).toBe(
      'public-one is named with credentials in its address',
    )
    expect(server.requests).toHaveLength(2)
  })
})

describe('a cache', () => {
  const chart = chartOf({ 'templates/a.yaml': 'a: b\n' })
  const index = `apiVersion: v1\nentries:\n  demo:\n    - name: demo\n      version: 1.0.0\n      urls: [demo.tgz]\n      digest: ${chart.digest.slice(7)}\n`

  async function repository() {
    const server = await serve((request, response) =>
      response.end(request.url === '/index.yaml' ? index : Buffer.from(chart.archive)),
    )
    onTestFinished(() => server.stop())
    const reference = {
      kind: 'repository',
      url: `http://${server.host}`,
      chart: 'demo',
      version: '1.0.0',
    } as const
    const pull = async (directory: string) =>
      await chartSource({ cache: chartCache(directory), allowHosts: [server.host] }).pull(reference)
    return { server, pull }
  }

  it('that somebody poisoned is not believed', async () => {
    const { pull } = await repository()
    const directory = path.join(scratch.path, 'poisoned')
    await pull(directory)
    const evil = chartOf({ 'templates/a.yaml': 'evil: true\n' })
    const entry = path.join(directory, 'sha256', chart.digest.slice(7))
    expect(existsSync(entry)).toBe(true)
    writeFileSync(entry, evil.archive)
    expect(await pull(directory)).toMatchObject({ ok: true, chart: { digest: chart.digest } })
  })

  it('serves two runs at once', async () => {
    const { pull } = await repository()
    const directory = path.join(scratch.path, 'shared')
    const results = await Promise.all(Array.from({ length: 8 }, async () => await pull(directory)))
    for (const result of results) expect(result).toMatchObject({ ok: true, chart: { digest: chart.digest } })
  })

  it('that cannot be written costs nothing but time', async () => {
    const { pull } = await repository()
    const directory = path.join(scratch.path, 'full')
    mkdirSync(path.dirname(directory), { recursive: true })
    // a file where the directory should be: as good as a full disk, also for root
    writeFileSync(directory, '')
    expect(await pull(directory)).toMatchObject({ ok: true, chart: { digest: chart.digest } })
  })
})
