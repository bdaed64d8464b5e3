import { expect, it } from 'vitest'
import { compareVersionTags, readVersionTag } from '../../src/versions/version-tag.ts'
import { versionUpdates } from '../../src/versions/version-updates.ts'

const changes = (current: string, versions: string[]) =>
  versionUpdates(current, versions).updates.map(
    update => `${update.class}${update.breaking ? '!' : ''} ${update.to}`,
  )

it.each<[current: string, pool: string[], want: string[]]>([
  [
    '1.2.3',
    ['1.2.3', '1.2.2', '1.2.4', '1.2.10', '1.3.0', '2.0.0'],
    ['patch 1.2.10', 'minor 1.3.0', 'major! 2.0.0'],
  ],
  // before 1.0.0 a minor may break
  ['0.27.0', ['0.27.1', '0.28.0', '0.29.0'], ['patch 0.27.1', 'minor! 0.29.0']],
  ['v1.2.3', ['1.2.4', 'v1.2.4', 'v1.2.5-rc.1'], ['patch v1.2.4', 'pre-release v1.2.5-rc.1']],
  ['1.2.3-rc.2', ['1.2.3-rc.10', '1.2.3', '1.2.3-rc.1'], ['patch 1.2.3', 'pre-release 1.2.3-rc.10']],
  // the count of numbers and the suffix stay
  ['1.27-alpine', ['1.27', '1.28-alpine', '1.28.1-alpine', '1.28', '1.28-bookworm'], ['minor 1.28-alpine']],
  ['4.0.17.2952', ['4.0.18.1', '5.0.0.1'], ['patch 4.0.18.1', 'major! 5.0.0.1']],
  ['2025.11.2', ['2025.12.0', '2026.1.0'], ['minor 2025.12.0', 'major! 2026.1.0']],
  // a suffix may count builds, and nothing else in it may change
  [
    '1.2.3-debian-12-r3',
    ['1.2.3-debian-12-r10', '1.2.3-debian-13-r1', '1.3.0-debian-13-r0'],
    ['rebuild 1.2.3-debian-12-r10'],
  ],
  ['1', ['2', '1.5', '2-alpine'], ['major! 2']],
  ['1.9.0', ['1.10.0'], ['minor 1.10.0']],
  // commits order by nothing
  ['1.2.3-0f3a9bc', ['1.2.3-a01b2c3'], []],
])('%s among %j', (current, pool, want) => expect(changes(current, pool)).toEqual(want))

it.each(['latest', 'main-abc1234', 'sha-123', '', 'stable'])('%j orders by nothing', tag => {
  expect(versionUpdates(tag, ['1.0.0'])).toEqual({
    updates: [],
    remark: expect.stringContaining('is no version'),
  })
})

const parsed = (tag: string) => {
  const read = readVersionTag(tag)
  if (read === undefined) throw new Error(tag)
  return read
}

it('orders as semver does', () => {
  const inOrder =
    '1.0.0-alpha.1 1.0.0-alpha.2 1.0.0-alpha.10 1.0.0-beta.1 1.0.0-rc.1 1.0.0 1.0.1 1.1.0 2.0.0'.split(' ')
  const sorted = inOrder.toReversed().map(parsed).toSorted(compareVersionTags)
  expect(sorted.map(({ tag }) => tag)).toEqual(inOrder)
})
