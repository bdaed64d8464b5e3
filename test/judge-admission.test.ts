import { describe, expect, it } from 'vitest'
import { defaultConfig, type Config } from '../src/config/config.ts'
import type { Review } from '../src/report/review.ts'
import { offlineReview } from './offline-review.ts'

/** A cluster `main` whose root applies apps/, with a Cluster and what else is there. */
const tree = (cluster: string, more: Record<string, string> = {}): Record<string, string> => ({
  'clusters/main/gotk-sync.yaml': `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 1m, url: https://example.org/fleet }
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: flux-system, namespace: flux-system }
spec: { interval: 10m, prune: true, path: ./apps, sourceRef: { kind: GitRepository, name: flux-system } }
`,
  'apps/cluster.yaml': cluster,
  ...more,
})

const postgres = (edit: (text: string) => string = text => text) =>
  edit(`apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: postgres
  namespace: databases
spec:
  instances: 3
  imageName: ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie
  storage:
    size: 10Gi
  postgresql:
    parameters:
      work_mem: 16MB
`)

const review = async (
  base: Record<string, string>,
  head: Record<string, string>,
  config: Config = { ...defaultConfig, cnpgVersion: '1.28.0' },
): Promise<Review> => await offlineReview(base, head, config)

describe('a review says what the API server and the operator will say', () => {
  it.each<[string, (text: string) => string, string, number]>([
    ['storage that shrinks', text => text.replace('10Gi', '5Gi'), 'admission-operator', 10],
    ['a major that goes back', text => text.replace('17.6', '16.9'), 'admission-operator', 8],
    [
      'a parameter that is the operator’s own',
      text => text.replace('work_mem: 16MB', 'listen_addresses: localhost'),
      'admission-operator',
      13,
    ],
    ['a number that Go does not hold', text => `${text}  stopDelay: 4294967296\n`, 'admission-decoding', 1],
    [
      'a catalog beside an image',
      text =>
        `${text}  imageCatalogRef: { apiGroup: postgresql.cnpg.io, kind: ImageCatalog, name: a, major: 17 }\n`,
      'admission-rule',
      6,
    ],
    [
      'a label that is none',
      text => text.replace('  name: postgres\n', '  name: postgres\n  labels:\n    team: data base\n'),
      'admission-metadata',
      5,
    ],
  ])('to %s', async (_name, edit, ruleId, line) => {
    const { verdict, findings } = await review(tree(postgres()), tree(postgres(edit)))
    expect(findings.filter(({ level }) => level === 'error')).toMatchObject([
      { ruleId, file: 'apps/cluster.yaml', line, resource: { name: 'postgres' } },
    ])
    expect(verdict).toBe('blocked')
  })

  it('and nothing to what stood there before, refused or not', async () => {
    const shrunk = postgres(text => text.replace('work_mem: 16MB', 'listen_addresses: localhost'))
    const { findings, stats } = await review(
      tree(shrunk),
      tree(shrunk, {
        'apps/other.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\n',
      }),
    )
    expect(findings).toEqual([])
    expect(stats.existing).toBeGreaterThan(0)
  })

  it('and nothing to the same edit of a new object', async () => {
    const { findings } = await review(tree('', {}), tree(postgres(text => text.replace('10Gi', '5Gi'))))
    expect(findings.filter(({ level }) => level === 'error')).toEqual([])
  })

  it.each<[string, string, string]>([
    ['a field that nobody knows', '  instances: 3\n', '  instances: 3\n  quantumReplicas: 2\n'],
    ['a tag without a version', '17.6-system-trixie', 'main'],
  ])('and no effect that is unknown of %s, which is refused', async (_name, from, to) => {
    const { verdict, impacts } = await review(
      tree(postgres()),
      tree(postgres(text => text.replace(from, to))),
    )
    expect(verdict).toBe('blocked')
    expect(impacts).toEqual([])
  })

  it.each([
    ['the operator', '10Gi', 'ENC[AES256_GCM,data:x]'],
    ['the type check before it', 'instances: 3', 'instances: ..PLACEHOLDER_count..'],
  ])('but leaves open what a value decides that is not known to %s', async (_name, from, to) => {
    const { verdict, findings, incomplete } = await review(
      tree(postgres()),
      tree(postgres(text => text.replace(from, to))),
    )
    expect(findings.filter(({ level }) => level === 'error')).toEqual([])
    expect(incomplete.map(({ reason }) => reason)).toContain('admission-unknown')
    expect(verdict).toBe('incomplete')
  })
})

describe('where nobody says which operator runs', () => {
  it.each<[string, (text: string) => string, string]>([
    ['the webhook', text => text.replace('10Gi', '5Gi'), 'admission-operator'],
    ['the CRD', text => text.replace('instances: 3', 'instances: 0'), 'schema-range'],
  ])('what %s of every known version refuses is refused', async (_name, edit, ruleId) => {
    const { verdict, findings } = await review(tree(postgres()), tree(postgres(edit)), defaultConfig)
    expect(findings.filter(({ level }) => level === 'error').map(finding => finding.ruleId)).toEqual([ruleId])
    expect(verdict).toBe('blocked')
  })

  it('what only some refuse is open', async () => {
    // names of parameters are looked at since 1.30
    const odd = postgres(text => text.replace('work_mem: 16MB', '"odd\\nname": "1"'))
    const { verdict, findings, incomplete } = await review(tree(postgres()), tree(odd), defaultConfig)
    expect(findings.filter(({ ruleId }) => ruleId === 'admission-operator')).toEqual([])
    expect(incomplete.map(({ reason }) => reason)).toContain('admission-unknown')
    expect(verdict).not.toBe('ready')
  })
})
