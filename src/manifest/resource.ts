import { isObject, textAt, type Json, type JsonObject } from './json.ts'

/** A Kubernetes object as JSON, as it would be applied. */
export type Manifest = JsonObject

/** What names a Kubernetes object. `namespace` is '' for objects without one. */
export interface Resource {
  apiVersion: string
  kind: string
  namespace: string
  name: string
}

/** Reads the identity of an object; parts that are missing or no text come out as ''. */
export function identify(manifest: Manifest): Resource {
  return {
    apiVersion: textAt(manifest, 'apiVersion') ?? '',
    kind: textAt(manifest, 'kind') ?? '',
    namespace: textAt(manifest, 'metadata', 'namespace') ?? '',
    name: textAt(manifest, 'metadata', 'name') ?? '',
  }
}

/** The API group of an apiVersion: 'apps' of 'apps/v1', '' of 'v1'. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash === -1 ? '' : apiVersion.slice(0, slash)
}

/** One string for an identity. The version is left out: the API server keeps one object under all versions of a group. */
export function resourceKey(resource: Resource): string {
  return `${groupOf(resource.apiVersion)}/${resource.kind}/${resource.namespace}/${resource.name}`
}

/** How reports name an object: 'Cluster databases/postgres', 'Namespace databases'. */
export function resourceLabel(resource: Resource): string {
  return `${resource.kind} ${resource.namespace === '' ? '' : `${resource.namespace}/`}${resource.name}`
}

/** True for what can be an object of Kubernetes at all: a map that has apiVersion and kind. */
export function isManifest(value: Json | undefined): value is Manifest {
  return isObject(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string'
}
