import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Toolbox } from '../src/adapters/toolbox.ts'
import type { Finding } from '../src/manifest/finding.ts'
import { rules, type Rule } from '../src/rules.ts'
import { exampleTools, judgeExample, readExample } from './rule-examples.ts'
import { temporaryDirectory } from './temporary.ts'

// Every rule there is, through `validate`, or `review` where the example tells of a change: none is left out.

const cache = temporaryDirectory()
afterAll(() => cache[Symbol.dispose]())

let tools: Toolbox['tools']
beforeAll(async () => {
  tools = await exampleTools(cache.path)
})

describe.each(rules.map(rule => [rule.id, rule] as const))('the examples of %s', (id, rule) => {
  it('fail at the marked lines, by this rule alone', async () => {
    const example = readExample(rule.failing)
    const { findings, levels } = await judgeExample(rule, example, tools)
    const level = levels[id] ?? rule.level
    const said = beside(rule, findings).map(
      finding => `${finding.level} ${finding.ruleId} ${placeOf(finding)}`,
    )
    expect([...new Set(said)].toSorted()).toEqual(
      example.marked.map(place => `${level} ${id} ${place}`).toSorted(),
    )
    expect(example.marked).not.toEqual([])
  })

  it('are mended', async () => {
    const { findings, incomplete } = await judgeExample(rule, readExample(rule.mended), tools)
    expect(beside(rule, findings)).toEqual([])
    // no chart is fetched here
    expect(incomplete.filter(({ reason }) => reason !== 'chart-offline')).toEqual([])
  })
})

/** What is told of every deprecated thing, and of every operator and every update of one: examples cannot be free of it. */
const ALWAYS_SAID = new Set([
  'admission-warning',
  'operator-advisories',
  'operator-end-of-life',
  'operator-release-notes',
  'schema-version-deprecated',
  'upgrade-judged',
])

function beside({ id }: Rule, findings: readonly Finding[]): Finding[] {
  return findings.filter(({ ruleId }) => ruleId === id || !ALWAYS_SAID.has(ruleId))
}

function placeOf({ file, line }: Finding): string {
  return `${file}:${line}`
}
