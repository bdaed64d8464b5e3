import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { COST_PER_CALL } from '../../src/cel/cost.ts'
import { EvaluationError } from '../../src/cel/errors.ts'
import { Frame } from '../../src/cel/frame.ts'
import { stringOf } from '../../src/cel/library/conversions.ts'
import { programOf } from '../../src/cel/rule.ts'
import { typeName } from '../../src/cel/values.ts'

/**
 * Expressions with what k8s.io/apiserver 0.35.4 (cel-go 0.26) made of them when run. Those of `from: …_test.go` are the
 * expressions of its own tests in pkg/cel/library (Copyright The Kubernetes Authors, Apache License 2.0), the rest are ours.
 */
interface Row {
  from: string
  expr: string
  type?: string
  value?: string
  error?: string
}
const rows: Row[] = readFileSync(path.join(import.meta.dirname, '../fixtures/cel/library.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line): Row => JSON.parse(line))

function evaluate(expr: string): { type?: string; value?: string; error?: string } {
  const program = programOf(expr)
  if (program instanceof Error) throw program
  try {
    const value = program.plan(new Frame([], COST_PER_CALL))
    const type = typeName(value)
    return ['bool', 'int', 'uint', 'double', 'string'].includes(type)
      ? { type, value: stringOf(value) }
      : { type }
  } catch (error) {
    if (error instanceof EvaluationError) return { error: error.message }
    throw error
  }
}

/** What netip says is wrong with an address is told in less detail here. */
function withoutAddressDetail(text: string | undefined): string | undefined {
  return text?.replace(/(ParseAddr\("[^"]*"\)): .*/, '$1')
}

it('has rows', () => {
  expect(rows.length).toBeGreaterThan(500)
})

it.each(rows)('$expr', ({ expr, type, value, error }) => {
  const got = evaluate(expr)
  expect({ ...got, error: withoutAddressDetail(got.error) }).toEqual({
    ...(type === undefined ? {} : { type }),
    ...(value === undefined ? {} : { value }),
    error: withoutAddressDetail(error),
  })
})

it.each([
  ['cel.bind(x, 1, x > 0)', 'cel.bind with 3 arguments'],
  ['math.greatest(1, 2) == 2', 'math.greatest with 2 arguments'],
  ['[1].all(x, y > 0)', 'names y'],
  ['"a".matches()', 'matches with 0 arguments'],
  ['1 +', 'cannot be parsed'],
  ['google.protobuf.Struct{}', 'makes a google.protobuf.Struct'],
  [`${'('.repeat(20_000)}1${')'.repeat(20_000)}`, ''],
])('cannot plan %s', (expr, reason) => {
  const program = programOf(expr)
  expect(program).toBeInstanceOf(Error)
  expect(program instanceof Error ? program.message : '').toContain(reason)
})

it.each([
  ["'a?b' == 'a?b' ? [1][?0].hasValue() : false", true],
  ["{'a': {'b': 1}}.?a.?b.orValue(2) == 1", true],
  ['[?optional.of(true ? 1 : 2), ?optional.none()] == [1]', true],
  ["{?'k': optional.of(1), 'l': 2}.size() == 2", true],
  ["r'\\?' == '\\\\?' && '''a.?b''' == 'a.?b' // .?c", true],
  ["{'a': [1]}.?a[?5].hasValue()", false],
])('rewrites optional syntax outside of text only: %s', (expr, value) => {
  expect(evaluate(expr)).toEqual({ type: 'bool', value: String(value) })
})
