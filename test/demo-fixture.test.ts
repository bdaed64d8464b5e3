import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { identify, resourceLabel } from '../src/manifest/resource.ts'
import { build, DATABASES, manifestsOf, ROOT } from './render-tree.ts'

describe('the bundled pull request differs from the tree where its README says so', () => {
  const HEAD = 'test/fixtures/demo/head'
  // The overlay holds whole files: an edit of the tree must be made there, too.
  it.each([
    [`${DATABASES}/cluster/cluster.yaml`, '256MB', '512MB'],
    [`${DATABASES}/cluster/scheduledbackup.yaml`, '  immediate:', '  imediate:'],
    [`${DATABASES}/app/kustomization.yaml`, '  - ./networkpolicy.yaml\n', ''],
    ['infrastructure/base/repositories/oci/cloudnative-pg.yaml', 'tag: 0.27.0', 'tag: 0.28.0'],
    ['kubernetes/apps/kustomization.yaml', '  - ./databases\n', '  - ./databases\n  - ./selfhosted\n'],
  ])('%s', (file, from, to) => {
    const base = readFileSync(path.join(ROOT, file), 'utf8')
    expect(base.split(from)).toHaveLength(2)
    expect(readFileSync(path.join(ROOT, HEAD, file), 'utf8')).toBe(base.replace(from, to))
  })

  it('removes files that exist', () => {
    const removed = readFileSync(path.join(ROOT, HEAD, '../removed.txt'), 'utf8')
      .trim()
      .split('\n')
    expect(removed).toEqual([`${DATABASES}/app/networkpolicy.yaml`])
    for (const file of removed) expect(existsSync(path.join(ROOT, file))).toBe(true)
  })

  it('breaks one Kustomization, by YAML that cannot be read', () => {
    const app = 'kubernetes/apps/selfhosted/example-app'
    expect(() => build(path.join(ROOT, HEAD, app, 'app'))).toThrow(/deployment\.yaml/)
    expect(
      manifestsOf(build(path.join(ROOT, HEAD, app))).map(manifest => resourceLabel(identify(manifest))),
    ).toEqual(['Namespace example', 'Kustomization flux-system/example-app'])
  })
})
