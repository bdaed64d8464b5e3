import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { reasonOf, reasons, ruleIds, ruleOf, rules } from '../src/rules.ts'

// The examples of the rules are tests of their own: test/rule-examples.test.ts.

// A chart that is known not to exist is a finding, render-chart: its reason is never printed.
const NEVER_PRINTED = ['chart-absent', 'chart-broken']
// Why the API server gave nothing to a status; explained by the status itself.
const OF_A_STATUS = ['not-found', 'not-installed']

/** What the sources write between quotes, the tables themselves left out. */
function written(pattern: RegExp): string[] {
  const sources = globSync('src/**/*.ts')
    .filter(file => !/^src.policy.(?:rules.|reasons\.ts)/.test(file))
    .map(file => readFileSync(file, 'utf8').replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, ''))
  expect(sources.length).toBeGreaterThan(50)
  return [...new Set(sources.flatMap(source => [...source.matchAll(pattern)].map(([, id = '']) => id)))]
}

describe('the tables', () => {
  it('hold every rule that the sources name', () => {
    const named = written(/['"`]((?:parse|render|schema|house|config)-[a-z-]+[a-z])['"`]/g)
    const flux = written(
      /['"`](flux-(?:applied|depends|health|force|annotation|finalizer)-[a-z-]+[a-z])['"`]/g,
    )
    expect(named.length).toBeGreaterThan(40)
    expect([...named, ...flux].filter(id => ruleOf(id) === undefined && reasonOf(id) === undefined)).toEqual(
      [],
    )
  })

  it('hold every reason that the sources name', () => {
    const named = written(/\breason(?::| =) '([a-z-]+-[a-z-]+)'/g)
    expect(named.length).toBeGreaterThan(12)
    const elsewhere = [...NEVER_PRINTED, ...OF_A_STATUS]
    expect(named.filter(id => reasonOf(id) === undefined && !elsewhere.includes(id))).toEqual([])
  })

  it('hold nothing that the sources do not name', () => {
    const named = new Set(written(/['"`]([a-z]+(?:-[a-z]+)+)['"`]/g))
    expect([...ruleIds, ...reasons.map(({ id }) => id)].filter(id => !named.has(id))).toEqual([])
  })

  it('name nothing twice', () => {
    const ids = [...ruleIds, ...reasons.map(({ id }) => id)]
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  it.each([...rules, ...reasons].map(entry => [entry.id, entry] as const))(
    '%s is told in sentences',
    (_id, entry) => {
      for (const text of [entry.title, entry.why, entry.repair]) {
        expect(text).toMatch(/^\S[^\n]*[.…]$/)
        expect(text.length).toBeLessThan(260)
      }
    },
  )
})
