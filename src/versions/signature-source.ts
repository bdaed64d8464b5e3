import type { Asked } from './version-source.ts'

/** Who signed. */
export type Signer =
  | {
      kind: 'certificate'
      /** of the OIDC token: 'https://token.actions.githubusercontent.com' */
      issuer: string
      /** the subject alternative name: 'https://github.com/owner/name/.github/workflows/x.yml@refs/heads/main' */
      subject: string
    }
  | { kind: 'key' }

/** One signature that was found beside an image, and what cryptography says of it; no judgement of who may sign. */
export type FoundSignature =
  | {
      kind: 'valid'
      signer: Signer
      /** what was signed, 'sha256:…'; may be another image's */
      digest: string
      /** when, by a log or an authority that the trusted root knows: ISO; a key may sign without */
      signedAt?: string
      /** of an in-toto statement; absent: a simple-signing payload */
      predicate?: string
    }
  | { kind: 'invalid'; problem: string }
  /** made under an authority or a log that the trusted root does not know */
  | { kind: 'untrusted'; problem: string }
  /** could not be checked; one sentence */
  | { kind: 'unclear'; problem: string }

/** The roots of trust that signatures were checked against. */
export interface RootInfo {
  /** `shipped`: it could not be refreshed, so newer authorities are not known */
  state: 'current' | 'shipped'
  /** why it is not current */
  problem?: string
}

/** All signatures of one image. */
export interface SignatureEvidence {
  signatures: readonly FoundSignature[]
  /** why there may be more that were not seen; one sentence */
  incomplete?: string
  root: RootInfo
}

/**
 * Where signatures are looked for: cosign's, of both generations. Port; implemented by src/adapters/cosign-signatures.ts,
 * contract in test/contracts/signature-source.ts.
 */
export interface SignatureSource {
  /**
   * @param name of an image ('ghcr.io/owner/name') or of an artifact ('oci://…')
   * @param digest of its index or manifest
   * @param keys public keys, PEM: signatures by keys are checked against them
   * @returns absent never: an image without signatures has none
   */
  signatures(name: string, digest: string, keys: readonly string[]): Promise<Asked<SignatureEvidence>>
}
