import { expect, it } from 'vitest'
import { renovateFile, renovateRule, sharedPackages } from '../../src/updates/renovate.ts'

const PACKAGES = ['ghcr.io/a/b', 'oci://ghcr.io/c/charts/d', 'https://charts.example.org e', 'ghcr.io/a/b']
const NAMES = ['e', 'ghcr.io/a/b', 'ghcr.io/c/charts/d']

it('finds the configuration that Renovate would take', () => {
  expect(renovateFile(['a.yaml', '.renovaterc', '.github/renovate.json5'])).toBe('.github/renovate.json5')
  expect(renovateFile(['docs/renovate.json'])).toBeUndefined()
})

it('makes a rule by which nothing is shared any more', () => {
  const rule = renovateRule(PACKAGES)
  expect(rule).toMatchObject({ matchPackageNames: NAMES, enabled: false })
  expect(sharedPackages({ packageRules: [rule] }, PACKAGES)).toEqual([])
})

it.each([
  ['one that cannot be read', undefined, NAMES],
  ['no rules', {}, NAMES],
  [
    'a rule for one of them',
    { packageRules: [{ matchPackageNames: ['e'], enabled: false }] },
    NAMES.slice(1),
  ],
  [
    'a rule that does something else',
    { packageRules: [{ matchPackageNames: ['e'], automerge: true }] },
    NAMES,
  ],
  ['switched off as a whole', { enabled: false }, []],
])('says which packages both would update, with %s', (_name, config, shared) => {
  expect(sharedPackages(config, PACKAGES)).toEqual(shared)
})
