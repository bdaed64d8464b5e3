import { isObject, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'

/**
 * spec.commonMetadata of a Flux Kustomization, as fluxcd/pkg/ssa v0.83.0 (utils/meta.go SetCommonMetadata) sets it.
 * Labels or annotations that are no map of strings are lost there as a whole, and silently: `labels: {a: true}` makes
 * GetLabels answer nothing (apimachinery unstructured.NestedStringMap). The API server would see what is returned here.
 */
export function setCommonMetadata(manifest: Manifest, commonMetadata: Json | undefined): Manifest {
  if (!isObject(commonMetadata)) return manifest
  const metadata = isObject(manifest.metadata) ? { ...manifest.metadata } : {}
  for (const field of ['labels', 'annotations']) {
    const merged: JsonObject = {
      ...stringMap(valueAt(metadata, field)),
      ...stringMap(valueAt(commonMetadata, field)),
    }
    if (Object.keys(merged).length > 0) metadata[field] = merged
  }
  return { ...manifest, metadata }
}

function stringMap(value: Json | undefined): Record<string, string> {
  if (!isObject(value)) return {}
  const entries = Object.entries(value)
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? Object.fromEntries(entries)
    : {}
}
