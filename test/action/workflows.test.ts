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
