import { expect, it } from 'vitest'
import { goRegexp } from '../../src/manifest/go-regexp.ts'

it.each([
  ['ab+c', 'xxabbcyy', true],
  [String.raw`(?i)^[[:alpha:]]+\z`, 'ABC', true],
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', '-a', false],
  [String.raw`^\Qa.b*\E$`, 'a.b*', true],
  [String.raw`^(?P<year>\d{4})$`, '2026', true],
])('%s on %s', (pattern, text, matches) => {
  expect(goRegexp(pattern)?.test(text)).toBe(matches)
  // long enough for the engine that does not backtrack
  const long = `${text}${'!'.repeat(40)}`
  expect(goRegexp(pattern)?.test(long)).toBe(pattern === 'ab+c')
})

// JavaScript's engine would not come back from any of these
it.each([
  ['^(a+)+$', `${'a'.repeat(5000)}!`],
  ['^(a|aa)+$', `${'a'.repeat(5000)}!`],
  ['^((a{1,9}){1,9}){1,}$', `${'a'.repeat(5000)}!`],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(5000)],
  ['^a*a*a*a*a*a*a*a*$', `${'a'.repeat(5000)}!`],
  ['^(?:.*a){12}$', `${'ab'.repeat(2000)}!`],
])('%s comes to an end', (pattern, text) => {
  expect(goRegexp(pattern)?.test(text)).toBe(false)
})

it.each(['(', '(?<', `${'('.repeat(5000)}a${')'.repeat(5000)}`])('does not judge by %s', pattern => {
  expect(goRegexp(pattern)).toBeUndefined()
})
