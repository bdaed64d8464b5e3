import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import { asPrefix, byteLength, dnsLabel, labelKey, labelValue, pathSegment, type NameRule } from './names.ts'
import { invalid, type Refusal } from './problem.ts'
import type { Scope } from './structural.ts'

/** What the checks of metadata need to know of the kind. */
export interface MetadataRules {
  scope: Scope
  nameRule: NameRule
}

// apimachinery 0.35 pkg/api/validation/objectmeta.go, TotalAnnotationSizeLimitB
const MOST_ANNOTATIONS = 256 * 1024

/**
 * metadata of an object that is created (apimachinery pkg/api/validation/objectmeta.go, ValidateObjectMetaAccessor).
 * @param path where metadata is: 'metadata', 'spec.template.metadata'
 */
export function checkMetadata(
  metadata: Json | undefined,
  rules: MetadataRules,
  path = 'metadata',
): Refusal[] {
  const found: Refusal[] = []
  const prefix = text(metadata, 'generateName')
  if (prefix !== '')
    found.push(...rules.nameRule(asPrefix(prefix)).map(says => invalid(`${path}.generateName`, prefix, says)))
  const name = text(metadata, 'name')
  if (name === '') found.push(required(`${path}.name`, 'name or generateName is required'))
  else found.push(...rules.nameRule(name).map(says => invalid(`${path}.name`, name, says)))
  return [
    ...found,
    ...checkNamespace(metadata, rules.scope, path),
    ...checkCommon(metadata, path),
    ...checkFinalizers(metadata, path),
  ]
}

/** metadata of an object that is changed: what may not change, and the rest as on creation but for names and finalizers. */
export function checkMetadataUpdate(
  metadata: Json | undefined,
  live: Json | undefined,
  rules: MetadataRules,
): Refusal[] {
  const path = 'metadata'
  const found: Refusal[] = []
  const deleted = valueAt(live, 'deletionTimestamp')
  if (deleted !== undefined && deleted !== null) {
    const before = new Set(texts(live, 'finalizers'))
    const extra = texts(metadata, 'finalizers').filter(finalizer => !before.has(finalizer))
    if (extra.length > 0)
      found.push({
        reason: 'Forbidden',
        field: `${path}.finalizers`,
        message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${goStrings(extra)}`,
      })
  }
  for (const field of ['name', 'namespace', 'uid']) {
    const [now, before] = [text(metadata, field), text(live, field)]
    // what the live object is not known to have may well be the same
    if (now !== before && before !== '') found.push(invalid(`${path}.${field}`, now, 'field is immutable'))
  }
  return [
    ...found,
    // once by rest.BeforeUpdate, which asks of a name no more than that it can be part of a path
    ...pathSegment(text(metadata, 'name')).map(says => invalid(`${path}.name`, text(metadata, 'name'), says)),
    ...checkNamespace(metadata, rules.scope, path),
    ...checkCommon(metadata, path),
    ...checkFinalizers(metadata, path),
  ]
}

/** Warnings about finalizers that are new (apiextensions-apiserver pkg/registry/customresource/validator.go). */
export function finalizerWarnings(metadata: Json | undefined, live?: Json): string[] {
  const before = new Set(texts(live, 'finalizers'))
  const added = [...new Set(texts(metadata, 'finalizers'))].filter(name => !before.has(name)).toSorted()
  return added.flatMap(name => {
    const says = (message: string) => `metadata.finalizers: ${JSON.stringify(name)}: ${message}`
    const warnings = labelKey(name).map(says)
    if (!name.includes('/') && !['orphan', 'foregroundDeletion', 'kubernetes'].includes(name))
      warnings.push(
        says(
          `prefer a domain-qualified finalizer name ${name.includes('.') ? 'including a path (/) ' : ''}to avoid accidental conflicts with other finalizer writers`,
        ),
      )
    return warnings
  })
}

function checkNamespace(metadata: Json | undefined, scope: Scope, path: string): Refusal[] {
  const namespace = text(metadata, 'namespace')
  if (scope === 'Namespaced')
    return namespace === ''
      ? [required(`${path}.namespace`)]
      : dnsLabel(namespace).map(says => invalid(`${path}.namespace`, namespace, says))
  if (namespace === '') return []
  return [{ reason: 'Forbidden', field: `${path}.namespace`, message: 'Forbidden: not allowed on this type' }]
}

function checkCommon(metadata: Json | undefined, path: string): Refusal[] {
  const found: Refusal[] = []
  const generation = valueAt(metadata, 'generation')
  if (typeof generation === 'number' && generation < 0)
    found.push(invalid(`${path}.generation`, generation, 'must be greater than or equal to 0'))
  for (const [key, value] of entries(metadata, 'labels')) {
    found.push(...labelKey(key).map(says => invalid(`${path}.labels`, key, says)))
    found.push(...labelValue(value).map(says => invalid(`${path}.labels`, value, says)))
  }
  let size = 0
  for (const [key, value] of entries(metadata, 'annotations')) {
    // case does not matter in these
    found.push(...labelKey(key.toLowerCase()).map(says => invalid(`${path}.annotations`, key, says)))
    size += byteLength(key) + byteLength(value)
  }
  if (size > MOST_ANNOTATIONS)
    found.push({
      reason: 'TooLong',
      field: `${path}.annotations`,
      message: `Too long: may not be more than ${MOST_ANNOTATIONS} bytes`,
    })
  return [...found, ...checkOwners(metadata, path)]
}

function checkOwners(metadata: Json | undefined, path: string): Refusal[] {
  const found: Refusal[] = []
  const owners = valueAt(metadata, 'ownerReferences')
  let controller: string | undefined
  for (const [i, owner] of (Array.isArray(owners) ? owners : []).entries()) {
    const at = `${path}.ownerReferences`
    const empty = (field: string, says = 'must not be empty') => {
      if (text(owner, field) === '') found.push(invalid(`${at}.${field}`, '', says))
    }
    empty('apiVersion', 'version must not be empty')
    empty('kind')
    empty('name')
    empty('uid')
    const [apiVersion, kind, name] = [text(owner, 'apiVersion'), text(owner, 'kind'), text(owner, 'name')]
    if (apiVersion === 'v1' && kind === 'Event')
      found.push(invalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'))
    if (valueAt(owners, i, 'controller') !== true) continue
    if (controller === undefined) controller = `${kind}/${name}`
    else
      found.push(
        invalid(
          at,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${kind}/${name}`,
        ),
      )
  }
  return found
}

function checkFinalizers(metadata: Json | undefined, path: string): Refusal[] {
  const finalizers = texts(metadata, 'finalizers')
  const found = finalizers.flatMap(name =>
    labelKey(name).map(says => invalid(`${path}.finalizers`, name, says)),
  )
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    found.push(
      invalid(`${path}.finalizers`, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'),
    )
  return found
}

function required(field: string, detail = ''): Refusal {
  return { reason: 'Required', field, message: `Required value${detail === '' ? '' : `: ${detail}`}` }
}

function text(value: Json | undefined, field: string): string {
  return textAt(value, field) ?? ''
}

function texts(value: Json | undefined, field: string): string[] {
  const found = valueAt(value, field)
  return Array.isArray(found) ? found.filter(one => typeof one === 'string') : []
}

function entries(value: Json | undefined, field: string): [string, string][] {
  const found = valueAt(value, field)
  return isObject(found)
    ? Object.entries(found).map(([key, inner]) => [key, typeof inner === 'string' ? inner : ''])
    : []
}

function goStrings(values: readonly string[]): string {
  return `[]string{${values.map(value => JSON.stringify(value)).join(', ')}}`
}

/** The rules of an embedded object, whose name and namespace may be missing (pkg/apiserver/schema/objectmeta/validation.go). */
export function checkEmbeddedMetadata(metadata: JsonObject, path: string): Refusal[] {
  const named = text(metadata, 'name') === '' ? { ...metadata, name: 'fakename' } : metadata
  const scope: Scope = text(metadata, 'namespace') === '' ? 'Cluster' : 'Namespaced'
  return checkMetadata(named, { scope, nameRule: pathSegment }, path)
}
