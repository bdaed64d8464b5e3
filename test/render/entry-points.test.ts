import { describe, expect, it } from 'vitest'
import { clusterNames, findEntryPoints, guessEntryPoints } from '../../src/render/entry-points.ts'
import type { SourceObject } from '../../src/render/source-objects.ts'

const everywhere = () => true
const inK8s = (path: string) => ['k8s', 'k8s/clusters', 'k8s/clusters/a'].includes(path)

function kustomization(
  file: string,
  path: string,
  name = 'flux-system',
  source = 'GitRepository fleet',
): SourceObject {
  const [kind = '', sourceName = ''] = source.split(' ')
  return {
    file,
    line: 1,
    manifest: {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name, namespace: 'flux-system' },
      spec: { path, sourceRef: { kind, name: sourceName } },
    },
  }
}

describe('clusterNames', () => {
  it.each([
    [
      ['clusters/infra/flux', 'clusters/apps/flux'],
      ['infra', 'apps'],
    ],
    [
      ['kubernetes/clusters/main', 'kubernetes/clusters/utility'],
      ['main', 'utility'],
    ],
    [['clusters/production'], ['production']],
    [
      ['a', 'a/b'],
      ['a', 'b'],
    ],
  ])('%j → %j', (paths, names) => {
    expect([...clusterNames(paths).values()]).toEqual(names)
  })
})

const filesOf = (entryPoints: readonly { place?: { file: string } }[]) =>
  entryPoints.map(({ place }) => place?.file)

describe('findEntryPoints', () => {
  it('takes Kustomizations that apply their own file, not those of applications', () => {
    const entryPoints = findEntryPoints(
      [],
      [],
      [
        kustomization('clusters/a/gotk-sync.yaml', './clusters/a'),
        kustomization('apps/web/ks.yaml', './apps/web/app', 'web'),
      ],
      everywhere,
    )
    expect(filesOf(entryPoints)).toEqual(['clusters/a/gotk-sync.yaml'])
  })

  it('does not take a directory whose name merely begins alike', () => {
    const sync = kustomization('clusters/ab/sync.yaml', './clusters/a')
    expect(findEntryPoints([], [], [sync], everywhere)).toEqual([])
  })

  it.each([
    [
      kustomization('apps/crds.yaml', './', 'crds'),
      kustomization('flux-system/gotk-sync.yaml', './', 'fleet'),
    ],
    [
      // a team's own artifact, named like its Kustomization; the repository is what the others read
      kustomization('team/ks.yaml', './', 'team', 'OCIRepository team'),
      kustomization('flux-system/gotk-sync.yaml', './', 'fleet'),
      kustomization('apps/web.yaml', './web', 'web'),
    ],
  ])('takes the root of the whole repository, not the root of another source', (...kustomizations) => {
    expect(filesOf(findEntryPoints([], [], kustomizations, everywhere))).toEqual([
      'flux-system/gotk-sync.yaml',
    ])
  })

  it('finds the directory that an artifact is made of, not that of a Git repository', () => {
    const file = 'k8s/clusters/a/sync.yaml'
    const hasDirectory = inK8s
    const pushed = kustomization(file, 'clusters/a', 'flux-system', 'OCIRepository fleet')
    expect(findEntryPoints([], [], [pushed], hasDirectory)).toMatchObject([{ sourceRoot: 'k8s' }])
    expect(findEntryPoints([], [], [kustomization(file, 'clusters/a')], hasDirectory)).toEqual([])
    const configured = findEntryPoints([{ name: 'a', path: 'k8s/clusters/a' }], [], [pushed], hasDirectory)
    expect(configured).toMatchObject([{ name: 'a', sourceRoot: 'k8s', place: { file } }])
  })

  it('lets the configuration replace what the tree says, and keeps the source the tree knows', () => {
    const entryPoints = findEntryPoints(
      [{ name: 'prod', path: 'clusters/a' }],
      [],
      [
        kustomization('clusters/a/gotk-sync.yaml', './clusters/a'),
        kustomization('clusters/b/gotk-sync.yaml', './clusters/b'),
      ],
      everywhere,
    )
    expect(entryPoints.map(({ name, place }) => [name, place?.file])).toEqual([
      ['prod', 'clusters/a/gotk-sync.yaml'],
    ])
  })
})

describe('guessEntryPoints', () => {
  it('takes the topmost Kustomizations, and says so', () => {
    const { entryPoints, findings } = guessEntryPoints(
      [kustomization('flux/apps.yaml', './apps', 'apps'), kustomization('apps/web/ks.yaml', './web', 'web')],
      new Map(),
      everywhere,
    )
    expect(filesOf(entryPoints)).toEqual(['flux/apps.yaml'])
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['render-entry-guessed'])
  })

  it('takes the kustomize directories that hold them', () => {
    const base = kustomization('clusters/base/apps.yaml', 'providers/__PROVIDER__/apps', 'apps')
    const { entryPoints, findings } = guessEntryPoints(
      [base],
      new Map([
        ['clusters/a', new Set(['clusters/base', base.file])],
        ['clusters/b', new Set(['clusters/base', base.file])],
        ['other', new Set(['other/a.yaml'])],
      ]),
      everywhere,
    )
    expect(entryPoints.map(({ root }) => root.spec)).toMatchObject([
      { path: './clusters/a' },
      { path: './clusters/b' },
    ])
    expect(findings).toHaveLength(2)
  })
})
