import { parseGoYamlDocument } from '../manifest/go-yaml.ts'
import { isObject, textAt, valueAt, type Json } from '../manifest/json.ts'
import type { Manifest } from '../manifest/resource.ts'
import { maskSops } from '../manifest/sops.ts'
import { envsubst } from './envsubst.ts'

/** fluxcd/pkg/kustomize v1.44.0 kustomize_varsub.go */
const VARIABLE_NAME = /^[_A-Za-z][_A-Za-z0-9]*$/
const VARIABLE_NAME_IN_GO = '^[_[:alpha:]][_[:alpha:][:digit:]]*$'
const SUBSTITUTE = 'kustomize.toolkit.fluxcd.io/substitute'

export type SubstitutedText = { ok: true; text: string } | { ok: false; message: string; variable?: string }
export type SubstitutedObject =
  | { ok: true; manifest: Manifest }
  | { ok: false; message: string; variable?: string }

/** A problem in the words of kustomize-controller, so that a search finds it. `variable` where one is to blame. */
function refusal(message: string, variable?: string): { ok: false; message: string; variable?: string } {
  return { ok: false, message, ...(variable === undefined ? {} : { variable }) }
}

/**
 * Flux's post-build substitution of one text (kustomize_varsub.go varSubstitution, without reading the result).
 * @param options.strict an unset variable without a default is an error (Flux 2.9 and later); otherwise it is empty
 */
export function substituteText(
  text: string,
  variables: ReadonlyMap<string, string>,
  options: { strict: boolean },
): SubstitutedText {
  const invalid = [...variables.keys()].filter(name => !VARIABLE_NAME.test(name)).toSorted()[0]
  if (invalid !== undefined)
    return refusal(
      `envsubst error: '${invalid}' var name is invalid, must match '${VARIABLE_NAME_IN_GO}'`,
      invalid,
    )
  const done = envsubst(text, name => variables.get(name) ?? (options.strict ? undefined : ''))
  return done.ok
    ? done
    : refusal(`envsubst error: variable substitution failed: ${done.message}`, done.variable)
}

/**
 * Flux's post-build substitution of one object (kustomize_varsub.go SubstituteVariables). Call it only where spec.postBuild is set.
 * @param objectYaml the object as kustomize prints it: that text is what Flux substitutes in, keys and structure included
 * @param object the same object, read; returned as it is where nothing is to be done
 * @param options.always substitute even when there are no variables (spec.postBuild.substituteStrategy: Always)
 * @returns lines in messages count in `objectYaml`; messages hold no values of variables, which may be secret
 */
export function substituteObject(
  objectYaml: string,
  object: Manifest,
  variables: ReadonlyMap<string, string>,
  options: { strict: boolean; always: boolean },
): SubstitutedObject {
  if (isSubstitutionDisabled(object) || (variables.size === 0 && !options.always))
    return { ok: true, manifest: object }
  const substituted = substituteText(objectYaml, variables, options)
  if (!substituted.ok) return substituted
  // what kustomize printed reads back as the object
  if (substituted.text === objectYaml) return { ok: true, manifest: object }
  const read = parseGoYamlDocument(substituted.text)
  if (!read.ok) return refusal(`envsubst error: YAMLToJSON: yaml: line ${read.line}: ${read.message}`)
  if (!isObject(read.document))
    return refusal('UnmarshalJSON: json: the object is no longer a map after substitution')
  return { ok: true, manifest: read.document }
}

/** Whether an object opts out; only the exact value counts. */
export function isSubstitutionDisabled(object: Manifest): boolean {
  return (
    textAt(object, 'metadata', 'labels', SUBSTITUTE) === 'disabled' ||
    textAt(object, 'metadata', 'annotations', SUBSTITUTE) === 'disabled'
  )
}

export interface VariableReference {
  kind: string
  name: string
  optional: boolean
}

export interface Variables {
  variables: Map<string, string>
  /** references to objects that `lookup` does not know; Flux fails on those that are not optional */
  missing: VariableReference[]
  /** names of spec.postBuild.substitute whose value is no text: the API server refuses the Kustomization */
  notText: string[]
}

/**
 * The variables of a Flux Kustomization: those of spec.postBuild.substituteFrom in order, then the inline ones; the later wins
 * (kustomize_varsub.go LoadVariables). Newlines are removed from every value.
 * @param lookup finds an object of the cluster by kind ('ConfigMap' or 'Secret'), namespace and name. Where several Kustomizations yield
 *   it, the caller decides
 */
export function variablesOf(
  kustomization: Manifest,
  lookup: (kind: string, namespace: string, name: string) => Manifest | undefined,
): Variables {
  const found: Variables = { variables: new Map(), missing: [], notText: [] }
  const set = (name: string, value: string) => found.variables.set(name, value.replaceAll('\n', ''))
  const namespace = textAt(kustomization, 'metadata', 'namespace') ?? ''
  const references = valueAt(kustomization, 'spec', 'postBuild', 'substituteFrom')
  for (const reference of Array.isArray(references) ? references : []) {
    const kind = textAt(reference, 'kind') ?? ''
    const name = textAt(reference, 'name') ?? ''
    // others are passed over without a word, as Flux does; the schema names them
    if (kind !== 'ConfigMap' && kind !== 'Secret') continue
    const object = lookup(kind, namespace, name)
    if (object === undefined)
      found.missing.push({ kind, name, optional: valueAt(reference, 'optional') === true })
    else for (const [key, value] of dataOf(kind, object)) set(key, value)
  }
  const inline = valueAt(kustomization, 'spec', 'postBuild', 'substitute')
  for (const [name, value] of entriesOf(inline)) {
    if (typeof value === 'string') set(name, value)
    else found.notText.push(name)
  }
  return found
}

function entriesOf(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : []
}

/** The data of a ConfigMap or Secret as the cluster would hold it: decrypted as far as we can, stringData over data, data in base64. */
function dataOf(kind: 'ConfigMap' | 'Secret', encrypted: Manifest): [string, string][] {
  const object = maskSops(encrypted)
  const texts = (field: string, read: (value: string) => string): [string, string][] =>
    entriesOf(object[field]).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, read(value)]] : [],
    )
  if (kind === 'ConfigMap') return texts('data', value => value)
  return [
    ...texts('data', value => Buffer.from(value, 'base64').toString('utf8')),
    ...texts('stringData', value => value),
  ]
}
