import { describe, expect, it } from 'vitest'
import { scheduleError } from '../../../src/cnpg/admission/cron.ts'
import { parseDuration, printDuration } from '../../../src/cnpg/admission/go-duration.ts'
import { regexpError } from '../../../src/cnpg/admission/go-regexp.ts'
import { parseTime } from '../../../src/cnpg/admission/go-time.ts'
import { imageTag, postgresMajor } from '../../../src/cnpg/admission/image-reference.ts'
import { parsePostgresBoolean, parsePostgresSize } from '../../../src/cnpg/admission/parameters.ts'
import { promotionTokenError } from '../../../src/cnpg/admission/promotion-token.ts'
import {
  compareQuantities,
  parseQuantity,
  printQuantity,
  quantityOrZero,
  WRONG_FORMAT,
  WRONG_NUMBER,
  WRONG_SUFFIX,
} from '../../../src/cnpg/quantity.ts'
import { isTargetTime } from '../../../src/cnpg/admission/target-time.ts'

// Expected values were printed by the Go libraries themselves.

describe('quantities', () => {
  it.each([
    ['1', '1'],
    ['0', '0'],
    ['-0', '0'],
    ['1000', '1k'],
    ['1024', '1024'],
    ['1024Ki', '1Mi'],
    ['1536Mi', '1536Mi'],
    ['1.5', '1500m'],
    ['1.5Gi', '1536Mi'],
    ['0.5Mi', '512Ki'],
    ['0.1Ki', '102400m'],
    ['1000m', '1'],
    ['0.0000000001', '1n'],
    ['-0.0000000001', '-1n'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['10e2', '1e3'],
    ['1E', '1E'],
    // kept as written
    ['+5Gi', '+5Gi'],
    ['5.Gi', '5.Gi'],
    ['04G', '04G'],
    // nothing but a unit is zero
    ['Gi', '0'],
    ['+', '0'],
    // the most that a binary quantity holds
    ['99999999999999999999Gi', '9223372036854775807'],
    ['99999999999999999999G', '99999999999999999999G'],
  ])('%s is %s', (text, printed) => {
    expect(printQuantity(quantityOrZero(text))).toBe(printed)
  })

  it.each([
    ['', WRONG_FORMAT],
    ['1 Gi', WRONG_FORMAT],
    ['1GB', WRONG_FORMAT],
    ['1Gi ', WRONG_FORMAT],
    ['--1', WRONG_SUFFIX],
    ['1.2.3', WRONG_FORMAT],
    ['١Gi', WRONG_FORMAT],
    ['512mi', WRONG_SUFFIX],
    ['5K', WRONG_SUFFIX],
    ['1e3Gi', WRONG_FORMAT],
    ['1e', WRONG_SUFFIX],
    ['Pi', WRONG_NUMBER],
  ])('%j is none', (text, error) => {
    expect(parseQuantity(text)).toBe(error)
  })

  it.each([
    ['10G', '10Gi', -1],
    ['10240Mi', '10Gi', 0],
    ['1e3', '1k', 0],
    ['1n', '0', 1],
  ])('%s compares to %s', (a, b, order) => {
    expect(compareQuantities(quantityOrZero(a), quantityOrZero(b))).toBe(order)
  })

  it('is not slow on hostile exponents', () => {
    for (const text of ['1e2147483647', '1e-2147483648', `${'9'.repeat(10_000)}Ei`])
      expect(typeof parseQuantity(text)).toBe('object')
  })
})

describe('durations', () => {
  it.each([
    ['0', '0s'],
    ['90s', '1m30s'],
    ['1h', '1h0m0s'],
    ['-1.5h', '-1h30m0s'],
    ['100ms', '100ms'],
    ['1us', '1µs'],
    ['.5s', '500ms'],
    ['1h1h', '2h0m0s'],
  ])('%s is %s', (text, printed) => {
    const duration = parseDuration(text)
    expect(typeof duration === 'string' ? duration : printDuration(duration)).toBe(printed)
  })

  it.each([
    ['', 'time: invalid duration ""'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['5 minutes', 'time: unknown unit " minutes" in duration "5 minutes"'],
    ['5', 'time: missing unit in duration "5"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
  ])('%j is none', (text, error) => {
    expect(parseDuration(text)).toBe(error)
  })
})

describe('times', () => {
  it.each([
    ['2027-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['2027-01-01T00:30:00.5+01:00', '2026-12-31T23:30:00Z'],
    ['2027-01-01T00:00:00,5Z', '2027-01-01T00:00:00Z'],
    ['0001-02-03T04:05:06Z', '0001-02-03T04:05:06Z'],
  ])('%s is %s', (text, utc) => {
    expect(parseTime(text)).toEqual({ utc })
  })

  it.each([
    [
      'yesterday',
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    ['2027-01-01', 'parsing time "2027-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    ['2026-12-31T23:59:60Z', 'parsing time "2026-12-31T23:59:60Z": second out of range'],
    ['2026-02-29T00:00:00Z', 'parsing time "2026-02-29T00:00:00Z": day out of range'],
  ])('%s is none', (text, error) => {
    expect(parseTime(text)).toBe(error)
  })

  it.each([
    ['2021-09-01 10:22:47', true],
    ['2021-09-01 10:22:47.000000+06', true],
    ['2021-09-01T10:22:47', true],
    ['2021-09-01T10:22:47+02:00', true],
    ['2021-09-01', true],
    ['2021-13-40 25:61:61', true], // PostgreSQL's form is read loosely
    ['2021-09-01 10:22', false],
    ['2021-09-01T10:22', false],
    ['now', false],
  ])('recovery target %s: %s', (text, isOne) => {
    expect(isTargetTime(text)).toBe(isOne)
  })
})

describe('schedules', () => {
  it.each([
    '0 0 3 * * *',
    '0 3 * * *', // every hour
    '0 0 0 ? * MON-FRI',
    '@daily',
    '@every 1h30m',
    '0\t0 2 * * sun,,tue',
    '*/5 5/10 1-3/2 1 JAN 0',
  ])('%s', schedule => {
    expect(scheduleError(schedule)).toBeUndefined()
  })

  it.each([
    ['', 'Empty spec string'],
    ['0 2 * *', 'Expected 5 to 6 fields, found 4: 0 2 * *'],
    ['0 2 * * 0', 'Beginning of range (0) below minimum (1): 0'],
    ['0 0 2 * * 7', 'End of range (7) above maximum (6): 7'],
    ['0 0 2 * * 4-2', 'Beginning of range (4) beyond end of range (2): 4-2'],
    ['0 */0 2 * * *', 'Step of range should be a positive number: */0'],
    ['0 0 2 L * *', 'Failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'],
    ['0 0 1-2-3 * * *', 'Too many hyphens: 1-2-3'],
    ['0 0 1/2/3 * * *', 'Too many slashes: 1/2/3'],
    ['@every 1x', 'Failed to parse duration @every 1x: time: unknown unit "x" in duration "1x"'],
    ['@never', 'Unrecognized descriptor: @never'],
  ])('%j is none', (schedule, error) => {
    expect(scheduleError(schedule)).toBe(error)
  })
})

it.each([
  ['^a.*b$', true],
  ['(?i)a|b', true],
  ['(?P<x>a)', true],
  ['[[:alpha:]\\d]', true],
  ['a{2,3}?', true],
  ['a{,2}', true],
  ['(?i)*', false],
  ['(', false],
  ['a**', false],
  ['*', false],
  ['(?=a)', false],
  ['(a)\\1', false],
  ['a{1001}', false],
  ['[z-a]', false],
  ['[[:nope:]]', false],
  ['\\p{Nope}', false],
])('the expression %s compiles: %s', (expression, compiles) => {
  expect(regexpError(expression) === undefined).toBe(compiles)
})

it.each([
  ['ghcr.io/cloudnative-pg/postgresql:17.5-standard-trixie@sha256:0a', '17.5-standard-trixie', 17],
  ['localhost:5000/pg', 'latest', undefined],
  ['pg@sha256:0a', '', undefined],
  ['pg:17.', '17.', undefined],
  ['pg:18beta1', '18beta1', 18],
  ['pg:v18', 'v18', undefined],
])('the image %s has tag %j and major %s', (image, tag, major) => {
  expect(imageTag(image)).toBe(tag)
  expect(postgresMajor(tag)).toBe(major)
})

it.each([
  ['128MB', '128Mi'],
  ['128', '128Mi'],
  ['1 GB', '1Gi'],
  ['64kB', '64Ki'],
  ['100B', '100'],
  ['128Mi', WRONG_FORMAT],
  ['1mB', WRONG_SUFFIX],
  ['', WRONG_FORMAT],
])('PostgreSQL’s size %j is %s', (text, printed) => {
  const size = parsePostgresSize(text)
  expect(typeof size === 'string' ? size : printQuantity(size)).toBe(printed)
})

it.each([
  ['ON', true],
  ['ye', true],
  ['of', false],
  ['o', undefined],
])('PostgreSQL’s boolean %s is %s', (text, value) => {
  expect(parsePostgresBoolean(text)).toBe(value)
})

it.each([
  ['x', 'Base64 decoding failed'],
  ['eA==', 'JSON decoding failed'],
  ['W10=', 'JSON decoding failed'],
  ['eyJyZWRvV2FsRmlsZSI6MX0=', 'JSON decoding failed'],
  ['e30=', 'LatestCheckpointTimelineID is empty'],
])('the promotion token %s: %s', (token, error) => {
  expect(promotionTokenError(token)).toContain(error)
})
