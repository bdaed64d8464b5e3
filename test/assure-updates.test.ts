import { describe, expect, it } from 'vitest'
import { defaultUpdates, type UpdatesConfig } from '../src/config/updates-config.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { proposeUpdates } from '../src/propose-updates.ts'
import type { FoundSignature, SignatureSource } from '../src/versions/signature-source.ts'
import { signatureSourceContract } from './contracts/signature-source.ts'
import { tableSignatures } from './fakes/signatures.ts'
import { ALL, artifact, CHART, cluster, POSTGRES, PROJECT, tables } from './update-tables.ts'

const NOW = '2026-09-01T12:00:00.000Z'
const GITHUB = 'https://token.actions.githubusercontent.com'
const NEWEST = '17.11-standard-trixie'
const DIGEST = POSTGRES.find(({ tag }) => tag === NEWEST)?.digest ?? ''

const signed = (more: Partial<FoundSignature & { kind: 'valid' }> = {}): FoundSignature => ({
  kind: 'valid',
  digest: DIGEST,
  signer: {
    kind: 'certificate',
    issuer: GITHUB,
    subject:
      'https://github.com/cloudnative-pg/postgres-containers/.github/workflows/bake_targets.yml@refs/heads/main',
  },
  signedAt: '2026-08-17T08:33:17.000Z',
  ...more,
})
const THEIRS = signed({
  signer: { kind: 'certificate', issuer: GITHUB, subject: 'https://github.com/them/x' },
})

interface Run {
  signatures?: SignatureSource
  /** when everything was seen first */
  seen?: string
  allow?: readonly string[]
  config?: Partial<UpdatesConfig>
}

async function propose(text: string, { signatures, seen = NOW, allow = [], config = {} }: Run = {}) {
  return await proposeUpdates(
    { tree: memoryTree({ 'a.yaml': text }), config: { ...defaultUpdates, ...config }, allow, now: NOW },
    {
      source: tables(ALL).source,
      assurance: {
        signatures: signatures ?? tableSignatures({}).source,
        firstSeen: { firstSeen: async () => seen },
      },
      progress: () => undefined,
    },
  )
}

const beside = (...signatures: FoundSignature[]) =>
  tableSignatures({ [`${PROJECT}@${DIGEST}`]: { signatures } })
const STANDARD = cluster(`${PROJECT}:17.6-standard-trixie`)

describe('the fake of signatures', () => {
  signatureSourceContract(async () => ({
    source: tableSignatures({
      [`app@${DIGEST}`]: { signatures: [signed()] },
      [`silent@${DIGEST}`]: { outcome: 'indeterminate', message: 'nobody answers', repair: 'wait' },
    }).source,
    signed: { name: 'app', digest: DIGEST },
    unsigned: { name: 'other', digest: DIGEST },
    silent: { name: 'silent', digest: DIGEST },
  }))
})

describe('signatures', () => {
  it('says by whom it is signed and since when it is out', async () => {
    const { updates, proposals } = await propose(STANDARD, { signatures: beside(signed()).source })
    expect(updates[0]).toMatchObject({
      choice: { version: NEWEST, digest: DIGEST },
      signature: { outcome: 'verified', policy: 'built-in', signedAt: '2026-08-17T08:33:17.000Z' },
      age: { basis: 'signed', since: '2026-08-17T08:33:17.000Z' },
      held: [],
    })
    expect(proposals.map(({ holds }) => holds)).toEqual([[]])
  })

  it.each<[string, FoundSignature[], string]>([
    ['tampered with', [{ kind: 'invalid', problem: 'signature verification failed' }], 'invalid'],
    ['by somebody else', [THEIRS], 'wrong-identity'],
    ['for another image', [signed({ digest: `sha256:${'b'.repeat(64)}` })], 'wrong-digest'],
    ['none', [], 'unsigned'],
  ])('never proposes what has a signature %s', async (_case, signatures, outcome) => {
    const { updates, proposals } = await propose(STANDARD, {
      signatures: beside(...signatures).source,
      seen: '2026-01-01T00:00:00.000Z',
    })
    expect(updates[0]).toMatchObject({
      signature: { outcome },
      held: [expect.stringMatching(/\S/)],
      holds: [{ kind: 'signature' }],
    })
    expect(proposals.map(({ holds }) => holds.map(({ kind }) => kind))).toEqual([['signature']])
  })

  it('a word lets pass what could not be checked, not what is wrong', async () => {
    const seen = '2026-01-01T00:00:00.000Z'
    const allow = ['unverified']
    const held = async (signatures: SignatureSource) =>
      (await propose(STANDARD, { signatures, seen, allow })).updates[0]?.held.length
    const silent = { outcome: 'indeterminate', message: 'nobody answers', repair: 'wait' } as const
    expect(await held(tableSignatures({ [`${PROJECT}@${DIGEST}`]: silent }).source)).toBe(0)
    expect(await held(beside().source)).toBe(0)
    expect(await held(beside(THEIRS).source)).toBe(1)
  })

  it('of a chart in a registry, by the digest of its tag', async () => {
    const subject =
      'https://github.com/cloudnative-pg/charts/.github/workflows/release-publish.yml@refs/heads/main'
    const chart = signed({
      digest: 'sha256:0.27.1',
      signer: { kind: 'certificate', issuer: GITHUB, subject },
    })
    const { source, asked } = tableSignatures({ [`${CHART}@sha256:0.27.1`]: { signatures: [chart] } })
    const { updates } = await propose(artifact('0.27.0'), { signatures: source })
    expect(updates[0]).toMatchObject({ choice: { version: '0.27.1' }, signature: { outcome: 'verified' } })
    expect(updates[0]?.held).toEqual([])
    expect(asked).toEqual([`${CHART}@sha256:0.27.1`])
  })

  it('says what could not be found out', async () => {
    const { updates } = await propose(artifact('0.27.0'), {
      signatures: tableSignatures({
        [`${CHART}@sha256:0.27.1`]: {
          outcome: 'indeterminate',
          message: 'ghcr.io answers with status 500',
          repair: 'Run again.',
        },
      }).source,
    })
    expect(updates[0]).toMatchObject({
      choice: { version: '0.27.1' },
      signature: { outcome: 'indeterminate', message: 'ghcr.io answers with status 500' },
      holds: [{ kind: 'signature', message: expect.stringContaining('status 500') }, { kind: 'age' }],
    })
  })

  it('of an image whose digest is not known: nothing is', async () => {
    const name = 'registry.example.org/app'
    const { updates } = await proposeUpdates(
      {
        tree: memoryTree({ 'a.yaml': `kind: Pod\napiVersion: v1\nspec: { image: ${name}:1.0.0 }\n` }),
        config: defaultUpdates,
        allow: [],
        now: NOW,
      },
      {
        source: tables({ [name]: { '1.0.0': undefined, '1.0.1': undefined } }).source,
        assurance: {
          signatures: tableSignatures({}).source,
          firstSeen: { firstSeen: async () => '2026-01-01T00:00:00.000Z' },
        },
        progress: () => undefined,
      },
    )
    // nothing says that it has to be signed: told, not held
    expect(updates[0]).toMatchObject({
      choice: { version: '1.0.1' },
      signature: { outcome: 'indeterminate' },
      held: [],
    })
  })

  it('judges what is written, also where the tag moves meanwhile', async () => {
    const { source } = tables(ALL)
    const moving: Record<string, number> = {}
    const { source: signatures, asked } = beside(signed())
    const { updates } = await proposeUpdates(
      { tree: memoryTree({ 'a.yaml': STANDARD }), config: defaultUpdates, allow: [], now: NOW },
      {
        source: {
          ...source,
          digest: async (name, tag) => {
            const times = (moving[tag] = (moving[tag] ?? 0) + 1)
            return times === 1
              ? await source.digest(name, tag)
              : { outcome: 'present', value: `sha256:${'e'.repeat(64)}` }
          },
        },
        assurance: { signatures, firstSeen: { firstSeen: async () => NOW } },
        progress: () => undefined,
      },
    )
    expect(updates[0]).toMatchObject({ choice: { digest: DIGEST }, signature: { outcome: 'verified' } })
    expect(asked).toEqual([`${PROJECT}@${DIGEST}`])
  })

  it('asks once an image, and nothing where there is nothing to propose', async () => {
    const { source, asked } = beside(signed())
    await propose(`${STANDARD}---\n${STANDARD.replace('name: db', 'name: other')}`, { signatures: source })
    expect(asked).toEqual([`${PROJECT}@${DIGEST}`])
    const done = beside(signed())
    await propose(cluster(`${PROJECT}:${NEWEST}@${DIGEST}`), { signatures: done.source })
    expect(done.asked).toEqual([])
  })
})

describe('age', () => {
  const SYSTEM = cluster(`${PROJECT}:17.6-system-trixie`)

  it('waits until the release is out for the days of its class', async () => {
    const { updates, proposals } = await propose(SYSTEM, { seen: '2026-08-31T12:00:00.000Z' })
    expect(updates[0]).toMatchObject({
      signature: { outcome: 'unsigned' },
      age: { basis: 'first-seen', since: '2026-08-31T12:00:00.000Z' },
      holds: [{ kind: 'age', until: '2026-09-03T12:00:00.000Z' }],
    })
    // a person may ask for it all the same
    const key = proposals[0]?.key ?? ''
    expect(proposals[0]?.holds).toMatchObject([{ kind: 'age', repair: expect.stringContaining(key) }])
    const asked = await propose(SYSTEM, { seen: '2026-08-31T12:00:00.000Z', allow: [key] })
    expect(asked.proposals[0]?.holds).toEqual([])
  })

  it.each<[string, Run, string[]]>([
    ['old enough', { seen: '2026-08-29T12:00:00.000Z' }, []],
    ['a minute too young', { seen: '2026-08-29T12:01:00.000Z' }, ['age']],
    ['no waiting asked for', { config: { classes: { 'pg-minor': { minimumAge: 0 } } } }, []],
    [
      'longer waiting asked for',
      { seen: '2026-08-29T12:00:00.000Z', config: { classes: { 'pg-minor': { minimumAge: 7 } } } },
      ['age'],
    ],
  ])('%s', async (_case, run, want) => {
    const { proposals } = await propose(SYSTEM, run)
    expect(proposals[0]?.holds.map(({ kind }) => kind)).toEqual(want)
  })

  it('the time in the log counts, also where it was seen only now', async () => {
    const { proposals } = await propose(STANDARD, { signatures: beside(signed()).source, seen: NOW })
    expect(proposals[0]?.holds).toEqual([])
    const fresh = beside(signed({ signedAt: '2026-09-01T06:00:00.000Z' })).source
    const young = await propose(STANDARD, { signatures: fresh, seen: '2026-01-01T00:00:00.000Z' })
    expect(young.proposals[0]?.holds).toMatchObject([{ kind: 'age', until: '2026-09-04T06:00:00.000Z' }])
  })
})
