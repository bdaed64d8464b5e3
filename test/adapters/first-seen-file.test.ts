import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { firstSeenFile } from '../../src/adapters/first-seen-file.ts'
import { temporaryDirectory } from '../temporary.ts'

const MONDAY = '2026-08-17T08:00:00.000Z'
const FRIDAY = '2026-08-21T08:00:00.000Z'

it('remembers when a version was seen first, from run to run', async () => {
  using directory = temporaryDirectory()
  const place = path.join(directory.path, 'first-seen')
  const seen = async (version: string, now: string) =>
    await firstSeenFile(place).firstSeen('app', version, now)
  expect(await seen('1.0.0@sha256:a', MONDAY)).toBe(MONDAY)
  expect(await seen('1.0.0@sha256:a', FRIDAY)).toBe(MONDAY)
  // pushed again
  expect(await seen('1.0.0@sha256:b', FRIDAY)).toBe(FRIDAY)
  expect(await firstSeenFile(place).firstSeen('other', '1.0.0@sha256:a', FRIDAY)).toBe(FRIDAY)
})

it.each([
  ['is no time', 'yesterday'],
  ['lies in the future', '2027-01-01T00:00:00.000Z'],
  ['is empty', ''],
])('begins anew where what was kept %s', async (_case, kept) => {
  using directory = temporaryDirectory()
  const store = firstSeenFile(directory.path)
  await store.firstSeen('app', '1', MONDAY)
  for (const file of readdirSync(directory.path)) writeFileSync(path.join(directory.path, file), kept)
  expect(await store.firstSeen('app', '1', FRIDAY)).toBe(FRIDAY)
  expect(await store.firstSeen('app', '1', '2026-08-22T08:00:00.000Z')).toBe(FRIDAY)
})

it('without a place every version is new each time', async () => {
  using directory = temporaryDirectory({ file: '' })
  const store = firstSeenFile(path.join(directory.path, 'file', 'below'))
  expect(await store.firstSeen('app', '1', MONDAY)).toBe(MONDAY)
  expect(await store.firstSeen('app', '1', FRIDAY)).toBe(FRIDAY)
})
