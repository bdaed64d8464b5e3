import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { fluxExpression } from '../../src/cel/flux-expression.ts'
import type { JsonObject } from '../../src/manifest/json.ts'

interface Row {
  expr: string
  object: string
  /** what Flux's own code answered; 'refused': it does not even parse or compile */
  real: boolean | 'error' | 'refused'
}
const [head = '', ...lines] = readFileSync(
  path.join(import.meta.dirname, '../fixtures/cel/flux-expressions.jsonl'),
  'utf8',
)
  .trim()
  .split('\n')
const { objects }: { objects: Record<string, JsonObject> } = JSON.parse(head)
const rows = lines.map((line): Row => JSON.parse(line))

function answer({ expr, object }: Row): boolean | string {
  const expression = fluxExpression(expr, object === 'self and dep' ? ['self', 'dep'] : undefined)
  if (!expression.ok) {
    // Flux says this of a function only when it gets there
    if (/has no function/.test(expression.problem) && object !== 'self and dep') return 'error'
    return expression.certain ? 'refused' : 'unknown'
  }
  const result = expression.evaluate(objects[object] ?? {})
  return 'value' in result ? result.value : 'error' in result ? 'error' : 'unknown'
}

it('has what the real one said of both sorts', () => {
  expect(rows.length).toBeGreaterThan(150)
  expect(new Set(rows.map(({ real }) => real))).toEqual(new Set([true, false, 'error', 'refused']))
})

it.each(rows.map(row => [row.expr, row.object, row] as const))('%s of %s', (_expr, _object, row) =>
  expect(answer(row)).toBe(row.real),
)

it.each(['status.phase.reverse() == "x"', 'base64.encode(b"x") == "y"'])(
  '%s is Flux’s, and not evaluated here',
  source => expect(fluxExpression(source)).toMatchObject({ ok: false, certain: false }),
)
