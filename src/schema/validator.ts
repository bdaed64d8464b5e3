import { isObject } from '../manifest/json.ts'
import { identify, groupOf, type Manifest } from '../manifest/resource.ts'
import { checkValue } from './check.ts'
import { withDefaults } from './defaults.ts'
import { OBJECT_FIELDS } from './object-meta.ts'
import { alternatives, type Path, type SchemaProblem } from './problem.ts'
import {
  schemaOfField,
  type KindSchema,
  type SchemaSource,
  type Scope,
  type StructuralSchema,
} from './structural.ts'

/** Judges objects by the schemas of their kinds. */
export interface Validator {
  validate(manifest: Manifest): Validation
  /** `undefined` for a kind without a schema */
  scopeOf(apiVersion: string, kind: string): Scope | undefined
  /**
   * How server-side apply and strategic merge tell the items of a list apart: the keys of a list of objects, 'set' for a
   * list of values each of which may be there once; `undefined` for a list that is replaced as a whole, or that is not known.
   * @param path steps from the object; indexes of lists may be given or left out
   */
  mergeKeys(resource: { apiVersion: string; kind: string }, path: Path): string[] | 'set' | undefined
  /** the schema of a kind, with its CEL rules */
  schemaOf(apiVersion: string, kind: string): StructuralSchema | undefined
}

/** `known: false`: no source has a schema of this kind and version; nothing was judged. */
export type Validation =
  | {
      known: true
      findings: SchemaProblem[]
      /**
       * Filled where the schema is not exact, or a newer version that may be in use takes them. Not for the verdict; the incomplete list says that the object could not be judged for sure.
       */
      uncertain: SchemaProblem[]
      /** what reports call the schema: 'cnpg 1.28.0', 'the CRD in this repository' */
      source: string
      /** false: the version in use is not known, so an unknown field may be a newer one */
      exact: boolean
    }
  | {
      known: false
      /** 'gateway-api 1.7.0': the bundled schema that knows the kind in other versions of its API */
      nearest?: string
    }

/** @param sources the first that knows a kind decides: CRDs of the tree before the catalog */
export function createValidator(sources: readonly SchemaSource[]): Validator {
  const find = (apiVersion: string, kind: string): KindSchema | undefined => {
    for (const source of sources) {
      const found = source.find(groupOf(apiVersion), kind)
      if (found !== undefined) return found
    }
    return undefined
  }
  const schemaOf = (apiVersion: string, kind: string) =>
    find(apiVersion, kind)?.schemaOf(versionOf(apiVersion))
  return {
    validate(manifest) {
      const { apiVersion, kind } = identify(manifest)
      const found = find(apiVersion, kind)
      if (found === undefined) return { known: false }
      const { source, exact, newer = [] } = found
      const problems = problemsOf(manifest, kind, versionOf(apiVersion), found)
      // a version that the nearest schema does not know may be served by the one in use
      if (problems === undefined) return { known: false }
      if (!exact && problems[0]?.layer === 'no-kind') return { known: false, nearest: source }
      if (!exact) return { known: true, findings: [], uncertain: problems, source, exact }
      let certain = problems
      for (const other of problems.length === 0 ? [] : newer) {
        const known = new Set(
          problemsOf(manifest, kind, versionOf(apiVersion), other)?.map(
            ({ ruleId, field }) => `${ruleId} ${field}`,
          ),
        )
        certain = certain.filter(({ ruleId, field }) => known.has(`${ruleId} ${field}`))
      }
      const uncertain = problems.filter(problem => !certain.includes(problem))
      return { known: true, findings: certain, uncertain, source, exact }
    },
    scopeOf: (apiVersion, kind) => find(apiVersion, kind)?.scope,
    schemaOf,
    mergeKeys(resource, path) {
      const list = walk(schemaOf(resource.apiVersion, resource.kind), path)
      if (list?.['x-kubernetes-list-type'] === 'set') return 'set'
      if (list?.['x-kubernetes-list-type'] === 'map') return list['x-kubernetes-list-map-keys']
      const key = list?.['x-kubernetes-patch-merge-key']
      if (key !== undefined) return [key]
      return list?.['x-kubernetes-patch-strategy'] === 'merge' ? 'set' : undefined
    },
  }
}

/** What one schema says of an object; undefined where it has none for the version. */
function problemsOf(
  manifest: Manifest,
  kind: string,
  version: string,
  found: KindSchema,
): SchemaProblem[] | undefined {
  if (!found.served.includes(version)) return [notServed(found, version)]
  const schema = found.schemaOf(version)
  if (schema === undefined) return undefined
  return checkValue(withDefaults(decrypted(manifest), schema), schema, [], {
    closed: true,
    goType: false,
    root: true,
    kind,
    masked: kind === 'Secret' ? isSecretData : () => false,
  })
}

function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1)
}

// What SOPS writes beside the fields is gone once kustomize-controller has decrypted the object.
function decrypted(manifest: Manifest): Manifest {
  if (!isObject(manifest.sops)) return manifest
  const { sops: _, ...rest } = manifest
  return rest
}

function isSecretData(path: Path): boolean {
  return path[0] === 'data' || path[0] === 'stringData'
}

function notServed({ kind, group, served, source }: KindSchema, version: string): SchemaProblem {
  return {
    ruleId: 'schema-version-not-served',
    message: `${group === '' ? '' : `${group}/`}${version} of ${kind} is not served by ${source}`,
    repair: `Use ${alternatives(served)}.`,
    field: 'apiVersion',
    layer: 'no-kind',
  }
}

function walk(schema: StructuralSchema | undefined, path: Path): StructuralSchema | undefined {
  let here = schema
  for (const [depth, step] of path.entries()) {
    if (typeof step === 'number') {
      here = here?.items
      continue
    }
    // an index was left out
    if (here?.items !== undefined) here = here.items
    if (depth === 0 && Object.hasOwn(OBJECT_FIELDS, step)) here = OBJECT_FIELDS[step]
    else here = here === undefined ? undefined : schemaOfField(here, step)
  }
  return here
}
