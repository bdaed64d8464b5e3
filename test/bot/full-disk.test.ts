import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, vi } from 'vitest'
import { World } from './harness.ts'

/** A disk of its own for a process: a file system in memory that only it sees, as far as this machine lets us make one. */
const MOUNTED = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=160m none "$0" && exec "$@"']
const noDisk =
  spawnSync('unshare', [...MOUNTED, '/mnt', 'true']).status === 0
    ? undefined
    : 'this machine lets nobody mount a file system'

it.skipIf(noDisk)(
  'a full disk costs nothing that was taken, and is over when there is room',
  async () => {
    await using world = await World.start()
    const disk = path.join(world.directory.path, 'disk')
    mkdirSync(disk)
    const environment = world.environment({ dataDirectory: disk, logLevel: 'warn' })
    const child = spawn(
      'unshare',
      [...MOUNTED, disk, process.execPath, path.resolve('test/bot/replica.ts')],
      {
        env: { PATH: process.env.PATH ?? '', BOT: JSON.stringify(environment) },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const ended = new Promise(resolve => child.once('close', resolve))
    try {
      let log = ''
      const port = await new Promise<number>(resolve => {
        createInterface({ input: child.stdout }).on('line', line => {
          log += `${line}\n`
          const said: { port?: number; level?: string } = JSON.parse(line)
          if (said.port !== undefined && said.level === undefined) resolve(said.port)
        })
      })
      const ready = async () => {
        const response = await fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' } })
        return [response.status, (await response.text()).trim()]
      }
      // what the process sees of its disk
      const inside = path.join('/proc', String(child.pid), 'root', disk)
      const ballast = path.join(inside, 'ballast')
      const done = () => world.seen().runs.at(-1)?.status === 'completed'
      await world.pullEvent('opened', { port })
      await vi.waitUntil(done, { timeout: 30_000 })
      expect(await ready()).toEqual([200, 'ready'])

      const { bavail, bsize } = statfsSync(inside)
      await writeFile(ballast, Buffer.alloc(bavail * bsize - 256 * 1024))
      expect(await ready()).toEqual([503, expect.stringContaining('the disk of DATA_DIR is full')])
      world.repository.commit('feature', { 'large.txt': randomBytes(2 * 1024 * 1024).toString('hex') })
      const answers = new Set<number>()
      for (let n = 0; n < 60 && !answers.has(503); n++)
        answers.add(await world.pullEvent('synchronize', { port }))
      // some may fit; what does not is not taken
      expect([...answers].filter(status => status !== 202 && status !== 503)).toEqual([])
      await vi.waitUntil(() => /disk is full|No space left/.test(log), { timeout: 30_000 })
      expect(done()).toBe(false)

      rmSync(ballast)
      expect(await ready()).toEqual([200, 'ready'])
      expect(await world.pullEvent('synchronize', { port })).toBe(202)
      await vi.waitUntil(done, { timeout: 60_000, interval: 200 })
      expect(world.seen()).toMatchObject({ runs: [{ annotations: 1 }], comments: [expect.any(String)] })
      for (const mirror of readdirSync(path.join(inside, 'mirrors'))) {
        // git finds the way back to where this process sees nothing
        const copy = path.join(world.directory.path, mirror)
        cpSync(path.join(inside, 'mirrors', mirror), copy, { recursive: true })
        execFileSync('git', ['-c', 'safe.directory=*', '--git-dir', copy, 'fsck', '--no-dangling'])
      }
      expect(child.exitCode).toBeNull()
    } finally {
      child.kill('SIGKILL')
      await ended
    }
  },
  150_000,
)
