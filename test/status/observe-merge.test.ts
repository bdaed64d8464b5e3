import { describe, expect, it } from 'vitest'
import { openParameterCatalogs } from '../../src/adapters/parameter-catalogs.ts'
import { observeMerge } from '../../src/observe-merge.ts'
import { followMarkdown } from '../../src/report/follow-markdown.ts'
import type { Expectation } from '../../src/status/follow/expectation.ts'
import { advance, startFollow } from '../../src/status/follow/follow.ts'
import type { Answer } from '../../src/status/reader.ts'

const COMMIT = 'a'.repeat(40)
const REVISION = `main@sha1:${COMMIT}`
const expectation: Expectation = {
  commit: COMMIT,
  cluster: 'infra',
  source: 'GitRepository flux-system/flux-system',
  units: [{ kind: 'Kustomization', namespace: 'flux-system', name: 'databases', dependsOn: [] }],
  databases: [
    {
      namespace: 'databases',
      name: 'postgres',
      unit: 'Kustomization flux-system/databases',
      impact: 'reload',
    },
  ],
}

function flux(status: object, spec: object = {}): Answer {
  const object = { metadata: { generation: 1 }, spec, status: { observedGeneration: 1, ...status } }
  return { status: 200, contentType: 'application/json', body: JSON.stringify(object) }
}

async function observe(answers: Record<string, Answer>, otherwise: Answer, asked = expectation) {
  return await observeMerge(asked, {
    reader: { get: async path => await Promise.resolve(answers[path] ?? otherwise) },
    catalogs: openParameterCatalogs(),
    now: () => new Date(0),
    contains: async revision => await Promise.resolve(revision === REVISION),
  })
}

const missing: Answer = {
  status: 404,
  contentType: 'application/json',
  body: JSON.stringify({ kind: 'Status', reason: 'NotFound', message: 'not found' }),
}
const APIS = '/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories/flux-system'
const UNIT = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/databases'

describe('observeMerge', () => {
  it('reads what Flux says, and tells it', async () => {
    const seen = await observe(
      {
        [APIS]: flux({ artifact: { revision: REVISION } }),
        [UNIT]: flux({ lastAppliedRevision: 'main@sha1:old' }, { suspend: true }),
      },
      missing,
    )
    expect(seen).toMatchObject({
      containing: [REVISION],
      databases: { 'databases/postgres': { exists: false } },
    })
    expect(followMarkdown(advance(startFollow(expectation, 0), seen))).toBe(
      `### 🔶 Something stands in the way: \`aaaaaaa\` on cluster \`infra\`

| | what | |
|---|---|---|
| ✅ | \`GitRepository flux-system/flux-system\` | has main@&#8203;sha1:${COMMIT} |
| 🔶 | \`Kustomization flux-system/databases\` | is suspended |
| ⏳ | \`databases/postgres\` | waits for Kustomization flux-system/databases |

**What to do:** Resume it (flux resume) for the commit to arrive.`,
    )
  })

  describe('an OCI artifact', () => {
    const DIGEST = `latest@sha256:${'0'.repeat(64)}`
    const OLD = `latest@sha256:${'1'.repeat(64)}`
    const OCI = '/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/ocirepositories/flux-system'
    const asked = { ...expectation, source: 'OCIRepository flux-system/flux-system', databases: [] }
    const artifact = (revision?: string) => ({
      artifact: {
        revision: DIGEST,
        metadata: revision === undefined ? {} : { 'org.opencontainers.image.revision': revision },
      },
    })
    const ready = { conditions: [{ type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded' }] }
    const refused = {
      conditions: [{ type: 'Ready', status: 'False', reason: 'BuildFailed', message: 'no file' }],
    }

    it.each<[string, object, object, string[]]>([
      [
        'with its origin, as Flux tells it',
        artifact(REVISION),
        { ...ready, lastAppliedRevision: DIGEST, lastAppliedOriginRevision: REVISION },
        [`has ${REVISION}`, `has applied ${REVISION}`],
      ],
      [
        'with the commit alone',
        artifact(COMMIT),
        { ...ready, lastAppliedRevision: DIGEST, lastAppliedOriginRevision: COMMIT },
        [`has ${COMMIT}`, `has applied ${COMMIT}`],
      ],
      [
        'that only the source tells, as before Flux 2.5',
        artifact(REVISION),
        { ...ready, lastAppliedRevision: DIGEST },
        [`has ${REVISION}`, `has applied ${REVISION}`],
      ],
      [
        'that was tried and refused',
        artifact(REVISION),
        { ...refused, lastAppliedRevision: OLD, lastAttemptedRevision: DIGEST },
        [`has ${REVISION}`, 'BuildFailed: no file'],
      ],
      [
        'without an origin',
        artifact(),
        { ...ready, lastAppliedRevision: DIGEST },
        [`has ${DIGEST}, which does not say what commit it was made from`, 'waits for the source'],
      ],
    ])('%s', async (_what, source, unit, messages) => {
      const seen = await observe({ [OCI]: flux(source), [UNIT]: flux(unit) }, missing, asked)
      expect(advance(startFollow(asked, 0), seen).steps.map(({ message }) => message)).toEqual(messages)
    })
  })

  it('names the permission that is missing, and where', async () => {
    const forbidden: Answer = {
      status: 403,
      contentType: 'application/json',
      body: JSON.stringify({ message: 'it is forbidden: no role' }),
    }
    const seen = await observe({}, forbidden)
    expect(seen.blind).toBeUndefined()
    const told = followMarkdown(advance(startFollow(expectation, 0), seen))
    expect(told.match(/🔶 \|.*could not be read: it is forbidden: no role/g)).toHaveLength(3)
    expect(advance(startFollow(expectation, 0), seen).steps.at(-1)?.repair).toMatch(/get clusters/)
    expect(seen.unread).toMatchObject({
      'GitRepository flux-system/flux-system': {
        repair: expect.stringMatching(
          /namespace flux-system: `get gitrepositories\.source\.toolkit\.fluxcd\.io`/,
        ),
      },
      'Kustomization flux-system/databases': {
        repair: expect.stringMatching(/`get kustomizations\.kustomize\.toolkit\.fluxcd\.io`/),
      },
    })
  })

  it('tells how the databases were before, and that nothing can be read now', async () => {
    const was = {
      exists: true,
      state: 'healthy' as const,
      image: 'ghcr.io/x/postgresql:17.5@sha256:1',
      instances: 3,
    }
    const now = { ...was, state: 'progressing' as const, image: 'ghcr.io/x/postgresql:17.6' }
    const follow = {
      ...startFollow(expectation, 0),
      blind: { since: 3_600_000, message: 'gone' },
      seen: { 'databases/postgres': { first: was, last: now }, 'a/b': { first: was, last: was } },
    }
    const told = followMarkdown(follow)
    expect(told).toContain('Nothing can be read since 01:00 UTC: gone.')
    expect(told).toContain(
      'Before and now:\n- `databases/postgres`: `healthy` → `progressing`, `postgresql:17.5` → `postgresql:17.6`',
    )
    expect(told).not.toContain('a/b')
  })

  it('is blind where the API server does not answer', async () => {
    const gone = await observe({}, { problem: 'unreachable', message: 'it cannot be reached' })
    expect(gone).toMatchObject({ blind: 'it cannot be reached', units: {}, databases: {} })
  })
})
