import { expect, it } from 'vitest'
import { floodOf, readSchedule } from '../../src/cnpg/schedule.ts'

it.each([
  ['0 0 3 * * *', 1],
  ['0 0 3 * * 0', 1],
  ['0 30 */6 * * *', 4],
  ['0 0 2,14 * * *', 2],
  ['0 0 8-10 * * *', 3],
  ['0 3 * * *', 24],
  ['*/5 * * * *', 12 * 60 * 24],
  ['0 0 0 * *', 1],
  ['10/20 0 0 * * *', 3],
  ['@daily', 1],
  ['@hourly', 24],
  ['@every 30m', 48],
  ['@every 1h30m', 16],
])('%s: %i runs a day', (text, runs) => expect(readSchedule(text)?.runsADay).toBe(runs))

it.each([
  '',
  '0 3 * *',
  '0 0 24 * * *',
  '0 60 3 * * *',
  'daily',
  '@fortnightly',
  '0 0 5-3 * * *',
  '0 0 */0 * * *',
])('%s is not read', text => expect(readSchedule(text)).toBeUndefined())

it.each([
  ['0 3 * * *', true],
  ['0 2 * * 7', true],
  ['*/5 * * * *', true],
  ['0 0 * * * *', false],
  ['0 */10 * * * *', true],
  ['0 0 0 * *', false],
  ['@hourly', false],
  ['@every 10m', true],
])('%s floods: %s', (text, floods) => {
  const schedule = readSchedule(text)
  expect(schedule !== undefined && floodOf(schedule) !== undefined).toBe(floods)
})
