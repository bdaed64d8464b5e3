import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Chart } from '../src/render/tools.ts'

export interface Registry {
  /** '127.0.0.1:41234' */
  host: string
  /** @returns the manifest's digest */
  push(repository: string, tag: string, chart: Chart): Promise<string>
  /** any manifest, its blobs given as content; @returns its digest */
  pushManifest(
    repository: string,
    tag: string,
    mediaType: string,
    manifest: object,
    blobs?: readonly string[],
  ): Promise<string>
  stop(): void
}

const LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'

/** Starts a real registry (Debian's docker-registry) on a free port of the loopback. */
export async function startRegistry(command: string): Promise<Registry> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cnpg-steward-registry-'))
  const config = path.join(folder, 'config.yml')
  const storage = `storage: {filesystem: {rootdirectory: ${folder}/data}}`
  writeFileSync(config, `version: 0.1\n${storage}\nhttp: {addr: "127.0.0.1:0"}\nlog: {level: info}\n`)
  const child = spawn(command, ['serve', config], {
    env: { OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const host = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(chunk.toString('utf8'))?.[1]
      if (address !== undefined) resolve(address)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('exit', code => reject(new Error(`the registry ended with code ${code}`)))
  })
  const base = (repository: string) => `http://${host}/v2/${repository}`
  const blob = async (repository: string, content: Uint8Array<ArrayBuffer>, mediaType: string) => {
    const digest = digestOf(content)
    const started = await send('POST', `${base(repository)}/blobs/uploads/`, new Uint8Array(), LAYER)
    const target = new URL(started.headers.get('location') ?? '', base(repository))
    target.searchParams.set('digest', digest)
    await send('PUT', target.href, content, 'application/octet-stream')
    return { mediaType, digest, size: content.byteLength }
  }
  return {
    host,
    push: async (repository, tag, chart) => {
      const about = new TextEncoder().encode(JSON.stringify({ name: chart.name, version: chart.version }))
      const manifest = new TextEncoder().encode(
        JSON.stringify({
          schemaVersion: 2,
          config: await blob(repository, about, 'application/vnd.cncf.helm.config.v1+json'),
          layers: [await blob(repository, new Uint8Array(chart.archive), LAYER)],
        }),
      )
      await send(
        'PUT',
        `${base(repository)}/manifests/${tag}`,
        manifest,
        'application/vnd.oci.image.manifest.v1+json',
      )
      return digestOf(manifest)
    },
    pushManifest: async (repository, tag, mediaType, manifest, blobs = []) => {
      for (const content of blobs) await blob(repository, new TextEncoder().encode(content), mediaType)
      const bytes = new TextEncoder().encode(JSON.stringify(manifest))
      await send('PUT', `${base(repository)}/manifests/${tag}`, bytes, mediaType)
      return digestOf(bytes)
    },
    stop: () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

async function send(
  method: string,
  url: string,
  body: Uint8Array<ArrayBuffer>,
  type: string,
): Promise<Response> {
  const response = await fetch(url, { method, body, headers: { 'content-type': type } })
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
  return response
}
