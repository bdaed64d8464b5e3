import { expect, it } from 'vitest'
import { readPlan, writePlan } from '../../src/updates/plan-json.ts'
import type { UpdatePlan } from '../../src/updates/wanted-update.ts'
import { defaultUpdateSettings } from './settings.ts'

const PLAN: UpdatePlan = {
  base: 'b'.repeat(40),
  wanted: [
    {
      key: 'v1|image|x|y',
      slug: 'x',
      name: 'x',
      change: '1 → 2',
      to: '2',
      classes: ['minor'],
      edits: [{ path: 'a.yaml', document: 0, pointer: ['spec', 0, 'image'], from: '1', to: '2' }],
      files: [{ path: 'a.yaml', before: 'c'.repeat(40), text: 'image: 2\n' }],
      title: 't',
      text: 'b',
      labels: ['update'],
      held: [{ message: 'Too young.', approvable: true }],
      verdict: { verdict: 'ready', title: 't', summary: 's' },
      automerge: true,
      priority: -1,
    },
  ],
  offered: [{ id: '0123456789', name: 'x', change: '1 → 3' }],
  unknown: new Map([['0123456789', 'why']]),
  current: new Map([['9876543210', '1']]),
  settings: { ...defaultUpdateSettings, rebase: 'conflict' },
  remarks: ['a remark'],
  complete: true,
}

it('is read as it was written', () => {
  expect(readPlan(writePlan(PLAN))).toEqual(PLAN)
})

it.each([
  ['no JSON', 'x', /no JSON/],
  ['another version', '{"version":2}', /another version/],
  ['a commit that is none', writePlan({ ...PLAN, base: 'main' }), /base is no id/],
  [
    'a verdict that is none',
    writePlan(PLAN).replace('"verdict":"ready"', '"verdict":"fine"'),
    /fine is no verdict/,
  ],
  ['a file without its content', writePlan(PLAN).replace('"text":"image', '"was":"image'), /text is no text/],
])('with %s is refused', (_name, text, problem) => {
  expect(() => readPlan(text)).toThrow(problem)
})
