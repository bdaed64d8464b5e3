import type { Finding } from '../manifest/finding.ts'
import { textAt, valueAt } from '../manifest/json.ts'
import type { RenderedKustomization, RenderedObject } from '../manifest/rendered.ts'
import { groupOf, resourceLabel } from '../manifest/resource.ts'
import { isDatabase, isKustomization, KUSTOMIZE_GROUP } from './flux-kinds.ts'

const FORCE = `${KUSTOMIZE_GROUP}/force`

/**
 * Databases and volumes that Flux deletes and creates anew as soon as the API server or a webhook refuses an update of them:
 * spec.force of the Kustomization, or force: enabled on the object. There is no way out for one object: of the annotation only
 * `enabled` is read (fluxcd/pkg ssa 0.76 manager_apply.go shouldForceApply; devantler-tech/platform#2159 lost a database so).
 */
export function forceFindings(
  objects: readonly RenderedObject[],
  kustomizations: readonly RenderedKustomization[],
): Finding[] {
  return [
    ...objects
      .filter(({ resource }) => isKustomization(resource))
      .flatMap(one => byKustomization(one, kustomizations)),
    ...objects.filter(holdsData).flatMap(byAnnotation),
  ]
}

function holdsData(object: RenderedObject): boolean {
  const { kind, apiVersion } = object.resource
  return isDatabase(object) || (kind === 'PersistentVolumeClaim' && groupOf(apiVersion) === '')
}

const REFUSED = 'a smaller storage, a lower major version'

function byKustomization(
  { resource, manifest, origin }: RenderedObject,
  kustomizations: readonly RenderedKustomization[],
): Finding[] {
  if (valueAt(manifest, 'spec', 'force') !== true) return []
  const held = kustomizations
    .filter(unit => unit.namespace === resource.namespace && unit.name === resource.name)
    .flatMap(unit => unit.objects.filter(holdsData))
  if (held.length === 0) return []
  const trusting = held.some(one => isAnnotated(one, 'disabled'))
  return [
    {
      ruleId: 'flux-force-database',
      level: 'warning',
      message: `With spec.force an update that is refused (${REFUSED}) deletes ${held.map(one => resourceLabel(one.resource)).join(', ')} with all data and creates it anew.${trusting ? ` The annotation ${FORCE}: disabled does not help: only "enabled" is read.` : ''}`,
      repair: 'Take spec.force away, or apply the database by a Kustomization of its own without it.',
      resource,
      field: 'spec.force',
      ...origin,
    },
  ]
}

function byAnnotation(object: RenderedObject): Finding[] {
  if (!isAnnotated(object, 'enabled')) return []
  const { resource, origin } = object
  return [
    {
      ruleId: 'flux-force-database',
      level: 'warning',
      message: `${FORCE}: enabled makes Flux delete ${resourceLabel(resource)} with all data and create it anew when an update is refused (${REFUSED}).`,
      repair: 'Take the annotation away.',
      resource,
      field: `metadata.annotations[${FORCE}]`,
      ...origin,
    },
  ]
}

function isAnnotated({ manifest }: RenderedObject, value: string): boolean {
  return ['annotations', 'labels'].some(
    holder => textAt(manifest, 'metadata', holder, FORCE)?.toLowerCase() === value,
  )
}
