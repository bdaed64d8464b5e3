import { describe, expect, it } from 'vitest'
import { clusterNames, findEntryPoints } from '../../src/render/entry-points.ts'
import type { SourceObject } from '../../src/render/source-objects.ts'

function kustomization(file: string, path: string, name = 'flux-system'): SourceObject {
  return {
    file,
    line: 1,
    manifest: {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name, namespace: 'flux-system' },
      spec: { path, sourceRef: { kind: 'GitRepository', name: 'fleet' } },
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

describe('findEntryPoints', () => {
  it('takes Kustomizations that apply their own file, not those of applications', () => {
    const { entryPoints, findings } = findEntryPoints(
      [],
      [],
      [
        kustomization('clusters/a/gotk-sync.yaml', './clusters/a'),
        kustomization('apps/web/ks.yaml', './apps/web/app', 'web'),
      ],
    )
    expect(entryPoints.map(({ place }) => place?.file)).toEqual(['clusters/a/gotk-sync.yaml'])
    expect(findings).toEqual([])
  })

  it('does not take a directory whose name merely begins alike', () => {
    const { findings } = findEntryPoints([], [], [kustomization('clusters/ab/sync.yaml', './clusters/a')])
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['render-entry-guessed'])
  })

  it('takes the root of the whole repository, not the root of another source', () => {
    const { entryPoints } = findEntryPoints(
      [],
      [],
      [
        kustomization('apps/crds.yaml', './', 'crds'),
        kustomization('flux-system/gotk-sync.yaml', './', 'fleet'),
      ],
    )
    expect(entryPoints.map(({ place }) => place?.file)).toEqual(['flux-system/gotk-sync.yaml'])
  })

  it('guesses the topmost ones where none applies itself, and says so', () => {
    const { entryPoints, findings } = findEntryPoints(
      [],
      [],
      [kustomization('flux/apps.yaml', './apps', 'apps'), kustomization('apps/web/ks.yaml', './web', 'web')],
    )
    expect(entryPoints.map(({ place }) => place?.file)).toEqual(['flux/apps.yaml'])
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['render-entry-guessed'])
  })

  it('lets the configuration replace what the tree says, and keeps the source the tree knows', () => {
    const { entryPoints } = findEntryPoints(
      [{ name: 'prod', path: 'clusters/a' }],
      [],
      [
        kustomization('clusters/a/gotk-sync.yaml', './clusters/a'),
        kustomization('clusters/b/gotk-sync.yaml', './clusters/b'),
      ],
    )
    expect(entryPoints.map(({ name, place }) => [name, place?.file])).toEqual([
      ['prod', 'clusters/a/gotk-sync.yaml'],
    ])
  })
})
