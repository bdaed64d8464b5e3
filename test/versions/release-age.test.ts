import { expect, it } from 'vitest'
import type { SignatureOutcome } from '../../src/versions/judge-signature.ts'
import { heldByAge, releaseAge, YOUNG, type ReleaseAge } from '../../src/versions/release-age.ts'

const NOW = new Date('2026-08-20T12:00:00Z')
const signed = (since: string): ReleaseAge => ({ basis: 'signed', since })
const seen = (since: string): ReleaseAge => ({ basis: 'first-seen', since })

it.each<[string, string[], ReleaseAge, string | undefined]>([
  ['signed three days ago', ['pg-minor'], signed('2026-08-17T12:00:00.000Z'), undefined],
  [
    'signed a second less ago',
    ['pg-minor'],
    signed('2026-08-17T12:00:01.000Z'),
    'It was signed at 2026-08-17 12:00 UTC, and pg-minor waits 3 days: until 2026-08-20 12:00 UTC (--allow young lets it pass).',
  ],
  [
    'seen today',
    ['rebuild'],
    seen('2026-08-20T11:00:00.000Z'),
    'It was first seen at 2026-08-20 11:00 UTC, and rebuild waits 3 days: until 2026-08-23 11:00 UTC (--allow young lets it pass).',
  ],
  [
    'in the future',
    ['pg-minor'],
    signed('2027-01-01T00:00:00.000Z'),
    'It was signed at 2027-01-01 00:00 UTC, and pg-minor waits 3 days: until 2027-01-04 00:00 UTC (--allow young lets it pass).',
  ],
  [
    'not known',
    ['operator-patch'],
    { basis: 'unknown' },
    'Nobody knows how long it is out, and operator-patch waits 3 days (--allow young lets it pass).',
  ],
  ['of a class that need not wait', ['patch'], { basis: 'unknown' }, undefined],
  [
    'of two classes: the longer wait',
    ['digest', 'pg-major'],
    seen('2026-08-19T12:00:00.000Z'),
    'It was first seen at 2026-08-19 12:00 UTC, and digest, pg-major waits 3 days: until 2026-08-22 12:00 UTC (--allow young lets it pass).',
  ],
])('%s', (_case, classes, age, want) => {
  expect(heldByAge(classes, age, NOW, [])).toBe(want)
  expect(heldByAge(classes, age, NOW, [YOUNG])).toBeUndefined()
})

it('takes the days that a policy says', () => {
  const age = seen('2026-08-14T12:00:00.000Z')
  expect(heldByAge(['patch'], age, NOW, [], { patch: 7 })).toMatch(/waits 7 days: until 2026-08-21/)
  expect(heldByAge(['pg-minor'], seen('2026-08-20T12:00:00.000Z'), NOW, [], {})).toBeUndefined()
  expect(heldByAge(['patch'], age, NOW, [], { patch: 1 })).toBeUndefined()
})

it.each<[string, SignatureOutcome | undefined, Date | undefined, ReleaseAge]>([
  [
    'the time of a good signature',
    {
      outcome: 'verified',
      signer: { kind: 'key' },
      signedAt: '2026-08-17T00:00:00.000Z',
      policy: 'built-in',
    },
    NOW,
    signed('2026-08-17T00:00:00.000Z'),
  ],
  [
    'a good signature without a time: since it was seen',
    { outcome: 'verified', signer: { kind: 'key' }, policy: 'spec.verify' },
    NOW,
    seen('2026-08-20T12:00:00.000Z'),
  ],
  ['no signature: since it was seen', { outcome: 'unsigned' }, NOW, seen('2026-08-20T12:00:00.000Z')],
  ['neither', undefined, undefined, { basis: 'unknown' }],
])('counts %s', (_case, signature, first, want) => {
  expect(releaseAge(signature, first)).toEqual(want)
})
