import { describe, expect, it } from 'vitest'
import type { RenderedTree } from '../../src/manifest/rendered.ts'
import { findingsText, renderText, reviewText } from '../../src/report/text.ts'
import { change, finding, HOSTILE, hostileReview, impact, POSTGRES, review } from './reviews.ts'

const scope = {
  tree: 'work tree',
  stats: { objects: 3, kustomizations: 1, helmReleases: 0, versions: ['Flux 2.9 rules'] },
}

it('says once what holds of many objects at one line', () => {
  const named = ['a', 'b'].map(name => finding({ resource: { ...POSTGRES, name } }))
  expect(
    findingsText([...named, finding({ line: 22 })], [], { scope })
      .split('\n')
      .slice(0, 2),
  ).toEqual([
    '🛑 kubernetes/apps/databases/cluster.yaml:21: Cluster databases/a, Cluster databases/b: storage cannot shrink from 20Gi to 10Gi [admission-operator]',
    '🛑 kubernetes/apps/databases/cluster.yaml:22: Cluster databases/postgres: storage cannot shrink from 20Gi to 10Gi [admission-operator]',
  ])
})

it('prints a review', () => {
  const text = reviewText(
    review({
      findings: [
        finding({ level: 'note', message: 'no backup', line: 1 }),
        finding({ repair: 'keep 20Gi' }),
        finding({ level: 'warning', ruleId: 'house-tag', message: 'a tag moves', line: 3 }),
      ],
      impacts: [impact(), impact({ impact: 'none' })],
      changes: [
        change(),
        change({ kustomization: 'a/x', resource: { ...POSTGRES, name: 'x' }, diff: '@@ y @@\n+ 1' }),
        change({ kustomization: 'a/z', resource: { ...POSTGRES, name: 'z' }, diff: '@@ y @@\n+ 1' }),
        change({
          change: 'removed',
          orphaned: true,
          resource: { ...POSTGRES, name: 'left' },
          diff: '- kind: Cluster',
        }),
        change({
          change: 'renamed',
          helmRelease: 'a/chart',
          renamedFrom: { ...POSTGRES, name: 'old' },
          resource: { ...POSTGRES, name: 'new' },
          diff: '@@ n @@\n- 1\n+ 2',
        }),
      ],
      incomplete: [
        {
          reason: 'schema-unknown',
          message: 'no schema of Widget',
          affected: ['Widget a', 'Widget b'],
          existing: true,
        },
        {
          reason: 'x',
          message: 'a chart is missing',
          repair: 'fetch it',
          affected: ['HelmRelease a/b'],
          cluster: 'infra',
          file: 'b.yaml',
          line: 3,
        },
      ],
    }),
  )
  expect(text)
    .toBe(`🛑 Blocked: 1 refused by the operator · 1 warning · 1 switchover · 1 not judged · 4 other objects changed

main 1a2b3c4 → e5f6a7b

🛑 kubernetes/apps/databases/cluster.yaml:21: Cluster databases/postgres: storage cannot shrink from 20Gi to 10Gi [admission-operator]
   keep 20Gi
🔶 kubernetes/apps/databases/cluster.yaml:3: Cluster databases/postgres: a tag moves [house-tag]
ℹ️ kubernetes/apps/databases/cluster.yaml:1: Cluster databases/postgres: no backup [admission-operator]
🔶 kubernetes/apps/databases/cluster.yaml:27: Cluster databases/postgres: 256MB → 512MB: \`shared_buffers\` changes: replicas restart one by one, then a switchover; writes stop for seconds [switchover]

Kustomization databases/postgres of cluster infra
  changed: Cluster databases/postgres
    @@ spec.storage.size @@
    - 20Gi
    + 10Gi
  removed, left running (prune is off): Cluster databases/left
    - kind: Cluster
  renamed: Cluster databases/old → Cluster databases/new (HelmRelease a/chart)
    @@ n @@
    - 1
    + 2

2 Kustomizations (a/x, a/z) of cluster infra
  changed: Cluster databases/x, Cluster databases/z
    @@ y @@
    + 1

Not judged (1, 1 as before)
❔ b.yaml:3: infra: A chart is missing: HelmRelease a/b
   Fetch it
   as before: No schema of Widget: 2 × Widget

214 objects of 96 Kustomizations · 2 rendered again · 0.4 s · operator 1.28.0 from chart 0.27.0 · Flux 2.9 rules
`)
})

it('colours for a terminal only', () => {
  const made = review({ findings: [finding()], changes: [change()] })
  const coloured = reviewText(made, { colour: true })
  expect(coloured).toContain('\u001b[31m🛑 Blocked')
  expect(coloured).toContain('\u001b[31m- 20Gi\u001b[0m')
  expect(coloured).toContain('\u001b[32m+ 10Gi\u001b[0m')
  // oxlint-disable-next-line no-control-regex -- it is what must be gone
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(reviewText(made))
})

const tree: RenderedTree = {
  kustomizations: [
    {
      cluster: 'infra',
      namespace: 'databases',
      name: 'postgres',
      path: './databases',
      status: 'rendered',
      inputs: 'h',
      objects: [
        { manifest: { apiVersion: 'v1', kind: 'Secret', stringData: { a: 'b' } }, resource: POSTGRES },
      ],
    },
    {
      cluster: 'infra',
      namespace: 'a',
      name: 'broken',
      path: './a',
      status: 'failed',
      inputs: '',
      objects: [],
      error: {
        ruleId: 'render-build',
        message: 'no file b.yaml',
        repair: 'add it',
        file: 'a/kustomization.yaml',
        line: 4,
      },
    },
  ],
  helmReleases: [
    {
      cluster: 'apps',
      namespace: 'a',
      name: 'chart',
      chart: 'app 1.2.3',
      status: 'skipped',
      inputs: '',
      objects: [],
    },
  ],
  findings: [],
  incomplete: [],
}

it('prints what was rendered', () => {
  expect(renderText(tree)).toBe(`cluster infra
rendered  Kustomization databases/postgres  1 object      ./databases
failed    Kustomization a/broken                          ./a
   a/kustomization.yaml:4: no file b.yaml
   add it

cluster apps
skipped   HelmRelease a/chart                app 1.2.3

1 object; 1 of 3 Kustomizations and HelmReleases rendered
`)
})

it('prints what validation found', () => {
  expect(findingsText([finding()], [], { scope }))
    .toBe(`🛑 kubernetes/apps/databases/cluster.yaml:21: Cluster databases/postgres: storage cannot shrink from 20Gi to 10Gi [admission-operator]

1 error, 0 warnings, 0 not judged

work tree · 3 objects of 1 Kustomization and 0 HelmReleases · Flux 2.9 rules
`)
})

describe.each(HOSTILE.map(text => [JSON.stringify(text), text] as const))('hostile %s', (_name, text) => {
  const units = { cluster: text, namespace: text, name: text, inputs: '', objects: [] }
  const error = { ruleId: text, message: text, repair: text, file: text }
  const printed = [
    reviewText(hostileReview(text)),
    findingsText(hostileReview(text).findings, hostileReview(text).incomplete, {
      scope: { ...scope, tree: text },
    }),
    renderText({
      kustomizations: [{ ...units, path: text, status: 'failed', error }],
      helmReleases: [{ ...units, chart: text, status: 'skipped' }],
      findings: hostileReview(text).findings,
      incomplete: hostileReview(text).incomplete,
    }),
  ]

  it('reaches no terminal as control and starts no line of a log as a command', () => {
    for (const one of printed) {
      expect(one).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(one.isWellFormed()).toBe(true)
      expect(one.split('\n').filter(line => /^\s*::|##\[/.test(line))).toEqual([])
    }
  })
})
