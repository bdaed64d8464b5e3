import type { Finding } from '../manifest/finding.ts'
import { valueAt, type Json } from '../manifest/json.ts'
import type { RenderedObject } from '../manifest/rendered.ts'
import { resourceKey } from '../manifest/resource.ts'

/**
 * Finalizers that stood in Git and go: server-side apply takes them from the live object, and whoever cleans up behind it (a
 * controller that drops a database, keeps a claim that is in use, prunes what it applied) is not asked any more.
 */
export function finalizerFindings(
  objects: readonly RenderedObject[],
  before: readonly RenderedObject[],
): Finding[] {
  const known = new Map(before.map(object => [resourceKey(object.resource), object]))
  return objects.flatMap(({ manifest, resource, origin }): Finding[] => {
    const here = finalizersOf(manifest)
    const gone = finalizersOf(known.get(resourceKey(resource))?.manifest).filter(name => !here.includes(name))
    return gone.length === 0
      ? []
      : [
          {
            ruleId: 'flux-finalizer-removed',
            level: 'warning',
            message: `Finalizer ${gone.join(', ')} goes: when the object is deleted later, it goes at once, and nothing is cleaned up or held back for it.`,
            repair: 'Keep it, unless the controller that set it is gone for good.',
            resource,
            field: here.length === 0 ? 'metadata' : 'metadata.finalizers',
            ...origin,
          },
        ]
  })
}

function finalizersOf(manifest: Json | undefined): string[] {
  const list = valueAt(manifest, 'metadata', 'finalizers')
  return Array.isArray(list) ? list.filter(item => typeof item === 'string') : []
}
