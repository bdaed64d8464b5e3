// Makes a release of the action: node .github/release.ts VERSION REMOTE
//
// dist/ is never on main. A commit on top of HEAD adds it; the tag vVERSION and the branch vMAJOR point at that commit.
// The major version is a branch, so that tags never move. The work tree and the index are left as they are.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * @param directory the checkout, with dist/ built
 * @param version MAJOR.MINOR.PATCH
 * @param remote a remote's name or its URL
 * @returns the commit of the release
 * @throws Error where the version is none, dist/ is missing, files differ from HEAD, or the tag is there
 */
export function release(directory: string, version: string, remote: string): string {
  const temporary = mkdtempSync(path.join(tmpdir(), 'release-'))
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: directory,
      env: { ...process.env, GIT_INDEX_FILE: path.join(temporary, 'index') },
      encoding: 'utf8',
    }).trim()
  try {
    if (!/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.test(version))
      throw new Error(`"${version}" is no version; allowed: MAJOR.MINOR.PATCH, without v`)
    if (!existsSync(path.join(directory, 'dist', 'main.mjs')))
      throw new Error('dist/main.mjs is missing: run "npm run bundle" first')
    git('read-tree', 'HEAD')
    const changed = git('status', '--porcelain', '--untracked-files=no')
    if (changed !== '') throw new Error(`files differ from HEAD:\n${changed}`)
    const tag = `refs/tags/v${version}`
    if (git('ls-remote', remote, tag) !== '') throw new Error(`v${version} is released already`)
    git('add', '--force', 'dist')
    const author = [
      '-c',
      'user.name=github-actions[bot]',
      '-c',
      'user.email=41898282+github-actions[bot]@users.noreply.github.com',
    ]
    const commit = git(
      ...author,
      'commit-tree',
      git('write-tree'),
      '-p',
      'HEAD',
      '-m',
      `release: v${version}`,
    )
    const [major] = version.split('.')
    // both or neither; the branch moves from one release's commit to the next, which is no descendant of it
    git('push', '--quiet', '--atomic', remote, `${commit}:${tag}`, `+${commit}:refs/heads/v${major}`)
    return commit
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const [version = '', remote = 'origin'] = process.argv.slice(2)
  process.stdout.write(`${release(process.cwd(), version, remote)}\n`)
}
