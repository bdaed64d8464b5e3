import type { AdmissionError, AdmissionLayer, AdmissionRequest, StageVerdict } from '../manifest/admission.ts'
import { isObject, type Json, type JsonObject } from '../manifest/json.ts'
import { checkEmbedded } from './check-embedded.ts'
import { checkListTypes } from './check-list-types.ts'
import { checkMetadata, checkMetadataUpdate, finalizerWarnings } from './check-metadata.ts'
import { checkValue } from './check.ts'
import type { Context } from './context.ts'
import { Correlation } from './correlation.ts'
import { pathSegment, subdomain } from './names.ts'
import { invalid, type Refusal, type RefusalReason } from './problem.ts'
import type { KindSchema, StructuralSchema } from './structural.ts'
import { isInteger } from './value-type.ts'

/** A kind in one version, as its objects are judged. */
export interface ServedKind {
  kind: Pick<KindSchema, 'kind' | 'scope'>
  schema: StructuralSchema
  /** where the number of replicas stands, for kinds that can be scaled */
  scale?: string | undefined
  /** a kind of Kubernetes' own: what its schema says is not all that the API server checks */
  builtIn: boolean
}

export interface StoredVerdict extends StageVerdict {
  /** the rules in CEL are not evaluated for such an object (pkg/registry/customresource/strategy.go, hasBlockingErr) */
  blocksRules: boolean
}

const BLOCKING: ReadonlySet<RefusalReason> = new Set([
  'NotSupported',
  'Required',
  'TooLong',
  'TooMany',
  'TypeInvalid',
])

/**
 * What the API server says of an object that is about to be stored, after defaults and webhooks and before the rules in
 * CEL: metadata, schema, scale, embedded objects, sets and keyed lists (apiextensions-apiserver 0.35,
 * pkg/registry/customresource/strategy.go, Validate and ValidateUpdate).
 */
export function checkStored(request: AdmissionRequest, served: ServedKind): StoredVerdict {
  const { object, live } = request
  const { schema, builtIn } = served
  const metadata = metadataRefusals(request, served)
  const refusals = builtIn
    ? []
    : [
        ...schemaRefusals(request, served),
        ...scaleRefusals(object, served.scale),
        ...checkEmbedded(object, schema),
        // what was wrong before may stay so
        ...(live !== undefined && checkListTypes(live, schema).length > 0
          ? []
          : checkListTypes(object, schema)),
      ]
  const blocksRules = [...metadata, ...refusals].some(({ reason }) => BLOCKING.has(reason))
  return {
    errors: [...errorsOf('metadata', metadata), ...errorsOf('schema', refusals)],
    warnings: builtIn ? [] : finalizerWarnings(own(object, 'metadata'), own(live, 'metadata')),
    notEvaluated: [],
    blocksRules,
  }
}

function metadataRefusals({ object, live }: AdmissionRequest, { kind, builtIn }: ServedKind): Refusal[] {
  const rules = { scope: kind.scope, nameRule: builtIn ? pathSegment : subdomain }
  const metadata = own(object, 'metadata')
  return live === undefined
    ? checkMetadata(metadata, rules)
    : checkMetadataUpdate(metadata, own(live, 'metadata'), rules)
}

function schemaRefusals({ object, live }: AdmissionRequest, { kind, schema }: ServedKind): Refusal[] {
  const context: Context = {
    goType: false,
    root: true,
    kind: kind.kind,
    masked: () => false,
    unreadable: () => false,
  }
  const old = live === undefined ? undefined : new Correlation(object, live, schema)
  return checkValue(object, schema, [], context, old).map(({ refusal }) => refusal)
}

/** pkg/registry/customresource/validator.go, ValidateScaleSpec */
function scaleRefusals(object: JsonObject, path: string | undefined): Refusal[] {
  if (path === undefined) return []
  let here: Json | undefined = object
  const steps = path.replace(/^\./, '').split('.')
  for (const [depth, step] of steps.entries()) {
    if (!isObject(here)) {
      const at = steps.slice(0, depth).join('.')
      return [
        invalid(
          path,
          0,
          `${path} accessor error: ${goValue(here ?? null)} is of the type ${goType(here ?? null)}, expected map[string]interface{}: .${at}`,
        ),
      ]
    }
    here = own(here, step)
    if (here === undefined) return []
  }
  if (typeof here !== 'number' || !isInteger(here))
    return [
      invalid(
        path,
        0,
        `${path} accessor error: ${goValue(here ?? null)} is of the type ${goType(here ?? null)}, expected int64`,
      ),
    ]
  if (here < 0) return [invalid(path, here, 'should be a non-negative integer')]
  if (here > 2 ** 31 - 1) return [invalid(path, here, `should be less than or equal to ${2 ** 31 - 1}`)]
  return []
}

function goValue(value: Json): string {
  return value === null ? '<nil>' : typeof value === 'string' ? value : JSON.stringify(value)
}

function goType(value: Json): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  if (typeof value === 'number') return isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

function own(value: JsonObject | undefined, name: string): Json | undefined {
  return value !== undefined && Object.hasOwn(value, name) ? value[name] : undefined
}

/** Refusals as the errors of a stage; equal ones are said once. */
export function errorsOf(layer: AdmissionLayer, refusals: readonly Refusal[]): AdmissionError[] {
  const errors = new Map<string, AdmissionError>()
  for (const { field, message } of refusals) {
    const plain = field.replace(/^\./, '')
    errors.set(`${plain}: ${message}`, { layer, field: plain, message })
  }
  return [...errors.values()]
}
