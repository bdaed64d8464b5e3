import { expect, it } from 'vitest'
import type { MaintenanceWindow } from '../../src/config/updates-config.ts'
import { windowsClosed } from '../../src/versions/maintenance-window.ts'

const at = (hours: number, minutes = 0) => hours * 60 + minutes
const NIGHTS = { from: at(22), to: at(5) }
const WEEKEND = { days: [6, 0], from: 0, to: 0 }
const SATURDAY_NIGHT = { days: [6], ...NIGHTS }
const FIRST_SUNDAY = { days: [0], weeks: [1], from: at(1), to: at(4) }
const FIFTH_MONDAY = { days: [1], weeks: [5], from: 0, to: 0 }

// 2026-11-26 is a Thursday
it.each<[string, MaintenanceWindow[], string, string, string | undefined]>([
  ['always', [], 'UTC', '2026-11-26T12:00:00Z', undefined],
  ['nights, at noon', [NIGHTS], 'UTC', '2026-11-26T12:00:00Z', '2026-11-26T22:00:00.000Z'],
  ['nights, after midnight', [NIGHTS], 'UTC', '2026-11-27T04:59:00Z', undefined],
  ['nights, when they end', [NIGHTS], 'UTC', '2026-11-27T05:00:00Z', '2026-11-27T22:00:00.000Z'],
  ['in Jakarta it is night already', [NIGHTS], 'Asia/Jakarta', '2026-11-26T15:30:00Z', undefined],
  ['in Jakarta it is day', [NIGHTS], 'Asia/Jakarta', '2026-11-26T04:00:00Z', '2026-11-26T15:00:00.000Z'],
  ['a night belongs to the day it began', [SATURDAY_NIGHT], 'UTC', '2026-11-29T03:00:00Z', undefined],
  ['and to no other', [SATURDAY_NIGHT], 'UTC', '2026-11-28T03:00:00Z', '2026-11-28T22:00:00.000Z'],
  ['whole days', [WEEKEND], 'UTC', '2026-11-29T23:59:00Z', undefined],
  ['whole days, over', [WEEKEND], 'UTC', '2026-11-30T00:00:00Z', '2026-12-05T00:00:00.000Z'],
  ['the date is that of the zone', [WEEKEND], 'Pacific/Auckland', '2026-11-27T11:30:00Z', undefined],
  ['a week of the month', [FIRST_SUNDAY], 'UTC', '2026-11-26T12:00:00Z', '2026-12-06T01:00:00.000Z'],
  ['a fifth week', [FIFTH_MONDAY], 'UTC', '2026-12-01T00:00:00Z', '2027-03-29T00:00:00.000Z'],
  [
    'several, of which one is open',
    [WEEKEND, NIGHTS],
    'UTC',
    '2026-11-26T23:00:00Z',
    '2026-11-28T00:00:00.000Z',
  ],
  [
    'several that never meet',
    [
      { days: [1], ...NIGHTS },
      { days: [4], ...NIGHTS },
    ],
    'UTC',
    '2026-11-26T12:00:00Z',
    'never',
  ],
  // Berlin: 2027-03-28 02:00 → 03:00, 2026-10-25 03:00 → 02:00
  [
    'an hour that spring skips',
    [{ from: at(2, 30), to: at(4) }],
    'Europe/Berlin',
    '2027-03-28T00:30:00Z',
    '2027-03-28T01:30:00.000Z',
  ],
  [
    'an hour that autumn has twice',
    [{ from: at(2, 30), to: at(4) }],
    'Europe/Berlin',
    '2026-10-25T00:10:00Z',
    '2026-10-25T00:30:00.000Z',
  ],
  ['summer time counts', [NIGHTS], 'Europe/Berlin', '2026-07-01T20:30:00Z', undefined],
])('%s', (_case, windows, timeZone, now, want) => {
  const named = Object.fromEntries(windows.map((window, index) => [`w${index}`, window]))
  const closed = windowsClosed(Object.keys(named), now, { windows: named, timeZone })
  expect(closed === undefined ? undefined : (closed.until ?? 'never')).toBe(want)
})

it.each([
  ['monthly', '2026-11-08T00:00:00Z', '2026-12-01T00:00:00.000Z'],
  ['monthly', '2026-12-07T23:00:00Z', undefined],
  ['weekly', '2026-11-26T12:00:00Z', '2026-11-30T00:00:00.000Z'],
])('there already: %s at %s', (name, now, want) => {
  expect(windowsClosed([name], now, { windows: {}, timeZone: 'UTC' })?.until).toBe(want)
})

it('a window that nobody described stays closed', () => {
  expect(windowsClosed(['x'], '2026-11-26T12:00:00Z', { windows: {}, timeZone: 'UTC' })).toEqual({
    names: ['x'],
  })
})
