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

async function observe(answers: Record<string, Answer>, otherwise: Answer) {
  return await observeMerge(expectation, {
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

  it('is blind where the API server does not answer', async () => {
    const gone = await observe({}, { problem: 'unreachable', message: 'it cannot be reached' })
    expect(gone).toMatchObject({ blind: 'it cannot be reached', units: {}, databases: {} })
  })
})
