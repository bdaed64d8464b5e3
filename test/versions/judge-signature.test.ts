import { describe, expect, it } from 'vitest'
import {
  heldBySignature,
  judgeSignature,
  UNVERIFIED,
  type SignatureOutcome,
} from '../../src/versions/judge-signature.ts'
import type { SignaturePolicy } from '../../src/versions/signature-policy.ts'
import type { FoundSignature, SignatureEvidence } from '../../src/versions/signature-source.ts'
import type { Asked } from '../../src/versions/version-source.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const OTHER = `sha256:${'b'.repeat(64)}`
const US = { kind: 'certificate' as const, issuer: 'https://issuer', subject: 'https://github.com/us/app' }
const THEM = { ...US, subject: 'https://github.com/them/app' }
const KEY = { kind: 'key' as const }

const IDENTITIES = [{ issuer: '^https://issuer$', subject: '^https://github\\.com/us/' }]
const OURS: SignaturePolicy = {
  kind: 'keyless',
  source: 'built-in',
  identities: IDENTITIES,
  isRequired: true,
}
const POLICIES = {
  ours: OURS,
  told: { ...OURS, isRequired: false },
  flux: { ...OURS, source: 'spec.verify' },
  anybody: { ...OURS, source: 'spec.verify', identities: [] },
  keys: { kind: 'keys', source: 'spec.verify', keys: ['PEM'], isRequired: true },
  uncheckable: { kind: 'uncheckable', source: 'spec.verify', reason: 'Flux uses notation.' },
  none: { kind: 'none' },
} satisfies Record<string, SignaturePolicy>

const valid = (more: Partial<FoundSignature & { kind: 'valid' }> = {}): FoundSignature => ({
  kind: 'valid',
  signer: US,
  digest: DIGEST,
  signedAt: '2026-08-17T08:33:17.000Z',
  ...more,
})
const INVALID: FoundSignature = { kind: 'invalid', problem: 'signature verification failed' }
const UNTRUSTED: FoundSignature = { kind: 'untrusted', problem: 'no valid certificate path found' }
const UNCLEAR: FoundSignature = { kind: 'unclear', problem: 'It is signed with a key.' }
const ATTESTED = valid({ predicate: 'https://slsa.dev/provenance/v1' })

const evidence = (
  signatures: readonly FoundSignature[],
  more: Partial<SignatureEvidence> = {},
): Asked<SignatureEvidence> => ({
  outcome: 'present',
  value: { signatures, root: { state: 'current' }, ...more },
})
const SHIPPED: Partial<SignatureEvidence> = { root: { state: 'shipped', problem: 'ENOTFOUND' } }
const SILENT: Asked<SignatureEvidence> = {
  outcome: 'indeterminate',
  message: 'ghcr.io cannot be reached',
  repair: 'run again',
}

type Case = [
  policy: keyof typeof POLICIES,
  found: Asked<SignatureEvidence>,
  outcome: SignatureOutcome['outcome'],
  /** undefined: not held */
  held: RegExp | undefined,
  /** whether a person's word lets it pass */
  isApprovable?: true,
]

const cases: [string, Case][] = [
  ['good', ['ours', evidence([valid()]), 'verified', undefined]],
  [
    'good beside bad ones',
    ['ours', evidence([INVALID, valid({ signer: THEM }), valid()]), 'verified', undefined],
  ],
  [
    'good, and more that was not read',
    ['ours', evidence([valid()], { incomplete: 'x' }), 'verified', undefined],
  ],
  ['good by the shipped root', ['ours', evidence([valid()], SHIPPED), 'verified', undefined]],
  ['good by anybody', ['anybody', evidence([valid({ signer: THEM })]), 'verified', undefined]],
  ['good, nobody asked', ['none', evidence([valid({ signer: THEM })]), 'verified', undefined]],
  ['by a key that is asked for', ['keys', evidence([valid({ signer: KEY })]), 'verified', undefined]],
  ['by another', ['ours', evidence([valid({ signer: THEM })]), 'wrong-identity', /them\/app.*not by.*us/]],
  [
    'by another, though it need not be signed',
    ['told', evidence([valid({ signer: THEM })]), 'wrong-identity', /them/],
  ],
  [
    'by another, and more that was not read',
    ['ours', evidence([valid({ signer: THEM })], { incomplete: 'x' }), 'wrong-identity', /them/],
  ],
  [
    'by a certificate where a key is asked for',
    ['keys', evidence([valid()]), 'wrong-identity', /keys of spec\.verify/],
  ],
  [
    'by a key where a certificate is asked for',
    ['ours', evidence([valid({ signer: KEY })]), 'wrong-identity', /a key/],
  ],
  ['for another image', ['ours', evidence([valid({ digest: OTHER })]), 'wrong-digest', /another image/]],
  [
    'for another image, nobody asked',
    ['none', evidence([valid({ digest: OTHER })]), 'wrong-digest', /another image/],
  ],
  ['tampered with', ['ours', evidence([INVALID]), 'invalid', /not valid/]],
  ['tampered with, nobody asked', ['none', evidence([INVALID]), 'invalid', /not valid/]],
  ['under an unknown authority', ['ours', evidence([UNTRUSTED]), 'invalid', /certificate path/]],
  [
    'under an unknown authority, with old roots',
    ['ours', evidence([UNTRUSTED], SHIPPED), 'indeterminate', /shipped \(ENOTFOUND\)/, true],
  ],
  ['under an unknown authority, nobody asked', ['none', evidence([UNTRUSTED]), 'indeterminate', undefined]],
  [
    'by a key that is not known',
    ['ours', evidence([UNCLEAR]), 'indeterminate', /could not be checked/, true],
  ],
  ['none', ['ours', evidence([]), 'unsigned', /project signs/, true]],
  ['none, where Flux looks', ['flux', evidence([]), 'unsigned', /Flux would refuse/, true]],
  ['none, where it need not be', ['told', evidence([]), 'unsigned', undefined]],
  ['none, nobody asked', ['none', evidence([]), 'unsigned', undefined]],
  [
    'none that was read',
    ['ours', evidence([], { incomplete: 'status 500' }), 'indeterminate', /status 500/, true],
  ],
  [
    'none that was read, nobody asked',
    ['none', evidence([], { incomplete: 'status 500' }), 'indeterminate', undefined],
  ],
  ['no answer', ['ours', SILENT, 'indeterminate', /cannot be reached/, true]],
  ['no answer, nobody asked', ['none', SILENT, 'indeterminate', undefined]],
  ['no such image', ['ours', { outcome: 'absent', message: 'no name' }, 'indeterminate', /no name/, true]],
  ['something only the cluster can check', ['uncheckable', evidence([valid()]), 'indeterminate', undefined]],
  ['an attestation is no signature', ['ours', evidence([ATTESTED]), 'unsigned', /no signature/, true]],
  ['an attestation is one for Flux', ['flux', evidence([ATTESTED]), 'verified', undefined]],
]

it.each(cases)('%s', (_name, [policy, found, want, held, isApprovable]) => {
  const outcome = judgeSignature(POLICIES[policy], DIGEST, found)
  expect(outcome.outcome).toBe(want)
  const hold = heldBySignature(POLICIES[policy], outcome, [])
  expect(hold?.message ?? '').toMatch(held ?? /^$/)
  expect(hold?.kind).toBe(held === undefined ? undefined : 'signature')
  const passes = held === undefined || isApprovable === true
  expect(heldBySignature(POLICIES[policy], outcome, [UNVERIFIED])).toEqual(passes ? undefined : hold)
  expect(hold?.repair?.includes(UNVERIFIED) ?? false).toBe(isApprovable ?? false)
})

describe('a good signature', () => {
  it('tells when it was made first: since then the image is out', () => {
    expect(
      judgeSignature(
        OURS,
        DIGEST,
        evidence([
          valid({ signedAt: '2026-08-20T00:00:00.000Z' }),
          valid(),
          // another's may lie about nothing, but says nothing either
          valid({ signer: THEM, signedAt: '2020-01-01T00:00:00.000Z' }),
        ]),
      ),
    ).toEqual({
      outcome: 'verified',
      signer: US,
      signedAt: '2026-08-17T08:33:17.000Z',
      policy: 'built-in',
    })
  })

  it('tells by what roots, and that nobody says who may sign', () => {
    expect(judgeSignature(POLICIES.none, DIGEST, evidence([valid()], SHIPPED))).toMatchObject({
      policy: 'nobody',
      root: 'ENOTFOUND',
    })
  })
})
