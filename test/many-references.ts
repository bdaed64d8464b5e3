import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chartCache } from '../src/adapters/chart-cache.ts'
import { HelmRepositories } from '../src/adapters/helm-repository.ts'
import { OciRegistry } from '../src/adapters/oci-registry.ts'
import { Outbound } from '../src/adapters/outbound.ts'
import { registryVersions } from '../src/adapters/registry-versions.ts'
import { defaultUpdates } from '../src/config/updates-config.ts'
import { memoryTree, type Tree } from '../src/manifest/tree.ts'
import { proposeUpdates } from '../src/propose-updates.ts'
import type { VersionSource } from '../src/versions/version-source.ts'
import { serve } from './http.ts'

const PINNED = `sha256:${'a'.repeat(64)}`

/** A registry over HTTP in which nothing moved, and a tree whose references are all of it. */
export async function unmovedRepository(references: number, images: number) {
  const server = await serve((request, response) => {
    if ((request.url ?? '').includes('/tags/list')) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ name: 'x', tags: ['1.0.0', '0.9.0'] }))
      return
    }
    response.setHeader('content-type', 'application/vnd.oci.image.index.v1+json')
    response.setHeader('docker-content-digest', PINNED)
    response.end()
  })
  const directory = mkdtempSync(path.join(tmpdir(), 'cnpg-steward-many-'))
  const outbound = new Outbound({ allowHosts: [server.host] })
  const source: VersionSource = registryVersions(
    new OciRegistry(outbound),
    new HelmRepositories(outbound, chartCache(directory)),
    [server.host],
  )
  const image = (index: number) => `${server.host}/app-${index % images}:1.0.0@${PINNED}`
  const tree: Tree = memoryTree(
    Object.fromEntries(
      Array.from({ length: references }, (_, index) => [
        `apps/${index}.yaml`,
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a${index} }\nspec: { template: { spec: { containers: [{ name: x, image: "${image(index)}" }] } } }\n`,
      ]),
    ),
  )
  return {
    requests: server.requests,
    pass: async () =>
      await proposeUpdates(
        { tree, config: defaultUpdates, allow: [], now: '2026-09-01T00:00:00Z' },
        { source, progress: () => undefined },
      ),
    stop: () => {
      server.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
