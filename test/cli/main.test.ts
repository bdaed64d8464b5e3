import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../temporary.ts'

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts')

/** Runs the command line as a process of its own. */
async function steward(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const [code] = await once(child, 'close')
  return { code: Number(code), ...output }
}

describe('cnpg-steward as a process', () => {
  it('prints its version and its help', async () => {
    expect(await steward(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    })
    expect((await steward(['--help'])).stdout).toContain('Usage: cnpg-steward COMMAND')
  })

  it('ends with 2 for arguments that cannot be meant', async () => {
    const { code, stdout, stderr } = await steward(['valdate'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('did you mean validate?')
  })

  it('is quiet when the reader closes early', async () => {
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code] = await once(child, 'close')
    expect([code, stderr]).toEqual([0, ''])
  })

  it('doctor says what is used, as text and as JSON', async () => {
    using tools = temporaryDirectory({
      kustomize: '#!/bin/sh\necho v5.8.1\n',
      helm: '#!/bin/sh\necho v4.2.3\n',
      git: '#!/bin/sh\necho git version 2.50.1\n',
    })
    for (const name of ['kustomize', 'helm', 'git']) chmodSync(path.join(tools.path, name), 0o755)
    const env = { PATH: tools.path, HOME: tools.path }
    const said = await steward(['doctor'], env)
    expect([said.code, said.stderr]).toEqual([0, ''])
    const [programs, denied] = [said.stdout.split('\n').slice(0, 3), said.stdout.split('\n').slice(3)]
    expect(programs).toEqual([
      `✓ kustomize 5.8.1    from PATH: ${tools.path}/kustomize`,
      `✓ helm 4.2.3         from PATH: ${tools.path}/helm`,
      `✓ git 2.50.1         from PATH: ${tools.path}/git`,
    ])
    // what this machine can deny, or what it cannot
    expect(denied.join('\n')).toMatch(/no network|Children can reach the network/)
    expect(denied.join('\n')).toMatch(/at most 2048 MiB of memory|have no limit of memory|without limit/)
    const { stdout } = await steward(['doctor', '--output', 'json'], env)
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      kustomize: { version: '5.8.1' },
      missing: [],
      notes: [],
      children: { network: expect.stringMatching(/denied/), missing: expect.any(Array) },
    })
  })

  it('doctor ends with 2 where nothing can be rendered', async () => {
    using empty = temporaryDirectory()
    const env = { PATH: empty.path, HOME: empty.path, FORCE_COLOR: '1' }
    const { code, stdout } = await steward(['doctor', '--kustomize', '/missing', '--helm', '/missing'], env)
    expect(code).toBe(2)
    expect(stdout).toContain(
      '\u001b[31m✗\u001b[39m kustomize: /missing does not run as kustomize. Nothing can be rendered.',
    )
    expect(stdout).toContain('git: not in PATH. No commit can be read.')
  })
})
