import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { release } from '../../.github/release.ts'

let root: string
let work: string
let remote: string
const git = (...args: string[]) => execFileSync('git', args, { cwd: work, encoding: 'utf8' }).trim()
const at = (ref: string) => execFileSync('git', ['rev-parse', ref], { cwd: remote, encoding: 'utf8' }).trim()

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'release-test-'))
  work = path.join(root, 'work')
  remote = path.join(root, 'remote.git')
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote])
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', work])
  writeFileSync(path.join(work, '.gitignore'), 'dist/\n')
  writeFileSync(path.join(work, 'a'), '1')
  git('add', '.')
  git('-c', 'user.name=T', '-c', 'user.email=t@example.com', 'commit', '--quiet', '--message=one')
  git('push', '--quiet', remote, 'main')
  mkdirSync(path.join(work, 'dist'))
  writeFileSync(path.join(work, 'dist', 'main.mjs'), 'run()')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('tags a commit with dist, moves the major branch, leaves main and the work tree alone', () => {
  const head = git('rev-parse', 'HEAD')
  const first = release(work, '1.0.0', remote)
  expect([at('v1.0.0^{commit}'), at('refs/heads/v1'), at('refs/heads/main')]).toEqual([first, first, head])
  expect(git('show', '--format=%P', '--name-only', first).split('\n')).toEqual([head, '', 'dist/main.mjs'])
  writeFileSync(path.join(work, 'dist', 'main.mjs'), 'run(2)')
  const second = release(work, '1.1.0', remote)
  expect([at('v1.0.0^{commit}'), at('v1.1.0^{commit}'), at('refs/heads/v1')]).toEqual([first, second, second])
  expect([git('status', '--porcelain'), git('rev-parse', 'HEAD')]).toEqual(['', head])
})

it.each<[string, string, () => void, string]>([
  ['what is no version', 'v1.0', () => undefined, 'is no version'],
  ['a missing bundle', '1.0.0', () => rmSync(path.join(work, 'dist'), { recursive: true }), 'npm run bundle'],
  ['changed files', '1.0.0', () => writeFileSync(path.join(work, 'a'), '2'), 'files differ from HEAD'],
  ['a version that is out', '1.0.0', () => void release(work, '1.0.0', remote), 'released already'],
])('refuses %s', (_name, version, prepare, message) => {
  prepare()
  expect(() => release(work, version, remote)).toThrow(message)
})
