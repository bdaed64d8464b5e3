import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { MAX_SOURCE_BYTES } from '../manifest/source-file.ts'
import { directoryTree } from './directory-tree.ts'
import { isErrno } from './files-on-disk.ts'
import { OutboundError, type Outbound } from './outbound.ts'

/** A file that may hold CRDs; `name` as the person gave it. */
export interface CrdSource {
  name: string
  bytes: Uint8Array
}

/** A word of the command line that leads nowhere. */
export interface NoSource {
  name: string
  message: string
  repair: string
}

/**
 * Reads what a word names: a file, the YAML and JSON files below a directory (links not followed), or an https address on
 * the public internet, up to 10 MiB.
 * @param cwd where relative paths begin
 */
export async function readCrdSource(
  word: string,
  { cwd, outbound }: { cwd: string; outbound: Outbound },
): Promise<CrdSource[] | NoSource> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) return await download(word, outbound)
  const refuse = (message: string, repair: string): NoSource => ({ name: word, message, repair })
  const target = path.resolve(cwd, word)
  const stats = statSync(target, { throwIfNoEntry: false })
  if (stats === undefined) return refuse('There is no such file or directory.', 'Correct the path.')
  if (stats.isDirectory()) {
    const tree = directoryTree(target)
    const files = [...(await tree.files()).keys()].filter(file => /\.(?:ya?ml|json)$/i.test(file))
    if (files.length === 0)
      return refuse('There is no YAML and no JSON file below this directory.', 'Correct the path.')
    return await Promise.all(
      files.map(async file => ({ name: path.join(word, file), bytes: await tree.read(file) })),
    )
  }
  if (!stats.isFile()) return refuse('This is no file.', 'Correct the path.')
  try {
    return [{ name: word, bytes: await readFile(target) }]
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM'))
      return refuse('This file may not be read.', 'Correct its permissions.')
    throw error
  }
}

async function download(word: string, outbound: Outbound): Promise<CrdSource[] | NoSource> {
  const url = URL.canParse(word) ? new URL(word) : undefined
  // a log keeps what is printed
  const name = word.replace(/^([^/]+\/\/)[^/]*@/, '$1…@')
  const refuse = (message: string, repair: string): NoSource => ({ name, message, repair })
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    return refuse(
      'Only https addresses without credentials are fetched.',
      'Download it, and import the file.',
    )
  try {
    const { status, headers, body } = await outbound.request(url, { maxBytes: MAX_SOURCE_BYTES })
    if (status !== 200) return refuse(`${url.host} answers ${status}.`, 'Correct the address.')
    if (/^text\/html\b/i.test(headers.get('content-type') ?? ''))
      return refuse(
        `${url.host} answers with a web page.`,
        'Give the address of the file itself (on GitHub: the one behind "Raw").',
      )
    return [{ name: word, bytes: body }]
  } catch (error) {
    if (error instanceof OutboundError)
      return refuse(`${error.message}.`, 'Download it, and import the file.')
    throw error
  }
}
