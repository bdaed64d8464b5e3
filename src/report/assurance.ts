import { signerName, type SignatureOutcome } from '../versions/judge-signature.ts'
import { minuteOf, type ReleaseAge } from '../versions/release-age.ts'
import type { ReferenceUpdate } from '../versions/reference-update.ts'
import { inline } from './escape.ts'

/** By whom what is proposed is signed, and how long it is out; plain texts, none where nobody looked. */
export function assuranceLines({ signature, age }: Pick<ReferenceUpdate, 'signature' | 'age'>): string[] {
  return [
    ...(signature === undefined ? [] : [signatureText(signature)]),
    ...(age === undefined || age.basis === 'signed' ? [] : [ageText(age)]),
  ]
}

/** As `assuranceLines`, for a list of Markdown. */
export function assuranceMarkdown(update: Pick<ReferenceUpdate, 'signature' | 'age'>): string[] {
  return assuranceLines(update).map(inline)
}

/** What a signature says, with a mark: only what is verified by somebody's word has the good one. */
export function signatureText(signature: SignatureOutcome): string {
  if (signature.outcome === 'verified') {
    const { signer, signedAt, policy, root } = signature
    const when = signedAt === undefined ? '' : ` at ${minuteOf(signedAt)}`
    const old = root === undefined ? '' : `; the trusted root is the one that was shipped: ${root}`
    return `${policy === 'nobody' ? '🔏' : '✅'} signed by ${signerName(signer)}${when}${WORD[policy]}${old}`
  }
  if (signature.outcome === 'unsigned') return '➖ not signed'
  if (signature.outcome === 'wrong-identity')
    return `🛑 signed by ${signerName(signature.signer)}, not by ${signature.wanted}`
  if (signature.outcome === 'wrong-digest')
    return `🛑 the signature beside it is for another image: ${signature.digest}`
  if (signature.outcome === 'invalid') return `🛑 its signature is not valid: ${signature.message}`
  return `❔ its signature is not known: ${signature.message} ${signature.repair}`
}

/** Whose word it is that the signer is right. */
const WORD = {
  'spec.verify': ', as spec.verify wants',
  'built-in': ', as the CloudNativePG project signs it',
  nobody: '; nothing says who has to sign it',
}

/** How long it is out, by whose word. */
export function ageText(age: ReleaseAge): string {
  if (age.basis === 'unknown') return '❔ nobody knows how long it is out'
  return age.basis === 'signed'
    ? `out since ${minuteOf(age.since)}, by the transparency log`
    : `🕓 first seen at ${minuteOf(age.since)}`
}
