import type { Target } from './target.ts'

/** Flux's objects with the status that Flux would write, where no Flux is: enough for who reads them. */
export interface StandIn {
  /** of the GitRepository and of the Kustomization, both in the namespace of the database */
  name: string
  fetched: (revision: string) => Promise<void>
  applying: (revision: string) => Promise<void>
  applied: (revision: string) => Promise<void>
  remove: () => Promise<void>
}

const NAME = 'steward-test'
const KINDS = [
  ['source.toolkit.fluxcd.io', 'GitRepository', 'gitrepositories'],
  ['kustomize.toolkit.fluxcd.io', 'Kustomization', 'kustomizations'],
] as const

/** Installs the two kinds without a schema, and one object of each. @throws where Flux is installed: it would have a say */
export async function installFlux(target: Target): Promise<StandIn> {
  for (const [group, kind, plural] of KINDS)
    await target.kubectl(['create', '-f', '-'], JSON.stringify(crd(group, kind, plural)))
  const names = KINDS.map(([group, , plural]) => `${plural}.${group}`)
  await target.kubectl([
    'wait',
    '--for=condition=Established',
    ...names.map(name => `crd/${name}`),
    '--timeout=30s',
  ])
  const [source, unit] = names
  const sourceRef = { kind: 'GitRepository', name: NAME }
  const object = { metadata: { name: NAME }, spec: {} }
  await target.apply({ apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository', ...object })
  await target.apply({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    ...object,
    spec: { sourceRef },
  })
  const write = async (resource = '', status: object = {}) => {
    const patch = JSON.stringify({ status: { observedGeneration: 1, ...status } })
    await target.kubectl(['patch', resource, NAME, '--subresource=status', '--type=merge', '-p', patch])
  }
  return {
    name: NAME,
    fetched: async revision => await write(source, { artifact: { revision }, ...ready('True', 'Succeeded') }),
    applying: async revision =>
      await write(unit, { lastAttemptedRevision: revision, ...ready('Unknown', 'Progressing') }),
    applied: async revision =>
      await write(unit, {
        lastAttemptedRevision: revision,
        lastAppliedRevision: revision,
        ...ready('True', 'ReconciliationSucceeded'),
      }),
    remove: async () => void (await target.kubectl(['delete', ...names.map(name => `crd/${name}`)])),
  }
}

function ready(status: string, reason: string): object {
  const lastTransitionTime = new Date().toISOString()
  return { conditions: [{ type: 'Ready', status, reason, message: reason, lastTransitionTime }] }
}

function crd(group: string, kind: string, plural: string): object {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } },
          },
        },
      ],
    },
  }
}
