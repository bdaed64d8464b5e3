import type { ExternalObject } from '../config/config.ts'
import type { Finding } from '../manifest/finding.ts'
import { textAt, valueAt } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { RenderedKustomization, RenderedObject } from '../manifest/rendered.ts'
import { groupOf } from '../manifest/resource.ts'
import { fluxSeconds } from './duration.ts'
import { isDatabase, isKustomization, isOpen } from './flux-kinds.ts'

/** Kinds that people write into Git; others are as often made by charts and operators. */
const WRITTEN = new Set([
  'kustomize.toolkit.fluxcd.io/Kustomization',
  'helm.toolkit.fluxcd.io/HelmRelease',
  'source.toolkit.fluxcd.io/GitRepository',
  'source.toolkit.fluxcd.io/OCIRepository',
  'source.toolkit.fluxcd.io/HelmRepository',
  'postgresql.cnpg.io/Cluster',
  'postgresql.cnpg.io/Database',
  'postgresql.cnpg.io/Pooler',
  'barmancloud.cnpg.io/ObjectStore',
  'external-secrets.io/ExternalSecret',
])

/**
 * Seen on CloudNativePG 1.28.0 with the images on the node: three instances took 52 s to be created, one after another.
 */
const SECONDS_AN_INSTANCE = 17

/**
 * What is wrong with the health checks of the Kustomizations of one cluster: objects that nothing applies, which are waited for
 * until the timeout at every new revision, and timeouts shorter than a database takes to be there.
 * Source: kustomize-controller 1.9, checkHealth, inventory.ReferenceToObjMetadataSet, Kustomization.GetTimeout.
 * @param isWhole whether everything was rendered: else what seems to be missing may be there unseen
 */
export function healthCheckFindings(
  objects: readonly RenderedObject[],
  kustomizations: readonly RenderedKustomization[],
  external: readonly ExternalObject[],
  isWhole: boolean,
): Finding[] {
  return objects.flatMap(object =>
    isKustomization(object.resource)
      ? [
          ...(isWhole ? unknownChecks(object, objects, external) : []),
          ...shortTimeout(object, objects, kustomizations),
        ]
      : [],
  )
}

interface Check {
  group: string
  kind: string
  namespace: string
  name: string
  index: number
}

function checksOf({ manifest }: RenderedObject): Check[] {
  // they are left alone where it waits for everything it applies
  const list = valueAt(manifest, 'spec', 'wait') === true ? [] : valueAt(manifest, 'spec', 'healthChecks')
  return (Array.isArray(list) ? list : []).map((entry, index) => ({
    group: groupOf(textAt(entry, 'apiVersion') || 'apps/v1'),
    kind: textAt(entry, 'kind') ?? '',
    namespace: textAt(entry, 'namespace') ?? '',
    name: textAt(entry, 'name') ?? '',
    index,
  }))
}

function unknownChecks(
  object: RenderedObject,
  objects: readonly RenderedObject[],
  external: readonly ExternalObject[],
): Finding[] {
  return checksOf(object).flatMap(({ group, kind, namespace, name, index }): Finding[] => {
    if (!WRITTEN.has(`${group}/${kind}`) || isOpen(namespace + name)) return []
    const alike = objects.filter(
      ({ resource }) => resource.kind === kind && groupOf(resource.apiVersion) === group,
    )
    if (alike.some(({ resource }) => resource.namespace === namespace && resource.name === name)) return []
    if (external.some(known => known.kind === kind && known.namespace === namespace && known.name === name))
      return []
    const here = alike
      .filter(({ resource }) => resource.namespace === namespace)
      .map(({ resource }) => resource.name)
    const near = nearName(name, here)
    const elsewhere = alike.find(({ resource }) => resource.name === name)?.resource.namespace
    const hint =
      namespace === ''
        ? 'It names no namespace, and targetNamespace is not added to it. '
        : near !== undefined
          ? `Did you mean ${near}? `
          : elsewhere === undefined
            ? ''
            : `There is one in namespace ${elsewhere}. `
    return [
      {
        ruleId: 'flux-health-check-unknown',
        level: 'warning',
        message: `It waits for ${kind} ${namespace === '' ? '' : `${namespace}/`}${name}, which nothing in this repository applies: the Kustomization fails when its timeout is over.`,
        repair: `${hint}Correct namespace or name, or declare ${kind} ${namespace}/${name} under \`external:\` in .github/cnpg-steward.yaml.`,
        resource: object.resource,
        field: `spec.healthChecks[${index}].name`,
        ...object.origin,
      },
    ]
  })
}

function shortTimeout(
  object: RenderedObject,
  objects: readonly RenderedObject[],
  kustomizations: readonly RenderedKustomization[],
): Finding[] {
  const timeout = timeoutOf(object)
  if (timeout === undefined) return []
  const { resource, manifest } = object
  const waited =
    valueAt(manifest, 'spec', 'wait') === true
      ? (kustomizations
          .find(unit => unit.namespace === resource.namespace && unit.name === resource.name)
          ?.objects.filter(isDatabase) ?? [])
      : objects.filter(
          one =>
            isDatabase(one) &&
            checksOf(object).some(
              ({ group, kind, namespace, name }) =>
                group === 'postgresql.cnpg.io' &&
                kind === 'Cluster' &&
                namespace === one.resource.namespace &&
                name === one.resource.name,
            ),
        )
  const instances = Math.max(
    0,
    ...waited.map(({ manifest: cluster }) => Number(valueAt(cluster, 'spec', 'instances') ?? 1) || 0),
  )
  const needed = instances * SECONDS_AN_INSTANCE
  if (timeout >= needed) return []
  return [
    {
      ruleId: 'flux-health-check-timeout',
      level: 'warning',
      message: `It waits ${timeout} s for a Cluster of ${instances} instances, which takes about ${needed} s to be created even where the images are there already: the Kustomization fails meanwhile.`,
      repair: 'Give it a spec.timeout of some minutes.',
      resource,
      field: valueAt(manifest, 'spec', 'timeout') === undefined ? 'spec.interval' : 'spec.timeout',
      ...object.origin,
    },
  ]
}

/** In seconds; undefined where it cannot be read. */
function timeoutOf({ manifest }: RenderedObject): number | undefined {
  const timeout = textAt(manifest, 'spec', 'timeout')
  if (timeout !== undefined) {
    const seconds = fluxSeconds(timeout)
    return seconds === undefined ? undefined : Math.max(30, seconds)
  }
  const interval = fluxSeconds(textAt(manifest, 'spec', 'interval') ?? '')
  return interval === undefined ? undefined : Math.max(30, interval - 30)
}
