import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** Bytes of the files below a folder, whose files may come and go meanwhile; 0 where there is no such folder. */
export function folderSize(directory: string): number {
  if (!existsSync(directory)) return 0
  let size = 0
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true }))
    if (entry.isFile())
      size += statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0
  return size
}
