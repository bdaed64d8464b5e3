import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { familyOf } from '../src/policy/families.ts'
import { rulePage, rulePages, ruleUrl } from '../src/report/rule-page.ts'
import { reasons, ruleOf, rules } from '../src/rules.ts'
import { sarifRules } from '../src/sarif-rules.ts'

const directory = path.join(import.meta.dirname, '../docs/rules')

it('docs/rules is what the rules say (npm run generate)', () => {
  const committed = globSync('**', { cwd: directory }).filter(file => file.endsWith('.md'))
  expect(
    Object.fromEntries(committed.map(file => [file, readFileSync(path.join(directory, file), 'utf8')])),
  ).toEqual(Object.fromEntries(rulePages(rules, reasons)))
})

it.each([...rules, ...reasons].map(({ id }) => id))('%s has an address', id => {
  expect(ruleUrl(id)).toBe(`https://github.com/monosense-io/cnpg-steward/blob/main/docs/rules/${id}.md`)
})

it.each([
  '',
  '..',
  '../../../other/repo/blob/main/x',
  'schema-type/../..',
  'schema-type?a',
  'Schema-type',
  'a b',
])('"%s" of a review that others made has none', id => {
  expect(ruleUrl(id)).toBeUndefined()
})

it('leads to another version where one is named', () => {
  expect(ruleUrl('schema-type', 'https://github.com/acme/fork/blob/v1/docs/rules')).toBe(
    'https://github.com/acme/fork/blob/v1/docs/rules/schema-type.md',
  )
})

describe('a page', () => {
  it.each(['schema-type', 'house-image-digest', 'config-type'])('%s', id => {
    const rule = ruleOf(id)
    if (rule === undefined) throw new Error(id)
    const page = rulePage(rule)
    for (const part of [rule.title, rule.why, rule.repair, rule.failing, rule.mended, familyOf(id).from])
      expect(page).toContain(part)
    expect(page.includes(`# cnpg-steward: ignore ${id} `)).toBe(id !== 'config-type')
    expect(page.includes(`rules:\n  ${id}:\n    level: `)).toBe(id !== 'config-type')
    // fences are closed
    expect(page.split('\n').filter(line => line.startsWith('```')).length % 2).toBe(0)
  })
})

it('has every fence of every page for itself', () => {
  for (const rule of rules)
    expect([rule.id, /^```/m.test(rule.failing + rule.mended)]).toEqual([rule.id, false])
})

it('is the help of every rule in SARIF', () => {
  const listed = sarifRules('https://github.com/acme/fork/blob/v1/docs/rules')
  expect(listed.map(({ id, helpUri, level }) => [id, helpUri, level])).toEqual(
    rules.map(({ id, level }) => [
      id,
      `https://github.com/acme/fork/blob/v1/docs/rules/${id}.md`,
      level === 'off' ? undefined : level,
    ]),
  )
})
