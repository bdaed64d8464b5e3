import { defaultUpdates, type UpdatesConfig } from '../src/config/updates-config.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { proposeUpdates } from '../src/propose-updates.ts'
import type { Asked, VersionSource } from '../src/versions/version-source.ts'
import { catalogTags, movingTags } from './versions/cnpg-tags.ts'

const CATALOG = catalogTags()
export const POSTGRES = [...CATALOG, ...movingTags(CATALOG), { tag: '17.2' }, { tag: '17.6' }]
export const present = <T>(value: T): Asked<T> => ({ outcome: 'present', value })
const absent: Asked<never> = { outcome: 'absent', message: 'there is no such thing' }

/** A source over tables; whatever is not in them does not answer. Counts what it is asked. */
export function tables(
  images: Record<string, Record<string, string | undefined>>,
  down: readonly string[] = [],
) {
  const asked: string[] = []
  const of = (name: string) => (Object.hasOwn(images, name) ? images[name] : undefined)
  const source: VersionSource = {
    tags: async name => {
      asked.push(`tags ${name}`)
      if (down.includes(name))
        return { outcome: 'indeterminate', message: `${name} does not answer`, repair: 'wait' }
      const tags = of(name)
      return tags === undefined ? absent : present(Object.keys(tags))
    },
    digest: async (name, tag) => {
      asked.push(`digest ${name}:${tag}`)
      const digest = of(name)?.[tag]
      return digest === undefined ? absent : present(digest)
    },
    platforms: async (_name, digest) => present(new Map([['linux/amd64', digest.replace('-attested', '')]])),
    charts: async (repository, chart) => {
      const versions = of(`${repository} ${chart}`)
      return versions === undefined ? absent : present(Object.keys(versions).map(version => ({ version })))
    },
    appVersion: async () => absent,
  }
  return { source, asked }
}

export const PROJECT = 'ghcr.io/cloudnative-pg/postgresql'
export const CHART = 'oci://ghcr.io/cloudnative-pg/charts/cloudnative-pg'
export const charts = (versions: string) =>
  Object.fromEntries(versions.split(' ').map(version => [version, `sha256:${version}`]))
export const ALL = {
  [PROJECT]: Object.fromEntries(POSTGRES.map(({ tag, digest }) => [tag, digest])),
  [CHART]: charts('0.26.0 0.27.0 0.27.1 0.28.0 0.28.3 0.29.0'),
}
export const cluster = (image: string, more = '') =>
  `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: db, namespace: apps }\nspec:\n  imageName: ${image}${more}\n`
export const artifact = (tag: string, comment = '') =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: { name: cnpg, namespace: flux-system }\nspec:\n  url: ${CHART}\n  ref:\n    tag: ${tag}${comment}\n`

export async function propose(
  files: Record<string, string>,
  allow: string[] = [],
  { source }: { source: VersionSource } = tables(ALL),
  config: Partial<UpdatesConfig> = {},
) {
  const tree = memoryTree(files)
  const proposed = await proposeUpdates(
    { tree, config: { ...defaultUpdates, ...config }, allow, now: '2026-09-01T12:00:00Z' },
    { source, progress: () => undefined },
  )
  return { tree, ...proposed }
}
