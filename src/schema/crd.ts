import { isObject, textAt, valueAt } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'
import { readSchema } from './read-schema.ts'
import type { KindSchema, SchemaSource, StructuralSchema } from './structural.ts'

/**
 * The schemas that rendered CustomResourceDefinitions (apiextensions.k8s.io/v1) define; objects of other kinds are passed
 * over, so a whole tree can be given. Of two CRDs for one kind the later wins, as in the cluster.
 * @param source what reports call them
 */
export function fromCrds(manifests: Iterable<Manifest>, source = 'the CRD in this repository'): SchemaSource {
  const kinds = new Map<string, KindSchema>()
  for (const manifest of manifests) {
    const kind = readCrd(manifest, source)
    if (kind !== undefined) kinds.set(`${kind.group}/${kind.kind}`, kind)
  }
  return { find: (group, kind) => kinds.get(`${group}/${kind}`) }
}

function readCrd(manifest: Manifest, source: string): KindSchema | undefined {
  if (manifest.kind !== 'CustomResourceDefinition' || manifest.apiVersion !== 'apiextensions.k8s.io/v1')
    return undefined
  const group = textAt(manifest, 'spec', 'group')
  const kind = textAt(manifest, 'spec', 'names', 'kind')
  const scope = textAt(manifest, 'spec', 'scope')
  const versions = valueAt(manifest, 'spec', 'versions')
  if (group === undefined || kind === undefined || (scope !== 'Namespaced' && scope !== 'Cluster'))
    return undefined
  if (!Array.isArray(versions)) return undefined
  const schemas = new Map<string, StructuralSchema>()
  const scales = new Map<string, string>()
  const served: string[] = []
  for (const version of versions) {
    const name = textAt(version, 'name')
    const schema = valueAt(version, 'schema', 'openAPIV3Schema')
    if (name === undefined || !isObject(schema)) continue
    if (valueAt(version, 'served') === true) served.push(name)
    schemas.set(name, readSchema(schema))
    const scale = textAt(version, 'subresources', 'scale', 'specReplicasPath')
    if (scale !== undefined) scales.set(name, scale)
  }
  return {
    group,
    kind,
    scope,
    served,
    source,
    exact: true,
    scaleOf: version => scales.get(version),
    schemaOf: version => schemas.get(version),
  }
}
