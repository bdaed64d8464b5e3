import { expect, it } from 'vitest'
import { ageText, assuranceLines, assuranceMarkdown, signatureText } from '../../src/report/assurance.ts'
import type { SignatureOutcome } from '../../src/versions/judge-signature.ts'

const SIGNER = {
  kind: 'certificate' as const,
  issuer: 'https://issuer',
  subject: 'https://github.com/us/app',
}
const SINCE = '2026-08-17T08:33:17.000Z'

it.each<[SignatureOutcome, string]>([
  [
    { outcome: 'verified', signer: SIGNER, signedAt: SINCE, policy: 'built-in' },
    '✅ signed by https://github.com/us/app (https://issuer) at 2026-08-17 08:33 UTC, as the CloudNativePG project signs it',
  ],
  [
    { outcome: 'verified', signer: { kind: 'key' }, policy: 'spec.verify' },
    '✅ signed by a key, as spec.verify wants',
  ],
  [
    { outcome: 'verified', signer: SIGNER, signedAt: SINCE, policy: 'nobody', root: 'ENOTFOUND' },
    '🔏 signed by https://github.com/us/app (https://issuer) at 2026-08-17 08:33 UTC; nothing says who has to sign it; the trusted root is the one that was shipped: ENOTFOUND',
  ],
  [{ outcome: 'unsigned' }, '➖ not signed'],
  [
    { outcome: 'wrong-identity', signer: SIGNER, wanted: 'https://github.com/them/' },
    '🛑 signed by https://github.com/us/app (https://issuer), not by https://github.com/them/',
  ],
  [
    { outcome: 'wrong-digest', digest: 'sha256:bb' },
    '🛑 the signature beside it is for another image: sha256:bb',
  ],
  [
    { outcome: 'invalid', message: 'signature verification failed' },
    '🛑 its signature is not valid: signature verification failed',
  ],
  [
    { outcome: 'indeterminate', message: 'ghcr.io answers with status 500.', repair: 'Run again.' },
    '❔ its signature is not known: ghcr.io answers with status 500. Run again.',
  ],
])('%o', (outcome, want) => expect(signatureText(outcome)).toBe(want))

it('tells an age by whose word it is known', () => {
  expect(ageText({ basis: 'signed', since: SINCE })).toBe(
    'out since 2026-08-17 08:33 UTC, by the transparency log',
  )
  expect(ageText({ basis: 'first-seen', since: SINCE })).toBe('🕓 first seen at 2026-08-17 08:33 UTC')
  expect(ageText({ basis: 'unknown' })).toBe('❔ nobody knows how long it is out')
})

it('says nothing where nobody looked, and nothing twice', () => {
  expect(assuranceLines({})).toEqual([])
  const signature = {
    outcome: 'verified' as const,
    signer: SIGNER,
    signedAt: SINCE,
    policy: 'nobody' as const,
  }
  expect(assuranceLines({ signature, age: { basis: 'signed', since: SINCE } })).toHaveLength(1)
  expect(
    assuranceLines({ signature: { outcome: 'unsigned' }, age: { basis: 'first-seen', since: SINCE } }),
  ).toEqual(['➖ not signed', '🕓 first seen at 2026-08-17 08:33 UTC'])
})

it('a certificate can hold anything: nothing of it is Markdown or pings', () => {
  const signer = { ...SIGNER, subject: '@team <img src=x> [a](http://b)\n# x' }
  const [line = ''] = assuranceMarkdown({ signature: { outcome: 'wrong-identity', signer, wanted: 'us' } })
  expect(line).not.toMatch(/@team|<img|\]\(|\n/)
})
