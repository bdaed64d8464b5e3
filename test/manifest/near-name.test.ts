import { expect, it } from 'vitest'
import { nearName } from '../../src/manifest/near-name.ts'

it.each<[string, string, string[], string | undefined]>([
  ['swapped neighbours', 'reveiw', ['review', 'render', 'validate'], 'review'],
  ['a letter left out', 'valdate', ['review', 'render', 'validate'], 'validate'],
  ['letter case', 'REVIEW', ['review', 'render'], 'review'],
  ['separators', 'storage_class', ['storageClass', 'storage'], 'storageClass'],
  ['nothing but separators between', 's-t-o-r-a-g-e', ['storage'], 'storage'],
  ['a dash too many', 'cloud-native-pg', ['cloudnative-pg', 'clusters'], 'cloudnative-pg'],
  ['a file with its extension', 'deploymnet.yaml', ['service.yaml', 'deployment.yaml'], 'deployment.yaml'],
  ['two slips', 'instnacs', ['instances', 'imageName'], 'instances'],
  ['the nearer of two', 'instanse', ['instants', 'instance'], 'instance'],
  ['the first of two that are equally near', 'ab1', ['ab2', 'ab3'], 'ab2'],
  ['three slips in a long name', 'house-imutable-tgass', ['house-immutable-tags'], 'house-immutable-tags'],
  ['one slip in a short name', 'bse', ['base', 'head'], 'base'],
  ['two slips in a short name', 'bs', ['base', 'head'], undefined],
  ['three slips in a name of eight letters', 'storgaee', ['strategy'], undefined],
  ['a name that only begins alike', 'storageClass', ['storageSize'], undefined],
  ['a single letter', 'x', ['y', 'xy'], undefined],
  ['nothing but separators', '-', ['a', ''], undefined],
  ['an empty name', '', ['a', ''], undefined],
  ['another word', 'something', ['review', 'render', 'validate'], undefined],
  ['nothing to choose from', 'review', [], undefined],
])('%s: %s', (_what, name, names, expected) => {
  expect(nearName(name, names)).toBe(expected)
})

it('does not compare what nobody types', () => {
  const long = 'a'.repeat(100_000)
  expect(nearName(long, [`${long}b`])).toBeUndefined()
  expect(nearName('review', [long, 'render', 'reviews'])).toBe('reviews')
})
