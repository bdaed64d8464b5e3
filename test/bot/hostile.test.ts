import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whichProgram } from '../../src/adapters/tools.ts'
import { noPostgres, realPostgres, type RealPostgres } from '../postgres.ts'
import { temporaryDirectory } from '../temporary.ts'
import { SECRET, World } from './harness.ts'

let postgres: RealPostgres
beforeAll(async () => {
  if (noPostgres === undefined) postgres = await realPostgres()
})
afterAll(async () => await postgres?.[Symbol.asyncDispose]())

const map = (name: string, data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\ndata:\n  ${data}\n`
const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
for (let n = 1; n < 12; n++) {
  const [letter, before] = [String.fromCharCode(97 + n), String.fromCharCode(96 + n)]
  bomb.push(`${letter}: &${letter} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`)
}
const HTML = '<img src=x onerror=alert(1)></details></table>'

/** path → [mode, content] */
const HOSTILE: Record<string, [string, string]> = {
  'link/kustomization.yaml': ['100644', 'resources: [passwd.yaml, environ.yaml]\n'],
  'link/passwd.yaml': ['120000', '/etc/passwd'],
  'link/environ.yaml': ['120000', '/proc/self/environ'],
  'remote/kustomization.yaml': [
    '100644',
    'resources: [https://127.0.0.1:1/x.yaml, git::http://169.254.169.254/x]\n',
  ],
  'exec/kustomization.yaml': ['100644', 'generators: [plugin.yaml]\n'],
  'exec/plugin.yaml': [
    '100644',
    'apiVersion: x/v1\nkind: X\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: { path: ./run.sh }\n',
  ],
  'exec/run.sh': ['100755', '#!/bin/sh\ntouch /tmp/cnpg-steward-was-executed\n'],
  'bomb/kustomization.yaml': ['100644', 'resources: [bomb.yaml]\n'],
  'bomb/bomb.yaml': ['100644', `${map('bomb', 'x: y')}${bomb.join('\n')}\n`],
  'large/kustomization.yaml': ['100644', 'resources: [large.yaml]\n'],
  'large/large.yaml': ['100644', map('large', `x: ${'y'.repeat(50 * 1024 * 1024)}`)],
  'helm/kustomization.yaml': [
    '100644',
    'helmCharts: [{ name: x, repo: "http://169.254.169.254/latest/meta-data", releaseName: x, version: 1.0.0 }]\n',
  ],
  'files/kustomization.yaml': [
    '100644',
    'configMapGenerator: [{ name: stolen, files: [../../../../../../../../etc/passwd, /etc/passwd] }]\n',
  ],
  'traversal/kustomization.yaml': ['100644', 'resources: [../../../../../../../../etc/passwd, odd.yaml]\n'],
  'traversal/odd.yaml': ['100644', map('"../../../../tmp/cnpg-steward-was-here"', 'a: b')],
  'apps/web.yaml': ['100644', map('web', `a: "@octocat @acme/everyone ::error::x ${HTML}"`)],
  'apps/x-->\u202e.yaml': ['100644', map('odd', 'a: b')],
}

function push(world: World, branch: string, files: Record<string, [string, string]>): void {
  const { git } = world.repository
  const changes = Object.entries(files).map(
    ([file, [mode, content]]) =>
      `M ${mode} inline ${JSON.stringify(file)}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
  )
  const head = `commit refs/heads/${branch}\ncommitter T <t@example.com> 1767225600 +0000\ndata 1\nx\nfrom ${git.resolve('refs/heads/main')}\n`
  execFileSync('git', ['fast-import', '--quiet'], { cwd: git.directory, input: head + changes.join('') })
}

/**
 * Programs that write down what they are given, and what their parent was given, before they do their work: environment,
 * arguments, and what they hold open.
 */
function watched(directory: string, log: string): string {
  for (const name of ['git', 'kustomize', 'helm']) {
    const file = path.join(directory, name)
    writeFileSync(
      file,
      `#!/bin/sh
for p in self $PPID; do
  tr '\\0' '\\n' </proc/$p/environ; tr '\\0' '\\n' </proc/$p/cmdline
  for f in /proc/$p/fd/*; do
    readlink "$f"; [ -f "$f" ] && ! [ "$f" -ef '${log}' ] && head -c 1000000 "$f"
  done
done >>'${log}' 2>/dev/null
exec '${whichProgram(name, process.env.PATH)}' "$@"
`,
    )
    chmodSync(file, 0o755)
  }
  writeFileSync(log, '')
  chmodSync(log, 0o666)
  return `${directory}${path.delimiter}${process.env.PATH ?? ''}`
}

function contents(directory: string): string {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .filter(file => statSync(file).size < 10 * 1024 * 1024)
    .map(file => readFileSync(file, 'latin1'))
    .join('\n')
}

describe.skipIf(noPostgres)('a hostile pull request', () => {
  it('slows itself alone: the bot lives, the files of the host are unread, its tokens unseen', async () => {
    await using world = await World.start({ private: true })
    using programs = temporaryDirectory()
    const log = path.join(programs.path, 'seen')
    world.repository.commit('main', {
      'apps/kustomization.yaml': 'resources: [web.yaml]\n',
      'apps/web.yaml': map('web', 'a: b'),
    })
    push(world, 'hostile', HOSTILE)
    push(world, 'calm', { 'apps/web.yaml': ['100644', map('web', 'a: c')] })
    const author = world.github.account('dev')
    const hostile = world.repository.pullRequest({ head: 'hostile', author })
    const calm = world.repository.pullRequest({ head: 'calm', author })
    await world.bot({
      environment: { databaseUrl: await postgres.database(), reviewSeconds: 120, mirrorMiB: 512 },
      env: { PATH: watched(programs.path, log) },
    })
    await world.pullEvent('opened', { pull: hostile })
    await world.pullEvent('opened', { pull: calm })
    await world.until('review', 2)

    expect(world.seen(calm).runs).toMatchObject([{ status: 'completed', conclusion: 'success' }])
    const [run] = world.seen(hostile).runs
    expect(run).toMatchObject({ status: 'completed' })
    expect(run?.conclusion).not.toBe('success')
    // in a fence nothing is a mention and no HTML is any
    const said = world
      .seen(hostile)
      .comments.join('\n')
      .replaceAll(/^(`{3,}).*\n[^]*?^\1$/gm, '')
    expect(said).not.toMatch(/root:|@octocat|@acme|<img|::error/)
    expect(world.seen(calm).comments.join('\n')).toContain('1 object')
    const shown = JSON.stringify([world.repository.comments, world.repository.checkRuns])
    expect(shown).not.toMatch(/root:[^:]*:0:0/)
    expect(['was-executed', 'was-here'].filter(name => existsSync(`/tmp/cnpg-steward-${name}`))).toEqual([])

    const seen = readFileSync(log, 'utf8')
    expect(seen).toContain('review\n--repo')
    expect(seen).toMatch(/^pipe:\[\d+\]$/m)
    const tokens = new Set(
      [...world.github.issuedTokens(), SECRET, world.privateKey.split('\n')[1] ?? '?'].flatMap(token => [
        token,
        Buffer.from(`x-access-token:${token}`).toString('base64'),
      ]),
    )
    expect(tokens.size).toBeGreaterThan(5)
    const everywhere = [seen, contents(world.directory.path), world.lines].join('\n')
    expect([...tokens].filter(token => everywhere.includes(token))).toEqual([])
  }, 240_000)
})
