import { createHash, createPublicKey, verify as verifyBytes, X509Certificate } from 'node:crypto'
import { bundleFromJSON, isBundleWithDsseEnvelope, type Bundle } from '@sigstore/bundle'
import type { TrustedRoot } from '@sigstore/protobuf-specs'
import {
  toSignedEntity,
  toTrustMaterial,
  VerificationError,
  Verifier,
  type SignedEntity,
} from '@sigstore/verify'
import { textAt, valueAt, type Json } from '../manifest/json.ts'
import type { FoundSignature, RootInfo, Signer } from '../versions/signature-source.ts'
import { legacyBundle, type LegacySignature } from './legacy-signature.ts'
import { readJson } from './oci-registry.ts'
import type { KnownRoot, SigstoreRoot } from './sigstore-root.ts'

type Bad = Exclude<FoundSignature, { kind: 'valid' }>
/** A signature without what it says. */
type Checked = Bad | { kind: 'valid'; signer: Signer; signedAt?: string }

const KEYED: Bad = { kind: 'unclear', problem: 'It is signed with a key that is not known here.' }

/**
 * Checks signatures against the trusted root of Sigstore, without a network but for the root itself. Who may sign is not asked
 * here, and the clock is not read: what counts is that the certificate was good when the log or an authority saw it.
 */
export class SigstoreVerifier {
  readonly #source: Pick<SigstoreRoot, 'read' | 'refresh'>

  constructor(source: Pick<SigstoreRoot, 'read' | 'refresh'>) {
    this.#source = source
  }

  /** The state of the roots in use. */
  async root(): Promise<RootInfo> {
    const { state, problem } = await this.#source.read()
    return { state, ...(problem === undefined ? {} : { problem }) }
  }

  /**
   * A Sigstore bundle beside an image: an in-toto statement in a DSSE envelope, with the digest in its subject.
   * @param digest of the image
   * @param keys public keys, PEM
   */
  async bundle(json: Json, digest: string, keys: readonly string[] = []): Promise<FoundSignature> {
    const bundle = readBundle(json)
    if ('kind' in bundle) return bundle
    if (!isBundleWithDsseEnvelope(bundle))
      return { kind: 'unclear', problem: 'A bundle beside it signs a file, not a statement about an image.' }
    const { payload, payloadType } = bundle.content.dsseEnvelope
    if (payloadType !== 'application/vnd.in-toto+json')
      return { kind: 'unclear', problem: `A bundle beside it signs '${payloadType}', not a statement.` }
    const checked = await this.#check(bundle, keys)
    if (checked.kind !== 'valid') return checked
    const statement = readJson(payload)
    const subjects = valueAt(statement, 'subject')
    const signed = (Array.isArray(subjects) ? subjects : []).flatMap(subject => {
      const hex = textAt(subject, 'digest', 'sha256')
      return hex === undefined ? [] : [`sha256:${hex}`]
    })
    const [first] = signed
    if (first === undefined) return { kind: 'invalid', problem: 'it signs a statement about nothing' }
    return {
      ...checked,
      digest: signed.includes(digest) ? digest : first,
      predicate: textAt(statement, 'predicateType') ?? '',
    }
  }

  /** A signature of cosign 2 and before over a simple-signing payload (cosign specs/SIGNATURE_SPEC.md). */
  async legacy(found: LegacySignature, keys: readonly string[] = []): Promise<FoundSignature> {
    const { payload, signature, certificate } = found
    const digest = textAt(readJson(payload), 'critical', 'image', 'docker-manifest-digest')
    if (digest === undefined || textAt(readJson(payload), 'critical', 'type') === undefined)
      return { kind: 'invalid', problem: 'it signs no payload of an image' }
    if (certificate === undefined) {
      if (keys.length === 0) return KEYED
      return keys.some(key => isSignedWith(key, payload, signature))
        ? { kind: 'valid', signer: { kind: 'key' }, digest }
        : { kind: 'invalid', problem: 'none of the public keys made it' }
    }
    const bundle = legacyBundle(found, certificate)
    if (bundle === undefined)
      return { kind: 'invalid', problem: 'it is in no transparency log, so nobody knows when it was made' }
    const read = readBundle(bundle)
    if ('kind' in read) return read
    const checked = await this.#check(read, keys, payload)
    return checked.kind === 'valid' ? { ...checked, digest } : checked
  }

  /**
   * A file with its bundle (`cosign sign-blob`), of either generation: the project's image catalogs are signed so.
   * @returns with the digest of the file, where it is valid
   */
  async file(json: Json, content: Buffer): Promise<FoundSignature> {
    const signature = textAt(json, 'base64Signature')
    const certificate = textAt(json, 'cert')
    const old =
      signature === undefined || certificate === undefined
        ? undefined
        : legacyBundle(
            { payload: content, signature, receipt: JSON.stringify(valueAt(json, 'rekorBundle') ?? null) },
            Buffer.from(certificate, 'base64').toString('utf8'),
          )
    const bundle = readBundle(old ?? json)
    if ('kind' in bundle) return bundle
    const checked = await this.#check(bundle, [], content)
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    return checked.kind === 'valid' ? { ...checked, digest } : checked
  }

  async #check(bundle: Bundle, keys: readonly string[], artifact?: Buffer): Promise<Checked> {
    let entity: SignedEntity
    try {
      entity = toSignedEntity(bundle, artifact)
    } catch (error) {
      return { kind: 'invalid', problem: messageOf(error) }
    }
    if (entity.key.$case === 'public-key') return keys.length === 0 ? KEYED : checkWithKeys(entity, keys)
    const known = await this.#source.read()
    const checked = checkWithRoot(bundle, entity, known.root)
    if (checked.kind !== 'untrusted') return checked
    const refreshed: KnownRoot = await this.#source.refresh()
    return refreshed === known ? checked : checkWithRoot(bundle, entity, refreshed.root)
  }
}

function readBundle(json: Json): Bundle | Bad {
  try {
    return bundleFromJSON(json)
  } catch (error) {
    return { kind: 'invalid', problem: messageOf(error) }
  }
}

function checkWithRoot(bundle: Bundle, entity: SignedEntity, root: TrustedRoot): Checked {
  try {
    const { identity } = new Verifier(toTrustMaterial(root)).verify(entity)
    const issuer = identity?.extensions?.issuer
    const subject = identity?.subjectAlternativeName
    if (issuer === undefined || subject === undefined)
      return { kind: 'invalid', problem: 'its certificate names nobody' }
    const signedAt = signedTimes(entity)[0]
    return {
      kind: 'valid',
      signer: { kind: 'certificate', issuer, subject },
      ...(signedAt === undefined ? {} : { signedAt }),
    }
  } catch (error) {
    const problem = messageOf(error)
    return { kind: isBeyond(bundle, error, root) ? 'untrusted' : 'invalid', problem }
  }
}

/** Flux ignores the log for keys (source-controller internal/oci/cosign: IgnoreTlog), and so is the time that it tells. */
function checkWithKeys(entity: SignedEntity, keys: readonly string[]): Checked {
  const bare = { ...entity, tlogEntries: [], timestamps: [] }
  const isGood = keys.some(key => {
    try {
      const publicKey = createPublicKey(key)
      const material = toTrustMaterial(NO_ROOT, () => ({ publicKey, validFor: () => true }))
      new Verifier(material, { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 }).verify(bare)
      return true
    } catch {
      return false
    }
  })
  return isGood
    ? { kind: 'valid', signer: { kind: 'key' } }
    : { kind: 'invalid', problem: 'none of the public keys made it' }
}

const NO_ROOT: TrustedRoot = {
  mediaType: '',
  tlogs: [],
  certificateAuthorities: [],
  ctlogs: [],
  timestampAuthorities: [],
}

function isSignedWith(key: string, payload: Buffer, signature: string): boolean {
  try {
    return verifyBytes('sha256', payload, createPublicKey(key), Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** Those that were verified along, in ISO, the earliest first: a time of the log counts with its receipt only. */
function signedTimes({ timestamps }: SignedEntity): string[] {
  return timestamps
    .flatMap(stamp => {
      if (stamp.$case === 'timestamp-authority') return [stamp.timestamp.signingTime]
      const { inclusionPromise, integratedTime } = stamp.tlogEntry
      return inclusionPromise === undefined ? [] : [new Date(Number(integratedTime) * 1000)]
    })
    .map(time => time.toISOString())
    .toSorted()
}

/** Whether it names a log or an authority that the root does not know: newer than the root, or somebody's own. */
function isBeyond(bundle: Bundle, error: unknown, root: TrustedRoot): boolean {
  const { tlogEntries, content } = bundle.verificationMaterial
  const logs = root.tlogs.map(({ logId, checkpointKeyId }) => (checkpointKeyId ?? logId)?.keyId)
  if (
    tlogEntries.some(
      ({ logId }) => !logs.some(known => logId !== undefined && known?.equals(logId.keyId) === true),
    )
  )
    return true
  if (!(error instanceof VerificationError) || error.code !== 'CERTIFICATE_ERROR') return false
  // logs of certificates are replaced every year or two
  if (/\bSCT\b/.test(error.message)) return true
  const raw =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates[0]?.rawBytes
        : undefined
  if (raw === undefined) return false
  const leaf = new X509Certificate(raw)
  return !root.certificateAuthorities
    .flatMap(({ certChain }) => certChain?.certificates ?? [])
    .some(({ rawBytes }) => {
      const authority = new X509Certificate(rawBytes)
      return leaf.checkIssued(authority) && leaf.verify(authority.publicKey)
    })
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const inner = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return `${error.message}${inner}`.split('\n')[0] ?? ''
}
