import { posix } from 'node:path'

// what nearly all paths are; there is nothing to resolve in them
const PLAIN = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/

/**
 * The path in the tree of `path` as written in a file of `directory`; '' is the root.
 * @returns undefined where it leaves the tree
 */
export function resolvePath(directory: string, path: string): string | undefined {
  if (PLAIN.test(path) && (directory === '' || PLAIN.test(directory)))
    return directory === '' ? path : `${directory}/${path}`
  const joined = posix.join(directory, path).replace(/\/$/, '')
  if (joined === '..' || joined.startsWith('../')) return undefined
  return joined === '.' ? '' : joined
}

/** A directory as spec.path names it: it cannot leave the root (kustomize-controller uses SecureJoin). */
export function clampPath(path: string): string {
  const relative = path.startsWith('./') ? path.slice(2) : path
  if (PLAIN.test(relative)) return relative
  return posix.join('/', path).replace(/^\//, '').replace(/\/$/, '')
}
