import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { Header, Parser, Pax, type ReadEntry } from 'tar'

/** Bytes a chart may have unpacked, and in one file (helm 4.2: 100 MiB and 5 MiB, pkg/chart/loader/archive). */
export const MAX_UNPACKED = 100 * 1024 * 1024
export const MAX_FILE = 5 * 1024 * 1024
const MAX_FILES = 10_000

/** An archive that is no chart we would unpack: broken, too large, with links or paths that lead out. */
export class ArchiveError extends Error {}

/**
 * Reads a gzipped tar into files by path, as they are named there ('mychart/Chart.yaml').
 * @throws ArchiveError
 */
export async function readArchive(archive: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  let total = 0
  await new Promise<void>((resolve, reject) => {
    const refuse = (reason: string) => {
      reject(new ArchiveError(reason))
      parser.abort(new ArchiveError(reason))
    }
    const parser = new Parser({
      strict: true,
      maxMetaEntrySize: 64 * 1024,
      onReadEntry: (entry: ReadEntry) => {
        const name = path.posix.normalize(entry.path)
        const chunks: Uint8Array[] = []
        let size = 0
        if (entry.type === 'Directory') return entry.resume()
        if (entry.type !== 'File' && entry.type !== 'OldFile')
          return refuse(`${name} is a ${entry.type}, a chart holds files only`)
        if (name.startsWith('/') || name.startsWith('..') || entry.path.includes('\\'))
          return refuse(`${name} leads out of the chart`)
        if (entry.size > MAX_FILE) return refuse(`${name} is larger than ${MAX_FILE} bytes`)
        if (files.size >= MAX_FILES) return refuse(`it holds more than ${MAX_FILES} files`)
        entry.on('data', (chunk: Uint8Array) => {
          size += chunk.byteLength
          total += chunk.byteLength
          if (total > MAX_UNPACKED) refuse(`it is larger than ${MAX_UNPACKED} bytes unpacked`)
          else chunks.push(chunk)
        })
        entry.on('end', () => files.set(name, Buffer.concat(chunks, size)))
      },
    })
    parser.on('error', error => reject(new ArchiveError(error.message)))
    parser.on('end', resolve)
    parser.end(Buffer.from(archive))
  })
  return files
}

/** Writes a gzipped tar whose bytes depend on the files alone. */
export function writeArchive(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Buffer[] = []
  for (const [name, content] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const header = new Header({
      path: name,
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: content.byteLength,
      mtime: new Date(0),
      type: 'File',
    })
    const block = Buffer.alloc(512)
    if (header.encode(block)) parts.push(new Pax({ path: name }).encode())
    parts.push(block, Buffer.from(content), Buffer.alloc((512 - (content.byteLength % 512)) % 512))
  }
  parts.push(Buffer.alloc(1024))
  return gzipSync(Buffer.concat(parts))
}
