import { describe, expect, it } from 'vitest'
import { InputError, loadInputs } from '../../src/action/inputs.ts'
import { run, type ActionTools } from '../../src/action/run.ts'
import { statusWith } from '../../src/action/wiring.ts'
import { serveRecording } from '../status/api-server.ts'
import { recording } from '../status/recordings.ts'
import { temporaryDirectory } from '../temporary.ts'
import { plainPrinters } from './canned.ts'

function never(): never {
  throw new Error('must not be asked for')
}

/** Runs mode status against the recorded API, and remembers what the runner is told. */
async function told(state: string, inputs: Record<string, string> = {}, event = 'schedule') {
  const recorded = recording(state)
  await using server = await serveRecording({ recording: recorded })
  using directory = temporaryDirectory({ 'kube/config': server.kubeconfig })
  const said = {
    failed: [] as string[],
    log: [] as string[],
    summary: '',
    outputs: {} as Record<string, string>,
  }
  const tools: ActionTools = {
    review: never,
    status: statusWith({}),
    plan: never,
    printers: plainPrinters,
    checkout: never,
    client: never,
    payload: async () => await Promise.resolve(null),
    runner: {
      mask: () => undefined,
      log: line => said.log.push(line),
      command: never,
      output: (name, value) => (said.outputs[name] = value),
      summarize: async markdown => {
        said.summary += markdown
        await Promise.resolve()
      },
      write: never,
      read: never,
      fail: message => said.failed.push(message),
    },
  }
  const env = {
    INPUT_MODE: 'status',
    INPUT_DATABASES: `${recorded.namespace}/${recorded.name}`,
    INPUT_KUBECONFIG: 'kube/config',
    GITHUB_EVENT_NAME: event,
    GITHUB_WORKSPACE: directory.path,
    ...inputs,
  }
  await run(env, tools)
  return said
}

describe('mode status', () => {
  it('tells each database in the summary, and fails where one has failed', async () => {
    const said = await told('04-fenced/f-all-12s')
    expect(said.summary).toContain('## 🛑 Failed: `databases/postgres`')
    expect(said.summary).toMatch(/Fenced instances: +All Instances/)
    expect(said.outputs).toEqual({ verdict: 'failed' })
    expect(said.failed).toEqual(['databases/postgres is failed.'])
    expect(said.log).toEqual([
      'databases/postgres: failed. The primary is fenced: no instance takes writes. Fenced: Every instance.',
    ])
  })

  it.each([
    ['12-archiving-failing', 'error', []],
    ['12-archiving-failing', 'warning', ['archfail/archfail is attention.']],
    ['04-fenced/f-all-12s', 'never', []],
  ])('%s with fail-on %s', async (state, failOn, failed) => {
    expect((await told(state, { 'INPUT_FAIL-ON': failOn })).failed).toEqual(failed)
  })

  it('says in one line why it could not ask', async () => {
    const said = await told('01-healthy', { INPUT_CONTEXT: 'prod' })
    expect(said.failed).toEqual([
      'cnpg-steward could not judge this change: The kubeconfig has no context prod. It has lab.',
    ])
  })

  it('refuses pull_request_target, which has secrets', async () => {
    const said = await told('01-healthy', {}, 'pull_request_target')
    expect(said.failed).toHaveLength(1)
    expect(said.summary).toBe('')
  })
})

it('needs to know which databases', () => {
  expect(() => loadInputs({ INPUT_MODE: 'status' })).toThrow(InputError)
  expect(() => loadInputs({ INPUT_MODE: 'status', INPUT_DATABASES: 'postgres' })).toThrow(
    'Input databases has the line "postgres"; allowed: NAMESPACE/NAME, one a line.',
  )
  expect(loadInputs({ INPUT_MODE: 'status', INPUT_DATABASES: 'a/b\n\nc/d' }).databases).toEqual([
    { namespace: 'a', name: 'b' },
    { namespace: 'c', name: 'd' },
  ])
})
