import { createHash } from 'node:crypto'

/**
 * One version of a repository: base, head or work tree. Port; implemented by src/adapters/git.ts and by a Map in tests.
 * Only regular files: source-controller leaves links out of an artifact (fluxcd/pkg artifact/storage/archive.go).
 */
export interface Tree {
  /** how reports name it: a short commit id, or 'work tree' */
  readonly name: string
  /** every regular file: path from the root with forward slashes → id of its content (git blob id, or a hash of it) */
  files(): Promise<ReadonlyMap<string, string>>
  /** the content of a file that `files` lists; throws for any other path */
  read(path: string): Promise<Uint8Array>
  /** what stands there and is not part of the tree: path → what it is */
  unread(): Promise<ReadonlyMap<string, UnreadKind>>
}

/** `unusable name`: not UTF-8, or with '..' as a segment; its path is a readable stand-in. */
export type UnreadKind = 'symbolic link' | 'submodule' | 'unusable name' | 'no permission'

/** A tree held in memory: files by path. */
export function memoryTree(files: Readonly<Record<string, string | Uint8Array>>, name = 'memory'): Tree {
  const bytes = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    ]),
  )
  return {
    name,
    files: async () => new Map([...bytes].map(([path, content]) => [path, contentId(content)])),
    read: async path => {
      const content = bytes.get(path)
      if (content === undefined) throw new Error(`no file ${path} in ${name}`)
      return content
    },
    unread: async () => new Map(),
  }
}

/** Git's own id of a blob: sha1 of 'blob <size>\0' and the content. */
export function contentId(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex')
}

export type FileChange = 'added' | 'removed' | 'changed'

const compared = new WeakMap<object, WeakMap<object, ReadonlyMap<string, FileChange>>>()

/**
 * Which files differ between two trees, by path. The files of a tree stay as they are, so they are compared once.
 * @param base path → content id, as `Tree.files()` gives it
 */
export function changedFiles(
  base: ReadonlyMap<string, string>,
  head: ReadonlyMap<string, string>,
): ReadonlyMap<string, FileChange> {
  const known = compared.get(base)?.get(head)
  if (known !== undefined) return known
  const changed = new Map<string, FileChange>()
  for (const [file, id] of head)
    if (base.get(file) !== id) changed.set(file, base.has(file) ? 'changed' : 'added')
  for (const file of base.keys()) if (!head.has(file)) changed.set(file, 'removed')
  const others = compared.get(base) ?? new WeakMap<object, ReadonlyMap<string, FileChange>>()
  compared.set(base, others.set(head, changed))
  return changed
}
