import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import type { SigstoreRoot } from '../src/adapters/sigstore-root.ts'
import { canonicalJson, type JsonObject } from '../src/manifest/json.ts'
import { certificateBody, der, octets, oid, pemOf, sequence, signCertificate } from './certificates.ts'

export const GITHUB = 'https://token.actions.githubusercontent.com'
export const SIGN = 'https://sigstore.dev/cosign/sign/v1'

export interface Signing {
  subject?: string
  issuer?: string
  /** when the certificate is issued, for ten minutes; ISO */
  at?: string
  /** when the log sees the signature; with the certificate by default */
  loggedAt?: string
  /** another Sigstore's log takes it */
  log?: TestSigstore
  /** another Sigstore's log of certificates takes the certificate */
  certificateLog?: TestSigstore
  /** a second entry of the log without its receipt, which alone proves a time; ISO */
  claimedAt?: string
  /** without the receipt of the log of certificates */
  withoutSct?: boolean
  predicate?: string
}

export interface LegacyPieces {
  payload: string
  annotations: Record<string, string>
}

interface Leaf {
  der: Buffer
  key: KeyObject
}

const MINUTE = 60_000
const FROM = Date.UTC(2024, 0, 1)
const UNTIL = Date.UTC(2034, 0, 1)

/** A Sigstore of one test: Fulcio's authority, a log of certificates, Rekor's log; signs as cosign does, both generations. */
export class TestSigstore {
  readonly #authority = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  readonly #ctLog = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  readonly #rekor = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  readonly #name: string
  readonly #certificate: Buffer

  constructor(name = 'test') {
    this.#name = name
    this.#certificate = signCertificate(
      certificateBody({
        subject: name,
        issuer: name,
        publicKey: this.#authority.publicKey,
        validity: [FROM, UNTIL],
        extensions: [
          extension(oid(85, 29, 19), sequence(Buffer.from([1, 1, 255])), true),
          // keyCertSign, cRLSign
          extension(oid(85, 29, 15), der(3, Buffer.from([1, 0x06])), true),
        ],
      }),
      this.#authority.privateKey,
    )
  }

  /** What trusts it, as trusted_root.json says it. */
  get root(): TrustedRoot {
    const validFor = { start: new Date(FROM).toISOString() }
    const log = ({ publicKey }: { publicKey: KeyObject }, baseUrl: string) => ({
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: spki(publicKey).toString('base64'),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor,
      },
      logId: { keyId: idOf(publicKey).toString('base64') },
    })
    return TrustedRoot.fromJSON({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [log(this.#rekor, `https://${this.#name}.rekor`)],
      ctlogs: [log(this.#ctLog, `https://${this.#name}.ct`)],
      certificateAuthorities: [
        {
          subject: { organization: this.#name, commonName: this.#name },
          uri: `https://${this.#name}.fulcio`,
          certChain: { certificates: [{ rawBytes: this.#certificate.toString('base64') }] },
          validFor,
        },
      ],
      timestampAuthorities: [],
    })
  }

  /** cosign 2: payload and annotations of the layer. */
  legacy(digest: string, signing: Signing = {}): LegacyPieces {
    const payload = JSON.stringify({
      critical: {
        identity: { 'docker-reference': 'registry.example.org/app' },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    })
    const leaf = this.#issue(signing)
    const signature = sign('sha256', Buffer.from(payload), leaf.key).toString('base64')
    const entry = this.#log(hashedRekord(sha256(Buffer.from(payload)), signature, leaf), signing)
    return {
      payload,
      annotations: {
        'dev.cosignproject.cosign/signature': signature,
        'dev.sigstore.cosign/certificate': pemOf(leaf.der),
        'dev.sigstore.cosign/bundle': JSON.stringify({
          SignedEntryTimestamp: entry.promise,
          Payload: {
            body: entry.body,
            integratedTime: entry.integratedTime,
            logIndex: entry.logIndex,
            logID: entry.logId.toString('hex'),
          },
        }),
      },
    }
  }

  /** cosign 3: a bundle 0.3 with an in-toto statement. */
  bundle(digest: string, signing: Signing = {}): JsonObject {
    const payload = statement(digest, signing.predicate)
    const leaf = this.#issue(signing)
    const sig = sign('sha256', encoded(IN_TOTO, payload), leaf.key).toString('base64')
    const logged = (envelopeHash: string, at: Signing) => {
      const entry = this.#log(
        {
          apiVersion: '0.0.1',
          kind: 'dsse',
          spec: {
            envelopeHash: { algorithm: 'sha256', value: envelopeHash },
            payloadHash: { algorithm: 'sha256', value: sha256(payload) },
            signatures: [{ signature: sig, verifier: Buffer.from(pemOf(leaf.der)).toString('base64') }],
          },
        },
        at,
      )
      return {
        logIndex: String(entry.logIndex),
        logId: { keyId: entry.logId.toString('base64') },
        kindVersion: { kind: 'dsse', version: '0.0.1' },
        integratedTime: String(entry.integratedTime),
        inclusionPromise: { signedEntryTimestamp: entry.promise },
        inclusionProof: entry.proof,
        canonicalizedBody: entry.body,
      }
    }
    const { claimedAt } = signing
    const { inclusionPromise: _none, ...claimed } = logged('00', { ...signing, loggedAt: claimedAt ?? '' })
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        certificate: { rawBytes: leaf.der.toString('base64') },
        tlogEntries: [logged(sha256(payload), signing), ...(claimedAt === undefined ? [] : [claimed])],
      },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: IN_TOTO,
        signatures: [{ sig, keyid: '' }],
      },
    }
  }

  /** cosign 3 with a key of one's own, and no log. */
  keyed(digest: string, key: KeyObject): { bundle: JsonObject } {
    const payload = statement(digest)
    const sig = sign('sha256', encoded(IN_TOTO, payload), key).toString('base64')
    return {
      bundle: {
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        verificationMaterial: { publicKey: { hint: 'mine' }, tlogEntries: [] },
        dsseEnvelope: {
          payload: payload.toString('base64'),
          payloadType: IN_TOTO,
          signatures: [{ sig, keyid: '' }],
        },
      },
    }
  }

  #issue({
    subject = 'https://github.com/owner/app/.github/workflows/release.yml@refs/heads/main',
    issuer = GITHUB,
    at = '2026-08-17T08:33:00Z',
    withoutSct = false,
    certificateLog = this,
  }: Signing): Leaf {
    const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const from = Date.parse(at)
    const extensions = [
      extension(oid(85, 29, 15), der(3, Buffer.from([7, 0x80])), true),
      // codeSigning
      extension(oid(85, 29, 37), sequence(oid(43, 6, 1, 5, 5, 7, 3, 3))),
      extension(oid(85, 29, 17), sequence(der(0x86, Buffer.from(subject))), true),
      // Fulcio's "Issuer (V2)", fulcio docs/oid-info.md
      extension(oid(43, 6, 1, 4, 1, 0x83, 0xbf, 48, 1, 8), der(12, Buffer.from(issuer))),
    ]
    const body = (all: readonly Buffer[], serial: number) =>
      certificateBody({
        subject: '',
        issuer: this.#name,
        publicKey: keys.publicKey,
        validity: [from, from + 10 * MINUTE],
        extensions: all,
        serial,
      })
    const serial = Math.trunc(from / 1000)
    const all = withoutSct
      ? extensions
      : [
          ...extensions,
          certificateLog.#receiptOf(body(extensions, serial), from + 1000, this.#authority.publicKey),
        ]
    return { der: signCertificate(body(all, serial), this.#authority.privateKey), key: keys.privateKey }
  }

  /** The extension with the receipt of the log of certificates (RFC 6962 3.2). */
  #receiptOf(body: Buffer, time: number, authority: KeyObject): Buffer {
    const stamp = Buffer.alloc(8)
    stamp.writeBigUInt64BE(BigInt(time))
    const length = Buffer.alloc(3)
    length.writeUIntBE(body.length, 0, 3)
    const signed = Buffer.concat([
      Buffer.from([0, 0]),
      stamp,
      Buffer.from([0, 1]),
      idOf(authority),
      length,
      body,
      Buffer.from([0, 0]),
    ])
    const signature = sign('sha256', signed, this.#ctLog.privateKey)
    const sct = Buffer.concat([
      Buffer.from([0]),
      idOf(this.#ctLog.publicKey),
      stamp,
      Buffer.from([0, 0]),
      // sha256, ecdsa
      Buffer.from([4, 3]),
      sized(signature),
    ])
    return extension(oid(43, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2), octets(sized(sized(sct))))
  }

  /** An entry of Rekor's log, with its receipt, and the proof that it is the only one of a log. */
  #log(entry: JsonObject, { at = '2026-08-17T08:33:00Z', loggedAt = at, log = this }: Signing) {
    const { privateKey, publicKey } = log.#rekor
    const body = Buffer.from(canonicalJson(entry))
    const integratedTime = Math.trunc(Date.parse(loggedAt) / 1000) + 5
    const logId = idOf(publicKey)
    const logIndex = 7
    const receipt = canonicalJson({
      body: body.toString('base64'),
      integratedTime,
      logIndex,
      logID: logId.toString('hex'),
    })
    const rootHash = createHash('sha256')
      .update(Buffer.from([0]))
      .update(body)
      .digest()
    const origin = `${log.#name}.rekor`
    const note = `${origin} - 1\n1\n${rootHash.toString('base64')}\n`
    const hint = Buffer.concat([logId.subarray(0, 4), sign('sha256', Buffer.from(note), privateKey)])
    return {
      body: body.toString('base64'),
      integratedTime,
      logId,
      logIndex,
      promise: sign('sha256', Buffer.from(receipt), privateKey).toString('base64'),
      proof: {
        logIndex: '0',
        rootHash: rootHash.toString('base64'),
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: `${note}\n\u2014 ${origin} ${hint.toString('base64')}\n` },
      },
    }
  }
}

/** A source of roots that never asks anybody. */
export function rootOf(
  sigstore: TestSigstore,
  state: 'current' | 'shipped' = 'current',
): Pick<SigstoreRoot, 'read' | 'refresh'> {
  const known = { root: sigstore.root, state, ...(state === 'shipped' ? { problem: 'no network' } : {}) }
  return { read: async () => known, refresh: async () => known }
}

const IN_TOTO = 'application/vnd.in-toto+json'

function statement(digest: string, predicateType = SIGN): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: digest.replace('sha256:', '') } }],
      predicateType,
      predicate: {},
    }),
  )
}

function hashedRekord(hash: string, signature: string, leaf: Leaf): JsonObject {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: hash } },
      signature: {
        content: signature,
        publicKey: { content: Buffer.from(pemOf(leaf.der)).toString('base64') },
      },
    },
  }
}

/** What DSSE signs (secure-systems-lab/dsse protocol.md). */
function encoded(type: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload])
}

function extension(id: Buffer, content: Buffer, isCritical = false): Buffer {
  return sequence(id, ...(isCritical ? [Buffer.from([1, 1, 255])] : []), octets(content))
}

function sized(content: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(content.length)
  return Buffer.concat([length, content])
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function idOf(key: KeyObject): Buffer {
  return createHash('sha256').update(spki(key)).digest()
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
