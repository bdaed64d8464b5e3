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
