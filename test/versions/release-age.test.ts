import { expect, it } from 'vitest'
import type { SignatureOutcome } from '../../src/versions/judge-signature.ts'
import { heldByAge, releaseAge, type ReleaseAge } from '../../src/versions/release-age.ts'

const NOW = '2026-08-20T12:00:00.000Z'
const signed = (since: string): ReleaseAge => ({ basis: 'signed', since })
const seen = (since: string): ReleaseAge => ({ basis: 'first-seen', since })

it.each<[string, number, ReleaseAge, { message: string; until?: string } | undefined]>([
  ['signed three days ago', 3, signed('2026-08-17T12:00:00.000Z'), undefined],
  [
    'signed a second less ago',
    3,
    signed('2026-08-17T12:00:01.000Z'),
    {
      message:
        'It has to be out for 3 days, and was signed at 2026-08-17 12:00 UTC: not before 2026-08-20 12:00 UTC.',
      until: '2026-08-20T12:00:01.000Z',
    },
  ],
  [
    'seen an hour ago',
    1,
    seen('2026-08-20T11:00:00.000Z'),
    {
      message:
        'It has to be out for 1 day, and was first seen at 2026-08-20 11:00 UTC: not before 2026-08-21 11:00 UTC.',
      until: '2026-08-21T11:00:00.000Z',
    },
  ],
  [
    'in the future',
    3,
    signed('2027-01-01T00:00:00.000Z'),
    {
      message:
        'It has to be out for 3 days, and was signed at 2027-01-01 00:00 UTC: not before 2027-01-04 00:00 UTC.',
      until: '2027-01-04T00:00:00.000Z',
    },
  ],
  [
    'not known',
    3,
    { basis: 'unknown' },
    { message: 'It has to be out for 3 days, and nobody knows how long it is.' },
  ],
  ['not known, and need not be', 0, { basis: 'unknown' }, undefined],
])('%s', (_case, days, age, want) => {
  const hold = heldByAge(days, age, NOW)
  const { message, until } = hold ?? {}
  expect({ message, until }).toEqual({ message: want?.message, until: want?.until })
  expect(hold?.kind).toBe(want === undefined ? undefined : 'age')
})

it.each<[string, SignatureOutcome | undefined, string | undefined, ReleaseAge]>([
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
    seen(NOW),
  ],
  ['no signature: since it was seen', { outcome: 'unsigned' }, NOW, seen(NOW)],
  ['neither', undefined, undefined, { basis: 'unknown' }],
])('counts %s', (_case, signature, first, want) => {
  expect(releaseAge(signature, first)).toEqual(want)
})
