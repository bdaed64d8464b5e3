import type { Cluster } from './cluster-types.ts'
import type { FieldError } from './field-error.ts'
import type { OperatorRelease } from './operator-release.ts'

// Rules are named as the Go functions of internal/webhook/v1/*_webhook.go. Each looks at its release itself, where a release
// matters (`since`).

/** A rule that holds on create and on update. */
export type ClusterRule = (cluster: Cluster, release: OperatorRelease) => FieldError[]

/** A rule on what a change does. `old` carries the operator's defaults. */
export type ClusterChangeRule = (cluster: Cluster, old: Cluster, release: OperatorRelease) => FieldError[]
