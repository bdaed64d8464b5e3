import { expect, it } from 'vitest'
import type { Json } from '../../src/manifest/json.ts'
import { setCommonMetadata } from '../../src/render/common-metadata.ts'

const object = (metadata: Record<string, Json>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata })

it.each<[string, Record<string, Json>, Json, Record<string, Json>]>([
  [
    'adds to what is there and wins',
    { labels: { a: '1', b: '2' } },
    { labels: { b: '3' } },
    { labels: { a: '1', b: '3' } },
  ],
  ['sets annotations, too', {}, { annotations: { a: '1' } }, { annotations: { a: '1' } }],
  // apimachinery NestedStringMap: one value that is no text, and GetLabels answers nothing at all
  [
    'loses labels that are not all text, as Flux does',
    { labels: { a: true, b: 'x' } },
    { labels: { c: '1' } },
    { labels: { c: '1' } },
  ],
  ['leaves an object without anything to set alone', { name: 'x' }, {}, { name: 'x' }],
])('%s', (_title, metadata, common, expected) => {
  expect(setCommonMetadata(object(metadata), common)).toEqual(object(expected))
})
