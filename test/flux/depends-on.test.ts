import { expect, it } from 'vitest'
import { fluxExpression } from '../../src/cel/flux-expression.ts'
import { dependsOnFindings } from '../../src/flux/depends-on.ts'
import type { RenderedObject } from '../../src/manifest/rendered.ts'
import { identify } from '../../src/manifest/resource.ts'

function waiting(name: string, ...dependsOn: { name: string; namespace?: string }[]): RenderedObject {
  const manifest = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'flux-system' },
    spec: { dependsOn: dependsOn.map(entry => ({ ...entry })) },
  }
  return { manifest, resource: identify(manifest), origin: { file: `${name}.yaml`, line: 1 } }
}

it.each<[string, RenderedObject[], string[]]>([
  ['a dependency that is applied', [waiting('a', { name: 'b' }), waiting('b')], []],
  ['one that nothing applies', [waiting('a', { name: 'b' })], ['flux-depends-on-unknown']],
  [
    'one in another namespace',
    [waiting('a', { name: 'b', namespace: 'apps' }), waiting('b')],
    ['flux-depends-on-unknown'],
  ],
  [
    'two that wait for each other',
    [waiting('a', { name: 'b' }), waiting('b', { name: 'a' })],
    ['flux-depends-on-cycle'],
  ],
  ['one that waits for itself', [waiting('a', { name: 'a' })], ['flux-depends-on-cycle']],
  [
    'a diamond, which is no circle',
    [
      waiting('a', { name: 'b' }, { name: 'c' }),
      waiting('b', { name: 'd' }),
      waiting('c', { name: 'd' }),
      waiting('d'),
    ],
    [],
  ],
])('%s', (_title, objects, rules) => {
  expect(dependsOnFindings(objects, [], fluxExpression).map(({ ruleId }) => ruleId)).toEqual(rules)
})

it('leaves alone what the configuration declares external', () => {
  const external = [{ kind: 'Kustomization', namespace: 'flux-system', name: 'b' }]
  expect(dependsOnFindings([waiting('a', { name: 'b' })], external, fluxExpression)).toEqual([])
})
