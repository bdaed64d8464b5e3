import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  appliedByRequest,
  clusterRequest,
  databasesRequest,
  instanceRequest,
  listRequests,
  objectStoreRequest,
  sourceRequest,
  type ReadRequest,
} from '../../src/status/requests.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}

function allowedBy(file: string): string[] {
  const { rules }: { rules: Rule[] } = parse(
    readFileSync(`kubernetes/components/status-reader/${file}/role.yaml`, 'utf8'),
  )
  return rules.flatMap(({ apiGroups: [group = ''], resources, verbs }) =>
    resources.flatMap(resource => verbs.map(verb => `${verb} ${resource}${group === '' ? '' : `.${group}`}`)),
  )
}

function applied(group: string): ReadRequest | undefined {
  return appliedByRequest({ metadata: { labels: { [`${group}/name`]: 'a', [`${group}/namespace`]: 'b' } } })
}

function from(kind: string): ReadRequest | undefined {
  return sourceRequest({ spec: { sourceRef: { kind, name: 'a', namespace: 'b' } } })
}

it('the Roles allow what is read, and nothing else', () => {
  const asked: (ReadRequest | undefined)[] = [
    clusterRequest('a', 'b'),
    databasesRequest('a'),
    ...Object.values(listRequests('a', 'b')),
    objectStoreRequest('a', 'b'),
    applied('kustomize.toolkit.fluxcd.io'),
    applied('helm.toolkit.fluxcd.io'),
    ...['GitRepository', 'OCIRepository', 'Bucket'].map(from),
  ]
  expect(allowedBy('without-instances').toSorted()).toEqual(
    asked.map(request => request?.permission ?? '').toSorted(),
  )
  expect(allowedBy('with-instances')).toEqual([instanceRequest('a', {}).permission])
})

it('keeps every name one segment of the path', () => {
  expect(clusterRequest('a/../b', 'x?y').path).toBe(
    '/apis/postgresql.cnpg.io/v1/namespaces/a%2F..%2Fb/clusters/x%3Fy',
  )
})
