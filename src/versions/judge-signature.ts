import type { Hold } from './proposal.ts'
import type { FoundSignature, SignatureEvidence, Signer } from './signature-source.ts'
import { isAccepted, type SignaturePolicy } from './signature-policy.ts'
import type { Asked } from './version-source.ts'

/** What the signatures of an image say. Only `verified` is fine; what is not known is never fine. */
export type SignatureOutcome =
  | {
      outcome: 'verified'
      signer: Signer
      signedAt?: string
      /** by whom it had to be signed; `nobody`: nothing says who may sign, so the signer is told and no more */
      policy: 'spec.verify' | 'built-in' | 'nobody'
      /** the roots of trust could not be refreshed */
      root?: string
    }
  | { outcome: 'unsigned' }
  | { outcome: 'wrong-identity'; signer: Signer; wanted: string }
  /** a signature that is good, for another image */
  | { outcome: 'wrong-digest'; digest: string }
  | { outcome: 'invalid'; message: string }
  | { outcome: 'indeterminate'; message: string; repair: string }

/** A person's word that lets pass what could not be verified; never what is wrong. */
export const UNVERIFIED = 'unverified'

const LEAVE_IT = 'Leave it where it is, and ask those who publish it.'

/** cosign 3 (pkg/types): an image was signed; other statements attest something about it. */
const SIGNED = 'https://sigstore.dev/cosign/sign/v1'

/**
 * Judges what was found: one good signature is enough, as for cosign. Without a good one, a bad one is worth more than what
 * could not be read, and that more than none.
 * @param digest what is proposed
 */
export function judgeSignature(
  policy: SignaturePolicy,
  digest: string,
  asked: Asked<SignatureEvidence>,
): SignatureOutcome {
  if (policy.kind === 'uncheckable')
    return { outcome: 'indeterminate', message: policy.reason, repair: 'Flux checks it when it applies it.' }
  if (asked.outcome === 'absent')
    return { outcome: 'indeterminate', message: asked.message, repair: 'Check the name of the image.' }
  if (asked.outcome === 'indeterminate')
    return { outcome: 'indeterminate', message: asked.message, repair: asked.repair }
  const { signatures, incomplete, root } = asked.value
  const counted = signatures.filter(one => counts(one, policy))
  const here = counted.flatMap(one => (one.kind === 'valid' && one.digest === digest ? [one] : []))
  const good = here
    .filter(({ signer }) => isSignedBy(signer, policy))
    .toSorted((a, b) => ((a.signedAt ?? '~') < (b.signedAt ?? '~') ? -1 : 1))[0]
  if (good !== undefined)
    return {
      outcome: 'verified',
      signer: good.signer,
      ...(good.signedAt === undefined ? {} : { signedAt: good.signedAt }),
      policy: policy.kind === 'none' ? 'nobody' : policy.source,
      ...(root.state === 'current' ? {} : { root: root.problem ?? 'it could not be refreshed' }),
    }
  const bad = badOutcome(counted, here, policy, root.state === 'current')
  if (bad !== undefined) return bad
  const unclear = counted.find(one => one.kind === 'unclear' || one.kind === 'untrusted')
  if (unclear === undefined && incomplete === undefined) return { outcome: 'unsigned' }
  const stale =
    unclear?.kind === 'untrusted' && root.state === 'shipped'
      ? ` The trusted root is the one that was shipped${root.problem === undefined ? '' : ` (${root.problem})`}.`
      : ''
  const why = unclear !== undefined && 'problem' in unclear ? unclear.problem : (incomplete ?? '')
  return {
    outcome: 'indeterminate',
    message: `${why}${stale}`,
    repair:
      stale === '' ? 'Run again, or check it with cosign.' : 'Let it reach the TUF repository of Sigstore.',
  }
}

/** Why an update is held for its signature; undefined: nothing speaks against it. @param allowed what a person said */
export function heldBySignature(
  policy: SignaturePolicy,
  outcome: SignatureOutcome,
  allowed: readonly string[],
): Hold | undefined {
  if (outcome.outcome === 'verified') return undefined
  if (outcome.outcome === 'wrong-identity')
    return hold(`It is signed by ${signerName(outcome.signer)}, not by ${outcome.wanted}.`, LEAVE_IT)
  if (outcome.outcome === 'wrong-digest')
    return hold(`The signature beside it is for another image (${outcome.digest}).`, LEAVE_IT)
  if (outcome.outcome === 'invalid') return hold(`Its signature is not valid: ${outcome.message}`, LEAVE_IT)
  const isRequired = policy.kind !== 'none' && policy.kind !== 'uncheckable' && policy.isRequired
  if (!isRequired || allowed.includes(UNVERIFIED)) return undefined
  const approval = `Allow \`${UNVERIFIED}\` where you know that it is right.`
  if (outcome.outcome === 'indeterminate')
    return hold(`Its signature could not be checked: ${outcome.message}`, `${outcome.repair} ${approval}`)
  const why =
    policy.source === 'built-in' ? 'the CloudNativePG project signs this image' : 'Flux would refuse it'
  return hold(`It has no signature, and ${why}.`, approval)
}

function hold(message: string, repair: string): Hold {
  return { kind: 'signature', message, repair }
}

/** 'https://github.com/… (https://token.actions…)', or a key. */
export function signerName(signer: Signer): string {
  return signer.kind === 'key' ? 'a key' : `${signer.subject} (${signer.issuer})`
}

/** Flux takes any statement about the digest for a signature (cosign VerifyImageAttestations), the project's own words do not. */
function counts(found: FoundSignature, policy: SignaturePolicy): boolean {
  if (found.kind !== 'valid' || found.predicate === undefined || found.predicate === SIGNED) return true
  return (policy.kind === 'keyless' || policy.kind === 'keys') && policy.source === 'spec.verify'
}

function isSignedBy(signer: Signer, policy: SignaturePolicy): boolean {
  if (policy.kind === 'keys') return signer.kind === 'key'
  if (policy.kind === 'uncheckable' || signer.kind === 'key') return false
  return policy.kind === 'none' || isAccepted(policy.identities, signer)
}

function badOutcome(
  counted: readonly FoundSignature[],
  here: readonly (FoundSignature & { kind: 'valid' })[],
  policy: SignaturePolicy,
  isRootCurrent: boolean,
): SignatureOutcome | undefined {
  const [other] = here
  if (other !== undefined)
    return {
      outcome: 'wrong-identity',
      signer: other.signer,
      wanted:
        policy.kind === 'keyless'
          ? policy.identities.map(({ subject, issuer }) => `${subject} (${issuer})`).join(' or ')
          : 'the keys of spec.verify',
    }
  const elsewhere = counted.find(one => one.kind === 'valid')
  if (elsewhere?.kind === 'valid') return { outcome: 'wrong-digest', digest: elsewhere.digest }
  const invalid = counted.find(one => one.kind === 'invalid')
  if (invalid?.kind === 'invalid') return { outcome: 'invalid', message: invalid.problem }
  // who has to be known is not: with roots of today that is no gap in knowledge
  const untrusted = counted.find(one => one.kind === 'untrusted')
  if (untrusted?.kind === 'untrusted' && isRootCurrent && policy.kind === 'keyless')
    return { outcome: 'invalid', message: untrusted.problem }
  return undefined
}
