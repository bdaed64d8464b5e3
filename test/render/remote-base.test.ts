import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../../src/config/config.ts'
import { memoryTree } from '../../src/manifest/tree.ts'
import { renderTree, type RenderedRepository } from '../../src/render-tree.ts'
import { renderJson } from '../../src/report/json.ts'
import { offlineReview, offlineTools } from '../offline-review.ts'

// An entry of a kustomization that lies outside the repository: the rest is rendered, walked, judged and compared without it.

async function render(files: Record<string, string>): Promise<RenderedRepository> {
  return await renderTree(
    { tree: memoryTree(files), config: defaultConfig, entries: [] },
    await offlineTools(),
  )
}

const flux = (name: string, path: string) => `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 10m
  prune: true
  path: ${path}
  sourceRef: { kind: GitRepository, name: fleet }
`
const configMap = (name: string, data = 'a: b') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\ndata:\n  ${data}\n`

const URL_1 = 'https://example.org/v1/crds.yaml'
const URL_2 = 'https://example.org/v2/crds.yaml'
const root = (...resources: string[]) =>
  `resources:\n${['gotk-sync.yaml', ...resources].map(entry => `  - ${entry}\n`).join('')}`

const tree = {
  'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main'),
  'clusters/main/kustomization.yaml': root('apps.yaml', URL_1),
  'clusters/main/apps.yaml': flux('apps', './apps'),
  'apps/kustomization.yaml': 'resources: [web.yaml, ../shared]\n',
  'apps/web.yaml': configMap('web'),
  'shared/kustomization.yaml': `resources: [${URL_1}]\n`,
}

describe('a root with a remote base', () => {
  it('fails, and is walked as far as it is known', async () => {
    const { kustomizations, findings, incomplete } = await render(tree)
    expect(
      kustomizations.map(unit => [unit.name, unit.status, unit.error?.ruleId, unit.objects.length]),
    ).toEqual([
      ['flux-system', 'failed', 'render-remote-base', 2],
      ['apps', 'failed', 'render-remote-base', 1],
    ])
    expect(findings).toEqual([])
    expect(incomplete.map(({ reason, file, line, affected }) => [reason, file, line, affected])).toEqual([
      [
        'render-remote-base',
        'clusters/main/kustomization.yaml',
        4,
        ['what it brings to Kustomization flux-system/flux-system'],
      ],
      [
        'render-remote-base',
        'shared/kustomization.yaml',
        1,
        ['what it brings to Kustomization flux-system/apps'],
      ],
    ])
    expect(incomplete.every(({ message }) => message.includes(URL_1))).toBe(true)
  })

  it('applies nothing in the JSON of render, which says apart what is known', async () => {
    const { kustomizations } = JSON.parse(renderJson(await render(tree)))
    expect(kustomizations[0]).toMatchObject({
      status: 'failed',
      objects: [],
      leftOut: [{ ruleId: 'render-remote-base' }],
      partial: [{ metadata: { name: 'flux-system' } }, { metadata: { name: 'apps' } }],
    })
  })

  it('leaves out a ConfigMap that is made of a remote file', async () => {
    const { kustomizations } = await render({
      'clusters/main/gotk-sync.yaml': flux('flux-system', './clusters/main'),
      'clusters/main/kustomization.yaml': `${root()}configMapGenerator:
  - { name: here, literals: [a=b] }
  - { name: there, files: ["${URL_1}"] }
`,
    })
    expect(kustomizations[0]?.objects.map(({ resource }) => resource.name.replace(/-[^-]*$/, ''))).toEqual([
      'flux',
      'here',
    ])
  })

  it.each([
    ['a remote patch', `patches: [{ path: ${URL_1} }]\n`],
    [
      'a patch of what the remote base brings',
      'patches: [{ patch: "{apiVersion: v1, kind: Secret, metadata: {name: x}}" }]\n',
    ],
  ])('knows nothing of a Kustomization with %s', async (_name, patch) => {
    const { kustomizations } = await render({
      ...tree,
      'apps/kustomization.yaml': `resources: [web.yaml, ${URL_1}]\n${patch}`,
    })
    const apps = kustomizations.find(({ name }) => name === 'apps')
    expect([apps?.status, apps?.error?.ruleId, apps?.objects, apps?.leftOut]).toEqual([
      'failed',
      'render-remote-base',
      [],
      undefined,
    ])
  })

  it('prefers what is broken in the tree to what is not fetched', async () => {
    const { findings } = await render({
      ...tree,
      'apps/kustomization.yaml': `resources: [${URL_1}, gone.yaml]\n`,
    })
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['render-missing-file'])
  })
})

describe('review of a tree with a remote base', () => {
  it('sees changes beside it, and lets what was not fetched before decide nothing', async () => {
    const { verdict, changes, incomplete } = await offlineReview(tree, {
      ...tree,
      'apps/web.yaml': configMap('web', 'a: c'),
    })
    expect([verdict, changes.map(({ change, resource }) => [change, resource.name])]).toEqual([
      'ready',
      [['changed', 'web']],
    ])
    expect(incomplete.map(({ reason, existing }) => [reason, existing])).toEqual([
      ['render-remote-base', true],
      ['render-remote-base', true],
    ])
  })

  it('shows removals, of objects and of children, where the same is missing on both sides', async () => {
    const { changes } = await offlineReview(
      {
        ...tree,
        'apps/more.yaml': configMap('more'),
        'apps/kustomization.yaml': 'resources: [web.yaml, more.yaml, ../shared]\n',
      },
      tree,
    )
    expect(changes.map(({ change, resource }) => [change, resource.name])).toEqual([['removed', 'more']])
    const gone = await offlineReview(tree, { ...tree, 'clusters/main/kustomization.yaml': root(URL_1) })
    expect(gone.changes.map(({ change, resource }) => [change, resource.name])).toEqual([
      ['removed', 'web'],
      ['removed', 'apps'],
    ])
  })

  it.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'local objects move to a remote base',
      { ...tree, 'clusters/main/kustomization.yaml': root('apps.yaml') },
      { ...tree, 'clusters/main/kustomization.yaml': root(URL_1) },
    ],
    [
      'a remote base is committed',
      { ...tree, 'clusters/main/kustomization.yaml': root(URL_1) },
      { ...tree, 'clusters/main/kustomization.yaml': root('apps.yaml') },
    ],
    [
      'a remote base takes the place of another',
      { ...tree, 'clusters/main/kustomization.yaml': root('apps.yaml', URL_1) },
      { ...tree, 'clusters/main/kustomization.yaml': root(URL_2) },
    ],
    [
      'the rest no longer builds',
      tree,
      { ...tree, 'clusters/main/kustomization.yaml': root('apps.yaml', URL_1, 'gone.yaml') },
    ],
  ])('shows no deletion and no addition where %s', async (_name, base, head) => {
    const { verdict, changes, incomplete } = await offlineReview(base, head)
    expect(changes).toEqual([])
    expect(verdict).not.toBe('ready')
    expect(incomplete.map(({ reason }) => reason)).toContain('one-side-failed')
  })
})
