import { RE2JS } from '@bufbuild/re2'
import { describe, expect, it } from 'vitest'
import { goRegexp } from '../../src/manifest/go-regexp.ts'

const PATTERNS = [
  '^[1-9][0-9]*[dwm]$',
  '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$',
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  '^(http|https|ssh)://.*$',
  'ab+c',
  '^.$',
  '^\\s*$',
  '^\\w+$',
  '(?i)^[[:alpha:]]+\\z',
  '^\\p{Greek}+$',
  'a{2,3}$',
  '^[\\-._a-zA-Z0-9]+$',
]
const TEXTS = [
  '',
  '30d',
  '1h30m',
  '512Mi',
  '.5e3',
  'ssh://x',
  'xxabbcyy',
  '\u2028',
  '\n',
  '\v',
  '😀',
  'é',
  'ABC',
  'αβγ',
  'aaa',
  'a b',
  '1Gi\n',
]

describe('goRegexp', () => {
  it.each(PATTERNS)('finds in every text what RE2 finds: %s', pattern => {
    const exact = RE2JS.compile(pattern)
    const ours = TEXTS.map(text => goRegexp(pattern)?.test(text))
    expect(ours).toEqual(TEXTS.map(text => exact.test(text)))
  })

  it.each(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', 'a*a*a*a*a*a*b', '^([a-z]+)*x', '^(?:a{1,20}){1,20}$'])(
    'takes no longer than the text is long: %s',
    pattern => {
      // with JavaScript's engine each of these would not end before the test's time is up
      expect(goRegexp(pattern)?.test(`${'a'.repeat(400)}!`)).toBe(false)
    },
  )

  it('judges nothing by what is no pattern', () => {
    expect(goRegexp('(?<')).toBeUndefined()
    expect(goRegexp('(?=a)')).toBeUndefined()
  })
})
