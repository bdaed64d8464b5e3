/** There is no room for the files of a build: the machine's matter, not the pull request's. */
export class NoScratchSpace extends Error {
  readonly repair: string
  constructor(directory: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`Files for kustomize and helm cannot be written to ${directory}: ${why}`, { cause })
    this.name = 'NoScratchSpace'
    this.repair = 'Make room there, or name another directory with TMPDIR.'
  }
}

/**
 * Does what writes temporary files.
 * @throws NoScratchSpace where the system refuses (disk full, quota, no such directory, read-only)
 */
export function withRoom<T>(directory: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new NoScratchSpace(directory, error)
    throw error
  }
}
