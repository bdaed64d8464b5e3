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

const missing: Answer = { status: 404, contentType: 'text/plain', body: '404 page not found' }
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

  it('is blind where the API server does not answer', async () => {
    const gone = await observe({}, { problem: 'unreachable', message: 'it cannot be reached' })
    expect(gone).toMatchObject({ blind: 'it cannot be reached', units: {}, databases: {} })
  })
})
