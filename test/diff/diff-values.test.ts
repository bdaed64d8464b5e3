// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside their tests
import { expect, it } from 'vitest'
import { diffValues } from '../../src/diff/diff-values.ts'
import { writeEdits } from '../../src/diff/write-diff.ts'
import { json } from './trees.ts'

it.each([
  ['a scalar', 'a: {b: 1}', 'a: {b: 2}', '@@ a.b @@\n- 1\n+ 2'],
  ['text and number', 'a: 20', 'a: "20"', '@@ a @@\n- 20\n+ "20"'],
  ['a new field', 'a: {}', 'a: {b: {c: 1}}', '@@ a.b @@\n+ c: 1'],
  ['a field gone', 'a: {b: 1}', 'a: {}', '@@ a.b @@\n- 1'],
  ['a key with dots', 'a: {b.c/d: 1}', 'a: {b.c/d: 2}', '@@ a[b.c/d] @@\n- 1\n+ 2'],
  [
    'an item by name',
    'env: [{name: A, value: x}]',
    'env: [{name: N}, {name: A, value: y}]',
    '@@ env.N @@\n+ name: N\n@@ env.A.value @@\n- x\n+ y',
  ],
  [
    'ports',
    'ports: [{port: 80}, {port: 81}]',
    'ports: [{port: 81, name: x}, {port: 80}]',
    '@@ ports["81"].name @@\n+ x\n@@ ports @@\n  order changed\n- 80, 81\n+ 81, 80',
  ],
  [
    'order of named items',
    'l: [{name: a}, {name: b}]',
    'l: [{name: b}, {name: a}]',
    '@@ l @@\n  order changed\n- a, b\n+ b, a',
  ],
  ['order of scalars', 'l: [a, b]', 'l: [b, a]', '@@ l @@\n  order changed\n- a, b\n+ b, a'],
  ['an insertion is no churn', 'l: [a, b, c]', 'l: [a, n, b, c]', '@@ l[1] @@\n+ n'],
  ['similar items without names', 'l: [{p: 1, q: 1}]', 'l: [{p: 1, q: 2}]', '@@ l[0].q @@\n- 1\n+ 2'],
  ['null is a value', 'a: null', 'a: {}', '@@ a @@\n- null\n+ {}'],
  [
    'lines of text',
    'a: "1\\n2\\n3\\n4\\n5\\n6\\n"',
    'a: "1\\n2\\n3\\n4\\nX\\n6\\n"',
    '@@ a @@\n  2\n  3\n  4\n- 5\n+ X\n  6',
  ],
])('%s', (_name, base, head, text) => {
  expect(writeEdits(diffValues(json(base), json(head)))).toBe(text)
})

it('takes the keys a schema declares', () => {
  const edits = diffValues(
    json('l: [{a: x, v: 1}, {a: y, v: 1}]'),
    json('l: [{a: y, v: 2}, {a: x, v: 1}]'),
    path => (path === 'l' ? ['a'] : undefined),
  )
  expect(edits.map(({ path, label }) => [path, label])).toEqual([
    ['l[0].v', 'l.y.v'],
    ['l', 'l'],
  ])
})

it('order means nothing in a set', () => {
  expect(diffValues(json('l: [a, b]'), json('l: [b, a]'), () => 'set')).toEqual([])
})

it('does not compare what is too different', () => {
  const text = (word: string) => ({ a: Array.from({ length: 4000 }, (_, n) => `${word}${n}`).join('\n') })
  expect(writeEdits(diffValues(text('a'), text('b')))).toBe(
    '@@ a @@\n  text of 4000 lines replaced by another of 4000 lines',
  )
})
