import { generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cosignSignatures } from '../../src/adapters/cosign-signatures.ts'
import { OciRegistry } from '../../src/adapters/oci-registry.ts'
import { Outbound } from '../../src/adapters/outbound.ts'
import { SigstoreVerifier } from '../../src/adapters/sigstore-verifier.ts'
import type { FoundSignature, SignatureEvidence } from '../../src/versions/signature-source.ts'
import { findTool } from '../charts.ts'
import { signatureSourceContract } from '../contracts/signature-source.ts'
import { serve } from '../http.ts'
import { startRegistry, type Registry } from '../registry.ts'
import { attachReferrers, attachSignatures, pushImage } from '../signed-images.ts'
import { rootOf, TestSigstore, type LegacyPieces } from '../sigstore.ts'

const patience = { wait: async () => undefined, now: () => Date.UTC(2026, 8, 1) }
const OURS = new TestSigstore()
const OTHER = `sha256:${'b'.repeat(64)}`

const kinds = (signatures: readonly FoundSignature[]) => signatures.map(({ kind }) => kind)

const command = findTool('docker-registry') ?? ''
describe.skipIf(command === '')('a real registry (left out: no docker-registry on PATH)', () => {
  let registry: Registry
  let count = 0
  beforeAll(async () => {
    registry = await startRegistry(command)
  })
  afterAll(() => registry.stop())

  const image = async () => await pushImage(registry, `owner/app${count++}`, 'latest')
  const attachLegacy = async (repository: string, digest: string, all: readonly LegacyPieces[]) =>
    await attachSignatures(registry, repository, digest, all)
  const attachBundles = async (repository: string, digest: string, all: readonly string[]) =>
    await attachReferrers(registry, repository, digest, all)

  const source = () =>
    cosignSignatures(
      new OciRegistry(
        new Outbound({ allowHosts: [registry.host, '127.0.0.1'], timeoutMs: 2000 }),
        {},
        patience,
      ),
      new SigstoreVerifier(rootOf(OURS)),
      [registry.host, '127.0.0.1:1'],
    )

  async function evidence(
    name: string,
    digest: string,
    keys: readonly string[] = [],
  ): Promise<SignatureEvidence> {
    const found = await source().signatures(name, digest, keys)
    if (found.outcome !== 'present') throw new Error(found.message)
    return found.value
  }

  signatureSourceContract(async () => {
    const [signed, unsigned] = [await image(), await image()]
    await attachBundles(signed.repository, signed.digest, [JSON.stringify(OURS.bundle(signed.digest))])
    return { source: source(), signed, unsigned, silent: { name: '127.0.0.1:1/owner/app', digest: OTHER } }
  })

  it('cosign 2', async () => {
    const { repository, digest, name } = await image()
    await attachLegacy(repository, digest, [OURS.legacy(digest)])
    expect(await evidence(name, digest)).toEqual({
      root: { state: 'current' },
      signatures: [expect.objectContaining({ kind: 'valid', digest })],
    })
  })

  it('both, good and bad ones, all told', async () => {
    const { repository, digest, name } = await image()
    const forged = OURS.legacy(digest)
    await attachLegacy(repository, digest, [
      OURS.legacy(digest),
      { ...forged, payload: forged.payload.replace(digest, OTHER) },
      OURS.legacy(OTHER),
      { payload: '{"no":"signature"}', annotations: {} },
    ])
    await attachBundles(repository, digest, [
      JSON.stringify(OURS.bundle(digest)),
      JSON.stringify(OURS.bundle(OTHER)),
      '<html>',
      JSON.stringify(new TestSigstore('theirs').bundle(digest)),
    ])
    const { signatures, incomplete } = await evidence(name, digest)
    expect(kinds(signatures)).toEqual([
      'valid',
      'valid',
      'invalid',
      'untrusted',
      'valid',
      'invalid',
      'valid',
      'invalid',
    ])
    expect(signatures.flatMap(one => (one.kind === 'valid' ? [one.digest] : []))).toEqual([
      digest,
      OTHER,
      digest,
      OTHER,
    ])
    expect(incomplete).toBeUndefined()
  })

  it('an attestation says what it attests', async () => {
    const { repository, digest, name } = await image()
    const predicate = 'https://slsa.dev/provenance/v1'
    await attachBundles(repository, digest, [JSON.stringify(OURS.bundle(digest, { predicate }))])
    expect((await evidence(name, digest)).signatures).toEqual([
      expect.objectContaining({ kind: 'valid', predicate }),
    ])
  })

  it('keys', async () => {
    const { repository, digest, name } = await image()
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const { payload } = OURS.legacy(digest)
    const signature = sign('sha256', Buffer.from(payload), privateKey).toString('base64')
    await attachLegacy(repository, digest, [
      { payload, annotations: { 'dev.cosignproject.cosign/signature': signature } },
    ])
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect((await evidence(name, digest, [pem])).signatures).toMatchObject([
      { kind: 'valid', signer: { kind: 'key' } },
    ])
    expect(kinds((await evidence(name, digest)).signatures)).toEqual(['unclear'])
  })

  it('more than can be looked at are not all there is', async () => {
    const { repository, digest, name } = await image()
    const [one] = [OURS.legacy(OTHER)]
    await attachLegacy(
      repository,
      digest,
      Array.from({ length: 41 }, () => one),
    )
    const { signatures, incomplete } = await evidence(name, digest)
    expect(signatures).toHaveLength(40)
    expect(incomplete).toContain('41')
  })
})

it('what cannot be read is not none', async () => {
  const digest = OTHER
  const server = await serve((request, response) => {
    // the list of referrers breaks, the older tag is not there
    response.writeHead(request.url?.includes('/referrers/') === true ? 500 : 404).end()
  })
  const source = cosignSignatures(
    new OciRegistry(new Outbound({ allowHosts: [server.host] }), {}, patience),
    new SigstoreVerifier(rootOf(OURS)),
    [server.host],
  )
  const found = await source.signatures(`${server.host}/owner/app`, digest, [])
  server.stop()
  expect(found).toMatchObject({
    value: { signatures: [], incomplete: expect.stringContaining('status 500') },
  })
  expect(await source.signatures('No Image', digest, [])).toMatchObject({ outcome: 'absent' })
})
