import type { Unjudged } from '../manifest/finding.ts'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { RenderFailure } from '../manifest/rendered.ts'
import type { Manifest } from '../manifest/resource.ts'
import { readHelmYaml } from './helm-yaml.ts'
import { setValues } from './set-values.ts'

/** Finds a rendered object of the cluster; the group of core objects is ''. */
export type Lookup = (group: string, kind: string, namespace: string, name: string) => Manifest | undefined

/** What is missing to judge a HelmRelease, without what it affects. */
export type Unknown = Omit<Unjudged, 'affected' | 'cluster' | 'file' | 'line'>

/** A part of a plan: known, unknown (not in Git), or wrong (the controller would refuse it). */
export type Part<T> =
  | { ok: true; value: T }
  | { ok: false; unknown: Unknown }
  | { ok: false; failure: RenderFailure }

/**
 * The values of a HelmRelease as helm-controller composes them: `valuesFrom` in their order, then `values`; a
 * reference with `targetPath` first takes all inline values in, then overwrites (fluxcd/pkg chartutil 1.27,
 * ChartValuesFromReferences). The values of the chart itself are helm's business.
 */
export function releaseValues(release: Manifest, lookup: Lookup): Part<JsonObject> {
  const inline = valueAt(release, 'spec', 'values')
  // copied: setting a value at a path changes maps and lists in place
  const values: JsonObject = isObject(inline) ? structuredClone(inline) : {}
  let result: JsonObject = {}
  const references = valueAt(release, 'spec', 'valuesFrom')
  for (const reference of Array.isArray(references) ? references : []) {
    const data = referencedText(release, reference, lookup)
    if (!data.ok) return data
    if (data.value === undefined) continue
    try {
      const path = textAt(reference, 'targetPath') ?? ''
      if (path === '') result = mergeValues(result, readValues(data.value))
      else {
        result = mergeValues(result, values)
        setAtPath(result, path, data.value, valueAt(reference, 'literal') === true)
      }
    } catch (error) {
      return failure(reference, release, error instanceof Error ? error.message : String(error))
    }
  }
  return { ok: true, value: mergeValues(result, values) }
}

/**
 * Merges maps, the second wins; lists are replaced, `null` stays. Values that are not merged are shared with the
 * arguments, as in the original (fluxcd/pkg chartutil 1.27, MergeMaps).
 */
export function mergeValues(under: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const known = Object.hasOwn(merged, key) ? merged[key] : undefined
    merged[key] = isObject(value) && isObject(known) ? mergeValues(known, value) : value
  }
  return merged
}

/**
 * Reads a values file.
 * @throws Error where it is no YAML or no map
 */
export function readValues(text: string): JsonObject {
  const value = readHelmYaml(text)
  if (value === null) return {}
  if (!isObject(value)) throw new Error('the values are no map')
  return value
}

function setAtPath(values: JsonObject, path: string, text: string, literal: boolean): void {
  if (literal) return setValues(values, `${path}=${text.replaceAll(/[\\,[\]{}]/g, String.raw`\$&`)}`, true)
  const quoted = ["'", '"'].some(quote => text.startsWith(quote) && text.endsWith(quote))
  if (quoted) setValues(values, `${path}=${text.replaceAll(/^['"]+|['"]+$/g, '')}`, true)
  else setValues(values, `${path}=${text}`, false)
}

function referencedText(release: Manifest, reference: Json, lookup: Lookup): Part<string | undefined> {
  const kind = textAt(reference, 'kind') ?? ''
  const name = textAt(reference, 'name') ?? ''
  const namespace = textAt(release, 'metadata', 'namespace') ?? ''
  const key = textAt(reference, 'valuesKey') || 'values.yaml'
  if (kind !== 'ConfigMap' && kind !== 'Secret')
    return failure(
      reference,
      release,
      `a reference to values is a ConfigMap or a Secret, not a ${kind || 'thing without kind'}`,
    )
  const found = lookup('', kind, namespace, name)
  // An optional object that is not in Git may still be in the cluster: leaving it out would be a guess.
  if (found === undefined)
    return unknown(
      `its values come from ${kind} ${namespace}/${name}, which is not made from this repository`,
      kind === 'Secret'
        ? 'values out of a Secret cannot be known here; keep what shapes the objects in spec.values or a ConfigMap'
        : `commit the ConfigMap, or write its values into spec.values`,
    )
  if (isObject(found.sops)) return encrypted(kind, namespace, name)
  const text = kind === 'ConfigMap' ? textAt(found, 'data', key) : secretText(found, key)
  if (text === undefined) {
    if (valueAt(reference, 'optional') === true) return { ok: true, value: undefined }
    return failure(reference, release, `${kind} ${namespace}/${name} has no key ${key}`)
  }
  // what kustomize-controller decrypts stands as a placeholder in a rendered tree
  if (/\.\.PLACEHOLDER_|ENC\[AES256_GCM,/.test(text)) return encrypted(kind, namespace, name)
  return { ok: true, value: text }
}

function secretText(secret: Manifest, key: string): string | undefined {
  const plain = textAt(secret, 'stringData', key)
  if (plain !== undefined) return plain
  const encoded = textAt(secret, 'data', key)
  if (encoded === undefined || /^\.\.PLACEHOLDER_|^ENC\[/.test(encoded)) return encoded
  return Buffer.from(encoded, 'base64').toString('utf8')
}

function encrypted(kind: string, namespace: string, name: string): Part<never> {
  return unknown(
    `its values come from ${kind} ${namespace}/${name}, which is encrypted`,
    'keep what shapes the objects in spec.values or a ConfigMap, and only the secret itself encrypted',
  )
}

function unknown(message: string, repair: string): Part<never> {
  return { ok: false, unknown: { reason: 'values-unknown', message, repair } }
}

function failure(reference: Json, release: Manifest, message: string): Part<never> {
  const name = textAt(reference, 'name') ?? ''
  return {
    ok: false,
    failure: {
      ruleId: 'render-helm-values',
      message: `values from ${textAt(reference, 'kind') ?? ''} ${textAt(release, 'metadata', 'namespace') ?? ''}/${name}: ${message}`,
      repair: 'correct the entry of spec.valuesFrom or what it refers to',
    },
  }
}
