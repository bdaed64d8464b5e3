import { expect, it } from 'vitest'
import { platformChange } from '../../src/versions/platform-changes.ts'

const platforms = (text: string) =>
  new Map(text.split(' ').map(pair => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']))

it.each<[before: string, after: string, inUse: string[] | undefined, want: object]>([
  ['linux/amd64=a linux/arm64=b', 'linux/amd64=a linux/arm64=b', undefined, { kind: 'nothing' }],
  [
    'linux/amd64=a linux/arm64=b',
    'linux/amd64=a linux/arm64=c',
    undefined,
    { kind: 'changed', platforms: ['linux/arm64'] },
  ],
  ['linux/amd64=a linux/arm64=b', 'linux/amd64=a linux/arm64=c', ['linux/amd64'], { kind: 'nothing' }],
  [
    'linux/amd64=a linux/arm64=b',
    'linux/amd64=c',
    undefined,
    { kind: 'missing', platforms: ['linux/arm64'] },
  ],
  [
    'linux/amd64=a linux/arm64=b',
    'linux/amd64=c',
    ['linux/amd64'],
    { kind: 'changed', platforms: ['linux/amd64'] },
  ],
  ['linux/amd64=a', 'linux/amd64=a linux/s390x=d', undefined, { kind: 'nothing' }],
  // nobody knows what runs: not nothing
  ['linux/amd64=a', 'linux/amd64=a', ['linux/arm64'], { kind: 'changed' }],
])('%s → %s in use on %j', (before, after, inUse, want) => {
  expect(platformChange(platforms(before), platforms(after), inUse)).toMatchObject(want)
})
