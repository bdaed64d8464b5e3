import { compare, minor, valid } from 'semver'
import { isObject, textAt, valueAt } from '../../manifest/json.ts'
import type { RenderedObject } from '../../manifest/rendered.ts'
import { groupOf, type Manifest } from '../../manifest/resource.ts'

/** Something that a person has to do, or to know, before the operator is updated past a release. */
export interface UpgradeStep {
  id: string
  /** the first release that asks for it, and those of older lines that got it later, as in `since` of the webhooks; in order */
  since: readonly string[]
  /** what changes, one sentence */
  change: string
  /** what to do, one sentence */
  todo: string
  /** the page of the documentation that says so */
  source: string
  /** the fields of an object that are concerned; none: it is not */
  concerns: (object: RenderedObject) => readonly string[]
  /** needed only by those who come from a release before this one */
  before?: string
}

/**
 * The steps that the project's upgrade instructions and release notes ask for, from 1.26 on, as far as a tree shows who is concerned.
 * Source: docs/src/installation_upgrade.md at v1.26.0, v1.27.0, v1.28.0, v1.29.0 and v1.30.1; docs/src/release_notes.
 */
export const UPGRADE_STEPS: readonly UpgradeStep[] = [
  {
    id: 'backup-metrics-deprecated',
    since: ['1.26.0'],
    change:
      'The metrics cnpg_collector_first_recoverability_point, _last_failed_backup_timestamp and _last_available_backup_timestamp are deprecated, and stand still where backups are taken by a plugin.',
    todo: 'Let alerts ask the metrics of the plugin.',
    source: 'installation_upgrade.md, upgrading to 1.26',
    concerns: ({ resource, manifest }) =>
      resource.kind === 'PrometheusRule' &&
      /cnpg_collector_(?:first_recoverability_point|last_(?:failed|available)_backup_timestamp)/.test(
        JSON.stringify(manifest.spec ?? null),
      )
        ? ['spec.groups']
        : [],
  },
  {
    id: 'custom-queries-role',
    since: ['1.28.3', '1.29.1'],
    change:
      'Custom monitoring queries run as the role cnpg_metrics_exporter with pg_monitor alone, no longer as superuser (CVE-2026-44477).',
    todo: 'GRANT what they read to cnpg_metrics_exporter, and CONNECT where PUBLIC has lost it.',
    source: 'installation_upgrade.md, metrics exporter privilege separation',
    concerns: object => ofCluster(object, customQueries),
  },
  {
    id: 'replica-cluster-order',
    since: ['1.28.3', '1.29.1'],
    change:
      'The role cnpg_metrics_exporter is made on the primary alone: a replica cluster that is updated first scrapes with a role that is not there yet.',
    todo: 'Update the source primary before its replica clusters.',
    source: 'release_notes/v1.29.md, 1.29.1',
    concerns: object =>
      ofCluster(object, manifest =>
        valueAt(manifest, 'spec', 'replica', 'enabled') === true ||
        textAt(manifest, 'spec', 'replica', 'primary') !== undefined
          ? ['spec.replica']
          : [],
      ),
  },
  {
    id: 'custom-queries-search-path',
    since: ['1.28.4', '1.29.2', '1.30.0'],
    change:
      'Custom monitoring queries run with search_path pinned to pg_catalog, public, pg_temp (CVE-2026-55769).',
    todo: 'Qualify names of other schemas in them: myschema.mytable.',
    source: 'installation_upgrade.md, search_path hardening',
    concerns: object => ofCluster(object, customQueries),
  },
  {
    id: 'password-encoding',
    since: ['1.28.4', '1.29.2', '1.30.0'],
    change:
      'The operator encodes passwords as SCRAM-SHA-256 itself, whatever password_encryption says (CVE-2026-55765).',
    todo: 'To keep another encoding, annotate each basic-auth Secret (not the Cluster) with cnpg.io/passwordPassthrough: enabled.',
    source: 'installation_upgrade.md, operator-side password encoding',
    concerns: object =>
      ofCluster(object, manifest => {
        const encryption = textAt(manifest, 'spec', 'postgresql', 'parameters', 'password_encryption')
        return encryption === undefined || encryption === 'scram-sha-256'
          ? []
          : ['spec.postgresql.parameters.password_encryption']
      }),
  },
  {
    id: 'lease-permissions',
    since: ['1.30.0'],
    change: 'Primaries are promoted under a Lease: the operator needs leases of coordination.k8s.io.',
    todo: 'Add create, get, list, update and watch on leases to the role before the update; without them no primary is promoted.',
    source: 'installation_upgrade.md, safe primary election',
    concerns: ({ resource, manifest }) =>
      resource.kind === 'HelmRelease' && valueAt(manifest, 'spec', 'values', 'rbac', 'create') === false
        ? ['spec.values.rbac.create']
        : [],
  },
  {
    id: 'status-port-tls',
    since: ['1.30.0'],
    before: '1.24.0',
    change:
      'Instances made by an operator before 1.24 serve their status without TLS: 1.30 is answered 401 by them for good.',
    todo: 'Let them be replaced by a release from 1.24 to 1.29 first.',
    source: 'installation_upgrade.md, operator-to-instance authentication',
    concerns: object => ofCluster(object, () => ['']),
  },
  {
    id: 'in-tree-barman-removed',
    since: ['1.31.0'],
    change: 'The support of Barman Cloud inside the operator is announced to be gone.',
    todo: 'Move backups, WAL archiving and recovery to the Barman Cloud plugin before the update: without it nothing is archived.',
    source: 'release_notes/v1.30.md, important changes',
    concerns: object => ofCluster(object, inTreeBarman),
  },
]

/** The steps between two releases, the first not included. Nothing where one of them cannot be read, or for a downgrade. */
export function stepsBetween(from: string, to: string): UpgradeStep[] {
  if (valid(from) === null || valid(to) === null || compare(from, to) >= 0) return []
  return UPGRADE_STEPS.filter(
    ({ since, before }) =>
      !reached(since, from) && reached(since, to) && (before === undefined || compare(from, before) < 0),
  )
}

/**
 * Whether an update to a release restarts every Pod even where instance managers are exchanged in place.
 * Source: docs/src/installation_upgrade.md at v1.27.0, upgrading to 1.26: the startup probe changed (cloudnative-pg#6623).
 */
export function replacesPodsAnyway(from: string, to: string): boolean {
  return (
    valid(from) !== null && valid(to) !== null && compare(from, '1.26.0') < 0 && compare(to, '1.26.0') >= 0
  )
}

function reached(since: readonly string[], version: string): boolean {
  const sameLine = since.find(one => minor(one) === minor(version))
  if (sameLine !== undefined) return compare(version, sameLine) >= 0
  return since.every(one => minor(one) < minor(version))
}

function ofCluster(
  { resource, manifest }: RenderedObject,
  fields: (manifest: Manifest) => readonly string[],
): readonly string[] {
  return resource.kind === 'Cluster' && groupOf(resource.apiVersion) === 'postgresql.cnpg.io'
    ? fields(manifest)
    : []
}

function customQueries(manifest: Manifest): string[] {
  return ['customQueriesConfigMap', 'customQueriesSecret'].flatMap(name => {
    const list = valueAt(manifest, 'spec', 'monitoring', name)
    return Array.isArray(list) && list.length > 0 ? [`spec.monitoring.${name}`] : []
  })
}

function inTreeBarman(manifest: Manifest): string[] {
  const external = valueAt(manifest, 'spec', 'externalClusters')
  return [
    ...(isObject(valueAt(manifest, 'spec', 'backup', 'barmanObjectStore'))
      ? ['spec.backup.barmanObjectStore']
      : []),
    ...(Array.isArray(external) ? external : []).flatMap((item, index) =>
      isObject(valueAt(item, 'barmanObjectStore'))
        ? [`spec.externalClusters[${index}].barmanObjectStore`]
        : [],
    ),
  ]
}
