import { isObject } from '../manifest/json.ts'
import { identify, groupOf, type Manifest } from '../manifest/resource.ts'
import { checkApplied } from './apply-check.ts'
import { checkValue } from './check.ts'
import type { Context } from './context.ts'
import { withDefaults } from './defaults.ts'
import { OBJECT_FIELDS } from './object-meta.ts'
import { typedSchema } from './typed-schema.ts'
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
  /** a kind of a group with all its versions; `undefined` where no source has it */
  kindOf(apiVersion: string, kind: string): KindSchema | undefined
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
      /** a kind of Kubernetes' own, of which the API server checks more than its schema says */
      builtIn: boolean
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
      const version = versionOf(apiVersion)
      const builtIn = found.schemaOf(version)?.['x-kubernetes-go-type'] === true
      const problems = judgedBy(found, version, manifest, kind)
      if (problems === undefined) return { known: false }
      // a version that the nearest schema does not know may be served by the one in use
      if (!exact && problems[0]?.layer === 'no-kind') return { known: false, nearest: source }
      if (!exact) return { known: true, findings: [], uncertain: problems, source, exact, builtIn }
      let certain = problems
      for (const other of problems.length === 0 ? [] : newer) {
        const known = new Set(
          judgedBy(other, version, manifest, kind)?.map(({ ruleId, field }) => `${ruleId} ${field}`),
        )
        certain = certain.filter(({ ruleId, field }) => known.has(`${ruleId} ${field}`))
      }
      const uncertain = problems.filter(problem => !certain.includes(problem))
      return { known: true, findings: certain, uncertain, source, exact, builtIn }
    },
    scopeOf: (apiVersion, kind) => find(apiVersion, kind)?.scope,
    schemaOf,
    kindOf: find,
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

/** What one schema says of an object; `undefined` where it has none for the version. */
function judgedBy(
  found: KindSchema,
  version: string,
  manifest: Manifest,
  kind: string,
): SchemaProblem[] | undefined {
  if (!found.served.includes(version)) return [notServed(found, version)]
  const schema = found.schemaOf(version)
  if (schema === undefined) return undefined
  return problemsOf(decrypted(manifest), schema, {
    goType: false,
    root: true,
    kind,
    masked: kind === 'Secret' ? isSecretData : () => false,
    unreadable: isPlaceholder,
  })
}

/** What the type check of apply and the validation after it say, each value's first cause only, and without repetitions. */
function problemsOf(manifest: Manifest, schema: StructuralSchema, context: Context): SchemaProblem[] {
  const found = [
    ...checkApplied(manifest, typedSchema(schema), context),
    ...checkValue(withDefaults(manifest, schema), schema, [], context),
  ].filter(({ repeated }) => repeated !== true)
  // a value of the wrong type is wrong in other ways, too: that is no help
  const mistyped = new Map<string, SchemaProblem>()
  for (const problem of found)
    if (problem.ruleId === 'schema-type' && !mistyped.has(problem.field)) mistyped.set(problem.field, problem)
  return found.filter(problem => (mistyped.get(problem.field) ?? problem) === problem)
}

/**
 * SOPS values are not decrypted here and variables may be made elsewhere: rendered they stand as `..PLACEHOLDER_<key>..`.
 * Nothing can be said of a value that holds one, 'app...PLACEHOLDER_DOMAIN..' or '--PLACEHOLDER_DOMAIN--' (`${DOMAIN//./-}`).
 */
function isPlaceholder(value: unknown): boolean {
  return typeof value === 'string' && /\W{2}PLACEHOLDER_\w|^ENC\[AES256_GCM,/i.test(value)
}

/** 'v1' of 'apps/v1' */
export function versionOf(apiVersion: string): string {
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

/** The refusal of an API version that the kind has not, or no longer. */
export function notServed(
  { kind, group, served, source, elsewhere }: KindSchema,
  version: string,
): SchemaProblem {
  return {
    ruleId: 'schema-version-not-served',
    message: `${group === '' ? '' : `${group}/`}${version} of ${kind} is not served by ${source}`,
    repair:
      served.length > 0
        ? `Use ${alternatives(served)}.`
        : `No version of it is served there${elsewhere === undefined ? '' : `; ${elsewhere} has it`}.`,
    field: 'apiVersion',
    layer: 'no-kind',
    refusal: {
      reason: '',
      field: '',
      message: `no matches for kind "${kind}" in version "${group === '' ? '' : `${group}/`}${version}"`,
    },
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
