import { expect, it } from 'vitest'
import { openParameterCatalogs } from '../src/adapters/parameter-catalogs.ts'
import { openCatalog } from '../src/adapters/schema-catalog.ts'
import { appliedFiles } from '../src/applied-files.ts'
import { defaultConfig } from '../src/config/config.ts'
import { memoryTree } from '../src/manifest/tree.ts'
import { proposeUpdates } from '../src/propose-updates.ts'
import { RenderCache } from '../src/render/render-cache.ts'
import { updatesMarkdown } from '../src/report/updates-markdown.ts'
import { updatesText } from '../src/report/updates.ts'
import { reviewProposals } from '../src/review-proposals.ts'
import type { ReviewTools } from '../src/review-pull-request.ts'
import { offlineTools } from './offline-review.ts'
import { ALL, charts, cluster, PROJECT, tables } from './update-tables.ts'

const applies = (name: string, path: string) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 1h
  path: ./${path}
  prune: true
  sourceRef: { kind: GitRepository, name: flux-system }
`
const SOURCE = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec:
  interval: 1h
  url: https://example.org/repository
  ref: { branch: main }
`
const workload = (name: string, image: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: apps }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: x, image: "${image}" }] }
`
const SPEC = '\n  instances: 3\n  storage: { size: 1Gi }'
const TREE: Record<string, string> = {
  'clusters/main/flux-system/gotk-sync.yaml': `${SOURCE}---\n${applies('flux-system', 'clusters/main')}`,
  'clusters/main/apps.yaml': applies('apps', 'apps'),
  'clusters/main/databases.yaml': applies('databases', 'databases'),
  'clusters/main/broken.yaml': applies('broken', 'broken'),
  'apps/kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
  'apps/a.yaml': workload('a', 'r.example.org/a:1.0.0'),
  'apps/b.yaml': workload('b', 'r.example.org/b:1.0.0'),
  'databases/kustomization.yaml': 'resources: [db.yaml]\n',
  'databases/db.yaml': cluster(
    `${PROJECT}:16.10-system-trixie`,
    `${SPEC}\n  postgresql:\n    parameters: { old_snapshot_threshold: "60" }`,
  ),
  'broken/kustomization.yaml': 'resources: [gone.yaml]\n',
  'broken/c.yaml': workload('c', 'r.example.org/a:1.0.0'),
  '.archive/d.yaml': workload('d', 'r.example.org/a:1.0.0'),
  'disabled/e.yaml': workload('e', 'r.example.org/a:1.0.0'),
}
const IMAGES = { ...ALL, 'r.example.org/a': charts('1.0.0 1.1.0'), 'r.example.org/b': charts('1.0.0 1.1.0') }

const [catalog, parameters] = [openCatalog(), openParameterCatalogs()]

/** Proposes and reviews, with the real kustomize; counts its builds and what is said of the base. */
async function reviewed(files: Record<string, string>, allow: string[] = [], passed: string[] = []) {
  const offline = await offlineTools()
  const built: string[] = []
  const said: string[] = []
  const tools: ReviewTools = {
    ...offline,
    cache: new RenderCache(),
    kustomize: {
      ...offline.kustomize,
      build: async (...input) => {
        built.push(
          JSON.stringify(input[0], (_key, value: unknown) =>
            value instanceof Map ? [...value.keys()] : value,
          ),
        )
        return await offline.kustomize.build(...input)
      },
    },
    progress: message => said.push(message),
    catalog,
    parameters,
    clock: () => 0,
    today: '2026-09-01',
  }
  const tree = memoryTree(files, 'base')
  const config = defaultConfig
  const applied = await appliedFiles({ tree, config, entries: [] }, tools)
  const walked = built.length
  const proposed = await proposeUpdates(
    {
      tree,
      config: config.updates,
      allow,
      now: '2026-09-01T00:00:00Z',
      ...(applied === undefined ? {} : { applied }),
    },
    { source: tables(IMAGES).source, progress: () => undefined },
  )
  const request = { tree, revision: { ref: 'main' }, config, entries: [], allow: passed }
  const proposals = await reviewProposals(proposed.proposals, request, tools)
  return {
    ...proposed,
    bare: proposed.proposals,
    proposals,
    walked,
    builds: built.length,
    said,
    request,
    tools,
  }
}

it('proposes only what something applies, and what lies where a build fails', async () => {
  const { updates } = await reviewed(TREE)
  const state = Object.fromEntries(
    updates.map(({ reference, choice, held }) => [reference.place.file, choice?.version ?? held.join()]),
  )
  expect(state).toEqual({
    '.archive/d.yaml': 'Nothing that is known applies this file.',
    'apps/a.yaml': '1.1.0',
    'apps/b.yaml': '1.1.0',
    'broken/c.yaml': '1.1.0',
    'databases/db.yaml': expect.stringMatching(/^16\.\d+-system-trixie$/),
    'disabled/e.yaml': 'Nothing that is known applies this file.',
  })
})

it('where nothing says what is applied, hidden directories alone are left out', async () => {
  const { updates } = await reviewed({
    'x/a.yaml': workload('a', 'r.example.org/a:1.0.0'),
    '.archive/d.yaml': workload('d', 'r.example.org/a:1.0.0'),
  })
  expect(updates.map(({ choice }) => choice?.version)).toEqual([undefined, '1.1.0'])
})

it('each has the verdict of the tree with its edits; the base is built once', async () => {
  const { proposals, walked, builds } = await reviewed(TREE)
  const told = proposals.map(({ name, review }) => [
    name,
    review?.verdict,
    review?.changes.map(({ resource }) => `${resource.kind} ${resource.name}`),
  ])
  expect(told).toEqual([
    ['postgresql', 'attention', ['Cluster db']],
    ['a', expect.any(String), ['Deployment a']],
    ['b', 'ready', ['Deployment b']],
  ])
  // root, apps and databases; then one build for each proposal: what it changes, and nothing of the base again
  expect([walked, builds - walked]).toEqual([3, 3])
})

it('where everything has to be rendered, the base is rendered and judged once', async () => {
  const { proposals, said } = await reviewed({
    'kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
    'a.yaml': workload('a', 'r.example.org/a:1.0.0'),
    'b.yaml': workload('b', 'r.example.org/b:1.0.0'),
  })
  expect(proposals.map(({ review }) => review?.verdict)).toEqual(['ready', 'ready'])
  expect(said.filter(message => message.startsWith('base: validating'))).toHaveLength(1)
})

it('says what blocks', async () => {
  const { proposals, updates, unread } = await reviewed(TREE, ['pg-major'])
  const [major] = proposals.filter(({ classes }) => classes.includes('pg-major'))
  expect(major?.review?.verdict).toBe('blocked')
  expect(major?.review?.findings.map(({ message }) => message).join()).toContain(
    'no parameter old_snapshot_threshold',
  )
  const text = updatesText({ proposals, updates, unread })
  expect(text).toMatch(/🛑 Blocked: .*\n\s+🛑 databases\/db\.yaml:\d+: .*old_snapshot_threshold/)
  const markdown = updatesMarkdown({ proposals, updates, unread })
  expect(markdown).toMatch(/🛑 Blocked: .*\n- 🛑 `databases\/db\.yaml:\d+` .*has no parameter old/)
})

it('a new major waits for what it needs, unless a person lets it pass', async () => {
  const files = { ...TREE, 'databases/db.yaml': cluster(`${PROJECT}:17.6-system-trixie`, SPEC) }
  const major = async (allow: string[]) =>
    (await reviewed(files, ['pg-major', ...allow], allow)).proposals.find(
      ({ group, classes }) => group === undefined && classes.includes('pg-major'),
    )
  expect(await major([])).toMatchObject({
    holds: [{ kind: 'precondition', message: expect.stringContaining('No ScheduledBackup') }],
    review: { verdict: 'attention', impacts: [{ impact: 'major-upgrade' }] },
  })
  const passed = await major(['unprepared'])
  expect(passed?.holds).toEqual([])
  expect(passed?.todo?.map(({ message }) => message).join()).toContain('No ScheduledBackup')
})

it('without tools it is listed, and it is said that nobody reviewed it', async () => {
  const { bare, request, updates, unread } = await reviewed(TREE)
  const without = await reviewProposals(bare, request, { refusal: 'There is no kustomize.' })
  expect(new Set(without.map(({ unreviewed }) => unreviewed))).toEqual(new Set(['There is no kustomize.']))
  expect(updatesText({ proposals: without, updates, unread })).toContain(
    '❔ not reviewed: There is no kustomize.',
  )
})
