import { expect, it } from 'vitest'
import { configChanges } from '../../src/config/config-changes.ts'
import { defaultConfig, type Config } from '../../src/config/config.ts'
import { proposedDecisions } from '../../src/decisions.ts'
import { memoryTree } from '../../src/manifest/tree.ts'

const off = { 'house-image-digest': { level: 'off', reason: 'too loud' } } as const

it.each<[string, Partial<Config>, Partial<Config>, string[]]>([
  ['nothing', {}, {}, []],
  ['a rule off', {}, { rules: off }, ['- rules.house-image-digest becomes off, so far warning: too loud']],
  ['a rule on again', { rules: off }, {}, ['+ rules.house-image-digest becomes warning, so far off']],
  ['a host more', {}, { chartHosts: ['a.lan'] }, ['- chartHosts changes from [] to ["a.lan"]']],
  ['a host less', { chartHosts: ['a.lan'] }, {}, ['+ chartHosts changes from ["a.lan"] to []']],
  ['fewer branches', {}, { branches: ['main'] }, ['- branches changes from unset to ["main"]']],
  ['a version', {}, { fluxVersion: '2.8' }, ['+ fluxVersion changes from unset to "2.8"']],
])('%s', (_name, before, after, expected) => {
  const changes = configChanges(
    { ...defaultConfig, ...before },
    { ...defaultConfig, ...after },
    () => 'warning',
  )
  expect(changes.map(({ key, effect, loosens }) => `${loosens ? '-' : '+'} ${key} ${effect}`)).toEqual(
    expected,
  )
})

it('announces what the head brings, at its file, and its mistakes instead where there are any', async () => {
  const file = '.github/cnpg-steward.yaml'
  const told = async (text: string) =>
    (await proposedDecisions(memoryTree({ [file]: text }))).map(({ ruleId, level, line }) => [
      ruleId,
      level,
      line,
    ])
  expect(await told('rules: { flux-applied-twice: { level: "off", reason: x } }')).toEqual([
    ['config-effect', 'warning', 1],
  ])
  expect(await told('chartHosts: []')).toEqual([])
  expect(await told('clusters: 1')).toEqual([['config-type', 'error', 1]])
})
