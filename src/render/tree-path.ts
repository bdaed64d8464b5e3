import { posix } from 'node:path'

/**
 * The path in the tree of `path` as written in a file of `directory`; '' is the root.
 * @returns undefined where it leaves the tree
 */
export function resolvePath(directory: string, path: string): string | undefined {
  const joined = posix.join(directory, path).replace(/\/$/, '')
  if (joined === '..' || joined.startsWith('../')) return undefined
  return joined === '.' ? '' : joined
}

/** A directory as spec.path names it: it cannot leave the root (kustomize-controller uses SecureJoin). */
export function clampPath(path: string): string {
  return posix.join('/', path).replace(/^\//, '').replace(/\/$/, '')
}

/** The name nearest to one that does not exist, if it is near enough to be a slip of the pen. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate, least)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? limit
}
