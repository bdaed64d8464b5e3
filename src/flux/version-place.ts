import { equalJson, textAt, valueAt, type Json } from '../manifest/json.ts'
import type { RenderedHelmRelease, RenderedObject } from '../manifest/rendered.ts'
import { groupOf, resourceKey, type Manifest } from '../manifest/resource.ts'

/** Where the version of something is written: an object of the tree, and its field. */
export interface VersionPlace {
  object: RenderedObject
  /** as in a finding; '' where the object as a whole brings the version */
  field: string
}

// in the order in which a person looks for them; Flux lets digest win over semver over tag (source-controller, OCIRepository)
const OF_SOURCE = ['spec.ref.digest', 'spec.ref.semver', 'spec.ref.tag', 'spec.ref.commit', 'spec.version']
const OF_RELEASE = ['spec.chart.spec.version', 'spec.values.image.tag', 'spec.chart.spec.chart']

/**
 * Where a HelmRelease's version is written, the field that differs between two trees first: its own chart template, the source that
 * its chartRef names, or the image in its values.
 * @param base the objects that its cluster was given before; empty where nothing is compared
 * @param head the objects it is given now, the HelmRelease among them
 */
export function versionPlace(
  release: RenderedHelmRelease,
  base: readonly RenderedObject[],
  head: readonly RenderedObject[],
): VersionPlace | undefined {
  const object = head.find(
    ({ resource }) =>
      resource.kind === 'HelmRelease' &&
      groupOf(resource.apiVersion) === 'helm.toolkit.fluxcd.io' &&
      resource.namespace === release.namespace &&
      resource.name === release.name,
  )
  if (object === undefined) return undefined
  const source = sourceOf(object.manifest, release.namespace, head)
  const candidates: VersionPlace[] = [
    ...(source === undefined ? [] : OF_SOURCE.map(field => ({ object: source, field }))),
    ...OF_RELEASE.map(field => ({ object, field })),
  ].filter(place => read(place) !== undefined)
  const before = new Map(base.map(old => [resourceKey(old.resource), old]))
  const changed = candidates.find(place => {
    const old = before.get(resourceKey(place.object.resource))
    const was = old === undefined ? undefined : read({ object: old, field: place.field })
    return !equalJson(was ?? null, read(place) ?? null)
  })
  return changed ?? candidates[0] ?? { object, field: '' }
}

function sourceOf(
  release: Manifest,
  namespace: string,
  objects: readonly RenderedObject[],
): RenderedObject | undefined {
  const reference = valueAt(release, 'spec', 'chartRef')
  const where = textAt(reference, 'namespace') ?? namespace
  return objects.find(
    ({ resource }) =>
      groupOf(resource.apiVersion) === 'source.toolkit.fluxcd.io' &&
      resource.kind === textAt(reference, 'kind') &&
      resource.name === textAt(reference, 'name') &&
      resource.namespace === where,
  )
}

function read({ object, field }: VersionPlace): Json | undefined {
  return valueAt(object.manifest, ...field.split('.'))
}
