import type { RenderedObject } from '../manifest/rendered.ts'
import { groupOf, type Resource } from '../manifest/resource.ts'

export const KUSTOMIZE_GROUP = 'kustomize.toolkit.fluxcd.io'
export const HELM_GROUP = 'helm.toolkit.fluxcd.io'

export function isKustomization({ apiVersion, kind }: Resource): boolean {
  return kind === 'Kustomization' && groupOf(apiVersion) === KUSTOMIZE_GROUP
}

/** A Cluster of CloudNativePG. */
export function isDatabase({ resource }: RenderedObject): boolean {
  return resource.kind === 'Cluster' && groupOf(resource.apiVersion) === 'postgresql.cnpg.io'
}

/** What Flux left for another controller to fill in, or what is encrypted: nothing is said about it. */
export function isOpen(text: string): boolean {
  return /\$\{|\.\.PLACEHOLDER_/.test(text)
}
