import { describe, expect, it } from 'vitest'
import { checkRules } from '../../src/cel/check-rules.ts'
import { readRuleCases } from './admission-cases.ts'

// Answers of kube-apiserver 1.35.4 with the operators' real webhooks. The fixture's first line says how they came to be.
const cases = readRuleCases()

function sorted<T>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

it('has cases of every kind', () => {
  expect(cases.filter(one => one.errors.length > 0).length).toBeGreaterThan(250)
  expect(cases.filter(one => one.live !== undefined).length).toBeGreaterThan(200)
})

describe.each(['main', '1.30.0', '1.28.0', '1.26.0'])('operator %s', version => {
  it.each(cases.filter(one => one.version === version))(
    '$id',
    ({ object, live, schema, errors, warnings }) => {
      const verdict = checkRules({ object, ...(live === undefined ? {} : { live }) }, schema)
      expect(sorted(verdict.errors.map(({ field, message }) => [field, message]))).toEqual(sorted(errors))
      expect(sorted(verdict.warnings)).toEqual(sorted(warnings))
      expect(verdict.notEvaluated).toEqual([])
      expect(verdict.errors.every(({ layer }) => layer === 'cel')).toBe(true)
    },
  )
})
