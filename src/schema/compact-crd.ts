import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'
import { readSchema } from './read-schema.ts'

/** A CustomResourceDefinition without what only people and controllers read. */
export interface CompactCrd {
  group: string
  kind: string
  /** those that the API server takes, as 'v1' */
  served: string[]
  manifest: Manifest
}

export type Compacted = { ok: true; crd: CompactCrd } | { ok: false; message: string; repair: string }

const REPAIR =
  'Take the CRD as its project releases it: apiextensions.k8s.io/v1, with a schema in each version.'

/**
 * Takes out of a CRD what validation needs: names, scope, and each version's schema with its rules in CEL. Descriptions,
 * status, conversion and columns are dropped. Group and kind are held to what the API server takes
 * (apiextensions-apiserver, pkg/apis/apiextensions/validation), so they can be part of a file's name.
 */
export function compactCrd(manifest: Manifest): Compacted {
  const name = textAt(manifest, 'metadata', 'name') ?? 'without a name'
  if (manifest.apiVersion !== 'apiextensions.k8s.io/v1')
    return refuse(
      `CRD ${name} is ${JSON.stringify(manifest.apiVersion)}, which no Kubernetes since 1.22 takes.`,
      'Take a release of the project that has it in apiextensions.k8s.io/v1.',
    )
  const group = textAt(manifest, 'spec', 'group') ?? ''
  const kind = textAt(manifest, 'spec', 'names', 'kind') ?? ''
  const scope = textAt(manifest, 'spec', 'scope')
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/.test(group) || group.length > 253)
    return refuse(`CRD ${name} has no spec.group that is a domain name.`)
  if (!/^[A-Za-z][A-Za-z0-9-]{0,62}$/.test(kind)) return refuse(`CRD ${name} has no usable spec.names.kind.`)
  if (scope !== 'Namespaced' && scope !== 'Cluster')
    return refuse(`CRD ${name} has a spec.scope that is neither Namespaced nor Cluster.`)
  const versions = valueAt(manifest, 'spec', 'versions')
  const compacted = (Array.isArray(versions) ? versions : []).map(compactVersion)
  if (compacted.length === 0 || !compacted.every(version => version !== undefined))
    return refuse(`CRD ${name} has a version without a name or without a schema.`)
  const served = compacted.flatMap(version =>
    version.served === true && typeof version.name === 'string' ? [version.name] : [],
  )
  if (served.length === 0) return refuse(`CRD ${name} serves none of its versions.`)
  const plural = textAt(manifest, 'spec', 'names', 'plural')
  return {
    ok: true,
    crd: {
      group,
      kind,
      served,
      manifest: {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name },
        spec: {
          group,
          names: { kind, ...(plural === undefined ? {} : { plural }) },
          scope,
          versions: compacted,
        },
      },
    },
  }
}

function refuse(message: string, repair = REPAIR): Compacted {
  return { ok: false, message, repair }
}

function compactVersion(version: Json): JsonObject | undefined {
  const name = textAt(version, 'name')
  const schema = valueAt(version, 'schema', 'openAPIV3Schema')
  if (name === undefined || !isObject(schema)) return undefined
  // what a schema was read from is JSON; written again it is without what was not understood
  const openAPIV3Schema: Json = JSON.parse(JSON.stringify(readSchema(schema)))
  const scale = textAt(version, 'subresources', 'scale', 'specReplicasPath')
  return {
    name,
    served: valueAt(version, 'served') === true,
    storage: valueAt(version, 'storage') === true,
    ...(scale === undefined ? {} : { subresources: { scale: { specReplicasPath: scale } } }),
    schema: { openAPIV3Schema },
  }
}
