import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import type { Manifest } from '../manifest/resource.ts'
import { isErrno } from './files-on-disk.ts'

export type Written = 'added' | 'replaced' | 'unchanged'

const HEAD = '# Written by `cnpg-steward schema import`, which replaces it.\n'

/** A path in the repository leads out of it, by a symbolic link that somebody committed. */
export class LeadsElsewhere extends Error {
  readonly repair = 'Remove the symbolic link.'
  constructor(file: string) {
    super(`${file} is behind a symbolic link`)
    this.name = 'LeadsElsewhere'
  }
}

/**
 * Writes an object to a file of the repository, as YAML with texts that YAML 1.1 would retype in quotes. The file appears
 * whole or not at all.
 * @param file path from `root`
 * @throws LeadsElsewhere; the error of the file system where it cannot be written
 */
export function writeManifest(root: string, file: string, manifest: Manifest): Written {
  const genuine = realpathSync(root)
  const directory = path.join(genuine, path.dirname(file))
  refuseLinks(genuine, directory, file)
  mkdirSync(directory, { recursive: true })
  const target = path.join(directory, path.basename(file))
  const text = HEAD + stringify(manifest, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
  const before = contentOf(target)
  if (before === text) return 'unchanged'
  const partial = `${target}.part`
  // left over where a run was ended; 'wx' follows no link
  rmSync(partial, { force: true })
  writeFileSync(partial, text, { flag: 'wx' })
  // replaces a link that stands there, and does not follow it
  renameSync(partial, target)
  return before === undefined ? 'added' : 'replaced'
}

/** @throws LeadsElsewhere where a directory on the way is a link */
function refuseLinks(root: string, directory: string, file: string): void {
  for (let here = directory; here !== root; here = path.dirname(here)) {
    try {
      if (realpathSync(here) !== here) throw new LeadsElsewhere(file)
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
}

function contentOf(target: string): string | undefined {
  try {
    return readFileSync(target, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
