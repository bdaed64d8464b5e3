import type { JsonObject } from '../manifest/json.ts'
import schema from './kustomize-schema.json' with { type: 'json' }

let bytes: Uint8Array | undefined

/**
 * A file for `openapi.path` of a build that has strategic merge patches: kustomize then reads these few lines instead of
 * parsing the whole schema of Kubernetes, with the same result (.github/catalog/kustomize-schema.ts says why).
 * @param kustomizations the fields of every kustomization file of the build, the root included
 * @returns `undefined` where no patch would ask for a schema, or where a kustomization names one of its own: the first
 *   one named counts for the whole build (kyaml openapi/openapi.go, SetSchema)
 */
export function kustomizeSchemaFor(
  kustomizations: readonly JsonObject[],
): { file: string; bytes: Uint8Array } | undefined {
  if (kustomizations.some(fields => 'openapi' in fields)) return undefined
  if (!kustomizations.some(fields => 'patches' in fields || 'patchesStrategicMerge' in fields))
    return undefined
  bytes ??= new TextEncoder().encode(JSON.stringify(schema))
  return { file: '.cnpg-steward-kustomize-schema.json', bytes }
}
