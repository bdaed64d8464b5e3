import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { StatusCommand } from '../../src/cli/status-arguments.ts'
import { status } from '../../src/cli/status.ts'
import { certificateAuthority } from '../certificates.ts'
import { kubeconfig, serveRecording, type Serving } from '../status/api-server.ts'
import { recording } from '../status/recordings.ts'
import { temporaryDirectory } from '../temporary.ts'

async function run(serving: Serving, command: Partial<StatusCommand> = {}, config?: string) {
  await using server = await serveRecording(serving)
  using directory = temporaryDirectory({ config: config ?? server.kubeconfig })
  const { namespace, name, at } = serving.recording
  const io = {
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    cwd: directory.path,
    platform: 'linux' as const,
    now: () => new Date(at),
  }
  return await status(
    {
      command: 'status',
      output: 'text',
      color: false,
      name,
      namespace,
      kubeconfig: 'config',
      allowExec: false,
      verbosity: 0,
      ...command,
    },
    { io, color: false, progress: () => undefined },
  )
}

describe('status', () => {
  it('judges, leaves a line empty, and prints what the plugin prints with nothing after it', async () => {
    const { output, exitCode } = await run({ recording: recording('23-waiting-for-user/a') })
    const [judged = '', ...plugin] = output.split('\n\n')
    expect(judged).toBe(`🔶 attention  databases/postgres
  attention   Waiting for user action: User must issue a supervised switchover
              status.phase: Waiting for user action
              status.phaseReason: User must issue a supervised switchover
              condition Ready: False since 2026-11-22T21:58:33Z
              → Restart or switch over when it suits: kubectl cnpg promote postgres -n databases, with the instance; or set primaryUpdateStrategy: unsupervised.
  progressing postgres-1 must restart before a parameter takes effect.
              postgres-1: pendingRestart
  note        No backup is configured.
              spec.backup is absent, no backup plugin`)
    expect(plugin[0]).toMatch(/^Cluster Summary\nName +databases\/postgres\n/)
    expect(plugin.at(-1)).toMatch(/^Instances status\n[^]*lab-node\n$/)
    expect(exitCode).toBe(1)
  })

  it.each([
    ['01-healthy', 0],
    ['02-rolling-restart/c', 1],
    ['12-archiving-failing', 1],
    ['08-disk-full/d-30s', 1],
  ])('%s: exit code %i', async (state, exitCode) => {
    expect(await run({ recording: recording(state) })).toMatchObject({ exitCode })
  })

  it('is not sure of a health that it may not read, and names the permission', async () => {
    const { output, exitCode } = await run({
      recording: recording('01-healthy'),
      forbidden: path => path.includes('/proxy/') || path.includes('/backups'),
    })
    expect(exitCode).toBe(2)
    expect(output).toContain(
      '  unknown     3 of 3 instances may not be asked: the permission get pods/proxy is missing.',
    )
    expect(output).toContain(
      '  not read    backups: the permission list backups.postgresql.cnpg.io is missing (it is forbidden: no role)',
    )
    expect(output).toContain('postgres-1  -            -                 Forbidden  Burstable  -')
  })

  it('says that there is no such Cluster, and nothing more', async () => {
    const { output, exitCode } = await run({ recording: recording('01-healthy') }, { name: 'postgers' })
    expect(exitCode).toBe(2)
    expect(output).toBe(`❔ unknown  databases/postgers
  unknown     There is no Cluster databases/postgers.
              → Check name, namespace and context.
  not read    cluster: clusters.postgresql.cnpg.io "postgers" not found
`)
  })

  it('says that it is another Kubernetes cluster, without the operator', async () => {
    const { output, exitCode } = await run(
      { recording: recording('01-healthy'), unknown: path => path.includes('postgresql.cnpg.io') },
      { namespace: 'databases' },
    )
    expect(exitCode).toBe(2)
    expect(output.split('\n').slice(0, 3)).toEqual([
      '❔ unknown  databases/postgres',
      '  unknown     CloudNativePG is not installed there: the API server does not know clusters.postgresql.cnpg.io.',
      '              → Check the context; it may be another Kubernetes cluster.',
    ])
  })

  it('says once that nothing is reached', async () => {
    const away = kubeconfig('https://127.0.0.1:9', certificateAuthority().cert, { token: 'x' })
    const { output, exitCode } = await run({ recording: recording('01-healthy') }, {}, away)
    expect(exitCode).toBe(2)
    expect(output).toBe(`❔ unknown  databases/postgres
  unknown     The Cluster databases/postgres could not be read: 127.0.0.1:9 cannot be reached (ECONNREFUSED)
              → See whether the API server runs, and is reached from here: address of the context, network, VPN.
  not read    backups, cluster, databases, events, jobs, persistentvolumeclaims, poddisruptionbudgets, pods, poolers, publications, scheduledbackups, subscriptions: 127.0.0.1:9 cannot be reached (ECONNREFUSED)
`)
  })

  it.each<[string, object, Partial<StatusCommand>, string, RegExp]>([
    [
      'no context is chosen',
      { 'current-context': undefined },
      {},
      'The kubeconfig has no current context.',
      /It has lab\.$/,
    ],
    [
      'a context is not there',
      {},
      { context: 'prod' },
      'The kubeconfig has no context prod.',
      /^It has lab\.$/,
    ],
    [
      'there is no kubeconfig',
      {},
      { kubeconfig: 'gone' },
      'gone cannot be read: ENOENT',
      /^Give a kubeconfig\.$/,
    ],
  ])('says what to mend where %s', async (_what, change, command, message, repair) => {
    const given: object = JSON.parse(
      kubeconfig('https://127.0.0.1:9', certificateAuthority().cert, { token: 'x' }),
    )
    const config = JSON.stringify({ ...given, ...change })
    await expect(run({ recording: recording('01-healthy') }, command, config)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      repair: expect.stringMatching(repair),
    })
  })

  it('says that it has not settled within the time, and how it is then', async () => {
    const found = await run({ recording: recording('02-rolling-restart/c') }, { waitMs: 0 })
    expect(found).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/^⏳ progressing {2}databases\/postgres\n/),
      complaint: 'databases/postgres has not settled within 0 s; this is how it is now.',
    })
    // healthy for a moment only is not what was waited for
    expect(await run({ recording: recording('01-healthy') }, { waitMs: 0 })).toMatchObject({ exitCode: 1 })
  })

  it('shows no value of an environment variable', async () => {
    const recorded = recording('01-healthy')
    recorded.cluster.spec = { ...Object(recorded.cluster.spec), env: [{ name: 'AWS_KEY', value: 'hunter2' }] }
    const { output } = await run({ recording: recorded }, { output: 'json' })
    expect(output).toContain('AWS_KEY')
    expect(output).not.toContain('hunter2')
  })

  it('prints Markdown whose texts cannot leave their place', async () => {
    const recorded = recording('01-healthy')
    recorded.cluster.status = {
      ...Object(recorded.cluster.status),
      phase: 'Not enough disk space',
      phaseReason: '| @everyone <img src=x> ``` \u202e',
    }
    const { output } = await run({ recording: recorded }, { output: 'markdown' })
    expect(output).toContain('## 🛑 Failed: `databases/postgres`')
    expect(output.split('````')[0]).not.toMatch(/@everyone|<img/)
    expect(output).not.toContain('\u202e')
    expect(output.split('````')).toHaveLength(3)
  })
})
