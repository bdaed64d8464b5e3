import type { AdmissionError, AdmissionRequest, StageVerdict } from './manifest/admission.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from './manifest/json.ts'
import { groupOf, identify, resourceKey } from './manifest/resource.ts'
import type { AdmissionResult } from './report/admission.ts'
import { applyConfiguration } from './schema/apply.ts'
import { checkApplied } from './schema/apply-check.ts'
import { checkStored, errorsOf, type ServedKind } from './schema/check-stored.ts'
import { withDefaults } from './schema/defaults.ts'
import { emptySet, fieldSetOf, type FieldSet } from './schema/field-set.ts'
import type { KindSchema, StructuralSchema } from './schema/structural.ts'
import { typedSchema } from './schema/typed-schema.ts'
import { notServed, versionOf } from './schema/validator.ts'
import type { Submission } from './submissions.ts'

/** The stages of the API server that are not its own schema: rules in CEL and the operator's webhooks. */
export interface AdmitTools {
  /** a kind of a group; `undefined` where no schema of it is known */
  kindOf(apiVersion: string, kind: string): KindSchema | undefined
  checkRules(request: AdmissionRequest, schema: StructuralSchema): StageVerdict
  /** the object as the mutating webhook gives it back, the same where it changes nothing */
  mutate(request: AdmissionRequest): StageVerdict & { object: JsonObject }
  validate(request: AdmissionRequest): StageVerdict
}

/** As if a namespace had been set in the Kustomization: the API server takes none without. */
const NAMESPACE = 'default'

/**
 * What the API server with the operator would answer to objects that Flux applies (server-side apply, forced, one applier),
 * each on its own, in the order given.
 * @param old what Flux applied before; an object of the same identity is updated, its `status` is the live one
 */
export function admit(
  submissions: Iterable<Submission>,
  old: readonly JsonObject[],
  tools: AdmitTools,
): AdmissionResult[] {
  const before = new Map(old.map(object => [identityOf(object), object]))
  const results: AdmissionResult[] = []
  for (const submission of submissions) {
    const result = judge(submission, before, tools)
    results.push({
      document: results.length + 1,
      file: submission.file,
      line: submission.line,
      ...result,
    })
  }
  return results
}

type Judgement = Omit<AdmissionResult, 'document' | 'file' | 'line'>

function judge(submission: Submission, before: Map<string, JsonObject>, tools: AdmitTools): Judgement {
  if ('problem' in submission) return unreadable('parse', submission.problem)
  const { value } = submission
  if (!isObject(value)) return unreadable('parse', 'This is no Kubernetes object: it is no map of fields.')
  const resource = identify(value)
  const live = before.get(identityOf(value))
  const operation = live === undefined ? 'create' : 'update'
  const verdict = new Collected()
  const result = (): Judgement => ({
    resource,
    operation,
    accepted: verdict.errors.length === 0,
    ...verdict.told(),
  })
  const { apiVersion, kind } = resource
  if (apiVersion === '' || kind === '') {
    const says =
      kind === '' ? `Object 'Kind' is missing in '${short(value)}'` : `invalid object type: /, Kind=${kind}`
    return { ...unreadable('bad-request', says), resource, operation }
  }
  const found = tools.kindOf(apiVersion, kind)
  const schema = found?.schemaOf(versionOf(apiVersion))
  if (
    found !== undefined &&
    !found.served.includes(versionOf(apiVersion)) &&
    (found.exact || schema !== undefined)
  ) {
    verdict.errors.push(...errorsOf('no-kind', [notServed(found, versionOf(apiVersion)).refusal]))
    return result()
  }
  if (found === undefined || schema === undefined) {
    verdict.open(
      `There is no schema for ${kind} of ${groupOf(apiVersion) || 'the core group'}: nothing of it was judged. Give its CRD with --crd.`,
    )
    return result()
  }
  if (!found.exact)
    verdict.note(`Which version the cluster runs is not known: ${found.source} was taken for ${kind}.`)
  const builtIn = schema['x-kubernetes-go-type'] === true
  if (builtIn)
    verdict.note(
      `${kind} is a kind of Kubernetes' own: the API server checks more of it than its schema says, and that was not evaluated.`,
    )
  const served: ServedKind = {
    kind: found,
    schema,
    scale: found.scaleOf(versionOf(apiVersion)),
    builtIn,
  }
  runStages(
    placed(value, found),
    live === undefined ? undefined : placed(live, found),
    served,
    tools,
    verdict,
  )
  return result()
}

function runStages(
  configuration: JsonObject,
  old: JsonObject | undefined,
  served: ServedKind,
  tools: AdmitTools,
  verdict: Collected,
): void {
  const { schema } = served
  const type = typedSchema(schema)
  const managed = valueAt(configuration, 'metadata', 'managedFields')
  if (Array.isArray(managed) && managed.length > 0)
    return verdict.refuse('bad-request', '', 'metadata.managedFields must be nil')

  const kind = served.kind.kind
  const masked = (path: readonly (string | number)[]) =>
    kind === 'Secret' && (path[0] === 'data' || path[0] === 'stringData')
  const misapplied = checkApplied(configuration, type, { kind, masked, unreadable: () => false })
  verdict.errors.push(
    ...errorsOf(
      'apply-schema',
      misapplied.map(({ refusal }) => refusal),
    ),
  )
  if (verdict.errors.length > 0) return

  const live = old === undefined ? undefined : liveFrom(old, served, tools)
  const uid = textAt(configuration, 'metadata', 'uid') ?? ''
  if (live === undefined && uid !== '')
    return verdict.refuse(
      'conflict',
      '',
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    )
  const owned = old === undefined ? emptySet() : ownedBy(old, schema)
  const merged = withDefaults(
    live === undefined ? configuration : applyConfiguration(live, configuration, owned, type),
    schema,
  )
  const applied = isObject(merged) ? merged : configuration

  const mutated = tools.mutate(requestOf(applied, live))
  if (verdict.take(mutated)) return
  const version = textAt(configuration, 'metadata', 'resourceVersion') ?? ''
  if (live !== undefined && version !== '' && version !== textAt(live, 'metadata', 'resourceVersion'))
    return verdict.refuse(
      'conflict',
      '',
      'the object has been modified; please apply your changes to the latest version and try again',
    )

  const object = storable(withDefaults(mutated.object, schema), live)
  const request = requestOf(object, live)
  const { blocksRules, warnings, ...stored } = checkStored(request, served)
  const refused = verdict.take({ ...stored, warnings: [] })
  if (!blocksRules) verdict.take(tools.checkRules(request, schema))
  // said once the object may be stored, before the validating webhook is asked
  if (refused || verdict.errors.length > 0) return
  verdict.warnings.push(...warnings)
  verdict.take(tools.validate(request))
}

function requestOf(object: JsonObject, live: JsonObject | undefined): AdmissionRequest {
  return live === undefined ? { object } : { object, live }
}

/**
 * The live object that came of what Flux applied: defaults of the schema and what the webhook wrote, which belong to
 * nobody and stay when Flux applies again.
 */
function liveFrom(old: JsonObject, { schema }: ServedKind, tools: AdmitTools): JsonObject {
  const { status, ...rest } = old
  const defaulted = withDefaults(withoutRecords(rest), schema)
  const created = isObject(defaulted) ? defaulted : rest
  const mutated = withDefaults(tools.mutate({ object: created }).object, schema)
  const live = isObject(mutated) ? mutated : created
  const records = isObject(old.metadata) ? old.metadata : {}
  const metadata: JsonObject = isObject(live.metadata) ? { ...live.metadata } : {}
  for (const name of RECORDS)
    if (Object.hasOwn(records, name) && name !== 'managedFields') metadata[name] = records[name] ?? null
  return { ...live, metadata, ...(status === undefined ? {} : { status }) }
}

/** What the API server writes into metadata itself; an object as `kubectl get` prints it has them. */
const RECORDS = ['managedFields', 'uid', 'resourceVersion', 'creationTimestamp', 'generation', 'selfLink']

function withoutRecords(object: JsonObject): JsonObject {
  if (!isObject(object.metadata)) return object
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([name]) => !RECORDS.includes(name)),
  )
  return { ...object, metadata }
}

/** What Flux owned: all it applied, but for the status and what names the object (managedfields/internal/stripmeta.go). */
function ownedBy(old: JsonObject, schema: StructuralSchema): FieldSet {
  const { status: _, apiVersion: _version, kind: _kind, ...rest } = old
  const metadata = isObject(rest.metadata) ? rest.metadata : {}
  const named = ['name', 'namespace', ...RECORDS]
  const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => !named.includes(name)))
  return fieldSetOf({ ...rest, metadata: kept }, typedSchema(schema))
}

/** As the object is stored: the status is the live one, whatever was applied. */
function storable(value: Json, live: JsonObject | undefined): JsonObject {
  if (!isObject(value)) return {}
  const { status: _, ...rest } = value
  return live !== undefined && Object.hasOwn(live, 'status') ? { ...rest, status: live.status ?? null } : rest
}

/** The object in the namespace that the request goes to. */
function placed(object: JsonObject, { scope }: KindSchema): JsonObject {
  const metadata = isObject(object.metadata) ? object.metadata : undefined
  if (metadata === undefined && object.metadata !== undefined && object.metadata !== null) return object
  if (scope === 'Namespaced')
    return (textAt(metadata, 'namespace') ?? '') === '' && typeof metadata?.namespace !== 'number'
      ? { ...object, metadata: { ...metadata, namespace: NAMESPACE } }
      : object
  if (metadata?.namespace === undefined) return object
  const { namespace: _, ...rest } = metadata
  return { ...object, metadata: rest }
}

function identityOf(object: JsonObject): string {
  const resource = identify(object)
  return resourceKey({ ...resource, namespace: resource.namespace === '' ? NAMESPACE : resource.namespace })
}

function unreadable(layer: 'parse' | 'bad-request', message: string): Judgement {
  return {
    operation: 'create',
    accepted: false,
    errors: [{ layer, field: '', message }],
    warnings: [],
    notEvaluated: [],
    judged: true,
  }
}

function short(value: JsonObject): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** What the stages say, one after the other. */
class Collected {
  readonly errors: AdmissionError[] = []
  readonly warnings: string[] = []
  readonly #notEvaluated: string[] = []
  #judged = true

  /** @returns true where the stage refuses */
  take(stage: StageVerdict): boolean {
    this.errors.push(...stage.errors)
    this.warnings.push(...stage.warnings)
    for (const reason of stage.notEvaluated) this.open(reason)
    return stage.errors.length > 0
  }

  refuse(layer: AdmissionError['layer'], field: string, message: string): void {
    this.errors.push({ layer, field, message })
  }

  /** something that decides about such an object was not evaluated */
  open(reason: string): void {
    this.#notEvaluated.push(reason)
    this.#judged = false
  }

  /** something that is never evaluated, or only nearly */
  note(reason: string): void {
    this.#notEvaluated.push(reason)
  }

  told() {
    return {
      errors: this.errors,
      warnings: [...new Set(this.warnings)],
      notEvaluated: [...new Set(this.#notEvaluated)],
      judged: this.errors.length > 0 || this.#judged,
    }
  }
}
