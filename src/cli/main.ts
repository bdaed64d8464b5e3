#!/usr/bin/env node
import manifest from '../../package.json' with { type: 'json' }
import { enableCompileCache } from 'node:module'
import path from 'node:path'

// what Node has compiled is kept beside what kustomize and helm printed: half of a short command's time. Not where Node would put it
// by itself: the temporary directory is everybody's
const caches = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'))
if (caches) enableCompileCache(path.join(caches, 'cnpg-steward', 'compiled'))
const { run } = await import('./run.ts')

// a reader that closes early is no error (terminal.ts answers the write itself)
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

const exitCode = await run(
  process.argv.slice(2),
  {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    // npm runs scripts in the package's own directory; relative paths count from where the person stood
    cwd: process.env.INIT_CWD ?? process.cwd(),
    platform: process.platform,
    now: () => new Date(),
  },
  manifest.version,
  async () => (await import('./stories.ts')).stories,
)
// all output has left: what a story forgot to close shall not keep the process
process.exit(exitCode)
