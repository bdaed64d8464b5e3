import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Tree, UnreadKind } from '../manifest/tree.ts'
import { FilesOnDisk, isErrno } from './files-on-disk.ts'
import { treePath } from './tree-paths.ts'

/**
 * A directory that is no git repository, as a tree: every regular file below it, what git keeps (`.git`) left out.
 * The files are listed once, at the first question; their content is read when it is asked for.
 * @throws the error of the file system where `directory` is no directory
 */
export function directoryTree(directory: string, name = path.basename(path.resolve(directory))): Tree {
  if (!statSync(directory).isDirectory()) throw new Error(`${directory} is no directory`)
  const disk = new FilesOnDisk(directory)
  let listed: { files: Map<string, string>; unread: Map<string, UnreadKind> } | undefined
  const list = () => (listed ??= listFiles(directory, disk, file => disk.id(file)))
  return {
    name,
    files: async () => list().files,
    unread: async () => list().unread,
    read: async file => {
      if (!list().files.has(file)) throw new Error(`no file ${file} in ${name}`)
      return await disk.read(file)
    },
  }
}

/**
 * The regular files below a directory, links not followed, with the content of those that are wanted.
 * @param isWanted by the path from the directory
 */
export function filesBelow(
  directory: string,
  isWanted: (file: string) => boolean,
): { file: string; bytes: Uint8Array }[] {
  const disk = new FilesOnDisk(directory)
  const { files } = listFiles(directory, disk, () => '')
  return [...files.keys()].filter(isWanted).map(file => ({ file, bytes: disk.readNow(file) }))
}

function listFiles(root: string, disk: FilesOnDisk, idOf: (file: string) => string | undefined) {
  const files = new Map<string, string>()
  const unread = new Map<string, UnreadKind>()
  const waiting = ['']
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const entry of entriesOf(path.join(root, directory))) {
      if (entry === undefined) {
        unread.set(directory, 'no permission')
        continue
      }
      const { path: name, usable } = treePath(entry)
      if (name === '.git') continue
      const file = directory === '' ? name : `${directory}/${name}`
      if (!usable) {
        unread.set(file, 'unusable name')
        continue
      }
      const kind = disk.look(file)
      if (kind === 'directory') waiting.push(file)
      else if (kind === 'symbolic link' || kind === 'no permission') unread.set(file, kind)
      else if (kind === 'file') {
        const id = idOf(file)
        if (id === undefined) unread.set(file, 'no permission')
        else files.set(file, id)
      }
    }
  }
  return { files: sorted(files), unread: sorted(unread) }
}

/** Names as bytes, since a name need not be UTF-8; one `undefined` for a directory that may not be read. */
function entriesOf(directory: string): (Uint8Array | undefined)[] {
  try {
    return readdirSync(directory, { encoding: 'buffer' })
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM')) return [undefined]
    throw error
  }
}

function sorted<Value>(map: Map<string, Value>): Map<string, Value> {
  return new Map([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
