import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A directory of its own, removed at the end of the block: `using directory = temporaryDirectory()`. */
export interface TemporaryDirectory extends Disposable {
  path: string
  write(files: Readonly<Record<string, string | Uint8Array>>): void
}

export function temporaryDirectory(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): TemporaryDirectory {
  const root = mkdtempSync(path.join(tmpdir(), 'cnpg-steward-test-'))
  const write = (more: Readonly<Record<string, string | Uint8Array>>) => {
    for (const [file, content] of Object.entries(more)) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
      writeFileSync(path.join(root, file), content)
    }
  }
  write(files)
  return { path: root, write, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

export interface TemporaryRepository extends TemporaryDirectory {
  /** runs git in it, with nothing of the machine's configuration */
  git(...args: string[]): string
  /** adds everything and commits; returns the id */
  commit(message?: string): string
}

/** A real git repository on branch `main`, its files written and not yet committed. */
export function temporaryRepository(
  files: Readonly<Record<string, string | Uint8Array>> = {},
  initArguments: string[] = [],
): TemporaryRepository {
  const directory = temporaryDirectory(files)
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: directory.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'A Person',
        GIT_AUTHOR_EMAIL: 'person@example.org',
        GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
        GIT_COMMITTER_NAME: 'A Person',
        GIT_COMMITTER_EMAIL: 'person@example.org',
        GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
      },
    }).trimEnd()
  git('init', '--quiet', '--initial-branch=main', ...initArguments)
  return {
    ...directory,
    git,
    commit: (message = 'a change') => {
      git('add', '--all')
      git('commit', '--quiet', '--allow-empty', '--message', message)
      return git('rev-parse', 'HEAD')
    },
  }
}
