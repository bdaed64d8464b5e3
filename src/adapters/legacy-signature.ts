import { createHash, X509Certificate } from 'node:crypto'
import { textAt, valueAt, type Json } from '../manifest/json.ts'
import { readJson } from './oci-registry.ts'

/** A signature of cosign up to version 2: what it signs, and what stands beside it in annotations. */
export interface LegacySignature {
  payload: Buffer
  /** base64 */
  signature: string
  /** PEM; absent: signed with a key */
  certificate?: string
  /** JSON of the log's receipt: { SignedEntryTimestamp, Payload: { body, integratedTime, logIndex, logID } } */
  receipt?: string
  /** JSON: { SignedRFC3161Timestamp } */
  timestamp?: string
}

/**
 * The same as a Sigstore bundle 0.1, whose rules are those of that time: a receipt of the log instead of a proof.
 * @returns `undefined` without receipt, or with one that cannot be read
 */
export function legacyBundle(found: LegacySignature, certificate: string): Json | undefined {
  const receipt = readJson(Buffer.from(found.receipt ?? ''))
  const body = textAt(receipt, 'Payload', 'body')
  const logId = textAt(receipt, 'Payload', 'logID')
  const promise = textAt(receipt, 'SignedEntryTimestamp')
  if (body === undefined || logId === undefined || promise === undefined) return undefined
  const entry = readJson(Buffer.from(body, 'base64'))
  const raw = derOf(certificate)
  if (raw === undefined) return undefined
  const stamped = textAt(readJson(Buffer.from(found.timestamp ?? '')), 'SignedRFC3161Timestamp')
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: raw }] },
      tlogEntries: [
        {
          logIndex: numberAt(receipt, 'logIndex'),
          logId: { keyId: Buffer.from(logId, 'hex').toString('base64') },
          kindVersion: { kind: textAt(entry, 'kind') ?? '', version: textAt(entry, 'apiVersion') ?? '' },
          integratedTime: numberAt(receipt, 'integratedTime'),
          inclusionPromise: { signedEntryTimestamp: promise },
          canonicalizedBody: body,
        },
      ],
      timestampVerificationData: {
        rfc3161Timestamps: stamped === undefined ? [] : [{ signedTimestamp: stamped }],
      },
    },
    messageSignature: {
      messageDigest: {
        algorithm: 'SHA2_256',
        digest: createHash('sha256').update(found.payload).digest('base64'),
      },
      signature: found.signature,
    },
  }
}

function numberAt(receipt: Json, name: string): string {
  const value = valueAt(receipt, 'Payload', name)
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : '0'
}

/** base64 of the first certificate */
function derOf(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).raw.toString('base64')
  } catch {
    return undefined
  }
}
