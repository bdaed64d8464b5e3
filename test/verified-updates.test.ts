import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryCache } from '../src/adapters/chart-cache.ts'
import { cosignSignatures } from '../src/adapters/cosign-signatures.ts'
import { firstSeenFile } from '../src/adapters/first-seen-file.ts'
import { HelmRepositories } from '../src/adapters/helm-repository.ts'
import { OciRegistry } from '../src/adapters/oci-registry.ts'
import { Outbound } from '../src/adapters/outbound.ts'
import { registryVersions } from '../src/adapters/registry-versions.ts'
import { SigstoreVerifier } from '../src/adapters/sigstore-verifier.ts'
import { defaultUpdates } from '../src/config/updates-config.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { proposeUpdates } from '../src/propose-updates.ts'
import reviewSchema from '../src/report/schema/review.schema.json' with { type: 'json' }
import updatesSchema from '../src/report/schema/updates.schema.json' with { type: 'json' }
import { updateBody } from '../src/report/update-body.ts'
import { updatesJson } from '../src/report/updates-json.ts'
import { updatesMarkdown } from '../src/report/updates-markdown.ts'
import { updatesText } from '../src/report/updates.ts'
import { findTool } from './charts.ts'
import { startRegistry, type Registry } from './registry.ts'
import { attachReferrers, attachSignatures, pushImage } from './signed-images.ts'
import { rootOf, TestSigstore, type Signing } from './sigstore.ts'
import { temporaryDirectory } from './temporary.ts'

const OURS = new TestSigstore()
const NOW = '2026-09-01T12:00:00.000Z'

interface Said {
  updates: { state: string; held: string[]; signature?: { outcome: string }; age?: object }[]
  proposals: { holds: { kind: string }[] }[]
}

const command = findTool('docker-registry') ?? ''
describe.skipIf(command === '')('a real registry (left out: no docker-registry on PATH)', () => {
  let registry: Registry
  const directory = temporaryDirectory()
  let count = 0
  beforeAll(async () => {
    registry = await startRegistry(command)
  })
  afterAll(() => {
    registry.stop()
    directory[Symbol.dispose]()
  })

  /** An artifact in 1.0.0 and 1.1.0, whose signatures Flux checks. @returns what was pushed as 1.1.0 */
  async function artifact() {
    const repository = `owner/app${count++}`
    await pushImage(registry, repository, '1.0.0')
    const { name, digest } = await pushImage(registry, repository, '1.1.0')
    const text = `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: app, namespace: flux-system }
spec:
  url: oci://${name}
  ref: { tag: 1.0.0 }
  verify:
    provider: cosign
    matchOIDCIdentity:
      - { issuer: '^https://token\\.actions\\.githubusercontent\\.com$', subject: '^https://github\\.com/owner/app/' }
`
    return { repository, digest, text }
  }

  async function run(text: string) {
    const oci = new OciRegistry(new Outbound({ allowHosts: [registry.host] }))
    return await proposeUpdates(
      { tree: memoryTree({ 'app.yaml': text }), config: defaultUpdates, allow: [], now: NOW },
      {
        source: registryVersions(oci, new HelmRepositories(new Outbound(), memoryCache()), [registry.host]),
        assurance: {
          signatures: cosignSignatures(oci, new SigstoreVerifier(rootOf(OURS)), [registry.host]),
          firstSeen: firstSeenFile(directory.path),
        },
        progress: () => undefined,
      },
    )
  }

  async function said(text: string): Promise<Said> {
    const json: Said = JSON.parse(updatesJson(await run(text)))
    const ajv = new Ajv({ allErrors: true, schemas: [reviewSchema], allowUnionTypes: true })
    expect([ajv.validate(updatesSchema, json), ajv.errors]).toEqual([true, null])
    return json
  }

  const THEIRS: Signing = { subject: 'https://github.com/them/app/.github/workflows/x.yml@refs/heads/main' }

  it.each<[string, (of: { repository: string; digest: string }) => Promise<void>]>([
    [
      'cosign 2',
      async ({ repository, digest }) =>
        await attachSignatures(registry, repository, digest, [OURS.legacy(digest)]),
    ],
    [
      'cosign 3',
      async ({ repository, digest }) =>
        await attachReferrers(registry, repository, digest, [JSON.stringify(OURS.bundle(digest))]),
    ],
  ])('signed with %s: proposed, out since it was signed', async (_case, attach) => {
    const pushed = await artifact()
    await attach(pushed)
    const { updates: all, proposals } = await said(pushed.text)
    expect(all).toMatchObject([
      {
        state: 'proposed',
        signature: { outcome: 'verified', policy: 'spec.verify', signedAt: '2026-08-17T08:33:05.000Z' },
        age: { basis: 'signed' },
      },
    ])
    expect(proposals.map(({ holds }) => holds)).toEqual([[]])
    const proposed = await run(pushed.text)
    const bodies = proposed.proposals.map(updateBody)
    for (const text of [updatesText(proposed), updatesMarkdown(proposed), ...bodies])
      expect(text).toMatch(/✅ signed by .*owner\/app.* at 2026-08-17 08:33 UTC/)
  })

  it.each<[string, (of: { repository: string; digest: string }) => Promise<void>, string]>([
    [
      'by somebody else',
      async ({ repository, digest }) =>
        await attachReferrers(registry, repository, digest, [JSON.stringify(OURS.bundle(digest, THEIRS))]),
      'wrong-identity',
    ],
    [
      'for another image',
      async ({ repository, digest }) =>
        await attachSignatures(registry, repository, digest, [OURS.legacy(`sha256:${'b'.repeat(64)}`)]),
      'wrong-digest',
    ],
    [
      'and tampered with',
      async ({ repository, digest }) => {
        const { payload, annotations } = OURS.legacy(`sha256:${'b'.repeat(64)}`)
        const forged = payload.replace(`sha256:${'b'.repeat(64)}`, digest)
        await attachSignatures(registry, repository, digest, [{ payload: forged, annotations }])
      },
      'invalid',
    ],
    ['by nobody', async () => undefined, 'unsigned'],
  ])('signed %s: never proposed', async (_case, attach, outcome) => {
    const pushed = await artifact()
    await attach(pushed)
    const { updates: all, proposals } = await said(pushed.text)
    expect(all).toMatchObject([{ state: 'held', signature: { outcome } }])
    expect(proposals.flatMap(({ holds }) => holds.map(({ kind }) => kind))).toContain('signature')
    expect(updatesText(await run(pushed.text))).toContain('waits: It')
  })

  it('a tag that moves between two runs is verified as it is then', async () => {
    const pushed = await artifact()
    await attachSignatures(registry, pushed.repository, pushed.digest, [OURS.legacy(pushed.digest)])
    expect((await said(pushed.text)).updates).toMatchObject([{ state: 'proposed' }])
    // the same tag, another image: nothing that was known of the tag counts
    await pushImage(registry, pushed.repository, '1.1.0', 'moved')
    expect((await said(pushed.text)).updates).toMatchObject([
      { state: 'held', signature: { outcome: 'unsigned' }, age: { basis: 'first-seen', since: NOW } },
    ])
  })
})
