export type PhaseClass = 'healthy' | 'progressing' | 'attention' | 'failed' | 'none' | 'not-known'

// api/v1/cluster_types.go of CloudNativePG 1.28 to 1.30, and the literals of internal/controller/cluster_controller.go.
const PHASES: Readonly<Record<string, Exclude<PhaseClass, 'none' | 'not-known'>>> = {
  'Cluster in healthy state': 'healthy',
  'Switchover in progress': 'progressing',
  'Failing over': 'progressing',
  'Setting up primary': 'progressing',
  'Creating a new replica': 'progressing',
  'Upgrading cluster': 'progressing',
  'Upgrading Postgres major version': 'progressing',
  'Cluster upgrade delayed': 'progressing',
  'Primary instance is being restarted in-place': 'progressing',
  'Primary instance is being restarted without a switchover': 'progressing',
  'Waiting for the instances to become active': 'progressing',
  'Online upgrade in progress': 'progressing',
  'Applying configuration': 'progressing',
  'Promoting to primary cluster': 'progressing',
  'Waiting for user action': 'attention',
  'Instance Status Extraction Error: HTTP communication issue': 'attention',
  'Cluster cannot proceed to reconciliation due to an unknown plugin being required': 'failed',
  'Cluster cannot proceed to reconciliation due to an error while interacting with plugins': 'failed',
  'Cluster has incomplete or invalid image catalog': 'failed',
  'Cluster is unrecoverable and needs manual intervention': 'failed',
  'Cluster cannot execute instance online upgrade due to missing architecture binary': 'failed',
  'Unable to create required cluster objects': 'failed',
  'Invalid cluster definition': 'failed',
  'Not enough disk space': 'failed',
}

/** What a phase means. One that nobody here knows is never taken for healthy. */
export function phaseClass(phase: string): PhaseClass {
  if (phase === '') return 'none'
  return Object.hasOwn(PHASES, phase) ? (PHASES[phase] ?? 'not-known') : 'not-known'
}

/** What a person does about a phase in which the operator waits for one. */
export const PHASE_REPAIRS: Readonly<Record<string, string>> = {
  'Waiting for user action':
    'Restart or switch over when it suits: kubectl cnpg promote CLUSTER, with the instance; or set primaryUpdateStrategy: unsupervised.',
  'Instance Status Extraction Error: HTTP communication issue':
    'See that the operator reaches port 8000 of the instances (network policies).',
  'Cluster cannot proceed to reconciliation due to an unknown plugin being required':
    'Install the plugin, or take it out of spec.plugins.',
  'Cluster cannot proceed to reconciliation due to an error while interacting with plugins':
    "See the plugin's Deployment and its log.",
  'Cluster has incomplete or invalid image catalog': 'Put the major into the image catalog.',
  'Not enough disk space': 'Give the volumes more room (spec.storage.size, spec.walStorage.size).',
  'Invalid cluster definition': 'Mend the Cluster as the reason says.',
}
