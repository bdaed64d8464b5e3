import { createHash } from 'node:crypto'
import type { Registry } from './registry.ts'
import type { LegacyPieces } from './sigstore.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const EMPTY = 'application/vnd.oci.empty.v1+json'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json'

const describedAs = (mediaType: string, content: string, annotations?: object) => ({
  mediaType,
  digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
  size: Buffer.byteLength(content),
  ...(annotations === undefined ? {} : { annotations }),
})

/** An image for linux/amd64 that no other has the digest of. */
export async function pushImage(registry: Registry, repository: string, tag: string, content = '') {
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', of: `${repository}:${tag}`, content })
  const digest = await registry.pushManifest(
    repository,
    tag,
    MANIFEST,
    {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: describedAs('application/vnd.oci.image.config.v1+json', config),
      layers: [],
    },
    [config],
  )
  return { repository, digest, name: `${registry.host}/${repository}` }
}

/** cosign 2: all signatures in the layers of one manifest. */
export async function attachSignatures(
  registry: Registry,
  repository: string,
  digest: string,
  all: readonly LegacyPieces[],
): Promise<void> {
  await registry.pushManifest(
    repository,
    `${digest.replace(':', '-')}.sig`,
    MANIFEST,
    {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: describedAs(EMPTY, '{}'),
      layers: all.map(({ payload, annotations }) => describedAs(SIMPLE, payload, annotations)),
    },
    ['{}', ...all.map(({ payload }) => payload)],
  )
}

/** cosign 3 at a registry without referrers API: one manifest a bundle, listed under the tag of the fallback. */
export async function attachReferrers(
  registry: Registry,
  repository: string,
  digest: string,
  bundles: readonly string[],
): Promise<void> {
  const entries: object[] = []
  for (const [at, bundle] of bundles.entries()) {
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: describedAs(EMPTY, '{}'),
      layers: [describedAs(BUNDLE, bundle)],
      annotations: { at: String(at) },
    }
    await registry.pushManifest(repository, `bundle-${at}`, MANIFEST, manifest, ['{}', bundle])
    // the type that cosign writes there says nothing
    entries.push({ ...describedAs(MANIFEST, JSON.stringify(manifest)), artifactType: EMPTY })
  }
  await registry.pushManifest(repository, digest.replace(':', '-'), INDEX, {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: entries,
  })
}
