import { compareVersions } from '../manifest/compare-versions.ts'
import type { CatalogIndex } from './catalog.ts'
import type { Scope } from './structural.ts'

/** A project of the catalog as people look for it. */
export interface CatalogProject {
  project: string
  /** oldest first */
  versions: string[]
  kinds: CatalogKind[]
}

export interface CatalogKind {
  /** 'core' for the group that has no name */
  group: string
  kind: string
  scope: Scope
  /** API versions that are served by the newest version of the project that has the kind */
  served: string[]
}

/** What the catalog holds, by project; kinds sorted by group and name. */
export function summarizeCatalog(index: CatalogIndex): CatalogProject[] {
  return Object.entries(index).map(([project, byVersion]) => {
    const versions = Object.keys(byVersion).toSorted(compareVersions)
    const kinds = new Map<string, CatalogKind>()
    for (const version of versions)
      for (const [key, { scope, versions: apiVersions }] of Object.entries(byVersion[version] ?? {})) {
        const [group = '', kind = ''] = key.split('/')
        const served = Object.entries(apiVersions).flatMap(([name, file]) =>
          typeof file === 'string' ? [name] : [],
        )
        kinds.set(key, { group: group === '' ? 'core' : group, kind, scope, served })
      }
    const name = ({ group, kind }: CatalogKind) => `${group}/${kind}`
    return { project, versions, kinds: [...kinds.values()].toSorted((a, b) => (name(a) < name(b) ? -1 : 1)) }
  })
}
