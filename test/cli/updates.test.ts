import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { UpdatesCommand } from '../../src/cli/arguments.ts'
import type { Context } from '../../src/cli/run.ts'
import { updates } from '../../src/cli/updates.ts'
import { contentId } from '../../src/manifest/tree.ts'
import { readPlan } from '../../src/updates/plan-json.ts'
import type { VersionSource } from '../../src/versions/version-source.ts'
import { temporaryDirectory } from '../temporary.ts'

const TEXT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: x }
spec:
  image: r.example.org/app:1.0.0 # 1.0.0 is fine
`

/** Every image has 1.0.0 and 1.1.0. @param meanwhile what happens while it is asked */
function source(meanwhile: () => void = () => undefined): VersionSource {
  const none = { outcome: 'absent', message: 'not there' } as const
  return {
    tags: async () => {
      meanwhile()
      return { outcome: 'present', value: ['1.0.0', '1.1.0'] }
    },
    digest: async () => none,
    platforms: async () => none,
    charts: async () => none,
    appVersion: async () => none,
  }
}

async function run(directory: string, more: Partial<UpdatesCommand>, from: VersionSource = source()) {
  const command: UpdatesCommand = {
    command: 'updates',
    output: 'text',
    color: false,
    repo: directory,
    allow: [],
    apply: false,
    entries: [],
    offline: true,
    ...more,
  }
  const context: Context = {
    io: {
      stdout: process.stdout,
      stderr: process.stderr,
      env: { PATH: process.env.PATH },
      cwd: '/',
      platform: 'linux',
      now: () => new Date(0),
    },
    color: false,
    progress: () => undefined,
  }
  return await updates(command, context, { source: from })
}

it('lists without changing anything', async () => {
  using directory = temporaryDirectory({ 'a.yaml': TEXT })
  const { output, exitCode } = await run(directory.path, {})
  expect([exitCode, readFileSync(path.join(directory.path, 'a.yaml'), 'utf8')]).toEqual([0, TEXT])
  expect(output).toContain('a.yaml:5 r.example.org/app (Deployment x) 1.0.0 → 1.1.0 [minor]')
})

it('writes with --apply, and names the comment that is no longer true', async () => {
  using directory = temporaryDirectory({ 'a.yaml': TEXT })
  const { output, exitCode } = await run(directory.path, { apply: true })
  expect(exitCode).toBe(0)
  expect(readFileSync(path.join(directory.path, 'a.yaml'), 'utf8')).toBe(
    TEXT.replace('app:1.0.0', 'app:1.1.0'),
  )
  expect(output).toContain('a.yaml:5 look at this comment: # 1.0.0 is fine')
})

it.each([
  [
    'beside it',
    TEXT.replace('kind:', '# mine\nkind:'),
    TEXT.replace('kind:', '# mine\nkind:').replace('app:1.0.0', 'app:1.1.0'),
    0,
  ],
  ['itself', TEXT.replace('app:1.0.0', 'app:1.0.5'), TEXT.replace('app:1.0.0', 'app:1.0.5'), 2],
])('what a person edits meanwhile stays: %s', async (_case, edited, want, exit) => {
  using directory = temporaryDirectory({ 'a.yaml': TEXT })
  const file = path.join(directory.path, 'a.yaml')
  const { output, exitCode } = await run(
    directory.path,
    { apply: true },
    source(() => writeFileSync(file, edited)),
  )
  expect([exitCode, readFileSync(file, 'utf8')]).toEqual([exit, want])
  expect(output.includes('a.yaml not written: a.yaml no longer says')).toBe(exit === 2)
})

it('does not write what its review blocks, and ends with 1', async () => {
  const image = 'ghcr.io/cloudnative-pg/postgresql'
  const text = `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: db, namespace: apps }
spec:
  instances: 3
  imageName: ${image}:16.10-system-trixie
  storage: { size: 1Gi }
  postgresql: { parameters: { old_snapshot_threshold: "60" } }
`
  const other = `apiVersion: v1
kind: Pod
metadata: { name: x }
spec:
  containers:
    - name: x
      image: r.example.org/app:1.0.0
`
  using directory = temporaryDirectory({
    'kustomization.yaml': 'resources: [db.yaml, a.yaml]\n',
    'db.yaml': text,
    'a.yaml': other,
  })
  const from: VersionSource = {
    ...source(),
    tags: async name => ({
      outcome: 'present',
      value: name === image ? ['16.10-system-trixie', '17.6-system-trixie'] : ['1.0.0', '1.1.0'],
    }),
  }
  const read = (file: string) => readFileSync(path.join(directory.path, file), 'utf8')
  const { output, exitCode } = await run(directory.path, { allow: ['pg-major'], apply: true }, from)
  expect([exitCode, read('db.yaml') === text, read('a.yaml')]).toEqual([
    1,
    true,
    other.replace('app:1.0.0', 'app:1.1.0'),
  ])
  expect(output).toMatch(
    /db\.yaml:6 .* → 17\.6-system-trixie \[pg-major.*\n(?: {6}waits: .*\n)* {6}🛑 Blocked/,
  )
})

it('ends with 2 where nothing could be asked', async () => {
  using directory = temporaryDirectory({ 'a.yaml': TEXT })
  const down: VersionSource = {
    ...source(),
    tags: async () => ({ outcome: 'indeterminate', message: 'down', repair: 'wait' }),
  }
  expect(await run(directory.path, {}, down)).toMatchObject({
    exitCode: 2,
    output: expect.stringContaining('down'),
  })
})

it('prints the plan that the bot carries out, and what Renovate has to be told', async () => {
  using directory = temporaryDirectory({ 'a.yaml': TEXT, 'renovate.json': '{}' })
  const ref = 'd'.repeat(40)
  // a directory that is no repository has no commits: the tree is what counts here
  const { output } = await run(directory.path, { output: 'plan' })
  const plan = readPlan(output.replace('"base":""', `"base":"${ref}"`))
  expect(plan.wanted).toMatchObject([
    {
      title: 'chore(deps): update app to 1.1.0',
      files: [
        {
          path: 'a.yaml',
          before: contentId(Buffer.from(TEXT)),
          text: TEXT.replace('app:1.0.0', 'app:1.1.0'),
        },
      ],
    },
  ])
  expect(plan.remarks.join()).toContain('Renovate (renovate.json) may update these, too: r.example.org/app.')
  const { output: rule } = await run(directory.path, { output: 'renovate' })
  expect(JSON.parse(rule)).toMatchObject({ matchPackageNames: ['r.example.org/app'], enabled: false })
})
