import path from 'node:path'
import type { UpdateTools } from '../propose-updates.ts'
import { chartCache } from './chart-cache.ts'
import { cosignSignatures } from './cosign-signatures.ts'
import { firstSeenFile } from './first-seen-file.ts'
import { HelmRepositories } from './helm-repository.ts'
import { OciRegistry } from './oci-registry.ts'
import { Outbound } from './outbound.ts'
import { registryCredentials } from './registry-credentials.ts'
import { registryVersions } from './registry-versions.ts'
import { SigstoreRoot } from './sigstore-root.ts'
import { SigstoreVerifier } from './sigstore-verifier.ts'
import { cacheDirectory } from './tools.ts'

/** Where versions and signatures are asked for. */
export interface UpdateSources extends Pick<UpdateTools, 'source' | 'assurance'> {
  /** what registries wanted to be shown; never acted on */
  warnings?: () => string[]
}

/**
 * The registries and repositories themselves, with signatures checked against Sigstore's root, and what was seen first kept in the
 * cache of this machine.
 * @param env REGISTRY_AUTH_FILE or DOCKER_CONFIG for credentials, and where the cache is
 * @param progress told of credentials that cannot be used
 */
export async function openUpdateSources(options: {
  env: Readonly<Record<string, string | undefined>>
  chartHosts: readonly string[]
  progress: (message: string) => void
}): Promise<UpdateSources> {
  const { credentials, problems } = await registryCredentials(options.env)
  for (const problem of problems) options.progress(problem)
  const outbound = new Outbound({ allowHosts: options.chartHosts })
  const cache = cacheDirectory(options.env)
  const registry = new OciRegistry(outbound, credentials)
  const repositories = new HelmRepositories(outbound, chartCache(path.join(cache, 'charts')), credentials)
  const root = new SigstoreRoot({ cachePath: path.join(cache, 'sigstore') })
  return {
    source: registryVersions(registry, repositories),
    assurance: {
      signatures: cosignSignatures(registry, new SigstoreVerifier(root)),
      firstSeen: firstSeenFile(path.join(cache, 'first-seen')),
    },
    warnings: () =>
      [...registry.warnings].flatMap(([host, texts]) => [...texts].map(text => `${host} says: ${text}`)),
  }
}
