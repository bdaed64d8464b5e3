import { contentId, type Tree } from './tree.ts'

/**
 * A tree with another content in some of its files, which need not be there yet: what it would be after an edit that nobody has
 * written. The rest is read where it is.
 * @param name how reports call it
 */
export function overlayTree(tree: Tree, edited: ReadonlyMap<string, Uint8Array>, name: string): Tree {
  let listed: Promise<ReadonlyMap<string, string>> | undefined
  const list = async (): Promise<ReadonlyMap<string, string>> => {
    const files = new Map(await tree.files())
    for (const [file, bytes] of edited) files.set(file, contentId(bytes))
    return files
  }
  return {
    name,
    files: async () => await (listed ??= list()),
    read: async file => edited.get(file) ?? (await tree.read(file)),
    unread: async () => await tree.unread(),
  }
}

// what is beyond is read again each time
const KEPT_BYTES = 64 * 1024 * 1024

/** A tree whose files are read once, for those who look at it many times. */
export function keptTree(tree: Tree): Tree {
  const kept = new Map<string, Promise<Uint8Array>>()
  let size = 0
  return {
    name: tree.name,
    files: async () => await tree.files(),
    read: async file => {
      const known = kept.get(file)
      if (known !== undefined) return await known
      const read = tree.read(file)
      if (size > KEPT_BYTES) return await read
      kept.set(file, read)
      const bytes = await read
      size += bytes.byteLength
      return bytes
    },
    unread: async () => await tree.unread(),
  }
}
