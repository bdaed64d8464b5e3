import { expect, it } from 'vitest'
import { openCatalog } from '../../src/adapters/schema-catalog.ts'
import { apiEnd } from '../../src/schema/api-lifecycle.ts'

it.each([
  ['policy/v1beta1', 'PodSecurityPolicy', '1.25', '2.9', 'gone, Kubernetes 1.25, none'],
  ['policy/v1beta1', 'PodDisruptionBudget', '1.24.3', '2.9', 'served, Kubernetes 1.25, policy/v1'],
  ['extensions/v1beta1', 'Ingress', '1.35.0', '2.9', 'gone, Kubernetes 1.22, networking.k8s.io/v1'],
  ['extensions/v1beta1', 'Deployment', '1.35.0', '2.9', 'gone, Kubernetes 1.16, apps/v1'],
  [
    'helm.toolkit.fluxcd.io/v2beta2',
    'HelmRelease',
    '1.35.0',
    '2.7',
    'served, Flux 2.8, helm.toolkit.fluxcd.io/v2',
  ],
  [
    'helm.toolkit.fluxcd.io/v2beta2',
    'HelmRelease',
    '1.35.0',
    '2.10',
    'gone, Flux 2.8, helm.toolkit.fluxcd.io/v2',
  ],
  [
    'notification.toolkit.fluxcd.io/v1beta2',
    'Receiver',
    '1.35.0',
    '2.9',
    'gone, Flux 2.9, notification.toolkit.fluxcd.io/v1',
  ],
  ['apps/v1', 'Deployment', '1.35.0', '2.9', undefined],
  ['networking.k8s.io/v1beta1', 'IPAddress', '1.35.0', '2.9', undefined],
])('%s %s in Kubernetes %s and Flux %s', (apiVersion, kind, kubernetes, flux, expected) => {
  const end = apiEnd(apiVersion, kind, { kubernetes, flux })
  expect(
    end === undefined ? undefined : `${end.gone ? 'gone' : 'served'}, ${end.removedIn}, ${end.use ?? 'none'}`,
  ).toBe(expected)
})

it('says of Flux what its own CRDs say', () => {
  const { index } = openCatalog()
  const minors = Object.keys(index['flux'] ?? {})
  expect(minors.length).toBeGreaterThan(3)
  const wrong = minors.flatMap(version =>
    Object.entries(index['flux']?.[version] ?? {}).flatMap(([key, entry]) => {
      const [group = '', kind = ''] = key.split('/')
      return Object.entries(entry.versions).flatMap(([name, file]) => {
        const end = apiEnd(`${group}/${name}`, kind, {
          kubernetes: '1.35.0',
          flux: version.replace(/\.\d+$/, ''),
        })
        return typeof file === 'string' && end?.gone === true
          ? [`Flux ${version} serves ${group}/${name} ${kind}`]
          : []
      })
    }),
  )
  expect(wrong).toEqual([])
})
