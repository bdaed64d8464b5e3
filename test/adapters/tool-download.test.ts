import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { downloadTool, PINS, type DownloadOptions } from '../../src/adapters/tool-download.ts'
import { temporaryDirectory, type TemporaryDirectory } from '../temporary.ts'

/** A release server on loopback with an archive of a small program in it. */
async function releases() {
  const directory = temporaryDirectory({ 'linux-amd64/helm': '#!/bin/sh\necho v4.2.3\n' })
  chmodSync(path.join(directory.path, 'linux-amd64/helm'), 0o755)
  execFileSync('tar', ['-czf', 'helm.tar.gz', 'linux-amd64'], { cwd: directory.path })
  const archive = readFileSync(path.join(directory.path, 'helm.tar.gz'))
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/helm-v4.2.3-linux-amd64.tar.gz') response.end(archive)
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const close = async () => {
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  return {
    asked,
    close,
    base,
    sha256: createHash('sha256').update(archive).digest('hex'),
    [Symbol.asyncDispose]: async () => {
      await close()
      directory[Symbol.dispose]()
    },
  }
}

const options = (base: string, sha256: string): DownloadOptions => ({
  platform: 'linux',
  arch: 'x64',
  pins: { ...PINS, helm: { ...PINS.helm, base, sha256: { 'linux-amd64': sha256 } } },
})

describe('downloadTool', () => {
  let runner: TemporaryDirectory
  beforeEach(() => {
    runner = temporaryDirectory()
    vi.stubEnv('RUNNER_TEMP', path.join(runner.path, 'temp'))
    vi.stubEnv('RUNNER_TOOL_CACHE', path.join(runner.path, 'cache'))
    // tool-cache waits 10 to 20 seconds before it tries again
    vi.stubGlobal('TEST_DOWNLOAD_TOOL_RETRY_MIN_SECONDS', 0)
    vi.stubGlobal('TEST_DOWNLOAD_TOOL_RETRY_MAX_SECONDS', 0)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
    runner[Symbol.dispose]()
  })

  it('downloads once, then takes it from the tool cache', async () => {
    await using server = await releases()
    const first = await downloadTool('helm', options(server.base, server.sha256))
    if (!first.ok) throw new Error(first.problem)
    expect(first.tool).toMatchObject({ version: '4.2.3', from: 'download' })
    expect(execFileSync(first.tool.path, { encoding: 'utf8' })).toBe('v4.2.3\n')
    expect(await downloadTool('helm', options(server.base, server.sha256))).toEqual(first)
    expect(server.asked).toEqual(['/helm-v4.2.3-linux-amd64.tar.gz'])
  })

  it('refuses another checksum, and keeps nothing of it', async () => {
    await using server = await releases()
    const refused = await downloadTool('helm', options(server.base, '0'.repeat(64)))
    expect(refused).toMatchObject({
      ok: false,
      problem: `${server.base}/helm-v4.2.3-linux-amd64.tar.gz is refused: its sha256 is ${server.sha256}, not ${'0'.repeat(64)}.`,
    })
    expect(existsSync(path.join(runner.path, 'cache'))).toBe(false)
    expect(readdirSync(path.join(runner.path, 'temp'))).toEqual([])
  })

  it('says how to install it where it cannot be had', async () => {
    await using server = await releases()
    expect(await downloadTool('helm', options(`${server.base}/elsewhere`, server.sha256))).toEqual({
      ok: false,
      problem: `helm 4.2.3 could not be downloaded from ${server.base}/elsewhere/helm-v4.2.3-linux-amd64.tar.gz: Unexpected HTTP response: 404.`,
      repair: 'Install it in a step before: uses: azure/setup-helm, or give its path as input `helm`.',
    })
    await server.close()
    expect(await downloadTool('helm', options(server.base, server.sha256))).toMatchObject({
      ok: false,
      problem: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('has no pin for a platform whose sum is not known', async () => {
    const windows = await downloadTool('kustomize', { platform: 'win32', arch: 'x64' })
    expect(windows).toMatchObject({ ok: false, problem: 'kustomize 5.8.1 is not pinned for win32-amd64.' })
  })
})

it('pins name the files of the releases, each with a sha256', () => {
  expect(PINS.kustomize.file('darwin-arm64')).toBe('kustomize_v5.8.1_darwin_arm64.tar.gz')
  expect(PINS.helm.file('linux-arm64')).toBe('helm-v4.2.3-linux-arm64.tar.gz')
  for (const { sha256 } of Object.values(PINS)) {
    expect(Object.keys(sha256)).toEqual(['linux-amd64', 'linux-arm64', 'darwin-amd64', 'darwin-arm64'])
    for (const sum of Object.values(sha256)) expect(sum).toMatch(/^[0-9a-f]{64}$/)
  }
})
