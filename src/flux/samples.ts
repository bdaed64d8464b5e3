import type { Json, JsonObject } from '../manifest/json.ts'
import clusters from './samples/cluster.json' with { type: 'json' }

/** An object as its controller leaves it. `fresh`: just created, its status hardly begun. */
export interface Sample {
  state: 'healthy' | 'progressing' | 'failed' | 'fresh'
  object: JsonObject
}

const CLUSTERS: readonly Sample[] = clusters.samples.map(({ state, object }) => ({
  state: stateOf(state),
  object: object as JsonObject,
}))

// Of these the condition Ready alone is known for certain (apis/meta of fluxcd/pkg, external-secrets v1, cert-manager v1).
const READY_KINDS = new Map([
  ['kustomize.toolkit.fluxcd.io/Kustomization', ['ReconciliationSucceeded', 'ReconciliationFailed']],
  ['helm.toolkit.fluxcd.io/HelmRelease', ['UpgradeSucceeded', 'UpgradeFailed']],
  ['external-secrets.io/ExternalSecret', ['SecretSynced', 'SecretSyncedError']],
  ['external-secrets.io/SecretStore', ['Valid', 'ValidationFailed']],
  ['external-secrets.io/ClusterSecretStore', ['Valid', 'ValidationFailed']],
  ['cert-manager.io/Certificate', ['Ready', 'DoesNotExist']],
])

/** Objects of a kind in their states; none where the kind is not known. @param kind '' for any kind of the group */
export function samplesOf(group: string, kind: string): readonly Sample[] {
  if (group === 'postgresql.cnpg.io' && kind === 'Cluster') return CLUSTERS
  const reasons = READY_KINDS.get(`${group}/${kind}`)
  if (reasons === undefined) return []
  const [good = '', bad = ''] = reasons
  return [
    { state: 'healthy', object: ready(group, kind, 'True', good) },
    { state: 'failed', object: ready(group, kind, 'False', bad) },
  ]
}

function ready(group: string, kind: string, status: string, reason: string): JsonObject {
  const condition: Json = {
    type: 'Ready',
    status,
    reason,
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
  }
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: 'example', namespace: 'default', generation: 1 },
    spec: {},
    status: { observedGeneration: 1, conditions: [condition] },
  }
}

function stateOf(text: string): Sample['state'] {
  return text === 'healthy' || text === 'progressing' || text === 'failed' ? text : 'fresh'
}
