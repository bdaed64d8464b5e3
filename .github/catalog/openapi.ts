import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { strip, type Kind, type Schema } from './schema.ts'

// Go fields without omitempty are "required" in the OpenAPI of built-in kinds, yet the API server takes their zero
// value for an absent one. Where the zero value passes the API server's own validation, absent is fine.
const ZERO_IS_FINE: Record<string, string[]> = {
  'io.k8s.api.scheduling.v1.PriorityClass': ['value'],
  'io.k8s.api.core.v1.HTTPHeader': ['value'],
  'io.k8s.api.core.v1.Sysctl': ['value'],
  'io.k8s.api.apps.v1.StatefulSetSpec': ['serviceName'],
  'io.k8s.api.discovery.v1.EndpointSlice': ['endpoints'],
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition': ['status'],
}
const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const ANYTHING = { 'x-kubernetes-preserve-unknown-fields': true }

/** The kinds that can be created, from the OpenAPI v3 files of one Kubernetes version. */
export function kindsOfOpenApi(directory: string): Kind[] {
  const kinds = new Map<string, Kind>()
  for (const file of globSync('api*__v*_openapi.json', { cwd: directory }).toSorted()) {
    const { paths, components } = JSON.parse(readFileSync(path.join(directory, file), 'utf8'))
    for (const [route, operations] of Object.entries<any>(paths)) {
      const named = operations.post?.['x-kubernetes-group-version-kind']
      if (named === undefined || route.includes('{name}')) continue
      const { group, kind, version } = named
      const name = Object.keys(components.schemas).find(candidate =>
        components.schemas[candidate]['x-kubernetes-group-version-kind']?.some(
          (one: any) => one.group === group && one.kind === kind && one.version === version,
        ),
      )
      if (name === undefined) continue
      const known = kinds.get(`${group}/${kind}`)
      const scope = route.includes('/namespaces/{namespace}/') ? 'Namespaced' : 'Cluster'
      const schema = expand(name, components.schemas)
      kinds.set(`${group}/${kind}`, {
        group,
        kind,
        scope: known?.scope === 'Namespaced' ? 'Namespaced' : scope,
        versions: { ...known?.versions, [version]: { served: true, schema } },
      })
    }
  }
  return [...kinds.values()]
}

function expand(name: string, schemas: Record<string, Schema>): Schema {
  const inline = (schema: Schema, open: readonly string[]): Schema => {
    const all = schema['allOf'] as Schema[] | undefined
    const reference = (schema['$ref'] ?? (all?.length === 1 ? all[0]?.['$ref'] : undefined)) as
      | string
      | undefined
    if (reference !== undefined) {
      const target = reference.slice(reference.lastIndexOf('/') + 1)
      // JSONSchemaProps holds itself; the API server checks CRDs by rules of their own
      if (open.includes(target) || target.endsWith('.JSONSchemaProps')) return ANYTHING
      const { allOf: _, $ref: __, default: ___, ...beside } = schema
      return { ...inline(named(target), [...open, target]), ...extensionsOf(beside) }
    }
    const copy: Schema = {}
    for (const [key, value] of Object.entries(schema)) {
      if (key === 'properties')
        copy[key] = Object.fromEntries(
          Object.entries(value as Record<string, Schema>).map(([field, inner]) => [
            field,
            inline(inner, open),
          ]),
        )
      else if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object'))
        copy[key] = inline(value as Schema, open)
      // OpenAPI tells Go's zero values as defaults; the ones that mean something are kept
      else if (key === 'default' && (value === '' || value === 0 || value === false || isEmpty(value)))
        continue
      else if (key === 'x-kubernetes-group-version-kind') continue
      else copy[key] = value
    }
    return copy
  }
  const named = (target: string): Schema => {
    const schema = schemas[target]
    if (schema === undefined) throw new Error(`no schema ${target}`)
    const fine = ZERO_IS_FINE[target] ?? []
    if (target.endsWith('.Quantity')) return { 'x-kubernetes-int-or-string': true, format: 'quantity' }
    if (target.endsWith('.IntOrString')) return { 'x-kubernetes-int-or-string': true }
    const required = (schema['required'] as string[] | undefined)?.filter(field => !fine.includes(field))
    return required === undefined ? schema : { ...schema, required }
  }
  const whole = inline(named(name), [name])
  const properties = whole['properties'] as Record<string, Schema>
  // status of a built-in kind is never applied: whatever stands there is dropped on create
  if ('status' in properties) properties['status'] = { type: 'object', ...ANYTHING }
  // the validator knows ObjectMeta by itself; ListMeta kinds are not created
  if ('metadata' in properties && OBJECT_META in schemas) properties['metadata'] = { type: 'object' }
  // built-in kinds are decoded into Go: null is a zero value, int32 is checked
  return strip({ ...whole, 'x-kubernetes-go-type': true })
}

function extensionsOf(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key.startsWith('x-kubernetes-')))
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
