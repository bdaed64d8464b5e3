import type { Finding } from '../manifest/finding.ts'
import { canonicalJson, isObject, type JsonObject } from '../manifest/json.ts'
import type { RenderedKustomization, RenderedObject } from '../manifest/rendered.ts'
import { resourceKey, type Manifest } from '../manifest/resource.ts'

/**
 * Objects that two Kustomizations of one cluster apply with different content: each takes its version back every
 * interval. Equal content, and what labels or annotations alone make different, is left alone: many trees share a
 * Namespace on purpose.
 */
export function appliedTwice(kustomizations: readonly RenderedKustomization[]): Finding[] {
  const first = new Map<string, { owner: RenderedKustomization; object: RenderedObject }>()
  const findings: Finding[] = []
  for (const owner of kustomizations) {
    for (const object of owner.objects) {
      const key = `${owner.cluster} ${resourceKey(object.resource)}`
      const known = first.get(key)
      if (known === undefined) first.set(key, { owner, object })
      else if (known.owner !== owner && !sameButLabels(known.object.manifest, object.manifest))
        findings.push({
          ruleId: 'flux-applied-twice',
          level: 'warning',
          message: `It is applied by Kustomization ${nameOf(known.owner)} and, differently, by ${nameOf(owner)}: each undoes the other.`,
          repair: 'Leave it to one of them.',
          resource: object.resource,
          cluster: owner.cluster,
          kustomization: nameOf(owner),
          ...object.origin,
        })
    }
  }
  return findings
}

function nameOf({ namespace, name }: RenderedKustomization): string {
  return `${namespace}/${name}`
}

function sameButLabels(a: Manifest, b: Manifest): boolean {
  return canonicalJson(bare(a)) === canonicalJson(bare(b))
}

function bare(manifest: Manifest): JsonObject {
  if (!isObject(manifest.metadata)) return manifest
  const { labels: _labels, annotations: _annotations, ...metadata } = manifest.metadata
  return { ...manifest, metadata }
}
