// oxlint-disable typescript/no-unsafe-type-assertion, unicorn/consistent-function-scoping -- bodies are read as they were sent; helpers stand beside their tests
import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadInputs } from '../../src/action/inputs.ts'

const workflows = globSync('.github/workflows/*.yml')

it.each(workflows)('%s pins what it uses, keeps no credentials and starts without rights', file => {
  const text = readFileSync(file, 'utf8')
  const uses = [...text.matchAll(/uses: (.*)/g)]
    .map(match => match[1] ?? '')
    .filter(used => !used.startsWith('./'))
  for (const used of uses) expect(used).toMatch(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  const checkouts = text.match(/actions\/checkout@/g)?.length ?? 0
  expect(text.match(/persist-credentials: false/g)?.length ?? 0).toBe(checkouts)
  expect((parse(text) as { permissions: unknown }).permissions).toEqual({})
  expect(text).not.toContain('pull_request_target')
})

interface Job {
  permissions?: unknown
  'timeout-minutes'?: number
  steps: { run?: string; uses?: string; with?: Record<string, unknown> }[]
}

// What a linter of workflows would say (zizmor: template-injection, excessive-permissions).
it.each(workflows)(
  '%s hands no text of others to a shell, and every job says what it may and how long',
  file => {
    const { jobs } = parse(readFileSync(file, 'utf8')) as { jobs: Record<string, Job> }
    for (const job of Object.values(jobs)) {
      expect(job.permissions).toBeTypeOf('object')
      expect(job['timeout-minutes']).toBeGreaterThan(0)
      for (const { run } of job.steps) expect(run ?? '').not.toContain('${{')
    }
  },
)

it('a release is made of main only, tested before it is made, and the only job that may write', () => {
  const { on, jobs } = parse(readFileSync('.github/workflows/release.yml', 'utf8')) as {
    on: unknown
    jobs: Record<string, Job>
  }
  expect(on).toEqual({ push: { tags: ['release/*.*.*'] } })
  const steps = (jobs.release?.steps ?? []).map(({ run, uses }) => run ?? uses ?? '')
  const order = ['--is-ancestor', '.ci/run', 'npm run bundle', './', 'actions/attest@', 'release.ts']
  const at = order.map(part => steps.findIndex(step => (part === './' ? step === part : step.includes(part))))
  expect(at.toSorted((a, b) => a - b)).toEqual(at)
  expect(at).not.toContain(-1)
  for (const other of workflows.filter(each => !each.endsWith('release.yml')))
    expect(readFileSync(other, 'utf8')).not.toContain('contents: write')
})

it('action.yml names every input that is read, and no other', () => {
  const declared = Object.keys((parse(readFileSync('action.yml', 'utf8')) as { inputs: object }).inputs)
  const read = new Set<string>()
  const env = new Proxy({}, { get: (_target, name) => void read.add(String(name)) }) as Record<
    string,
    undefined
  >
  loadInputs(env)
  expect([...read].toSorted()).toEqual(declared.map(name => `INPUT_${name.toUpperCase()}`).toSorted())
})
