// `npm run demo`: reviews the bundled pull request (test/fixtures/demo) against the tree of this repository.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { run as steward } from '../src/cli/run.ts'

const root = path.join(import.meta.dirname, '..')
const run = promisify(execFile)

/** Makes a git repository whose branch `main` is the story's tree and whose branch `demo` is the pull request. */
export async function makeDemo(directory: string): Promise<void> {
  const git = async (...args: string[]) =>
    await run('git', ['-c', 'user.name=demo', '-c', 'user.email=demo@example.org', ...args], {
      cwd: directory,
    })
  await git('init', '--quiet', '--initial-branch=main')
  for (const part of ['kubernetes', 'infrastructure', 'clusters', '.github/cnpg-steward.yaml'])
    await cp(path.join(root, part), path.join(directory, part), { recursive: true })
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'the tree')
  await git('checkout', '--quiet', '-b', 'demo')
  const overlay = path.join(import.meta.dirname, 'fixtures/demo')
  await cp(path.join(overlay, 'head'), directory, { recursive: true })
  const removed = await readFile(path.join(overlay, 'removed.txt'), 'utf8').catch(() => '')
  for (const file of removed.split('\n').filter(line => line !== '' && !line.startsWith('#')))
    await rm(path.join(directory, file), { recursive: true })
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'the pull request')
}

if (import.meta.main) {
  const directory = await mkdtemp(path.join(tmpdir(), 'cnpg-steward-demo-'))
  try {
    await makeDemo(directory)
    const code = await steward(
      [
        'review',
        '--repo',
        directory,
        '--base',
        'main',
        '--head',
        'demo',
        '--offline',
        ...process.argv.slice(2),
      ],
      {
        stdout: process.stdout,
        stderr: process.stderr,
        env: process.env,
        cwd: process.cwd(),
        platform: process.platform,
        now: () => new Date(),
      },
      '0.0.0',
      async () => (await import('../src/cli/stories.ts')).stories,
    )
    console.log(`\nThe pull request is test/fixtures/demo; its errors are meant (exit code ${code}).`)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
