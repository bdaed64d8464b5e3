import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { kustomizeTool } from '../../src/adapters/kustomize.ts'
import { kustomizeContract } from '../contracts/kustomize.ts'
import { findKustomize, realKustomize } from '../tools.ts'

kustomizeContract('the real kustomize', realKustomize)

const scratch = mkdtempSync(path.join(tmpdir(), 'cnpg-steward-test-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A program that records how it was called. */
function script(name: string, text: string): string {
  const file = path.join(scratch, name)
  writeFileSync(file, `#!/bin/sh\n${text}`)
  chmodSync(file, 0o755)
  return file
}

const files = new Map([['kustomization.yaml', new TextEncoder().encode('namePrefix: a\n')]])

it('leaves nothing behind', async () => {
  const temporaryDirectory = path.join(scratch)
  const tool = await kustomizeTool({ ...(await findKustomize()), temporaryDirectory })
  const before = readdirSync(scratch)
  await tool.build({ files, directory: '' })
  await tool.build({ files: new Map(), directory: 'none' })
  expect(readdirSync(scratch)).toEqual(before)
})

it('hands the child no variable of ours', async () => {
  process.env.CNPG_STEWARD_TEST_TOKEN = 'secret'
  const kustomize = script('environment', 'if [ "$1" = version ]; then echo v5.8.1; else env; fi\n')
  const tool = await kustomizeTool({ program: 'kustomize', path: kustomize })
  const result = await tool.build({ files, directory: '' })
  delete process.env.CNPG_STEWARD_TEST_TOKEN
  const names = result.ok ? result.yaml.split('\n').map(line => line.split('=')[0]) : []
  expect(names).toEqual(expect.arrayContaining(['HOME', 'PATH', 'TMPDIR']))
  // addresses that lead nowhere; the shell adds PWD and the like by itself
  const known = [
    'HOME',
    'PATH',
    'TMPDIR',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'GIT_ALLOW_PROTOCOL',
    'GOGC',
    'GOMEMLIMIT',
  ]
  const shell = ['PWD', 'OLDPWD', 'SHLVL', '_', '']
  expect(names.filter(name => ![...known, ...shell].includes(name ?? ''))).toEqual([])
})

it.each([
  ['kustomize', 'v5.8.1', '5.8.1'],
  ['kustomize', '{Version:kustomize/v4.5.7 GitCommit:x}', '4.5.7'],
  ['kubectl', 'Client Version: v1.36.3\nKustomize Version: v5.8.1', '5.8.1'],
] as const)('reads the version of %s: %s', async (program, output, version) => {
  const tool = script(`version-${version}-${program}`, `cat <<'END'\n${output}\nEND\n`)
  expect((await kustomizeTool({ program, path: tool })).version).toBe(`kustomize ${version}`)
})

it.each([
  ['5.7.1', 'v4.2.3+short\nversion --short\ntemplate x'],
  ['5.8.1', 'version -c --short\ntemplate x'],
])('lets kustomize %s call helm 4', async (version, expected) => {
  const helm = script('helm', 'if [ "$1$2" = version--short ]; then echo v4.2.3+short; fi\necho "$@"\n')
  const kustomize = script(
    'kustomize-with-helm',
    `if [ "$1" = version ]; then echo v${version}; exit; fi\nwhile [ $# -gt 1 ]; do if [ "$1" = --helm-command ]; then helm=$2; fi; shift; done\n"$helm" version -c --short; "$helm" template x\n`,
  )
  const tool = await kustomizeTool({ program: 'kustomize', path: kustomize, helm })
  expect(await tool.build({ files, directory: '', enableHelm: true })).toEqual({
    ok: true,
    yaml: `${expected}\n`,
  })
})

it('fails where helm is wanted and there is none', async () => {
  const tool = await realKustomize()
  expect(await tool.build({ files, directory: '', enableHelm: true })).toMatchObject({ ok: false })
})

it('throws for a program that is not kustomize', async () => {
  await expect(kustomizeTool({ program: 'kustomize', path: '/bin/true' })).rejects.toThrow('no version')
})

it.each([
  ['takes too long', 'sleep 60', { timeoutMs: 300 }, 'stopped after 0.3 s'],
  ['prints too much', 'yes', { maxOutput: 1000 }, 'printed more than 1000 bytes'],
])('stops a build that %s, which is a limit of ours', async (_name, build, limits, message) => {
  const endless = script(
    `endless-${build.split(' ')[0] ?? ''}`,
    `if [ "$1" = version ]; then echo v5.8.1; exit; fi\nexec ${build}\n`,
  )
  const tool = await kustomizeTool({ program: 'kustomize', path: endless, ...limits })
  expect(await tool.build({ files, directory: '' })).toMatchObject({
    ok: false,
    error: { ruleId: 'render-limit', message: expect.stringContaining(message) },
  })
})
