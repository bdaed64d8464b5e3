import type { Change, Impact } from './manifest/change.ts'
import { textAt, valueAt, type Json } from './manifest/json.ts'
import { unitLabel } from './manifest/rendered.ts'
import { groupOf, identify, type Manifest } from './manifest/resource.ts'
import type { TouchedUnit } from './manifest/touched-unit.ts'
import type { RenderedRepository } from './rendered-repository.ts'

/**
 * The units of the head that apply what a change touches, each with what a wait for it has to know: those whose objects
 * change, and those that are themselves changed. What another repository applies is none of them.
 */
export function touchedUnits(
  base: RenderedRepository,
  head: RenderedRepository,
  changes: readonly Change[],
  impacts: readonly Impact[],
): TouchedUnit[] {
  const wanted = new Set([
    ...changes.flatMap(({ cluster, kustomization, helmRelease, resource }) => [
      `${cluster}\0Kustomization ${kustomization}`,
      ...(helmRelease === undefined ? [] : [`${cluster}\0HelmRelease ${helmRelease}`]),
      ...(isUnit(resource)
        ? [
            `${cluster}\0${unitLabel(resource.kind === 'HelmRelease' ? resource.kind : 'Kustomization', resource)}`,
          ]
        : []),
    ]),
    ...impacts.map(({ cluster, kustomization }) => `${cluster}\0Kustomization ${kustomization}`),
  ])
  const manifests = manifestsOf(head)
  const kustomizations = head.kustomizations.flatMap((unit): TouchedUnit[] => {
    const { cluster, namespace, name, status } = unit
    const key = `${cluster}\0${unitLabel('Kustomization', unit)}`
    if (!wanted.has(key) || namespace === '' || status === 'skipped') return []
    const manifest =
      manifests.get(key) ?? head.sources.get(cluster)?.units.get(`${namespace}/${name}`)?.manifest
    const source = sourceOf(manifest, namespace)
    const branch = textAt(manifests.get(`${cluster}\0${source}`), 'spec', 'ref', 'branch')
    return [
      {
        cluster,
        kind: 'Kustomization',
        namespace,
        name,
        dependsOn: dependenciesOf(manifest, 'Kustomization', namespace),
        ...(source === undefined ? {} : { source }),
        ...(branch === undefined ? {} : { branch }),
      },
    ]
  })
  const [before, after] = [chartsOf(base), chartsOf(head)]
  // of all that are applied: one whose chart cannot differ may not have been inflated
  const releases = [...manifests].flatMap(([key, manifest]): TouchedUnit[] => {
    if (manifest.kind !== 'HelmRelease' || !wanted.has(key)) return []
    const { namespace, name } = identify(manifest)
    const chart = after.get(key)
    const version = /^\S+ v?(\d+\.\d+\.\d+\S*)$/.exec(chart ?? '')?.[1]
    return [
      {
        cluster: key.slice(0, key.indexOf('\0')),
        kind: 'HelmRelease',
        namespace,
        name,
        dependsOn: dependenciesOf(manifest, 'HelmRelease', namespace),
        ...(version === undefined || before.get(key) === chart ? {} : { chartVersion: version }),
      },
    ]
  })
  return [...kustomizations, ...releases]
}

/** 'cloudnative-pg 0.27.0' of the HelmReleases that were inflated, by cluster and label. */
function chartsOf({ helmReleases }: RenderedRepository): Map<string, string> {
  return new Map(
    helmReleases.map(release => [`${release.cluster}\0${unitLabel('HelmRelease', release)}`, release.chart]),
  )
}

function isUnit({ apiVersion, kind }: Change['resource']): boolean {
  const group = groupOf(apiVersion)
  return (
    (kind === 'Kustomization' && group === 'kustomize.toolkit.fluxcd.io') ||
    (kind === 'HelmRelease' && group === 'helm.toolkit.fluxcd.io')
  )
}

/** The Flux objects of units and sources, by cluster and label. */
function manifestsOf({ kustomizations }: RenderedRepository): Map<string, Manifest> {
  return new Map(
    kustomizations.flatMap(({ cluster, objects }) =>
      objects
        .filter(({ resource }) => isUnit(resource) || resource.kind === 'GitRepository')
        .map(({ resource, manifest }) => [
          `${cluster}\0${resource.kind} ${resource.namespace}/${resource.name}`,
          manifest,
        ]),
    ),
  )
}

function sourceOf(manifest: Manifest | undefined, namespace: string): string | undefined {
  const reference = valueAt(manifest, 'spec', 'sourceRef')
  const [kind, name] = [textAt(reference, 'kind'), textAt(reference, 'name')]
  if (kind === undefined || name === undefined) return undefined
  return `${kind} ${textAt(reference, 'namespace') ?? namespace}/${name}`
}

/** A dependency without a namespace is in that of who waits (kustomize-controller, helm-controller: checkDependencies). */
function dependenciesOf(
  manifest: Manifest | undefined,
  kind: TouchedUnit['kind'],
  namespace: string,
): string[] {
  const list: Json | undefined = valueAt(manifest, 'spec', 'dependsOn')
  return (Array.isArray(list) ? list : []).flatMap(entry => {
    const name = textAt(entry, 'name')
    return name === undefined ? [] : [`${kind} ${textAt(entry, 'namespace') ?? namespace}/${name}`]
  })
}
