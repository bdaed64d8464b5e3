import {
  BARMAN_PLUGIN,
  OPERATOR,
  imageOf,
  isChart,
  operatorVersion,
  type Deployed,
} from './cnpg/operator-version.ts'
import { versionPlace, type VersionPlace } from './flux/version-place.ts'
import { canonicalJson, textAt, valueAt } from './manifest/json.ts'
import type { Place } from './manifest/place.ts'
import type {
  RenderedHelmRelease,
  RenderedKustomization,
  RenderedObject,
  RenderedTree,
} from './manifest/rendered.ts'
import { groupOf, resourceKey, type Manifest } from './manifest/resource.ts'

/** A change of the version of something that brings kinds into a Kubernetes cluster. */
export interface VersionBump {
  cluster: string
  /** what people call it: 'CloudNativePG', 'cert-manager', 'Kustomization flux-system/crds' */
  name: string
  /** '1.28.0', 'chart 0.27.0'; '' where what brings the kinds has no version */
  from: string
  to: string
  /** the API groups of the kinds */
  groups: ReadonlySet<string>
  /** 'group/Kind' of those that differ, where it is known which do; absent: any of the groups may */
  kinds?: ReadonlySet<string>
  /** the HelmRelease, Deployment or CRD that brings it, with the field the version is written in */
  writtenIn?: VersionPlace
  /** where there is no such object: the entry of a kustomization that names a file elsewhere */
  place?: Place
}

/**
 * What a change gives another version of, as far as that may change kinds: the operator and its plugin by their versions, whatever
 * else by the CustomResourceDefinitions that differ.
 */
export function versionBumps(base: RenderedTree, head: RenderedTree): VersionBump[] {
  const clusters = new Set([...head.kustomizations, ...head.helmReleases].map(unit => unit.cluster))
  return [...clusters].flatMap(cluster => {
    const before = unitsOf(base, cluster)
    const after = unitsOf(head, cluster)
    const bumps: VersionBump[] = [OPERATOR, BARMAN_PLUGIN].flatMap(deployed => {
      const charts = { from: chartIn(before, deployed), to: chartIn(after, deployed) }
      const versions = {
        from: operatorVersion(base, cluster, deployed)?.version,
        to: operatorVersion(head, cluster, deployed)?.version,
      }
      const from = versions.from ?? charts.from
      const to = versions.to ?? charts.to
      if (from === undefined || to === undefined || from === to) return []
      // one side was rendered and told its version, and the other was not: that is no update
      const half = versions.from === undefined || versions.to === undefined
      if (half && charts.from === charts.to) return []
      return [
        {
          cluster,
          name: deployed.name,
          from,
          to,
          groups: new Set([deployed.group]),
          ...writtenAt(deployed, before, after),
        },
      ]
    })
    const known = new Set<string>(bumps.flatMap(({ groups }) => [...groups]))
    return [...bumps, ...definitionBumps(cluster, before, after, known)]
  })
}

type Unit = RenderedKustomization | RenderedHelmRelease

function unitsOf(tree: RenderedTree, cluster: string): Unit[] {
  return [...tree.kustomizations, ...tree.helmReleases].filter(unit => unit.cluster === cluster)
}

function objectsOf(units: readonly Unit[]): RenderedObject[] {
  return units.flatMap(({ objects }) => objects)
}

/** 'chart 0.31.0': what is known where the chart cannot be had and what it deploys is not known. */
function chartIn(units: readonly Unit[], { chart }: Deployed): string | undefined {
  const release = units.find(unit => 'chart' in unit && isChart(unit.chart, chart))
  return release !== undefined && 'chart' in release
    ? `chart ${release.chart.split(' ').slice(1).join(' ')}`.trimEnd()
    : undefined
}

/** Where a version of something is written: in an object, or else in an entry of a kustomization that names a file elsewhere. */
export function versionWrittenAt(
  deployed: Deployed,
  cluster: string,
  base: RenderedTree,
  head: RenderedTree,
): Pick<VersionBump, 'writtenIn' | 'place'> {
  return writtenAt(deployed, unitsOf(base, cluster), unitsOf(head, cluster))
}

function writtenAt(
  { chart, image, manifest }: Deployed,
  before: readonly Unit[],
  after: readonly Unit[],
): Pick<VersionBump, 'writtenIn' | 'place'> {
  const deployment = objectsOf(after).find(object => image.test(imageOf(object)))
  const release = after.find(
    (unit): unit is RenderedHelmRelease =>
      'chart' in unit &&
      (deployment === undefined ? isChart(unit.chart, chart) : unit.objects.includes(deployment)),
  )
  if (release !== undefined) {
    const writtenIn = versionPlace(release, objectsOf(before), objectsOf(after))
    return writtenIn === undefined ? {} : { writtenIn }
  }
  if (deployment !== undefined)
    return { writtenIn: { object: deployment, field: 'spec.template.spec.containers[0].image' } }
  const remote = after
    .flatMap(unit => ('path' in unit ? (unit.leftOut ?? []) : []))
    .find(({ message }) => manifest.test(message))
  return remote?.file === undefined ? {} : { place: { file: remote.file, line: remote.line ?? 1 } }
}

/** CRDs that both sides have and that differ, one bump for each chart or Kustomization that brings them. */
function definitionBumps(
  cluster: string,
  before: readonly Unit[],
  after: readonly Unit[],
  known: ReadonlySet<string>,
): VersionBump[] {
  const old = new Map(
    objectsOf(before)
      .filter(isDefinition)
      .map(object => [resourceKey(object.resource), object]),
  )
  // equal inputs render equal objects: CRDs are large, and most units are as they were
  const same = new Set(before.map(keyOf))
  return after.flatMap(unit => {
    if (same.has(keyOf(unit))) return []
    const changed = unit.objects.filter(object => {
      const was = isDefinition(object) ? old.get(resourceKey(object.resource)) : undefined
      return (
        was !== undefined &&
        !known.has(definedGroup(object.manifest)) &&
        was.manifest !== object.manifest &&
        canonicalJson(was.manifest.spec ?? null) !== canonicalJson(object.manifest.spec ?? null)
      )
    })
    const [first] = changed
    if (first === undefined) return []
    const bump = {
      cluster,
      groups: new Set(changed.map(({ manifest }) => definedGroup(manifest))),
      kinds: new Set(
        changed.map(
          ({ manifest }) => `${definedGroup(manifest)}/${textAt(manifest, 'spec', 'names', 'kind') ?? ''}`,
        ),
      ),
    }
    if (!('chart' in unit))
      return [
        {
          ...bump,
          name: changed.length === 1 ? `CRD ${first.resource.name}` : `${changed.length} CRDs`,
          from: '',
          to: '',
          writtenIn: { object: first, field: 'spec.versions' },
        },
      ]
    const earlier = before.find(
      (other): other is RenderedHelmRelease =>
        'chart' in other && other.namespace === unit.namespace && other.name === unit.name,
    )
    const writtenIn = versionPlace(unit, objectsOf(before), objectsOf(after))
    const [name = unit.name, to = ''] = unit.chart.split(' ')
    const from = earlier?.chart.split(' ')[1] ?? ''
    return [
      {
        ...bump,
        name: `chart ${name}`,
        ...(from === to ? { from: '', to: '' } : { from, to }),
        ...(writtenIn === undefined ? {} : { writtenIn }),
      },
    ]
  })
}

function keyOf(unit: Unit): string {
  return JSON.stringify(['chart' in unit, unit.namespace, unit.name, unit.inputs])
}

function isDefinition({ resource }: RenderedObject): boolean {
  return (
    resource.kind === 'CustomResourceDefinition' && groupOf(resource.apiVersion) === 'apiextensions.k8s.io'
  )
}

function definedGroup(definition: Manifest): string {
  return textAt(definition, 'spec', 'group') ?? ''
}

/** What a CRD says about a version of its kind when it is used, where it is deprecated. */
export function deprecationOf(
  objects: readonly RenderedObject[],
  { apiVersion, kind }: { apiVersion: string; kind: string },
): string | undefined {
  const definition = objects.findLast(
    object =>
      isDefinition(object) &&
      definedGroup(object.manifest) === groupOf(apiVersion) &&
      textAt(object.manifest, 'spec', 'names', 'kind') === kind,
  )
  const versions = valueAt(definition?.manifest, 'spec', 'versions')
  const version = Array.isArray(versions)
    ? versions.find(one => `${groupOf(apiVersion)}/${textAt(one, 'name') ?? ''}` === apiVersion)
    : undefined
  if (valueAt(version, 'deprecated') !== true) return undefined
  // apiextensions-apiserver, pkg/apiserver/customresource_handler.go: the warning it makes where the CRD brings none
  return textAt(version, 'deprecationWarning') ?? `${apiVersion} ${kind} is deprecated`
}

/** 'CloudNativePG 1.28.0 → 1.30.0' */
export function bumpLabel({ name, from, to }: VersionBump): string {
  return from === '' && to === '' ? `the new ${name}` : `${name} ${from} → ${to}`.replaceAll('  ', ' ')
}
