import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { shippedRoot } from '../../src/adapters/sigstore-root.ts'
import { SigstoreVerifier } from '../../src/adapters/sigstore-verifier.ts'
import { valueAt, type Json, type JsonObject } from '../../src/manifest/json.ts'
import type { FoundSignature } from '../../src/versions/signature-source.ts'
import { GITHUB, rootOf, TestSigstore, type LegacyPieces, type Signing } from '../sigstore.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const OTHER = `sha256:${'b'.repeat(64)}`
const OURS = new TestSigstore()
const THEIRS = new TestSigstore('theirs')
const verifier = new SigstoreVerifier(rootOf(OURS))

/** Another value at a path of a document. */
function changed(document: JsonObject, path: string, value: Json | undefined): JsonObject {
  const copy: JsonObject = structuredClone(document)
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  const holder = valueAt(copy, ...steps.map(step => (/^\d+$/.test(step) ? Number(step) : step)))
  if (typeof holder !== 'object' || holder === null) throw new Error(`nothing at ${path}`)
  if (value === undefined) Reflect.deleteProperty(holder, last)
  else Reflect.set(holder, last, value)
  return copy
}

async function checkBundle(bundle: JsonObject, by = verifier): Promise<FoundSignature> {
  return await by.bundle(bundle, DIGEST)
}

async function checkLegacy({ payload, annotations }: LegacyPieces, by = verifier): Promise<FoundSignature> {
  const certificate = annotations['dev.sigstore.cosign/certificate']
  const receipt = annotations['dev.sigstore.cosign/bundle']
  return await by.legacy({
    payload: Buffer.from(payload),
    signature: annotations['dev.cosignproject.cosign/signature'] ?? '',
    ...(certificate === undefined ? {} : { certificate }),
    ...(receipt === undefined ? {} : { receipt }),
  })
}

const SUBJECT = 'https://github.com/owner/app/.github/workflows/release.yml@refs/heads/main'
const good = (digest = DIGEST) => ({
  kind: 'valid',
  digest,
  signer: { kind: 'certificate', issuer: GITHUB, subject: SUBJECT },
  signedAt: '2026-08-17T08:33:05.000Z',
})

describe.each<[string, (digest: string, signing?: Signing) => Promise<FoundSignature>]>([
  ['cosign 3', async (digest, signing) => await checkBundle(OURS.bundle(digest, signing))],
  ['cosign 2', async (digest, signing) => await checkLegacy(OURS.legacy(digest, signing))],
])('a signature of %s', (_generation, check) => {
  it('is good, with its time from the log', async () => {
    expect(await check(DIGEST)).toMatchObject(good())
  })

  it('of another image is good, and says so', async () => {
    expect(await check(OTHER)).toMatchObject(good(OTHER))
  })

  it('stays good when its certificate is over, ten minutes later', async () => {
    expect(await check(DIGEST, { at: '2024-03-01T00:00:00Z' })).toMatchObject({
      kind: 'valid',
      signedAt: '2024-03-01T00:00:05.000Z',
    })
  })

  it.each<[string, Signing, string]>([
    ['made when its certificate was over', { loggedAt: '2026-08-17T09:00:00Z' }, 'invalid'],
    ['made before its certificate was issued', { loggedAt: '2026-08-17T08:00:00Z' }, 'invalid'],
    ['in the log of somebody else', { log: THEIRS }, 'untrusted'],
    ['whose certificate is in the log of somebody else', { certificateLog: THEIRS }, 'untrusted'],
    ['whose certificate is in no log', { withoutSct: true }, 'invalid'],
  ])('%s', async (_case, signing, kind) => {
    expect(await check(DIGEST, signing)).toMatchObject({ kind, problem: expect.stringMatching(/\S/) })
  })
})

it('a time that no receipt proves is none', async () => {
  expect(await checkBundle(OURS.bundle(DIGEST, { claimedAt: '2026-08-17T08:33:00Z' }))).toMatchObject(good())
  expect(await checkBundle(OURS.bundle(DIGEST, { claimedAt: '2020-01-01T00:00:00Z' }))).toMatchObject(good())
})

describe('what was tampered with', () => {
  const bundle = OURS.bundle(DIGEST)
  const legacy = OURS.legacy(DIGEST)
  const other = OURS.bundle(DIGEST, { subject: 'https://github.com/owner/other' })
  const log = 'verificationMaterial.tlogEntries.0'

  it.each<[string, string, Json | undefined]>([
    [
      'another image in the statement',
      'dsseEnvelope.payload',
      valueAt(OURS.bundle(OTHER), 'dsseEnvelope', 'payload') ?? null,
    ],
    ['another type of statement', 'dsseEnvelope.signatures.0.sig', Buffer.from('forged').toString('base64')],
    [
      'the certificate of another',
      'verificationMaterial.certificate.rawBytes',
      valueAt(other, 'verificationMaterial', 'certificate', 'rawBytes') ?? null,
    ],
    ['another time', `${log}.integratedTime`, '1786955599'],
    [
      'another entry',
      `${log}.canonicalizedBody`,
      valueAt(other, ...pathOf(`${log}.canonicalizedBody`)) ?? null,
    ],
    ['no entry', 'verificationMaterial.tlogEntries', []],
    ['no receipt', `${log}.inclusionPromise`, undefined],
    [
      'the proof of another entry',
      `${log}.inclusionProof`,
      valueAt(other, ...pathOf(`${log}.inclusionProof`)) ?? null,
    ],
    ['no envelope', 'dsseEnvelope', undefined],
    ['two signatures', 'dsseEnvelope.signatures', []],
    ['no certificate', 'verificationMaterial.certificate.rawBytes', 'AAAA'],
  ])('cosign 3: %s', async (_case, where, value) => {
    expect(await checkBundle(changed(bundle, where, value))).toMatchObject({
      kind: 'invalid',
      problem: expect.stringMatching(/\S/),
    })
  })

  const receipt = (to: (text: string) => string) => to(legacy.annotations['dev.sigstore.cosign/bundle'] ?? '')
  it.each<[string, Partial<LegacyPieces>]>([
    ['another image in the payload', { payload: legacy.payload.replace('sha256:aaaa', 'sha256:bbbb') }],
    ['no payload of an image', { payload: '{}' }],
    [
      'another signature',
      { annotations: { ...legacy.annotations, 'dev.cosignproject.cosign/signature': 'Zm9yZ2Vk' } },
    ],
    [
      'another time in the receipt',
      {
        annotations: {
          ...legacy.annotations,
          'dev.sigstore.cosign/bundle': receipt(text =>
            text.replace(/"integratedTime":\d+/, '"integratedTime":1786955599'),
          ),
        },
      },
    ],
    [
      'the receipt of another signature',
      {
        annotations: {
          ...legacy.annotations,
          'dev.sigstore.cosign/bundle': OURS.legacy(DIGEST).annotations['dev.sigstore.cosign/bundle'] ?? '',
        },
      },
    ],
    [
      'no log entry',
      {
        annotations: Object.fromEntries(
          Object.entries(legacy.annotations).filter(([name]) => !name.endsWith('/bundle')),
        ),
      },
    ],
    [
      'a receipt that is no JSON',
      { annotations: { ...legacy.annotations, 'dev.sigstore.cosign/bundle': '<html>' } },
    ],
    [
      'a certificate that is none',
      { annotations: { ...legacy.annotations, 'dev.sigstore.cosign/certificate': 'x' } },
    ],
  ])('cosign 2: %s', async (_case, pieces) => {
    expect(await checkLegacy({ ...legacy, ...pieces })).toMatchObject({ kind: 'invalid' })
  })

  it('a bundle that is no bundle', async () => {
    for (const json of [null, 'x', [], {}, { mediaType: 'application/vnd.dev.sigstore.bundle.v9.9+json' }])
      expect(await verifier.bundle(json, DIGEST)).toMatchObject({ kind: 'invalid' })
  })

  it('made under an authority that nobody knows', async () => {
    expect(await checkBundle(THEIRS.bundle(DIGEST))).toMatchObject({ kind: 'untrusted' })
    expect(await checkLegacy(THEIRS.legacy(DIGEST))).toMatchObject({ kind: 'untrusted' })
    // its own certificate in our log
    expect(await checkBundle(THEIRS.bundle(DIGEST, { log: OURS }))).toMatchObject({ kind: 'untrusted' })
  })
})

it('asks for newer roots once a signature names an authority it does not know', async () => {
  let asked = 0
  const late = new SigstoreVerifier({
    read: async () => ({ root: OURS.root, state: 'shipped' }),
    refresh: async () => {
      asked++
      return { root: THEIRS.root, state: 'current' }
    },
  })
  expect(await checkBundle(OURS.bundle(DIGEST), late)).toMatchObject({ kind: 'valid' })
  expect(asked).toBe(0)
  expect(await checkBundle(THEIRS.bundle(DIGEST), late)).toMatchObject({ kind: 'valid' })
  expect(asked).toBe(1)
})

describe('public keys', () => {
  const [mine, theirs] = [keyPair(), keyPair()]
  const payload = Buffer.from(OURS.legacy(DIGEST).payload)
  const signature = sign('sha256', payload, mine.privateKey).toString('base64')

  it('of cosign 2', async () => {
    expect(await verifier.legacy({ payload, signature }, [theirs.pem, mine.pem])).toEqual({
      kind: 'valid',
      digest: DIGEST,
      signer: { kind: 'key' },
    })
    expect(await verifier.legacy({ payload, signature }, [theirs.pem])).toMatchObject({ kind: 'invalid' })
    expect(await verifier.legacy({ payload, signature }, ['no key'])).toMatchObject({ kind: 'invalid' })
    expect(await verifier.legacy({ payload, signature })).toMatchObject({ kind: 'unclear' })
  })

  it('of cosign 3', async () => {
    const { bundle } = OURS.keyed(DIGEST, mine.privateKey)
    expect(await verifier.bundle(bundle, DIGEST, [theirs.pem, mine.pem])).toMatchObject({
      kind: 'valid',
      digest: DIGEST,
      signer: { kind: 'key' },
    })
    expect(await verifier.bundle(bundle, DIGEST, [theirs.pem])).toMatchObject({ kind: 'invalid' })
    expect(await verifier.bundle(bundle, DIGEST)).toMatchObject({ kind: 'unclear' })
  })
})

const read = (name: string) =>
  readFileSync(new URL(`../fixtures/versions/signatures/${name}`, import.meta.url))

describe('the signatures of the CloudNativePG project, by the root that is shipped', () => {
  const known = { root: shippedRoot(), state: 'shipped' as const }
  const shipped = new SigstoreVerifier({ read: async () => known, refresh: async () => known })
  it.each([
    ['catalog-minimal-trixie', '2026-08-17T08:33:17.000Z'],
    ['legacy-catalog-minimal-trixie', '2026-03-18T12:34:06.000Z'],
  ])('%s', async (name, signedAt) => {
    const json: Json = JSON.parse(read(`${name}.sigstore.json`).toString('utf8'))
    const content = read(`${name}.yaml`)
    expect(await shipped.file(json, content)).toMatchObject({
      kind: 'valid',
      signedAt,
      signer: {
        issuer: GITHUB,
        subject:
          'https://github.com/cloudnative-pg/postgres-containers/.github/workflows/catalogs.yml@refs/heads/main',
      },
    })
    const forged = Buffer.from(content.toString('utf8').replace('major: 17', 'major: 16'))
    expect(await shipped.file(json, forged)).toMatchObject({ kind: 'invalid' })
  })
})

function pathOf(dotted: string): (string | number)[] {
  return dotted.split('.').map(step => (/^\d+$/.test(step) ? Number(step) : step))
}

function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return { privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}
