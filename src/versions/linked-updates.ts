import { posix } from 'node:path'
import type { UpdateGroup } from '../config/updates-config.ts'
import type { ReferenceRole } from './reference.ts'
import type { ReferenceUpdate } from './reference-update.ts'
import { groupKeyOf, packageName, updateKeyOf } from './update-key.ts'

/** References that move in one pull request, whether or not each has somewhere to go now. */
export interface LinkedUpdates {
  updateKey: string
  /** what it is about first */
  updates: readonly ReferenceUpdate[]
  /** that the configuration names */
  group?: UpdateGroup
}

// what a pull request with several packages is about: the server, then what it loads, then what reads from it
const RANK: Partial<Record<ReferenceRole, number>> = { postgres: 0, catalog: 1, extension: 2, dump: 3 }
const OTHERS = 4

/**
 * Puts together what moves together: the same package on the same track; the images of one database or of one catalog, so that a
 * database restarts once; a new major with the extensions and dumps that must follow it; the groups of the configuration. References
 * without an update count, too: a key must not change because one of its packages has a release.
 * @returns in the order of files and lines
 */
export function linkUpdates(
  updates: readonly ReferenceUpdate[],
  groups: readonly UpdateGroup[],
): LinkedUpdates[] {
  const sets = new Sets()
  const keys = updates.map(({ reference, choice }) => updateKeyOf(reference, choice))
  const named = updates.map(({ reference }) => groupOf(packageName(reference.package), groups))
  for (const [index, update] of updates.entries()) {
    const key = keys[index] ?? ''
    const group = named[index]
    const own = `reference ${index}`
    if (group !== undefined) {
      sets.join(own, groupKeyOf(group.name))
      continue
    }
    sets.join(own, key)
    for (const database of databasesOf(update, key)) sets.join(own, database)
  }
  return [...sets.all(updates.map((_, index) => `reference ${index}`)).values()].map(indexes => {
    const [first = 0] = indexes
    const group = named[first]
    const sorted = indexes.toSorted(
      (a, b) =>
        rankOf(updates[a]) - rankOf(updates[b]) ||
        (keys[a] === keys[b] ? a - b : (keys[a] ?? '') < (keys[b] ?? '') ? -1 : 1),
    )
    const lead = sorted[0] ?? first
    return {
      updateKey: group === undefined ? (keys[lead] ?? '') : groupKeyOf(group.name),
      updates: sorted.flatMap(index => updates[index] ?? []),
      ...(group === undefined ? {} : { group }),
    }
  })
}

/** The first group that a package belongs to. */
export function groupOf(name: string, groups: readonly UpdateGroup[]): UpdateGroup | undefined {
  return groups.find(({ packages }) => packages.some(glob => matchesPackage(name, glob)))
}

/** Whether a glob names a package, with or without the scheme of its address. */
export function matchesPackage(name: string, glob: string): boolean {
  return posix.matchesGlob(withoutScheme(name), withoutScheme(glob))
}

function withoutScheme(address: string): string {
  return address.replace(/^[a-z+]+:\/\//, '').replaceAll(' ', '/')
}

/** The databases that an update restarts: a major goes apart from what is small. */
function databasesOf({ reference, choice }: ReferenceUpdate, key: string): string[] {
  const { role, owner, major, servers = [] } = reference
  const here = `${reference.place.file} ${owner?.name ?? ''}`
  if (choice?.classes.includes('pg-major') === true) {
    // a dump names its server by host: the namespace need not be in it
    if (role === 'dump') return servers.map(name => `major ${name}`)
    return role === 'postgres' || role === 'extension' ? [`major ${owner?.name ?? here}`] : []
  }
  // another system or type asked for: it goes with nothing but its own kind
  if (key.includes('→') || !['postgres', 'extension', 'catalog'].includes(role)) return []
  return [
    owner?.kind === 'Cluster'
      ? `database ${owner.namespace === '' ? reference.place.file : owner.namespace}/${owner.name}`
      : `catalog ${here} ${major ?? ''}`,
  ]
}

function rankOf(update: ReferenceUpdate | undefined): number {
  return (update === undefined ? undefined : RANK[update.reference.role]) ?? OTHERS
}

/** Names that were said to belong together. */
class Sets {
  readonly #parents = new Map<string, string>()

  join(a: string, b: string): void {
    const [left, right] = [this.#root(a), this.#root(b)]
    if (left !== right) this.#parents.set(right, left)
  }

  /** The indexes of names by the set they are in, in order. */
  all(names: readonly string[]): Map<string, number[]> {
    const sets = new Map<string, number[]>()
    for (const [index, name] of names.entries()) {
      const root = this.#root(name)
      const set = sets.get(root)
      if (set === undefined) sets.set(root, [index])
      else set.push(index)
    }
    return sets
  }

  #root(name: string): string {
    let root = name
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root))
      root = parent
    return root
  }
}
