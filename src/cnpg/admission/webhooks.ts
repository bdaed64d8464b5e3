import type { AdmissionLayer, AdmissionRequest, StageVerdict } from '../../manifest/admission.ts'
import { canonicalJson, isObject, textAt, valueAt, type JsonObject } from '../../manifest/json.ts'
import { backupErrors } from './backup.ts'
import type { BackupMethod, Surroundings } from './backup-method.ts'
import { CLUSTER_CHANGE_RULES, CLUSTER_RULES } from './cluster.ts'
import { defaultedSpec } from './cluster-defaults.ts'
import type { Cluster, ClusterSpec, ClusterStatus } from './cluster-types.ts'
import { clusterWarnings } from './cluster-warnings.ts'
import { databaseErrors, type DatabaseSpec } from './database.ts'
import type { FieldError } from './field-error.ts'
import { decodeGo, encodeGo } from './go-decode.ts'
import { releaseOf, since, type OperatorRelease } from './operator-release.ts'
import { podPatchErrors } from './pod-patch.ts'
import { poolerErrors, poolerWarnings, type Pooler } from './pooler.ts'
import { rewritten } from './rewrite.ts'
import {
  scheduledBackupErrors,
  scheduledBackupWarnings,
  type ScheduledBackupSpec,
} from './scheduled-backup.ts'

const API_GROUP = 'postgresql.cnpg.io/'
/** config/webhook/manifests.yaml, 1.26 to main */
const MUTATED = new Set(['Cluster', 'Backup', 'ScheduledBackup', 'Database'])
const VALIDATED = new Set([...MUTATED, 'Pooler'])

/**
 * Which webhooks the operator has for a kind of postgresql.cnpg.io. Publication, Subscription, the catalogs and DatabaseRole
 * have none in any release.
 * @param _operator X.Y.Z or 'main'
 */
export function hasWebhook(kind: string, _operator: string): { mutating: boolean; validating: boolean } {
  return { mutating: MUTATED.has(kind), validating: VALIDATED.has(kind) }
}

/**
 * The mutating webhook: decodes the object into Go's types (which refuses what does not fit them), writes the operator's
 * defaults and what encoding the types brings along (facts: controller-runtime, defaulter_custom.go).
 * @param request the object after the defaults of its CRD
 * @param operator X.Y.Z or 'main'
 * @returns the object as it goes on; unchanged where it is refused or the kind has no such webhook
 */
export function mutate(request: AdmissionRequest, operator: string): StageVerdict & { object: JsonObject } {
  const { object } = request
  const kind = kindOf(object)
  if (kind === undefined || !hasWebhook(kind, operator).mutating)
    return { errors: [], warnings: [], notEvaluated: [], object }
  const { release, note } = releaseOf(operator)
  const type = `${kind}Spec`
  const metadata = decodeGo('meta.ObjectMeta', object['metadata'], 'metadata')
  const decoded = 'error' in metadata ? metadata : decodeGo(type, object['spec'], 'spec')
  if ('error' in decoded)
    return {
      errors: [{ layer: 'mutating-webhook', field: '', message: decoded.error }],
      warnings: [],
      notEvaluated: note === undefined ? [] : [note],
      object,
    }
  const before = decoded.value
  const after =
    kind === 'Cluster'
      ? asJson(defaultedSpec(clusterOf(object, before), release, { keepFixed: true }))
      : before
  const isChanged = canonicalJson(before) !== canonicalJson(after)
  if (!isChanged && !release.rewritesAlways) return { errors: [], warnings: [], notEvaluated: [], object }
  const written = encodeGo(type, after, absentFields(release))
  const spec = rewritten(object['spec'] ?? null, written)
  return { errors: [], warnings: [], notEvaluated: [], object: { ...object, spec } }
}

/**
 * The validating webhook: every rule and every warning of the operator. What it only knows from a running cluster comes from
 * `live.status`: the major downgrade needs pgDataImageInfo, see `Cluster` in cluster-types.ts.
 * @param request the object after the mutating webhook, defaults, schema and CEL; `live` as it stands in the cluster
 * @param operator X.Y.Z or 'main'
 * @param surroundings by default a cluster without the VolumeSnapshot CRD
 */
export function validate(
  request: AdmissionRequest,
  operator: string,
  surroundings: Surroundings = { volumeSnapshots: false },
): StageVerdict {
  const { object, live } = request
  const kind = kindOf(object)
  if (kind === undefined || !hasWebhook(kind, operator).validating)
    return { errors: [], warnings: [], notEvaluated: [] }
  const { release, note } = releaseOf(operator)
  const notEvaluated = note === undefined ? [] : [note]
  const type = `${kind}Spec`
  const decoded = decodeGo(type, object['spec'], 'spec')
  if ('error' in decoded) return refused([{ field: '', message: decoded.error }], [], notEvaluated)
  const old = live === undefined ? undefined : decodeGo(type, live['spec'], 'spec')
  const oldSpec = old !== undefined && 'value' in old ? old.value : undefined
  // no such object can be in a cluster: a base manifest that was never accepted
  if (old !== undefined && 'error' in old)
    notEvaluated.push(
      `the operator's rules for changes: the object to compare with does not fit its types (${old.error})`,
    )
  const bypass = bypassOf(kind, object)
  if (bypass.isDisabled) return { errors: [], warnings: bypass.warnings, notEvaluated }
  const judged = judge(kind, object, decoded.value, live, oldSpec, release, surroundings)
  return refused(
    judged.errors,
    [...bypass.warnings, ...judged.warnings],
    [...notEvaluated, ...(judged.notEvaluated ?? [])],
  )
}

function judge(
  kind: string,
  object: JsonObject,
  spec: JsonObject,
  live: JsonObject | undefined,
  oldSpec: JsonObject | undefined,
  release: OperatorRelease,
  surroundings: Surroundings,
): { errors: FieldError[]; warnings: string[]; notEvaluated?: string[] } {
  switch (kind) {
    case 'Cluster': {
      const cluster = { ...clusterOf(object, spec), exists: live !== undefined }
      const patch = podPatchErrors(cluster)
      const errors = [...CLUSTER_RULES.flatMap(rule => rule(cluster, release)), ...patch.errors]
      const { notEvaluated } = patch
      if (live !== undefined && oldSpec !== undefined) {
        const before = clusterOf(live, oldSpec)
        const old = { ...before, spec: defaultedSpec(before, release, { keepFixed: false }) }
        // the status of an update is that of the live object
        const updated = { ...cluster, status: before.status }
        errors.push(...CLUSTER_CHANGE_RULES.flatMap(rule => rule(updated, old, release)))
        return { errors, warnings: clusterWarnings(updated, release), notEvaluated }
      }
      return { errors, warnings: clusterWarnings(cluster, release), notEvaluated }
    }
    case 'Backup':
      return {
        errors: backupErrors(specOf('Backup', spec), annotationsOf(object), surroundings),
        warnings: [],
      }
    case 'ScheduledBackup': {
      const schedule = specOf('ScheduledBackup', spec)
      return {
        errors: scheduledBackupErrors(schedule, surroundings),
        warnings: scheduledBackupWarnings(schedule),
      }
    }
    case 'Database':
      return { errors: databaseErrors(specOf('Database', spec), release), warnings: [] }
    default: {
      const pooler = poolerOf(object, spec)
      const errors = poolerErrors(pooler, release)
      // ValidateCreate drops the warnings of what it refuses
      if (live === undefined && errors.length > 0) return { errors, warnings: [] }
      const old = live === undefined ? undefined : poolerOf(live, oldSpec ?? {})
      return { errors, warnings: poolerWarnings(pooler, old, release) }
    }
  }
}

/** internal/webhook/v1/common.go: the annotation cnpg.io/validation; the webhook of ScheduledBackup does not look at it. */
function bypassOf(kind: string, object: JsonObject): { isDisabled: boolean; warnings: string[] } {
  const value = kind === 'ScheduledBackup' ? '' : (annotationsOf(object)['cnpg.io/validation'] ?? '')
  if (value === '' || value === 'enabled') return { isDisabled: false, warnings: [] }
  if (value === 'disabled')
    return {
      isDisabled: true,
      warnings: [
        'validation webhook is disabled — all changes are accepted without validation. This may lead to unsafe or destructive operations. Proceed with extreme caution.',
      ],
    }
  return {
    isDisabled: false,
    warnings: [
      `invalid "cnpg.io/validation" annotation: ${JSON.stringify(value)} (expected "enabled" or "disabled")`,
    ],
  }
}

/** Fields without omitempty that a release does not have yet: its webhook cannot write them. */
function absentFields(release: OperatorRelease): ReadonlySet<string> {
  return new Set(since(release, '1.28.0') ? [] : ['SynchronousReplicaConfiguration.failoverQuorum'])
}

function kindOf(object: JsonObject): string | undefined {
  return textAt(object, 'apiVersion')?.startsWith(API_GROUP) === true ? textAt(object, 'kind') : undefined
}

function clusterOf(object: JsonObject, spec: JsonObject): Cluster {
  return {
    name: textAt(object, 'metadata', 'name') ?? '',
    annotations: annotationsOf(object),
    spec: specOf('Cluster', spec),
    status: statusOf(object),
    exists: false,
  }
}

function statusOf(object: JsonObject): ClusterStatus {
  const image = valueAt(object, 'status', 'pgDataImageInfo')
  const major = valueAt(image, 'majorVersion')
  const inProgress = valueAt(object, 'status', 'switchReplicaClusterStatus', 'inProgress')
  const conditions = valueAt(object, 'status', 'conditions')
  return {
    ...(isObject(image) && { pgDataImageInfo: { majorVersion: typeof major === 'number' ? major : 0 } }),
    switchReplicaClusterStatus: { inProgress: inProgress === true },
    conditions: (Array.isArray(conditions) ? conditions : []).map(condition => ({
      type: textAt(condition, 'type') ?? '',
      status: textAt(condition, 'status') ?? '',
      message: textAt(condition, 'message') ?? '',
    })),
  }
}

function poolerOf(object: JsonObject, spec: JsonObject): Pooler {
  return {
    name: textAt(object, 'metadata', 'name') ?? '',
    namespace: textAt(object, 'metadata', 'namespace') ?? '',
    spec: specOf('Pooler', spec),
  }
}

function annotationsOf(object: JsonObject): Record<string, string> {
  const annotations = valueAt(object, 'metadata', 'annotations')
  return Object.fromEntries(
    Object.entries(isObject(annotations) ? annotations : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}

function refused(errors: readonly FieldError[], warnings: string[], notEvaluated: string[]): StageVerdict {
  const layer: AdmissionLayer = 'validating-webhook'
  return { errors: errors.map(error => ({ layer, ...error })), warnings, notEvaluated }
}

/** What the rules read of each spec. */
interface SpecOf {
  Cluster: ClusterSpec
  Backup: BackupMethod
  ScheduledBackup: ScheduledBackupSpec
  Database: DatabaseSpec
  Pooler: Pooler['spec']
}

/** decodeGo refuses what is not of the kind's Go types, of which these are parts. */
function specOf<Kind extends keyof SpecOf>(_kind: Kind, decoded: JsonObject): SpecOf[Kind] {
  return decoded
}

function asJson(spec: ClusterSpec): JsonObject {
  return JSON.parse(JSON.stringify(spec))
}
