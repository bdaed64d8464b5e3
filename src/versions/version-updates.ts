import { compareVersionTags, readVersionTag, type VersionTag } from './version-tag.ts'

export type VersionUpdateClass = 'major' | 'minor' | 'patch' | 'rebuild' | 'pre-release'

export interface VersionUpdate {
  to: string
  class: VersionUpdateClass
  /** a major, and before 1.0.0 a minor: what it does may change */
  breaking: boolean
}

export interface VersionUpdates {
  /** of each class the newest, all else alike; of a pre-release the newest of all */
  updates: readonly VersionUpdate[]
  /** one sentence, where nothing can be compared */
  remark?: string
}

/**
 * What a version of a chart or of an image without rules of its own could become: the newest patch, minor and major of the
 * same shape (prefix, count of numbers, suffix). Never older; a pre-release is a class of its own.
 */
export function versionUpdates(current: string, versions: readonly string[]): VersionUpdates {
  const here = readVersionTag(current)
  if (here === undefined) return { updates: [], remark: `${current} is no version that orders by number.` }
  const newest = new Map<VersionUpdateClass, VersionTag>()
  for (const text of versions) {
    const version = readVersionTag(text)
    if (version === undefined || version.shape !== here.shape || compareVersionTags(version, here) <= 0)
      continue
    const kind = classOf(here, version)
    const known = newest.get(kind)
    if (known === undefined || compareVersionTags(version, known) > 0) newest.set(kind, version)
  }
  const order = ['rebuild', 'patch', 'minor', 'major', 'pre-release'] as const
  return {
    updates: order.flatMap(kind => {
      const version = newest.get(kind)
      return version === undefined
        ? []
        : [{ to: version.tag, class: kind, breaking: isBreaking(here, version) }]
    }),
  }
}

function classOf(from: VersionTag, to: VersionTag): VersionUpdateClass {
  // from a pre-release to its own release is what everyone who runs one waits for
  if (to.preRelease !== undefined) return 'pre-release'
  const at = to.numbers.findIndex((number, index) => number !== from.numbers[index])
  if (at === -1) return from.preRelease === undefined ? 'rebuild' : 'patch'
  return at === 0 ? 'major' : at === 1 ? 'minor' : 'patch'
}

function isBreaking(from: VersionTag, to: VersionTag): boolean {
  if (from.numbers[0] !== to.numbers[0]) return true
  return from.numbers[0] === 0 && from.numbers.length > 1 && from.numbers[1] !== to.numbers[1]
}
