import { beforeAll, describe, expect, it } from 'vitest'
import type { RenderTools } from '../../src/render-tree.ts'
import { readReview } from '../../src/report/read-review.ts'
import { reviewJson } from '../../src/report/json.ts'
import { expectationsOf } from '../../src/status/follow/expected.ts'
import { offlineReview, offlineTools } from '../offline-review.ts'

const COMMIT = 'a'.repeat(40)
type Files = Record<string, string>

const unit = (name: string, path: string, more = '') => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ${path}
  sourceRef: { kind: GitRepository, name: fleet }
${more}`
const listed = (...files: string[]) =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [${files.join(', ')}]\n`
const source = (branch: string) =>
  `---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: fleet, namespace: flux-system }\nspec: { interval: 1m, url: "https://git.example.org/fleet", ref: { branch: ${branch} } }\n`
const database = (spec: string, name = 'postgres') =>
  `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: ${name}, namespace: databases }\nspec: ${spec}\n`
const spec = (image: string, instances: number, parameters: string) =>
  `{ instances: ${instances}, imageName: "ghcr.io/cloudnative-pg/postgresql:${image}", storage: { size: 1Gi }, postgresql: { parameters: { ${parameters} } } }`

/** Two clusters that apply the same databases: infra follows main, apps release. */
function tree(content: string, more: Files = {}): Files {
  const cluster = (name: string, branch: string): Files => ({
    [`clusters/${name}/flux/gotk-sync.yaml`]: `${source(branch)}${unit('flux-system', `./clusters/${name}/flux`)}`,
    [`clusters/${name}/flux/apps.yaml`]: `${unit('operator', './operator')}${unit('databases', './databases', '  dependsOn: [{ name: operator }]\n')}`,
    [`clusters/${name}/flux/kustomization.yaml`]: listed('gotk-sync.yaml', 'apps.yaml'),
  })
  return {
    ...cluster('infra', 'main'),
    ...cluster('apps', 'release'),
    'operator/kustomization.yaml': listed('vars.yaml'),
    'operator/vars.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: vars, namespace: databases }\n',
    'databases/kustomization.yaml': listed('cluster.yaml'),
    'databases/cluster.yaml': content,
    ...more,
  }
}

let tools: RenderTools
beforeAll(async () => {
  tools = await offlineTools()
})

/** What is expected of a change, through the JSON that the bot's child process writes. */
async function expected(base: Files, head: Files) {
  const review = await offlineReview(base, head, undefined, tools)
  const read = readReview(reviewJson({ ...review, base: { ref: 'main' }, head: { ref: '' } }))
  const { changes, impacts, units = [] } = read
  return { units, expectations: expectationsOf(COMMIT, { changes, impacts, units }) }
}

const before = database(spec('17.5', 3, 'work_mem: "4MB"'))

describe('what a commit lets expect', () => {
  it('is the same in each cluster that applies it, each from its own source and branch', async () => {
    const after = database(spec('17.6', 4, 'work_mem: "8MB", pg_stat_statements.max: "500"'))
    const { units, expectations } = await expected(tree(before), tree(after))
    expect(units.map(({ cluster, name, branch }) => [cluster, name, branch])).toEqual([
      ['infra', 'databases', 'main'],
      ['apps', 'databases', 'release'],
    ])
    const [apps, infra] = expectations
    expect(infra).toEqual({
      commit: COMMIT,
      cluster: 'infra',
      source: 'GitRepository flux-system/fleet',
      units: [
        {
          kind: 'Kustomization',
          namespace: 'flux-system',
          name: 'databases',
          dependsOn: ['Kustomization flux-system/operator'],
        },
      ],
      databases: [
        {
          namespace: 'databases',
          name: 'postgres',
          unit: 'Kustomization flux-system/databases',
          impact: 'rolling-restart',
          image: 'ghcr.io/cloudnative-pg/postgresql:17.6',
          instances: 4,
          parameters: { work_mem: '8MB', 'pg_stat_statements.max': '500' },
        },
      ],
    })
    expect(apps).toEqual({ ...infra, cluster: 'apps' })
  })

  it('of a database that comes is all that it says, of one that goes that it goes', async () => {
    const { expectations } = await expected(
      tree(before),
      tree(database(spec('17.5', 1, 'a.b: "1"'), 'other')),
    )
    expect(expectations[0]?.databases).toMatchObject([
      {
        name: 'other',
        image: 'ghcr.io/cloudnative-pg/postgresql:17.5',
        instances: 1,
        parameters: { 'a.b': '1' },
        spec: { storage: { size: '1Gi' } },
      },
      { name: 'postgres', absent: true, impact: 'data-loss' },
    ])
  })

  it('is whatever else it sets, but parts of lists', async () => {
    const from = '{ instances: 3, storage: { size: 1Gi }, postgresql: { pg_hba: [host a a all trust] } }'
    const to =
      '{ instances: 3, storage: { size: 2Gi }, primaryUpdateStrategy: supervised, postgresql: { pg_hba: [host b b all trust] } }'
    const { expectations } = await expected(tree(database(from)), tree(database(to)))
    expect(expectations[0]?.databases).toEqual([
      {
        namespace: 'databases',
        name: 'postgres',
        unit: 'Kustomization flux-system/databases',
        impact: 'resize',
        spec: { storage: { size: '2Gi' }, primaryUpdateStrategy: 'supervised' },
      },
    ])
  })

  it('of a unit that changes itself is the one that applies it, too', async () => {
    const head = tree(before)
    const file = 'clusters/infra/flux/apps.yaml'
    const { expectations } = await expected(tree(before), {
      ...head,
      [file]: (head[file] ?? '').replace('interval: 10m', 'interval: 20m'),
    })
    expect(
      expectations.map(({ cluster, units, databases }) => [
        cluster,
        units.map(({ name }) => name),
        databases,
      ]),
    ).toEqual([['infra', ['flux-system', 'operator'], []]])
  })

  it('is nothing where no object changes', async () => {
    expect(await expected(tree(before), tree(before, { 'README.md': 'x' }))).toEqual({
      units: [],
      expectations: [],
    })
  })
})
