import { isReplica, majorVersion } from './cluster-facts.ts'
import { pingerOf } from './annotations.ts'
import type { Bootstrap, Cluster, ClusterSpec } from './cluster-types.ts'
import { parseBool } from './go-values.ts'
import { since, type OperatorRelease } from './operator-release.ts'
import { operatorParameters } from './parameters.ts'

/**
 * api/v1/cluster_defaults.go setDefaults, with the default configuration of the operator (no INCLUDE_PLUGINS, no
 * MONITORING_QUERIES_CONFIGMAP).
 * @param how `keepFixed`: Default(), the mutating webhook; else SetDefaults(), which the update rules use on the old object
 * @returns the spec with what the operator writes into it; the one given is not changed
 */
export function defaultedSpec(
  cluster: Cluster,
  release: OperatorRelease,
  how: { keepFixed: boolean },
): ClusterSpec {
  const spec: ClusterSpec = structuredClone(cluster.spec)
  const defaulted: Cluster = { ...cluster, spec }
  if (isEmpty(spec.imageName) && spec.imageCatalogRef === undefined) spec.imageName = release.defaultImage
  spec.bootstrap ??= {}
  defaultBootstrap(spec.bootstrap, release)
  spec.affinity ??= {}
  if (spec.affinity.enablePodAntiAffinity !== false && isEmpty(spec.affinity.podAntiAffinityType))
    spec.affinity.podAntiAffinityType = 'preferred'
  if (spec.backup !== undefined && isEmpty(spec.backup.target)) spec.backup.target = 'prefer-standby'
  spec.postgresql ??= {}
  if (majorVersion(defaulted, release) !== undefined)
    spec.postgresql.parameters = operatorParameters(
      spec.postgresql.parameters ?? {},
      {
        keepFixed: how.keepFixed,
        isReplica: isReplica(defaulted),
        walArchivingDisabled: cluster.annotations['cnpg.io/skipWalArchiving'] === 'enabled',
      },
      release,
    )
  if (isEmpty(spec.logLevel)) spec.logLevel = 'info'
  // defaultMonitoringQueries: the section appears even where no queries are configured
  if (spec.monitoring?.disableDefaultQueries !== true) spec.monitoring ??= {}
  spec.replicationSlots ??= {}
  spec.replicationSlots.highAvailability ??= { enabled: true, slotPrefix: '_cnpg_' }
  spec.replicationSlots.synchronizeReplicas ??= { enabled: true }
  const owner = applicationOwner(spec.bootstrap) ?? 'postgres'
  for (const tablespace of spec.tablespaces ?? []) {
    tablespace.owner ??= {}
    if (isEmpty(tablespace.owner.name)) tablespace.owner.name = owner
  }
  const { synchronous } = spec.postgresql
  if (synchronous !== undefined && isEmpty(synchronous.dataDurability))
    synchronous.dataDurability = 'required'
  if (since(release, '1.27.0')) setProbes(spec, cluster.annotations)
  if (since(release, '1.28.0') && synchronous !== undefined) {
    // tryConvertAlphaFailoverQuorum
    const quorum = parseBool(cluster.annotations['alpha.cnpg.io/failoverQuorum'] ?? '')
    if (quorum !== undefined) synchronous.failoverQuorum = quorum
  }
  return spec
}

function defaultBootstrap(bootstrap: Bootstrap, release: OperatorRelease): void {
  const method = bootstrap.recovery ?? bootstrap.pg_basebackup
  if (method !== undefined) {
    if (isEmpty(method.database)) method.database = 'app'
    if (isEmpty(method.owner)) method.owner = method.database ?? ''
    return
  }
  bootstrap.initdb ??= { database: 'app', owner: 'app' }
  const { initdb } = bootstrap
  const namesItself = since(release, '1.26.1') && initdb.import?.type === 'monolith'
  if (isEmpty(initdb.database) && !namesItself) initdb.database = 'app'
  if (isEmpty(initdb.owner)) initdb.owner = initdb.database ?? ''
  if (isEmpty(initdb.encoding)) initdb.encoding = 'UTF8'
  if (isEmpty(initdb.localeCollate)) initdb.localeCollate = 'C'
  if (isEmpty(initdb.localeCType)) initdb.localeCType = 'C'
}

/** GetApplicationDatabaseOwner */
function applicationOwner({ recovery, pg_basebackup, initdb }: Bootstrap): string | undefined {
  return [recovery?.owner, pg_basebackup?.owner, initdb?.owner].find(owner => !isEmpty(owner))
}

function setProbes(spec: ClusterSpec, annotations: Cluster['annotations']): void {
  spec.probes ??= {}
  spec.probes.liveness ??= {}
  spec.probes.liveness.isolationCheck ??= pingerOf(annotations) ?? {
    enabled: true,
    requestTimeout: 1000,
    connectionTimeout: 1000,
  }
}

function isEmpty(text: string | undefined): boolean {
  return text === undefined || text === ''
}
