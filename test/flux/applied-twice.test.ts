import { expect, it } from 'vitest'
import { appliedTwice } from '../../src/flux/applied-twice.ts'
import type { RenderedKustomization } from '../../src/manifest/rendered.ts'
import { identify } from '../../src/manifest/resource.ts'

function owner(
  name: string,
  size: number,
  labels: Record<string, string> = {},
  cluster = 'main',
): RenderedKustomization {
  const manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'shared', namespace: 'default', labels },
    data: { size: String(size) },
  }
  const object = { manifest, resource: identify(manifest), origin: { file: `${name}.yaml`, line: 2 } }
  return {
    cluster,
    namespace: 'flux-system',
    name,
    path: name,
    status: 'rendered',
    objects: [object],
    inputs: name,
  }
}

it.each<[string, RenderedKustomization[], string[]]>([
  ['different content', [owner('a', 1), owner('b', 2)], ['b.yaml:2']],
  ['equal content', [owner('a', 1), owner('b', 1)], []],
  ['what commonMetadata alone makes different', [owner('a', 1, { by: 'a' }), owner('b', 1, { by: 'b' })], []],
  ['another cluster', [owner('a', 1), owner('b', 2, {}, 'other')], []],
])('%s', (_title, kustomizations, places) => {
  expect(appliedTwice(kustomizations).map(({ file, line }) => `${file}:${line}`)).toEqual(places)
})
