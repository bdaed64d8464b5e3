import { textAt } from '../manifest/json.ts'
import type { Asked, VersionSource } from '../versions/version-source.ts'
import type { HelmRepositories } from './helm-repository.ts'
import { OciImages } from './oci-images.ts'
import { ociRepository, type OciRegistry, type OciRepository } from './oci-registry.ts'

/**
 * VersionSource over OCI registries and Helm repositories.
 * @param insecure hosts that are asked over plain HTTP, for tests
 */
export function registryVersions(
  registry: OciRegistry,
  repositories: HelmRepositories,
  insecure: readonly string[] = [],
): VersionSource {
  const images = new OciImages(registry)
  const at = async <T>(
    name: string,
    ask: (repository: OciRepository) => Promise<Asked<T>>,
  ): Promise<Asked<T>> => {
    const repository = repositoryOf(name, insecure)
    return 'outcome' in repository ? repository : await ask(repository)
  }
  return {
    tags: async name => await at(name, async repository => await registry.tags(repository)),
    digest: async (name, tag, known) =>
      await at(name, async repository => await images.digest(repository, tag, known)),
    platforms: async (name, digest) =>
      await at(name, async repository => {
        const image = await images.image(repository, digest)
        return image.outcome === 'present' ? { outcome: 'present', value: image.value.platforms } : image
      }),
    charts: async (repository, chart) => await repositories.versions(repository, chart),
    appVersion: async (url, version) =>
      await at(url, async repository => {
        const chart = await images.chart(repository, version)
        return chart.outcome === 'present'
          ? { outcome: 'present', value: textAt(chart.value, 'appVersion') }
          : chart
      }),
  }
}

/** The repository of an image or artifact; what is no name of one is absent. @param insecure hosts over plain HTTP */
export function repositoryOf(
  name: string,
  insecure: readonly string[],
): OciRepository | { outcome: 'absent'; message: string } {
  const url = imageAddress(name)
  try {
    return ociRepository(
      url,
      insecure.some(host => url.startsWith(`oci://${host}/`)),
    )
  } catch (error) {
    return { outcome: 'absent', message: error instanceof Error ? error.message : String(error) }
  }
}

/** 'oci://docker.io/library/nginx' of 'nginx': a first part that is no host stands below Docker Hub (distribution/reference). */
export function imageAddress(name: string): string {
  if (name.startsWith('oci://')) return name
  const [first = '', ...rest] = name.split('/')
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  return `oci://${isHost ? name : `docker.io/${name}`}`
}
